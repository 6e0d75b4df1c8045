package fleet

import (
	"math"

	"github.com/felt-cx/felt"
)

// Width is a window, in seconds.
const Width felt.Tick = 10

// Plan is a month of a fleet.
type Plan struct {
	Seed   uint64
	Series int
	Days   int
	Start  felt.Tick // 0: a Monday, 00:00 UTC
}

// monday is 2026-06-01 00:00 UTC.
const monday felt.Tick = 1_780_272_000

// From is the tick at which the first window begins.
func (p Plan) From() felt.Tick {
	if p.Start != 0 {
		return p.Start
	}
	return monday
}

// Windows is the number of windows of each series.
func (p Plan) Windows() int { return p.Days * 86400 / int(Width) }

// The volumes: Zipf's law over the ranks.
const (
	most     = 20_000 // tries in a window of the largest
	exponent = 1.6
)

// fleetOf is the number of ranks over which the law stretches, so that a smaller fleet has
// the same mixture, and not only the large ones.
const fleetOf = 6000

// rank of the i-th series, 1 to 6000.
func (p Plan) rank(i int) float64 {
	if p.Series >= fleetOf {
		return float64(i + 1)
	}
	return 1 + float64(i)*fleetOf/float64(p.Series)
}

// Counts are what became known of a series in one window: Slow of those that reached the
// goal took longer than its limit.
type Counts struct{ Success, Degraded, Failed, Slow int64 }

// Tries is the number of all.
func (c Counts) Tries() int64 { return c.Success + c.Degraded + c.Failed }

// wander is noise that forgets within so many minutes.
type wander struct{ now, keep, kick float64 }

func newWander(s *source, sd, minutes float64) wander {
	keep := math.Exp(-1 / minutes)
	return wander{sd * s.normal(), keep, sd * math.Sqrt(1-keep*keep)}
}

func (w *wander) step(s *source) float64 {
	w.now = w.now*w.keep + w.kick*s.normal()
	return w.now
}

// restless is a share that wanders.
type restless struct {
	base  float64 // long-run share
	lasts wander  // for minutes
	anew  float64 // sd of what comes anew each minute
	share share   // of this minute
	rho   float64 // correlation of two tries of a window that all this makes
}

// The restlessness of the stream that was measured.
const (
	lastingSD = 0.068
	anewSD    = 0.105
	minutes   = 5
)

func newRestless(s *source, base float64) restless {
	scale := math.Exp(0.4 * s.normal())
	r := restless{base: base, lasts: newWander(s, lastingSD*scale, minutes), anew: anewSD * scale}
	sd := math.Hypot(lastingSD, anewSD) * scale
	r.rho = sd * sd * base / (1 - base)
	return r
}

func (r *restless) minute(s *source, plus float64) {
	e := r.lasts.step(s) + r.anew*s.heavy()
	e = min(max(e, -math.Ln2), math.Ln2)
	r.share = shareOf(min(r.base*math.Exp(e), 0.9)*(1-plus) + plus)
}

// Series is one line of counts, window after window.
type Series struct {
	Number    int
	PerWindow float64 // tries, on average
	source    *source
	at        felt.Tick // end of the last window
	minute    int64
	day       int64
	today     float64       // how much more than usual comes today, as a logarithm
	before    float64       // came yesterday
	shape     [1440]float64 // of a day, mean 1
	weekend   float64
	level     wander
	mean      float64 // tries of a window in this minute, without a fault
	scaled    float64 // the same with it
	none      float64 // exp(-scaled)
	failed    restless
	degraded  restless
	slow      restless
	typical   float64 // duration, as a logarithm of ns
	fault     *Fault
	values    []Counts // of the last window, by segment value
}

// Line makes the i-th series.
func (p Plan) Line(i int) *Series {
	src := newSource(p.Seed, uint64(i))
	s := &Series{
		Number: i, source: src, at: p.From(), minute: -1, day: -1,
		PerWindow: most / math.Pow(p.rank(i), exponent),
		weekend:   src.between(0.5, 1.2),
		level:     newWander(src, 0.06, 20),
	}
	s.failed = newRestless(src, 0.0005*math.Pow(100, src.unit()))
	s.degraded = newRestless(src, 0.002*math.Pow(50, src.unit()))
	s.slow = newRestless(src, 0.01*math.Pow(10, src.unit()))
	s.typical = math.Log(1e9 * math.Exp(0.7*src.normal()))
	deep, second, peak := src.between(0.4, 1.4), src.between(-0.3, 0.3), float64(int(src.unit()*3)*480)+src.between(-60, 60)
	sum := 0.0
	for m := range s.shape {
		a := 2 * math.Pi * (float64(m) - peak) / 1440
		s.shape[m] = math.Exp(deep*math.Cos(a) + second*math.Cos(2*a))
		sum += s.shape[m]
	}
	for m := range s.shape {
		s.shape[m] *= 1440 / sum
	}
	return s
}

// Fault sets what goes wrong from now on; nil: nothing.
func (s *Series) Fault(f *Fault) { s.fault = f }

// Next draws the window that ends Width later, and says when it ends.
func (s *Series) Next() (t felt.Tick, c Counts) {
	if m := int64(s.at) / 60; m != s.minute {
		s.minute = m
		s.turn()
	}
	s.at += Width
	if s.fault != nil {
		s.disturb()
	}
	n := s.source.poisson(s.scaled, s.none)
	if n == 0 {
		return s.at, c
	}
	c.Failed = s.source.binomial(n, s.failed.share)
	c.Degraded = s.source.binomial(n-c.Failed, s.degraded.share)
	c.Success = n - c.Failed - c.Degraded
	c.Slow = s.source.binomial(n-c.Failed, s.slow.share)
	return s.at, c
}

// dawn is how many minutes around midnight it takes until a new day is another.
const dawn = 480

// turn begins a new minute.
func (s *Series) turn() {
	if d := (s.minute + dawn/2) / 1440; d != s.day {
		s.day, s.before = d, s.today
		s.today = 0.08 * s.source.normal()
		if wd := (d + 3) % 7; wd >= 5 { // 1970-01-01 was a Thursday; Monday is 0
			s.today += math.Log(s.weekend)
		}
	}
	new := min(1, float64((s.minute+dawn/2)%1440)/dawn)
	new *= new * (3 - 2*new)
	log := s.today*new + s.before*(1-new) + s.level.step(s.source) + 0.01*s.source.normal()
	s.mean = s.PerWindow * s.shape[s.minute%1440] * math.Exp(log)
	s.scaled = s.mean
	s.none = math.Exp(-s.mean)
	s.failed.minute(s.source, 0)
	s.degraded.minute(s.source, 0)
	s.slow.minute(s.source, 0)
}

// took draws durations of n tries of the last window.
func (s *Series) took(dst []felt.Instant, n int64) []felt.Instant {
	for range n {
		dst = append(dst, felt.Instant(math.Exp(s.typical+s.level.now/2+0.6*s.source.normal())))
	}
	return dst
}

// split draws how the last window is made of segment values: the first has half of the
// traffic, each further one half as much, but none less than 1 %.
func (s *Series) split(c Counts, values int) []Counts {
	if len(s.values) != values {
		s.values = make([]Counts, values)
	}
	clear(s.values)
	for v := range s.values {
		w := shareOf(valueShare(v))
		one := Counts{Success: s.source.binomial(c.Success+c.Degraded, w), Failed: s.source.binomial(c.Failed, w)}
		if f := s.fault; f != nil && f.Kind == SegmentFail && f.Value == v && f.strength(s.at) > 0 {
			one = Counts{Failed: one.Tries()}
		}
		s.values[v] = one
	}
	return s.values
}

func valueShare(v int) float64 { return max(math.Pow(0.5, float64(v+1)), 0.01) }
