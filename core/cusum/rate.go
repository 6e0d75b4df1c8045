package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

const (
	delay   = 12 // windows by which the baseline lags
	rhoGain = 0.002
)

type held struct {
	hit, n float64
	bad    bool
}

// Rate watches hits of tries: failed, degraded, slow, not completed. The zero value
// is ready.
type Rate struct {
	last  felt.Tick
	first felt.Tick
	hit   float64 // discounted
	n     float64
	rho   float64
	ring  [delay]held
	at    int
	bank  [4]arm
	alarm alarm
}

// Step takes the window that ends at t.
func (r *Rate) Step(t felt.Tick, hit, n int64, prior Prior, rule *Rule) (out Reading) {
	w := rule.width()
	if r.first == 0 {
		r.first, r.last = t, t-w
	}
	for gap := (t-r.last)/w - 1; gap > 0; gap-- {
		if r.n < 1e-9 && gap > delay {
			break
		}
		r.push(held{bad: r.alarm.lasting}, r.share(prior), w)
	}
	r.last = t
	p := r.share(prior)
	if n > 0 && (r.n > 2000 || t-r.first > 3600) {
		x := float64(hit) / float64(n)
		ne := float64(n) / (1 + float64(n-1)*r.rho)
		for j, alt := range alternatives(p) {
			r.bank[j].add(t, w, ne*(x*math.Log(alt/p)+(1-x)*math.Log((1-alt)/(1-p))), float64(hit), float64(n), math.Max(rule.Page, rule.Open)+5)
		}
	}
	for j := range r.bank {
		out.take(&r.bank[j])
	}
	out.Expected, out.Known = p, r.n
	r.alarm.step(t, out.Statistic, rule, &out)
	r.push(held{float64(hit), float64(n), r.alarm.lasting}, p, w)
	return out
}

func alternatives(p float64) [4]float64 {
	all := [4]float64{math.Max(3*p/(1+2*p), p+.002), 10 * p / (1 + 9*p), 50 * p / (1 + 49*p), math.Min(.9, p+.05)}
	for j, a := range all {
		all[j] = math.Min(math.Max(a, p*1.5), .95)
	}
	return all
}

func (r *Rate) share(prior Prior) float64 {
	if prior.Weight <= 0 {
		prior = Prior{.001, 200}
	}
	return math.Min(math.Max((r.hit+prior.Share*prior.Weight)/(r.n+prior.Weight), 1e-7), .6)
}

func (r *Rate) push(h held, p float64, w felt.Tick) {
	old := r.ring[r.at]
	r.ring[r.at] = h
	r.at = (r.at + 1) % delay
	if old.bad {
		return
	}
	if old.n > 1 && r.n > 2000 {
		pq := p * (1 - p)
		d := old.hit - old.n*p
		x := (d*d - old.n*pq) / (old.n * (old.n - 1) * pq)
		r.rho = math.Max(0, r.rho+rhoGain*(math.Max(-1, math.Min(x, 25*r.rho+50/old.n))-r.rho))
	}
	f := math.Exp2(-float64(w) / 3600)
	r.hit = r.hit*f + old.hit
	r.n = r.n*f + old.n
}

// Smallest is the smallest added share that would be seen within this time on the
// median, at so many tries a window.
func (r *Rate) Smallest(perWindow float64, within felt.Tick, rule *Rule) (share float64, ok bool) {
	p := r.share(Prior{})
	if perWindow <= 0 || r.n <= 2000 {
		return 0, false
	}
	windows := math.Floor(float64(within) / float64(rule.width()))
	ne := perWindow / (1 + math.Max(0, perWindow-1)*r.rho)
	seen := func(q float64) bool {
		for _, alt := range alternatives(p) {
			if windows*ne*(q*math.Log(alt/p)+(1-q)*math.Log((1-alt)/(1-p))) >= rule.Open {
				return true
			}
		}
		return false
	}
	if !seen(1) {
		return 0, false
	}
	lo, hi := p, 1.0
	for range 40 {
		if mid := (lo + hi) / 2; seen(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi - p, true
}
