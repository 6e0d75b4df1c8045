package demo

import "github.com/felt-cx/felt"

// The fault that strikes: which interaction, and whose.
const (
	faultName   = checkout
	faultRegion = "eu"
	faultStory  = "payments time out for customers in " + faultRegion
)

// faultEvery is from the start of one fault to the start of the next.
const faultEvery = 10 * felt.Minute

// calm is the least time between two faults, so that the first is over on the page too.
const calm = 5 * felt.Minute

// faults is when the fault strikes: first at first, for length, then again every so
// often. The zero value never strikes.
type faults struct {
	first, length, every felt.Instant
}

func newFaults(start, after, length felt.Instant) faults {
	if after < 0 || length <= 0 {
		return faults{}
	}
	return faults{first: start + after, length: length, every: max(faultEvery, length+calm)}
}

// latest is the window of the fault that lasts at a moment, or else of the last one
// before; false when there was none.
func (f faults) latest(at felt.Instant) (felt.Window, bool) {
	if f.length == 0 || at < f.first {
		return felt.Window{}, false
	}
	from := f.first + (at - f.first).Floor(f.every)
	return felt.Window{From: from, To: from + f.length}, true
}

// next is the window of the first fault that begins after a moment; false when none will.
func (f faults) next(at felt.Instant) (felt.Window, bool) {
	if f.length == 0 {
		return felt.Window{}, false
	}
	from := f.first
	if at >= f.first {
		from += (at - f.first).Floor(f.every) + f.every
	}
	return felt.Window{From: from, To: from + f.length}, true
}

// strikes tells that the fault lasts at a moment.
func (f faults) strikes(at felt.Instant) bool {
	w, ok := f.latest(at)
	return ok && at < w.To
}
