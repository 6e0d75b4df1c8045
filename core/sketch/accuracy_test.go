package sketch_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/felt-cx/felt/core/sketch"
)

// What is promised about a million customers, over 100 crowds: 95 answers are within 2 %,
// the 95 % interval holds the truth in 90 to 99, half of the intervals are at most
// 4 % wide. And 16 sketches of parts, merged, are the sketch of the whole.
func TestAMillionCustomers(t *testing.T) {
	const truth, crowds, parallel = 1_000_000, 100, 4
	var estimates, lows, highs [crowds]float64
	t.Run("crowds", func(t *testing.T) {
		for first := range parallel {
			t.Run(strconv.Itoa(first), func(t *testing.T) {
				t.Parallel()
				for c := first; c < crowds; c += parallel {
					d := crowdInParts(uint64(c), truth, 16)
					low, high := d.Interval(0.95)
					estimates[c], lows[c], highs[c] = d.Estimate(), float64(low), float64(high)
				}
			})
		}
	})
	within, covered := 0, 0
	widths := make([]float64, crowds)
	for c := range crowds {
		if math.Abs(estimates[c]-truth) <= 0.02*truth {
			within++
		}
		if lows[c] <= truth && truth <= highs[c] {
			covered++
		}
		widths[c] = (highs[c] - lows[c]) / truth
	}
	slices.Sort(widths)
	width := widths[crowds/2]
	t.Logf("within 2 %%: %d, covered by the 95 %% interval: %d, median width %.2f %%", within, covered, 100*width)
	if within < 95 || covered < 90 || covered > 99 || width > 0.04 {
		t.Errorf("of %d crowds of a million: %d within 2 %% (want 95), %d covered (want 90 to 99), median width %.2f %% (want 4 at most)",
			crowds, within, covered, 100*width)
	}
}

// crowdInParts is the sketch of a crowd, merged from the sketches of its parts.
func crowdInParts(crowd, n, parts uint64) *sketch.Distinct {
	var merged, part sketch.Distinct
	for p := range parts {
		part.Reset()
		fill(&part, crowd, n*p/parts, n*(p+1)/parts)
		merged.Merge(&part)
	}
	return &merged
}

func TestSixteenPartsAreTheWhole(t *testing.T) {
	for crowd := range uint64(3) {
		whole, merged := crowdOf(crowd, 1_000_000), crowdInParts(crowd, 1_000_000, 16)
		if !bytes.Equal(merged.AppendBinary(nil), whole.AppendBinary(nil)) {
			t.Errorf("crowd %d: 16 partial sketches merged are not the sketch of the whole", crowd)
		}
	}
}

// The interval is as honest between the exact range and a million, and at other levels:
// the estimator is without bias, and its error is what relativeError says.
func TestIntervalsCoverAsTheySay(t *testing.T) {
	const crowds = 1000
	sizes := []uint64{sketch.ExactLimit + 1, 1700, 2500, 5000, 10_000, 25_000}
	levels := []float64{0.5, 0.95}
	covered := make([][2]int, len(sizes))
	sum, squares := make([]float64, len(sizes)), make([]float64, len(sizes))
	var d sketch.Distinct
	for crowd := range uint64(crowds) {
		d.Reset()
		n := uint64(0)
		for s, size := range sizes {
			fill(&d, crowd+1000, n, size)
			n = size
			for l, level := range levels {
				if low, high := d.Interval(level); low <= n && n <= high {
					covered[s][l]++
				}
			}
			e := d.Estimate()/float64(n) - 1
			sum[s] += e
			squares[s] += e * e
		}
	}
	for s, size := range sizes {
		half, most := float64(covered[s][0])/crowds, float64(covered[s][1])/crowds
		bias, rms := sum[s]/crowds, math.Sqrt(squares[s]/crowds)
		t.Logf("%7d customers: 50 %% interval covers %.1f %%, 95 %% covers %.1f %%, bias %+.3f %%, error %.3f %%", size, 100*half, 100*most, 100*bias, 100*rms)
		if size == sketch.ExactLimit+1 {
			// Here all that is too low is known to be, and cut off: the interval covers
			// more than it says, and the estimate is too high by half of its error.
			if most < 0.95 {
				t.Errorf("%d customers: the 95 %% interval covers %.1f %%", size, 100*most)
			}
			continue
		}
		// Three times what chance does to 1,000 crowds.
		if math.Abs(half-0.5) > 0.05 || math.Abs(most-0.95) > 0.022 {
			t.Errorf("%d customers: the 50 %% interval covers %.1f %%, the 95 %% interval %.1f %%", size, 100*half, 100*most)
		}
		if math.Abs(bias) > 0.001 || rms > 0.0085 {
			t.Errorf("%d customers: bias %.3f %%, error %.3f %%", size, 100*bias, 100*rms)
		}
	}
}

// The same with what callers hold, so that the cheap hash of these tests is not what makes it work.
func TestKeyedHashes(t *testing.T) {
	const truth = 100_000
	for _, key := range []string{"a", "b", "c"} {
		mac := hmac.New(sha256.New, []byte(key))
		var d sketch.Distinct
		for i := range truth {
			mac.Reset()
			mac.Write(binary.AppendUvarint([]byte("user.id\x00user-"), uint64(i)))
			d.Add([16]byte(mac.Sum(nil)))
		}
		if e := d.Estimate()/truth - 1; math.Abs(e) > 0.025 {
			t.Errorf("key %s: %d customers counted as %d", key, truth, d.Count())
		}
	}
}
