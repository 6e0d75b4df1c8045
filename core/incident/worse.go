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

// farWorse tells the same of an incident that people have closed. They knew of what went wrong then, and
// are not told of it again; but what becomes twice as bad, or leaves half as many unharmed, they did not
// know.
func farWorse(g *finding, f *felt.Finding) bool {
	if f.Kind == felt.FindingSilent || g.n <= 0 && g.expected <= 0 {
		return false // nothing at all is as bad as it gets
	}
	had, has, came := float64(g.hit), float64(f.Hit), float64(g.n)
	more := float64(f.N) - came
	switch f.Kind {
	case felt.FindingDrop: // those who are missing, of those expected
		had, has, came, more = g.expected-had, f.Expected-has, g.expected, f.Expected-g.expected
	case felt.FindingBurn: // its windows move on
		had, came, more = 0, 0, float64(f.N)
	case felt.FindingFailed, felt.FindingDegraded, felt.FindingSlow, felt.FindingFunnel, felt.FindingKPI,
		felt.FindingSaturation, felt.FindingSilent:
	}
	share := min(1, max(0, ratio(float64(g.hit), float64(g.n))))
	if f.Kind == felt.FindingDrop {
		share = min(1, max(0, ratio(had, came)))
	}
	usual := min(2*share, (1+share)/2) * more
	if has-had > usual+5+4*math.Sqrt(usual) {
		return true
	}
	// What has lasted for long would hide what is new: from now on it counts from here.
	if f.Kind != felt.FindingBurn && more > max(100, came/10) {
		g.hit, g.n, g.expected = f.Hit, f.N, f.Expected
	}
	return false
}
