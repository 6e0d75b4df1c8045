package sdk

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// meters are the stock SDK's instruments of one process of a sender.
type meters struct {
	provider *sdkmetric.MeterProvider
	out      *watched
	pool     metric.Int64Gauge
	queue    metric.Int64UpDownCounter
	sent     metric.Float64Counter
	latency  metric.Float64Histogram
	render   metric.Float64Histogram
}

// The metrics that meters send.
const (
	poolName    = "peers.pool.used"
	queueName   = "peers.queue.length"
	sentName    = "peers.bytes.sent"
	latencyName = "peers.request.duration"
	renderName  = "peers.render.time"
)

// newMeters begins a process of a sender. It is never shut down but at the test's
// end, and then without a last word: it sends when it is told to and else nothing.
func newMeters(t *testing.T, service string, to sdkmetric.Exporter, temporality sdkmetric.TemporalitySelector) *meters {
	t.Helper()
	m := &meters{out: &watched{Exporter: to, temporality: temporality}}
	t.Cleanup(func() { _ = to.Shutdown(context.WithoutCancel(t.Context())) })
	m.provider = sdkmetric.NewMeterProvider(
		sdkmetric.WithResource(newResource(service)),
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(m.out, sdkmetric.WithInterval(time.Hour))),
		sdkmetric.WithView(sdkmetric.NewView(
			sdkmetric.Instrument{Name: renderName},
			sdkmetric.Stream{Aggregation: sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}})))
	meter := m.provider.Meter("peers", metric.WithInstrumentationVersion("1.0.0"))
	var errs [5]error
	m.pool, errs[0] = meter.Int64Gauge(poolName, metric.WithUnit("{connection}"))
	m.queue, errs[1] = meter.Int64UpDownCounter(queueName, metric.WithUnit("{job}"))
	m.sent, errs[2] = meter.Float64Counter(sentName, metric.WithUnit("By"))
	m.latency, errs[3] = meter.Float64Histogram(latencyName, metric.WithUnit("s"),
		metric.WithExplicitBucketBoundaries(0.1, 0.25, 0.5, 1))
	m.render, errs[4] = meter.Float64Histogram(renderName, metric.WithUnit("ms"))
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	return m
}

// flush sends what was measured, in one request.
func (m *meters) flush(t *testing.T) {
	t.Helper()
	if err := m.provider.ForceFlush(t.Context()); err != nil {
		t.Fatalf("the exporter reports: %v", err)
	}
}

// The attributes of the instances.
var (
	poolA, poolB    = with("pool", "a"), with("pool", "b")
	shard1, shard2  = with("shard", "1"), with("shard", "2")
	sentOut, sentIn = with("direction", "out"), with("direction", "in")
	routeA, routeB  = with("http.route", "/a"), with("http.route", "/b")
)

func with(key, value string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String(key, value))
}

// first is what a sender measures at first.
func (m *meters) first(ctx context.Context) {
	m.pool.Record(ctx, 99, poolA) // the last one counts
	m.pool.Record(ctx, 10, poolA)
	m.pool.Record(ctx, 30, poolB)
	m.queue.Add(ctx, 7, shard1)
	m.queue.Add(ctx, -2, shard1)
	m.queue.Add(ctx, 3, shard2)
	m.sent.Add(ctx, 600, sentOut)
	m.sent.Add(ctx, 400, sentOut)
	m.sent.Add(ctx, 50, sentIn)
	for range 90 {
		m.latency.Record(ctx, 0.2, routeA)
	}
	for n := range 10 { // 0.55 to 1
		m.latency.Record(ctx, 0.55+0.05*float64(n), routeB)
	}
	for n := range 100 {
		m.render.Record(ctx, float64(n+1))
	}
}

// second is what it measures later: other values, and some so much greater that the exponential
// histogram has to become coarser.
func (m *meters) second(ctx context.Context) {
	m.pool.Record(ctx, 14, poolA)
	m.pool.Record(ctx, 34, poolB)
	m.queue.Add(ctx, 4, shard1)
	m.queue.Add(ctx, -1, shard2)
	m.sent.Add(ctx, 500, sentOut)
	for range 10 {
		m.latency.Record(ctx, 0.2, routeA)
		m.latency.Record(ctx, 0.4, routeB)
		m.render.Record(ctx, 2)
		m.render.Record(ctx, 10000)
	}
}

// third is what its next process measures.
func (m *meters) third(ctx context.Context) {
	m.pool.Record(ctx, 4, poolA)
	m.pool.Record(ctx, 20, poolB)
	m.queue.Add(ctx, 1, shard1)
	m.queue.Add(ctx, 1, shard2)
	m.sent.Add(ctx, 2000, sentOut)
	for range 10 {
		m.latency.Record(ctx, 0.3, routeA)
		m.render.Record(ctx, 50)
	}
}

// watched is an exporter that remembers the times of the counter that it sent last: what is a
// rate depends on them.
type watched struct {
	sdkmetric.Exporter
	temporality sdkmetric.TemporalitySelector
	start, time time.Time
}

func (w *watched) Temporality(k sdkmetric.InstrumentKind) metricdata.Temporality {
	return w.temporality(k)
}

func (w *watched) Export(ctx context.Context, rm *metricdata.ResourceMetrics) error {
	for _, scope := range rm.ScopeMetrics {
		for _, m := range scope.Metrics {
			sum, ok := m.Data.(metricdata.Sum[float64])
			if !ok {
				continue
			}
			for _, p := range sum.DataPoints {
				if v, _ := p.Attributes.Value("direction"); v.AsString() == "out" {
					w.start, w.time = p.StartTime, p.Time
				}
			}
		}
	}
	return w.Exporter.Export(ctx, rm)
}

// allDelta is a temporality that is nobody's default, but allowed.
func allDelta(sdkmetric.InstrumentKind) metricdata.Temporality { return metricdata.DeltaTemporality }
