package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
)

// cohort: the last state of a harmed customer stands, of each incident, and pages meet nobody twice.
func cohort(t *testing.T, s felt.Store) {
	of := func(incident string, n, first int, failed int64) felt.IncidentCustomer {
		return felt.IncidentCustomer{
			Incident: incident, Customer: hash(1, n), Account: hash(3, n%2), First: day + felt.Instant(first)*felt.Second,
			Last: day + felt.Minute, Failed: failed, Degraded: 2, RecoveredAt: day + felt.Instant(n), ValueMinor: -int64(n),
		}
	}
	at := func(tick felt.Tick, rows ...felt.IncidentCustomer) felt.Batch {
		b := batch(tick)
		b.ID.Stage = 3
		b.IncidentCustomers = rows
		return b
	}
	one := at(noon, of("inc-1", 1, 5, 1), of("inc-1", 2, 3, 1), of("inc-2", 1, 9, 7), of("inc-1", 1, 5, 2))
	write(t, s, one)
	write(t, s, one, at(noon+1, of("inc-1", 2, 3, 4), of("inc-1", 3, 3, 1)), at(noon+2, of("inc-1", 2, 3, 5), of("inc-1", 4, 4, 1)))
	want := []felt.IncidentCustomer{of("inc-1", 2, 3, 5), of("inc-1", 3, 3, 1), of("inc-1", 4, 4, 1), of("inc-1", 1, 5, 2)}
	slices.SortFunc(want[:2], func(a, b felt.IncidentCustomer) int { return slices.Compare(a.Customer[:], b.Customer[:]) })
	got, next, err := s.Cohort(t.Context(), "inc-1", 0, "")
	if err != nil || next != "" || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, next %q\n got %+v\nwant %+v", err, next, got, want)
	}
	for limit := 1; limit <= 4; limit++ {
		var all []felt.IncidentCustomer
		for page := ""; ; {
			list, next, err := s.Cohort(t.Context(), "inc-1", limit, page)
			all = append(all, list...)
			if err != nil || len(list) > limit {
				t.Fatalf("%d of at most %d, %v", len(list), limit, err)
			}
			if page = next; next == "" {
				break
			}
		}
		if !reflect.DeepEqual(all, want) {
			t.Errorf("in pages of %d: %+v", limit, all)
		}
	}
	if got, _, err := s.Cohort(t.Context(), "inc-2", 9, ""); err != nil || len(got) != 1 || got[0].Failed != 7 {
		t.Errorf("another incident: %+v, %v", got, err)
	}
	if got, next, err := s.Cohort(t.Context(), "none", 9, ""); err != nil || len(got) != 0 || next != "" {
		t.Errorf("no incident: %+v, %v", got, err)
	}
	if _, _, err := s.Cohort(t.Context(), "inc-1", 9, "nonsense"); !errors.Is(err, felt.ErrUnanswerable) {
		t.Errorf("a page that is none: %v", err)
	}
}

// leaves: tries by all by which they can be told apart, and the rest.
func leaves(t *testing.T, s felt.Store) {
	of := func(n, customer int, o felt.Outcome, release, region string, flags ...string) felt.Interaction {
		return with(try(n, customer, o, n), func(i *felt.Interaction) {
			i.Release, i.Service, i.Flags = release, "web", flags
			i.Duration = int64(n) * int64(felt.Second)
			if region != "" {
				i.Segments = []felt.Segment{{Key: "region", Value: region}, {Key: "plan", Value: "pro"}}
			}
		})
	}
	write(t, s, batch(noon,
		of(1, 1, felt.OutcomeFailed, "v1", "eu"), of(2, 1, felt.OutcomeFailed, "v1", "eu"), of(3, 2, felt.OutcomeSuccess, "v1", "eu"),
		of(4, 3, felt.OutcomeDegraded, "v2", "us", "new=on"), of(5, 4, felt.OutcomeSuccess, "v2", "us", "new=on"),
		of(6, 0, felt.OutcomeFailed, "v2", ""),
		with(of(7, 9, felt.OutcomeFailed, "v1", "eu"), func(i *felt.Interaction) { i.Name = "cart" }),
		with(of(8, 9, felt.OutcomeFailed, "v1", "eu"), func(i *felt.Interaction) { i.Kind = felt.KindJourney }),
	))
	q := felt.LeafQuestion{Question: whole(), Slower: 4 * int64(felt.Second)}
	q.Name = "pay"
	region := func(v string) []felt.Segment {
		return []felt.Segment{{Key: "region", Value: v}, {Key: "plan", Value: "pro"}}
	}
	second := func(n int) felt.Instant { return day + felt.Instant(n)*felt.Second }
	want := []felt.Leaf{
		{Service: "web", Release: "v1", Segments: region("eu"), Counts: felt.Counts{Success: 1, Failed: 2}, Failed: 1, First: second(1)},
		{Service: "web", Release: "v2", Flags: []string{"new=on"}, Segments: region("us"), Counts: felt.Counts{Success: 1, Degraded: 1}, Slow: 1, Degraded: 1, First: second(4)},
		{Service: "web", Release: "v2", Counts: felt.Counts{Failed: 1}, First: second(6)},
	}
	got, err := s.Leaves(t.Context(), q)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
	q.Limit = 1
	want = append(want[:1:1], felt.Leaf{Counts: felt.Counts{Success: 1, Degraded: 1, Failed: 1}, Slow: 1, Degraded: 1, First: second(4), Rest: true})
	if got, err := s.Leaves(t.Context(), q); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("at most one: %v\n got %+v\nwant %+v", err, got, want)
	}
	q.Limit, q.Where = 0, []felt.Condition{{Key: "region", Op: felt.OpEquals, Values: []string{"us"}}}
	if got, err := s.Leaves(t.Context(), q); err != nil || len(got) != 1 || got[0].Release != "v2" {
		t.Errorf("of a region: %+v, %v", got, err)
	}
	q.Name = "nothing"
	if got, err := s.Leaves(t.Context(), q); err != nil || len(got) != 0 {
		t.Errorf("of nothing: %+v, %v", got, err)
	}
}

// operationPoints: in steps from the bucket of the window's beginning, by release, and bounded.
func operationPoints(t *testing.T, s felt.Store) {
	op := func(service, name, release string, at int, n, errs int64, ms ...int64) felt.OperationBucket {
		return felt.OperationBucket{
			Env: Env, Service: service, Operation: name, Kind: felt.SpanServer, Release: release,
			Start: day + felt.Instant(at)*felt.Second, Count: n, Errors: errs, SelfTime: n * 7, Latency: latency(ms...),
		}
	}
	a := batch(noon)
	a.Operations = []felt.OperationBucket{
		op("api", "pay", "v1", 10, 1, 1, 10), op("api", "pay", "v1", 0, 2, 0, 20, 30), op("api", "pay", "v1", 20, 1, 0, 40),
		op("api", "pay", "v2", 30, 1, 0, 50), op("api", "pay", "v1", -10, 5, 5, 1), op("api", "pay", "v1", 40, 5, 5, 1),
	}
	a.Operations = append(a.Operations, with(op("api", "pay", "v1", 0, 9, 9), func(o *felt.OperationBucket) { o.Env = "staging" }))
	write(t, s, a)
	w := felt.Window{From: day + 5*felt.Second, To: day + 40*felt.Second}
	got, err := s.OperationPoints(t.Context(), Env, w, 20*felt.Second)
	q := func(ms ...int64) (float64, float64) {
		l := parse(t, latency(ms...))
		return l.Quantile(.5), l.Quantile(.95)
	}
	point := func(release string, at int, n, errs int64, ms ...int64) felt.OperationPoint {
		p := felt.OperationPoint{
			Env: Env, Service: "api", Operation: "pay", Kind: felt.SpanServer, Release: release,
			Start: day + felt.Instant(at)*felt.Second, Count: n, Errors: errs, SelfTime: n * 7,
		}
		p.P50, p.P95 = q(ms...)
		return p
	}
	want := []felt.OperationPoint{point("v1", 0, 3, 1, 10, 20, 30), point("v1", 20, 1, 0, 40), point("v2", 20, 1, 0, 50)}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
	for _, step := range []felt.Instant{0, felt.Second, 15 * felt.Second} {
		if _, err := s.OperationPoints(t.Context(), Env, w, step); !errors.Is(err, felt.ErrUnanswerable) {
			t.Errorf("step %d: %v", step, err)
		}
	}

	for name, want := range map[string]int{"api": 3, "web": 0} {
		if got, err := s.OperationPoints(t.Context(), Env, w, 20*felt.Second, name); err != nil || len(got) != want {
			t.Errorf("of service %s: %+v, %v", name, got, err)
		}
	}

	many := batch(noon + 1)
	for i := range 2 * felt.LinesMax {
		many.Operations = append(many.Operations, op("many", fmt.Sprintf("op%04d", i), "", 3600, int64(i+1), int64(i%2)))
	}
	many.Operations = append(many.Operations, op("many", "bad", "", 3600, 3, 3))
	write(t, s, many)
	got, err = s.OperationPoints(t.Context(), Env, felt.Window{From: day + felt.Hour, To: day + 2*felt.Hour}, felt.Minute)
	if err != nil || len(got) > felt.LinesMax || len(got) < felt.LinesMax/2 || got[0].Operation != "bad" || got[len(got)-1].Operation != fmt.Sprintf("op%04d", 2*felt.LinesMax-1) {
		t.Errorf("%d of many, %v", len(got), err)
	}
}

// edgePoints: as operationPoints.
func edgePoints(t *testing.T, s felt.Store) {
	edge := func(callee, peer string, at int, n, errs int64, ms ...int64) felt.EdgeBucket {
		return felt.EdgeBucket{
			Env: Env, Caller: "web", Callee: callee, Peer: peer, ThirdParty: peer != "",
			Start: day + felt.Instant(at)*felt.Second, Count: n, Errors: errs, Latency: latency(ms...),
		}
	}
	a, b := batch(noon), batch(noon+1)
	a.Edges = []felt.EdgeBucket{edge("api", "", 10, 2, 1, 10, 20), edge("", "bank", 0, 1, 0, 30), edge("api", "", -10, 2, 1, 10)}
	b.Edges = []felt.EdgeBucket{edge("api", "", 0, 1, 0, 40), edge("api", "", 60, 1, 0, 50), edge("api", "", 120, 1, 0, 50)}
	write(t, s, a, b)
	got, err := s.EdgePoints(t.Context(), Env, felt.Window{From: day, To: day + 2*felt.Minute}, felt.Minute)
	point := func(callee, peer string, at int, n, errs int64, ms ...int64) felt.EdgePoint {
		l := parse(t, latency(ms...))
		return felt.EdgePoint{
			Env: Env, Caller: "web", Callee: callee, Peer: peer, ThirdParty: peer != "",
			Start: day + felt.Instant(at)*felt.Second, Count: n, Errors: errs, P50: l.Quantile(.5), P95: l.Quantile(.95),
		}
	}
	want := []felt.EdgePoint{point("", "bank", 0, 1, 0, 30), point("api", "", 0, 3, 1, 10, 20, 40), point("api", "", 60, 1, 0, 50)}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
	w := felt.Window{From: day, To: day + 2*felt.Minute}
	if got, err := s.EdgePoints(t.Context(), Env, w, felt.Minute, "none", "it's"); err != nil || len(got) != 0 {
		t.Errorf("of other callers: %+v, %v", got, err)
	}
	if got, err := s.EdgePoints(t.Context(), Env, w, felt.Minute, "none", "web"); err != nil || len(got) != 3 {
		t.Errorf("of the caller: %+v, %v", got, err)
	}
	if _, err := s.EdgePoints(t.Context(), Env, whole().Window, 1); !errors.Is(err, felt.ErrUnanswerable) {
		t.Errorf("a step that is none: %v", err)
	}
}

func parse(t *testing.T, enc []byte) sketch.Latency {
	t.Helper()
	l, err := sketch.ParseLatency(enc)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
