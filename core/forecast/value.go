package forecast

import (
	"math"

	"github.com/felt-cx/felt"
)

// Open is the shipped threshold, in nats: exp(-Open), 0.07 a day, is how often a
// block as unusual as one that opens an alarm is expected.
const Open = 2.6

// Rule holds for all values of one kind. The zero value and nil are the shipped rule.
type Rule struct {
	Open float64 // nats at which an alarm opens; 0 is [Open]
}

func (r *Rule) open() float64 {
	if r == nil || !(r.Open > 0) {
		return Open
	}
	return r.Open
}

// Reading is what the test says after a point.
type Reading struct {
	Score     float64      // 0 to 1; 0.5 and more at the threshold or above
	Statistic float64      // nats: minus the logarithm of how many blocks as unusual are expected in a day
	Expected  float64      // in the value's own unit; while an alarm lasts, what was expected when it opened
	Low, High float64      // a single point beyond one of them opens an alarm
	Lasting   bool         // an alarm is open
	Opened    bool         // by this point
	Ended     bool         // by this point
	Since     felt.Instant // when the evidence of the open alarm began; 0 when none is open
	Up        bool         // the open alarm's direction; without one, that of the strongest evidence
}

// mode is what the expected value is made of.
type mode uint8

const (
	flat mode = iota // level
	day              // level and time of day
	week             // level and hour of the week
	modes
)

const (
	banks = 3
	lanes = 2 * (1 + banks) // up and down of: the point, each bank
)

// bankPoints is over how many points each bank takes its mean.
func bankPoints(i int) float64 { return [banks]float64{3, 6, 64}[i] }

// bankShare is 1 - exp(-1/points): of a new point in the mean.
func bankShare(i int) float64 {
	return [banks]float64{0.28346868942621073, 0.1535182751093859, 0.015503562994591547}[i]
}

// Value is the test of one series; the zero value has seen nothing. It is for one
// goroutine.
type Value struct {
	n      int64
	last   felt.Instant
	step   float64 // usual seconds between points
	origin float64 // first value: all that follows is relative to it

	level  [modes]float64 // of the last hour, without the season of the mode
	slow   [modes]float64 // of the last week
	misses [modes]float64 // mean error of the level
	judged int64          // points in misses
	mode   mode

	usual [modes]float64 // mean error of the level, large ones cut
	whole [modes]float64 // ... not cut
	wide  [modes]float64 // mean distance from the slow level, large ones cut
	prev  float64
	jump  float64 // mean change, of those that are not 0
	jumps float64 // ... how many, up to 50

	bank   [banks]float64
	side   [banks]felt.Instant // since when the bank's mean is on its side
	lane   [lanes]tail
	block  felt.Instant // begin of the open block
	blocks int64
	least  float64 // where tails may begin

	season season
	alarm  alarm
	recent recent

	pace pace // follows from step; not saved
}

// pace is what a point weighs in the means, and how many blocks a day has; it changes
// only when the time between points does.
type pace struct {
	dt, step                       float64
	local, far, long, whole, judge float64
	block                          float64 // seconds
	nats                           float64 // logarithm of the blocks in a day
}

func share(tau, dt float64) float64 { return -math.Expm1(-dt / tau) }

func (v *Value) keepPace(dt float64) {
	if s := v.step; dt != v.pace.dt || s != v.pace.step {
		v.pace = pace{
			dt: dt, step: s,
			local: share(max(3600, 3*s), dt),
			far:   share(max(7*86400, 72*s), dt),
			long:  share(max(7*86400, 200*s), dt),
			whole: share(max(30*86400, 200*s), dt),
			judge: share(max(2*86400, 100*s), dt),
			block: v.blockSeconds(),
		}
		v.pace.nats = math.Log(86400 / v.pace.block)
	}
}

// hugest is the largest absolute value taken: beyond it squares and float32 end.
const hugest = 1e30

// farthest bounds time, so that sums of instants do not run over.
const farthest = felt.Instant(1) << 61

// Step judges the value x at t and learns from it. What cannot be judged is left out
// and changes nothing: NaN, infinities and what is beyond 1e30, and points that are
// not later than the last one (doubles, an hour that a clock runs twice). A time more
// than a day back is a clock that was set: it goes on from there.
func (v *Value) Step(t felt.Instant, x float64, rule *Rule) Reading {
	if !(math.Abs(x) <= hugest) || t > farthest || t < -farthest || v.n > 0 && t <= v.last && t > v.last-felt.Day {
		return v.reading(0, rule)
	}
	v.keepPace(v.clock(t, x))
	y := x - v.origin
	v.season.enter(t, v.step > 900)
	p := v.predict(y)
	v.changes(y)
	z := v.statistics(t, &p)
	best, at := v.strongest(&z)
	opened, ended := v.alarm.step(v, t, y, &p, best, at, rule.open())
	v.closeBlock(t)
	v.learn(y, &p)
	v.season.add(y)
	v.recent.add(t, y, v.step)
	out := v.reading(best, rule)
	if !v.alarm.lasting {
		out.Up = at%2 == 0
	}
	out.Opened, out.Ended = opened, ended
	return out
}

// clock moves time on and returns the seconds since the last point.
func (v *Value) clock(t felt.Instant, x float64) float64 {
	back := v.n > 0 && t <= v.last
	dt := float64(t-v.last) / float64(felt.Second)
	switch {
	case v.n == 0:
		v.origin, v.block = x, t
		v.fit(300)
		dt = 300
	case back:
		dt = v.step
		v.block = t
		v.alarm.restart(t)
		v.recent.forget()
	case v.step == 0:
		v.step = dt
	}
	// The usual step follows by at most 2 % a point, which makes it about the median.
	v.step += max(-0.02*v.step, min(0.02*v.step, dt-v.step))
	v.last = t
	v.n++
	return min(dt, 12*max(v.step, 1))
}

// dayNats is the logarithm of the blocks in a day.
func (v *Value) dayNats() float64 {
	if v.pace.block == 0 { // restored, and no point yet
		return math.Log(86400 / v.blockSeconds())
	}
	return v.pace.nats
}

// prediction is the point against what was expected.
type prediction struct {
	season [modes]float64
	known  bool // there is a season
	errs   [modes]float64
	err    float64        // of the mode in force
	away   float64        // from the slow level
	scales [modes]float64 // usual errors
	scale  float64        // of the mode in force
	wide   float64        // usual distance from the slow level
}

const (
	gain = 0.4 // a season is used when it cuts the error to this share

	cut  = 6 // usual errors by which one point may count
	span = 2 // ... in the slow level
	most = 8 // ... in a bank
)

func (v *Value) predict(y float64) prediction {
	if v.n == 1 {
		v.level[flat], v.slow[flat], v.prev = y, y, y
	}
	p := prediction{known: v.season.inDay.known}
	for m := range modes {
		p.season[m], _ = v.season.usual(m)
		p.errs[m] = y - p.season[m] - v.level[m]
	}
	if m := v.choose(); m != v.mode {
		v.mode, v.bank = m, [banks]float64{}
	}
	p.err = p.errs[v.mode]
	p.away = y - p.season[v.mode] - v.slow[v.mode]
	for m := range modes {
		p.scales[m] = v.scale(m)
	}
	p.scale = p.scales[v.mode]
	p.wide = max(v.wide[v.mode], v.floor(v.mode))
	if p.known {
		a := max(v.pace.judge, 1/float64(v.judged+1))
		for m := range modes {
			v.misses[m] += a * (min(math.Abs(p.errs[m]), cut*p.scales[m]) - v.misses[m])
		}
		v.judged++
	}
	return p
}

// choose takes the season in which the errors are smallest, if they are much smaller
// than without.
func (v *Value) choose() mode {
	best := flat
	if !v.season.inDay.known || v.judged <= 100 {
		return best
	}
	if v.misses[day] < gain*v.misses[flat] {
		best = day
	}
	if v.season.inWeek.known && v.misses[week] < min(gain*v.misses[flat], 0.95*v.misses[day]) {
		best = week
	}
	return best
}

// floor is the least that an error is worth: a share of the value, so that what a
// computer adds up is no incident, of a usual change, and of the errors in all.
func (v *Value) floor(m mode) float64 {
	return max(1e-5*math.Abs(v.origin+v.level[flat]), 1e-12, 0.1*v.jump, 0.3*v.whole[m])
}

// scale is the usual error in a mode.
func (v *Value) scale(m mode) float64 { return max(v.usual[m], v.floor(m)) }

// changes keeps the usual size of a change: what a series of few values, or one that is
// 0 but for rare events, has instead of an error.
func (v *Value) changes(y float64) {
	if y == v.prev {
		return
	}
	v.jumps = min(v.jumps+1, 50)
	v.jump += (math.Abs(y-v.prev) - v.jump) / v.jumps
	v.prev = y
}

// statistics of the point and of the banks, up and down.
func (v *Value) statistics(t felt.Instant, p *prediction) (z [lanes]float64) {
	z[0] = p.err / p.scale
	z[1] = -z[0]
	away := max(-most*p.wide, min(most*p.wide, p.away))
	for i := range v.bank {
		points := bankPoints(i)
		was := v.bank[i]
		v.bank[i] += max(bankShare(i), 1/float64(v.n+1)) * (away - was)
		if (was > 0) != (v.bank[i] > 0) {
			v.side[i] = t
		}
		s := v.bank[i] / p.wide * math.Sqrt(points)
		z[2+2*i], z[3+2*i] = s, -s
	}
	return z
}

// strongest is the largest evidence, as nats over what a day brings, and its lane.
func (v *Value) strongest(z *[lanes]float64) (best float64, at int) {
	best = math.Inf(-1)
	for i := range z {
		if n := v.lane[i].nats(z[i]); n > best {
			best, at = n, i
		}
		v.lane[i].peak = max(v.lane[i].peak, z[i])
	}
	return best - v.pace.nats, at
}

func (v *Value) blockSeconds() float64 { return max(7200, 3*v.step) }

// closeBlock ends a block when its time is over. An incident is one block however long
// it is, or the series would get used to it.
func (v *Value) closeBlock(t felt.Instant) {
	length := float64(t-v.block) / float64(felt.Second)
	if v.alarm.lasting || length < v.pace.block {
		return
	}
	v.fitLeast()
	keep := float32(math.Exp(-length / (100 * 86400)))
	for i := range v.lane {
		v.lane[i].close(keep, v.least)
	}
	v.block = t
	v.blocks++
}

// fitLeast sets where tails may begin: near the upper tenth of the largest of a
// block's points, were they normal.
func (v *Value) fitLeast() {
	v.least = max(1.5, 0.8*(2+0.42*math.Log(v.pace.block/max(v.step, 1))))
}

func (v *Value) fit(step float64) {
	if v.least == 0 {
		v.least = max(1.5, 0.8*(2+0.42*math.Log(max(7200, 3*step)/step)))
	}
	for i := range v.lane {
		v.lane[i].fit(v.least)
	}
}

func (v *Value) learn(y float64, p *prediction) {
	g := 1.0
	if v.alarm.lasting {
		g = 0.3
	}
	young := v.n < 30
	for m := range modes {
		n := v.n
		if m != flat {
			n = v.judged + 100 // the season's errors are counted from when there is one, on top of a prior: the level's
		}
		few := 1 / float64(n+1) // the mean of all points while they are few
		local, far := g*max(v.pace.local, few), g*max(v.pace.far, few)
		long, whole := g*max(v.pace.long, few), g*max(v.pace.whole, few)
		if m != flat && !p.known {
			v.level[m] = y - p.season[m]
			v.slow[m] = v.level[m]
			v.usual[m], v.whole[m], v.wide[m] = v.usual[flat], v.whole[flat], v.wide[flat]
			continue
		}
		err, away := p.errs[m], y-p.season[m]-v.slow[m]
		size, distance := math.Abs(err), math.Abs(away)
		wide := max(v.wide[m], v.floor(m))
		if !young {
			err = max(-cut*p.scales[m], min(cut*p.scales[m], err))
			away = max(-span*wide, min(span*wide, away))
		}
		v.level[m] += local * err
		v.slow[m] += far * away
		v.whole[m] += whole * (size - v.whole[m])
		v.usual[m] += long * (min(size, cut*p.scales[m]) - v.usual[m])
		v.wide[m] += long * (min(distance, most*wide) - v.wide[m])
		if young {
			v.wide[m] = max(v.wide[m], v.usual[m])
		}
	}
}
