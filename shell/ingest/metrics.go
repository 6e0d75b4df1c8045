package ingest

import (
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// transport is how a request came.
type transport uint8

const (
	overGRPC transport = iota
	overHTTP
	transports
)

// stats are the door's counters.
type stats struct {
	answers [signals][transports][results]atomic.Int64

	accepted     [signals]atomic.Int64
	badIDs       atomic.Int64
	zeroTimes    atomic.Int64
	late         atomic.Int64
	badPoints    atomic.Int64
	attributes   atomic.Int64
	events       atomic.Int64
	cut          atomic.Int64
	redacted     atomic.Int64
	clamped      atomic.Int64
	skewed       atomic.Int64
	reversed     atomic.Int64
	droppedIDs   atomic.Int64
	cutWeights   atomic.Int64
	unmapped     atomic.Int64
	panics       atomic.Int64
	groups       atomic.Int64
	grouped      atomic.Int64
	appends      atomic.Int64
	appendErrors atomic.Int64
	appendTime   atomic.Int64 // ns
	records      atomic.Int64
	recordBytes  atomic.Int64
	bodyBytes    atomic.Int64
	standing     atomic.Int64 // ns
	jumps        atomic.Int64
	business     businessStats
	keys         keyStats
	denied       atomic.Int64
}

// businessStats are the counters of what came from outside of telemetry.
type businessStats struct {
	answers                                   [results]atomic.Int64
	changes, events, facts, ignored, rejected atomic.Int64
}

func add(c *atomic.Int64, n int64) {
	if n != 0 {
		c.Add(n)
	}
}

func (s *stats) report(r *otlp.Report) {
	add(&s.accepted[traces], r.Spans)
	add(&s.accepted[logs], r.Logs)
	add(&s.accepted[metrics], r.Points)
	add(&s.badIDs, r.BadIDs)
	add(&s.zeroTimes, r.ZeroTimes)
	add(&s.denied, r.Denied)
	add(&s.late, r.Late)
	add(&s.badPoints, r.BadPoints)
	add(&s.attributes, r.DroppedAttributes)
	add(&s.events, r.DroppedEvents)
	add(&s.cut, r.CutValues)
	add(&s.redacted, r.RedactedValues)
	add(&s.clamped, r.ClampedFuture)
	add(&s.skewed, r.Skewed)
	add(&s.reversed, r.ReversedTimes)
	add(&s.droppedIDs, r.DroppedIDs)
	add(&s.cutWeights, r.CutWeights)
	add(&s.unmapped, r.Unmapped)
}

func (s *stats) answer(sig signal, t transport, f *fault) {
	r := resultOK
	if f != nil {
		r = f.result
	}
	s.answers[sig][t][r].Add(1)
}

// Metrics are the door's numbers, for /metrics.
func (d *Door) Metrics() []felt.Metric {
	s := &d.stats
	list := s.requests()
	counter := func(name, help string, v *atomic.Int64, labels ...felt.Segment) {
		list = append(list, felt.Metric{Name: name, Help: help, Type: felt.MetricCounter, Labels: labels, Value: float64(v.Load())})
	}
	counter("felt_ingest_spans_total", "Spans accepted.", &s.accepted[traces])
	counter("felt_ingest_logs_total", "Log records accepted.", &s.accepted[logs])
	counter("felt_ingest_points_total", "Metric points accepted.", &s.accepted[metrics])
	counter("felt_ingest_unmapped_points_total", "Metric points recorded that nothing uses.", &s.unmapped)
	reason := func(v string) felt.Segment { return felt.Segment{Key: "reason", Value: v} }
	const rejected, rejectedHelp = "felt_ingest_rejected_total", "Spans, log records and points rejected by partial success."
	counter(rejected, rejectedHelp, &s.badIDs, reason("bad_ids"))
	counter(rejected, rejectedHelp, &s.badPoints, reason("bad_points"))
	counter(rejected, rejectedHelp, &s.denied, reason("denied"))
	counter(rejected, rejectedHelp, &s.late, reason("late"))
	counter(rejected, rejectedHelp, &s.zeroTimes, reason("zero_times"))
	counter("felt_ingest_dropped_attributes_total", "Attributes over a limit.", &s.attributes)
	counter("felt_ingest_dropped_events_total", "Span events and links over a limit.", &s.events)
	counter("felt_ingest_dropped_ids_total", "Log records kept without ids of a wrong length.", &s.droppedIDs)
	counter("felt_ingest_cut_values_total", "Values cut to the longest that is kept.", &s.cut)
	counter("felt_ingest_cut_weights_total", "Spans and log records that claimed to stand for more than they may (--max-weight, and max_weight of keys).", &s.cutWeights)
	counter("felt_ingest_redacted_values_total", "Attributes left out or masked, once per distinct value of a block.", &s.redacted)
	counter("felt_ingest_clamped_total", "Events from the future, set to their arrival.", &s.clamped)
	counter("felt_ingest_skew_corrected_total", "Events corrected for their sender's clock.", &s.skewed)
	counter("felt_ingest_reversed_total", "Spans that ended before they began.", &s.reversed)
	counter("felt_ingest_panics_total", "Requests that broke the door's code; each is logged.", &s.panics)
	counter("felt_ingest_groups_total", "Appends that carried telemetry.", &s.groups)
	counter("felt_ingest_grouped_requests_total", "Requests in them.", &s.grouped)
	counter("felt_ingest_appends_total", "Appends to the log, ticks included.", &s.appends)
	counter("felt_ingest_append_errors_total", "Appends that failed.", &s.appendErrors)
	counter("felt_ingest_records_total", "Records appended.", &s.records)
	counter("felt_ingest_record_bytes_total", "Bytes of records appended.", &s.recordBytes)
	counter("felt_ingest_body_bytes_total", "Bytes of bodies as sent.", &s.bodyBytes)
	counter("felt_ingest_clock_jumps_total", "Times the system's clock jumped ahead or fell behind the log's.", &s.jumps)
	return slices.Concat(list, s.business.metrics(), s.keys.metrics(), d.gauges())
}

// gauges are the numbers that are not counts.
func (d *Door) gauges() []felt.Metric {
	gauge := func(name, help string, v float64) felt.Metric {
		return felt.Metric{Name: name, Help: help, Type: felt.MetricGauge, Value: v}
	}
	return []felt.Metric{
		{
			Name: "felt_ingest_append_seconds_total", Help: "Time spent in appends.", Type: felt.MetricCounter,
			Value: time.Duration(d.stats.appendTime.Load()).Seconds(),
		},
		gauge("felt_ingest_clock_behind_seconds", "By how much the system's clock is behind the log's, which stands still meanwhile.",
			time.Duration(d.stats.standing.Load()).Seconds()),
		gauge("felt_ingest_in_flight_bytes", "Bytes of bodies in flight.", float64(d.bytes.Load())),
		gauge("felt_ingest_in_flight_bytes_limit", "The bound on them.", float64(d.limits.InFlightBytes)),
		gauge("felt_ingest_in_flight_requests", "Requests in flight.", float64(d.requests.Load())),
		gauge("felt_ingest_in_flight_requests_limit", "The bound on them.", float64(d.limits.Requests)),
	}
}

// requests counts answers by signal, transport and code. Overload is 429 and
// RESOURCE_EXHAUSTED with busy as its result.
func (s *stats) requests() []felt.Metric {
	var list []felt.Metric
	for sig := range signals {
		for t := range transports {
			for r := range results {
				n := s.answers[sig][t][r].Load()
				if n == 0 && r != resultOK {
					continue
				}
				code, over := r.answer().grpc.String(), "grpc"
				if t == overHTTP {
					code, over = strconv.Itoa(r.answer().http), "http"
				}
				list = append(list, felt.Metric{
					Name: "felt_ingest_requests_total", Help: "Requests by answer.", Type: felt.MetricCounter,
					Labels: []felt.Segment{
						{Key: "code", Value: code},
						{Key: "result", Value: r.String()},
						{Key: "signal", Value: sig.String()},
						{Key: "transport", Value: over},
					},
					Value: float64(n),
				})
			}
		}
	}
	return list
}

// metrics are the numbers of business data.
func (s *businessStats) metrics() []felt.Metric {
	var list []felt.Metric
	counter := func(name, help string, v *atomic.Int64, labels ...felt.Segment) {
		list = append(list, felt.Metric{Name: name, Help: help, Type: felt.MetricCounter, Labels: labels, Value: float64(v.Load())})
	}
	const items, itemsHelp = "felt_ingest_business_items_total", "Changes, business events and facts accepted."
	what := func(v string) felt.Segment { return felt.Segment{Key: "kind", Value: v} }
	counter(items, itemsHelp, &s.changes, what("change"))
	counter(items, itemsHelp, &s.events, what("event"))
	counter(items, itemsHelp, &s.facts, what("fact"))
	counter("felt_ingest_business_ignored_total", "CloudEvents that say nothing Felt uses.", &s.ignored)
	counter("felt_ingest_business_rejected_total", "CloudEvents and rows of CSV with a problem.", &s.rejected)
	for r := range results {
		if n := s.answers[r].Load(); n != 0 || r == resultOK {
			list = append(list, felt.Metric{
				Name: "felt_ingest_requests_total", Help: "Requests by answer.", Type: felt.MetricCounter,
				Labels: []felt.Segment{
					{Key: "code", Value: strconv.Itoa(r.answer().http)},
					{Key: "result", Value: r.String()},
					{Key: "signal", Value: "business"},
					{Key: "transport", Value: "http"},
				},
				Value: float64(n),
			})
		}
	}
	return list
}
