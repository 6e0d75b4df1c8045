package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

const (
	batched = 180   // windows for which single windows are remembered: half an hour live
	empty   = .1    // of what was expected, at most: an empty window
	caught  = .6    // of what was missing came later: it was late, not lost
	handful = 5     // interactions a window below which empty ones say nothing
	slipFor = 86400 // seconds for which it is remembered that a sender is late
)

// batches is what is known of senders that hand over what they have every few seconds, and leave
// windows empty in which nothing is wrong. Over a minute their counts are as even as others, so
// that the noise of blocks does not show it.
type batches struct {
	// By how much more single windows fall short than chance has it, as a squared relative
	// deviation. Only what is missing is learned, at most all of it: one window of too many
	// must not blind a series.
	phi, windows float32

	run    float32   // empty windows until now
	missed float32   // what was expected in them
	slip   float32   // the most empty windows after which what was missing came
	at     felt.Tick // when that was seen last
}

func (b *batches) learn(n, exp float64) {
	if exp < 1 {
		return
	}
	x := -1 / exp // chance alone
	if n < exp {
		x += 2 * (exp - n) * (exp - n) / (exp * exp)
	}
	b.windows = min(b.windows+1, batched)
	b.phi += float32((x - float64(b.phi)) / float64(b.windows))
}

// excess is the variance over the mean of a window beyond that of chance, less what the estimate
// itself may be wrong by.
func (b *batches) excess(exp float64) float64 {
	if b.windows == 0 {
		return 0
	}
	return max(0, float64(b.phi)*exp-4/math.Sqrt(2*float64(b.windows)))
}

// count counts empty windows, whatever else is known, and notices when what was missing in them
// came after all.
func (b *batches) count(t felt.Tick, n, exp float64) {
	switch {
	case exp < handful:
		b.run, b.missed = 0, 0
	case n <= empty*exp:
		b.run++
		b.missed += float32(exp)
	case b.run > 0:
		if n-exp >= caught*float64(b.missed) {
			if t-b.at > slipFor || b.run > b.slip {
				b.slip = b.run
			}
			b.at = t
		}
		b.run, b.missed = 0, 0
	}
}

// late tells whether a sender that is late now and then may explain the empty windows so far.
func (b *batches) late(t felt.Tick) bool {
	return b.run > 0 && b.slip > 0 && t-b.at <= slipFor && b.run <= b.slip
}
