package business_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/business"
	"github.com/felt-cx/felt/core/otlp"
)

var key = otlp.HashKey{ID: 7, Secret: []byte("0123456789abcdef0123456789abcdef")}

const now = felt.Instant(1_777_888_000) * felt.Second // 2026-05-04

func options() business.Options { return business.Options{Key: key, Now: now} }

// event is a CloudEvent of a type.
func event(typ, id, data string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/shop","type":%q,"time":"2026-05-04T10:00:00.5Z","data":%s}`, id, typ, data)
}

func structured(t *testing.T, body string) business.Result {
	t.Helper()
	r, err := business.Structured(options(), []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func at(t *testing.T, s string) felt.Instant {
	t.Helper()
	for _, e := range structured(t, strings.Replace(event("felt.business.ticket", "t", `{}`), "2026-05-04T10:00:00.5Z", s, 1)).Business.Events {
		return e.Time
	}
	t.Fatalf("%s is no time", s)
	return 0
}

func TestChange(t *testing.T) {
	r := structured(t, event("felt.change.deploy", "1", `{
		"app":"shop","services":["checkout","payment"],"version":"2.4.0","previous":"2.3.9","region":"eu",
		"started":"2026-05-04T09:58:00Z","ended":1777888700,"author":"Ann <ann@example.com>",
		"url":"https://u:p@ci.example/1?token=x","fixes":"inc-1","expects":{"kpi":"conversion","direction":"up"},"outcome":"fine"}`))
	if len(r.Problems) > 0 || r.Accepted != 1 {
		t.Fatalf("problems %v", r.Problems)
	}
	got := fmt.Sprintf("%+v", r.Business.Changes[0])
	want := fmt.Sprintf("{ID:%s Kind:deploy Env:production App:shop Services:[checkout payment] Version:2.4.0 Previous:2.3.9 Region:eu "+
		"Started:%d Ended:%d Author:Ann <[email]> URL:https://ci.example/1 Fixes:inc-1 ExpectsKPI:conversion ExpectsDirection:up Outcome:fine}",
		r.Business.Changes[0].ID, at(t, "2026-05-04T09:58:00Z"), 1777888700*felt.Second)
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestJoinsTelemetry: the same customer has the same hash as in telemetry of the same
// environment, however the id came, and another one in another environment.
func TestJoinsTelemetry(t *testing.T) {
	want := otlp.Hash(key, otlp.LevelUser, "production", "4711")
	for _, data := range []string{
		`{"customer":"4711"}`, `{"user.id":"4711"}`, `{"user":{"id":"4711"}}`, `{"customer":4711}`, `{"user_id":4711}`,
		`{"customer_hash":"` + want.String() + `"}`, `{"customer":"4711","env":"production"}`,
	} {
		r := structured(t, event("felt.business.churned", "1", data))
		if len(r.Business.Events) != 1 || r.Business.Events[0].Customer != want {
			t.Errorf("%s: %+v, problems %v; want customer %s", data, r.Business.Events, r.Problems, want)
		}
	}
	r := structured(t, event("felt.business.churned", "1", `{"customer":"4711","env":"staging","account":"acme"}`))
	if e := r.Business.Events[0]; e.Customer != otlp.Hash(key, otlp.LevelUser, "staging", "4711") || e.Account != otlp.Hash(key, otlp.LevelAccount, "staging", "acme") {
		t.Errorf("staging: %+v", e)
	}
}

func TestCDEvents(t *testing.T) {
	doc := func(content, custom string) string {
		return `{"context":{"version":"0.4.1","timestamp":"2026-05-04T09:00:00Z"},"subject":{"id":"daemonset/checkout","source":"/argo","content":` +
			content + `},"customData":` + custom + `}`
	}
	deployed := doc(`{"environment":{"id":"prod/production"},"artifactId":"pkg:oci/checkout@sha256%3A0b31b1?tag=2.4"}`, `{"app":"shop","previous":"2.3"}`)
	for _, c := range []struct{ typ, data, want string }{
		{"service.deployed.0.2.0", deployed, "deploy production shop [checkout] sha256:0b31b1 2.3 "},
		{"service.upgraded.0.3.0-draft", deployed, "deploy production shop [checkout] sha256:0b31b1 2.3 "},
		{"service.rolledback.0.2.0", deployed, "deploy production shop [checkout] sha256:0b31b1 2.3 rolled_back"},
		{"service.removed.0.2.0", doc(`{"environment":{"id":"staging"}}`, `{}`), "deploy staging  [checkout]   removed"},
		{"service.published.0.2.0", doc(`{"environment":{"id":"production"}}`, `{"felt":{"services":["a","b"]}}`), "launch production  [a b]   "},
		{"environment.modified.0.2.0", doc(`{"name":"production"}`, `{}`), "config production  []   "},
	} {
		r := structured(t, event("dev.cdevents."+c.typ, "1", c.data))
		if len(r.Business.Changes) != 1 {
			t.Errorf("%s: problems %v", c.typ, r.Problems)
			continue
		}
		x := r.Business.Changes[0]
		if got := fmt.Sprint(x.Kind, " ", x.Env, " ", x.App, " ", x.Services, " ", x.Version, " ", x.Previous, " ", x.Outcome); got != c.want {
			t.Errorf("%s: %q, want %q", c.typ, got, c.want)
		}
		if x.Started != at(t, "2026-05-04T10:00:00.5Z") {
			t.Errorf("%s: started %s", c.typ, x.Started.Time())
		}
	}
	for _, typ := range []string{"change.merged.0.2.0", "artifact.published.0.2.0", "incident.detected.0.2.0", "build.finished.0.2.0"} {
		if r := structured(t, event("dev.cdevents."+typ, "1", doc(`{}`, `{}`))); r.Ignored != 1 || r.Accepted+r.Rejected != 0 {
			t.Errorf("%s: %+v, want it ignored", typ, r)
		}
	}
}

// TestTicketIsOne: all events of one ticket make rows with one id.
func TestTicketIsOne(t *testing.T) {
	ids := map[string]bool{}
	for i, typ := range []string{"ticket.created.0.2.0", "ticket.updated.0.2.0", "ticket.closed.0.2.0"} {
		r := structured(t, event("dev.cdevents."+typ, fmt.Sprint(i),
			`{"subject":{"id":"T-1","source":"/desk","content":{"ticketType":"bug","summary":"Bob cannot pay"}},"customData":{"customer":"4711","journey":"checkout"}}`))
		if len(r.Business.Events) != 1 {
			t.Fatalf("%s: %v", typ, r.Problems)
		}
		e := r.Business.Events[0]
		if e.Kind != "ticket" || e.Category != "bug" || e.Journey != "checkout" || e.Customer.IsZero() {
			t.Errorf("%s: %+v", typ, e)
		}
		ids[e.ID] = true
	}
	if len(ids) != 1 {
		t.Errorf("one ticket has ids %v", ids)
	}
}

func TestIDs(t *testing.T) {
	id := func(body string) string {
		r := structured(t, body)
		if len(r.Business.Events) != 1 {
			t.Fatal(r.Problems)
		}
		return r.Business.Events[0].ID
	}
	a := id(event("felt.business.order", "1", `{}`))
	if a != id(event("felt.business.order", "1", `{"category":"x"}`)) {
		t.Error("the same event twice has two ids")
	}
	if a == id(event("felt.business.order", "2", `{}`)) || a == id(strings.Replace(event("felt.business.order", "1", `{}`), "/shop", "/other", 1)) {
		t.Error("two events have one id")
	}
	if b := id(event("felt.business.order", "1", `{"id":"o-9"}`)); b != id(event("felt.business.order", "2", `{"id":"o-9"}`)) || a == b {
		t.Error("an order's own id does not name it")
	}
}

func TestMoney(t *testing.T) {
	for _, c := range []struct {
		data, want string
	}{
		{`"amount":"12.50","currency":"EUR"`, "1250 EUR"},
		{`"amount":12.5,"currency":"eur"`, "1250 EUR"},
		{`"amount":"1249","currency":"JPY"`, "1249 JPY"},
		{`"amount":"1249.00","currency":"JPY"`, "1249 JPY"},
		{`"amount":"1.234","currency":"KWD"`, "1234 KWD"},
		{`"amount":"-3.1","currency":"USD"`, "-310 USD"},
		{`"amount_minor":1250,"currency":"EUR"`, "1250 EUR"},
		{`"category":"x"`, "0 "},
		{`"amount":"12,50","currency":"EUR"`, "amount: want a plain decimal number with a point, such as 1249.50"},
		{`"amount":"1249.5","currency":"JPY"`, "amount: has more decimals than the currency"},
		{`"amount":"1e3","currency":"EUR"`, "amount: want a plain decimal number with a point, such as 1249.50"},
		{`"amount":"99999999999999999999","currency":"EUR"`, "amount: is too large"},
		{`"amount":"1","currency":"EURO"`, "currency: want three letters, such as EUR"},
		{`"amount":"1"`, "currency: is needed with an amount"},
		{`"amount":"1","amount_minor":100,"currency":"EUR"`, "amount_minor: give amount or amount_minor, not both"},
		{`"amount_minor":"1.5","currency":"EUR"`, "amount_minor: has more decimals than the currency"},
		{`"amount":true,"currency":"EUR"`, "amount: want a text"},
	} {
		r := structured(t, event("felt.business.order", "1", "{"+c.data+"}"))
		got := ""
		for _, e := range r.Business.Events {
			got = fmt.Sprint(e.AmountMinor, " ", e.Currency)
		}
		for _, p := range r.Problems {
			got = p.Field + ": " + p.Message
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.data, got, c.want)
		}
	}
}

func TestFacts(t *testing.T) {
	r := structured(t, event("felt.fact", "1", `{"customer":"4711","facts":{"segment":"vip","plan":"pro","trial":true,"mrr_minor":1200},"valid_from":"2026-01-01"}`))
	var got []string
	for _, f := range r.Business.Facts {
		if f.Customer != otlp.Hash(key, otlp.LevelUser, "production", "4711") || f.ValidFrom.Time().Format("2006-01-02") != "2026-01-01" {
			t.Errorf("%+v", f)
		}
		got = append(got, f.Key+"="+f.Value)
	}
	if s := strings.Join(got, " "); s != "mrr_minor=1200 plan=pro segment=vip trial=true" || r.Accepted != 1 {
		t.Errorf("%q, %+v", s, r.Problems)
	}
}

// TestProblems: each says where and what was wanted, and the good ones are not held up.
func TestProblems(t *testing.T) {
	good := event("felt.business.order", "1", `{"customer":"a"}`)
	for _, c := range []struct{ event, field, message string }{
		{`{"specversion":"1.0"}`, "id", "is needed"},
		{strings.Replace(good, `"1.0"`, `"0.3"`, 1), "specversion", "want 1.0"},
		{strings.Replace(good, `"1.0"`, `1`, 1), "specversion", "want a text"},
		{strings.Replace(good, "2026-05-04T10:00:00.5Z", "yesterday", 1), "time", "RFC 3339"},
		{strings.Replace(good, "2026-05-04T10:00:00.5Z", "9999-05-04T10:00:00.5Z", 1), "time", "1970 to 2116"},
		{strings.Replace(good, `"data":{`, `"datacontenttype":"text/xml","data":{`, 1), "datacontenttype", "application/json"},
		{`3`, "", "want a JSON object"},
		{strings.Replace(good, `{"customer":"a"}`, `[]`, 1), "data", "want a JSON object"},
		{strings.Replace(good, `"data":{"customer":"a"}`, `"data_base64":"!"`, 1), "data_base64", "want base64"},
		{event("com.other.thing", "1", `{}`), "type", "felt.change.KIND"},
		{event("felt.thing", "1", `{}`), "type", "felt.change.KIND"},
		{event("felt.business.ordr", "1", `{}`), "type", "want one of order, activated"},
		{event("felt.change", "1", `{}`), "type", "ends without a kind"},
		{event("felt.change.flag", "1", `{"services":[1]}`), "services", "list of texts"},
		{event("felt.change.flag", "1", `{"expects":{"direction":"sideways","kpi":"x"}}`), "direction", "want one of up, down"},
		{event("felt.change.flag", "1", `{"started":"2026-05-04T10:00:00Z","ended":"2026-05-04T09:00:00Z"}`), "ended", "before started"},
		{event("felt.business.churned", "1", `{}`), "customer", "is needed"},
		{event("felt.business.churned", "1", `{"customer":"a","customer_hash":"b"}`), "customer_hash", "not both"},
		{event("felt.business.churned", "1", `{"customer_hash":"a@example.com"}`), "customer_hash", "32 hex digits"},
		{event("felt.business.csat", "1", `{}`), "score", "0 to 100"},
		{event("felt.business.csat", "1", `{"score":101}`), "score", "0 to 100"},
		{event("felt.fact", "1", `{"customer":"a"}`), "key", "is needed"},
		{event("felt.fact", "1", `{"key":"a","value":"b"}`), "customer", "is needed"},
		{event("felt.fact", "1", `{"customer":"a","key":"`+strings.Repeat("k", 300)+`","value":"b"}`), "key", "longer than 256 bytes"},
		{event("dev.cdevents.service.deployed.0.2.0", "1", `{}`), "data.subject.id", "is needed"},
		{event("felt.fact", "1", strings.Repeat(`{"a":`, 40)+"1"+strings.Repeat("}", 40)), "", "deeper than 32"},
	} {
		r, err := business.Batch(options(), []byte("["+good+","+c.event+","+good+"]"))
		if err != nil {
			t.Errorf("%s: %v", c.event, err)
			continue
		}
		found := false
		for _, p := range r.Problems {
			found = found || p.Field == c.field && p.Index == 1 && strings.Contains(p.Message, c.message)
			if strings.Contains(p.String(), "example.com") {
				t.Errorf("problem %s repeats a value", p)
			}
		}
		if !found || r.Accepted != 2 || r.Rejected != 1 || len(r.Business.Events) != 2 {
			t.Errorf("%.120s: %d accepted, problems %v; want %s: %s", c.event, r.Accepted, r.Problems, c.field, c.message)
		}
	}
}

func TestBodiesThatCannotBeRead(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{``, "ends in the middle"},
		{`{`, "want a JSON list"},
		{`[`, "ends in the middle, at byte 1"},
		{`[{"id":"x"},{]`, "is not JSON near byte 1"},
		{`[]]`, "more behind the list"},
		{`[` + strings.Repeat(`{},`, 5) + `{}]`, "more than 5 events"},
	} {
		o := options()
		o.Limits.Events = 5
		if _, err := business.Batch(o, []byte(c.body)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.body, err, c.want)
		}
	}
	if _, err := business.Structured(options(), []byte(event("felt.fact", "1", "{}")+"{}")); err == nil {
		t.Error("two events in a row were read as one")
	}
}

// TestBinaryIsStructured: the same event in headers makes the same rows.
func TestBinaryIsStructured(t *testing.T) {
	data := `{"customer":"4711","amount":"3.20","currency":"EUR"}`
	want := structured(t, event("felt.business.order", "1", data))
	head := map[string]string{"specversion": "1.0", "id": "1", "source": "/shop", "type": "felt.business.order", "time": "2026-05-04T10:00:00.5Z"}
	got, err := business.Binary(options(), func(n string) string { return head[n] }, "application/json; charset=utf-8", []byte(data))
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if got, _ := business.Binary(options(), func(n string) string { return head[n] }, "text/plain", []byte(data)); got.Rejected != 1 {
		t.Errorf("text/plain was taken: %+v", got)
	}
}

// TestRecords: chunks hold everything, in order, each under the limit.
func TestRecords(t *testing.T) {
	b := felt.Business{Actor: "ci", Via: business.ViaCSV}
	for i := range 500 {
		b.Changes = append(b.Changes, felt.Change{ID: fmt.Sprint("c", i), Services: []string{"a"}})
		b.Events = append(b.Events, felt.BusinessEvent{ID: fmt.Sprint("e", i), Customer: felt.Hash{1}})
		b.Facts = append(b.Facts, felt.Fact{Key: fmt.Sprint("f", i)})
	}
	for _, limit := range []int{1, 1000, 4096, 1 << 20} {
		recs, err := business.Records(b, limit)
		if err != nil {
			t.Fatal(err)
		}
		got := felt.Business{Actor: b.Actor, Via: b.Via}
		for _, data := range recs {
			if len(data) > limit && limit > 1 {
				t.Errorf("a record of %d bytes, limit %d", len(data), limit)
			}
			var part felt.Business
			if err := json.Unmarshal(data, &part); err != nil || part.Actor != "ci" || part.Via != business.ViaCSV {
				t.Fatalf("%v: %+v", err, part)
			}
			got.Changes = append(got.Changes, part.Changes...)
			got.Events = append(got.Events, part.Events...)
			got.Facts = append(got.Facts, part.Facts...)
		}
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", b) {
			t.Errorf("limit %d: %d records do not hold what was given", limit, len(recs))
		}
		if limit == 1<<20 && len(recs) != 1 {
			t.Errorf("%d records of 1 MiB", len(recs))
		}
	}
	if recs, err := business.Records(felt.Business{Actor: "ci"}, 100); err != nil || len(recs) != 0 {
		t.Errorf("nothing makes %d records, %v", len(recs), err)
	}
}
