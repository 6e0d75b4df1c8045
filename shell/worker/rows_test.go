package worker

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/felt-cx/felt"
)

var clocks = []felt.Clock{felt.ClockWall, felt.ClockEvent}

// TestSameRows: however many goroutines there are, and however early telemetry is
// applied, the rows are those of the engine alone.
func TestSameRows(t *testing.T) {
	for _, clock := range clocks {
		recs := shopLog(1, clock, 90, 12)
		want := reference(t, clock, recs)
		rows := strings.Join(mapValues(want), "\n")
		for _, kind := range []string{`"FirstOutcome":"failed"`, `"Version":2`, `"fnd-`, `"inc-`, `"SelfTime"`, `"what":"incident.acknowledge"`, `"Width":10`} {
			if !strings.Contains(rows, kind) {
				t.Errorf("%s: the log makes no row with %s: it tests less than it should", clock, kind)
			}
		}
		for _, workers := range []int{1, 4, 99} {
			for _, gather := range []int{1, 5000, 0} {
				t.Run(fmt.Sprint(clock, " workers ", workers, " gather ", gather), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t, recs)
						opts := w.options(t.TempDir(), clock)
						opts.Workers, opts.GatherBytes = workers, gather
						if done, err := w.once(t, opts, nil); !done || err != nil {
							t.Fatal("ended early:", err)
						}
						w.store.check(t, want)
					})
				})
			}
		}
	}
}

func mapValues(m map[string]string) []string {
	var list []string
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

// TestCuts: workers that are stopped or killed at any moment, one after the other, make
// the rows of one that was not; also when snapshots are lost or damaged in between.
func TestCuts(t *testing.T) {
	for _, clock := range clocks {
		recs := shopLog(2, clock, 45, 8)
		want := reference(t, clock, recs)
		for seed := range uint64(25) {
			t.Run(fmt.Sprint(clock, " ", seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { cutRun(t, seed, clock, recs, want) })
			})
		}
	}
}

func cutRun(t *testing.T, seed uint64, clock felt.Clock, recs []felt.Record, want map[string]string) {
	rnd := rand.New(rand.NewPCG(seed, 3))
	w := newWorld(t, recs)
	dir := t.TempDir()
	for life := range 12 {
		opts := w.options(dir, clock)
		opts.Workers, opts.QueueTicks, opts.QueueRows = 1+rnd.IntN(4), 1+rnd.IntN(8), 1+rnd.IntN(2000)
		if rnd.IntN(2) == 0 {
			opts.GatherBytes = 1 + rnd.IntN(3000)
		}
		var stop func(felt.Progress) bool
		w.at = 0
		if rnd.IntN(2) == 0 { // killed at some operation
			w.at, w.mode = w.ops.Load()+1+int64(rnd.IntN(60)), killed+mode(rnd.IntN(2))
		} else {
			until := w.store.tick() + felt.Tick(1+rnd.IntN(40))
			stop = func(p felt.Progress) bool { return p.Tick >= until }
		}
		done, err := w.once(t, opts, stop)
		if err != nil && !w.trip.Load() {
			t.Fatalf("life %d: %v", life, err)
		}
		w.dead.Store(false)
		w.trip.Store(false)
		if done {
			break
		}
		w.files.damage(rnd)
	}
	w.at = 0
	w.finish(t, w.options(dir, clock))
	w.store.check(t, want)
}

func (l *ledger) tick() felt.Tick {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(l.cursor.Tick, felt.TickOf(begin))
}

// damage does something to the snapshots, or nothing.
func (f *memFiles) damage(rnd *rand.Rand) {
	f.mu.Lock()
	defer f.mu.Unlock()
	what := rnd.IntN(8)
	for name, b := range f.files {
		if rnd.IntN(2) == 0 || len(b) < snapHeader { // hardly begun when the process went
			continue
		}
		switch what {
		case 0:
			delete(f.files, name)
		case 1:
			b[rnd.IntN(len(b))] ^= 1 << rnd.IntN(8)
		case 2:
			f.files[name] = b[:rnd.IntN(len(b))]
		case 3:
			b[len(snapMagic)+1]++ // of another engine version
		case 4:
			f.files[name] = nil
		}
	}
}

// TestAhead: a snapshot whose rows the store does not have, because it was put back or
// because the process ended between the two, is not started from.
func TestAhead(t *testing.T) {
	recs := shopLog(3, felt.ClockWall, 60, 8)
	want := reference(t, felt.ClockWall, recs)
	for _, again := range []felt.Tick{0, 1, 30, 100} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, recs)
			dir := t.TempDir()
			w.finish(t, w.options(dir, felt.ClockWall))
			// The store is put back to what it was after some ticks.
			back := &ledger{world: w, ticks: map[line]felt.Tick{}, rows: map[string]string{}}
			if again > 0 {
				was := newWorld(t, recs)
				until := felt.TickOf(begin) + again
				if _, err := was.once(t, was.options(t.TempDir(), felt.ClockWall), func(p felt.Progress) bool { return p.Tick >= until }); err != nil {
					t.Fatal(err)
				}
				back = was.store
				back.world = w
			}
			w.store = back
			w.finish(t, w.options(dir, felt.ClockWall))
			w.store.check(t, want)
		})
	}
}
