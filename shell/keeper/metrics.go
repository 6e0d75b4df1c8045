package keeper

import (
	"sync/atomic"

	"github.com/felt-cx/felt"
)

// counters are the keeper's own numbers.
type counters struct {
	spans, writes, storeErrors, bad, forced atomic.Int64
	late, missed, unreached, evicted        atomic.Int64
	rescans, rescanBytes, over, lost        atomic.Int64
	lateTick                                felt.Tick // as written last; of the goroutine that runs
}

// Metrics implements [felt.Meter].
func (k *Keeper) Metrics() []felt.Metric {
	k.mu.Lock()
	s := k.state
	k.mu.Unlock()
	c := func(name, help string, v *atomic.Int64) felt.Metric {
		return felt.Metric{Name: name, Help: help, Type: felt.MetricCounter, Value: float64(v.Load())}
	}
	g := func(name, help string, v float64) felt.Metric {
		return felt.Metric{Name: name, Help: help, Type: felt.MetricGauge, Value: v}
	}
	behind := 0.0
	if s.tick > 0 {
		behind = float64(max(s.target-s.tick, 0))
	}
	holds := 1.0
	if k.Hold() > s.safe {
		holds = 0
	}
	return []felt.Metric{
		g("felt_keeper_seq", "Place in the log up to which the spans of kept traces are stored.", float64(s.safe)),
		g("felt_keeper_behind_seconds", "How far the keeper reads behind the engine, in the log's time.", behind),
		g("felt_keeper_holds_log", "1 while the log is not trimmed past the keeper, 0 when it is too far behind for that.", holds),
		c("felt_keeper_spans_total", "Spans of kept traces written.", &k.count.spans),
		c("felt_keeper_writes_total", "Writes to the store.", &k.count.writes),
		c("felt_keeper_store_errors_total", "Times the store failed and was asked again.", &k.count.storeErrors),
		c("felt_keeper_bad_records_total", "Log records that could not be read and were passed over.", &k.count.bad),
		g("felt_keeper_traces", "Traces remembered.", float64(s.traces)),
		g("felt_keeper_traces_limit", "The bound on them.", float64(k.opts.Traces)),
		c("felt_keeper_traces_evicted_total", "Traces forgotten early because of the bound; later spans of them are not kept.", &k.count.evicted),
		g("felt_keeper_held_bytes", "Bytes of spans that wait for the rest of their trace.", float64(s.bytes)),
		g("felt_keeper_held_bytes_limit", "The bound on them.", float64(k.opts.HeldBytes)),
		c("felt_keeper_held_early_total", "Times spans were written early because of the bound.", &k.count.forced),
		c("felt_keeper_late_traces_total", "Traces that became worth keeping after their spans may have been passed.", &k.count.late),
		g("felt_keeper_late_traces_waiting", "Those that wait for a second look at the log.", float64(s.late)),
		c("felt_keeper_late_traces_missed_total", "Those that could not wait because of the bound on them.", &k.count.missed),
		c("felt_keeper_late_traces_unreached_total", "Those that began before the oldest record of the log.", &k.count.unreached),
		c("felt_keeper_rescans_total", "Second looks at the log.", &k.count.rescans),
		c("felt_keeper_rescan_bytes_total", "Bytes of records read for them.", &k.count.rescanBytes),
		c("felt_keeper_dropped_spans_total", "Spans and log records over the bound of one trace.", &k.count.over),
		c("felt_keeper_lost_logs_total", "Log records of kept traces of which no span came.", &k.count.lost),
	}
}
