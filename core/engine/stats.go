package engine

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/incident"
	"github.com/felt-cx/felt/core/measure"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/signal"
)

// Stats are the engine's counters and loads.
type Stats struct {
	measure.Stats
	measure.CounterStats

	OpenTraces, KeptTraces, HeldSpans, Remembered  int
	OpenPending, ClosedPending                     int // tries whose page was hidden
	Texts, Operations, OperationCells, OpenBuckets int
	Series                                         int // judged
	Findings                                       int // lasting
	NotJudgedSeries                                int64
	OpenIncidents                                  int
	HeldJourneys, KnownLinks                       int
	JourneyBytes                                   int // of both, about
	Bytes                                          measure.HeldBytes
	DetectorBytes                                  int   // about
	Incidents                                      int64 // opened so far
	Incident                                       incident.Stats

	Signals signal.Stats
	// SignalTroubles are the signals and KPIs whose points make no value.
	SignalTroubles []signal.Trouble

	// Unmapped are the metrics that are no signal of a journey, by name, most points first.
	Unmapped []felt.NameCount
	// Discovered are the names of customers' interactions that are a step of no journey
	// (app/name), most interactions first, at most [MaxDiscovered].
	Discovered []felt.NameCount
}

// MaxDiscovered bounds [Stats.Discovered].
const MaxDiscovered = 100

// Stats returns the counters; only between ticks.
func (e *Engine) Stats() Stats {
	var s Stats
	set := e.rules.current()
	if set == nil {
		set = &rules.Set{}
	}
	type appName struct{ app, name string }
	unmapped, found := map[string]int64{}, map[appName]int64{}
	for p := range e.stage1 {
		t := e.stage1[p].tracker
		s.Stats.Add(t.Stats())
		l := t.Held()
		s.OpenTraces += l.Traces
		s.KeptTraces += l.Kept
		s.HeldSpans += l.Spans
		s.Remembered += l.Remembered
		s.OpenPending += l.Pending
		s.ClosedPending += l.PendingClosed
		s.Texts += l.Texts
		s.Operations += l.Operations
		s.OperationCells += l.Cells
		s.Bytes.Add(l.Bytes)
		for name, n := range l.UnmappedMetrics {
			if !set.Signal(name) { // it may have come before the inventory did
				unmapped[name] += n
			}
		}
		c := e.stage2[p].counter
		s.CounterStats.Add(c.Stats())
		s.OpenBuckets += c.Buckets()
		held := c.Held()
		s.HeldJourneys += held.Journeys
		s.KnownLinks += held.Links
		s.JourneyBytes += held.Bytes
		c.Names(func(k felt.Series, n int64) {
			if k.Kind == felt.KindStep && k.Traffic == felt.TrafficCustomer && len(set.Steps(k.App, k.Name)) == 0 {
				found[appName{k.App, k.Name}] += n
			}
		})
	}
	s.Series, s.Findings, s.NotJudgedSeries = e.stage3.detector.Stats()
	s.DetectorBytes = e.stage3.detector.Bytes()
	s.Incident = e.stage3.book.Stats()
	s.OpenIncidents, s.Incidents = s.Incident.Open, s.Incident.Opened
	s.Signals, s.SignalTroubles = e.stage3.signals.Stats(), e.stage3.signals.Troubles()
	s.Unmapped = ranked(unmapped)
	s.Discovered = top(found, MaxDiscovered, func(k appName) string { return k.app + "/" + k.name })
	return s
}

// Operation is a kind of span of a service.
type Operation = measure.Operation

// MaxNamed bounds [Engine.Named].
const MaxNamed = 10_000

// Named lists the operations whose spans name their interaction themselves, nearly all (9 in 10)
// of the recent ones: they need no rule. Sorted; when there are more than [MaxNamed], the first.
// Only between ticks.
func (e *Engine) Named() []Operation {
	type spans struct{ recent, named int }
	all := map[Operation]spans{} // of those that name any: most never do
	for _, names := range []bool{true, false} {
		for p := range e.stage1 {
			e.stage1[p].tracker.Operations(func(o Operation, recent, named int) {
				if names != (named > 0) {
					return
				}
				if s, there := all[o]; there || names {
					all[o] = spans{s.recent + recent, s.named + named}
				}
			})
		}
	}
	list := []Operation{}
	for o, s := range all {
		if s.named > 0 && 10*s.named >= 9*s.recent {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b Operation) int {
		return cmp.Or(cmp.Compare(a.Env, b.Env), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
	})
	return list[:min(len(list), MaxNamed)]
}

// Discovered lists the names of interactions seen so far (env/app/name), most
// interactions first; only between ticks.
func (e *Engine) Discovered() []felt.NameCount {
	names := map[string]int64{}
	for _, s := range e.stage2 {
		s.counter.Names(func(k felt.Series, n int64) { names[k.Env+"/"+k.App+"/"+k.Name] += n })
	}
	return ranked(names)
}

// ranked lists the names with the highest counts first.
func ranked(m map[string]int64) []felt.NameCount {
	return top(m, len(m), func(name string) string { return name })
}

// top lists the most names with the highest counts, and makes no name that is not among them: it is
// asked for twice a second.
func top[K comparable](m map[K]int64, most int, name func(K) string) []felt.NameCount {
	least := int64(math.MinInt64)
	if len(m) > most {
		counts := slices.Sorted(maps.Values(m))
		least = counts[len(counts)-most]
	}
	out := make([]felt.NameCount, 0, most)
	for k, n := range m {
		if n >= least {
			out = append(out, felt.NameCount{Name: name(k), Count: n})
		}
	}
	slices.SortFunc(out, func(a, b felt.NameCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	return out[:min(len(out), most)]
}

// Metrics implements [felt.Meter]; only between ticks.
func (e *Engine) Metrics() []felt.Metric {
	s := e.Stats()
	out := slices.Concat(s.counters(), s.gauges(), signalMetrics(&s.Signals), incidentMetrics(&s.Incident))
	for o := felt.OutcomeSuccess; o <= felt.OutcomeCancelled; o++ {
		out = append(out, felt.Metric{
			Name: "felt_engine_interactions_total", Help: "Interactions decided, by their first outcome.", Type: felt.MetricCounter,
			Labels: []felt.Segment{{Key: "outcome", Value: o.String()}}, Value: float64(outcomeCount(s.Outcomes, o)),
		})
	}
	for o := felt.OutcomeSuccess; o <= felt.OutcomeCancelled; o++ {
		out = append(out, felt.Metric{
			Name: "felt_engine_journeys_total", Help: "Journeys that ended, by their first outcome.", Type: felt.MetricCounter,
			Labels: []felt.Segment{{Key: "outcome", Value: o.String()}}, Value: float64(outcomeCount(s.JourneyOutcomes, o)),
		})
	}
	for _, p := range []struct {
		part string
		n    int
	}{
		{"traces", s.Bytes.Traces},
		{"claims", s.Bytes.Claims},
		{"remembered", s.Bytes.Remembered},
		{"operations", s.Bytes.Operations},
		{"texts", s.Bytes.Texts},
		{"journeys", s.JourneyBytes},
		{"detectors", s.DetectorBytes},
		{"incidents", s.Incident.Bytes},
	} {
		out = append(out, felt.Metric{
			Name: "felt_engine_bytes", Help: "Memory held by the engine, about, by part.", Type: felt.MetricGauge,
			Labels: []felt.Segment{{Key: "part", Value: p.part}}, Value: float64(p.n),
		})
	}
	return out
}

func (s *Stats) counters() []felt.Metric {
	m := func(name, help string, v int64) felt.Metric {
		return felt.Metric{Name: name, Help: help, Type: felt.MetricCounter, Value: float64(v)}
	}
	return []felt.Metric{
		m("felt_engine_events_total", "Spans and log records read from the log.", s.Events),
		m("felt_engine_spans_total", "Spans read from the log.", s.Spans),
		m("felt_engine_points_unmapped_total", "Metric points that nothing maps.", s.Points),
		m("felt_engine_claims_total", "Events that named an interaction.", s.Claims),
		m("felt_engine_untied_steps_total", "Steps of journeys with nothing (session, customer, instance) that ties them to the journey's other steps: they count for themselves only.", s.Untied),
		m("felt_engine_corrections_total", "Interactions corrected by what came later.", s.Corrections),
		m("felt_engine_merged_total", "Claims that turned out to be a part or a step of another interaction.", s.Merged),
		m("felt_engine_duplicates_total", "Spans and log records delivered again into an open trace.", s.Duplicates),
		m("felt_engine_redelivered_total", "Interactions delivered again after their trace had settled.", s.Redelivered),
		m("felt_engine_late_total", "Events older than judge_late when they arrived.", s.Late),
		m("felt_engine_not_judged_total", "Interactions counted but too old to be judged.", s.NotJudged),
		m("felt_engine_unknown_outcomes_total", "Outcomes that are no known word.", s.UnknownOutcomes),
		m("felt_engine_traces_settled_total", "Traces that settled.", s.Settled),
		m("felt_engine_traces_settled_early_total", "Traces that settled for want of room.", s.SettledEarly),
		m("felt_engine_forgotten_total", "Interactions no longer remembered against redelivery, for want of room.", s.Forgotten),
		m("felt_engine_other_series_total", "Interactions counted under \"other\" for want of room.", s.OtherSeries),
		m("felt_engine_not_judged_series_total", "Tries of series that were not judged for want of room.", s.NotJudgedSeries),
		m("felt_engine_journeys_corrected_total", "Rows of ended journeys that were replaced because of what came later.", s.JourneyCorrections),
		m("felt_engine_journeys_merged_total", "Rows of journeys taken back because their steps became another journey's.", s.JourneysMerged),
		m("felt_engine_journeys_sealed_early_total", "Journeys no longer held for want of room.", s.SealedEarly),
		m("felt_engine_journeys_too_late_total", "Steps that came when their journey was no longer held.", s.JourneyTooLate),
		m("felt_engine_pending_records_total", "Records of pages that were hidden while a try was open.", s.PendingRecords),
		m("felt_engine_pending_answered_total", "Such tries of which the end came in time.", s.PendingAnswered),
		m("felt_engine_pending_abandoned_total", "Such tries that nothing ended in time: abandoned.", s.PendingAbandoned),
		m("felt_engine_pending_closed_early_total", "Of them, closed before their time, for want of room.", s.PendingEarly),
		m("felt_engine_pending_corrected_total", "Such tries of which the end came after they had been closed.", s.PendingCorrected),
		m("felt_engine_pending_refused_total", "Records of hidden pages without a name, a trace or a span: nothing could answer them.", s.PendingRefused),
		m("felt_engine_sweeps_total", "Times that unused operations and texts were let go of.", s.Sweeps),
		m("felt_engine_incidents_total", "Incidents opened.", s.Incidents),
	}
}

func (s *Stats) gauges() []felt.Metric {
	m := func(name, help string, v int) felt.Metric {
		return felt.Metric{Name: name, Help: help, Type: felt.MetricGauge, Value: float64(v)}
	}
	return []felt.Metric{
		m("felt_engine_open_traces", "Traces that have not settled.", s.OpenTraces),
		m("felt_engine_kept_traces", "Settled traces of which something may still be corrected.", s.KeptTraces),
		m("felt_engine_held_spans", "Spans and claims held for their traces.", s.HeldSpans),
		m("felt_engine_remembered", "Interactions remembered against redelivery.", s.Remembered),
		m("felt_engine_pending", "Tries of pages that were hidden, which nothing has ended yet.", s.OpenPending),
		m("felt_engine_pending_remembered", "Such tries that were closed as abandoned, remembered for their end.", s.ClosedPending),
		m("felt_engine_texts", "Texts held.", s.Texts),
		m("felt_engine_operations", "Operations known.", s.Operations),
		m("felt_engine_operation_cells", "Operation buckets that wait to be handed out.", s.OperationCells),
		m("felt_engine_buckets", "Interaction buckets that wait to be handed out.", s.OpenBuckets),
		m("felt_engine_journeys_open", "Customers' journeys held, ended ones that may still be corrected included.", s.HeldJourneys),
		m("felt_engine_known_links", "Links remembered so that they are not written again.", s.KnownLinks),
		m("felt_engine_series", "Series that are judged.", s.Series),
		m("felt_engine_findings", "Findings that last.", s.Findings),
		m("felt_engine_open_incidents", "Incidents that are not resolved.", s.OpenIncidents),
	}
}

func outcomeCount(c felt.Counts, o felt.Outcome) int64 {
	switch o {
	case felt.OutcomeSuccess:
		return c.Success
	case felt.OutcomeDegraded:
		return c.Degraded
	case felt.OutcomeFailed:
		return c.Failed
	case felt.OutcomeAbandoned:
		return c.Abandoned
	case felt.OutcomeCancelled:
		return c.Cancelled
	case felt.OutcomeNone:
	}
	return c.Open
}
