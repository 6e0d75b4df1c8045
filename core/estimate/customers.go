package estimate

import (
	"math"

	"github.com/felt-cx/felt"
)

// Seen is what is known of a crowd of which a share was seen.
type Seen struct {
	Customers int64 // distinct, seen
	Sure      int64 // of them, with a draw that was not sampled: nobody like them was missed
	// Of the others:
	Once  int64   // seen in exactly one draw
	Twice int64   // in exactly two
	Draws int64   // seen
	Share float64 // of all draws that was kept, 0 to 1; what is no number means all
}

// normal975 is the 97.5 % quantile of the normal law.
const normal975 = 1.959963984540054

// most bounds what is estimated: beyond it a count means nothing.
const most = 1 << 53

// Customers estimates how many distinct customers there were, with a 95 % interval. Low is
// never less than those seen, and all three are those seen when everything was kept.
func Customers(s Seen) felt.EstimatedCount {
	seen := felt.EstimatedCount{Estimate: s.Customers, Low: s.Customers, High: s.Customers}
	if s.Customers <= s.Sure || !(s.Share > 0 && s.Share < 1) {
		return seen
	}
	m := modelOf(s)
	f0 := m.missed()
	d := float64(s.Customers)
	est := felt.EstimatedCount{Estimate: count(d + f0), Low: s.Customers, High: s.Customers}
	if f0 > 0 {
		k := math.Exp(normal975 * math.Sqrt(math.Log1p(m.variance(float64(s.Customers-s.Sure), f0)/(f0*f0))))
		est.Low, est.High = count(math.Floor(d+f0/k)), count(math.Ceil(d+f0*k))
	}
	if m.f2 == 0 || f0 < 1 {
		most := model{f1: poisson975(m.f1), f2: m.f2, w: m.w, r: m.r}
		est.High = max(est.High, count(math.Ceil(d+most.plain())))
	}
	return est
}

// count is a number of customers.
func count(v float64) int64 { return int64(math.Round(min(v, most))) }

// model holds the terms of the formula: w is n/(n-1), r is q/(1-q).
type model struct{ f1, f2, w, r float64 }

func modelOf(s Seen) model {
	m := model{f1: float64(s.Once), f2: float64(s.Twice), w: 1, r: s.Share / (1 - s.Share)}
	if s.Draws > 1 {
		m.w = float64(s.Draws) / float64(s.Draws-1)
	}
	return m
}

// missed is f0.
func (m model) missed() float64 {
	if m.f2 > 0 {
		return m.plain()
	}
	if m.f1 <= 1 {
		return 0
	}
	return m.f1 * (m.f1 - 1) / (2*m.w + m.r*m.f1)
}

// plain is f0 without a correction for nobody seen twice.
func (m model) plain() float64 {
	if m.f1 == 0 {
		return 0
	}
	return m.f1 * m.f1 / (2*m.w*m.f2 + m.r*m.f1)
}

// variance of the estimate, by the delta method: the numbers of customers seen once, twice and
// more often are a multinomial draw of all d+f0.
func (m model) variance(d, f0 float64) float64 {
	g1, g2 := 0.0, 0.0 // how f0 moves with f1 and f2
	if m.f2 > 0 {
		den := 2*m.w*m.f2 + m.r*m.f1
		g1 = m.f1 * (4*m.w*m.f2 + m.r*m.f1) / (den * den)
		g2 = -2 * m.w * m.f1 * m.f1 / (den * den)
	} else {
		den := 2*m.w + m.r*m.f1
		g1 = ((2*m.f1-1)*den - m.r*m.f1*(m.f1-1)) / (den * den)
	}
	mean := d + g1*m.f1 + g2*m.f2
	v := d - m.f1 - m.f2 + (1+g1)*(1+g1)*m.f1 + (1+g2)*(1+g2)*m.f2 - mean*mean/(d+f0)
	return max(v, 0)
}

// poisson975 is about the greatest mean of a Poisson law that still gives so few with
// 2.5 %: the quantile of the chi-square law by Wilson and Hilferty, 3.7 for none.
func poisson975(n float64) float64 {
	k := n + 1
	return k * math.Pow(1-1/(9*k)+normal975/(3*math.Sqrt(k)), 3)
}
