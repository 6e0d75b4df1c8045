package httpapi

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/mem"
)

func (s *spy) ScopePoints(ctx context.Context, q felt.Question, step felt.Instant) ([]felt.ScopePoint, error) {
	if err := s.ask(ctx, "sparks"); err != nil {
		return nil, err
	}
	return s.Reader.ScopePoints(ctx, q, step)
}

func TestNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok("/api/v1/now")
	golden(t, "now", a.raw) // a contract: none of its names may go away
	if n := len(a.at("journeys.0.spark.n").([]any)); n != sparkSteps {
		t.Errorf("%d steps in a spark, want %d", n, sparkSteps)
	}
	// 13:50 lies in the half hour to 14:00, the last step.
	for field, want := range map[string]any{
		"journeys.0.name": "pay", "journeys.0.state": "failing", "journeys.0.customers.failed": 2.0, "journeys.0.hour.customers.failed": 2.0,
		"journeys.0.burn": nil,
		"sparks.from":     "2026-03-03T14:00:00Z", "sparks.to": "2026-03-04T14:00:00Z", "changes.0.id": "d1", "health": "ok",
	} {
		if got := a.at(field); got != want {
			t.Errorf("%s: %v, want %v", field, got, want)
		}
	}
	bad, n := a.at("journeys.0.spark.bad").([]any), a.at("journeys.0.spark.n").([]any)
	if bad[47] != 3.0 || n[47] != 6.0 || n[46] != 0.0 {
		t.Errorf("the spark of pay ends %v of %v", bad[46:], n[46:])
	}
	light := w.ok("/api/v1/now?day=false")
	if light.doc["sparks"] != nil || light.doc["changes"] != nil || light.at("journeys.0.name") != "pay" {
		t.Errorf("without the day: %s", light.raw)
	}
}

// Many pages that follow the server cost what one costs, and the next tick is seen at once.
func TestNowIsMadeOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := now.Time()
	w.opts.Now = func() time.Time { return at }
	w.api = must(New(w.opts))
	for range 20 {
		w.ok("/api/v1/now")
		w.ok("/api/v1/now?day=false")
	}
	want := map[string]int{"stats": 2, "incidents": 1, "impact": 1, "sparks": 1, "changes": 1}
	if diff := cmp.Diff(want, w.spy.asked); diff != "" {
		t.Errorf("40 questions at one tick: %s", diff)
	}
	w.putIncident(felt.Incident{ID: "inc-2", Version: 1, Env: "production", App: "shop", Journeys: []string{"search"}, Status: felt.IncidentOpen, FindingActive: true, Opened: now})
	w.engine.move(4712)
	if a := w.ok("/api/v1/now"); a.at("journeys.0.name") != "pay" || a.at("journeys").([]any)[1].(map[string]any)["state"] != "failing" {
		t.Errorf("after a tick: %s", a.raw)
	}
	if n := w.spy.asked["stats"]; n != 3 {
		t.Errorf("%d questions for stats after a tick, want 3: the hour is not that old yet", n)
	}
	at = at.Add(11 * time.Second)
	w.engine.move(4713)
	w.ok("/api/v1/now")
	if n := w.spy.asked["stats"]; n != 5 {
		t.Errorf("%d questions for stats after 11 s, want 5", n)
	}
	if n := w.spy.asked["sparks"]; n != 1 {
		t.Errorf("%d questions for sparks after 11 s, want 1", n)
	}
}

// The hour is counted less often than the window in it, and still never says less.
func TestNowsHourIsNoLessThanItsWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok("/api/v1/now")
	more := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 3, Tick: tick + 1}}
	for n := byte(60); n < 63; n++ {
		more.Interactions = append(more.Interactions, try(n, n, now-10*felt.Second, felt.OutcomeFailed))
	}
	if err := w.store.Write(t.Context(), more); err != nil {
		t.Fatal(err)
	}
	w.engine.move(4712)
	a := w.ok("/api/v1/now")
	for field, want := range map[string]any{
		"customers.failed": 5.0, "customers.total": 7.0, "hour.customers.failed": 5.0, "hour.customers.total": 7.0,
	} {
		if got := a.at("journeys.0." + field); got != want {
			t.Errorf("%s of pay: %v, want %v", field, got, want)
		}
	}
}

func must(a *API, err error) *API {
	if err != nil {
		panic(err)
	}
	return a
}

// The past is as it was: its hour ends with its window, and the present is not mixed in.
func TestNowOfThePast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok("/api/v1/now?to=2026-03-04T13:48:25Z&window=1m")
	for _, j := range a.at("journeys").([]any) {
		j := j.(map[string]any)
		if j["name"] == "pay" && j["customers"].(map[string]any)["failed"] != 1.0 {
			t.Errorf("a minute of the past: %v", j)
		}
	}
	if got := a.at("hour.to"); got != "2026-03-04T13:48:25Z" {
		t.Errorf("its hour ends %v", got)
	}
	if a := w.ok("/api/v1/now"); a.at("journeys.0.customers.failed") != 2.0 {
		t.Errorf("now after the past: %s", a.raw)
	}
}

func TestNowFails(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"stats", "incidents", "sparks", "changes"} {
		w := newWorld(t)
		w.spy.fail = func(_ context.Context, asked string) error {
			if asked == what {
				return fmt.Errorf("broken")
			}
			return nil
		}
		if a := w.ask("GET", "/api/v1/now", ""); a.status != 500 {
			t.Errorf("%s fails: %d %s", what, a.status, a.raw)
		}
		w.spy.fail = nil
		w.ok("/api/v1/now") // nothing of the failure is kept
	}
}

func TestBurn(t *testing.T) {
	t.Parallel()
	w := promised(t, 1, 80, 10, 6, 4)
	a := w.ok("/api/v1/now")
	burn := map[string]any{}
	for _, j := range a.at("journeys").([]any) {
		if j := j.(map[string]any); j["name"] == "checkout" && j["kind"] == "journey" {
			burn = j["burn"].(map[string]any)
		}
	}
	// quick: 10 of the 91 that reached the goal (one is the world's own) were slow, where a tenth
	// may be; everything else burns slower.
	if burn["objective"] != "quick" || burn["bad"] != 10.0 || burn["n"] != 91.0 || burn["fast"] != false {
		t.Errorf("burn %v", burn)
	}
	if rate := burn["rate"].(float64); rate < 1.09 || rate > 1.11 {
		t.Errorf("rate %v, want 10/91/0.1", rate)
	}
}

func TestDrivers(t *testing.T) {
	t.Parallel()
	leaf := func(n, failed int64, service, region string) felt.Leaf {
		return felt.Leaf{
			Service: service, Release: service + "@1", Counts: felt.Counts{Success: n - failed, Failed: failed},
			Segments: []felt.Segment{{Key: "region", Value: region}},
		}
	}
	leaves := []felt.Leaf{leaf(4000, 20, "web", "us"), leaf(1000, 300, "web", "eu"), leaf(5, 2, "web", "mars"), leaf(500, 3, "app", "us")}
	got, bad, n := driversOf(leaves)
	if bad != 325 || n != 5505 {
		t.Errorf("%d of %d", bad, n)
	}
	names := []string{}
	for _, d := range got {
		names = append(names, d.Key+"="+d.Value)
	}
	// app has fewer failures than web, so web stands out too, but explains what eu does not.
	if !slices.Equal(names[:1], []string{"region=eu"}) || slices.Contains(names, "region=us") || slices.Contains(names, "region=mars") {
		t.Errorf("drivers %v", names)
	}
	if d := got[0]; d.Bad != 300 || d.N != 1000 || d.OtherBad != 25 || d.OtherN != 4505 || d.Explains < .9 || d.Explains > 1 {
		t.Errorf("eu: %+v", d)
	}
	even, _, _ := driversOf([]felt.Leaf{leaf(1000, 20, "web", "us"), leaf(1000, 22, "web", "eu")})
	if len(even) != 0 {
		t.Errorf("all alike: %+v", even)
	}
	if none, _, _ := driversOf(nil); none == nil || len(none) != 0 {
		t.Errorf("nothing: %+v", none)
	}
	a := newWorld(t).ok("/api/v1/drivers?of=shop/pay")
	if a.at("bad") != 3.0 || a.at("n") != 6.0 || len(a.at("drivers").([]any)) != 0 {
		t.Errorf("of six tries nothing stands out: %s", a.raw)
	}
}

// A fleet: 300 journeys, a day of interactions.
func fleet(tb testing.TB, names, rows int) *world {
	tb.Helper()
	store := mem.NewStore(mem.StoreOptions{})
	b := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 3, Tick: tick}}
	for n := range rows {
		i := try(byte(n), byte(n), now-felt.Instant(n)*24*felt.Hour/felt.Instant(rows), felt.OutcomeSuccess)
		i.ID = felt.InteractionID{3, byte(n >> 16), byte(n >> 8), byte(n)}
		i.Customer = felt.Hash{4, byte(n >> 8), byte(n)}
		i.Name, i.Kind = fmt.Sprintf("journey-%03d", n%names), felt.KindJourney
		if n%50 == 0 {
			i.Outcome = felt.OutcomeFailed
		}
		b.Interactions = append(b.Interactions, i)
	}
	if err := store.Write(context.Background(), b); err != nil {
		tb.Fatal(err)
	}
	w := newWorld(tb)
	w.store, w.spy.Reader, w.spy.asked = store, store, map[string]int{}
	return w
}

// BenchmarkNow is the first page of 300 journeys: warm is what a page gets that follows the server,
// tick what the first of them costs each second.
func BenchmarkNow(b *testing.B) {
	w := fleet(b, 300, 100_000)
	w.ok("/api/v1/now")
	b.Run("warm", func(b *testing.B) {
		for b.Loop() {
			w.ok("/api/v1/now")
		}
	})
	b.Run("tick", func(b *testing.B) {
		for b.Loop() {
			w.engine.move(0)
			w.ok("/api/v1/now?day=false")
		}
	})
}

// While nothing moves, answers for 300 journeys ask the store nothing; BenchmarkNow says how long they take.
func TestNowIsKept(t *testing.T) {
	w := fleet(t, 300, 30_000)
	w.ok("/api/v1/now")
	clear(w.spy.asked)
	for range 40 {
		w.ok("/api/v1/now")
	}
	if len(w.spy.asked) > 0 {
		t.Errorf("40 warm answers asked %v", w.spy.asked)
	}
}
