package worker

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/mem"
)

// TestFaults: whichever operation on files, log or store fails, in whichever way, the
// rows are the same in the end.
func TestFaults(t *testing.T) {
	for _, clock := range clocks {
		recs := shopLog(4, clock, 14, 4)
		want := reference(t, clock, recs)
		var clean int64
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, recs)
			opts := w.faultOptions(t, clock)
			w.finish(t, opts)
			w.finish(t, opts) // and the start from what is there
			clean = w.ops.Load()
			w.store.check(t, want)
		})
		for m := range modes {
			t.Run(fmt.Sprint(clock, " ", m), func(t *testing.T) { faultRuns(t, m, clock, clean, recs, want) })
		}
	}
}

// faultRuns makes every third operation fail in one way; which, differs from way to way.
func faultRuns(t *testing.T, m mode, clock felt.Clock, clean int64, recs []felt.Record, want map[string]string) {
	const step = 3
	hit := int64(0)
	for i := 1 + int64(m)%step; i <= clean; i += step {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, recs)
			w.at, w.mode = i, m
			opts := w.faultOptions(t, clock)
			w.finish(t, opts)
			w.finish(t, opts)
			if w.trip.Load() {
				hit++
			}
			w.store.check(t, want)
		})
		if t.Failed() {
			t.Fatalf("operation %d of %d", i, clean)
		}
	}
	if hit < clean/step/2 {
		t.Errorf("only %d of %d faults were met", hit, clean/step)
	}
}

// faultOptions make many small writes and snapshots; in an event log one with each tick
// that has a record, so that some are ahead of rows of ticks that have none.
func (w *world) faultOptions(t *testing.T, clock felt.Clock) Options {
	opts := w.options(t.TempDir(), clock)
	opts.QueueTicks, opts.GatherBytes = 2, 2000
	if clock == felt.ClockEvent {
		opts.QueueTicks, opts.SnapshotEvery = 1, time.Nanosecond
	}
	return opts
}

// TestRowByRow: a store without transactions that fails between any two rows has every
// row once in the end, also when the process goes with it.
func TestRowByRow(t *testing.T) {
	recs := shopLog(5, felt.ClockWall, 30, 5)
	clean := mem.NewStore(mem.StoreOptions{})
	runOn(t, recs, clean, t.TempDir(), nil)
	want := answers(t, clean)
	for _, dies := range []bool{false, true} {
		for seed := range 15 {
			synctest.Test(t, func(t *testing.T) {
				var kill func()
				n, next, dead := 0, 5+3*seed, false
				store := mem.NewStore(mem.StoreOptions{NoTransactions: true, FailWrite: func(int) error {
					if n++; !dead && n < next {
						return nil
					}
					next = n + n/4 + 7 // ever more rarely, so that it ends
					if dead = dies; dies {
						kill()
					}
					return errInjected
				}})
				dir := t.TempDir()
				for range 200 {
					if runOn(t, recs, store, dir, &kill) == nil && !dead {
						break
					}
					dead = false
				}
				if got := answers(t, store); got != want {
					t.Errorf("%v %d: the store answers\n%.3000s\nwant\n%.3000s", dies, seed, got, want)
				}
			})
		}
	}
}

// runOn runs one worker over the records until all is in the store, or it ends.
func runOn(t *testing.T, recs []felt.Record, store felt.Store, dir string, kill *func()) error {
	t.Helper()
	w := newWorld(t, recs)
	opts := w.options(dir, felt.ClockWall)
	opts.Store, opts.Files, opts.QueueTicks = store, nil, 3
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if kill != nil {
		*kill = cancel
	}
	worker, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx) }()
	for {
		changed := worker.Changed()
		if worker.Progress().Seq >= w.want {
			cancel()
			return <-ended
		}
		select {
		case <-changed:
		case err := <-ended:
			if err == nil {
				err = ctx.Err()
			}
			return err
		}
	}
}

// answers is all that can be asked of the store.
func answers(t *testing.T, s felt.Store) string {
	t.Helper()
	ctx := context.Background()
	q := felt.Question{Scope: felt.Scope{Env: "production"}, Window: felt.Window{From: begin - felt.Minute, To: begin + felt.Hour}}
	var out string
	add := func(v any, err error) {
		if err != nil {
			t.Fatal(err)
		}
		out += fmt.Sprintf("%+v\n", v)
	}
	list, _, err := s.Interactions(ctx, q, felt.OutcomeNone, 100_000, "")
	add(list, err)
	im, err := s.Impact(ctx, q)
	add(im, err)
	stats, err := s.ScopeStats(ctx, q)
	add(stats, err)
	points, err := s.Points(ctx, q, 10*felt.Second, "")
	add(points, err)
	ops, err := s.Operations(ctx, "production", "", q.Window)
	add(ops, err)
	edges, err := s.Edges(ctx, "production", q.Window)
	add(edges, err)
	incidents, err := s.Incidents(ctx, "production", 100)
	for i := range incidents {
		incidents[i].Impact.Sessions = felt.Distinct{} // after a loss of the state: since then
	}
	add(incidents, err)
	return out
}

// TestRedelivery: a request that was appended although its sender was told otherwise
// comes again; each try is counted once.
func TestRedelivery(t *testing.T) {
	recs := shopLog(6, felt.ClockWall, 60, 8)
	ctx := context.Background()
	log := mem.NewLog(mem.LogOptions{Fail: func(rs []felt.Record) (bool, error) {
		return true, nil
	}})
	fails := 0
	flaky := mem.NewLog(mem.LogOptions{Fail: func(rs []felt.Record) (bool, error) {
		if fails++; fails%3 == 0 {
			return fails%2 == 0, errInjected
		}
		return false, nil
	}})
	for _, r := range recs {
		if _, err := log.Append(ctx, r); err != nil {
			t.Fatal(err)
		}
		for {
			_, err := flaky.Append(ctx, r)
			if err == nil {
				break
			}
			if !errors.Is(err, errInjected) {
				t.Fatal(err)
			}
		}
	}
	count := func(l *mem.Log) (im felt.Impact) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, recs)
			last, err := l.Last(ctx)
			if err != nil {
				t.Fatal(err)
			}
			w.log, w.want = l, last.Seq-5 // the last tick may be there more than once
			store := mem.NewStore(mem.StoreOptions{})
			opts := w.options(t.TempDir(), felt.ClockWall)
			opts.Store = store
			if done, err := w.once(t, opts, nil); !done {
				t.Fatal(err)
			}
			im, err = store.Impact(ctx, felt.Question{Scope: felt.Scope{Env: "production"}, Window: felt.Window{From: begin - felt.Minute, To: begin + felt.Hour}})
			if err != nil {
				t.Fatal(err)
			}
		})
		return im
	}
	if got, want := count(flaky), count(log); got != want || want.Counts.Failed == 0 {
		t.Errorf("with redelivery %+v, without %+v", got, want)
	}
}
