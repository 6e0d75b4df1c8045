package detect

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
)

// Smallest is the smallest effect that a test of this line would see within some seconds, half of
// the time, at so many decided a window: an added share of them, and of [TestDrop] a lost one.
// False when it would see nothing in that time, or does not know yet what is usual.
func (l *Line) Smallest(test Test, perWindow float64, within felt.Tick, with *Terms) (share float64, ok bool) {
	rates := [Tests]*cusum.Rate{TestFailed: l.failed, TestDegraded: l.degraded, TestSlow: l.slow, TestUnfinished: l.unfinished}
	if (test == TestFailed || test == TestDegraded) && rates[test] == nil && l.seen > 0 { // not one yet
		r := new(cusum.Rate)
		r.Begin(l.first, l.first, float64(l.seen))
		r.Step(l.first+max(with.Rule.Width, 1), 0, 0, cusum.Prior{}, &with.Rule)
		rates[test] = r
	}
	switch {
	case test >= Tests:
		return 0, false
	case test == TestDrop && l.drop != nil:
		return l.drop.Smallest(within, &with.Drop)
	case test == TestSlower && l.slower != nil:
		return l.slower.Smallest(perWindow, within, &with.Rule)
	case rates[test] != nil:
		return rates[test].Smallest(perWindow, within, &with.Rule)
	}
	return 0, false
}
