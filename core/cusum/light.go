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

// Light is the test of one segment value, in 48 bytes: two discounted counts and three
// CUSUMs. It finds what is plain, a value that fails wholly or five times as often;
// the rest is for the series. The zero value is ready.
//
// Of most values nothing speaks at a moment that something is wrong. Who holds very many keeps
// the two parts apart, and of those values only the first.
type Light struct {
	LightLevel
	LightRun
}

// LightLevel is what a [Light] holds for usual, in 12 bytes.
type LightLevel struct {
	last   uint32 // tick, good until 2106
	hit, n float32
}

// LightRun is what speaks in a [Light] for something being wrong, since it began.
type LightRun struct {
	open         *lightAlarm // nil while nothing is found
	since        uint32      // tick, good until 2106
	sum          [lightArms]float32
	gotHit, gotN float32
}

// Nothing tells that nothing speaks for it: the zero value says the same.
func (l *LightRun) Nothing() bool { return l.open == nil && !(l.top() > 0) }

// lightAlarm is what is held besides while a finding lasts.
type lightAlarm struct {
	opened, quiet uint32
	well          float32
	page          bool
}

// Evidence is what the test said last: nats, and the hits and tries since they began.
func (l *LightRun) Evidence() (nats, hit, n float64) {
	if nats = l.top(); nats > 0 || l.open != nil {
		hit, n = float64(l.gotHit), float64(l.gotN)
	}
	return nats, hit, n
}

// Step takes the window that ends at t. Windows left out are empty ones. The prior is
// what is believed of the value before it has own tries, usually the share of its
// series.
func (l *Light) Step(t felt.Tick, hit, n int64, prior Prior, rule *Rule) (out Reading) {
	w := rule.width()
	prior = prior.or()
	prior.Weight = min(prior.Weight, lightDepth)
	if gap := t - felt.Tick(l.last); l.last > 0 && gap > 0 && l.open == nil {
		f := float32(math.Exp2(-float64(min(gap, 1<<24)) / hourHalf))
		l.hit *= f
		l.n *= f
	}
	l.last = uint32(t)
	h, m := float64(hit), float64(n)
	p := clamp((float64(l.hit)+prior.Share*prior.Weight+.5)/(float64(l.n)+prior.Weight), 1e-6, most95)
	top := l.top()
	if n > 0 && (p <= always || l.open != nil) {
		l.judge(t, w, h, m, p, rule)
		top = l.top()
	}
	var a alarm
	if o := l.open; o != nil {
		a.ongoing = &ongoing{
			paging: o.page, opened: felt.Tick(o.opened), since: felt.Tick(l.since),
			quiet: felt.Tick(o.quiet), hit: float64(l.gotHit), n: float64(l.gotN), well: float64(o.well),
		}
	}
	out = Reading{Statistic: top, Expected: p, Known: float64(l.n) + prior.Weight}
	if top > 0 || l.open != nil {
		out.Since, out.Hit, out.N = felt.Tick(l.since), float64(l.gotHit), float64(l.gotN)
	}
	if a.step(t, rule, &out) {
		l.sum = [lightArms]float32{}
	}
	if a.lasting() && a.old(t) { // the new normal
		l.n = min(l.gotN, lightDepth)
		l.hit = l.gotHit / l.gotN * l.n
		l.sum = [lightArms]float32{}
		a = alarm{}
		out.Lasting, out.Ended = false, true
	}
	switch {
	case !a.lasting():
		l.open = nil
	case l.open == nil:
		l.open = &lightAlarm{}
		fallthrough
	default:
		*l.open = lightAlarm{uint32(a.opened), uint32(a.quiet), float32(a.well), a.paging}
	}
	if l.open == nil && top < rule.Open/2 {
		l.hit, l.n = l.hit+float32(h), l.n+float32(m)
	}
	l.settle()
	return out
}

// settle leaves no numbers behind that nobody reads any more.
func (l *LightRun) settle() {
	if l.Nothing() {
		*l = LightRun{}
	}
}

func (l *Light) judge(t, w felt.Tick, h, m, p float64, rule *Rule) {
	if l.open == nil && l.top() <= 0 {
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
	if l.open == nil {
		return
	}
	q := clamp(float64(l.gotHit/l.gotN), min(1.2*p, .98), .99)
	a := alarm{&ongoing{well: float64(l.open.well), quiet: felt.Tick(l.open.quiet)}}
	if a.recover(t, w, -f*(h*math.Log(q/p)+(m-h)*math.Log((1-q)/(1-p)))) {
		l.sum = [lightArms]float32{}
	}
	l.open.well, l.open.quiet = float32(a.well), uint32(a.quiet)
}

func (l *LightRun) top() float64 { return float64(max(l.sum[0], l.sum[1], l.sum[2])) }
