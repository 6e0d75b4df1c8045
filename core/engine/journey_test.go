package engine_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
)

// journeyEvents is how many spans TestJourneysAreTold lets customers send; `make
// test-journeys` asks for a million.
var journeyEvents = flag.Int("journey-events", 30_000, "spans of TestJourneysAreTold")

// eventsPerWorld is the size of one random inventory's log.
const eventsPerWorld = 4000

// TestJourneysAreTold: whatever customers do, and however late, twice or out of order it arrives,
// the final rows of journeys are those that the plain reference tells from the final rows of
// steps. The number of partitions changes no row; goroutines, cuts and restores no batch.
func TestJourneysAreTold(t *testing.T) {
	events := *journeyEvents
	if raced || testing.Short() {
		events = min(events, eventsPerWorld)
	}
	kinds := map[string]int{}
	sent, journeys := 0, 0
	for seed := uint64(1); sent < events; seed++ {
		w := newJourneyWorld(seed, eventsPerWorld)
		s := felt.DefaultSettings()
		p := w.tape(t, s)
		until := w.last + 4000
		whole := p.run(engine.New(s), until, nil)
		got := toldJourneys(t, whole)
		want := w.reference(whole)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d, inventory %s\n(-reference +engine):\n%s", seed, w.inventory(7).Files[0].Text, diff)
		}
		bucketsAreTheRows(t, whole)
		sent += w.events
		journeys += len(got)
		count(kinds, whole)
		if seed <= 16 && seed%4 == 0 || seed%32 == 0 || raced {
			w.otherWays(t, p, s, until, whole)
		}
	}
	t.Logf("%d spans, %d journeys: %v", sent, journeys, kinds)
	for _, kind := range []string{
		"success goal", "degraded goal", "failed failed_step", "failed timeout", "abandoned timeout", "cancelled timeout",
		"abandoned only_step", "cancelled merged",
	} {
		if kinds[kind] < 3 && events > 20_000 {
			t.Errorf("only %d journeys are %s: the customers are too tame", kinds[kind], kind)
		}
	}
}

// bucketsAreTheRows: the deltas of all buckets add up to the final rows, journeys and steps.
func bucketsAreTheRows(t *testing.T, batches []felt.Batch) {
	t.Helper()
	type line struct {
		felt.Series
		start felt.Instant
	}
	type sums struct {
		Counts felt.Counts
		Value  [felt.Outcomes]int64
	}
	want, got := map[line]sums{}, map[line]sums{}
	for _, r := range lastWord(batches) {
		if r.Withdrawn() {
			continue
		}
		at := line{felt.Series{Env: r.Env, App: r.App, Name: r.Name, Kind: r.Kind, Traffic: r.Traffic}, r.End.Floor(10 * sec)}
		s := want[at]
		s.Counts.Add(r.Outcome, 1)
		s.Value[r.Outcome] += r.ValueMinor
		want[at] = s
	}
	for _, b := range batches {
		for _, k := range b.Buckets {
			at := line{k.Series, k.Start}
			s := got[at]
			add(&s.Counts, k.Counts)
			for o, v := range k.ValueMinor {
				s.Value[o] += v
			}
			got[at] = s
		}
	}
	maps.DeleteFunc(got, func(_ line, s sums) bool { return s == sums{} }) // taken back entirely
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-rows +buckets):\n%s", diff)
	}
}

// TestJourneysKeepTheirInventory: journeys that began under another inventory, sealed and
// merged ones survive a cut at every tick.
func TestJourneysKeepTheirInventory(t *testing.T) {
	s := felt.DefaultSettings()
	p := journeysTape(t, s)
	const until = 8000
	whole := p.run(engine.New(s), until, nil)
	cut := p.run(engine.New(s), until, func(e *engine.Engine, _ felt.Tick) *engine.Engine {
		restored, err := engine.Restore(s, e.AppendSnapshot(nil))
		if err != nil {
			t.Fatal(err)
		}
		return restored
	})
	if diff := cmp.Diff(encode(t, whole), encode(t, cut)); diff != "" {
		t.Errorf("(-whole +cut):\n%s", diff)
	}
	var got []string
	for _, r := range lastWord(whole) {
		if r.Kind == felt.KindJourney {
			got = append(got, fmt.Sprintf("%s v%d of rules %d: %s by %s, %d steps, earns %d", r.Name, r.Version, r.RulesVersion,
				r.Outcome, r.OutcomeRule, len(r.Steps), r.ValueMinor))
		}
	}
	want := []string{
		"checkout v1 of rules 1: success by goal, 3 steps, earns 1000",
		"checkout v3 of rules 1: degraded by goal, 3 steps, earns 1000",
		"checkout v3 of rules 0: cancelled by merged, 0 steps, earns 1000",
		"search v1 of rules 1: success by goal, 1 steps, earns 0",
		"checkout v2 of rules 1: abandoned by timeout, 3 steps, earns 1000",
		"checkout v2 of rules 2: abandoned by timeout, 3 steps, earns 0",
		"checkout v2 of rules 2: abandoned by timeout, 3 steps, earns 0", // of a session that was sampled
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// otherWays runs the same log in other ways.
func (w *journeyWorld) otherWays(t *testing.T, p *tape, s felt.Settings, until felt.Tick, whole []felt.Batch) {
	t.Helper()
	n := 0
	cut := p.run(engine.New(s), until, func(e *engine.Engine, tick felt.Tick) *engine.Engine {
		if n++; n%97 != 0 {
			return e
		}
		snapshot := e.AppendSnapshot(nil)
		restored, err := engine.Restore(s, snapshot)
		if err != nil {
			t.Fatalf("restore at +%d: %v", tick-start, err)
		}
		if string(restored.AppendSnapshot(nil)) != string(snapshot) || restored.Next() != e.Next() {
			t.Fatalf("a restored engine is another one at +%d", tick-start)
		}
		return restored
	})
	if diff := cmp.Diff(encode(t, whole), encode(t, cut)); diff != "" {
		t.Fatalf("cut (-whole +cut):\n%s", diff)
	}
	e := engine.New(s)
	var all []felt.Batch
	recs := p.recs
	for tick := start; tick <= start+until; tick++ {
		n := 0
		for n < len(recs) && felt.TickOf(recs[n].At) == tick {
			n++
		}
		if n > 0 || !e.Quiet(tick) {
			all = append(all, runParallel(t, e, tick, recs[:n], 4)...)
		}
		recs = recs[n:]
	}
	if diff := cmp.Diff(encode(t, whole), encode(t, all)); diff != "" {
		t.Fatalf("four goroutines (-one +four):\n%s", diff)
	}
	one := s
	one.Partitions = 1
	single := w.tape(t, one).run(engine.New(one), until, nil)
	if diff := cmp.Diff(allJourneys(whole), allJourneys(single)); diff != "" {
		t.Fatalf("every version of every journey (-4 partitions +1):\n%s", diff)
	}
}

// allJourneys shows every version of every journey.
func allJourneys(batches []felt.Batch) []string {
	var out []string
	for _, r := range interactions(batches) {
		if r.Kind == felt.KindJourney {
			out = append(out, fmt.Sprintf("%+v", r))
		}
	}
	slices.Sort(out)
	return out
}

// lastWord is the newest version of every interaction.
func lastWord(batches []felt.Batch) []felt.Interaction {
	at := map[felt.InteractionID]int{}
	var out []felt.Interaction
	for _, r := range interactions(batches) {
		if i, ok := at[r.ID]; ok {
			out[i] = r
			continue
		}
		at[r.ID] = len(out)
		out = append(out, r)
	}
	return out
}

// toldJourneys shows the final rows of journeys, without what depends on how they became known.
func toldJourneys(t *testing.T, batches []felt.Batch) []string {
	t.Helper()
	var out []string
	for _, r := range lastWord(batches) {
		if r.Kind != felt.KindJourney || r.Withdrawn() {
			continue
		}
		if r.Outcome == felt.OutcomeNone {
			t.Errorf("still open: %+v", r)
		}
		out = append(out, showJourney(r))
	}
	slices.Sort(out)
	return out
}

func showJourney(r felt.Interaction) string {
	r.ID, r.Version, r.Known, r.FirstKnown, r.FirstOutcome = felt.InteractionID{}, 0, 0, 0, 0
	return fmt.Sprintf("%+v", r)
}

func count(kinds map[string]int, batches []felt.Batch) {
	for _, r := range lastWord(batches) {
		if r.Kind == felt.KindJourney {
			kinds[r.Outcome.String()+" "+r.OutcomeRule]++
		}
	}
}

// reference tells the journeys of the final rows of steps.
func (w *journeyWorld) reference(batches []felt.Batch) []string {
	type key struct {
		journey int
		traffic felt.Traffic
		who     string
	}
	keys := map[key][]*felt.Interaction{}
	steps := lastWord(batches)
	for i := range steps {
		r := &steps[i]
		if r.Kind != felt.KindStep || r.Withdrawn() {
			continue
		}
		for n, j := range w.journeys {
			if j.step(r.Name) == nil {
				continue
			}
			who := w.whose(j, r)
			if who != "" {
				k := key{n, r.Traffic, who}
				keys[k] = append(keys[k], r)
			}
		}
	}
	var out []string
	for k, tries := range keys {
		for _, r := range w.journeys[k.journey].tell(tries) {
			out = append(out, showJourney(r))
		}
	}
	slices.Sort(out)
	return out
}

// whose is what ties a try to the others of its journey.
func (w *journeyWorld) whose(j *refJourney, r *felt.Interaction) string {
	by := []string{r.Session.String(), r.Customer.String()}
	switch {
	case len(j.steps) == 1:
		return r.ID.String()
	case j.correlate == "instance":
		return w.instance[r.Trace]
	case j.correlate == "trace":
		return r.Trace.String()
	case j.correlate == "customer":
		by[0], by[1] = by[1], by[0]
	}
	for _, k := range by {
		if k != "" {
			return k
		}
	}
	return ""
}

// TestChangeOfInventory: what is decided in the second of the change counts under the old
// inventory, and what is open of a journey that is not in the new one ends in the next; also when
// there are two changes in a second, or the engine is restored between.
func TestChangeOfInventory(t *testing.T) {
	const checkout = "  - {name: checkout, steps: [{name: cart}, {name: pay}], timeout: 60s}\n"
	s := felt.DefaultSettings()
	p := newTape(t, s)
	p.inventory(0, 1, "journeys:\n"+checkout)
	p.event(5, "cart", "success", "stays", 4*sec)
	p.event(9, "cart", "success", "pays", 8*sec)
	p.event(10, "pay", "success", "pays", 9*sec)
	p.event(10, "cart", "success", "new", 9*sec)
	p.inventory(10, 2, "journeys:\n"+checkout+"  - {name: other, steps: [{name: a}, {name: b}]}\n")
	p.inventory(10, 3, "journeys:\n  - {name: purchase, steps: [{name: cart}, {name: pay}]}\n")
	p.event(11, "pay", "success", "new", 10*sec)
	whole := p.run(engine.New(s), 200, nil)
	var got []string
	for _, r := range lastWord(whole) {
		if r.Kind == felt.KindJourney {
			got = append(got, fmt.Sprint(r.Name, " ", r.Outcome, " ", r.OutcomeRule, " v", r.RulesVersion, " at ", (r.Known-start), " ", (r.End-start.Instant())/sec))
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{
		"checkout cancelled withdrawn_journey v1 at 11 4",
		"checkout cancelled withdrawn_journey v1 at 11 9",
		"checkout success goal v1 at 10 9",
		"purchase success goal v3 at 11 10",
	}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	cut := p.run(engine.New(s), 200, func(e *engine.Engine, _ felt.Tick) *engine.Engine {
		restored, err := engine.Restore(s, e.AppendSnapshot(nil))
		if err != nil {
			t.Fatal(err)
		}
		return restored
	})
	if diff := cmp.Diff(encode(t, whole), encode(t, cut)); diff != "" {
		t.Errorf("cut (-whole +cut):\n%s", diff)
	}
}
