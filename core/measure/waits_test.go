package measure

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/felt-cx/felt/core/sketch"
)

// TestWaits: a cell's waits are the sketch of all durations, whether there is one or not, also when
// they are saved and loaded, and when sketches are used again.
func TestWaits(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var spare spareWaits
	var room pieces
	for round := range 2000 {
		if round%10 == 0 {
			spare.drop()
		}
		var w waits
		var want sketch.Latency
		check := func() {
			t.Helper()
			got := room.add(func(b []byte) []byte { return w.appendBinary(b, &spare) })
			if !bytes.Equal(got, want.AppendBinary(nil)) || w.count != int64(want.Count()) {
				t.Fatalf("round %d: %d durations differ", round, want.Count())
			}
		}
		n := rnd.IntN(5)
		if round%100 == 0 {
			n = 1000 // a sketch too large to keep
		}
		check()
		for range n {
			ns := rnd.Int64N(1e12) - 1e6 // clocks differ
			w.add(ns, &spare)
			want.Add(ns, 1)
			check()
			if rnd.IntN(3) == 0 {
				l, err := sketch.ParseLatency(w.appendBinary(nil, &spare))
				if err != nil {
					t.Fatal(err)
				}
				w = waitsOf(w.count, l)
				check()
			}
		}
		if n == 1 && w.more != nil {
			t.Fatal("a sketch for one duration")
		}
		spare.give(&w)
	}
	if len(spare.list) > 10 {
		t.Errorf("%d sketches are kept that nobody needed", len(spare.list))
	}
}
