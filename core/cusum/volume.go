package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

const (
	held60   = 6    // windows by which the level lags; 1 min live
	begin    = 1800 // seconds before which nothing is told
	unknown  = 3600 // seconds without a step after which the level is not known
	sample   = 150  // a level takes this many interactions, if time allows
	fastest  = 300  // seconds in which a level follows
	slowest  = 3600
	coarse   = 600  // a level as slow as this cannot tell a quarter lost from the evening
	crude    = 1500 // nor this one 40 %
	trendMin = .75  // least that the trend may expect
)

// Volume watches whether customers stopped arriving. The zero value is ready. It
// holds about 1.3 KB.
type Volume struct {
	first, last felt.Tick
	dark        felt.Tick // since when nothing is known; 0: it is
	fast, slow  float64   // levels, interactions a window; slow follows three times as slowly
	calendar    float64   // the factor, fading as fast does
	ring        [held60]expected
	at          int
	short       shortfall
	season      season
}

// expected is a window that the level has not got yet.
type expected struct{ n, exp float32 }

// Step takes the window that ends at t, with n interactions; factor is what the
// calendar expects of it, 1 on an ordinary day. It must be called for every window:
// those left out have had no interactions, but after an hour without a call nothing is
// known any more.
func (v *Volume) Step(t felt.Tick, n int64, factor float64, rule *Rule) (out Reading) {
	w := rule.width()
	if v.first == 0 || t-v.last > unknown || v.dark > 0 && t-v.dark > unknown {
		*v = Volume{first: t, last: t - w, season: v.season, short: shortfall{noise: v.short.noise}}
	}
	v.dark = 0
	for v.last+w < t {
		v.last += w
		v.step(v.last, 0, factor, rule)
	}
	v.last = t
	return v.step(t, float64(n), factor, rule)
}

// Skip passes over the windows up to t, of which nothing is known: they are neither
// judged nor learned from. After more than an hour of them the level is learned anew.
func (v *Volume) Skip(t felt.Tick) {
	if v.first == 0 || t <= v.last {
		return
	}
	if v.dark == 0 {
		v.dark = v.last
	}
	v.last = t
}

// expect is the expectation: the smallest of all views.
func (v *Volume) expect(t felt.Tick, factor float64) float64 {
	exp := v.fast
	if v.fast < v.slow { // on the way down: go on with it
		exp *= max(v.fast/v.slow, trendMin)
	}
	if v.calendar > 0 {
		exp = min(exp, v.fast*factor/v.calendar)
	}
	return min(exp, v.fast*v.season.factor(t))
}

// gain is by how much a window moves the level: small counts need more of them.
func (v *Volume) gain(w felt.Tick) float64 {
	return clamp(v.fast/sample, float64(w)/slowest, float64(w)/fastest)
}

// known is how many interactions the level rests on.
func (v *Volume) known(w felt.Tick) float64 { return 2 * v.fast / v.gain(w) }

// leave is how many arms are not to be used, as the level is too slow for them.
func (v *Volume) leave(w felt.Tick) int {
	switch takes := float64(w) / v.gain(w); {
	case takes > crude:
		return 2
	case takes > coarse:
		return 1
	}
	return 0
}

func (v *Volume) step(t felt.Tick, n, factor float64, rule *Rule) (out Reading) {
	w := rule.width()
	exp := v.expect(t, factor)
	known := v.known(w)
	if blind(t-v.first, exp, rule) {
		v.short.forget(rule)
		known = 0
	} else {
		v.short.judge(t, w, n, exp, known, v.leave(w), rule)
	}
	out = v.short.tell(t, n, exp, known, rule)
	// What has looked like less for half an hour is the evening: the level follows again.
	suspicious := out.Statistic > rule.Open/2 && t-out.Since < 1800
	v.learn(t, w, expected{float32(n), float32(exp)}, factor, suspicious)
	return out
}

func (v *Volume) learn(t, w felt.Tick, now expected, factor float64, suspicious bool) {
	in := v.ring[v.at]
	v.ring[v.at] = now
	v.at = (v.at + 1) % held60
	if v.calendar == 0 {
		v.calendar = factor
	}
	a := v.gain(w)
	v.season.step(t, a, float64(now.n), v.first)
	v.calendar += a * (factor - v.calendar)
	b := a / 3
	if age := float64((t-v.first)/w) - held60 + 1; age < 1 { // nothing has come in yet
		return
	} else { // a plain mean at first
		a, b = max(a, 1/age), max(b, 1/age)
	}
	switch {
	case v.short.alarm.lasting(): // the new normal, over hours
		a = float64(w) / (3 * 3600)
		b = a
	case suspicious:
		a, b = a/10, b/10
	case in.exp > 0:
		v.short.learn(w, float64(in.n), float64(in.exp))
	}
	v.fast += a * (float64(in.n) - v.fast)
	v.slow += b * (float64(in.n) - v.slow)
}

// Usual is how many are expected in the next window, and for how many more seconds it must watch
// before it tells anything.
func (v *Volume) Usual(rule *Rule) (expected float64, wait felt.Tick) {
	return v.expect(v.last+rule.width(), v.calendar), watched(v.first, v.last)
}

func watched(first, last felt.Tick) (wait felt.Tick) {
	if first == 0 {
		return begin
	}
	return max(0, begin-(last-first))
}

// Smallest is the smallest lost share that would be found within this time at the
// present volume, on the median; ok is false when nothing would be.
func (v *Volume) Smallest(within felt.Tick, rule *Rule) (share float64, ok bool) {
	w := rule.width()
	exp := v.expect(v.last+w, v.calendar)
	if blind(v.last-v.first, exp, rule) {
		return 0, false
	}
	return v.short.smallest(exp, v.known(w), math.Floor(float64(within)/float64(w)), v.leave(w), rule)
}
