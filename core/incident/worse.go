package incident

import (
	"math"

	"github.com/felt-cx/felt"
)

// worse tells whether more has gone wrong since an incident was resolved than is usual, in a finding
// that never ended.
func worse(g *finding, f *felt.Finding) bool {
	if f.Kind == felt.FindingBurn {
		// It lasts because a promise is broken, perhaps for good, over windows that move on: it is no
		// news until the budget burns twice as fast as it did.
		usual := 2 * ratio(float64(g.hit), float64(g.n)) * float64(f.N)
		return g.n > 0 && float64(f.Hit) > usual+5+4*math.Sqrt(usual)
	}
	if f.Kind == felt.FindingDrop || f.Kind == felt.FindingSilent {
		missing := (f.Expected - g.expected) - float64(f.Hit-g.hit)
		return missing > 10+4*math.Sqrt(max(0, f.Expected-g.expected))
	}
	n := float64(f.N - g.n)
	usual := f.Baseline * max(0, n)
	return float64(f.Hit-g.hit) > usual+5+4*math.Sqrt(usual)
}

// lower remembers that a budget burns slower than when the incident was resolved.
func (g *finding) lower(f *felt.Finding) {
	if f.Kind == felt.FindingBurn && ratio(float64(f.Hit), float64(f.N)) < ratio(float64(g.hit), float64(g.n)) {
		g.hit, g.n, g.expected = f.Hit, f.N, f.Expected
	}
}
