package signal

import (
	"math"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// A KPI is told when its denominator has enough, at most so often and at least so often.
const (
	kpiLeast  = 60   // ticks
	kpiMost   = 3600 // ticks
	kpiEnough = 20.0
)

// Word is what a journey did.
type Word uint8

// The words of a journey.
const (
	Begun Word = iota + 1
	Completed
	Failed
	Abandoned
)

// String is the word as in an inventory.
func (w Word) String() string {
	switch w {
	case Begun:
		return "begun"
	case Completed:
		return "completed"
	case Failed:
		return "failed"
	case Abandoned:
		return "abandoned"
	}
	return ""
}

// WordOf is what a journey with this outcome did; 0 nothing that is counted.
func WordOf(o felt.Outcome) Word {
	switch o {
	case felt.OutcomeSuccess, felt.OutcomeDegraded:
		return Completed
	case felt.OutcomeFailed:
		return Failed
	case felt.OutcomeAbandoned:
		return Abandoned
	case felt.OutcomeNone, felt.OutcomeCancelled:
	}
	return 0
}

// side is the numerator or the denominator of a KPI since it was last told.
type side struct {
	seen  bool    // something came once, so that nothing means zero
	level bool    // values that hold, not events
	sum   float64 // of events; of values
	n     float64 // of values, how many
	unit  string
}

func (s *side) reset() { s.sum, s.n = 0, 0 }

// kpi is a KPI in one environment.
type kpi struct {
	env      string
	k        *rules.CompiledKPI
	num, den side
	told     felt.Tick // until when its last value was counted
	active   felt.Tick // when something came last
}

// touch notes that something came at t. What came after an hour of silence begins anew.
func (k *kpi) touch(t felt.Tick) {
	if t-k.active > kpiMost {
		k.told = windowOf(t) - felt.Tick(Width/felt.Second)
		k.num.reset()
		k.den.reset()
	}
	k.active = t
}

// ratio tells whether it has a denominator.
func (k *kpi) ratio() bool { return k.k.Denominator.Given() }

// due is the first tick at which a value may be told; 0 when nothing waits.
func (k *kpi) due() felt.Tick {
	switch {
	case !k.num.seen || k.ratio() && !k.den.seen:
		return 0
	case !k.ratio() && !k.num.level:
		if k.told >= k.active+kpiMost {
			return 0 // nothing came for an hour: no longer is that zero
		}
		return windowOf(k.told + kpiLeast)
	case !k.ratio(), k.den.level:
		if k.num.n == 0 && k.num.sum == 0 && k.den.n == 0 {
			return 0
		}
		return windowOf(k.told + kpiLeast)
	case k.den.sum >= kpiEnough:
		return windowOf(k.told + kpiLeast)
	case k.den.sum > 0:
		return windowOf(k.told + kpiMost)
	}
	return 0
}

// value is what is told at t, a tick at which it is due.
func (k *kpi) value(t felt.Tick) (r result, ok bool) {
	minutes := float64(t-k.told) / 60
	amount := func(s *side) (float64, bool) {
		if s.level {
			return s.sum / s.n, s.n > 0
		}
		return s.sum, true
	}
	r.value, ok = amount(&k.num)
	if !k.ratio() {
		r.n, r.unit = k.num.n, k.num.unit
		if !k.num.level {
			r.value, r.n, r.unit = r.value/minutes, k.num.sum, perMinute(k.num.unit)
		}
		return r, ok && finite(r.value)
	}
	below, there := amount(&k.den)
	switch { // what comes by and what holds are compared by the minute
	case k.num.level && !k.den.level:
		below /= minutes
	case !k.num.level && k.den.level:
		r.value /= minutes
	}
	r.value, r.n, r.unit = r.value/below, k.den.sum, "1"
	if k.den.level {
		r.n = k.den.n
	}
	if k.num.unit != k.den.unit && k.num.unit != "" {
		r.unit = k.num.unit
	}
	return r, ok && there && below > 0 && finite(r.value)
}

func perMinute(unit string) string {
	if unit == "" {
		unit = "1"
	}
	return unit + "/min"
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
