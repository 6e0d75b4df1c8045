package detect

import (
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/cusum"
)

// Counts are what became known of one series in one window. Live they are customers, each
// once, by the worst that happened to them; from a table of numbers they are what it says.
type Counts struct {
	Success, Degraded, Failed, Abandoned int64
	// Timed tries reached their goal and told how long it took; Slow of them took longer than
	// the limit of the series. Both are 0 for a series without a limit.
	Timed, Slow int64
	// Took is how long each of them took, for the test against what is usual here; nil for
	// what has no durations.
	Took []felt.Instant
	// Fled of the abandoned left after a failure.
	Fled int64
	// Before is how many made the step before this one; negative for what is no later step of
	// a journey.
	Before int64
	// Scale is how many customers each counted one stands for; 0 is 1. A crowd is sampled.
	Scale int64
}

// Decided is how many were decided: the denominator of shares.
func (c *Counts) Decided() int64 { return c.Success + c.Degraded + c.Failed + c.Abandoned }

// Test names one of the tests of a [Line].
type Test uint8

// The tests, in the order in which their events are told.
const (
	TestFailed     Test = iota // failed of all decided
	TestDegraded               // degraded of those who reached the goal
	TestSlow                   // slower than the limit, of those who reached the goal
	TestSlower                 // slower than what is usual here
	TestDrop                   // how many come
	TestUnfinished             // left, or failed: of all decided
	TestSibling                // how many come, of those who made the step before
	TestFled                   // left after a failure: of all decided
	TestGuard                  // failed of all decided, while nothing is known yet
	Tests                      // their number
)

// Terms are the terms on which a line is judged at a moment. They change rarely.
type Terms struct {
	Rule cusum.Rule // of shares
	Drop cusum.Rule // of volume
	// What is assumed of a line without a past; zero is what ships.
	Failed, Degraded, Slow, Unfinished cusum.Prior
	// Factor is how many more customers than usual are expected (a peak: 3, a holiday: 0.2);
	// 0 is 1; below 0 how many come is not judged.
	Factor float64
	// Leave is how long after the last sign of life a try counts as left, in seconds. Who reaches
	// the goal is known sooner, so that in the first of this time nobody has left yet, and in as
	// much again not all have: that is learned from nothing. 0 is at once; below 0 who leaves is
	// not judged.
	Leave felt.Tick
}

// Event is what one test says of a line in a window.
type Event struct {
	Test Test
	Kind felt.FindingKind
	cusum.Reading
	Threshold float64 // the nats at which it opens
}

// Line is all tests on the counts of one series that is not of a segment. The zero value has
// seen nothing. It knows nothing of names, customers or findings, so that live judging and
// the backtest of a table are the same code.
type Line struct {
	failed, degraded, slow, unfinished, fled *cusum.Rate
	slower                                   *cusum.Slow
	drop                                     *cusum.Volume
	sibling                                  *cusum.Sibling
	seen                                     int64     // decided
	first                                    felt.Tick // when that began
	guard                                    guard
	ripe                                     *ripe   // of what is known to be left later
	events                                   []Event // of Step
}

// startAt tries are worth the memory of the tests that learn what is usual of durations and volume:
// most names of a long tail never get there.
const startAt = 100

// Step takes the counts of the window that ends at t and returns what lasts or has just ended.
// Windows come in order, all of the same width, and none is left out, for that nobody came is
// what a drop consists of. The events are valid until the next Step; nothing of c is kept.
func (l *Line) Step(t felt.Tick, c *Counts, with *Terms) []Event {
	l.events = l.step(t, c, with, l.events[:0])
	l.events = slices.DeleteFunc(l.events, func(e Event) bool { return !e.Lasting && !e.Ended })
	return l.events
}

// step appends what every test says that was given something.
func (l *Line) step(t felt.Tick, c *Counts, with *Terms, events []Event) []Event {
	n, reached := c.Decided(), c.Success+c.Degraded
	tell := func(test Test, kind felt.FindingKind, rule *cusum.Rule, r cusum.Reading) {
		events = append(events, Event{Test: test, Kind: kind, Reading: r, Threshold: rule.Open})
	}
	first, before := l.first, float64(l.seen)
	rate := func(test Test, kind felt.FindingKind, at **cusum.Rate, hit, n int64, prior cusum.Prior) {
		if *at == nil && hit > 0 {
			if *at = new(cusum.Rate); before > 0 {
				(*at).Begin(first, t-with.Rule.Width, before)
			}
		}
		if r := *at; r != nil && n > 0 {
			tell(test, kind, &with.Rule, r.Step(t, hit, n, prior, &with.Rule))
		}
	}
	rate(TestFailed, felt.FindingFailed, &l.failed, c.Failed, n, with.Failed)
	rate(TestDegraded, felt.FindingDegraded, &l.degraded, c.Degraded, reached, with.Degraded)
	rate(TestSlow, felt.FindingSlow, &l.slow, c.Slow, c.Timed, with.Slow)
	if l.seen == 0 && n > 0 {
		l.first = t
	}
	l.seen += n
	if s := begin(&l.slower, l.seen >= startAt && len(c.Took) > 0); s != nil && len(c.Took) > 0 {
		for _, d := range c.Took {
			s.Add(d)
		}
		tell(TestSlower, felt.FindingSlow, &with.Rule, s.Step(t, &with.Rule))
	}
	if v, came := begin(&l.drop, l.seen >= startAt), n*max(c.Scale, 1); v != nil {
		if with.Factor < 0 {
			v.Skip(t)
		} else {
			tell(TestDrop, felt.FindingDrop, &with.Drop, v.Step(t, came, factor(with.Factor), &with.Drop))
		}
	}
	leaving, stayed := with.Leave == 0, l.ripen(t, n-c.Abandoned, with.Leave)
	if ripe := l.first + 2*with.Leave; with.Leave > 0 && t > ripe {
		leaving = true
		last := t - with.Rule.Width // of the tries between the two it could be known
		first, before = ripe, before*max(0, float64(last-ripe)/float64(max(last-l.first, 1)))
	}
	if leaving {
		rate(TestUnfinished, felt.FindingFunnel, &l.unfinished, c.Abandoned, c.Abandoned+stayed, with.Unfinished)
	}
	if s, came := begin(&l.sibling, c.Before > 0), n*max(c.Scale, 1); s != nil && c.Before >= 0 {
		tell(TestSibling, felt.FindingFunnel, &with.Drop, s.Step(t, c.Before, came, &with.Drop))
	}
	if leaving {
		rate(TestFled, felt.FindingFunnel, &l.fled, c.Fled, c.Abandoned+stayed, with.Unfinished)
	}
	if r, told := l.guard.step(t, c.Failed, n, with.Failed, &with.Rule); told {
		tell(TestGuard, felt.FindingFailed, &with.Rule, r)
	}
	return events
}

// ripen is how many did not leave of those of whom it became known now who did.
func (l *Line) ripen(t felt.Tick, stayed int64, leave felt.Tick) int64 {
	if leave == 0 {
		l.ripe = nil
		return stayed
	}
	if leave > 0 && (l.ripe == nil || l.ripe.leave != leave) {
		l.ripe = &ripe{leave: leave}
	}
	if l.ripe == nil {
		return stayed
	}
	return l.ripe.step(t, stayed)
}

func factor(f float64) float64 {
	if f == 0 {
		return 1
	}
	return f
}

// Skip passes over the time up to t, of which nothing is known: that nobody came in it is no drop.
func (l *Line) Skip(t felt.Tick) {
	if l.drop != nil {
		l.drop.Skip(t)
	}
}

// begin makes a test when its first count comes, so that what a series does not have costs nothing.
func begin[T any](at **T, now bool) *T {
	if *at == nil && now {
		*at = new(T)
	}
	return *at
}

// saved is what every test can do.
type saved interface {
	Save(e *codec.Encoder)
	Load(d *codec.Decoder)
}

func save[T any, P interface {
	*T
	saved
}](e *codec.Encoder, at P) {
	e.Bool(at != nil)
	if at != nil {
		at.Save(e)
	}
}

func load[T any, P interface {
	*T
	saved
}](d *codec.Decoder, at *P) {
	if d.Bool() {
		*at = new(T)
		(*at).Load(d)
	}
}

// Save appends the state.
func (l *Line) Save(e *codec.Encoder) {
	for _, r := range []*cusum.Rate{l.failed, l.degraded, l.slow, l.unfinished, l.fled} {
		save(e, r)
	}
	save(e, l.slower)
	save(e, l.drop)
	save(e, l.sibling)
	save(e, l.ripe)
	l.guard.save(e)
	e.Int(l.seen)
	e.Int(int64(l.first))
}

// Load is the inverse of Save, into a zero line.
func (l *Line) Load(d *codec.Decoder) {
	for _, r := range []**cusum.Rate{&l.failed, &l.degraded, &l.slow, &l.unfinished, &l.fled} {
		load(d, r)
	}
	load(d, &l.slower)
	load(d, &l.drop)
	load(d, &l.sibling)
	load(d, &l.ripe)
	l.guard.load(d)
	l.seen, l.first = d.Int(), felt.Tick(d.Int())
}
