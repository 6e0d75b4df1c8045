package engine

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/detect"
	"github.com/felt-cx/felt/core/incident"
	"github.com/felt-cx/felt/core/measure"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/signal"
)

// Stage1 turns the events of one partition into interactions.
type Stage1 struct {
	part    felt.Part
	tracker *measure.Tracker
	reader  otlp.Reader
	event   otlp.Event
	point   otlp.Point
	points  signal.Gatherer
	ears    ears
	rules   *rules.Set // in force
	next    *rules.Set // in force after the tick being gathered; nil no other
}

// Out1 is what stage 1 of one partition made of a tick. It is valid until the stage's
// next Tick, and may be read by several goroutines.
type Out1 struct {
	decided measure.Decided
	points  []signal.Point // that feed signals; of them refused were not taken
	refused int64
	heard   []voice // that sent anything
}

// Apply takes one telemetry record of the partition, in log order. On an error
// ([felt.ErrCorrupt]) what came before the damage has been applied, and the rest of the
// record is passed over: it would be so every time.
func (s *Stage1) Apply(rec felt.Record) error {
	if rec.Kind != felt.KindTelemetry || rec.Part != s.part {
		return fmt.Errorf("record of kind %d and partition %d given to partition %d of stage 1", rec.Kind, rec.Part, s.part)
	}
	r := &s.reader
	if err := r.Reset(rec.Data); err != nil {
		return fmt.Errorf("telemetry record %d: %w", rec.Seq, err)
	}
	for r.NextBlock() {
		s.tracker.Begin(r, rec.At)
		s.points.Begin(r)
		s.ears.begin(r)
		for r.Next(&s.event) {
			s.ears.hear(&s.event.Fields, false)
			s.tracker.Event(&s.event)
		}
		for r.NextPoint(&s.point) {
			s.ears.hear(&s.point.Fields, true)
			if !s.points.Take(s.rules, &s.point, rec.At) {
				s.tracker.Point(s.point.Name)
			}
		}
	}
	if err := r.Err(); err != nil {
		return fmt.Errorf("telemetry record %d: %w", rec.Seq, err)
	}
	return nil
}

// Tick closes tick t. The batch has operations and edges.
func (s *Stage1) Tick(t felt.Tick) (Out1, felt.Batch) {
	b := felt.Batch{ID: felt.BatchID{Engine: Version, Stage: 1, Part: s.part, Tick: t}}
	out := Out1{decided: s.tracker.Tick(t)}
	out.points, out.refused = s.points.Hand()
	out.heard = s.ears.hand()
	b.Operations, b.Edges = s.tracker.Flush(t)
	if s.next != nil {
		s.tracker.Rules(s.next)
		s.rules, s.next = s.next, nil
	}
	return out, b
}

// Stage2 turns what was decided about the interactions of one partition into rows and
// buckets, and tells the journeys and links that come of them.
type Stage2 struct {
	part    felt.Part
	counter *measure.Counter
	in      []measure.Decided
	next    []*rules.Set // at hand after the tick being gathered; nil no others
}

// Out2 is what stage 2 of one partition made of a tick. It is valid until the stage's
// next Tick.
type Out2 struct {
	tries   []measure.Try
	begun   []begun
	points  []signal.Point // of the partition of stage 1 with the same number, as the next two
	refused int64
	heard   []voice
}

// Tick takes what all partitions of stage 1 made of tick t, in partition order. The
// batch has interactions, journeys among them, links and buckets.
func (s *Stage2) Tick(t felt.Tick, in ...Out1) (Out2, felt.Batch) {
	b := felt.Batch{ID: felt.BatchID{Engine: Version, Stage: 2, Part: s.part, Tick: t}}
	s.in = s.in[:0]
	for _, o := range in {
		s.in = append(s.in, o.decided)
	}
	told := s.counter.Tick(t, s.in...)
	b.Interactions, b.Links = told.Interactions, told.Links
	b.Buckets = s.counter.Flush(t)
	if s.next != nil {
		s.counter.Rules(s.next...)
		s.next = nil
	}
	out := Out2{tries: told.Tries, begun: begins(told.Interactions)}
	if int(s.part) < len(in) {
		out.points, out.refused, out.heard = in[s.part].points, in[s.part].refused, in[s.part].heard
	}
	return out, b
}

// Stage3 judges every series and keeps the incidents. There is one.
type Stage3 struct {
	detector *detect.Detector
	book     *incident.Book
	signals  *signal.Book
	next     *rules.Set    // in force after the tick being gathered; nil no other
	business felt.Business // of the tick being gathered
	tick     felt.Tick
	known    felt.Tick  // everything up to here was judged before: see [Resume]
	held     *rules.Set // in force at the end of tick known
	adopted  adoption
	tries    []*measure.Try // scratch
}

// Business takes what came from outside of telemetry; it is in the batch of the next Tick.
func (s *Stage3) Business(b felt.Business) {
	s.business.Changes = append(s.business.Changes, b.Changes...)
	s.business.Events = append(s.business.Events, b.Events...)
	s.business.Facts = append(s.business.Facts, b.Facts...)
}

// Tick takes what all partitions of stage 2 made of tick t, in partition order. The
// batch has findings, incidents and commands.
func (s *Stage3) Tick(t felt.Tick, in ...Out2) felt.Batch {
	s.tick = t
	next := s.next
	samples, points := s.listen(t, in)
	if t <= s.known {
		if next != nil {
			s.held = next // older ones must not take away what is known of segments and objectives
		}
		for _, o := range in {
			for _, of := range o.heard {
				s.detector.Heard(t, of)
			}
		}
		s.detector.Past(t)
		s.book.Changes(s.business.Changes)
		s.book.Past(t)
		s.business = felt.Business{}
		return felt.Batch{ID: felt.BatchID{Engine: Version, Stage: 3, Tick: t}}
	}
	if s.held != nil {
		if s.held.Version != s.detector.RulesVersion() {
			s.detector.Rules(s.held)
			s.book.Rules(s.held)
		}
		s.held = nil
	}
	s.tries = s.tries[:0]
	for _, o := range in {
		for i := range o.tries {
			s.tries = append(s.tries, &o.tries[i])
		}
	}
	for _, y := range s.tries {
		s.book.Add(y)
	}
	b := felt.Batch{ID: felt.BatchID{Engine: Version, Stage: 3, Tick: t}}
	s.hear(t, in, samples)
	b.Findings = s.adopted.told(t, s.judge(t, s.tries))
	if next != nil {
		s.detector.Rules(next)
	}
	b.Signals = points
	s.book.Changes(s.business.Changes)
	out := s.book.Tick(t, b.Findings, s.detector)
	b.Incidents, b.Commands, b.IncidentCustomers, b.Notifications = out.Incidents, out.Commands, out.Cohort, out.Notifications
	if next != nil {
		s.book.Rules(next)
	}
	b.Changes, b.BusinessEvents, b.CustomerFacts = s.business.Changes, s.business.Events, s.business.Facts
	s.business = felt.Business{}
	return b
}

// judge lets the detectors see the tries of tick t, and returns what they found. It is all that a
// backtest and a warm-up do too, so they see what it sees: first tries only, in an order that
// stored rows have as well.
func (s *Stage3) judge(t felt.Tick, tries []*measure.Try) []felt.Finding {
	slices.SortFunc(tries, func(a, b *measure.Try) int {
		return cmp.Or(cmp.Compare(a.End, b.End), bytes.Compare(a.ID[:], b.ID[:]))
	})
	for _, y := range tries {
		s.detector.Add(t, y)
	}
	return s.detector.Tick(t)
}

// due is the next tick at which something happens without any input; 0 when nothing will.
func (s *Stage3) due() felt.Tick {
	if s.adopted.due() {
		return max(s.tick, s.known) + 1
	}
	return s.detector.Due()
}
