package cusum

import "github.com/felt-cx/felt"

// Skip passes over the windows up to t, of which nothing is known: they are neither judged nor
// learned from.
func (v *Volume) Skip(t felt.Tick) {
	if v.first != 0 {
		v.last = max(v.last, t)
	}
}
