package simulate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/felt-cx/felt"
)

// Options of a world. The zero value of a field means its default.
type Options struct {
	Seed  uint64       // what chance follows from; default 1
	Start felt.Instant // when the world begins; what is under way then began before
	Rate  float64      // interactions a second on the average of a week; default: the scenario's
	Speed float64      // how much faster customers come, think and live through days; default 1
	// RateAt, when given, is the rate at a moment in place of Rate: for histories that
	// are thin and grow. Day and week shape it further, unless the scenario is flat.
	RateAt func(at felt.Instant) float64
}

// Bounds of the options.
const (
	MaxRate  = 20_000
	MaxSpeed = 10_000
)

// World is the simulated world. It has a time of its own, which moves only in
// [World.Advance]: the same scenario, options and moments give the same world, try by
// try. Strike and the questions may be asked from anywhere at any time.
type World struct {
	mu       sync.Mutex
	scenario Scenario
	opt      Options
	seed     uint64
	rng      *rand.Rand
	tables   tables
	sites    []*site
	ops      []*op
	queue    queue
	now      felt.Instant
	total    float64 // of the sites' greatest rates of visits
	bounds   []float64
	visits   []visit
	free     []int32
	sessions uint32
	done     []Try
	episodes []episode
	live     []int // those that may strike in this step
	scratch  []*op
}

// New builds the world of a scenario.
func New(s Scenario, o Options) (*World, error) {
	if list := s.check(); len(list) > 0 {
		errs := make([]error, len(list))
		for i, m := range list {
			errs[i] = errors.New(m.message)
		}
		return nil, fmt.Errorf("scenario: %w", errors.Join(errs...))
	}
	def(&o.Seed, 1)
	def(&o.Rate, s.Rate)
	def(&o.Speed, 1)
	if !(o.Rate > 0 && o.Rate <= MaxRate) {
		return nil, fmt.Errorf("rate: %v interactions a second; want more than 0 and at most %d", o.Rate, MaxRate)
	}
	if !(o.Speed > 0 && o.Speed <= MaxSpeed) {
		return nil, fmt.Errorf("speed: %v; want more than 0 and at most %d", o.Speed, MaxSpeed)
	}
	if o.Start <= 0 {
		return nil, errors.New("start: want a moment after 1970")
	}
	s.Rate = o.Rate
	w := &World{
		scenario: s, opt: o, seed: mix(o.Seed), tables: newTables(), sites: sitesOf(&s),
		rng: rand.New(rand.NewPCG(o.Seed, uint64(o.Start))), //nolint:gosec // a simulation, not a secret
	}
	for _, t := range w.sites {
		w.ops = append(w.ops, t.ops...)
	}
	w.measure()
	w.begin()
	return w, nil
}

// measure finds out how many interactions a visit of each site has, so that the rate is
// what is asked for, and how restless its failures are.
func (w *World) measure() {
	r := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // a simulation, not a secret
	for _, t := range w.sites {
		const draws = 3000
		n := 0.
		for range draws {
			for i, o := range t.plan(r, r.Float64() < knownShare, w.scratch[:0]) {
				// Who is still there, and what comes again or afterwards.
				stays := 1.
				for range i {
					stays *= 1 - leaveShare
				}
				n += stays * (1 + backShare + o.fails*retryShare)
				for then := o.then; then != nil; then = then.then {
					n += stays
				}
			}
		}
		t.visits = n / draws
		t.wander(w.scenario.Noise, w.opt.Rate*w.opt.Speed*t.share*60)
		high := 1.
		if w.shaped() {
			high = t.highest()
		}
		w.total += t.share / t.visits * high
		w.bounds = append(w.bounds, w.total)
	}
}

func (w *World) shaped() bool { return w.scenario.Shape != "flat" }

// begin lets the world live for a while before its start, so that visits are under way.
func (w *World) begin() {
	const warm = 90 * felt.Second
	w.now = w.opt.Start - warm
	w.queue.add(w.now, evArrive, 0)
	w.queue.add(w.now, evBot, 0)
	w.queue.add(w.now, evProbe, 0)
	w.schedule()
	w.advance(w.opt.Start - 1)
	w.done = w.done[:0]
}

// Now is up to where time has passed.
func (w *World) Now() felt.Instant {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Rate is how many interactions a second there are on the average of a week.
func (w *World) Rate() float64 { return w.opt.Rate * w.opt.Speed }

// Advance lets time pass until the world's now is to, and returns what ended, in order
// of end. It is valid until the next call.
func (w *World) Advance(to felt.Instant) []Try {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = w.done[:0]
	w.advance(to)
	return w.done
}

// Skip leaves out a length of time: nothing happens in it, and what was under way goes
// on afterwards. For a machine that slept, or a server that was away for long.
func (w *World) Skip(gap felt.Instant) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now += gap
	for i := range w.queue.events {
		w.queue.events[i].at += gap // keeps the order of the heap
	}
	for i := range w.visits {
		w.visits[i].try.Start += gap
		w.visits[i].try.End += gap
	}
}

func (w *World) advance(to felt.Instant) {
	w.awaken(to)
	for {
		e, ok := w.queue.next(to)
		if !ok {
			break
		}
		w.now = max(w.now, e.at)
		switch e.kind {
		case evArrive:
			w.arrive()
		case evBot:
			w.often(evBot, botShare, w.crawl)
		case evProbe:
			w.often(evProbe, probeShare, w.probe)
		case evBegin:
			w.try(e.about)
		case evEnd:
			w.end(e.about)
		case evNoisy:
			w.pester(e.about)
		}
	}
	w.now = max(w.now, to)
}

// rate is how many interactions a second there are now, before day and week.
func (w *World) rate() float64 {
	if w.opt.RateAt != nil {
		return max(w.opt.RateAt(w.now), 0) * w.opt.Speed
	}
	return w.opt.Rate * w.opt.Speed
}

// day is the moment of the day and week that the world lives through now.
func (w *World) day() felt.Instant {
	return w.opt.Start + felt.Instant(float64(w.now-w.opt.Start)*w.opt.Speed)
}

// patience is how long a random wait may be before the rate is looked at again.
const patience = 5 * felt.Second

// wait draws when the next of so many a second comes; false: not yet, look again.
func (w *World) wait(rate float64) (felt.Instant, bool) {
	if rate <= 0 {
		return w.now + patience, false
	}
	d := w.rng.ExpFloat64() / rate
	if d >= float64(patience)/float64(felt.Second) {
		return w.now + patience, false
	}
	return w.now + felt.Instant(d*float64(felt.Second)), true
}

// often does something as a share of the rate, at random moments.
func (w *World) often(kind eventKind, share float64, do func()) {
	at, comes := w.wait(w.rate() * share)
	if !comes {
		w.queue.add(at, kind, 0)
		return
	}
	w.queue.add(at, kind, 0)
	do()
}

// arrive lets somebody come, and draws when the next one does: moments at the greatest
// rate of all sites, of which the shape of the site's day leaves some out.
func (w *World) arrive() {
	at, comes := w.wait(w.rate() * w.total)
	w.queue.add(at, evArrive, 0)
	if !comes {
		return
	}
	dice := w.rng.Float64() * w.total
	low, high := 0, len(w.bounds)-1
	for low < high {
		if mid := (low + high) / 2; w.bounds[mid] < dice {
			low = mid + 1
		} else {
			high = mid
		}
	}
	t := w.sites[low]
	if w.shaped() && w.rng.Float64() > t.shape(w.day())/t.highest() {
		return
	}
	w.enter(t)
}

// chance is true in this share of cases.
func (w *World) chance(share float64) bool { return w.rng.Float64() < share }

// about is a random length of time with this mean, as fast as the world lives.
func (w *World) about(mean felt.Instant) felt.Instant {
	return felt.Instant(w.rng.ExpFloat64() * float64(mean) / w.opt.Speed)
}
