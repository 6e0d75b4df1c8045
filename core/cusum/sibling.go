package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

// Sibling watches how many of those who did one step arrive at the next.
type Sibling struct {
	first         felt.Tick
	before, after float64 // discounted
	bank          [3]arm
	alarm         alarm
}

// Step takes the window that ends at t.
func (s *Sibling) Step(t felt.Tick, before, after int64, rule *Rule) (out Reading) {
	w := rule.width()
	if s.first == 0 {
		s.first = t
	}
	b, n := float64(before), float64(after)
	if s.before > 0 {
		out.Expected = b * s.after / s.before
	}
	if out.Known = s.before; t-s.first > 1800 && s.after > 100 {
		for j, r := range [...]float64{.6, .25, .03} {
			s.bank[j].add(t, w, n*math.Log(r)+out.Expected*(1-r), n, out.Expected, math.Max(rule.Page, rule.Open)+5)
		}
	} else {
		out.Known = 0
	}
	for j := range s.bank {
		out.take(&s.bank[j])
	}
	s.alarm.step(t, out.Statistic, rule, &out)
	if !s.alarm.lasting {
		f := math.Exp2(-float64(w) / 3600)
		s.before = s.before*f + b
		s.after = s.after*f + n
	}
	return out
}
