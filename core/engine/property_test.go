package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
	"github.com/felt-cx/felt/core/sketch"
)

// small are settings under which a short random log meets every bound.
func small(t *rapid.T) felt.Settings {
	s := felt.DefaultSettings()
	s.Partitions = rapid.IntRange(1, 4).Draw(t, "partitions")
	s.Settle = felt.Instant(rapid.IntRange(1, 15).Draw(t, "settle")) * sec
	s.Remember = felt.Instant(rapid.SampledFrom([]int{20, 60, 900}).Draw(t, "remember")) * sec
	s.PendingAfter = felt.Instant(rapid.SampledFrom([]int{5, 30, 300}).Draw(t, "pending after")) * sec
	s.FloorClients = rapid.IntRange(2, 6).Draw(t, "floor")
	if rapid.IntRange(0, 3).Draw(t, "tight") == 0 {
		s.OpenSpans, s.OpenTries, s.OpsMax, s.SeriesMax = 40, 30, 12, 3
		s.OpenPending = 4
	}
	return s
}

// length of a random log in ticks.
const length = 150

// random is a tape of random traces, cut into spans that arrive in any order, some late,
// some twice; with log records, metrics, commands and new settings in between.
func random(t *rapid.T, tb testing.TB, s felt.Settings) *tape {
	p := newTape(tb, s)
	byTick := map[felt.Tick][]span{}
	id := uint64(0)
	pick := func(label string, words ...string) string { return rapid.SampledFrom(words).Draw(t, label) }
	bad := felt.Tick(rapid.IntRange(20, 100).Draw(t, "bad"))
	for trace := range uint64(rapid.IntRange(0, 60).Draw(t, "traces")) {
		at := felt.Tick(rapid.IntRange(1, length-30).Draw(t, "at"))
		base := id
		n := uint64(rapid.IntRange(1, 6).Draw(t, "spans"))
		for i := range n {
			id++
			sp := span{
				trace: trace, id: base + i, kind: felt.SpanKind(rapid.IntRange(0, 5).Draw(t, "kind")),
				service: pick("service", "web", "shop", "pay"), name: pick("op", "a", "b", "c"),
				took: felt.Instant(rapid.IntRange(0, 900).Draw(t, "took")) * sec / 1000,
				end:  felt.Instant(at)*sec - sec - felt.Instant(rapid.IntRange(0, 999).Draw(t, "before"))*sec/1000,
			}
			if i > 0 {
				sp.parent = base + uint64(rapid.IntRange(0, int(n)-1).Draw(t, "parent"))
			}
			if i == 0 && rapid.Bool().Draw(t, "headless") {
				sp.parent = 999_999
			}
			if rapid.IntRange(0, 2).Draw(t, "claims") > 0 {
				sp.interaction = pick("name", "pay", "pay", "checkout", "login")
				sp.outcome = pick("outcome", "", "", "success", "failed", "degraded", "cancelled", "odd")
				if at > bad && sp.outcome != "" {
					sp.outcome = pick("worse", "failed", "failed", "success")
				}
			}
			sp.failed = rapid.IntRange(0, 4).Draw(t, "error") == 0
			sp.user = pick("user", "", fmt.Sprint("u", trace))
			sp.session = pick("session", "", fmt.Sprint("s", trace%7))
			sp.peer = pick("peer", "", "bank")
			tick := at + felt.Tick(rapid.SampledFrom([]int{0, 0, 1, 3, 9, 25, 29}).Draw(t, "delay"))
			if sp.interaction != "" && rapid.IntRange(0, 3).Draw(t, "hidden") == 0 {
				hidden := sp
				hidden.end = min(sp.end+felt.Instant(rapid.IntRange(-3, 3).Draw(t, "hidden at"))*sec, felt.Instant(tick)*sec)
				p.pending(max(tick+felt.Tick(rapid.SampledFrom([]int{-5, -1, 0, 0, 1, 5, 25, 45}).Draw(t, "told")), at), hidden)
				if rapid.IntRange(0, 2).Draw(t, "killed") == 0 {
					continue
				}
			}
			byTick[tick] = append(byTick[tick], sp)
			if rapid.IntRange(0, 9).Draw(t, "twice") == 0 {
				again := tick + felt.Tick(rapid.SampledFrom([]int{0, 5, 40}).Draw(t, "later"))
				byTick[again] = append(byTick[again], sp)
			}
		}
	}
	for _, tick := range slices.Sorted(maps.Keys(byTick)) {
		p.spans(tick, byTick[tick]...)
	}
	for range rapid.IntRange(0, 6).Draw(t, "others") {
		tick := felt.Tick(rapid.IntRange(1, length).Draw(t, "at"))
		switch rapid.IntRange(0, 3).Draw(t, "other") {
		case 0:
			p.event(tick, "login", pick("outcome", "", "failed"), pick("session", "s1", "s2"), felt.Instant(tick)*sec-2*sec)
		case 1:
			p.metric(tick, pick("metric", "x", "y"))
		case 2:
			p.command(tick, felt.Command{
				What: pick("what", felt.CommandAcknowledge, felt.CommandResolve), Target: pick("target", "inc-1", "inc-2"),
				Reason: pick("reason", "", "r"), IdempotencyKey: pick("key", "", "k1", "k2"),
			})
		case 3:
			n := s
			n.Settle = felt.Instant(rapid.IntRange(1, 15).Draw(t, "settle")) * sec
			p.settings(tick, n)
		}
	}
	return p
}

// TestSameBatches: the same log gives the same batches through one goroutine or four,
// with or without its quiet ticks, and cut, saved and restored anywhere.
func TestSameBatches(t *testing.T) {
	checks := 0
	rapid.Check(t, func(rt *rapid.T) {
		if checks++; raced && checks > 10 {
			return // goroutines have met often enough
		}
		s := small(rt)
		p := random(rt, t, s)
		want := encode(t, p.run(engine.New(s), length+60, nil))

		cuts := rapid.IntRange(1, 20).Draw(rt, "cut every")
		n := 0
		cut := p.run(engine.New(s), length+60, func(e *engine.Engine, tick felt.Tick) *engine.Engine {
			if n++; n%cuts != 0 {
				return e
			}
			snapshot := e.AppendSnapshot(nil)
			restored, err := engine.Restore(s, snapshot)
			if err != nil {
				rt.Fatalf("restore at +%d: %v", tick-start, err)
			}
			if again := restored.AppendSnapshot(nil); string(again) != string(snapshot) {
				rt.Fatalf("a restored engine has another snapshot at +%d", tick-start)
			}
			if restored.Next() != e.Next() || restored.CompleteUntil(tick) != e.CompleteUntil(tick) {
				rt.Fatalf("restored at +%d: next %d and complete %d, was %d and %d", tick-start,
					restored.Next(), restored.CompleteUntil(tick), e.Next(), e.CompleteUntil(tick))
			}
			return restored
		})
		if diff := cmp.Diff(want, encode(t, cut)); diff != "" {
			rt.Fatalf("cut every %d ticks (-whole +cut):\n%s", cuts, diff)
		}

		e := engine.New(s)
		var all []felt.Batch
		recs := p.recs
		for tick := start; tick <= start+length+60; tick++ { // quiet ones too
			n := 0
			for n < len(recs) && felt.TickOf(recs[n].At) == tick {
				n++
			}
			all = append(all, runParallel(t, e, tick, recs[:n], 4)...)
			recs = recs[n:]
		}
		if diff := cmp.Diff(want, encode(t, all)); diff != "" {
			rt.Fatalf("every tick, four goroutines (-one +four):\n%s", diff)
		}
	})
}

// TestBucketsAreTheInteractions: the sum of all deltas is what one counts in the final
// rows, and so are sketches, but that they keep who was there before a correction.
func TestBucketsAreTheInteractions(t *testing.T) {
	if raced {
		t.Skip("one goroutine, and too much for it")
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := small(rt)
		s.SeriesMax, s.OpenTries = 1000, 1_000_000
		batches := random(rt, t, s).run(engine.New(s), length+60, nil)
		type line struct {
			felt.Series
			start felt.Instant
		}
		final := map[felt.InteractionID]felt.Interaction{}
		were := map[line]map[felt.Hash]bool{}
		for _, r := range interactions(batches) {
			if old, ok := final[r.ID]; ok && r.Version == old.Version+1 && (r.FirstKnown != old.FirstKnown || old.FirstOutcome != felt.OutcomeNone && r.FirstOutcome != old.FirstOutcome) {
				rt.Fatalf("correction forgets its first version: %+v after %+v", r, old)
			}
			final[r.ID] = r
		}
		// An interaction that was forgotten and came again counts twice in buckets.
		if s.Remember < 900*sec {
			return
		}
		want, got := map[line]felt.Counts{}, map[line]felt.Counts{}
		lineOf := func(r felt.Interaction) line {
			return line{felt.Series{Env: r.Env, App: r.App, Name: r.Name, Kind: r.Kind, Traffic: r.Traffic}, r.End.Floor(10 * sec)}
		}
		for _, r := range final {
			if r.Withdrawn() {
				continue
			}
			c := want[lineOf(r)]
			c.Add(r.Outcome, 1)
			want[lineOf(r)] = c
		}
		for _, r := range interactions(batches) {
			if r.Outcome == felt.OutcomeFailed && !r.Customer.IsZero() {
				if were[lineOf(r)] == nil {
					were[lineOf(r)] = map[felt.Hash]bool{}
				}
				were[lineOf(r)][r.Customer] = true
			}
		}
		failed := map[line]*sketch.Distinct{}
		for _, b := range batches {
			for _, k := range b.Buckets {
				at := line{k.Series, k.Start}
				c := got[at]
				add(&c, k.Counts)
				got[at] = c
				if k.Customers.Failed != nil {
					if failed[at] == nil {
						failed[at] = &sketch.Distinct{}
					}
					if err := failed[at].MergeBinary(k.Customers.Failed); err != nil {
						rt.Fatal(err)
					}
				}
			}
		}
		maps.DeleteFunc(got, func(_ line, c felt.Counts) bool { return c == felt.Counts{} }) // taken back entirely
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("(-interactions +buckets):\n%s", diff)
		}
		for at, who := range were {
			if failed[at] == nil || failed[at].Count() != uint64(len(who)) {
				rt.Fatalf("%v: sketch of %v, want %d customers", at, failed[at], len(who))
			}
		}
	})
}

func add(c *felt.Counts, d felt.Counts) {
	c.Success += d.Success
	c.Degraded += d.Degraded
	c.Failed += d.Failed
	c.Abandoned += d.Abandoned
	c.Cancelled += d.Cancelled
	c.Open += d.Open
}

// TestOrderInsideATick: shuffling what arrives in a tick changes no interaction.
func TestOrderInsideATick(t *testing.T) {
	if raced {
		t.Skip("one goroutine, and too much for it")
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := felt.DefaultSettings()
		p := random(rt, t, s)
		want := show(p.run(engine.New(s), length+60, nil))
		byTick := map[felt.Tick][]int{}
		for i, r := range p.recs {
			if r.Kind != felt.KindTelemetry {
				continue // of two settings the last one stands
			}
			byTick[felt.TickOf(r.At)] = append(byTick[felt.TickOf(r.At)], i)
		}
		shuffled := slices.Clone(p.recs)
		for _, tick := range slices.Sorted(maps.Keys(byTick)) {
			places := byTick[tick]
			order := rapid.Permutation(places).Draw(rt, "order")
			for i, place := range places {
				shuffled[place] = p.recs[order[i]]
			}
		}
		q := &tape{t: t, recs: shuffled}
		if diff := cmp.Diff(want, show(q.run(engine.New(s), length+60, nil))); diff != "" {
			rt.Fatalf("(-log order +shuffled):\n%s", diff)
		}
	})
}

func show(batches []felt.Batch) []string {
	var out []string
	for _, r := range interactions(batches) {
		out = append(out, fmt.Sprintf("%+v", r))
	}
	slices.Sort(out)
	return out
}
