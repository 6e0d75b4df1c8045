package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

const (
	lightArms  = 3
	lightNoise = .05 // relative variance that is allowed for: nothing is learned about it
	lightDepth = 500 // tries of the prior that count against the own ones
)

// Light is the test of one segment value, in 64 bytes: two discounted counts and three
// CUSUMs. It finds what is plain, a value that fails wholly or five times as often;
// the rest is for the series. The zero value is ready.
type Light struct {
	last, since, opened, quiet uint32 // ticks, good until 2106
	hit, n                     float32
	sum                        [lightArms]float32
	gotHit, gotN, well         float32
	open, page                 bool
}

// Step takes the window that ends at t. Windows left out are empty ones. The prior is
// what is believed of the value before it has own tries, usually the share of its
// series.
func (l *Light) Step(t felt.Tick, hit, n int64, prior Prior, rule *Rule) (out Reading) {
	w := rule.width()
	prior = prior.or()
	prior.Weight = min(prior.Weight, lightDepth)
	if gap := t - felt.Tick(l.last); l.last > 0 && gap > 0 && !l.open {
		f := float32(math.Exp2(-float64(min(gap, 1<<24)) / hourHalf))
		l.hit *= f
		l.n *= f
	}
	l.last = uint32(t)
	h, m := float64(hit), float64(n)
	p := clamp((float64(l.hit)+prior.Share*prior.Weight+.5)/(float64(l.n)+prior.Weight), 1e-6, most95)
	top := l.top()
	if n > 0 && (p <= always || l.open) {
		l.judge(t, w, h, m, p, rule)
		top = l.top()
	}
	a := alarm{
		lasting: l.open, paging: l.page, opened: felt.Tick(l.opened), since: felt.Tick(l.since),
		quiet: felt.Tick(l.quiet), hit: float64(l.gotHit), n: float64(l.gotN), well: float64(l.well),
	}
	out = Reading{Statistic: top, Expected: p, Known: float64(l.n) + prior.Weight}
	if top > 0 || l.open {
		out.Since, out.Hit, out.N = felt.Tick(l.since), float64(l.gotHit), float64(l.gotN)
	}
	if a.step(t, rule, &out) {
		l.sum = [lightArms]float32{}
	}
	if a.lasting && a.old(t) { // the new normal
		l.n = min(l.gotN, lightDepth)
		l.hit = l.gotHit / l.gotN * l.n
		l.sum = [lightArms]float32{}
		a = alarm{}
		out.Lasting, out.Ended = false, true
	}
	l.open, l.page, l.opened, l.quiet, l.well = a.lasting, a.paging, uint32(a.opened), uint32(a.quiet), float32(a.well)
	if !l.open && top < rule.Open/2 {
		l.hit += float32(h)
		l.n += float32(m)
	}
	return out
}

func (l *Light) judge(t, w felt.Tick, h, m, p float64, rule *Rule) {
	if !l.open && l.top() <= 0 {
		l.since, l.gotHit, l.gotN = uint32(t-w), 0, 0
	}
	l.gotHit += float32(h)
	l.gotN += float32(m)
	f := 1 / (1 + blockOf(0, w)*m*lightNoise*p/(1-p))
	top := rule.top()
	for j := range l.sum {
		q := clamp([lightArms]float64{max(5*p/(1+4*p), p+.05), 30 * p / (1 + 29*p), .9}[j], min(1.5*p, .985), .99)
		nats := f * (h*math.Log(q/p) + (m-h)*math.Log((1-q)/(1-p)))
		l.sum[j] = float32(clamp(float64(l.sum[j])+nats, 0, top))
	}
	if !l.open {
		return
	}
	q := clamp(float64(l.gotHit/l.gotN), min(1.2*p, .98), .99)
	a := alarm{well: float64(l.well), quiet: felt.Tick(l.quiet)}
	if a.recover(t, w, -f*(h*math.Log(q/p)+(m-h)*math.Log((1-q)/(1-p)))) {
		l.sum = [lightArms]float32{}
	}
	l.well, l.quiet = float32(a.well), uint32(a.quiet)
}

func (l *Light) top() float64 { return float64(max(l.sum[0], l.sum[1], l.sum[2])) }
