package httpapi

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
)

func TestStates(t *testing.T) {
	t.Parallel()
	scope := felt.Scope{Env: "production", App: "shop", Name: "pay"}
	seen := now - 10*felt.Second
	incident := felt.Incident{
		ID: "i", Env: "production", App: "shop", Journeys: []string{"checkout", "pay"}, FindingActive: true, Opened: now - felt.Minute,
		Findings: []felt.Finding{
			{Series: felt.Series{Name: "pay"}, Explanation: "that lasts"},
			{Series: felt.Series{Name: "checkout"}, Explanation: "of another"},
			{Series: felt.Series{Name: "pay"}, Explanation: "that ended", Ended: tick},
		},
	}
	with := func(change func(*felt.Incident)) []felt.Incident {
		i := incident
		change(&i)
		return []felt.Incident{i}
	}
	for _, c := range []struct {
		name       string
		last       felt.Instant
		counts     felt.Counts
		open       []felt.Incident
		state, why string
	}{
		{"well", seen, felt.Counts{Success: 90, Failed: 10}, nil, "ok", "10 of 100 failed"},
		{"failing without a finding is ok so far", seen, felt.Counts{Failed: 10}, nil, "ok", "10 of 10 failed"},
		{"a tenth degraded", seen, felt.Counts{Success: 90, Degraded: 10}, nil, "ok", "0 of 100 failed"},
		{"more than a tenth", seen, felt.Counts{Success: 89, Degraded: 11, Cancelled: 900, Open: 900}, nil, "degraded", "11 of 100 degraded"},
		{"never", 0, felt.Counts{}, nil, "no_data", "never seen"},
		{"60 s ago", now - 60*felt.Second, felt.Counts{Success: 1}, nil, "ok", "0 of 1 failed"},
		{"silent", now - 61*felt.Second, felt.Counts{Success: 1}, nil, "no_data", "nothing since 13:48:59 UTC"},
		{"silent and degraded", now - 61*felt.Second, felt.Counts{Degraded: 1}, nil, "no_data", "nothing since 13:48:59 UTC"},
		{"nothing decided", seen, felt.Counts{Open: 5, Cancelled: 5}, nil, "no_data", "nothing was decided in this window"},
		{"finding lasts", seen, felt.Counts{Success: 5}, []felt.Incident{incident}, "failing", "that lasts"},
		{"finding lasts, silent", 0, felt.Counts{}, []felt.Incident{incident}, "failing", "that lasts"},
		{"finding over", seen, felt.Counts{Success: 5}, with(func(i *felt.Incident) { i.FindingActive = false }), "ok", "0 of 5 failed"},
		{"of another app", seen, felt.Counts{Success: 5}, with(func(i *felt.Incident) { i.App = "bank" }), "ok", "0 of 5 failed"},
		{"of another environment", seen, felt.Counts{Success: 5}, with(func(i *felt.Incident) { i.Env = "staging" }), "ok", "0 of 5 failed"},
		{"of another name", seen, felt.Counts{Success: 5}, with(func(i *felt.Incident) { i.Journeys = []string{"search"} }), "ok", "0 of 5 failed"},
		{"no names", seen, felt.Counts{Success: 5}, with(func(i *felt.Incident) { i.Journeys = nil }), "ok", "0 of 5 failed"},
		{"declared, no findings", seen, felt.Counts{Success: 5}, with(func(i *felt.Incident) { i.Findings = nil }), "failing", "incident i is open and its finding lasts"},
		{"opened after the window", seen, felt.Counts{Success: 5}, with(func(i *felt.Incident) { i.Opened = now + 1 }), "ok", "0 of 5 failed"},
	} {
		state, why := stateOf(felt.ScopeStat{Scope: scope, Counts: c.counts, Last: c.last}, c.open, now)
		if state != c.state || why != c.why {
			t.Errorf("%s: %s (%s), want %s (%s)", c.name, state, why, c.state, c.why)
		}
	}
}

func TestWorstFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var got []string
	for _, j := range w.ok("/api/v1/journeys").doc["journeys"].([]any) {
		j := j.(map[string]any)
		got = append(got, fmt.Sprintf("%v %v/%v", j["state"], j["app"], j["name"]))
	}
	want := []string{"failing shop/pay", "degraded shop/search", "no_data bank/login", "ok shop/GET /cart", "ok shop/checkout", "ok shop/login"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The list is asked for all the time: three questions, and two when only one name has
// customers.
func TestJourneysCost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok("/api/v1/journeys")
	if diff := cmp.Diff(map[string]int{"stats": 1, "incidents": 1, "impact": 1}, w.spy.asked); diff != "" {
		t.Error(diff)
	}
	for query, total := range map[string]float64{
		"from=1772632095&to=1772632155": 4, // only pay
		"from=1&to=2":                   0, // nothing at all
	} {
		w := newWorld(t)
		a := w.ok("/api/v1/journeys?" + query)
		if diff := cmp.Diff(map[string]int{"stats": 1, "incidents": 1}, w.spy.asked); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
		if got := a.at("customers.total"); got != total {
			t.Errorf("%s: %v customers, want %v", query, got, total)
		}
	}
}

// What the whole is cannot always be told; the list can.
func TestJourneysWithoutTheWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spy.fail = func(_ context.Context, what string) error {
		if what == "impact" {
			return felt.ErrUnanswerable
		}
		return nil
	}
	if a := w.ok("/api/v1/journeys"); a.at("customers") != nil || a.at("journeys.0.name") != "pay" {
		t.Error(a.raw)
	}
}

// An old incident's customers can no longer be counted: it shows what it keeps itself.
func TestIncidentKeepsItsImpact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spy.fail = func(_ context.Context, what string) error {
		if what == "impact" {
			return fmt.Errorf("interactions are gone: %w", felt.ErrUnanswerable)
		}
		return nil
	}
	for _, target := range []string{"/api/v1/incidents?status=all", "/api/v1/incidents/inc-1"} {
		a, at := w.ok(target), ""
		if target == "/api/v1/incidents?status=all" {
			at = "incidents.0."
		}
		if a.at(at+"impact.customers.total") != 3.0 || a.at(at+"impact.method") != "estimate" || a.at(at+"impact_question") != nil {
			t.Errorf("%s: %s", target, a.raw)
		}
	}
}

// A long list of incidents is answered in time, the rest with what they keep.
func TestIncidentsTakeHalfTheTime(t *testing.T) {
	t.Parallel()
	clock := now.Time()
	w := newWorld(t, func(w *world) { w.opts.Now = func() time.Time { return clock } })
	w.spy.fail = func(_ context.Context, what string) error {
		if what == "impact" {
			clock = clock.Add(6 * time.Second)
		}
		return nil
	}
	a := w.ok("/api/v1/incidents?status=all")
	fresh := 0
	for _, i := range a.doc["incidents"].([]any) {
		if i.(map[string]any)["impact_question"] != nil {
			fresh++
		}
	}
	if fresh != 1 || len(a.doc["incidents"].([]any)) != 2 {
		t.Errorf("%d of two were counted afresh, want 1", fresh)
	}
}

func TestIncidentStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for status, want := range map[string]string{"": "[inc-1]", "open": "[inc-1]", "acknowledged": "[]", "resolved": "[inc-0]", "all": "[inc-1 inc-0]"} {
		a := w.ok("/api/v1/incidents?status=" + status)
		ids := []any{}
		for _, i := range a.doc["incidents"].([]any) {
			ids = append(ids, i.(map[string]any)["id"])
		}
		if got := fmt.Sprint(ids); got != want {
			t.Errorf("status=%s: %s, want %s", status, got, want)
		}
	}
	past := w.ok("/api/v1/incidents/inc-0")
	if past.at("impact_question.from") != "2026-03-04T11:50:00Z" || past.at("impact_question.to") != "2026-03-04T12:03:20Z" {
		t.Errorf("a resolved incident is counted from first_bad to resolved: %s", past.raw)
	}
}

func TestGrouped(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := grouped(n); got != want {
			t.Errorf("%d is written %s", n, got)
		}
	}
}
