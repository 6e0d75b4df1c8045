package detect

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/signal"
)

// again is the detector as it comes out of a snapshot of d.
func again(t *testing.T, d *Detector) *Detector {
	t.Helper()
	e := &codec.Encoder{}
	d.Save(e)
	back := New(d.settings)
	back.Rules(d.rules)
	dec := codec.NewDecoder(e.B)
	back.Load(dec)
	if err := dec.Err(); err != nil {
		t.Fatal(err)
	}
	return back
}

// TestACutDoesNotCount: the number of tests, and with it the thresholds, are looked at when they
// are due and not because of a restore.
func TestACutDoesNotCount(t *testing.T) {
	play := func(cut int) []byte {
		w := newWorld(nil)
		values := 1
		rows := w.run(1200, func(i int) {
			if i == cut {
				w.d = again(t, w.d)
			}
			if i%20 == 0 {
				values++
			}
			share := .01
			if i > 905 {
				share = .05
			}
			w.many("pay", 20, share, func(r *felt.Interaction) {
				v := fmt.Sprint(w.customer % uint64(values))
				r.Segments = []felt.Segment{{Key: "device", Value: v}, {Key: "plan", Value: v}, {Key: "region", Value: v}}
			})
		})
		b, err := json.Marshal(rows)
		if err != nil || len(rows) == 0 {
			t.Fatalf("%d rows: %v", len(rows), err)
		}
		return b
	}
	whole := play(-1)
	for _, cut := range []int{500, 777, 915} {
		if !bytes.Equal(play(cut), whole) {
			t.Errorf("cut at %d s, the findings are others", cut)
		}
	}
}

// TestTriesOfASeriesAreFoundInOrder: however often they are asked for, and with an order by
// series when it is often, since everything may fail at once.
func TestTriesOfASeriesAreFoundInOrder(t *testing.T) {
	q := &fifo{}
	for i := range 5000 {
		q.add(try{series: uint32(i % 7), known: uint32(i), who: uint64(i)})
	}
	q.prune(100)
	list := func(id uint32) (got []uint64) {
		q.of(id, func(y *try) { got = append(got, y.who) })
		return got
	}
	want := fmt.Sprint(list(3))
	for range 2 * scansMost {
		if got := fmt.Sprint(list(3)); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
	if q.places == nil {
		t.Error("each question goes through the whole list")
	}
	q.add(try{series: 3, known: 5000, who: 5000})
	if got := list(3); got[len(got)-1] != 5000 {
		t.Error("what came since is not found")
	}
}

// TestWhatFindsNoRoomCostsLittle: names that are refused must not each go through all series; room
// is made when it is time for that.
func TestWhatFindsNoRoomCostsLittle(t *testing.T) {
	w := newWorld(nil)
	w.d.settings.SeriesMax = 100
	give := func(name string) { w.give(w.row(name, felt.OutcomeSuccess)) }
	for i := range 200 {
		give(fmt.Sprint("old", i))
	}
	if held, _, refused := w.d.Stats(); held != 100 || refused != 100 {
		t.Fatalf("%d held, %d refused", held, refused)
	}
	w.run(int(liveFor)+2*int(reviewed), nil)
	give("new")
	if w.d.series[key{"production", "shop", "new", felt.KindStep}] == nil {
		t.Error("no room although all are idle for a day")
	}
	w.d.settings.SeriesMax = 1
	before := len(w.d.order)
	give("newer")
	if len(w.d.order) != before {
		t.Error("a refused name made room")
	}
}

// TestNothingBeganAfterItWasFound, though a customer's clock is ahead.
func TestNothingBeganAfterItWasFound(t *testing.T) {
	w := newWorld(nil)
	rows := w.run(4200, func(i int) {
		share := .01
		if i > 3600 {
			share = .5
		}
		w.many("pay", 5, share, func(r *felt.Interaction) { r.End += 40 * felt.Second })
	})
	if len(opened(rows)) == 0 {
		t.Fatal("nothing found")
	}
	for _, f := range rows {
		if f.Since > f.Opened.Instant() {
			t.Errorf("began %s after it opened: %s", span(felt.TickOf(f.Since)-f.Opened), f.Explanation)
		}
	}
}

// TestAFewCustomersAreNotTheNews: one customer or three who fail, or wait, in every window open
// nothing beside others who have the luck that they always have; everybody's trouble still does.
func TestAFewCustomersAreNotTheNews(t *testing.T) {
	for _, others := range []float64{.02, .3, 1, 5} {
		for _, n := range []uint64{1, 3} {
			for _, slow := range []bool{false, true} {
				w := newWorld(nil)
				w.rng = rand.New(rand.NewPCG(5, n))
				rows := w.run(2*3600, func(i int) {
					w.many("pay", others, .01, nil)
					if i < 3700 {
						return
					}
					for c := range n {
						r := w.row("pay", felt.OutcomeFailed)
						if slow {
							r.Outcome, r.Duration = felt.OutcomeSuccess, int64(felt.Minute)
						}
						r.Segments = region("noisy")
						binary.BigEndian.PutUint64(r.Customer[:], c+1)
						w.give(r)
					}
				})
				for _, f := range opened(rows) {
					t.Errorf("%g/s and %d who always fail: %s", others, n, f.Explanation)
				}
				from := w.now
				rows = opened(w.run(600, func(int) { w.many("pay", max(others, .3), .6, nil) }))
				if len(rows) == 0 || rows[0].Opened-from > 300 { // an hour of the few hides some of it
					t.Errorf("%g/s and %d who always fail: when six of ten fail, it is not told: %s", others, n, kinds(rows))
				}
			}
		}
	}
}

// TestFewCountsCustomers: a handful nearly exactly, thousands to some per cent, those who come again
// and again hardly more than once; and never more, of different ones, than there were.
func TestFewCountsCustomers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 4, 12, 100, 3000} {
		var f few
		for range n {
			f.add(rng.Uint64())
			for who := range uint64(3) {
				f.add(who)
			}
		}
		most := float64(n) + 3
		if c := f.count(); c < .8*most-1 || c > 1.25*most+1 {
			t.Errorf("%d and three: %g", n, c)
		}
		if c := f.least(3); c > 1.03*most+1 {
			t.Errorf("%d and three: %g at least", n, c)
		}
	}
}

// TestAFewWhoStopAreNoDrop: that three customers who came in every window do not come any more is
// nothing that happened to customers; that thirty do not, is.
func TestAFewWhoStopAreNoDrop(t *testing.T) {
	for _, c := range []struct {
		customers uint64
		every     int // seconds between two visits of each
		drop      bool
	}{{1, 10, false}, {2, 10, false}, {3, 10, false}, {3, 60, false}, {3, 1, false}, {30, 100, true}, {30, 600, true}} {
		w := newWorld(nil)
		visits := func(i int) {
			for who := range c.customers {
				if (i+int(who)*c.every/int(c.customers))%c.every == 0 {
					r := w.row("pay", felt.OutcomeSuccess)
					binary.BigEndian.PutUint64(r.Customer[:], (who+1)*0x9e3779b97f4a7c15)
					w.give(r)
				}
			}
		}
		if rows := w.run(2*3600, visits); len(rows) > 0 {
			t.Errorf("%+v: %s", c, rows[0].Explanation)
		}
		if rows := w.run(3600, nil); (kinds(rows) == "drop ") != c.drop {
			t.Errorf("%+v: %q", c, kinds(rows))
		}
	}
}

// TestOldSegmentValuesMakeRoom: of a release that comes after fifty others is told by its name that
// everything fails in it, once one of those is gone for a day; until then it is other, of which there
// is one, also when customers send that word.
func TestOldSegmentValuesMakeRoom(t *testing.T) {
	w := newWorld(nil)
	w.d.settings.SegmentMax = 4
	release := func(name string) func(*felt.Interaction) {
		return func(r *felt.Interaction) { r.Release = name }
	}
	for _, name := range []string{"1", otherValue, "2", "3", "4", "5"} {
		w.many("pay", 100, 0, release(name))
	}
	names := func() (list []string) {
		for _, m := range w.d.order[0].dims {
			for i := range m.values {
				list = append(list, *m.values[i].name)
			}
		}
		return list
	}
	w.run(10, nil)
	if got := fmt.Sprint(names()); got != "[1 other 2 3]" {
		t.Fatalf("%s", got)
	}
	w.run(int(liveFor)+20, func(i int) {
		if i%60 == 0 {
			w.many("pay", 60, .01, release("3"))
		}
	})
	w.d = again(t, w.d)
	n := 0
	rows := w.run(300, func(int) {
		w.many("pay", 5, 0, func(r *felt.Interaction) {
			if r.Release = "3"; n%10 == 0 {
				r.Release, r.Outcome = "6", felt.OutcomeFailed
			}
			n++
		})
	})
	named := false
	for _, f := range rows {
		named = named || f.Series.SegmentValue == "6" || slices.Contains(f.Segments, felt.Segment{Key: "release", Value: "6"})
	}
	if got := fmt.Sprint(names()); got != "[6 other 2 3]" || !named {
		t.Errorf("%s, named %t", got, named)
	}
}

// TestAtItsLimitIsToldOnce: a value that goes to and fro at its limit is one finding.
func TestAtItsLimitIsToldOnce(t *testing.T) {
	w := newWorld(nil)
	found := 0
	for i := range 3 * 3600 / 60 {
		w.run(60, nil)
		x := 50.0
		if i >= 60 && i < 120 {
			x = 100 + float64(i%3)*2 - 3
		}
		w.d.Sample(&signal.Sample{
			Env: "production", App: "shop", Journey: "pay", Name: "disk", Kind: felt.SignalTechnical,
			Time: w.now.Instant(), Value: x, Limit: 100, HasLimit: true, N: 1,
		})
	}
	w.run(10, nil)
	ended := felt.Tick(0)
	for _, f := range w.found {
		if f.Kind == felt.FindingSaturation && f.Opened == f.Updated && f.Ended == 0 {
			found++
		} else if f.Kind == felt.FindingSaturation {
			ended = f.Ended
		}
	}
	if found != 1 || ended == 0 {
		t.Errorf("%d findings, ended at %d", found, ended)
	}
}
