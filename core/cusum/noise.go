package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

// scales are the two lengths at which noise is learned: a minute, and five.
const scales = 2

func blockOf(k int, width felt.Tick) float64 {
	return max(1, math.Floor([scales]float64{60, 300}[k]/float64(width)))
}

// noise is by how much more a count varies than chance alone would have it, as the
// squared relative deviation of blocks. A stream of a large shop has 0.02 for the
// failed share of a minute (its binomial z has a robust deviation of 2.3), and 0.0005
// for its volume.
type noise struct {
	phi, blocks float32
	off, mean   float32 // of the block under way: seen minus expected, expected
	windows     float32
}

// believed is what a noise starts from, and which deviation it takes as small.
type believed struct{ phi, small float64 }

func believe(volume bool, k int) believed {
	if volume {
		return believed{.002, .001}
	}
	return believed{[scales]float64{.04, .02}[k], .01}
}

func (s *noise) value(b believed) float64 {
	if s.blocks == 0 {
		return b.phi
	}
	return float64(s.phi)
}

// learn takes a window with its mean; spread is the variance over the mean that chance
// alone has. Blocks that are too small to tell change nothing, and one block counts at
// most nine times as much as expected, because the rest is the tail's matter. It returns the block that is
// full with this window: by how much it was off, and its mean; 0 when none is.
func (s *noise) learn(k int, off, mean, spread, length float64, b believed) (blockOff, blockMean float64) {
	s.off += float32(off)
	s.mean += float32(mean)
	s.windows++
	if float64(s.windows) < length {
		return 0, 0
	}
	blockOff, blockMean = float64(s.off), float64(s.mean)
	if off, m := float64(s.off), float64(s.mean); m > .5 {
		phi := s.value(b)
		x := clamp((off*off-m*spread)/(m*m), -1, 9*phi+9/m)
		s.blocks++
		rate := max([scales]float64{1.0 / 240, 1.0 / 96}[k], 1/([scales]float64{20, 10}[k]+float64(s.blocks)))
		sure := max(phi, b.small)
		sure /= sure + 1/m
		s.phi = float32(max(0, phi+rate*sure*sure*(x-phi)))
	}
	s.off, s.mean, s.windows = 0, 0, 0
	return blockOff, blockMean
}
