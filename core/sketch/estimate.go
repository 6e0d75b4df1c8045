package sketch

import "math"

// Count is the number of distinct customers: exact while [Distinct.Exact], else the
// estimate, rounded.
func (d *Distinct) Count() uint64 {
	if !d.dense {
		return uint64(d.n)
	}
	return uint64(math.Round(d.Estimate()))
}

// Estimate is the number of distinct customers, not rounded.
func (d *Distinct) Estimate() float64 {
	if !d.dense {
		return float64(d.n)
	}
	var histogram [registerMax + 1]int
	for _, w := range d.words {
		for range 8 {
			histogram[min(w&0xff, registerMax)]++
			w >>= 8
		}
	}
	// A dense sketch has seen more than the limit, and there are no more prints than that.
	return min(max(estimate(&histogram), ExactLimit+1), 1<<printBits)
}

// Interval is the confidence interval of the number of distinct customers, rounded
// outwards. confidence is between 0 and 1, and usually 0.95. Low and high are both the
// count while it is exact. Low is never less than what is certain.
func (d *Distinct) Interval(confidence float64) (low, high uint64) {
	if !d.dense {
		return uint64(d.n), uint64(d.n)
	}
	n := d.Estimate()
	// Outside of this range the quantile, and so the interval, would have no bound.
	z := math.Sqrt2 * math.Erfinv(min(max(confidence, 0), 0.999999))
	err := min(z*relativeError(n), 0.9) // more only where the registers are full, at 10^14 customers
	return uint64(max(math.Floor(n/(1+err)), ExactLimit+1)), uint64(math.Ceil(n / (1 - err)))
}

// estimate is Ertl's "improved raw estimator" (Otmar Ertl, New cardinality estimation
// algorithms for HyperLogLog sketches, 2017, algorithm 6). histogram[k] registers have
// the value k. It needs no tables of corrections and has no seam between small and large.
func estimate(histogram *[registerMax + 1]int) float64 {
	const m = float64(registers)
	z := m * tau(1-float64(histogram[registerMax])/m)
	for k := registerMax - 1; k >= 1; k-- {
		z = 0.5 * (z + float64(histogram[k]))
	}
	z += m * sigma(float64(histogram[0])/m)
	return m * m / (2 * math.Ln2 * z)
}

// sigma is x + sum over k >= 1 of x^(2^k) 2^(k-1): what the registers at zero stand for.
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	for y, z := 1.0, x; ; y += y {
		x *= x
		before := z
		z += x * y
		if z == before {
			return z
		}
	}
}

// tau is a third of 1 - x - sum over k >= 1 of (1 - x^(2^-k))^2 2^-k: what the registers
// at the maximum stand for.
func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	for y, z := 1.0, 1-x; ; {
		x = math.Sqrt(x)
		before := z
		y *= 0.5
		z -= (1 - x) * (1 - x) * y
		if z == before {
			return z / 3
		}
	}
}

// relativeError is the standard error of an estimate of n, as a share of n: 0.81 % for
// many customers, and less when there are few to a register (0.5 % at 1,537).
//
// It is the bound that the information in the registers sets (Cramér and Rao), which
// Ertl's estimator all but reaches. Were the crowd Poisson with l customers to a register,
// a register would have a value of at most k with probability F(k) = exp(-l/2^k), and
// the Fisher information of one register about l is the sum of P'(k)^2/P(k) with
// P(k) = F(k) - F(k-1). The variance of n is then m/I, less the n that the Poisson crowd varies by.
func relativeError(n float64) float64 {
	const m = float64(registers)
	l := n / m
	information, below, slopeBelow := 0.0, 0.0, 0.0
	for k := range registerMax + 1 {
		at, slope := 1.0, 0.0 // nothing is above the last
		if k < registerMax {
			scale := math.Ldexp(1, -k)
			at = math.Exp(-l * scale)
			slope = -scale * at
		}
		if p := at - below; p > 0 {
			information += (slope - slopeBelow) * (slope - slopeBelow) / p
		}
		below, slopeBelow = at, slope
	}
	return math.Sqrt(max(m/information-n, 0)) / n
}
