package forecast

import (
	"math"

	"github.com/felt-cx/felt"
)

// alarm is the one open alarm of a series, and what was normal before it.
type alarm struct {
	lasting bool
	up      bool
	since   felt.Instant // begin of the evidence
	opened  felt.Instant
	loud    felt.Instant // last point that was unusual
	mode    mode
	level   float64 // expected without season when it opened

	now      [modes]float64 // level of the incident itself
	before   [modes]float64 // slow levels when it opened
	beforeAt felt.Instant   // 0 when forgotten
}

const (
	warmPoints = 30
	warmBlocks = 2

	calm = 1 // nats below the threshold that are quiet
	near = 3 // usual distances within which a value is back where it was
)

// step opens, ends, or gives up an alarm.
func (a *alarm) step(v *Value, t felt.Instant, y float64, p *prediction, best float64, at int, threshold float64) (opened, ended bool) {
	if v.n < warmPoints || v.blocks < warmBlocks {
		return false, false
	}
	if best >= threshold && !a.lasting {
		if a.back(v, t, y, p) {
			v.resume(p)
		} else {
			a.open(v, t, at)
			opened = true
		}
	}
	if best > threshold-calm {
		a.loud = t
	}
	for m := range modes {
		if x := y - p.season[m]; opened {
			a.now[m] = x
		} else if a.lasting {
			a.now[m] += v.pace.local * (x - a.now[m])
		}
	}
	switch {
	case !a.lasting:
	case t-a.loud > seconds(max(3600, 2*v.step)):
		a.lasting, ended = false, true
	case t-a.opened > seconds(max(86400, 24*v.step)):
		a.lasting, ended = false, true
		v.accept()
	}
	return opened, ended
}

func seconds(s float64) felt.Instant { return felt.Instant(s * float64(felt.Second)) }

func (a *alarm) open(v *Value, t felt.Instant, at int) {
	a.lasting, a.up = true, at%2 == 0
	a.opened, a.loud, a.since = t, t, t
	a.mode, a.level = v.mode, v.level[v.mode]
	if i := at/2 - 1; i >= 0 {
		a.since, a.level = v.side[i], v.slow[v.mode]
	}
	a.before, a.beforeAt = v.slow, t
}

// back says that the value is where it was before the last incident.
func (a *alarm) back(v *Value, t felt.Instant, y float64, p *prediction) bool {
	return a.beforeAt != 0 && t-a.beforeAt < seconds(max(7*86400, 48*v.step)) &&
		math.Abs(y-p.season[v.mode]-a.before[v.mode]) < near*p.wide
}

// restart moves an open alarm to a clock that was set back.
func (a *alarm) restart(t felt.Instant) {
	a.opened, a.loud, a.since, a.beforeAt = t, t, min(a.since, t), 0
}

// resume takes up what was normal before the incident.
func (v *Value) resume(p *prediction) {
	d := v.alarm.before[v.mode] - v.slow[v.mode]
	for m := range modes {
		v.slow[m] += d
		v.level[m] += p.errs[m]
	}
	v.bank = [banks]float64{}
	v.alarm.beforeAt = 0
}

// accept makes what is now the new normal.
func (v *Value) accept() {
	v.level, v.slow = v.alarm.now, v.alarm.now
	v.bank = [banks]float64{}
	for i := range v.lane {
		v.lane[i].peak = 0
	}
}

// reading is the test's state in the value's own unit.
func (v *Value) reading(best float64, rule *Rule) Reading {
	threshold := rule.open()
	a := &v.alarm
	out := Reading{Statistic: best, Lasting: a.lasting}
	if best > 0 {
		out.Score = best / (best + threshold)
	}
	if v.n == 0 {
		return out
	}
	m, level := v.mode, v.level[v.mode]
	if a.lasting {
		m, level = a.mode, a.level
		out.Since, out.Up = a.since, a.up
	}
	s, _ := v.season.usual(m)
	out.Expected = v.origin + s + level
	scale := v.scale(m)
	nats := threshold + v.dayNats()
	out.High = out.Expected + scale*v.lane[0].at(nats)
	out.Low = out.Expected - scale*v.lane[1].at(nats)
	return out
}

// Smallest is the smallest lasting shift, in the value's own unit and in whichever
// direction is harder, that opens an alarm within that time on the median; false when
// no point comes in that time, or the series is too young to be judged.
func (v *Value) Smallest(within felt.Instant, rule *Rule) (shift float64, ok bool) {
	if v.n < warmPoints || v.blocks < warmBlocks || v.step <= 0 {
		return 0, false
	}
	points := math.Floor(float64(within) / float64(felt.Second) / v.step * (1 + 1e-6))
	if points < 1 {
		return 0, false
	}
	nats := rule.open() + v.dayNats()
	scale := v.scale(v.mode)
	wide := max(v.wide[v.mode], v.floor(v.mode))
	for side := range 2 {
		best := scale * v.lane[side].at(nats)
		for i := range banks {
			tau := bankPoints(i)
			full := -math.Expm1(-points / tau) // share of the shift in the mean by then
			if need := v.lane[2+2*i+side].at(nats) * wide / math.Sqrt(tau) / full; need < most*wide {
				best = min(best, need)
			}
		}
		shift = max(shift, best)
	}
	return shift, true
}
