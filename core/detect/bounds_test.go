package detect

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
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
		q.add(try{series: uint32(i % 7), known: felt.Tick(i), who: uint64(i)})
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
