package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

// Light is the test of one segment value, in 64 bytes.
type Light struct {
	last       uint32 // ticks, good until 2106
	since      uint32
	high       uint32
	hit, n     float32 // discounted
	sum        [3]float32
	gotHit     float32
	gotN       float32
	open, page bool
}

// Step takes the window that ends at t.
func (l *Light) Step(t felt.Tick, hit, n int64, prior Prior, rule *Rule) (out Reading) {
	w := rule.width()
	if prior.Weight <= 0 {
		prior = Prior{.001, 200}
	}
	h, m := float64(hit), float64(n)
	p := math.Min(math.Max((float64(l.hit)+prior.Share*prior.Weight)/(float64(l.n)+prior.Weight), 1e-6), .6)
	if l.top() <= 0 {
		l.since, l.gotHit, l.gotN = uint32(t-w), 0, 0
	}
	l.gotHit += float32(h)
	l.gotN += float32(m)
	for j, alt := range [...]float64{math.Max(5*p/(1+4*p), p+.02), 30 * p / (1 + 29*p), .9} {
		alt = math.Min(math.Max(alt, p*1.5), .95)
		nats := h*math.Log(alt/p) + (m-h)*math.Log((1-alt)/(1-p))
		l.sum[j] = float32(math.Min(math.Max(0, float64(l.sum[j])+nats), math.Max(rule.Open, rule.Page)+5))
	}
	a := alarm{l.open, l.page, felt.Tick(l.high)}
	out = Reading{Statistic: float64(l.top()), Since: felt.Tick(l.since), Hit: float64(l.gotHit), N: float64(l.gotN), Expected: p, Known: float64(l.n)}
	a.step(t, out.Statistic, rule, &out)
	l.open, l.page, l.high = a.lasting, a.paging, uint32(a.last)
	if !l.open {
		f := math.Exp2(-float64(t-felt.Tick(l.last)) / 3600)
		l.hit = float32(float64(l.hit)*f + h)
		l.n = float32(float64(l.n)*f + m)
	}
	l.last = uint32(t)
	return out
}

func (l *Light) top() float32 { return max(l.sum[0], l.sum[1], l.sum[2]) }
