package engine_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	diff "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
)

// tale is one try in a browser: when records of a hidden page came, and its span.
type tale struct {
	hidden []word
	span   *word
}

// word is something that came: in which tick, and of which moment it tells.
type word struct {
	tick felt.Tick
	at   felt.Instant
	says felt.Outcome
}

// tell says, plainly, which rows come of a tale. A record that is older than what was said of the
// try already says nothing; a span always has the last word.
func (y *tale) tell(after felt.Tick) (rows []string) {
	words := slices.Clone(y.hidden)
	if y.span != nil {
		words = append(words, *y.span)
	}
	version := 0
	row := func(tick felt.Tick, o felt.Outcome, at felt.Instant) {
		version++
		rows = append(rows, fmt.Sprintf("v%d %d %s %d", version, tick, o, at))
	}
	open, ended := false, false
	var last felt.Tick
	best, written := felt.Instant(-1<<62), felt.Instant(-1<<62)
	for tick := felt.Tick(0); tick < 1000; tick++ {
		for _, w := range words {
			if w.tick == tick && w.says == felt.OutcomeAbandoned && !ended && w.at > written {
				open, last, best = true, tick, max(best, w.at)
			}
		}
		if y.span != nil && y.span.tick == tick {
			row(tick, y.span.says, y.span.at)
			open, ended = false, true
		}
		if open && last+after <= tick {
			row(tick, felt.OutcomeAbandoned, best)
			open, written = false, best
		}
	}
	return rows
}

// TestPendingReference: whatever comes of tries whose page was hidden, in any order and
// however late, their rows are those that are told plainly, and each counts once.
func TestPendingReference(t *testing.T) {
	if raced {
		t.Skip("one goroutine, and too much for it")
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := felt.DefaultSettings()
		s.Partitions = rapid.IntRange(1, 3).Draw(rt, "partitions")
		s.PendingAfter = felt.Instant(rapid.SampledFrom([]int{3, 20, 60}).Draw(rt, "after")) * sec
		s.Remember = felt.Instant(rapid.SampledFrom([]int{20, 900}).Draw(rt, "remember")) * sec
		p := newTape(t, s)
		want := map[uint64][]string{}
		counts := felt.Counts{}
		for trace := range uint64(rapid.IntRange(1, 20).Draw(rt, "tries")) {
			y := randomTale(rt, &s)
			hidden := slices.Clone(y.hidden)
			for _, i := range rapid.Permutation([]int{0, 1, 2, 3}[:len(hidden)]).Draw(rt, "order") {
				w := hidden[i]
				p.pending(w.tick, span{trace: trace, id: trace + 1, end: w.at, took: sec, interaction: "pay", service: "shop"})
			}
			if w := y.span; w != nil {
				sp := span{trace: trace, id: trace + 1, end: w.at, took: sec, interaction: "pay", outcome: w.says.String(), service: "shop", name: "pay"}
				p.spans(w.tick, sp)
				if rapid.Bool().Draw(rt, "twice") {
					p.spans(w.tick+felt.Tick(rapid.IntRange(0, 15).Draw(rt, "again")), sp)
				}
			}
			if rows := y.tell(felt.Tick(s.PendingAfter / sec)); len(rows) > 0 {
				want[trace] = rows
				var o string
				if _, err := fmt.Sscanf(rows[len(rows)-1], "v%d %d %s", new(int), new(int), &o); err != nil {
					rt.Fatal(err)
				}
				outcome, _ := felt.ParseOutcome(o)
				counts.Add(outcome, 1)
			}
		}
		batches := p.run(engine.New(s), 700, nil)
		got := map[uint64][]string{}
		rows := interactions(batches)
		slices.SortStableFunc(rows, func(a, b felt.Interaction) int { return cmp.Compare(a.Known, b.Known) })
		for _, r := range rows {
			var trace uint64
			if _, err := fmt.Sscanf(string(r.Trace[:]), "%d", &trace); err != nil {
				rt.Fatal(err)
			}
			got[trace] = append(got[trace], fmt.Sprintf("v%d %d %s %d", r.Version, r.Known-start, r.Outcome, r.End-start.Instant()))
		}
		if d := diff.Diff(want, got); d != "" {
			rt.Fatalf("(-told +rows):\n%s", d)
		}
		sum := felt.Counts{}
		for _, b := range batches {
			for _, k := range b.Buckets {
				add(&sum, k.Counts)
			}
		}
		if sum != counts {
			rt.Fatalf("buckets sum to %+v, want %+v", sum, counts)
		}
	})
}

// randomTale is one whose span, once it came, is remembered for as long as anything of it comes.
func randomTale(rt *rapid.T, s *felt.Settings) tale {
	var y tale
	if rapid.IntRange(0, 3).Draw(rt, "span") > 0 {
		tick := felt.Tick(rapid.SampledFrom([]int{2, 10, 30, 90, 150, 400}).Draw(rt, "span in"))
		says := rapid.SampledFrom([]felt.Outcome{felt.OutcomeSuccess, felt.OutcomeFailed, felt.OutcomeAbandoned}).Draw(rt, "says")
		y.span = &word{tick, felt.Instant(tick)*sec - sec, says}
	}
	for range rapid.IntRange(0, 4).Draw(rt, "hidden") {
		tick := felt.Tick(rapid.IntRange(5, 120).Draw(rt, "hidden in"))
		if y.span != nil && tick >= y.span.tick+felt.Tick(s.Remember/sec) {
			continue
		}
		at := felt.Instant(tick)*sec - felt.Instant(rapid.IntRange(1, 5).Draw(rt, "before"))*sec
		y.hidden = append(y.hidden, word{tick, at, felt.OutcomeAbandoned})
	}
	return y
}
