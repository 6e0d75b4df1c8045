package storetest

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/felt-cx/felt"
)

// past reads history whole, and holds batches to their bound.
func past(t *testing.T, s felt.Store, after, upTo felt.Tick) []felt.Interaction {
	t.Helper()
	var list []felt.Interaction
	for batch, err := range s.History(t.Context(), after, upTo) {
		if err != nil {
			t.Fatalf("history: %v", err)
		}
		if len(batch) == 0 || len(batch) > felt.HistoryBatch {
			t.Fatalf("a batch of %d", len(batch))
		}
		list = append(list, batch...)
	}
	return list
}

// whole past.
const (
	ever   = felt.Tick(0)
	always = felt.Tick(math.MaxInt64 / int64(felt.Second))
)

// judgedAs is the line of one interaction that a case compares.
func judgedAs(r *felt.Interaction) string {
	return fmt.Sprintf("+%d %s %s %v by %x end +%d took %d %v", r.Known-felt.TickOf(day), r.Kind, r.Outcome, r.AbandonedHow,
		r.Customer[:2], (r.End-day)/felt.Second, r.Duration/int64(felt.Second), r.Segments)
}

func wantPast(t *testing.T, what string, s felt.Store, want ...felt.Interaction) {
	t.Helper()
	var got, lines []string
	for _, r := range past(t, s, ever, always) {
		got = append(got, judgedAs(&r))
	}
	for i := range want {
		lines = append(lines, judgedAs(&want[i]))
	}
	if !reflect.DeepEqual(got, lines) {
		t.Errorf("%s: got\n%q\nwant\n%q", what, got, lines)
	}
}

// historyRows: what became known, in that order, and of whom; nothing of test traffic, nothing open.
func historyRows(t *testing.T, s felt.Store) {
	full := with(journey(1, 1, felt.OutcomeAbandoned, 30), func(r *felt.Interaction) {
		r.Known, r.FirstKnown = felt.TickOf(day)+40, felt.TickOf(day)+40
		r.Journey, r.Step, r.Service, r.Release, r.AbandonedHow = "checkout", "st\x1dep", "web\x1f", "v1", felt.AbandonedWhileSlow
		r.Segments = []felt.Segment{{Key: "plan", Value: "pro"}, {Key: "region", Value: "e\x1eu"}}
	})
	nobody := with(try(2, 0, felt.OutcomeFailed, 40), func(r *felt.Interaction) { r.Known = full.Known })
	late := with(try(3, 3, felt.OutcomeSuccess, 2), func(r *felt.Interaction) { r.Known = full.Known + 1 })
	cancelled := try(4, 4, felt.OutcomeCancelled, 50)
	write(t, s, batch(noon, late, nobody, cancelled, full, journey(5, 5, felt.OutcomeNone, 20),
		with(try(6, 6, felt.OutcomeFailed, 20), func(r *felt.Interaction) { r.Traffic = felt.TrafficTest }),
		with(try(7, 7, felt.OutcomeFailed, 20), func(r *felt.Interaction) { r.Env = "staging" })))
	wantPast(t, "all", s, with(try(7, 7, felt.OutcomeFailed, 20), func(r *felt.Interaction) { r.Env = "staging" }), full, nobody, late, cancelled)

	list := past(t, s, full.Known-1, full.Known)
	if len(list) != 2 {
		t.Fatalf("%d in the tick of two", len(list))
	}
	got, want := list[0], felt.Interaction{
		ID: full.ID, Known: full.Known, Env: Env, App: full.App, Name: full.Name, Journey: "checkout", Step: "st\x1dep",
		Kind: felt.KindJourney, End: full.End, Outcome: felt.OutcomeAbandoned, AbandonedHow: felt.AbandonedWhileSlow,
		Duration: full.Duration, Customer: full.Customer, Service: "web\x1f", Release: "v1", Segments: full.Segments,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if list[1].ID != nobody.ID || !list[1].Customer.IsZero() {
		t.Errorf("of nobody: %+v", list[1])
	}
	for name, w := range map[string][2]felt.Tick{"before": {ever, 5}, "empty": {full.Known, full.Known}, "backwards": {noon, 0}, "after": {noon, always}} {
		if n := len(past(t, s, w[0], w[1])); n != 0 {
			t.Errorf("%s: %d", name, n)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	failed := false
	for _, err := range s.History(ctx, ever, always) {
		failed = failed || err != nil
	}
	if !failed {
		t.Error("no error although nobody waits for it")
	}
}

// historyReplaced: what was judged is what was said first, whatever came of it, and in whatever
// batches it came.
func historyReplaced(t *testing.T, s felt.Store) {
	next := func(r felt.Interaction, o felt.Outcome) felt.Interaction {
		r.Version++
		r.Known++
		r.Outcome, r.End, r.Duration, r.OutcomeRule = o, r.End+felt.Second, r.Duration*2, "goal"
		r.Segments = []felt.Segment{{Key: "plan", Value: "late"}}
		return r
	}
	gone := func(r felt.Interaction, rule string) felt.Interaction {
		return with(next(r, felt.OutcomeCancelled), func(r *felt.Interaction) { r.OutcomeRule = rule })
	}
	failed, ok, open := felt.OutcomeFailed, felt.OutcomeSuccess, felt.OutcomeNone
	a, b, c := try(1, 1, ok, 10), try(2, 2, ok, 20), try(3, 3, failed, 30)
	write(t, s, batch(noon, a, b, c))
	b2, d, e := next(b, failed), try(4, 4, ok, 40), journey(5, 5, open, 50)
	write(t, s, batch(noon+1, b2, d, e), batch(noon+2, next(d, failed), next(e, open)))
	// Open journeys: one is decided and then once more, one in a single write, one is opened again.
	e3 := next(next(e, open), failed)
	f := journey(6, 6, open, 70)
	f2 := next(f, felt.OutcomeAbandoned)
	g := journey(7, 7, open, 80)
	two := []felt.Batch{batch(noon+3, e3, gone(c, felt.RuleStep), f), batch(noon+4, next(e3, ok), f2, next(b2, ok), g)}
	write(t, s, two...)
	write(t, s, two...)
	write(t, s, batch(noon+5, next(f2, open), next(gone(c, felt.RuleStep), felt.OutcomeDegraded), gone(g, felt.RuleMerged)))
	write(t, s, batch(noon+6, next(next(f2, open), ok)))
	want := []felt.Interaction{a, b, c, d, e3, f2}
	wantPast(t, "replaced", s, want...)
	counts, err := s.HistoryCounts(t.Context(), ever, always)
	if minute := felt.Tick(day / felt.Second); err != nil || !reflect.DeepEqual(counts, []felt.HistoryCount{{From: minute, N: 5}, {From: minute + 60, N: 1}}) {
		t.Errorf("counts %+v, %v", counts, err)
	}
	if _, err := s.Retain(t.Context(), day+felt.Day+25*felt.Second, felt.Retention{Interactions: felt.Day}); err != nil {
		t.Fatal(err)
	}
	wantPast(t, "retained", s, want[2:]...)
}

// historyPieces: more than fits in a batch or in one reading of the store, and of one tick too;
// read in pieces it is the same.
func historyPieces(t *testing.T, s felt.Store) {
	const rows = 3*felt.HistoryBatch + 17
	var batches []felt.Batch
	for i := range rows {
		if i%5000 == 0 {
			batches = append(batches, batch(noon+felt.Tick(i)))
		}
		b := &batches[len(batches)-1]
		at := i * 7919 % rows
		r := try(i, i%50+1, felt.OutcomeSuccess, at/2)
		r.Known = felt.TickOf(day) + felt.Tick(max(at-felt.HistoryBatch-100, 0)/7)
		b.Interactions = append(b.Interactions, r)
	}
	write(t, s, batches...)
	list := past(t, s, ever, always)
	if len(list) != rows {
		t.Fatalf("%d of %d", len(list), rows)
	}
	in := func(a, b felt.Interaction) int {
		if a.Known < b.Known || a.Known == b.Known && a.End <= b.End {
			return -1
		}
		return 1
	}
	for i := 1; i < rows; i++ {
		if in(list[i-1], list[i]) > 0 {
			t.Fatalf("row %d: %s after %s", i, judgedAs(&list[i]), judgedAs(&list[i-1]))
		}
	}
	var pieces []felt.Interaction
	total := int64(0)
	for at := felt.TickOf(day) - 1; at < felt.TickOf(day)+rows; at += 333 {
		pieces = append(pieces, past(t, s, at, at+333)...)
		counts, err := s.HistoryCounts(t.Context(), at, at+333)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range counts {
			total += c.N
		}
	}
	if !slices.EqualFunc(list, pieces, func(a, b felt.Interaction) bool { return judgedAs(&a) == judgedAs(&b) }) || total != rows {
		t.Errorf("in pieces %d rows, counted %d; want the same %d", len(pieces), total, rows)
	}
	for batch, err := range s.History(t.Context(), ever, always) {
		if err != nil || len(batch) == 0 {
			t.Errorf("%d rows, %v", len(batch), err)
		}
		break // who asks for no more gets no more
	}
}

func lasting(t *testing.T, s felt.Store) {
	b := batch(noon)
	b.ID.Stage = 3
	b.Findings = []felt.Finding{{ID: "fnd-2", Opened: noon, Updated: noon}, {ID: "fnd-1", Opened: noon, Updated: noon}, {ID: "fnd-3", Updated: noon}}
	b.Incidents = []felt.Incident{
		{ID: "inc-2", Version: 1, Env: "staging", Status: felt.IncidentAcknowledged},
		{ID: "inc-1", Version: 1, Env: Env, Status: felt.IncidentOpen},
		{ID: "inc-3", Version: 1, Env: Env, Status: felt.IncidentOpen},
	}
	end := batch(noon + 1)
	end.ID.Stage = 3
	end.Findings = []felt.Finding{{ID: "fnd-3", Updated: noon + 1, Ended: noon + 1}}
	end.Incidents = []felt.Incident{{ID: "inc-3", Version: 2, Env: Env, Status: felt.IncidentResolved}}
	write(t, s, b, end)
	quiet := batch(noon + 2)
	quiet.ID.Stage = 3
	quiet.Findings = []felt.Finding{
		{ID: "fnd-8", Kind: felt.FindingSilent, Series: felt.Series{Env: "staging"}, About: "web", Opened: 100, Updated: 120, Ended: 120},
		{ID: "fnd-7", Kind: felt.FindingSilent, About: "api", Opened: 110, Updated: 200, Ended: 200},
		{ID: "fnd-9", Kind: felt.FindingDrop, Opened: 100, Updated: 300, Ended: 300},
	}
	write(t, s, quiet)
	for w, want := range map[[2]felt.Tick]string{{0, 99}: "", {0, 100}: "fnd-8 ", {119, 500}: "fnd-7 fnd-8 ", {120, 500}: "fnd-7 ", {200, 500}: ""} {
		list, err := s.Silences(t.Context(), w[0], w[1])
		got := ""
		for i := range list {
			got += list[i].ID + " "
		}
		if err != nil || got != want {
			t.Errorf("silences of %v: %q, %v; want %q", w, got, err, want)
		}
	}
	f, in, err := s.Lasting(t.Context())
	if err != nil || len(f) != 2 || f[0].ID != "fnd-1" || f[1].ID != "fnd-2" || f[1].Opened != noon ||
		len(in) != 2 || in[0].ID != "inc-1" || in[1].ID != "inc-2" || in[1].Status != felt.IncidentAcknowledged {
		t.Errorf("%+v, %+v, %v", f, in, err)
	}
}

// historySignals: the values of signals and KPIs in the order in which they became known.
func historySignals(t *testing.T, s felt.Store) {
	point := func(i int, known felt.Tick, env, name string) felt.SignalPoint {
		return felt.SignalPoint{
			Env: env, App: "shop", Journey: "checkout", Name: name, Kind: felt.SignalTechnical, Service: "web", Metric: "load", Statistic: "mean", Unit: "1",
			Layer: felt.LayerApplication, StartTime: known.Instant() - 10*felt.Second, Time: known.Instant(), Known: known, Value: float64(i), N: 3,
			Threshold: 0.5, Limit: 1, HasThreshold: true, HasLimit: true, Direction: "up",
		}
	}
	var want []felt.SignalPoint
	var batches []felt.Batch
	const rows = felt.HistoryBatch + 100
	for i := range rows / 2 {
		known := felt.TickOf(day) + 10*felt.Tick(i+1)
		a, b := point(i, known, Env, "a"), point(i, known, "staging", "a")
		batches = append(batches, felt.Batch{ID: felt.BatchID{Stage: 3, Tick: known}, Signals: []felt.SignalPoint{b, a}})
		want = append(want, a, b)
	}
	write(t, s, batches...)
	read := func(after, upTo felt.Tick) (list []felt.SignalPoint) {
		t.Helper()
		for batch, err := range s.SignalHistory(t.Context(), after, upTo) {
			if err != nil || len(batch) == 0 || len(batch) > felt.HistoryBatch {
				t.Fatalf("a batch of %d, %v", len(batch), err)
			}
			list = append(list, batch...)
		}
		return list
	}
	if got := read(ever, always); !reflect.DeepEqual(got, want) {
		t.Errorf("%d rows of %d, the first %+v", len(got), len(want), got[:min(len(got), 1)])
	}
	if got := read(want[2].Known, want[8].Known); !reflect.DeepEqual(got, want[4:10]) {
		t.Errorf("in a window: %+v", got)
	}
	if got := read(always-5, always); len(got) != 0 {
		t.Errorf("of after: %+v", got)
	}
	for batch, err := range s.SignalHistory(t.Context(), ever, always) {
		if err != nil || len(batch) == 0 {
			t.Errorf("%d rows, %v", len(batch), err)
		}
		break // who asks for no more gets no more
	}
}
