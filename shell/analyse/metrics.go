package analyse

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/felt-cx/felt"
)

type counters struct {
	errors atomic.Int64
	open   int   // under the analyser's lock
	rested int64 // likewise

	mu     *sync.Mutex
	rounds int64
	took   felt.Histogram
	first  felt.Histogram
}

func newCounters() counters {
	return counters{
		mu:    &sync.Mutex{},
		took:  felt.NewHistogram(.05, .1, .2, .5, 1, 2, 5, 10),
		first: felt.NewHistogram(.5, 1, 1.5, 2, 3, 5, 10, 30),
	}
}

// answered counts a round; since is how long ago the incident opened.
func (c *counters) answered(took time.Duration, first bool, since time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rounds++
	c.took.Observe(took.Seconds())
	if first {
		c.first.Observe(since.Seconds())
	}
}

// Metrics implements [felt.Meter].
func (a *Analyser) Metrics() []felt.Metric {
	a.mu.Lock()
	open, rested := a.count.open, a.count.rested
	a.mu.Unlock()
	c := &a.count
	c.mu.Lock()
	defer c.mu.Unlock()
	return []felt.Metric{
		{Name: "felt_analyse_incidents", Help: "Open incidents of which it is asked what stands behind them.", Type: felt.MetricGauge, Value: float64(open)},
		{Name: "felt_analyse_rounds_total", Help: "Answers put on the log.", Type: felt.MetricCounter, Value: float64(c.rounds)},
		{Name: "felt_analyse_errors_total", Help: "Times the store or the log failed and was asked again.", Type: felt.MetricCounter, Value: float64(c.errors.Load())},
		{Name: "felt_analyse_rested_total", Help: "Times a round that was due waited so that asking does not take what telemetry needs.", Type: felt.MetricCounter, Value: float64(rested)},
		{Name: "felt_analyse_round_seconds", Help: "How long an answer took: questions, judging, and putting it on the log.", Type: felt.MetricHistogram, Histogram: c.took.Copy()},
		{Name: "felt_analyse_first_seconds", Help: "From the tick that opened an incident until its first answer was on the log.", Type: felt.MetricHistogram, Histogram: c.first.Copy()},
	}
}
