package detect

import (
	"testing"

	"github.com/felt-cx/felt"
)

// TestSmallestIsSeen: an effect somewhat larger than what is told is seen in that time, one far
// smaller is not, and the longer the time, the smaller it is.
func TestSmallestIsSeen(t *testing.T) {
	terms := DefaultTerms(Every)
	var l Line
	at := felt.Tick(0)
	step := func(c Counts) (seen bool) {
		at += Every
		for _, e := range l.Step(at, &c, &terms) {
			seen = seen || e.Opened
		}
		return seen
	}
	if _, ok := l.Smallest(TestFailed, 100, 300, &terms); ok {
		t.Error("a line that has seen nothing tells something")
	}
	for i := range 1000 {
		step(Counts{Success: 98 + int64(i%2), Failed: int64(i % 2), Degraded: 1, Before: -1})
	}
	for _, test := range []Test{TestFailed, TestDrop} {
		last := 1.0
		for _, within := range []felt.Tick{60, 300, 1800} {
			share, ok := l.Smallest(test, 100, within, &terms)
			if !ok || share <= 0 || share > last {
				t.Errorf("test %d within %d s: %g %v, before %g", test, within, share, ok, last)
			}
			last = share
		}
	}
	if _, ok := l.Smallest(TestSlow, 100, 300, &terms); ok {
		t.Error("a line without durations tells what slowness it would see")
	}
	share, _ := l.Smallest(TestFailed, 100, 300, &terms)
	bad := int64(100*share*1.5) + 1
	for i := range 30 {
		if step(Counts{Success: 99 - bad, Failed: bad, Degraded: 1, Before: -1}) {
			return
		}
		if i == 29 {
			t.Errorf("%d of 100 more is not seen in 300 s, although %g is told", bad, share)
		}
	}
}
