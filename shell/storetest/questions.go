package storetest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
)

func scopeStats(t *testing.T, s felt.Store) {
	named := func(r felt.Interaction, app, name string) felt.Interaction {
		r.App, r.Name = app, name
		return r
	}
	write(t, s, batch(noon,
		named(try(1, 1, felt.OutcomeFailed, 100), "shop", "pay"),
		named(try(2, 1, felt.OutcomeSuccess, 110), "shop", "pay"),
		named(try(3, 2, felt.OutcomeDegraded, 120), "shop", "pay"),
		named(try(4, 2, felt.OutcomeSuccess, 5), "shop", "browse"),
		named(try(5, 3, felt.OutcomeSuccess, 130), "admin", "pay"),
		named(try(8, 4, felt.OutcomeCancelled, 130), "admin", "pay"),
		with(try(6, 4, felt.OutcomeSuccess, 130), func(r *felt.Interaction) { r.Traffic, r.Name = felt.TrafficBot, "probe" }),
		with(try(7, 4, felt.OutcomeSuccess, 130), func(r *felt.Interaction) { r.Env = "staging" }),
	))
	at := func(sec int) felt.Instant { return day + felt.Instant(sec)*felt.Second }
	q := whole()
	q.From, q.To = at(100), at(200)
	got, err := s.ScopeStats(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	scope := func(app, name string) felt.Scope {
		return felt.Scope{Env: Env, App: app, Name: name, Kind: felt.KindStep}
	}
	want := []felt.ScopeStat{
		{
			Scope: scope("admin", "pay"), Counts: felt.Counts{Success: 1, Cancelled: 1},
			Customers: felt.Distinct{Total: 1}, Sessions: felt.Distinct{Total: 1}, Last: at(130),
		},
		{Scope: scope("shop", "browse"), Last: at(5)},
		{
			Scope: scope("shop", "pay"), Counts: felt.Counts{Success: 1, Degraded: 1, Failed: 1},
			Customers: felt.Distinct{Total: 2, Failed: 1, Degraded: 1}, Sessions: felt.Distinct{Total: 2, Failed: 1, Degraded: 1},
			Last: at(120),
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("stats:\n got %+v\nwant %+v", got, want)
	}
	q.App = "shop"
	q.Name = "browse"
	if got, err := s.ScopeStats(context.Background(), q); err != nil || !reflect.DeepEqual(got, want[1:2]) {
		t.Errorf("stats of one name: %+v, %v", got, err)
	}
	list, err := s.Scopes(context.Background(), Env, "")
	if want := []felt.Scope{scope("admin", "pay"), scope("shop", "browse"), scope("shop", "pay"), scope("shop", "probe")}; err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("scopes: %+v, %v; want %+v", list, err, want)
	}
	list, err = s.Scopes(context.Background(), Env, "pay")
	if want := []felt.Scope{scope("admin", "pay"), scope("shop", "pay")}; err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("scopes named pay: %+v, %v; want %+v", list, err, want)
	}
}

func points(t *testing.T, s felt.Store) {
	var rows []felt.Interaction
	for i := range 100 { // durations 1..100 ms in the first step, shuffled
		r := try(i, 1+i%7, felt.OutcomeSuccess, 10+i%10)
		r.Duration = int64(1+i*37%100) * 1e6
		rows = append(rows, r)
	}
	rows = append(rows, try(199, 60, felt.OutcomeCancelled, 12))
	left := try(200, 50, felt.OutcomeAbandoned, 32) // no duration of a wait
	failed := try(201, 51, felt.OutcomeFailed, 45)
	write(t, s, batch(noon, append(rows, left, failed)...))
	q := whole()
	q.From, q.To = day+10*felt.Second, day+46*felt.Second
	got, err := s.Points(context.Background(), q, 10*felt.Second, "")
	if err != nil {
		t.Fatal(err)
	}
	want := []felt.Point{
		{
			Start: day + 10*felt.Second, Counts: felt.Counts{Success: 100, Cancelled: 1}, Customers: felt.Distinct{Total: 7},
			Sessions: felt.Distinct{Total: 7}, P50: 50e6, P95: 95e6, P99: 99e6,
		},
		{
			Start: day + 30*felt.Second, Counts: felt.Counts{Abandoned: 1},
			Customers: felt.Distinct{Total: 1}, Sessions: felt.Distinct{Total: 1},
		},
		{
			Start: day + 40*felt.Second, Counts: felt.Counts{Failed: 1}, Customers: felt.Distinct{Total: 1, Failed: 1},
			Sessions: felt.Distinct{Total: 1, Failed: 1}, P50: 1e9, P95: 1e9, P99: 1e9,
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("points:\n got %+v\nwant %+v", got, want)
	}
}

func pointsBy(t *testing.T, s felt.Store) {
	in := func(id int, at int, region string) felt.Interaction {
		return with(try(id, id, felt.OutcomeSuccess, at), func(r *felt.Interaction) {
			if region != "" {
				r.Segments = []felt.Segment{{Key: "plan", Value: "region"}, {Key: "region", Value: region}}
			}
			r.Release = "v" + region
		})
	}
	write(t, s, batch(noon, in(1, 0, "us"), in(2, 0, "eu"), in(3, 1, "eu"), in(4, 2, ""), in(5, 70, "e\x1fu")))
	q := whole()
	q.From, q.To = day, day+felt.Hour
	check := func(by string, want ...string) {
		t.Helper()
		got, err := s.Points(context.Background(), q, felt.Minute, by)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, p := range got {
			lines = append(lines, string(rune('0'+(p.Start-day)/felt.Minute))+" "+p.Segment[0].Key+"="+p.Segment[0].Value+
				" "+string(rune('0'+p.Counts.Success)))
		}
		if !slices.Equal(lines, want) {
			t.Errorf("by %s: got %q, want %q", by, lines, want)
		}
	}
	check("region", "0 region= 1", "0 region=eu 2", "0 region=us 1", "1 region=e\x1fu 1")
	check("release", "0 release=v 1", "0 release=veu 2", "0 release=vus 1", "1 release=ve\x1fu 1")
	check("outcome", "0 outcome=success 4", "1 outcome=success 1")
	check("identity", "0 identity=user 4", "1 identity=user 1")
	check("nothing", "0 nothing= 4", "1 nothing= 1")
}

func list(t *testing.T, s felt.Store) {
	ctx := context.Background()
	var rows []felt.Interaction
	for i := range 57 {
		o := felt.OutcomeSuccess
		if i%3 == 0 {
			o = felt.OutcomeFailed
		}
		rows = append(rows, try(i, i+1, o, i/5)) // five share an end: the id decides
	}
	write(t, s, batch(noon, rows...))
	slices.SortFunc(rows, func(a, b felt.Interaction) int {
		if a.End != b.End {
			return int(b.End - a.End)
		}
		return slices.Compare(b.ID[:], a.ID[:])
	})
	for _, outcome := range []felt.Outcome{felt.OutcomeNone, felt.OutcomeFailed} {
		var want []felt.InteractionID
		for _, r := range rows {
			if outcome == felt.OutcomeNone || r.Outcome == outcome {
				want = append(want, r.ID)
			}
		}
		for _, limit := range []int{1, 7, len(want), len(want) + 1} {
			var got []felt.InteractionID
			page, pages := "", 0
			for pages <= len(want) {
				part, next, err := s.Interactions(ctx, whole(), outcome, limit, page)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range part {
					got = append(got, r.ID)
				}
				pages++
				if page = next; page == "" {
					break
				}
			}
			if !slices.Equal(got, want) || pages != (len(want)+limit-1)/limit {
				t.Errorf("outcome %q, limit %d: %d rows on %d pages, want %d in order", outcome, limit, len(got), pages, len(want))
			}
		}
	}
}

func roundTrip(t *testing.T, s felt.Store) {
	full := felt.Interaction{
		ID: interactionID(5), Version: 3, Known: noon, FirstKnown: noon - 4, FirstOutcome: felt.OutcomeSuccess,
		Env: Env, App: "shop", Name: "checkout", Journey: "checkout", Step: "pay", Kind: felt.KindJourney,
		Start: day + 1, End: day + 5_000_000_007, Outcome: felt.OutcomeAbandoned, ClientOutcome: felt.OutcomeDegraded,
		Reason: "slow, \"very\"\nslow", OutcomeRule: "timeout", RulesVersion: 9, ErrorClass: "gateway", Recoverable: true,
		Retries: 4, Duration: 5_000_000_006, Visible: 4_000_000_000, Phases: felt.Phases{Input: 1, Request: 2, Processing: 3, Paint: 4},
		Weight: 2.5, Draw: 1<<56 - 1, Customer: hash(1, 1), IdentityLevel: felt.LevelPseudonym, Account: hash(3, 1), Installation: hash(4, 1),
		Session: hash(2, 1), KeyID: 77, Trace: felt.TraceID(hash(9, 9)), Span: felt.SpanID{0xff, 1, 2, 3, 4, 5, 6, 7},
		Service: "web", Release: "v1.2.3", Flags: []string{"a=b", "", "new\x1fcheckout=on"},
		Segments:   []felt.Segment{{Key: "region", Value: "eu"}, {Key: "plan", Value: ""}, {Key: "é", Value: "ü\x1e\x1d"}},
		ValueMinor: -1999, Currency: "EUR", AbandonedHow: felt.AbandonedWhileSlow,
		Steps: []felt.StepState{
			{Name: "cart", Outcome: felt.OutcomeSuccess, Start: day, End: day + 1, Tries: 1},
			{Name: "pay \"now\"", Outcome: felt.OutcomeAbandoned, Start: day + 2, End: day + 3, Tries: 2},
		},
	}
	bare := felt.Interaction{ID: interactionID(6), Version: 1, Env: Env, Name: "bare", Outcome: felt.OutcomeSuccess, End: day}
	write(t, s, batch(noon, full, bare))
	got, _, err := s.Interactions(context.Background(), whole(), felt.OutcomeNone, 10, "")
	if want := []felt.Interaction{full, bare}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
}

// latency is an encoded sketch of durations in milliseconds.
func latency(ms ...int64) []byte {
	var l sketch.Latency
	for _, v := range ms {
		l.Add(v*1e6, 1)
	}
	return l.AppendBinary(nil)
}

func operations(t *testing.T, s felt.Store) {
	op := func(service, name string, at int, n, errs int64, ms ...int64) felt.OperationBucket {
		return felt.OperationBucket{
			Env: Env, Service: service, Operation: name, Kind: felt.SpanServer, Start: day + felt.Instant(at)*felt.Second,
			Count: n, Errors: errs, Latency: latency(ms...),
		}
	}
	a, b := batch(noon), batch(noon+1)
	a.Operations = []felt.OperationBucket{
		op("api", "GET /", 0, 3, 1, 10, 20, 30), op("api", "POST /pay", 10, 5, 0, 5), op("web", "click", 20, 1, 1, 7),
		op("web", "old", -20, 1, 1), op("web", "late", 60, 1, 1),
		{Env: "staging", Service: "api", Operation: "GET /", Start: day, Count: 9},
	}
	b.Operations = []felt.OperationBucket{op("api", "GET /", 0, 1, 0, 1000), op("api", "GET /", 50, 1, 1, 2000)}
	write(t, s, a, b)
	got, err := s.Operations(context.Background(), Env, "", felt.Window{From: day + 5*felt.Second, To: day + felt.Minute})
	if err != nil || len(got) != 3 {
		t.Fatalf("%d operations, %v; want 3: %+v", len(got), err, got)
	}
	var all sketch.Latency
	for _, v := range []int64{10, 20, 30, 1000, 2000} {
		all.Add(v*1e6, 1)
	}
	want := felt.OperationStat{
		Env: Env, Service: "api", Operation: "GET /", Kind: felt.SpanServer, Count: 5, Errors: 2,
		P50: all.Quantile(.5), P95: all.Quantile(.95), P99: all.Quantile(.99),
	}
	if got[0] != want || got[1].Operation != "click" || got[2].Operation != "POST /pay" {
		t.Errorf("got %+v\nwant %+v first, then click, then POST /pay", got, want)
	}
	if got, err := s.Operations(context.Background(), Env, "web", felt.Window{From: 0, To: day + felt.Day}); err != nil || len(got) != 3 {
		t.Errorf("operations of web: %+v, %v", got, err)
	}
}

func edges(t *testing.T, s felt.Store) {
	edge := func(caller, callee, peer string, at int, n, errs int64, ms ...int64) felt.EdgeBucket {
		return felt.EdgeBucket{
			Env: Env, Caller: caller, Callee: callee, Peer: peer, ThirdParty: peer != "",
			Start: day + felt.Instant(at)*felt.Second, Known: noon + felt.Tick(at), Count: n, Errors: errs, Latency: latency(ms...),
		}
	}
	a := batch(noon)
	a.Edges = []felt.EdgeBucket{
		edge("web", "api", "", 10, 2, 1, 10, 20), edge("api", "", "stripe", 0, 1, 0, 30),
		edge("web", "api", "", 0, 1, 0, 40), edge("web", "api", "", 90, 1, 0, 50),
	}
	a.Edges[1].Latency = nil
	write(t, s, a)
	got, err := s.Edges(context.Background(), Env, felt.Window{From: day, To: day + felt.Minute})
	want := []felt.EdgeBucket{edge("api", "", "stripe", 0, 1, 0), edge("web", "api", "", 10, 3, 1, 10, 20, 40)}
	want[0].Latency = nil
	want[1].Start = day
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
}

func incidents(t *testing.T, s felt.Store) {
	ctx := context.Background()
	full := felt.Incident{
		ID: "inc-full", Version: 3, Known: noon, Kind: "failed", Env: Env, App: "shop", Journeys: []string{"pay", "checkout"},
		Source: "detected", Status: felt.IncidentAcknowledged, FirstBad: day, Opened: day + 5, Acknowledged: day + 9,
		Findings: []felt.Finding{{
			ID: "f", Series: felt.Series{Env: Env, Name: "pay", Kind: felt.KindStep}, Detector: "share", Statistic: 1e-12, N: 50, Hit: 20,
			Share: .4, Baseline: .01, Explanation: "20 of 50 \"customers\"",
		}},
		FindingActive: true,
		Impact:        felt.Impact{Customers: felt.Distinct{Total: 50, Failed: 20}, Method: felt.MethodExact, Interval: [2]int64{20, 20}},
		Score:         40.5, ScoreParts: []felt.ScorePart{{Name: "reach", Value: .4, Weight: 1, Input: "2 of 5 customers"}},
		SegmentsHit: []felt.SegmentShare{{Where: []felt.Segment{{Key: "region", Value: "eu"}}, Bad: 20, N: 21}},
		Timeline:    []felt.TimelineEntry{{At: day, Kind: "opened", Text: "é"}},
		Cause:       felt.Cause{Note: "x"}, RevenueAtRisk: felt.MoneyRange{Low: 1, Mid: 2, High: 3, Currency: "EUR", Method: "m"},
		ReviewAnswers: map[string]string{"a": "b"},
	}
	other := func(id string, score float64, opened felt.Instant, st felt.IncidentStatus) felt.Incident {
		return felt.Incident{ID: id, Version: 1, Env: Env, Score: score, Opened: opened, Status: st}
	}
	b := batch(noon)
	b.Incidents = []felt.Incident{
		other("inc-c", 10, day, felt.IncidentOpen), full, other("inc-b", 10, day+1, felt.IncidentResolved),
		other("inc-a", 10, day, felt.IncidentOpen),
		{ID: "inc-s", Version: 1, Env: "staging", Status: felt.IncidentOpen},
	}
	write(t, s, b)
	for _, c := range []struct {
		limit int
		in    []felt.IncidentStatus
		want  []string
	}{
		{0, nil, []string{"inc-full", "inc-b", "inc-a", "inc-c"}},
		{2, nil, []string{"inc-full", "inc-b"}},
		{9, []felt.IncidentStatus{felt.IncidentOpen}, []string{"inc-a", "inc-c"}},
		{9, []felt.IncidentStatus{felt.IncidentOpen, felt.IncidentAcknowledged}, []string{"inc-full", "inc-a", "inc-c"}},
	} {
		got, err := s.Incidents(ctx, Env, c.limit, c.in...)
		var ids []string
		for _, in := range got {
			ids = append(ids, in.ID)
		}
		if err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("limit %d, in %v: %v, %v; want %v", c.limit, c.in, ids, err, c.want)
		}
	}
	if got, err := s.Incidents(ctx, "", 0); err != nil || len(got) != 5 {
		t.Errorf("of any environment: %d, %v; want 5", len(got), err)
	}
	if got, err := s.Incident(ctx, "inc-full"); err != nil || !reflect.DeepEqual(got, full) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, full)
	}
}

func retain(t *testing.T, s felt.Store) {
	ctx := context.Background()
	b := batch(noon, try(1, 1, felt.OutcomeSuccess, 0), try(2, 2, felt.OutcomeSuccess, 10))
	b.Operations = []felt.OperationBucket{{Env: Env, Service: "a", Start: day, Count: 1}, {Env: Env, Service: "a", Start: day + felt.Hour, Count: 1}}
	write(t, s, b)
	n, err := s.Retain(ctx, day+felt.Day, felt.Retention{})
	if err != nil || n != 0 {
		t.Errorf("keeping for ever removed %d, %v", n, err)
	}
	n, err = s.Retain(ctx, day+felt.Day+10*felt.Second, felt.Retention{Interactions: felt.Day, Buckets10s: felt.Day - felt.Minute})
	if err != nil || n != 2 {
		t.Errorf("removed %d, %v; want 2: what is a day old to the second stays", n, err)
	}
	q := whole()
	q.From = day + 10*felt.Second
	if got := impact(t, s, q).Counts.Success; got != 1 {
		t.Errorf("%d interactions left, want 1", got)
	}
	st, err := s.ScopeStats(ctx, q)
	if err != nil || len(st) != 1 || st[0].Last != day+10*felt.Second {
		t.Errorf("stats after retention: %+v, %v", st, err)
	}
	write(t, s, b)
	if got := impact(t, s, q).Counts.Success; got != 1 {
		t.Errorf("a batch written before brought rows back: %d", got)
	}
}

func refused(t *testing.T, s felt.Store) {
	ctx := context.Background()
	write(t, s, batch(noon, try(1, 1, felt.OutcomeSuccess, 0)))
	for _, page := range []string{"x", "00", "zz00000000000000000000000000000000000000000000zz", "' OR true --"} {
		if _, _, err := s.Interactions(ctx, whole(), felt.OutcomeNone, 10, page); !errors.Is(err, felt.ErrUnanswerable) {
			t.Errorf("page %q: %v, want ErrUnanswerable", page, err)
		}
	}
	for _, step := range []felt.Instant{0, -felt.Second, 1, felt.Second + 1} {
		if _, err := s.Points(ctx, whole(), step, ""); !errors.Is(err, felt.ErrUnanswerable) {
			t.Errorf("step %d: %v, want ErrUnanswerable", step, err)
		}
	}
	q := whole()
	q.Where = []felt.Condition{{Key: "plan", Op: 9, Values: []string{"x"}}}
	if _, err := s.Impact(ctx, q); !errors.Is(err, felt.ErrUnanswerable) {
		t.Errorf("no such operator: %v, want ErrUnanswerable", err)
	}
}
