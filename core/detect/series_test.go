package detect

import (
	"encoding/binary"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/felt-cx/felt"
)

// TestACustomerOnceAWindow: however often customers try in a window, each counts once, by the
// worst that happened: as a plain list of customers has it.
func TestACustomerOnceAWindow(t *testing.T) {
	outcomes := []felt.Outcome{felt.OutcomeSuccess, felt.OutcomeDegraded, felt.OutcomeAbandoned, felt.OutcomeFailed} // the worse the later
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(nil)
		worst := map[uint64]int{}
		for range rapid.IntRange(1, 60).Draw(rt, "tries") {
			who, how := uint64(rapid.IntRange(1, 12).Draw(rt, "who")), rapid.IntRange(0, 3).Draw(rt, "outcome")
			r := w.row("pay", outcomes[how])
			binary.BigEndian.PutUint64(r.Customer[:], who)
			r.Segments = region([]string{"eu", "us"}[who%2])
			w.give(r)
			if was, ok := worst[who]; !ok || how > was {
				worst[who] = how
			}
		}
		var want [4]int64
		for _, how := range worst {
			want[how]++
		}
		s := w.d.order[0]
		s.close(start+10, nil)
		c := s.counts
		if got := [4]int64{c.Success, c.Degraded, c.Abandoned, c.Failed}; got != want || len(c.Took) != int(want[0]+want[1]) {
			rt.Fatalf("%v, want %v; %d durations", got, want, len(c.Took))
		}
	})
}

// TestACrowdIsSampled: of more customers than are held a part is judged, the shares stay what
// they are, and how many came is still known.
func TestACrowdIsSampled(t *testing.T) {
	w := newWorld(nil)
	for range 300_000 {
		o := felt.OutcomeSuccess
		if w.rng.Float64() < .2 {
			o = felt.OutcomeFailed
		}
		w.give(w.row("pay", o))
	}
	s := w.d.order[0]
	if len(s.open) > SampleMax {
		t.Errorf("%d are held", len(s.open))
	}
	s.close(start+10, nil)
	c := s.counts
	came, share := c.Decided()*c.Scale, float64(c.Failed)/float64(c.Decided())
	if c.Scale < 4 || came < 290_000 || came > 310_000 || share < .19 || share > .21 {
		t.Errorf("%d came, %.3f of %d failed", came, share, c.Decided())
	}
	if s.done(); s.skip != 0 || len(s.open) != 0 {
		t.Error("the next window begins sampled")
	}
}

// TestAllOfTheTrafficIsNoSegment: a value that everybody has, or nearly, is not told beside the whole.
func TestAllOfTheTrafficIsNoSegment(t *testing.T) {
	for _, rare := range []float64{0, .05} {
		w := newWorld(nil)
		all := func(share float64) func(int) {
			return func(int) {
				w.many("pay", 5, share, func(r *felt.Interaction) { r.Release = "1.0" })
				w.many("pay", 5*rare, .01, func(r *felt.Interaction) { r.Release = "0.9" })
			}
		}
		w.run(3600, all(.01))
		for _, f := range opened(w.run(600, all(.04))) {
			if f.Series.SegmentKey != "" {
				t.Errorf("rare %g: %s", rare, f.Explanation)
			}
		}
	}
}

// TestSizes: what there are hundreds of thousands of stays as small as [Detector.Bytes] says.
func TestSizes(t *testing.T) {
	for _, x := range []struct {
		is   uintptr
		said int
	}{
		{unsafe.Sizeof(value{}), valueBytes},
		{unsafe.Sizeof(odd{}), oddBytes},
		{unsafe.Sizeof(try{}), tryBytes},
		{unsafe.Sizeof(entry{}), entryBytes},
		{unsafe.Sizeof(series{}), seriesBytes},
		{unsafe.Sizeof(sample{}), sampleBytes},
	} {
		if int(x.is) > x.said {
			t.Errorf("%d bytes, said are %d", x.is, x.said)
		}
	}
}
