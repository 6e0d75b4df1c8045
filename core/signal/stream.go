package signal

import (
	"math"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// shape is how the points of a metric are to be read.
type shape uint8

const (
	shapeLevel   shape = iota + 1 // a value that holds until the next
	shapeCounter                  // what only grows: the difference counts
	shapeDist                     // a distribution
)

// An instance that is silent for two and a half of its intervals no longer counts, within these
// bounds; one with a single point, after the longer one.
const (
	staleLeast = 30 * felt.Second
	staleMost  = 5 * felt.Minute
)

// rateLeast is over how many seconds a rate is taken at least. Whoever sends right after the start, or
// once more at the end, says what was added in a moment: a request in a millisecond is not a
// thousand a second.
const rateLeast = 1.0

// stream is one instance of a metric: points with the same resource, scope and attributes.
type stream struct {
	id    uint64
	start felt.Instant // as sent with the newest point
	time  felt.Instant // of the newest point
	every felt.Instant // between the newest two; 0 unknown
	seen  felt.Tick    // when it last said something that was not too late; 0 never
	total float64      // the last state of a counter; the running sum of a level that comes as differences
	has   bool         // there is a value
	value float64      // of a level; else the rate a second
	// What was added in the window at hand, and in what time.
	window      felt.Tick
	added, over float64
	last        dist // the last state of a distribution that comes as states
}

// note is what became of a point.
type note uint8

const (
	noted       note = iota // it says something
	noteSilent              // it only begins, or ends, what others go on from
	noteAgain               // it was there before
	noteOlder               // older than what is known of its stream
	noteLate                // too late to say something about now
	noteBad                 // it makes no sense: a counter's difference below zero
	noteChanged             // a distribution whose buckets are others than before
)

// gain is what a point adds.
type gain struct {
	n     float64 // to a counter; observations of a distribution
	dist  *dist
	reset bool // the stream began anew
}

// stale tells that the stream no longer counts at a tick.
func (s *stream) stale(t felt.Tick) bool {
	if s.seen == 0 {
		return true
	}
	wait := staleMost
	if s.every > 0 {
		wait = min(max(s.every*5/2, staleLeast), staleMost)
	}
	return (t - s.seen).Instant() > wait
}

// take takes the next point. late is how old one may be that says something about now.
func (s *stream) take(p *Point, as shape, t felt.Tick, late felt.Instant) (gain, note) {
	known := s.time != 0
	switch {
	case known && p.Time == s.time:
		return gain{}, noteAgain
	case known && p.Time < s.time:
		return gain{}, noteOlder
	}
	if p.NoValue { // Prometheus calls it a staleness marker
		s.time, s.has, s.seen = p.Time, false, 0
		return gain{}, noteSilent
	}
	var (
		g    gain
		over felt.Instant
		what note
	)
	switch as {
	case shapeLevel:
		s.level(p)
	case shapeCounter:
		g, over, what = s.counter(p)
	case shapeDist:
		g, over, what = s.distribution(p)
	}
	if what == noteBad {
		return gain{}, what
	}
	if known {
		s.every = p.Time - s.time
	}
	s.start, s.time = p.Start, p.Time
	if p.At-p.Time > late {
		return gain{}, noteLate
	}
	s.seen = t
	if as == shapeLevel {
		return g, noted
	}
	if what != noted {
		return gain{}, what
	}
	s.rate(g.n, over, t)
	return g, noted
}

func (s *stream) level(p *Point) {
	if p.Type == otlp.PointSum && p.Temporality == delta {
		s.total += p.Value
		s.value = s.total
	} else {
		s.value = p.Value
	}
	s.has = true
}

// rate notes what was added in the window of t; over is the time in which it was, 0 unknown.
func (s *stream) rate(n float64, over felt.Instant, t felt.Tick) {
	if w := windowOf(t); s.window != w {
		s.window, s.added, s.over = w, 0, 0
	}
	if over <= 0 {
		return
	}
	s.added += n
	s.over += float64(over) / float64(felt.Second)
	s.value, s.has = s.added/max(s.over, rateLeast), true
}

// windowOf is the tick that ends the ten seconds to which t belongs.
func windowOf(t felt.Tick) felt.Tick {
	const w = felt.Tick(Width / felt.Second)
	return (t + w - 1) / w * w
}

// began tells whether a state counts from zero: nothing is known from before, and it began a short
// time ago.
func (s *stream) began(p *Point) bool {
	return s.time == 0 && p.Start > 0 && p.Start < p.Time && p.Time-p.Start <= staleMost
}

// anew tells whether the sender says that it started after what is known. Only then: starts
// move a little when a clock is corrected.
func (s *stream) anew(p *Point) bool { return p.Start > 0 && p.Start >= s.time }

// span is the time in which a difference was added.
func (s *stream) span(p *Point) felt.Instant {
	switch {
	case p.Start > 0 && p.Start < p.Time && p.Start >= s.time:
		return p.Time - p.Start
	case s.time > 0:
		return p.Time - s.time
	}
	return 0
}

func (s *stream) counter(p *Point) (gain, felt.Instant, note) {
	if p.Temporality == delta {
		if p.Monotonic && p.Value < 0 {
			return gain{}, 0, noteBad
		}
		return gain{n: p.Value}, s.span(p), noted
	}
	before := s.total
	s.total = p.Value
	switch {
	case s.began(p):
		return gain{n: p.Value}, p.Time - p.Start, noted
	case s.time == 0:
		return gain{}, 0, noteSilent
	case p.Value < before || s.anew(p):
		return gain{n: max(p.Value, 0), reset: true}, p.Time - s.time, noted
	}
	return gain{n: p.Value - before}, p.Time - s.time, noted
}

func (s *stream) distribution(p *Point) (gain, felt.Instant, note) {
	d := p.dist
	whole := gain{n: float64(d.count), dist: &d}
	if p.Temporality == delta {
		return whole, s.span(p), noted
	}
	d.min, d.max = math.NaN(), math.NaN() // since the start
	before := s.last
	s.last = d
	switch {
	case s.began(p):
		return whole, p.Time - p.Start, noted
	case s.time == 0:
		return gain{}, 0, noteSilent
	case s.anew(p):
		whole.reset = true
		return whole, p.Time - s.time, noted
	}
	added, fits, ok := d.since(&before)
	switch {
	case !fits:
		return gain{}, 0, noteChanged
	case !ok:
		whole.reset = true
		return whole, p.Time - s.time, noted
	}
	return gain{n: float64(added.count), dist: &added}, p.Time - s.time, noted
}
