package httpapi

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
)

const objectivesInventory = `
journeys:
  - name: checkout
    app: shop
    objectives:
      - {name: orders, target: 0.9}
      - {name: finished, kind: completion, target: 0.5, window: 7d}
      - {name: quick, kind: latency, target: 0.9, threshold: 2s, window: 1d}
      - {name: people, target: 0.5, count: customers}
      - {name: longer, target: 0.9, window: 90d}
  - name: bare
    app: shop
`

// promised has checkouts: so many of each outcome, minutes ago, every fifth customer twice.
func promised(t *testing.T, ago felt.Instant, good, slow, failed, left int) *world {
	t.Helper()
	w := newWorld(t)
	r := load(t, 7, objectivesInventory)
	w.opts.Rules = func() Rules { return r }
	api, err := New(w.opts)
	if err != nil {
		t.Fatal(err)
	}
	w.api = api
	b := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 3, Tick: tick + 1}}
	add := func(n int, o felt.Outcome, took felt.Instant) {
		for range n {
			id := len(b.Interactions)
			i := try(byte(id), byte(id), now-ago*felt.Minute, o)
			i.ID, i.Name, i.Kind, i.Duration = felt.InteractionID{2, byte(id / 256), byte(id)}, "checkout", felt.KindJourney, int64(took)
			i.Customer = felt.Hash{1, byte(id / 2), 9}
			b.Interactions = append(b.Interactions, i)
		}
	}
	add(good, felt.OutcomeSuccess, felt.Second)
	add(slow, felt.OutcomeSuccess, 5*felt.Second)
	add(failed, felt.OutcomeFailed, felt.Second)
	add(left, felt.OutcomeAbandoned, felt.Second)
	if err := w.store.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return w
}

// objectivesOf gives the answer's objectives by name.
func objectivesOf(a answer) map[string]map[string]any {
	out := map[string]map[string]any{}
	list, _ := a.at("objectives").([]any)
	for _, o := range list {
		m, _ := o.(map[string]any)
		name, _ := m["name"].(string)
		out[name] = m
	}
	return out
}

const askObjectives = "/api/v1/objectives?of=shop/checkout"

func TestObjectivesAreCountedAsTheirKindSays(t *testing.T) {
	t.Parallel()
	w := promised(t, 120, 70, 10, 6, 13) // and one good one that is always there
	a := w.ok(askObjectives + "&to=1772632200")
	golden(t, "objectives", a.raw) // a contract: none of its names may go away
	got := objectivesOf(a)
	for name, want := range map[string]struct {
		bad, n float64
		state  string
		left   float64
	}{
		"orders":   {6, 100, "ok", 0.4},
		"finished": {19, 100, "ok", 1 - 19.0/50},
		"quick":    {10, 81, "spent", 1 - 10/8.1},
		"people":   {3, 51, "ok", 1 - 3/25.5},
		"longer":   {6, 100, "ok", 0.4},
	} {
		o := got[name]
		budget, _ := o["budget"].(map[string]any)
		if o["bad"] != want.bad || o["n"] != want.n || o["state"] != want.state || budget == nil || math.Abs(budget["left"].(float64)-want.left) > 1e-9 {
			t.Errorf("%s: %v, want %+v", name, o, want)
		}
	}
	if list, _ := w.ok(askObjectives).at("objectives").([]any); list[0].(map[string]any)["name"] != "quick" {
		t.Errorf("the worst budget does not stand first: %v", list[0])
	}
	o := got["orders"]
	if s := o["sentence"]; s != "6 of 100 tries were not good in 28d of 10 allowed: 4 more may go wrong, 40 % of the budget is left" {
		t.Errorf("sentence %q", s)
	}
	b := o["budget"].(map[string]any)
	if math.Abs(b["count_left"].(float64)-4) > 1e-9 || b["known_ms"] != 7.2e6 || math.Abs(b["minutes_left"].(float64)-0.4*0.1*120) > 1e-6 {
		t.Errorf("budget %v", b)
	}
	hour, six := o["burn"].([]any)[0].(map[string]any), o["burn"].([]any)[1].(map[string]any)
	if hour["rate"] != 0.0 || hour["n"] != 1.0 || six["window"] != "6h" || math.Abs(six["rate"].(float64)-0.6) > 1e-9 {
		t.Errorf("burn %v, %v", hour, six)
	}
}

func TestObjectivesBurn(t *testing.T) {
	t.Parallel()
	w := promised(t, 20, 5, 0, 45, 0)
	o := objectivesOf(w.ok(askObjectives))["orders"]
	if s, _ := o["sentence"].(string); o["state"] != "spent" || !strings.Contains(s, "39.9 more than the 5.1 allowed; it burns at 8.8 times the rate that lasts, 45 of 51 in 6h") {
		t.Errorf("%v", o)
	}
	w = promised(t, 10, 60, 0, 0, 31)
	if o := objectivesOf(w.ok(askObjectives))["finished"]; o["state"] != "ok" {
		t.Errorf("a third left of a half that may: %v", o)
	}
}

// During an outage no journey fails as a whole: customers are still there, with a step that failed, and half
// an hour later they have left. Their journeys count as failed from the first minute, on both pages.
func TestObjectivesOfAnOutage(t *testing.T) {
	t.Parallel()
	w := promised(t, 2, 20, 0, 0, 0)
	b := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 3, Tick: tick + 2}}
	for n := range byte(30) {
		i := try(n, 200+n, now-felt.Minute, felt.OutcomeNone)
		i.ID, i.Name, i.Kind = felt.InteractionID{3, n}, "checkout", felt.KindJourney
		i.Steps = []felt.StepState{{Name: "pay", Outcome: felt.OutcomeFailed, Tries: 1, Start: now - 2*felt.Minute, End: now - felt.Minute}}
		b.Interactions = append(b.Interactions, i)
	}
	if err := w.store.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if o := objectivesOf(w.ok(askObjectives))["orders"]; o["bad"] != 30.0 || o["n"] != 51.0 || o["state"] != "spent" {
		t.Errorf("%v", o)
	}
	for _, j := range w.ok("/api/v1/now").at("journeys").([]any) {
		if j := j.(map[string]any); j["name"] == "checkout" && j["kind"] == "journey" {
			burn, _ := j["burn"].(map[string]any)
			if burn["objective"] != "orders" || burn["bad"] != 30.0 || burn["n"] != 51.0 {
				t.Errorf("burn %v", burn)
			}
		}
	}
}

// What is not known is never good.
func TestObjectivesOfNothing(t *testing.T) {
	t.Parallel()
	w := promised(t, 60*24*3, 10, 0, 0, 0)
	o := objectivesOf(w.ok("/api/v1/objectives?of=shop/checkout&to=1772000000"))
	for name, one := range o {
		if one["state"] != "unknown" || one["budget"] != nil || one["good_share"] != nil || one["unknown"] == "" || !strings.HasPrefix(one["sentence"].(string), "unknown: nobody ") {
			t.Errorf("%s of a time before everything: %v", name, one)
		}
		for _, b := range one["burn"].([]any) {
			if b.(map[string]any)["rate"] != nil {
				t.Errorf("%s: a burn rate of nobody: %v", name, b)
			}
		}
	}
	if len(o) != 5 {
		t.Errorf("%d objectives", len(o))
	}
	bare := w.ok("/api/v1/objectives?of=bare")
	if mend, _ := bare.at("mend").(string); len(objectivesOf(bare)) != 0 || !strings.Contains(mend, `"bare" has no objectives`) {
		t.Errorf("%s", bare.raw)
	}
}

// Interactions older than 30 days are forgotten: what buckets can tell is told by them, and the
// rest says why it is not.
func TestObjectivesLongerThanInteractionsAreKept(t *testing.T) {
	t.Parallel()
	w := promised(t, 60, 70, 10, 6, 13)
	w.spy.fail = func(_ context.Context, what string) error {
		if what == "objective" {
			return fmt.Errorf("mem: they are no longer kept: %w", felt.ErrUnanswerable)
		}
		return nil
	}
	got := objectivesOf(w.ok(askObjectives))
	if o := got["orders"]; o["method"] != "buckets" || o["n"] != 100.0 || o["bad"] != 6.0 || o["state"] != "ok" {
		t.Errorf("by buckets: %v", o)
	}
	for _, name := range []string{"quick", "people"} {
		if o := got[name]; o["state"] != "unknown" || o["unknown"] != "they are no longer kept" {
			t.Errorf("%s: %v", name, o)
		}
	}
}

func TestObjectivesAreAskedWell(t *testing.T) {
	t.Parallel()
	w := promised(t, 5, 1, 0, 0, 0)
	for target, want := range map[string]int{
		"/api/v1/objectives":                                 422,
		"/api/v1/objectives?of=step:pay":                     422,
		"/api/v1/objectives?of=checkout&window=7d":           400,
		"/api/v1/objectives?of=checkout&to=soon":             400,
		"/api/v1/objectives?of=checkout&traffic=everybody":   422,
		"/api/v1/objectives?of=never-seen":                   200,
		"/api/v1/objectives?of=shop/checkout&env=nowhere":    200,
		"/api/v1/objectives?of=journey:checkout&traffic=bot": 200,
	} {
		if a := w.get(target); a.status != want {
			t.Errorf("%s: %d, want %d: %s", target, a.status, want, a.raw)
		}
	}
}
