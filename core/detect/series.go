package detect

import (
	"cmp"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/measure"
)

// What is held of a window.
const (
	// Every is how often series are judged, and the width of a window.
	Every felt.Tick = 10
	// SampleMax is the number of tries of one series and window that are held. Of a larger
	// crowd a half, a quarter, ... of its customers is judged, chosen by their hash.
	SampleMax = 60_000
	// keysMax bounds the segment keys of a series.
	keysMax = 8
)

// key names a series of customer traffic that is not of a segment.
type key struct {
	env, app, name string
	kind           felt.InteractionKind
}

func compareKeys(a, b key) int {
	return cmp.Or(cmp.Compare(a.env, b.env), cmp.Compare(a.app, b.app), cmp.Compare(a.name, b.name), cmp.Compare(a.kind, b.kind))
}

func (k key) public() felt.Series {
	return felt.Series{Env: k.env, App: k.app, Name: k.name, Kind: k.kind, Traffic: felt.TrafficCustomer}
}

// mark is how a try ended, the worse the higher.
type mark uint8

const (
	markGood mark = iota
	markDegraded
	markLeft
	markFailed
)

func markOf(o felt.Outcome) mark {
	switch o {
	case felt.OutcomeFailed:
		return markFailed
	case felt.OutcomeAbandoned:
		return markLeft
	case felt.OutcomeDegraded:
		return markDegraded
	case felt.OutcomeSuccess, felt.OutcomeCancelled, felt.OutcomeNone:
	}
	return markGood
}

// entry is one try of the window that is open.
type entry struct {
	who    uint64
	how    uint64         // how long it took, 0 not known; whether it was left after a failure; the mark
	values [keysMax]uint8 // number of the segment value by key, from 1; 0 none
}

// Bits of [entry.how]; tries of 73 years are as long as it gets.
const (
	markBits = 3
	fledBits = 4
	tookFrom = 3
)

func makeEntry(who uint64, took felt.Instant, m mark, fled bool, values [keysMax]uint8) entry {
	return entry{who, min(uint64(max(took, 0)), 1<<(64-tookFrom)-1)<<tookFrom | boolBit(fled)*fledBits | uint64(m), values}
}

func (e *entry) took() felt.Instant { return felt.Instant(e.how >> tookFrom) }
func (e *entry) mark() mark         { return mark(e.how & markBits) }
func (e *entry) fled() bool         { return e.how&fledBits != 0 }

// series is the memory of one line.
type series struct {
	key
	id     uint32
	line   Line
	plan   *plan
	before *series   // of the step before; nil none
	parent *series   // of its journey; nil none
	source *source   // whose telemetry it is made of
	parts  []*series // the steps, of an app as a whole
	open   []entry
	skip   uint8 // of the open window: one customer in 2^skip is held
	raw    felt.Counts
	counts Counts    // of the window that was closed last; its durations are gone once it is judged
	slower int64     // of them, longer than nine of ten used to
	last   felt.Tick // last window with a try
	pace   float32   // tries a window, lately
	base   float64   // usual share of failures
	known  float64   // on so many tries
	hit    [Tests]struck
	crowd  crowd
	found  []*lasting
	dims   []dim
	burns  []burn
}

func (s *series) add(y *measure.Try, who uint64, vals [keysMax]uint8) {
	s.raw.Add(y.Outcome, 1)
	took := max(felt.Instant(y.Duration), 0)
	if s.whole() {
		took = 0 // how long things take is not judged of a sum
	}
	fled := y.AbandonedHow == felt.AbandonedAfterFailure
	for i := range s.burns {
		if o := &s.burns[i]; o.breaks(markOf(y.Outcome), took, fled) {
			o.more++
		}
	}
	if who&(1<<s.skip-1) != 0 {
		return
	}
	s.open = append(s.open, makeEntry(who, took, markOf(y.Outcome), fled, vals))
	if len(s.open) >= SampleMax {
		s.open = worst(s.open)
		for len(s.open) > SampleMax/2 {
			s.skip++
			s.open = slices.DeleteFunc(s.open, func(e entry) bool { return e.who&(1<<s.skip-1) != 0 })
		}
	}
}

func reached(m mark) bool { return m == markGood || m == markDegraded }

// compareEntries orders by customer, then the worst first, the slowest of those.
func compareEntries(a, b entry) int {
	return cmp.Or(cmp.Compare(a.who, b.who), cmp.Compare(b.mark(), a.mark()), cmp.Compare(b.took(), a.took()),
		slices.Compare(a.values[:], b.values[:]), cmp.Compare(boolBit(a.fled()), boolBit(b.fled())))
}

// worst leaves of each customer the worst try: the slowest of those.
func worst(list []entry) []entry {
	slices.SortFunc(list, compareEntries)
	return slices.CompactFunc(list, func(a, b entry) bool { return a.who == b.who })
}

// close sums the window that ends at t. took is scratch for the durations.
func (s *series) close(t felt.Tick, took []felt.Instant) []felt.Instant {
	s.open = worst(s.open)
	slower := felt.Instant(0)
	if s.line.slower != nil {
		slower = s.line.slower.Threshold()
	}
	c := Counts{Scale: 1 << s.skip, Before: -1}
	from := len(took)
	s.slower = 0
	for i := range s.open {
		e := &s.open[i]
		s.visit(t, e, &c)
		long := e.took()
		if !reached(e.mark()) || long == 0 {
			continue
		}
		took = append(took, long)
		if slower > 0 && long > slower {
			s.hit[TestSlower].add(t, e.who)
			s.slower++
		}
		if s.plan.limit > 0 {
			c.Timed++
			if long > s.plan.limit {
				c.Slow++
				s.hit[TestSlow].add(t, e.who)
			}
		}
	}
	c.Took = took[from:len(took):len(took)]
	s.counts = c
	if n := c.Decided(); n > 0 {
		s.last = t
	}
	s.pace += (float32(c.Decided()*c.Scale) - s.pace) / 60
	return took
}

// visit counts a customer of the window that ends at t.
func (s *series) visit(t felt.Tick, e *entry, c *Counts) {
	s.crowd.add(t, e.who)
	switch e.mark() {
	case markFailed:
		c.Failed++
		s.hit[TestFailed].add(t, e.who)
		s.hit[TestGuard].add(t, e.who)
	case markLeft:
		c.Abandoned++
		s.hit[TestUnfinished].add(t, e.who)
		if e.fled() {
			c.Fled++
			s.hit[TestFled].add(t, e.who)
		}
	case markDegraded:
		c.Degraded++
		s.hit[TestDegraded].add(t, e.who)
	case markGood:
		c.Success++
	}
}

// done lets go of the window.
func (s *series) done() {
	if room := cap(s.open); room > 16 && float32(room) > 4*max(s.pace, float32(len(s.open))) {
		s.open = nil // a rush is over: there are thousands of series
	}
	s.open, s.skip, s.raw = s.open[:0], 0, felt.Counts{}
	for i := range s.burns {
		s.burns[i].more = 0
	}
	s.counts.Took = nil
}
