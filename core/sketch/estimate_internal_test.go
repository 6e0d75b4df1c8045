package sketch

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Crowds that cannot be added one by one: registers are drawn from their distribution instead.
// (The drawn crowd varies
// like a Poisson one, which is too little to be seen from ten million on.) The estimate is right up to where registers reach their maximum.
func TestHugeCrowds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, truth := range []float64{1e7, 1e10, 1e13, 1e14} {
		const crowds = 200
		covered, sum, squares := 0, 0.0, 0.0
		for range crowds {
			var d Distinct
			d.makeDense()
			for i := range registers {
				d.words[i/8] += registerOf(random.Float64(), truth) << (i % 8 * 8)
			}
			if low, high := d.Interval(0.95); float64(low) <= truth && truth <= float64(high) {
				covered++
			}
			e := d.Estimate()/truth - 1
			sum += e
			squares += e * e
		}
		bias, rms := sum/crowds, math.Sqrt(squares/crowds)
		t.Logf("%.0e customers: covered %d of %d, bias %+.3f %%, error %.3f %%", truth, covered, crowds, 100*bias, 100*rms)
		if math.Abs(bias) > 0.0025 || rms > 0.01 || covered < 180 {
			t.Errorf("%.0e customers: the 95 %% interval covers %d of %d, bias %.3f %%, error %.3f %%", truth, covered, crowds, 100*bias, 100*rms)
		}
	}
}

// registerOf is the value that a register of a crowd of n has at most with probability u:
// the least k with exp(-n/m/2^k) >= u.
func registerOf(u, n float64) uint64 {
	k := math.Ceil(math.Log2(n / registers / -math.Log(u)))
	return uint64(min(max(k, 0), registerMax))
}
