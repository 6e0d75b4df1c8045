package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// bears does to an incident what the engine does of a command.
func bears(i *felt.Incident, c felt.Command) {
	kind, text := strings.TrimPrefix(c.What, "incident."), c.Reason
	switch c.What {
	case felt.CommandCommander:
		i.Commander = c.Args["commander"]
	case felt.CommandMitigated:
		i.Mitigated = c.Time
	case felt.CommandCause:
		i.Cause = felt.Cause{Change: c.Args["change"], Service: c.Args["service"], Note: c.Reason, ConfirmedBy: c.Actor}
	case felt.CommandPriority:
		i.Priority = c.Args["priority"]
	case felt.CommandVerdict:
		i.Verdict = c.Args["verdict"]
	case felt.CommandNote:
		if c.Args["kind"] != "" {
			kind = c.Args["kind"]
		}
	}
	i.Timeline = append(i.Timeline, felt.TimelineEntry{At: c.Time, Kind: kind, Text: text, Actor: c.Actor})
}

// bearing is a world whose engine takes every command.
func bearing(t testing.TB) *world {
	w := newWorld(t)
	w.take = func(c felt.Command) {
		go func() {
			i, err := w.store.Incident(context.Background(), c.Target)
			if err != nil {
				t.Error(err)
				return
			}
			i.Version++
			bears(&i, c)
			w.putIncident(i)
			w.engine.move(w.engine.Progress().Seq + 1)
		}()
	}
	return w
}

func TestCommands(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		verb, body string
		want       felt.Command
		at         string
		is         any
	}{
		{"command", `{"commander":" Ben "}`, felt.Command{What: felt.CommandCommander, Args: map[string]string{"commander": "Ben"}}, "commander", "Ben"},
		{"command", ``, felt.Command{What: felt.CommandCommander, Args: map[string]string{"commander": "ana"}}, "commander", "ana"},
		{"note", `{"text":" pool is full "}`, felt.Command{What: felt.CommandNote, Reason: "pool is full"}, "status", "open"},
		{"note", `{"text":"we roll back","kind":"decision"}`, felt.Command{What: felt.CommandNote, Reason: "we roll back", Args: map[string]string{"kind": "decision"}}, "status", "open"},
		{"mitigated", ``, felt.Command{What: felt.CommandMitigated}, "mitigated", "2026-03-04T13:50:00Z"},
		{"mitigated", `{"reason":"rolled back"}`, felt.Command{What: felt.CommandMitigated, Reason: "rolled back"}, "mitigated", "2026-03-04T13:50:00Z"},
		{"cause", `{"change":"d1","note":"drops the token"}`, felt.Command{What: felt.CommandCause, Reason: "drops the token", Args: map[string]string{"change": "d1"}}, "cause.note", "drops the token"},
		{"priority", `{"priority":"P1","reason":"the board asks"}`, felt.Command{What: felt.CommandPriority, Reason: "the board asks", Args: map[string]string{"priority": "P1"}}, "priority", "P1"},
		{"priority", `{"priority":""}`, felt.Command{What: felt.CommandPriority, Args: map[string]string{"priority": ""}}, "priority", nil},
		{"verdict", `{"verdict":"noise"}`, felt.Command{What: felt.CommandVerdict, Args: map[string]string{"verdict": "noise"}}, "verdict", "noise"},
		{"verdict", `{"verdict":"duplicate","of":"inc-0"}`, felt.Command{What: felt.CommandVerdict, Args: map[string]string{"verdict": "duplicate", "of": "inc-0"}}, "verdict", "duplicate"},
	} {
		w := bearing(t)
		a := w.ask(http.MethodPost, inc1+c.verb, c.body, header("X-Felt-Actor", "ana"), header("Idempotency-Key", "k"))
		if a.status != 200 || a.at(c.at) != c.is {
			t.Errorf("%s %s: %d %s", c.verb, c.body, a.status, a.raw)
		}
		c.want.Time, c.want.Actor, c.want.Via, c.want.Target, c.want.IdempotencyKey = now, "ana", "api", "inc-1", "k"
		if diff := cmp.Diff([]felt.Command{c.want}, w.commands()); diff != "" {
			t.Errorf("%s %s: %s", c.verb, c.body, diff)
		}
	}
}

// What does not fit is refused with a reason, and is not on the log.
func TestCommandsThatDoNotFit(t *testing.T) {
	t.Parallel()
	const inc0 = "/api/v1/incidents/inc-0/"
	w := newWorld(t)
	i, err := w.store.Incident(t.Context(), "inc-1")
	if err != nil {
		t.Fatal(err)
	}
	i.Version, i.Mitigated, i.Recovery = i.Version+1, now-felt.Minute, felt.Recovery{For: 5 * felt.Minute, Text: "12 of 30 tries are decided."}
	w.putIncident(i)
	w.engine.move(4712)
	for _, c := range []struct {
		target, body string
		status       int
		words        string
	}{
		{inc0 + "command", `{"commander":"Ben"}`, 409, "resolved already"},
		{inc0 + "mitigated", ``, 409, "resolved already"},
		{inc0 + "priority", `{"priority":"P1"}`, 409, "resolved already"},
		{inc1 + "mitigated", ``, 409, "mitigated since 2026-03-04T13:49:00Z"},
		{inc1 + "resolve", ``, 409, "still failing"},
		{inc1 + "note", `{"text":"  "}`, 422, "a line for the timeline"},
		{inc1 + "note", `{"text":"x","kind":"poem"}`, 422, "kind"},
		{inc1 + "cause", `{}`, 422, "what caused it"},
		{inc1 + "priority", `{"priority":"P9"}`, 422, "priority"},
		{inc1 + "verdict", `{"verdict":"duplicate"}`, 422, "which incident"},
		{inc1 + "verdict", `{"verdict":"noise","of":"inc-0"}`, 422, "only for a duplicate"},
		{inc1 + "verdict", `{"verdict":"duplicate","of":"inc-1"}`, 409, "of itself"},
		{inc1 + "verdict", `{"verdict":"duplicate","of":"none"}`, 404, "none"},
		{"/api/v1/incidents/none/note", `{"text":"x"}`, 404, "none"},
		{"/api/v1/incidents", `{"title":"  "}`, 422, "what is wrong"},
		{"/api/v1/incidents", `{"title":"x","first_bad":"yesterday"}`, 400, "first_bad"},
		{"/api/v1/incidents", `{"title":"x","first_bad":"2026-03-04T14:50:00Z"}`, 422, "future"},
		{"/api/v1/incidents", `{"title":"x","first_bad":"1970-01-01T00:00:00Z"}`, 422, "30 days"},
		{"/api/v1/incidents", `{"title":"x","of":"login"}`, 409, "candidates"},
		{"/api/v1/silences", `{"reason":"x"}`, 422, "has an end"},
		{"/api/v1/silences", `{"reason":"x","for":"1h","until":"2026-03-04T14:50:00Z"}`, 422, "has an end"},
		{"/api/v1/silences", `{"reason":"x","for":"8d"}`, 422, "7d at most"},
		{"/api/v1/silences", `{"reason":"x","until":"2026-03-04T12:00:00Z"}`, 422, "has passed"},
		{"/api/v1/silences", `{"reason":" ","for":"1h"}`, 422, "reason"},
		{"/api/v1/silences", `{"reason":"x","for":"1h","of":"pay","app":"shop"}`, 422, "leave one out"},
	} {
		problem(t, w.ask(http.MethodPost, c.target, c.body), c.status, c.words)
	}
	problem(t, w.ask(http.MethodDelete, "/api/v1/silences/none", ""), 404, "no silence")
	if len(w.commands()) != 0 {
		t.Errorf("commands %v", w.commands())
	}
	// The engine lets go of what was resolved hours ago: saying so is better than losing it.
	old := i
	old.ID, old.Status, old.Resolved = "inc-8", felt.IncidentResolved, now-3*felt.Hour
	w.putIncident(old)
	w.engine.move(4713)
	for verb, body := range map[string]string{"note": `{"text":"x"}`, "cause": `{"note":"x"}`, "verdict": `{"verdict":"noise"}`} {
		problem(t, w.ask(http.MethodPost, "/api/v1/incidents/inc-8/"+verb, body), 409, "more than 2 h ago")
	}
	// Found by nobody any more, and not yet seen to recover.
	i.Version, i.FindingActive = i.Version+1, false
	w.putIncident(i)
	problem(t, w.ask(http.MethodPost, inc1+"resolve", ""), 409, "not been seen to recover (12 of 30 tries are decided)")
}

func TestNeedsReason(t *testing.T) {
	t.Parallel()
	back := felt.Recovery{Holds: true, Outcomes: 30, Needs: 30}
	for _, c := range []struct {
		i    felt.Incident
		want bool
	}{
		{felt.Incident{}, true}, // declared, and nothing is known
		{felt.Incident{FindingActive: true, Recovered: now}, true},
		{felt.Incident{Recovered: now}, true}, // and it has come back since
		{felt.Incident{Status: felt.IncidentResolved}, false},
		{felt.Incident{Recovery: back}, false},
		{felt.Incident{Recovery: felt.Recovery{Holds: true, Outcomes: 29, Needs: 30}}, true},
		{felt.Incident{Recovery: felt.Recovery{Outcomes: 30, Needs: 30}}, true},
		{felt.Incident{FindingActive: true, Recovery: back}, true},
	} {
		if got := needsReason(&c.i); got != c.want {
			t.Errorf("%+v: %t", c.i, got)
		}
	}
}

func TestDeclare(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.take = func(c felt.Command) {
		go func() {
			w.putIncident(felt.Incident{
				ID: c.Target, Version: 1, Known: tick, Source: "declared", Status: felt.IncidentOpen, Env: c.Args["env"], App: c.Args["app"], Title: c.Args["title"],
				Journeys: []string{c.Args["name"]}, Scopes: []felt.Scope{{Env: "production", App: "shop", Name: "pay", Kind: felt.KindStep}},
				FirstBad: now - felt.Hour, Opened: now, Timeline: []felt.TimelineEntry{{At: now, Kind: "opened", Text: c.Reason, Actor: c.Actor}},
			})
			w.engine.move(w.engine.Progress().Seq + 1)
		}()
	}
	body := `{"title":"Charged twice","of":"shop/pay","first_bad":"2026-03-04T12:50:00Z","reason":"7 tickets","priority":"P2"}`
	a := w.ask(http.MethodPost, "/api/v1/incidents", body, header("X-Felt-Actor", "ana"), header("Idempotency-Key", "k1"))
	if a.status != 201 || a.at("source") != "declared" || a.at("of") != "step:shop/pay" || a.at("impact.customers.failed") != 2.0 || a.at("needs_reason") != true {
		t.Fatalf("%d %s", a.status, a.raw)
	}
	want := []felt.Command{{
		Time: now, Actor: "ana", Via: "api", What: felt.CommandDeclare, Target: declaredID("k1"), Reason: "7 tickets", IdempotencyKey: "k1",
		Args: map[string]string{"env": "production", "app": "shop", "name": "pay", "kind": "step", "title": "Charged twice", "first_bad": "2026-03-04T12:50:00Z", "priority": "P2"},
	}}
	if diff := cmp.Diff(want, w.commands()); diff != "" {
		t.Error(diff)
	}
	if one, other := declaredID(""), declaredID(""); one == other || declaredID("k1") == declaredID("k2") {
		t.Error("two incidents have one id")
	}
	// Without a journey nobody can be counted, and it says so instead of 0.
	bare := w.ask(http.MethodPost, "/api/v1/incidents", `{"title":"Something smells"}`)
	if bare.status != 201 || w.commands()[1].Args["name"] != "" {
		t.Errorf("%d %s", bare.status, bare.raw)
	}
}

// TestDeclareBeforeTelemetry: a journey is that of its app also before anybody has tried it; else nobody
// would be counted later.
func TestDeclareBeforeTelemetry(t *testing.T) {
	t.Parallel()
	set, problems := rules.Load(felt.Inventory{Version: 1, Files: []felt.InventoryFile{{Name: "a.yaml", Text: `
journeys:
  - {name: refund, app: shop, steps: [{name: ask, match: {interaction: ask}}, {name: get, match: {interaction: get}}]}
  - {name: help, match: {interaction: help}}
`}}})
	if set == nil {
		t.Fatal(problems)
	}
	for _, c := range []struct{ in, want felt.Scope }{
		{felt.Scope{Name: "refund"}, felt.Scope{App: "shop", Name: "refund", Kind: felt.KindJourney}},
		{felt.Scope{Name: "refund", Kind: felt.KindJourney}, felt.Scope{App: "shop", Name: "refund", Kind: felt.KindJourney}},
		{felt.Scope{Name: "get"}, felt.Scope{App: "shop", Name: "get"}},
		{felt.Scope{Name: "get", Kind: felt.KindStep}, felt.Scope{App: "shop", Name: "get", Kind: felt.KindStep}},
		{felt.Scope{Name: "help"}, felt.Scope{Name: "help"}},
		{felt.Scope{App: "media", Name: "refund"}, felt.Scope{App: "media", Name: "refund"}},
		{felt.Scope{App: "shop", Kind: felt.KindStep}, felt.Scope{App: "shop", Kind: felt.KindStep}},
	} {
		if got := placed(c.in, set); got != c.want {
			t.Errorf("%+v: %+v, want %+v", c.in, got, c.want)
		}
	}
}

// When the engine is slow, what was declared is not lost: 202 with what it will be.
func TestDeclareIsSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.take = nil
		a := w.ask(http.MethodPost, "/api/v1/incidents", `{"title":"Something smells"}`)
		if a.status != 202 || a.at("id") == "" || a.at("title") != "Something smells" || a.at("impact_unknown") != "it names no journey, so nobody can be counted" || a.at("now") != nil {
			t.Errorf("%d %s", a.status, a.raw)
		}
	})
}

func TestSilences(t *testing.T) {
	t.Parallel()
	var known []felt.Silence
	w := newWorld(t, func(w *world) {
		w.opts.Silences = func() []felt.Silence {
			w.mu.Lock()
			defer w.mu.Unlock()
			return known
		}
	})
	w.take = func(c felt.Command) { // called with mu held
		known = nil
		if c.What == felt.CommandSilence {
			until, _ := time.Parse(time.RFC3339, c.Args["until"])
			known = []felt.Silence{
				{ID: c.Target, App: c.Args["app"], Name: c.Args["name"], From: c.Time, Until: felt.InstantOf(until), Reason: c.Reason, Actor: c.Actor},
				{ID: "past", Until: now - 1},
			}
		}
		go w.engine.move(w.engine.Progress().Seq + 1)
	}
	a := w.ask(http.MethodPost, "/api/v1/silences", `{"of":"shop/pay","for":"2h","reason":"we work on it"}`, header("X-Felt-Actor", "ana"))
	if a.status != 201 || a.at("silences.0.name") != "pay" || a.at("silences.0.until") != "2026-03-04T15:50:00Z" || a.at("silences.0.actor") != "ana" || len(a.doc["silences"].([]any)) != 1 {
		t.Fatalf("%d %s", a.status, a.raw)
	}
	id := fmt.Sprint(a.at("silences.0.id"))
	if list := w.ok("/api/v1/silences"); list.at("silences.0.reason") != "we work on it" {
		t.Error(list.raw)
	}
	if gone := w.ask(http.MethodDelete, "/api/v1/silences/"+id, ""); gone.status != 200 || len(gone.doc["silences"].([]any)) != 0 {
		t.Errorf("%d %s", gone.status, gone.raw)
	}
	if got := w.commands(); len(got) != 2 || got[1].What != felt.CommandUnsilence || got[1].Target != id {
		t.Errorf("%+v", got)
	}
	problem(t, w.get("/api/v1/silences/"+id), 405, "DELETE")
}

func TestSilenceIsSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.take = nil
		if a := w.ask(http.MethodPost, "/api/v1/silences", `{"for":"1h","reason":"x"}`); a.status != 202 {
			t.Errorf("%d %s", a.status, a.raw)
		}
	})
}

const planned = `
journeys:
  - name: checkout
    title: Checkout
    app: shop
    team: Payments
    criticality: 5
    revenue_class: direct
    steps: [{name: Pay, match: {interaction: pay}}]
    objectives: [{name: orders, target: 0.9}]
    action_plan: [{step: Pay, action: Roll back, approver: Ana}]
    links: {Runbook: "https://runbooks.example/checkout"}
    signals: [{name: latency, typical_response: [rollback, scale]}]
`

// planning is a world whose inventory has the plan.
func planning(t testing.TB) *world {
	t.Helper()
	set, problems := rules.Load(felt.Inventory{Version: 3, Files: []felt.InventoryFile{{Name: "a.yaml", Text: planned}}})
	if set == nil {
		t.Fatal(problems)
	}
	return newWorld(t, func(w *world) { w.opts.Rules = func() Rules { return Rules{Set: set, Newest: true} } })
}

func TestCommanderView(t *testing.T) {
	t.Parallel()
	w := planning(t)
	i, err := w.store.Incident(t.Context(), "inc-1")
	if err != nil {
		t.Fatal(err)
	}
	i.Version++
	i.Priority, i.Commander, i.Score, i.ScoreParts = "P1", "Ben", 72.5, []felt.ScorePart{{Name: "reach", Value: .5, Weight: 1, Input: "2 of 4"}}
	i.EvidenceAt = now
	i.SegmentsHit = []felt.SegmentShare{{Where: []felt.Segment{{Key: "region", Value: "eu"}}, Bad: 2, N: 5, Customers: 1, OtherN: 1, OtherBad: 1, Low: .1, High: .8}}
	i.SegmentsSpared = []felt.SegmentShare{{Where: []felt.Segment{{Key: "plan", Value: "free"}}}}
	i.Suspects = []felt.Suspect{{Kind: "deploy", What: "web@5f3c", At: now - 2*felt.Minute, Lead: felt.Minute, Score: .9, Text: "it fits"}, {Kind: "service", What: "bank"}}
	i.Recovery = felt.Recovery{For: 5 * felt.Minute, Needs: 30, Text: "Not back to usual."}
	i.Timeline = append(i.Timeline, felt.TimelineEntry{At: now - 4*felt.Minute, Kind: "update", Text: "we look", Actor: "Ben"})
	w.putIncident(i)
	w.engine.move(4712)
	a := w.ok("/api/v1/incidents/inc-1")
	for path, want := range map[string]any{
		"priority": "P1", "commander": "Ben", "score": 72.5, "score_parts.0.input": "2 of 4", "elapsed_ms": 110_000.0,
		"journeys.0.team": "Payments", "journeys.0.criticality": 5.0, "revenue_path": true, "revenue_at_risk": nil, "tickets_before": nil,
		"impact.customers.failed": 2.0, "now.impact.customers.failed": 2.0, "now.from": "2026-03-04T13:48:10Z",
		"hit.0.share": .4, "hit.0.question.where.0": "region=eu", "spared.0.share": nil, "segments_hit.0.region": "eu",
		"suspects.0.lead_ms": 60_000.0, "recovery.for_ms": 300_000.0, "recovery.since": nil,
		"plan.0.actions.0.action": "Roll back", "plan.0.actions.0.approver": "Ana", "plan.0.links.0.url": "https://runbooks.example/checkout",
		"plan.0.signals.0.typical_response.0": "rollback", "budgets.0.name": "orders", "budgets.0.of": "journey:shop/checkout", "budgets.0.n": 1.0,
		"last_update": "2026-03-04T13:46:00Z", "next_update": "2026-03-04T14:01:00Z", "verdict": nil, "cause": nil, "review": nil,
	} {
		if got := a.at(path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	draft := fmt.Sprint(a.at("draft_update"))
	for _, words := range []string{"P1: ", "In the last 5 minutes 2 of 4 customers failed.", "Suspected, not confirmed: it fits.", "Ben is in command. Next update by 14:05 UTC."} {
		if !strings.Contains(draft, words) {
			t.Errorf("the draft lacks %q:\n%s", words, draft)
		}
	}
	// Asked again at once, the budget's weeks are not counted again.
	before := w.spy.asked["objective"]
	w.ok("/api/v1/incidents/inc-1")
	if got := w.spy.asked["objective"]; got != before {
		t.Errorf("the budget was counted again: %d, %d before", got, before)
	}
}

// A resolved incident is not now, and its draft says that it is over.
func TestCommanderViewWhenOver(t *testing.T) {
	t.Parallel()
	a := newWorld(t).ok("/api/v1/incidents/inc-0")
	if a.at("now") != nil || a.at("next_update") != nil || a.at("elapsed_ms") != 700_000.0 || a.at("needs_reason") != false {
		t.Error(a.raw)
	}
	if draft := fmt.Sprint(a.at("draft_update")); !strings.HasSuffix(draft, "Resolved at 12:03 UTC.") {
		t.Error(draft)
	}
}

func TestListIsInOrderOfItsOwnScores(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i, err := w.store.Incident(t.Context(), "inc-1")
	if err != nil {
		t.Fatal(err)
	}
	i.ID, i.Score = "inc-9", 80
	w.putIncident(i)
	a := w.ok("/api/v1/incidents")
	if a.at("incidents.0.id") != "inc-9" || a.at("incidents.0.score") != 80.0 {
		t.Error(a.raw)
	}
}

func TestDetection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := felt.Incident{Version: 1, Known: tick, Env: "production", App: "shop", Journeys: []string{"pay"}, Source: "detected", Status: felt.IncidentResolved, Impact: felt.Impact{Method: felt.MethodExact}}
	for n, after := range []felt.Instant{10, 20, 300} {
		i := base
		i.ID, i.FirstBad = fmt.Sprintf("x%d", n), now-felt.Hour
		i.Detected, i.Opened = i.FirstBad+after*felt.Second, i.FirstBad+(after+5)*felt.Second
		w.putIncident(i)
		w.engine.move(4712)
	}
	for _, f := range []func(*felt.Incident){
		func(i *felt.Incident) { i.ID, i.Verdict = "noise", "noise" },
		func(i *felt.Incident) { i.ID, i.Source = "said", "declared" },
		func(i *felt.Incident) { i.ID, i.Opened = "old", now-100*felt.Day },
	} {
		i := base
		i.FirstBad, i.Detected, i.Opened = now-felt.Hour, now-felt.Hour, now-felt.Hour
		f(&i)
		w.putIncident(i)
		w.engine.move(4712)
	}
	a := w.ok("/api/v1/detection?window=1d")
	// With the two incidents that every world has, both detected 20 s after their first failure.
	for path, want := range map[string]any{
		"target_ms": 180_000.0, "n": 5.0, "within": 3.0, "declared": 1.0, "noise": 1.0, "more": false,
		"durations.0.name": "detected", "durations.0.n": 5.0,
	} {
		if got := a.at(path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	problem(t, w.get("/api/v1/detection?window=never"), 400, "window")
}

func TestDurations(t *testing.T) {
	t.Parallel()
	var list []felt.Incident
	for n := range felt.Instant(10) {
		list = append(list, felt.Incident{ID: fmt.Sprint(n), FirstBad: now, Detected: now + (n+1)*felt.Second})
	}
	list = append(list, felt.Incident{ID: "not yet", FirstBad: now})
	v := durationsOf(phases()[0], list)
	if v.N != 10 || *v.MedianMS != 5000 || *v.P90MS != 9000 || v.Values[0].Incident != "9" || len(v.Values) != 10 {
		t.Errorf("%+v, median %v, p90 %v", v, *v.MedianMS, *v.P90MS)
	}
	if one := durationsOf(phases()[0], list[3:4]); *one.MedianMS != 4000 || *one.P90MS != 4000 {
		t.Errorf("of one: %v %v", *one.MedianMS, *one.P90MS)
	}
	if none := durationsOf(phases()[5], list); none.N != 0 || none.MedianMS != nil || none.P90MS != nil {
		t.Errorf("of none: %+v", none)
	}
}

func TestIncidentCustomers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 3, Tick: tick + 1}, IncidentCustomers: []felt.IncidentCustomer{
		{Incident: "inc-1", Customer: who(felt.LevelUser, 1), Account: felt.Hash{7}, First: now - felt.Minute, Last: now, Failed: 2, RecoveredAt: now},
		{Incident: "inc-1", Customer: who(felt.LevelUser, 2), First: now - 30*felt.Second, Last: now, Degraded: 1},
	}}
	if err := w.store.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	w.take = nil
	const path = "/api/v1/incidents/inc-1/customers"
	a := w.get(path + "?reason=call+them")
	lines := strings.Split(strings.TrimSpace(a.raw), "\n")
	if a.status != 200 || len(lines) != 3 || !strings.HasPrefix(lines[0], "customer,account,failed") || !strings.Contains(lines[1], ",2,0,2026-03-04T13:49:00Z,") {
		t.Fatalf("%d %s", a.status, a.raw)
	}
	if j := w.get(path, header("Accept", "application/json")); j.at("customers.0.recovered_at") != "2026-03-04T13:50:00Z" || len(j.doc["customers"].([]any)) != 2 {
		t.Error(j.raw)
	}
	got := w.commands()
	if len(got) != 2 || got[0].What != felt.CommandDisclose || got[0].Target != "incident inc-1" || got[0].Reason != "call them" {
		t.Errorf("%+v", got)
	}
	problem(t, w.get("/api/v1/incidents/none/customers"), 404, "none")
	if scopeFor(http.MethodGet, http.MethodGet+" "+pathCohort) != scopeAct {
		t.Error("the list leaves the house with a token that may only read")
	}
	guarded := newWorld(t, func(w *world) { w.opts.Bearer = func(secret, _ string) (string, bool) { return "care", secret == "s" } })
	problem(t, guarded.get(path, header("Authorization", "Bearer s")), 422, "reason is needed")
}
