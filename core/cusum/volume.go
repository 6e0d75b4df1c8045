package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

const slots = 288

// Volume watches whether customers stopped arriving.
type Volume struct {
	first, last  felt.Tick
	level, local float64
	slow         float64
	rho          float64
	season       [slots]float32 // of a day, interactions a second; < 0: not known
	sum, seconds float64
	ring         [6]struct {
		n, exp, seas float64
		bad          bool
	}
	at    int
	bank  [3]arm
	alarm alarm
}

func slotOf(t felt.Tick) int { return int((t - 1) % 86400 / 300) }

// Step takes the window that ends at t; factor is what the calendar expects, 1 on an
// ordinary day.
func (v *Volume) Step(t felt.Tick, n int64, factor float64, rule *Rule) (out Reading) {
	w := rule.width()
	if v.first == 0 {
		v.first, v.last = t, t-w
		v.level, v.local = float64(n), float64(n)
		for i := range v.season {
			v.season[i] = -1
		}
	}
	for v.last+w < t {
		v.last += w
		v.step(v.last, 0, factor, rule)
	}
	v.last = t
	return v.step(t, float64(n), factor, rule)
}

func (v *Volume) expect(t felt.Tick, factor float64) (exp, seas float64) {
	seas = float64(v.season[slotOf(t)])
	exp = v.level
	if seas >= 0 && v.slow > 0 {
		exp *= seas / v.slow
	}
	return math.Min(exp*factor, v.local), seas
}

func (v *Volume) step(t felt.Tick, n, factor float64, rule *Rule) (out Reading) {
	w := rule.width()
	exp, seas := v.expect(t, factor)
	if t-v.first > 1800 && exp > .2 {
		f := 1 / (1 + exp*v.rho)
		for j, r := range [...]float64{.6, .25, .03} {
			v.bank[j].add(t, w, f*(n*math.Log(r)+exp*(1-r)), n, exp, math.Max(rule.Page, rule.Open)+5)
		}
		out.Known = float64(t-v.first) / float64(w)
	}
	for j := range v.bank {
		out.take(&v.bank[j])
	}
	out.Expected = exp
	v.alarm.step(t, out.Statistic, rule, &out)
	old := v.ring[v.at]
	v.ring[v.at].n, v.ring[v.at].exp, v.ring[v.at].seas, v.ring[v.at].bad = n, exp, seas, v.alarm.lasting
	v.at = (v.at + 1) % len(v.ring)
	v.learn(old.n, old.exp, old.seas, old.bad)
	v.sum += n
	if v.alarm.lasting && seas >= 0 {
		v.sum += seas - n
	}
	v.seconds++
	if slotOf(t+1) != slotOf(t) {
		x := float32(v.sum / v.seconds)
		if s := &v.season[slotOf(t)]; *s < 0 {
			*s = x
		} else {
			*s += (x - *s) / 2
		}
		v.sum, v.seconds = 0, 0
	}
	return out
}

func (v *Volume) learn(n, exp, seas float64, bad bool) {
	a, b := 1.0/180, 1.0/120
	if bad {
		a, b = 1.0/4000, 1.0/4000
	}
	v.level += a * (n - v.level)
	v.local += b * (n - v.local)
	if seas >= 0 {
		if v.slow == 0 {
			v.slow = seas
		}
		v.slow += a * (seas - v.slow)
	}
	if !bad && exp > 1 {
		x := ((n-exp)*(n-exp) - exp) / (exp * exp)
		v.rho = math.Max(0, v.rho+rhoGain*(math.Min(x, 25*v.rho+20/exp)-v.rho))
	}
}

// Smallest is the smallest lost share that would be seen within this time.
func (v *Volume) Smallest(within felt.Tick, rule *Rule) (share float64, ok bool) {
	exp, _ := v.expect(v.last+rule.width(), 1)
	windows := math.Floor(float64(within) / float64(rule.width()))
	f := exp / (1 + exp*v.rho)
	for lost := .05; lost < 1.01; lost += .05 {
		for _, r := range [...]float64{.6, .25, .03} {
			if windows*f*((1-lost)*math.Log(r)+1-r) >= rule.Open {
				return math.Min(lost, 1), true
			}
		}
	}
	return 0, false
}
