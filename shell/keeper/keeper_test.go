package keeper

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/mem"
)

// running runs a keeper until the returned function is called.
func running(t *testing.T, k *Keeper) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	return func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func value(k *Keeper, name string) float64 {
	for _, m := range k.Metrics() {
		if m.Name == name {
			return m.Value
		}
	}
	return math.NaN()
}

// TestKeeps: all of the traces worth keeping, whole, and nothing of the others.
func TestKeeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		k := w.keeper()
		stop := running(t, k)
		for range 60 {
			w.traffic(10)
			time.Sleep(10 * time.Second)
		}
		if lag := value(k, "felt_keeper_behind_seconds"); lag < 85 || lag > 105 {
			t.Errorf("%v s behind the engine", lag)
		}
		for range 25 {
			w.quiet(10)
			time.Sleep(10 * time.Second)
		}
		stop()
		w.verify()
		if n := value(k, "felt_keeper_rescans_total"); n != 0 {
			t.Errorf("%v second looks, though nothing was late", n)
		}
	})
}

// TestKeepsShare: the share of the good is that of the store, and a keeper that starts
// with a backlog keeps the same.
func TestKeepsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		w.traffic(500)
		w.quiet(250)
		const share = 0.25
		for id, keep := range w.kept {
			w.kept[id] = keep || float64(id[0])*256+float64(id[1]) < share*65536
		}
		k := w.keeper(func(o *Options) { o.Share = share })
		stop := running(t, k)
		time.Sleep(time.Minute)
		stop()
		w.verify()
	})
}

// TestQuietLog: when nothing happens any more, not even ticks, all is kept all the same.
func TestQuietLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 3)
		w.traffic(100)
		w.quiet(50) // what is late, and what is decided
		k := w.keeper()
		stop := running(t, k)
		time.Sleep(time.Minute)
		if value(k, "felt_keeper_behind_seconds") < 80 {
			t.Error("it does not wait for the engine")
		}
		time.Sleep(2 * time.Minute)
		stop()
		w.verify()
	})
}

// TestDecidedLate: a trace named long after its spans were passed is fetched, by the
// keeper that passed them and by one that starts afterwards.
func TestDecidedLate(t *testing.T) {
	for _, restart := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 4)
			k := w.keeper()
			stop := running(t, k)
			w.traffic(120)
			for range 20 {
				w.second(func() { w.visit(felt.OutcomeFailed, true, 10, 500) })
			}
			for range 40 {
				w.traffic(10)
				time.Sleep(10 * time.Second)
			}
			if restart {
				stop()
				k = w.keeper()
				stop = running(t, k)
			}
			for range 30 {
				w.traffic(10)
				time.Sleep(10 * time.Second)
			}
			for range 30 {
				w.quiet(10)
				time.Sleep(10 * time.Second)
			}
			stop()
			w.verify()
			if late, looks := value(k, "felt_keeper_late_traces_total"), value(k, "felt_keeper_rescans_total"); late != 20 || looks < 1 || looks > 2 {
				t.Errorf("restart %v: %v late traces, %v second looks", restart, late, looks)
			}
		})
	}
}

// TestDecidedTooLate: what the log has let go of is counted.
func TestDecidedTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 5)
		w.log = mem.NewLog(mem.LogOptions{MaxAge: 5 * time.Minute})
		k := w.keeper()
		stop := running(t, k)
		lost := w.visit(felt.OutcomeFailed, false, 1, 900)
		for range 150 {
			w.traffic(10)
			time.Sleep(10 * time.Second)
			w.check(w.log.Trim(t.Context(), k.Hold()))
		}
		stop()
		if spans, _, _ := w.store.Trace(t.Context(), lost); len(spans) != 0 {
			t.Errorf("%d spans from a log that has none", len(spans))
		}
		if n := value(k, "felt_keeper_late_traces_unreached_total"); n != 1 {
			t.Errorf("%v traces unreached", n)
		}
	})
}

// TestCrashes: keepers that stop anywhere, over a store that fails half-way through
// writes, keep what one keeper would have kept.
func TestCrashes(t *testing.T) {
	for seed := range uint64(6) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 10+seed)
			fail := false
			w.store = mem.NewStore(mem.StoreOptions{NoTransactions: seed%2 == 0, FailWrite: func(int) error {
				if fail && w.rnd.IntN(40) == 0 {
					return errors.New("test: the disk is gone")
				}
				return nil
			}})
			w.traffic(10)
			for range 25 {
				fail = false
				for range 15 {
					w.second(func() {
						w.visit(felt.OutcomeFailed, true, 20, 5)
						w.visit(felt.OutcomeSuccess, false, 20, 5)
						if w.rnd.IntN(10) == 0 {
							w.visit(felt.OutcomeDegraded, true, 5, 150+w.rnd.IntN(300))
						}
					})
				}
				fail = true
				small, life := w.rnd.IntN(2) == 0, time.Duration(w.rnd.IntN(12_000))*time.Millisecond
				k := w.keeper(func(o *Options) {
					o.RescanEvery = time.Second
					if small {
						o.HeldBytes, o.BatchSpans, o.RescanBytes = 20_000, 7, 3_000
					}
				})
				stop := running(t, k)
				time.Sleep(life)
				stop()
			}
			fail = false
			w.quiet(600)
			stop := running(t, w.keeper())
			time.Sleep(10 * time.Minute)
			stop()
			w.verifyCounts()
		})
	}
}

// verifyCounts compares numbers of spans only: under a small bound, log records may be
// with other spans of their trace.
func (w *world) verifyCounts() {
	w.t.Helper()
	for id, keep := range w.kept {
		spans, _, err := w.store.Trace(w.t.Context(), id)
		if err != nil && !errors.Is(err, felt.ErrNotFound) {
			w.t.Fatal(err)
		}
		if want := map[bool]int{true: 3}[keep]; len(spans) != want {
			w.t.Errorf("trace %s has %d spans, want %d", id, len(spans), want)
		}
	}
}

// TestHold: the log is held in front of what a crash would need again, and let go of when
// the keeper does not get on.
func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 6)
		var broken atomic.Bool
		w.store = mem.NewStore(mem.StoreOptions{FailWrite: func(int) error {
			if broken.Load() {
				return errors.New("test: no")
			}
			return nil
		}})
		k := w.keeper()
		if k.Hold() != 0 {
			t.Error("a keeper that has not started holds nothing")
		}
		stop := running(t, k)
		for range 40 {
			w.traffic(10)
			time.Sleep(10 * time.Second)
		}
		held := k.Hold()
		if held == 0 || held != k.Seq() || held > w.engine().Seq {
			t.Errorf("holds %d of %d", held, w.engine().Seq)
		}
		broken.Store(true)
		time.Sleep(10 * time.Minute)
		if got := k.Hold(); got < held || got > w.engine().Seq {
			t.Errorf("holds %d while the store is away, was %d", got, held)
		}
		time.Sleep(20 * time.Minute)
		if k.Hold() != math.MaxUint64 || value(k, "felt_keeper_holds_log") != 0 {
			t.Errorf("holds %d for ever", k.Hold())
		}
		broken.Store(false)
		for range 30 {
			w.quiet(10)
			time.Sleep(10 * time.Second)
		}
		if k.Hold() == math.MaxUint64 {
			t.Error("does not hold again")
		}
		stop()
		w.verify()
	})
}

// TestBounds: each bound costs what its metric says, and nothing else.
func TestBounds(t *testing.T) {
	for _, c := range []struct {
		name   string
		set    func(*Options)
		metric string
		whole  bool
	}{
		{"held bytes", func(o *Options) { o.HeldBytes = 50_000 }, "felt_keeper_held_early_total", true},
		{"traces", func(o *Options) { o.Traces = 5 }, "felt_keeper_traces_evicted_total", false},
		{"spans of a trace", func(o *Options) { o.TraceSpans = 2 }, "felt_keeper_dropped_spans_total", false},
		{"late", func(o *Options) { o.Late = 1; o.Behind = time.Second; o.RescanEvery = time.Hour }, "felt_keeper_late_traces_missed_total", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 7)
				k := w.keeper(c.set)
				stop := running(t, k)
				for range 20 {
					w.traffic(10)
					time.Sleep(10 * time.Second)
				}
				for range 25 {
					w.quiet(10)
					time.Sleep(10 * time.Second)
				}
				stop()
				if n := value(k, c.metric); !(n > 0) {
					t.Errorf("%s = %v", c.metric, n)
				}
				if c.whole {
					w.verifyCounts()
				}
			})
		})
	}
}

func TestStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 8)
		w.traffic(300)
		first := w.keeper()
		done := make(chan error, 1)
		go func() { done <- first.Run(t.Context()) }()
		time.Sleep(20 * time.Second)
		stop := running(t, w.keeper())
		w.traffic(100)
		time.Sleep(20 * time.Second)
		w.traffic(100)
		if err := <-done; !errors.Is(err, felt.ErrStale) {
			t.Errorf("the first keeper ended with %v", err)
		}
		stop()
	})
}

// TestLogReplaced: a log that ends before the keeper's place is not read on as if it were
// the same.
func TestLogReplaced(t *testing.T) {
	w := newWorld(t, 9)
	w.check(w.store.Write(t.Context(), felt.Batch{
		ID:     felt.BatchID{Stage: felt.StageKeeper, Tick: 5},
		Cursor: felt.Cursor{Name: CursorName, Seq: 1000, Tick: 5, Epoch: 1},
	}))
	w.traffic(2)
	if err := w.keeper().Run(t.Context()); err == nil {
		t.Error("no error")
	}
}
