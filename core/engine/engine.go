package engine

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/detect"
	"github.com/felt-cx/felt/core/incident"
	"github.com/felt-cx/felt/core/measure"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/signal"
)

// Version of the machine: part of every batch id and snapshot. It grows when the same
// log would give other rows.
const Version = 6

// Engine holds the machines of all three stages of one log. Stages of different
// partitions may be driven from different goroutines at once; everything else is for
// one goroutine, between ticks.
type Engine struct {
	settings felt.Settings
	rules    ruleBook
	stage1   []*Stage1
	stage2   []*Stage2
	stage3   *Stage3
}

// New returns an engine that has seen nothing. s.Partitions below 1 counts as 1.
func New(s felt.Settings) *Engine {
	s = complete(s)
	e := &Engine{settings: s, stage3: &Stage3{detector: detect.New(s), book: incident.NewBook(s), signals: signal.NewBook(s)}}
	empty := &rules.Set{}
	for p := range s.Partitions {
		tracker := measure.NewTracker(s)
		tracker.Stagger(felt.Part(p))
		e.stage1 = append(e.stage1, &Stage1{part: felt.Part(p), tracker: tracker, rules: empty})
		e.stage2 = append(e.stage2, &Stage2{part: felt.Part(p), counter: measure.NewCounter(s, p)})
	}
	return e
}

// complete replaces what is not set by its default: a setting that an older record does
// not know must not turn a bound into zero.
func complete(s felt.Settings) felt.Settings {
	d := felt.DefaultSettings()
	s.Partitions = min(max(s.Partitions, 1), felt.MaxParts)
	for _, v := range []struct{ have, want *felt.Instant }{
		{&s.Settle, &d.Settle},
		{&s.LateMax, &d.LateMax},
		{&s.JudgeLate, &d.JudgeLate},
		{&s.Remember, &d.Remember},
		{&s.JourneyLate, &d.JourneyLate},
		{&s.Recovery, &d.Recovery},
		{&s.PendingAfter, &d.PendingAfter},
		{&s.SilentAfter, &d.SilentAfter},
	} {
		if *v.have <= 0 {
			*v.have = *v.want
		}
	}
	for _, v := range []struct{ have, want *int }{
		{&s.OpenSpans, &d.OpenSpans},
		{&s.OpenTries, &d.OpenTries},
		{&s.SeriesMax, &d.SeriesMax},
		{&s.OpsMax, &d.OpsMax},
		{&s.SegmentMax, &d.SegmentMax},
		{&s.FloorClients, &d.FloorClients},
		{&s.OpenJourneys, &d.OpenJourneys},
		{&s.JourneySteps, &d.JourneySteps},
		{&s.KnownLinks, &d.KnownLinks},
		{&s.OpenPending, &d.OpenPending},
		{&s.Signals, &d.Signals},
		{&s.SignalInstances, &d.SignalInstances},
		{&s.SignalStreams, &d.SignalStreams},
	} {
		if *v.have <= 0 {
			*v.have = *v.want
		}
	}
	return s
}

// Partitions is the number of partitions of stages 1 and 2.
func (e *Engine) Partitions() int { return len(e.stage1) }

// Settings are those in force.
func (e *Engine) Settings() felt.Settings { return e.settings }

// Stage1 is the stage-1 machine of partition p.
func (e *Engine) Stage1(p int) *Stage1 { return e.stage1[p] }

// Stage2 is the stage-2 machine of partition p.
func (e *Engine) Stage2(p int) *Stage2 { return e.stage2[p] }

// Stage3 is the one stage-3 machine.
func (e *Engine) Stage3() *Stage3 { return e.stage3 }

// Control takes a control record of the tick that is being gathered, after all telemetry
// of that tick. It takes effect when the tick is closed. Records that carry nothing
// for the engine are accepted; one that cannot be read changes nothing.
func (e *Engine) Control(rec felt.Record) error {
	switch rec.Kind {
	case felt.KindSettings:
		var s felt.Settings
		if err := json.Unmarshal(rec.Data, &s); err != nil {
			return fmt.Errorf("settings record %d: %w: %w", rec.Seq, felt.ErrCorrupt, err)
		}
		if s.Partitions != 0 && s.Partitions != e.settings.Partitions {
			return fmt.Errorf("settings record %d asks for %d partitions, this log has %d for ever", rec.Seq, s.Partitions, e.settings.Partitions)
		}
		s.Partitions, s.Clock = e.settings.Partitions, e.settings.Clock
		e.change(complete(s))
	case felt.KindClock:
		if e.settings.Clock != felt.ClockWall {
			s := e.settings
			s.Clock = felt.ClockWall
			e.change(s)
			e.stage3.detector.Awake()
		}
	case felt.KindCommand:
		var c felt.Command
		if err := json.Unmarshal(rec.Data, &c); err != nil {
			return fmt.Errorf("command record %d: %w: %w", rec.Seq, felt.ErrCorrupt, err)
		}
		e.stage3.book.Command(c)
	case felt.KindInventory:
		return e.inventory(rec)
	case felt.KindBusiness:
		var b felt.Business
		if err := json.Unmarshal(rec.Data, &b); err != nil {
			return fmt.Errorf("business record %d: %w: %w", rec.Seq, felt.ErrCorrupt, err)
		}
		e.stage3.Business(b)
	case felt.KindEvidence:
		var v felt.Evidence
		if err := json.Unmarshal(rec.Data, &v); err != nil {
			return fmt.Errorf("evidence record %d: %w: %w", rec.Seq, felt.ErrCorrupt, err)
		}
		e.stage3.book.Evidence(v)
	case felt.KindTelemetry, felt.KindTick:
	}
	return nil
}

func (e *Engine) change(s felt.Settings) {
	e.settings = s
	for p := range e.stage1 {
		e.stage1[p].tracker.Settings(s)
		e.stage2[p].counter.Settings(s)
	}
	e.stage3.detector.Settings(s)
	e.stage3.book.Settings(s)
	e.stage3.signals.Settings(s)
}

// Run closes tick t with all of its records, in log order, in one goroutine. It is what
// drivers with several goroutines are compared with. Empty batches are left out.
// Records that cannot be read are passed over and returned as an error beside the batches.
func (e *Engine) Run(t felt.Tick, recs []felt.Record) ([]felt.Batch, error) {
	var errs []error
	for _, rec := range recs {
		if rec.Kind != felt.KindTelemetry {
			continue
		}
		if int(rec.Part) < 0 || int(rec.Part) >= len(e.stage1) {
			errs = append(errs, fmt.Errorf("telemetry record %d of partition %d, this log has %d", rec.Seq, rec.Part, len(e.stage1)))
			continue
		}
		errs = append(errs, e.stage1[rec.Part].Apply(rec))
	}
	for _, rec := range recs {
		errs = append(errs, e.Control(rec))
	}
	out1 := make([]Out1, len(e.stage1))
	out2 := make([]Out2, len(e.stage2))
	var batches []felt.Batch
	keep := func(b felt.Batch) {
		if !b.Empty() {
			batches = append(batches, b)
		}
	}
	var b felt.Batch
	for p := range e.stage1 {
		out1[p], b = e.stage1[p].Tick(t)
		keep(b)
	}
	for p := range e.stage2 {
		out2[p], b = e.stage2[p].Tick(t, out1...)
		keep(b)
	}
	keep(e.stage3.Tick(t, out2...))
	return batches, errors.Join(errs...)
}

// standsAfter is the number of seconds without a tick after which the clock of a wall log stood
// still: whoever moves it does so every second.
const standsAfter = 15

// Stood tells that no record came after tick open until tick next. In a wall log, where something
// comes every second while a server runs, that means that none ran for so long: customers who did
// not come in that time are no drop. Call it when open is closed, before what is due until next.
func (e *Engine) Stood(open, next felt.Tick) {
	if e.settings.Clock == felt.ClockWall && next-open > standsAfter {
		e.stage3.detector.Stood(open, next-1)
	}
}

// Sights lists what the detectors know of the series of a scope, whose parts may be empty for any,
// and what they would see. It may be called while stages 1 and 2 run, but not stage 3 or anything
// else.
func (e *Engine) Sights(of felt.Scope) []felt.Sight { return e.stage3.detector.Sights(of) }

// Silences lists those that hold. It may be called when [Engine.Sights] may.
func (e *Engine) Silences() []felt.Silence { return e.stage3.book.Silences() }

// Next is the next tick at which something is due without any input: a trace settles,
// buckets are handed out, series are judged. 0 when nothing is. Ticks without records
// before it may be skipped: they would make no batch and change nothing.
func (e *Engine) Next() felt.Tick {
	var next felt.Tick
	sooner := func(t felt.Tick) {
		if t != 0 && (next == 0 || t < next) {
			next = t
		}
	}
	for p := range e.stage1 {
		sooner(e.stage1[p].tracker.Due())
		sooner(e.stage2[p].counter.Due())
	}
	sooner(e.stage3.due())
	sooner(e.stage3.book.Due())
	sooner(e.stage3.signals.Due())
	return next
}

// Quiet tells that nothing is due at t: if it also has no record, it may be skipped.
func (e *Engine) Quiet(t felt.Tick) bool {
	next := e.Next()
	return next == 0 || next > t
}

// CompleteUntil is, when the log's clock stands at the end of tick t, the instant before
// which every interaction that ended earlier, and whose telemetry arrived within
// settle, is in the rows. It is settle behind the clock, or as far as the oldest
// interaction that still waits for its outcome, whichever is earlier; so without further
// input it passes any instant settle and a second later, but for interactions that
// arrived after that instant. A try whose page was hidden and that nothing has ended
// since is not waited for: it may be abandoned, and then its row comes pending_after later.
func (e *Engine) CompleteUntil(t felt.Tick) felt.Instant {
	until := t.Instant() - e.settings.Settle
	for _, s := range e.stage1 {
		if end, waits := s.tracker.Pending(); waits {
			until = min(until, end)
		}
	}
	return until
}
