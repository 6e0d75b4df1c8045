package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/felt-cx/felt"
)

// compactor has the store make coarse rows of fine ones, again and again. A store that
// fails at it goes on taking rows and answering; health says that coarse rows are behind.
type compactor struct {
	a *App

	mu    sync.Mutex
	done  felt.Instant // windows that ended before are compacted
	rows  int64
	runs  map[string]int64 // by result
	took  time.Duration    // all runs
	trial string           // what is wrong; "" nothing
}

func newCompactor(a *App) *compactor {
	return &compactor{a: a, runs: map[string]int64{"good": 0, "failed": 0}}
}

// run compacts until ctx ends. Nothing is done while the rows have not moved.
func (c *compactor) run(ctx context.Context) {
	tick := time.NewTicker(c.a.cfg.CompactEvery)
	defer tick.Stop()
	var last felt.Progress
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		p := c.a.worker.Progress()
		if p == last || p.CompleteUntil <= 0 || !c.a.worker.Ready() {
			continue
		}
		if c.once(ctx, p.CompleteUntil) {
			last = p
		}
	}
}

// once makes the coarse rows of all windows that ended before an instant.
func (c *compactor) once(ctx context.Context, before felt.Instant) bool {
	began := time.Now()
	n, err := c.a.store.Compact(ctx, before, c.a.settings.SegmentMax)
	if err != nil && (ctx.Err() != nil || errors.Is(err, context.Canceled)) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.took += time.Since(began)
	if err != nil {
		c.runs["failed"]++
		c.trial = "failing, the numbers of long windows are behind: " + err.Error()
		c.a.cfg.Logger.Error("coarse rows not made; trying again", "err", err)
		return false
	}
	c.runs["good"]++
	c.rows += n
	c.done, c.trial = before, ""
	return true
}

// state is "ok", or what is wrong.
func (c *compactor) state() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trial != "" {
		return c.trial
	}
	return "ok"
}

// Metrics implements [felt.Meter].
func (c *compactor) Metrics() []felt.Metric {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := []felt.Metric{
		{Name: "felt_compact_rows_total", Help: "Coarse rows made of fine ones.", Type: felt.MetricCounter, Value: float64(c.rows)},
		{Name: "felt_compact_seconds_total", Help: "Time spent making coarse rows.", Type: felt.MetricCounter, Value: c.took.Seconds()},
		{Name: "felt_compact_until_seconds", Help: "Unix time up to which coarse rows are made.", Type: felt.MetricGauge, Value: float64(c.done) / float64(felt.Second)},
	}
	for _, r := range []string{"failed", "good"} {
		out = append(out, felt.Metric{
			Name: "felt_compact_runs_total", Help: "Runs that made coarse rows, by result.", Type: felt.MetricCounter,
			Labels: []felt.Segment{{Key: "result", Value: r}}, Value: float64(c.runs[r]),
		})
	}
	return out
}
