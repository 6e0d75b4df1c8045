package detect

import (
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
	Tests                      // their number
)

// Terms are the terms on which a line is judged at a moment. They change rarely.
type Terms struct {
	Rule cusum.Rule // of shares
	Drop cusum.Rule // of volume
	// What is assumed of a line without a past; zero is what ships.
	Failed, Degraded, Slow, Unfinished cusum.Prior
	// Factor is how many more customers than usual are expected (a peak: 3, a holiday: 0.2);
	// 0 is 1.
	Factor float64
}

// Event is what one test says of a line in a window: told while it lasts, and once when it ends.
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
	failed, degraded, slow, unfinished *cusum.Rate
	slower                             *cusum.Slow
	drop                               *cusum.Volume
	sibling                            *cusum.Sibling
	events                             []Event
}

// Step takes the counts of the window that ends at t and returns what lasts or has just ended.
// Windows come in order, all of the same width, and none is left out, for that nobody came is
// what a drop consists of. The events are valid until the next Step.
func (l *Line) Step(t felt.Tick, c *Counts, with *Terms) []Event {
	l.events = l.events[:0]
	n, reached := c.Decided(), c.Success+c.Degraded
	if n > 0 {
		l.rate(TestFailed, felt.FindingFailed, &l.failed, t, c.Failed, n, with.Failed, with)
		l.rate(TestDegraded, felt.FindingDegraded, &l.degraded, t, c.Degraded, reached, with.Degraded, with)
		l.rate(TestSlow, felt.FindingSlow, &l.slow, t, c.Slow, c.Timed, with.Slow, with)
		l.rate(TestUnfinished, felt.FindingFunnel, &l.unfinished, t, c.Abandoned, n, with.Unfinished, with)
	}
	if len(c.Took) > 0 {
		for _, d := range c.Took {
			begin(&l.slower, true).Add(d)
		}
		l.tell(TestSlower, felt.FindingSlow, &with.Rule, l.slower.Step(t, &with.Rule))
	}
	factor := with.Factor
	if factor == 0 {
		factor = 1
	}
	came := n * max(c.Scale, 1)
	if v := begin(&l.drop, came > 0); v != nil {
		l.tell(TestDrop, felt.FindingDrop, &with.Drop, v.Step(t, came, factor, &with.Drop))
	}
	if s := begin(&l.sibling, c.Before > 0); s != nil {
		l.tell(TestSibling, felt.FindingFunnel, &with.Drop, s.Step(t, max(c.Before, 0), came, &with.Drop))
	}
	return l.events
}

func (l *Line) rate(test Test, kind felt.FindingKind, at **cusum.Rate, t felt.Tick, hit, n int64, prior cusum.Prior, with *Terms) {
	if r := begin(at, n > 0); n > 0 {
		l.tell(test, kind, &with.Rule, r.Step(t, hit, n, prior, &with.Rule))
	}
}

func (l *Line) tell(test Test, kind felt.FindingKind, rule *cusum.Rule, r cusum.Reading) {
	if r.Lasting || r.Ended {
		l.events = append(l.events, Event{Test: test, Kind: kind, Reading: r, Threshold: rule.Open})
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
	for _, r := range []*cusum.Rate{l.failed, l.degraded, l.slow, l.unfinished} {
		save(e, r)
	}
	save(e, l.slower)
	save(e, l.drop)
	save(e, l.sibling)
}

// Load is the inverse of Save, into a zero line.
func (l *Line) Load(d *codec.Decoder) {
	for _, r := range []**cusum.Rate{&l.failed, &l.degraded, &l.slow, &l.unfinished} {
		load(d, r)
	}
	load(d, &l.slower)
	load(d, &l.drop)
	load(d, &l.sibling)
}

// DefaultTerms are what ships, for a line of windows of a width in seconds, judged alone: a
// finding pages as soon as it opens.
func DefaultTerms(width felt.Tick) Terms {
	r := cusum.Rule{Width: width, Open: OpenAt, Page: OpenAt}
	return Terms{Rule: r, Drop: r}
}

// OpenAt is the sensitivity that ships, the same for every series: nats at which a finding
// opens. About one in a month opens by chance in a series.
const OpenAt = 14.0
