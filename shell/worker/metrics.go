package worker

import (
	"sync/atomic"

	"github.com/felt-cx/felt"
)

// counters are the worker's own numbers.
type counters struct {
	bad, waits, writes, writeErrors, writeNanos, batches atomic.Int64
	snapshots, snapshotErrors, snapshotBytes, retained   atomic.Int64
	warmRows, warmOf, passed                             atomic.Int64
	posted, postErrors, postRefused                      atomic.Int64
}

// Metrics implements [felt.Meter]: the worker's numbers and the engine's.
func (w *Worker) Metrics() []felt.Metric {
	w.mu.Lock()
	p, eng := w.progress, w.engine
	w.mu.Unlock()
	w.poster.mu.Lock()
	unposted := w.poster.waiting()
	w.poster.mu.Unlock()
	c := func(name, help string, v int64) felt.Metric {
		return felt.Metric{Name: name, Help: help, Type: felt.MetricCounter, Value: float64(v)}
	}
	g := func(name, help string, v float64) felt.Metric {
		return felt.Metric{Name: name, Help: help, Type: felt.MetricGauge, Value: v}
	}
	own := []felt.Metric{
		g("felt_worker_tick_seconds", "Unix time of the last tick whose rows are stored.", float64(p.Tick)),
		g("felt_worker_seq", "Place in the log up to which rows are stored.", float64(p.Seq)),
		c("felt_worker_bad_records_total", "Log records that could not be read and were passed over.", w.count.bad.Load()),
		c("felt_worker_store_waits_total", "Times the engine had to wait for the store.", w.count.waits.Load()),
		c("felt_worker_writes_total", "Writes to the store, failed ones included.", w.count.writes.Load()),
		c("felt_worker_write_errors_total", "Writes to the store that failed and were tried again.", w.count.writeErrors.Load()),
		{Name: "felt_worker_write_seconds_total", Help: "Time spent in writes to the store.", Type: felt.MetricCounter, Value: float64(w.count.writeNanos.Load()) / 1e9},
		c("felt_worker_batches_total", "Batches written.", w.count.batches.Load()),
		c("felt_worker_snapshots_total", "Snapshot files written.", w.count.snapshots.Load()),
		c("felt_worker_snapshot_errors_total", "Snapshot files that could not be written.", w.count.snapshotErrors.Load()),
		g("felt_worker_snapshot_bytes", "Size of the newest snapshot.", float64(w.count.snapshotBytes.Load())),
		g("felt_worker_warm_up_rows", "Stored interactions that the detectors were warmed with at the start, because the engine's state was lost.", float64(w.count.warmRows.Load())),
		g("felt_worker_warm_up_rows_wanted", "Stored interactions that the detectors are to be warmed with.", float64(w.count.warmOf.Load())),
		c("felt_worker_passed_over_records_total", "Log records of telemetry too old to be of anything still open, passed over after the engine's state was lost.", w.count.passed.Load()),
		c("felt_worker_rows_retired_total", "Rows removed because of their age.", w.count.retained.Load()),
		c("felt_worker_notifications_posted_total", "Notifications handed to the outbox; one that a replay makes again counts again.", w.count.posted.Load()),
		c("felt_worker_notification_errors_total", "Failed tries to hand a notification to the outbox.", w.count.postErrors.Load()),
		c("felt_worker_notifications_refused_total", "Notifications that the outbox does not take, and that nobody will be told.", w.count.postRefused.Load()),
		g("felt_worker_notifications_waiting", "Notifications that are not in the outbox yet; rows of their tick and later wait for them.", float64(unposted)),
	}
	return append(own, eng...)
}
