package sdk

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// What is bought: each customer once. A KPI is told when its denominator has 20.
const (
	buyers    = 24
	unlucky   = 6
	orders    = 27
	requests  = 36
	buying    = "peers-buying"
	kpiPoints = 2
)

// TestKPI sends journeys and metrics, and while the minute goes by after which a KPI is told, lets the
// other tests go first: it is the first of all for that.
func TestKPI(t *testing.T) {
	before, err := server.health()
	if err != nil {
		t.Fatal(err)
	}
	buy(t, overGRPC(t, server.grpc, true).traces)
	order(t, overHTTP(t, server.http, true).metrics)
	err = server.until(20*time.Second, func() error {
		got, err := server.health()
		if err != nil {
			return err
		}
		if spans, points := got.Ingested.Spans-before.Ingested.Spans, got.Ingested.Points-before.Ingested.Points; spans != buyers || points != kpiPoints {
			return fmt.Errorf("taken in %d spans and %d points, want %d and %d", spans, points, buyers, kpiPoints)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Parallel()
	checkKPI(t, "failures", "down", 0.25, buyers)
	checkKPI(t, "orders a request", "up", 0.75, requests)
}

// buy sends plain server spans: only the inventory knows that they are a journey.
func buy(t *testing.T, exporter sdktrace.SpanExporter) {
	t.Helper()
	provider := sdktrace.NewTracerProvider(sdktrace.WithResource(newResource(buying)), sdktrace.WithBatcher(exporter))
	tracer := provider.Tracer("peers")
	for n := range buyers {
		status := 200
		if n < unlucky {
			status = 503
		}
		_, span := tracer.Start(t.Context(), "POST /buy", trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
			attribute.Int("http.response.status_code", status),
			attribute.String("session.id", fmt.Sprintf("buyer-%d", n))))
		if n < unlucky {
			span.SetStatus(codes.Error, "the bank is down")
		}
		span.End()
	}
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Fatalf("the exporter reports: %v", err)
	}
}

// order sends a counter and a histogram, one point each.
func order(t *testing.T, exporter sdkmetric.Exporter) {
	t.Helper()
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithResource(newResource(buying)),
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter, sdkmetric.WithInterval(time.Hour))))
	meter := provider.Meter("peers")
	counter, err1 := meter.Int64Counter("peers.orders", metric.WithUnit("{order}"))
	histogram, err2 := meter.Float64Histogram(latencyName, metric.WithUnit("s"))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	counter.Add(t.Context(), orders)
	for range requests {
		histogram.Record(t.Context(), 0.1)
	}
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Fatalf("the exporter reports: %v", err)
	}
}

// checkKPI waits until a KPI has its first value.
func checkKPI(t *testing.T, name, direction string, value, n float64) {
	t.Helper()
	var s signal
	err := server.until(90*time.Second, func() error {
		all, err := server.signals("buying")
		if err != nil {
			return err
		}
		if s = all[name]; s.Last == nil {
			return fmt.Errorf("no value: %+v", s)
		}
		return nil
	})
	switch {
	case err != nil:
		t.Errorf("%s: %v", name, err)
	case s.Last.Value != value || s.Last.N != n || len(s.Steps) != 1:
		t.Errorf("%s: value %v of %v, want one value, %v of %v: %+v", name, s.Last.Value, s.Last.N, value, n, s)
	case s.State != "known" || s.Direction != direction || s.Layer != "":
		t.Errorf("%s: state %q, direction %q, layer %q; want known, %q and none", name, s.State, s.Direction, s.Layer, direction)
	}
}
