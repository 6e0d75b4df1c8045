package httpapi

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
)

// identify knows ana@example.com as user 1, and everybody else as nobody.
func identify(env, id string) []felt.Hash {
	if env == "production" && id == "ana@example.com" {
		return []felt.Hash{{99}, who(felt.LevelUser, 1)}
	}
	return []felt.Hash{{99}}
}

// A raw id finds the customer, and is in no answer, error or log.
func TestLookup(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	w := newWorld(t, func(w *world) {
		w.opts.Identify, w.opts.Logger = identify, slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	hash, session := who(felt.LevelUser, 1).String(), who(felt.LevelSession, 1).String()
	post := func(body string) answer { return w.ask(http.MethodPost, pathLookup, body) }
	for _, a := range []answer{
		post(`{"id":"ana@example.com"}`), post(`{"id":"` + hash + `"}`), post(`{"id":"` + session + `"}`),
		w.get("/api/v1/customers/ana@example.com"), w.get("/api/v1/customers/" + url.PathEscape("ana@example.com")), w.get("/api/v1/customers/" + hash),
	} {
		if a.status != 200 || a.at("customer") != hash || a.at("identity_level") != "user" || a.at("interactions.0.abandoned_how") != "after_failure" {
			t.Errorf("%d %s", a.status, a.raw)
		}
		if a.at("question.from") != "2026-02-25T13:50:00Z" {
			t.Errorf("default window from %v", a.at("question.from"))
		}
	}
	if a := post(`{"id":"ana@example.com"}`); w.get("/api/v1/customers/"+hash).at("question.id") != a.at("question.id") {
		t.Error("one question asked in two ways has two ids")
	}
	if a := w.get("/api/v1/customers/" + hash + "?limit=2"); a.at("more") != true || len(a.doc["interactions"].([]any)) != 2 {
		t.Errorf("limit: %s", a.raw)
	}

	const secret = "bob.secret"
	for _, a := range []answer{
		w.get("/api/v1/customers/" + secret), w.get("/api/v1/customers/" + secret + "?env=staging"), w.get("/api/v1/customers/" + secret + "?limit=0"),
		w.get("/api/v1/customers/" + secret + "/x"), w.get("/api/v1/customers/" + strings.Repeat(secret, 200)),
		post(`{"id":"` + secret + `"}`), post(`{"id":["` + secret + `"]}`), post(`{"id":"x","name":"` + secret + `"}`), post(`{"id":"` + secret), post(`"` + secret + `"`),
		post(`{"id":"` + strings.Repeat(secret, 200) + `"}`), post(`{}`), post(`{"id":""}`),
	} {
		if a.status < 400 || a.status >= 500 || strings.Contains(a.raw, secret) {
			t.Errorf("%d %s", a.status, a.raw)
		}
	}
	problem(t, post(`{"id":"`+secret+`"}`), 404, "nobody is known by that id", "env")
	w.spy.fail = func(_ context.Context, what string) error { return errors.New("broken") }
	problem(t, w.get("/api/v1/customers/"+secret), 500)
	w.spy.fail = func(context.Context, string) error { panic("in the handler") }
	problem(t, w.get("/api/v1/customers/"+secret), 500)
	if strings.Contains(logs.String(), secret) || !strings.Contains(logs.String(), "panicked") {
		t.Errorf("log: %s", logs.String())
	}
}

// TestAffected: the list is CSV or JSON, over all pages, and that it was taken is on the log.
func TestAffected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.take = nil })
	a := w.get(pathAffected+"?of=pay&reason=refunds", header("X-Felt-Actor", "ana"))
	rows, err := csv.NewReader(strings.NewReader(a.raw)).ReadAll()
	if a.status != 200 || err != nil {
		t.Fatalf("%d %v %s", a.status, err, a.raw)
	}
	want := [][]string{
		strings.Split("customer,identity_level,account,failed,degraded,tries,first,last,fate,value_minor,currency", ","),
		{who(felt.LevelUser, 1).String(), "user", felt.Hash{7}.String(), "2", "0", "3", "2026-03-04T13:48:20Z", "2026-03-04T13:48:30Z", "recovered", "-990", `'=HYPERLINK("http://evil")`},
		{who(felt.LevelSession, 2).String(), "session", "", "0", "1", "1", "2026-03-04T13:50:00Z", "2026-03-04T13:50:00Z", "", "0", ""},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	for k, v := range map[string]string{
		"Content-Type": "text/csv; charset=utf-8; header=present", "X-Felt-As-Of": "2026-03-04T13:50:00Z", "X-Felt-Complete-Until": "2026-03-04T13:49:45Z",
		"Content-Disposition": `attachment; filename="affected-` + a.header.Get("X-Felt-Question") + `.csv"`, "Cache-Control": "no-store",
	} {
		if a.header.Get(k) != v {
			t.Errorf("%s: %q, want %q", k, a.header.Get(k), v)
		}
	}
	got := w.commands()
	if len(got) != 1 || got[0].What != felt.CommandDisclose || got[0].Actor != "ana" || got[0].Reason != "refunds" || got[0].Via != "api" ||
		!strings.Contains(got[0].Target, `name="pay"`) || got[0].Time != now || got[0].IdempotencyKey != "" {
		t.Errorf("%+v", got)
	}

	j := w.get(pathAffected+"?of=pay", header("Accept", "application/json"))
	if list, _ := j.doc["customers"].([]any); len(list) != 2 || j.at("question.id") != a.header.Get("X-Felt-Question") ||
		j.at("customers.0.currency") != `=HYPERLINK("http://evil")` || j.at("as_of_seq") != 4711.0 {
		t.Errorf("JSON: %s", j.raw)
	}
	none := w.get(pathAffected+"?of=never", header("Accept", "application/json"))
	if list, ok := none.doc["customers"].([]any); !ok || len(list) != 0 || none.status != 200 {
		t.Errorf("nobody: %s", none.raw)
	}
	if n := len(w.commands()); n != 3 {
		t.Errorf("%d lists on record, want 3", n)
	}
}

// What cannot be answered or recorded discloses nothing; what breaks half-way does not look whole.
func TestAffectedFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.take = nil })
	w.full = felt.ErrFull
	a := w.get(pathAffected + "?of=pay")
	problem(t, a, 503, "the log cannot take the command")
	if strings.Contains(a.raw, who(felt.LevelUser, 1).String()) {
		t.Errorf("disclosed without a record: %s", a.raw)
	}
	w.full = nil
	w.spy.fail = func(_ context.Context, what string) error {
		if strings.HasPrefix(what, "affected") {
			return errors.New("broken")
		}
		return nil
	}
	problem(t, w.get(pathAffected+"?of=pay"), 500)
	if n := len(w.commands()); n != 0 {
		t.Errorf("%d lists on record, none was given", n)
	}
	w.spy.fail = func(_ context.Context, what string) error {
		if what == "affected 2" {
			return errors.New("broken")
		}
		return nil
	}
	srv := httptest.NewServer(w.api)
	defer srv.Close()
	resp, err := http.Get(srv.URL + pathAffected + "?of=pay")
	if err == nil {
		var b bytes.Buffer
		_, err = b.ReadFrom(resp.Body)
		_ = resp.Body.Close()
	}
	if err == nil {
		t.Error("a list that was cut looks whole")
	}
}

func TestAffectedNeedsAct(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.take = nil
		w.opts.Bearer = func(secret, scope string) (string, bool) {
			return secret, secret == "actor" || secret == "reader" && scope == "read"
		}
	})
	reader, actor := header("Authorization", "Bearer reader"), header("Authorization", "Bearer actor")
	problem(t, w.get(pathAffected+"?of=pay&reason=x", reader), 401, "scope act")
	problem(t, w.get(pathAffected+"?of=pay", actor), 422, "reason is needed")
	problem(t, w.get(pathAffected+"?of=pay&reason=+", actor), 422, "reason is needed")
	if n := len(w.commands()); n != 0 {
		t.Errorf("%d lists on record", n)
	}
	if a := w.get(pathAffected+"?of=pay&reason=x", actor, header("X-Felt-Actor", "the boss")); a.status != 200 || len(w.commands()) != 1 || w.commands()[0].Actor != "actor" {
		t.Errorf("%d %v", a.status, w.commands())
	}
	// Questions that have a body are questions all the same.
	for target, body := range map[string]string{pathLookup: `{"id":"nobody"}`, pathCheck: `{"files":[]}`} {
		if a := w.ask(http.MethodPost, target, body, reader); a.status == 401 {
			t.Errorf("%s: %s", target, a.raw)
		}
		problem(t, w.ask(http.MethodPost, target, body), 401, "scope read")
	}
}

func TestHarmless(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"EUR": "EUR", "": "", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx", "a=b": "a=b",
	} {
		if got := harmless(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.opts.Keeping = Keeping{Share: 0.01, Behind: 90e9, For: 336 * 3600e9} })
	get := func(n byte) answer { return w.get("/api/v1/traces/" + felt.TraceID{9, n}.String()) }
	problem(t, get(200), 404, "nothing is known of this trace", "failed or degraded", "1 % of the others", "14 days", "1m30s after")
	a := get(4)
	depths := map[string]float64{}
	var order []string
	list, _ := a.doc["spans"].([]any)
	for _, x := range list {
		s := x.(map[string]any)
		depths[s["name"].(string)] = s["depth"].(float64)
		order = append(order, s["name"].(string))
	}
	want := map[string]float64{"root": 0, "child": 1, "grandchild": 2, "second child": 1, "orphan": 0, "circle": 0, "circle's other half": 1, "its own parent": 0}
	if diff := cmp.Diff(want, depths); diff != "" || strings.Join(order[:4], ",") != "root,child,grandchild,second child" {
		t.Errorf("%v %s", order, diff)
	}
	if res, _ := a.doc["resources"].([]any); len(res) != 2 {
		t.Errorf("resources %v", res)
	}
	if note, ok := a.doc["note"]; ok {
		t.Errorf("note %q beside spans", note)
	}
	if a := get(1); a.status != 200 || !strings.Contains(a.at("note").(string), "not there yet") || len(a.doc["spans"].([]any)) != 0 {
		t.Errorf("a fresh failure: %s", a.raw)
	}
	if a := get(5); a.status != 200 || !strings.Contains(a.at("note").(string), "are not kept") {
		t.Errorf("a good one: %s", a.raw)
	}
}

func TestSampledImpact(t *testing.T) {
	t.Parallel()
	i := felt.Impact{
		Customers: felt.Distinct{Total: 10, Failed: 4}, Method: felt.MethodLowerBound, Sampled: true,
		Estimated: felt.EstimatedDistinct{Total: felt.EstimatedCount{Estimate: 100, Low: 80, High: 130}},
		Identity:  felt.Identity{User: 3, Session: 1},
	}
	i.Adjusted[felt.OutcomeFailed], i.Adjusted[felt.OutcomeNone] = 40.5, 2
	b, err := json.Marshal(impactOf(i))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"sampled":true`, `"method":"lower_bound"`, `"total":{"estimate":100,"low":80,"high":130}`, `"failed":40.5`, `"open":2`,
		`"identity_coverage":{"user":0.75,"pseudonym":0,"installation":0,"session":0.25}`,
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	i.Sampled = false
	if b, _ := json.Marshal(impactOf(i)); strings.Contains(string(b), "estimated") || strings.Contains(string(b), "adjusted") {
		t.Errorf("not sampled: %s", b)
	}
}
