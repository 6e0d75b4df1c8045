package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

const follows = 100 // interactions of the later step before anything is told

// Sibling watches how many of those who did one step arrive at the next: weekends,
// holidays and campaigns cancel. The zero value is ready.
type Sibling struct {
	first, last  felt.Tick
	fast, slow   float64 // of the step before, a window: last 40 s and last 10 min
	total        held    // after and before, half-life an hour, late as the baseline is
	ring         [lag]window
	at           int
	short        shortfall
	lastExpected float64
}

// Step takes the window that ends at t: so many did the step before, and the step
// after it. It must be called for every window: those left out had none.
func (s *Sibling) Step(t felt.Tick, before, after int64, rule *Rule) (out Reading) {
	w := rule.width()
	if s.first == 0 || t-s.last > unknown {
		*s = Sibling{first: t, last: t - w, short: shortfall{noise: s.short.noise}}
	}
	for s.last+w < t {
		s.last += w
		s.step(s.last, 0, 0, rule)
	}
	s.last = t
	return s.step(t, float64(before), float64(after), rule)
}

func (s *Sibling) step(t felt.Tick, before, after float64, rule *Rule) (out Reading) {
	w := rule.width()
	if s.fast == 0 && s.slow == 0 {
		s.fast, s.slow = before, before
	}
	s.fast += (1 - math.Exp(-float64(w)/40)) * (before - s.fast)
	s.slow += (1 - math.Exp(-float64(w)/600)) * (before - s.slow)
	// Who did the step before needs a while: expect what both, the last seconds and the
	// last ten minutes, would bring.
	exp := 0.0
	if s.total.n > 0 {
		exp = min(s.fast, s.slow) * s.total.hit / s.total.n
	}
	s.lastExpected = exp
	known := s.total.hit
	if s.total.hit < follows || blind(t-s.first, exp, rule) {
		s.short.forget(rule)
		known = 0
	} else {
		s.short.judge(t, w, after, exp, known, 0, rule)
	}
	out = s.short.tell(t, after, exp, known, rule)
	n := lagOf(w)
	if s.at >= n {
		s.at = 0
	}
	in := s.ring[s.at].held()
	s.ring[s.at] = held{after, before}.window()
	s.at = (s.at + 1) % n
	if shut := s.short.alarm.lasting() && !s.short.alarm.old(t); !shut && (s.short.alarm.lasting() || out.Statistic <= rule.Open/2) {
		f := fade(w, hourHalf)
		s.total.hit = s.total.hit*f + in.hit
		s.total.n = s.total.n*f + in.n
		s.short.learn(w, after, exp)
	}
	return out
}

// Usual is the share of those of the step before who come on, how many of the later step that
// rests on, and for how many more seconds it must watch before it tells anything.
func (s *Sibling) Usual() (share, known float64, wait felt.Tick) {
	if s.total.n > 0 {
		share = s.total.hit / s.total.n
	}
	return share, s.total.hit, watched(s.first, s.last)
}

// Smallest is the smallest share of those expected at the next step whose loss would
// be found within this time at the present volume, on the median.
func (s *Sibling) Smallest(within felt.Tick, rule *Rule) (share float64, ok bool) {
	w := rule.width()
	if s.total.hit < follows || blind(s.last-s.first, s.lastExpected, rule) {
		return 0, false
	}
	return s.short.smallest(s.lastExpected, s.total.hit, math.Floor(float64(within)/float64(w)), 0, rule)
}
