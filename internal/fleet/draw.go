package fleet

import (
	"math"
	"math/rand/v2"
)

// source draws; it is made for speed, one for each series.
type source struct{ rand.PCG }

func newSource(seed, stream uint64) *source {
	return &source{*rand.NewPCG(seed, stream*0x9e3779b97f4a7c15+1)}
}

// unit is uniform in [0, 1).
func (s *source) unit() float64 { return float64(s.Uint64()>>11) / (1 << 53) }

func (s *source) between(low, high float64) float64 { return low + (high-low)*s.unit() }

// normal is standard normal (polar method, one of the two thrown away).
func (s *source) normal() float64 {
	for {
		u, v := 2*s.unit()-1, 2*s.unit()-1
		if q := u*u + v*v; q < 1 && q > 0 {
			return u * math.Sqrt(-2*math.Log(q)/q)
		}
	}
}

// heavy has Student's t distribution with 4 degrees of freedom, scaled to a standard
// deviation of one.
func (s *source) heavy() float64 {
	chi := -2 * (math.Log(1-s.unit()) + math.Log(1-s.unit())) // chi-square of 4
	return s.normal() / math.Sqrt(chi/4) / math.Sqrt2
}

// exact is the mean up to which counts are drawn by inversion; beyond, a normal deviate
// with the skewness of the distribution is as good to a percent of a standard deviation.
const exact = 40

// poisson draws a count; none is exp(-mean).
func (s *source) poisson(mean, none float64) int64 {
	u := s.unit()
	if mean <= exact {
		if u < none {
			return 0
		}
		k, term, sum := int64(0), none, none
		for u >= sum && k < 10*exact {
			k++
			term *= mean / float64(k)
			sum += term
		}
		return k
	}
	z := s.normal()
	return max(0, int64(math.Floor(mean+math.Sqrt(mean)*z+(z*z-1)/6+0.5)))
}

// share is a probability, ready to be drawn with.
type share struct{ p, logq, odds float64 }

func shareOf(p float64) share {
	p = min(max(p, 0), 1)
	return share{p, math.Log1p(-p), p / (1 - p)}
}

// binomial draws how many of n.
func (s *source) binomial(n int64, w share) int64 {
	switch {
	case n <= 0 || w.p <= 0:
		return 0
	case w.p >= 1:
		return n
	case w.p > 0.5:
		return n - s.binomial(n, shareOf(1-w.p))
	}
	mean := float64(n) * w.p
	if mean > exact {
		sd := math.Sqrt(mean * (1 - w.p))
		z := s.normal()
		k := math.Floor(mean + sd*z + (1-2*w.p)*(z*z-1)/6 + 0.5)
		return int64(min(max(k, 0), float64(n)))
	}
	u := s.unit()
	term := math.Exp(float64(n) * w.logq)
	k, sum := int64(0), term
	for u >= sum && k < n && k < 10*exact {
		term *= float64(n-k) / float64(k+1) * w.odds
		k++
		sum += term
	}
	return k
}
