package httpapi

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
)

// wide is an incident over three scopes with customers who come in several of them, anonymous first and
// logged in later, and what a count by hand says of those who failed in it.
func wide(t *testing.T, w *world) (i felt.Incident, failed, lately int) {
	t.Helper()
	r := rand.New(rand.NewPCG(4, 4))
	scopes := []felt.Scope{
		{Env: "production", App: "wide", Name: "edit order", Kind: felt.KindStep},
		{Env: "production", App: "wide", Name: "order", Kind: felt.KindJourney},
		{Env: "production", App: "desk", Name: "edit/order", Kind: felt.KindStep},
	}
	begun := now - 10*felt.Minute
	b := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 2, Tick: felt.TickOf(now) + 1}}
	more := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 3, Tick: felt.TickOf(now) + 1}}
	known := map[int]int{} // session -> customer
	type try struct {
		session, scope int
		end            felt.Instant
		failed         bool
	}
	var tries []try
	for n := range 600 {
		y := try{r.IntN(150), r.IntN(4), begun + felt.Instant(r.IntN(900)-300)*felt.Second, r.IntN(3) == 0}
		of := felt.Scope{Env: "production", App: "wide", Name: "browse", Kind: felt.KindStep}
		if y.scope < 3 {
			of = scopes[y.scope]
		}
		row := felt.Interaction{
			ID: felt.InteractionID{8, byte(n >> 8), byte(n)}, Version: 1, Known: felt.TickOf(now), FirstKnown: felt.TickOf(now),
			Env: of.Env, App: of.App, Name: of.Name, Kind: of.Kind, Start: y.end - felt.Second, End: y.end, Outcome: felt.OutcomeSuccess, Weight: 1,
			Session: felt.Hash{2, byte(y.session), 1}, Customer: felt.Hash{2, byte(y.session), 1}, IdentityLevel: felt.LevelSession,
		}
		if y.failed {
			row.Outcome = felt.OutcomeFailed
		}
		if c := known[y.session]; c > 0 {
			row.Customer, row.IdentityLevel = felt.Hash{1, byte(c), 9}, felt.LevelUser
		} else if r.IntN(3) == 0 { // logs in
			known[y.session] = r.IntN(40) + 1
			more.Links = append(more.Links, felt.Link{
				Env: of.Env, FromLevel: felt.LevelSession, From: row.Session, ToLevel: felt.LevelUser,
				To: felt.Hash{1, byte(known[y.session]), 9}, Since: y.end,
			})
		}
		b.Interactions, tries = append(b.Interactions, row), append(tries, y)
	}
	i = felt.Incident{
		ID: "inc-wide", Version: 1, Env: "production", App: "wide", Kind: "failed", Status: felt.IncidentOpen, Title: "Orders", Opened: now - felt.Minute, FirstBad: begun,
		Journeys: []string{"edit order", "order", "edit/order"}, Scopes: scopes,
		SegmentsHit: []felt.SegmentShare{{Where: []felt.Segment{{Key: "region", Value: "eu"}}, Bad: 1, N: 2}},
	}
	more.Incidents = []felt.Incident{i}
	if err := w.store.Write(context.Background(), b, more); err != nil {
		t.Fatal(err)
	}
	whole, last := map[int]bool{}, map[int]bool{}
	for _, y := range tries {
		who := -1 - y.session
		if c := known[y.session]; c > 0 {
			who = c
		}
		if y.failed && y.scope < 3 && y.end >= begun {
			whole[who] = true
			if y.end >= now-5*felt.Minute {
				last[who] = true
			}
		}
	}
	return i, len(whole), len(last)
}

func numberAt(a answer, path string) int {
	n, _ := a.at(path).(float64)
	return int(n)
}

// again is the question that an answer prints, as somebody asks it again.
func again(a answer, path string) string {
	v := url.Values{}
	q, _ := a.at(path).(map[string]any)
	v.Add("of", q["of"].(string))
	also, _ := q["also"].([]any)
	for _, s := range also {
		v.Add("of", s.(string))
	}
	where, _ := q["where"].([]any)
	for _, s := range where {
		v.Add("where", s.(string))
	}
	except, _ := q["except"].([]any)
	for _, s := range except {
		v.Add("except", s.(string))
	}
	v.Set("from", q["from"].(string))
	v.Set("to", q["to"].(string))
	return v.Encode()
}

// An incident tells its customers over all of its scopes, each once, and its question can be asked again.
func TestIncidentOverSeveralScopes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i, failed, lately := wide(t, w)
	a := w.ok("/api/v1/incidents/" + i.ID)
	if got := numberAt(a, "impact.customers.failed"); got != failed || failed < 30 {
		t.Errorf("%d customers told, %d in truth", got, failed)
	}
	if got := numberAt(a, "now.impact.customers.failed"); got != lately {
		t.Errorf("now: %d customers told, %d in truth", got, lately)
	}
	if said, _ := a.at("sentence").(string); !strings.HasPrefix(said, itoa(failed)+" customers") {
		t.Errorf("the sentence %q does not say %d", said, failed)
	}
	fates := numberAt(a, "impact.customers.recovered") + numberAt(a, "impact.customers.lost") + numberAt(a, "impact.customers.undecided")
	if fates != failed {
		t.Errorf("recovered, lost and undecided are %d of %d", fates, failed)
	}
	for _, path := range []string{"impact_question", "now.question"} {
		want, id := map[string]int{"impact_question": failed, "now.question": lately}[path], a.at(path+".id")
		for _, to := range []string{"impact?", "impact?env=production&"} {
			again := w.ok("/api/v1/" + to + again(a, path))
			if got := numberAt(again, "customers.failed"); got != want || again.at("question.id") != id {
				t.Errorf("%s asked again: %d customers, question %v; want %d, %v", path, got, again.at("question.id"), want, id)
			}
		}
	}
	list := w.ok("/api/v1/incidents")
	if !strings.Contains(list.raw, `"customers":{"total":`+itoa(numberAt(a, "impact.customers.total"))+`,"failed":`+itoa(failed)+",") {
		t.Errorf("the list does not tell %d customers: %s", failed, list.raw)
	}
}

// The time between two turns of an incident is not of its length, nor are those who came then of its customers.
func TestIncidentThatCameBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i, failed, _ := wide(t, w)
	before := w.ok("/api/v1/incidents/" + i.ID)
	i.Version, i.Calm = i.Version+1, []felt.Window{{From: now - 2*felt.Minute, To: now + felt.Minute}}
	b := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 3, Tick: felt.TickOf(now) + 2}, Incidents: []felt.Incident{i}}
	if err := w.store.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	a := w.ok("/api/v1/incidents/" + i.ID)
	got := numberAt(a, "impact.customers.failed")
	if got == 0 || got >= failed {
		t.Errorf("%d of %d customers", got, failed)
	}
	if was, is := numberAt(before, "elapsed_ms"), numberAt(a, "elapsed_ms"); was-is != 180_000 {
		t.Errorf("it lasted %d ms, without the calm %d", was, is)
	}
	if a.at("calm.0") != "2026-03-04T13:48:00Z/2026-03-04T13:51:00Z" {
		t.Errorf("calm %v", a.at("calm"))
	}
	id := a.at("impact_question.id")
	for _, ask := range []string{again(a, "impact_question"), "of=incident:inc-wide&from=" + exactTime(i.FirstBad) + "&to=" + a.at("impact_question.to").(string)} {
		if same := w.ok("/api/v1/impact?" + ask); numberAt(same, "customers.failed") != got || same.at("question.id") != id {
			t.Errorf("asked again: %d customers, %v; want %d", numberAt(same, "customers.failed"), same.at("question"), got)
		}
	}
}

// An incident's ID stands for what it is about, in every question of several names.
func TestOfIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i, failed, _ := wide(t, w)
	w.take = func(felt.Command) {}
	window := "of=incident:inc-wide&from=" + exactTime(i.FirstBad) + "&to=" + exactTime(now+felt.Hour)
	a := w.ok("/api/v1/impact?" + window)
	if got := numberAt(a, "customers.failed"); got != failed || a.at("question.of") != "step:wide/edit order" || a.at("question.also.0") != "journey:wide/order" {
		t.Errorf("%d customers, %s", got, a.raw)
	}
	if said := again(w.ok("/api/v1/incidents/inc-wide"), "hit.0.question"); !strings.Contains(said, url.QueryEscape("incident:inc-wide")) {
		t.Errorf("a part of the customers is asked about as %s", said)
	}
	tries := w.ok("/api/v1/interactions?outcome=failed&limit=1000&" + window)
	rows, _ := tries.at("interactions").([]any)
	kinds := map[any]bool{}
	for _, r := range rows {
		kinds[r.(map[string]any)["name"]] = true
	}
	if len(kinds) != 3 {
		t.Errorf("tries of %v", kinds)
	}
	for _, to := range []string{"series?step=1h&", "drivers?"} {
		w.ok("/api/v1/" + to + window)
	}
	if got := w.get("/api/v1/affected?reason=call&" + window).header.Get("X-Felt-Question"); got != a.at("question.id") {
		t.Errorf("the list of customers is of question %q, the number of %v", got, a.at("question.id"))
	}
	spied := w.spy.asked["scopes"]
	w.ok("/api/v1/impact?of=pay&of=search&of=step:wide/edit+order&of=shop/pay&of=never+seen")
	if n := w.spy.asked["scopes"] - spied; n != 1 {
		t.Errorf("five names took %d looks at the store", n)
	}
	if got := w.ask(http.MethodGet, "/api/v1/impact?of=pay&of=login", ""); got.status != 409 {
		t.Errorf("an ambiguous name among others: %d", got.status)
	}
	one, two := w.ok("/api/v1/impact?of=pay&of=search"), w.ok("/api/v1/impact?of=search&of=pay&of=pay")
	if one.at("question.id") != two.at("question.id") {
		t.Error("the order of names makes another question")
	}
	app := w.ok("/api/v1/impact?of=app:wide&" + window[len("of=incident:inc-wide&"):])
	steps := w.ok("/api/v1/impact?of=step:wide/edit+order&of=step:wide/browse&" + window[len("of=incident:inc-wide&"):])
	if got := numberAt(app, "customers.failed"); got == 0 || got != numberAt(steps, "customers.failed") || app.at("question.of") != "app:wide" {
		t.Errorf("%d customers of the app, %d of its steps", got, numberAt(steps, "customers.failed"))
	}
	whole := felt.Scope{Env: "production", App: "wide", Kind: felt.KindStep}
	i.Version, i.Scopes = i.Version+1, append([]felt.Scope{whole}, i.Scopes...)
	b := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 3, Tick: felt.TickOf(now) + 2}, Incidents: []felt.Incident{i}}
	if err := w.store.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if a := w.ok("/api/v1/incidents/inc-wide"); a.at("of") != "app:wide" || a.at("impact_question.of") != "app:wide" || numberAt(a, "impact.customers.failed") <= failed {
		t.Errorf("of an app as a whole: %v, %d customers", a.at("impact_question"), numberAt(a, "impact.customers.failed"))
	}
	if !slices.Equal(scopesAbout(&felt.Incident{Env: "e", App: "a", Journeys: []string{"x", "y"}}), []felt.Scope{{Env: "e", App: "a", Name: "x"}, {Env: "e", App: "a", Name: "y"}}) {
		t.Error("an incident without scopes is about its journeys")
	}
}

func itoa(n int) string { return grouped(int64(n)) }
