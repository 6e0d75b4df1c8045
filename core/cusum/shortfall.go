package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

const drops = 4

// far is by how much worse a finding must become to be news again: odds, or what is left.
const far = 3.0

// shares of the expected count that the arms of a shortfall stand for.
func left(j int) float64 { return [drops]float64{.75, .6, .25, .03}[j] }

func leftLog(j int) float64 {
	return [drops]float64{-0.2876820724517809, -0.5108256237659907, -1.3862943611198906, -3.506557897319982}[j]
}

// shortfall tells from counts and what was expected whether less comes: a Poisson test
// with learned noise.
type shortfall struct {
	noise [scales]noise
	clump [scales]clumps
	batch batches
	bank  [drops]arm
	at    float64 // the expectation of which the bonus is
	alarm alarm
}

// judge takes a window with n where exp were expected, an expectation that rests on
// known interactions; the first arms are left out, because the expectation is coarse.
func (s *shortfall) judge(t, w felt.Tick, n, exp, known float64, first int, rule *Rule) {
	if math.Abs(exp-s.at) > .1*exp {
		s.at = exp
	}
	var effective [scales]float64
	for k := range effective {
		effective[k] = s.effective(k, w, exp, rule)
	}
	for j := range s.bank {
		a := &s.bank[j]
		if j < first {
			if a.sum > 0 {
				a.end(rule)
			}
			continue
		}
		f := effective[scaleOf(j)]
		if a.sum > 0 {
			f /= 1 + float64(a.n)/known
		}
		a.add(t, w, f*(n*leftLog(j)+exp*(1-left(j))), n, exp, rule)
	}
	if s.alarm.lasting() {
		q := clamp(s.alarm.share, .02, .85)
		if s.alarm.recover(t, w, -effective[0]*(n*math.Log(q)+exp*(1-q))) {
			restart(s.bank[:], rule)
		}
		q = min(q, s.alarm.level)
		s.alarm.worsen(t, effective[0]/(1+s.alarm.n/known)*(exp*q*(1-1/far)-n*math.Log(far)), n, exp, q*(1+1/far)/2, rule)
	}
}

// effective is how much of what one window says counts, given the noise.
func (s *shortfall) effective(k int, w felt.Tick, exp float64, rule *Rule) float64 {
	more := blockOf(k, w) * exp * s.noise[k].value(believe(true, k))
	if rule.Together {
		more = max(more, s.clump[k].excess())
	}
	return 1 / (1 + more + s.batch.excess(exp))
}

// bonus is what the rareness of an arm's excursions is worth.
func (s *shortfall) bonus(j int) float64 {
	if s.at <= 0 {
		return 0
	}
	return bonusOf(-s.at * (leftLog(j) + 1 - left(j)))
}

// tell gives the reading and keeps the finding.
func (s *shortfall) tell(t felt.Tick, n, exp, known float64, rule *Rule) (out Reading) {
	s.alarm.count(n, exp)
	if exp > 0 {
		s.batch.count(t, n, exp)
	}
	out.take(s.bank[:], s.bonus)
	switch {
	case s.batch.late(t):
		out.Statistic = min(out.Statistic, rule.Open-.5)
	case rule.Page > rule.Open && t-out.Since < 2*rule.width(): // one window may always be a late batch
		out.Statistic = min(out.Statistic, max(rule.Open, rule.Page-.5))
	}
	out.Expected, out.Known = exp, known
	if s.alarm.step(t, rule, &out) {
		restart(s.bank[:], rule)
	}
	return out
}

// blind tells that nothing can be told: it has not watched for long enough, or not even an hour
// without any interaction would be evidence enough.
func blind(watched felt.Tick, exp float64, rule *Rule) bool {
	return watched < begin || exp*3600/float64(rule.width()) < rule.Open
}

// forget is for when nothing can be told.
func (s *shortfall) forget(rule *Rule) {
	if !s.alarm.lasting() {
		restart(s.bank[:], rule)
	}
}

func (s *shortfall) learn(w felt.Tick, n, exp float64) {
	for k := range s.noise {
		off, mean := s.noise[k].learn(k, n-exp, exp, 1, blockOf(k, w), believe(true, k))
		s.clump[k].learn(off, mean)
	}
	s.batch.learn(n, exp)
}

// smallest is the smallest lost share that would be found in so many windows.
func (s *shortfall) smallest(exp, known, windows float64, first int, rule *Rule) (share float64, ok bool) {
	if exp <= 0 || windows < 1 || known <= 0 {
		return 0, false
	}
	for lost := .01; lost < 1.005; lost += .01 {
		for j := first; j < drops; j++ {
			f := s.effective(scaleOf(j), rule.width(), exp, rule)
			sum := windows * f * exp * ((1-lost)*leftLog(j) + 1 - left(j)) / (1 + exp*windows/2/known)
			if sum >= s.bank[j].raw(rule.Open-s.bonus(j)) {
				return min(lost, 1), true
			}
		}
	}
	return 0, false
}
