package sdk

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// What every trace test sends: 100 customers with one session each. 12 fail, two
// or three times each and never get through; 8 get through slowly; 80 succeed, half of them twice.
const (
	customers    = 100
	failing      = 12
	slow         = 8
	failedTries  = 6*2 + 6*3
	successTries = 40*1 + 40*2
	tries        = failedTries + slow + successTries
	interaction  = "pay"
	spansPerTry  = 3
	application  = "peers"
	logRecords   = 50
	metricPoints = 3
)

func newResource(service string) *resource.Resource {
	return resource.NewSchemaless(
		attribute.String("service.name", service),
		attribute.String("service.namespace", application+"-"+service),
		attribute.String("service.version", "1.2.3"),
		attribute.String("deployment.environment.name", "production"),
	)
}

// deliverTries sends the tries and returns when they were sent.
func deliverTries(t *testing.T, exporter sdktrace.SpanExporter, service string) (from, ended time.Time) {
	t.Helper()
	ctx := t.Context()
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithResource(newResource(service)),
		sdktrace.WithBatcher(exporter, sdktrace.WithMaxExportBatchSize(100), sdktrace.WithBlocking()))
	tracer := provider.Tracer("peers", trace.WithInstrumentationVersion("1.0.0"))
	from = time.Now()
	for c := range customers {
		switch {
		case c < failing:
			for range 2 + c%2 {
				try(ctx, tracer, c, "failed")
			}
		case c < failing+slow:
			try(ctx, tracer, c, "degraded")
		default:
			for range 1 + c%2 {
				try(ctx, tracer, c, "success")
			}
		}
	}
	ended = time.Now()
	if err := errors.Join(provider.ForceFlush(ctx), provider.Shutdown(context.WithoutCancel(ctx))); err != nil {
		t.Fatalf("the exporter reports: %v", err)
	}
	return from, ended
}

// try is one trace: the customer's interaction, a server span under it and a
// database call under that.
func try(ctx context.Context, tracer trace.Tracer, customer int, outcome string) {
	status := 200
	if outcome == "failed" {
		status = 500
	}
	ctx, root := tracer.Start(ctx, interaction, trace.WithNewRoot(), trace.WithAttributes(
		attribute.String("felt.interaction.name", interaction),
		attribute.String("felt.interaction.outcome", outcome),
		attribute.String("user.id", fmt.Sprintf("customer-%d", customer)),
		attribute.String("session.id", fmt.Sprintf("session-%d", customer)),
		attribute.String("felt.segment.region", []string{"eu", "us"}[customer%2]),
		attribute.StringSlice("shop.tags", []string{"a", "b"}),
		attribute.Map("shop.cart", attribute.Int("items", 3), attribute.String("currency", "EUR")),
		attribute.Float64("shop.weight", 1.5),
		attribute.Bool("shop.express", true),
	))
	ctx, server := tracer.Start(ctx, "POST /pay", trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", "POST"),
		attribute.String("http.route", "/pay"),
		attribute.Int("http.response.status_code", status),
	))
	_, db := tracer.Start(ctx, "INSERT payments", trace.WithSpanKind(trace.SpanKindClient),
		trace.WithLinks(trace.Link{SpanContext: root.SpanContext()}))
	if outcome == "failed" {
		err := errors.New("the database is gone")
		db.RecordError(err)
		db.SetStatus(codes.Error, err.Error())
		server.SetStatus(codes.Error, err.Error())
		root.SetStatus(codes.Error, err.Error())
	}
	db.End()
	server.End()
	root.End()
}

// checkTries asks Felt for what deliverTries sent.
func checkTries(t *testing.T, service string, from, ended time.Time) {
	t.Helper()
	got := server.waitImpact(t, application+"-"+service+"/"+interaction, from, ended)
	want := distinct{Total: customers, Failed: failing, Degraded: slow}
	if got.Customers != want {
		t.Errorf("customers %+v, want %+v", got.Customers, want)
	}
	if got.Sessions != want {
		t.Errorf("sessions %+v, want %+v", got.Sessions, want)
	}
	if i := got.Interactions; i.Success != successTries || i.Degraded != slow || i.Failed != failedTries || i.Abandoned != 0 {
		t.Errorf("interactions %+v, want %d, %d, %d", i, successTries, slow, failedTries)
	}
	if got.Method != "exact" {
		t.Errorf("method %q, want exact", got.Method)
	}
	calls := server.calls(t, service)
	for _, operation := range []string{"POST /pay", "INSERT payments"} {
		if want := [2]int{tries, failedTries}; calls[operation] != want {
			t.Errorf("calls and errors of %s: %v, want %v", operation, calls[operation], want)
		}
	}
}

// deliverLogs sends 50 log records, an event and attributes of all types among them.
func deliverLogs(t *testing.T, exporter sdklog.Exporter, service string) {
	t.Helper()
	ctx := t.Context()
	provider := sdklog.NewLoggerProvider(
		sdklog.WithResource(newResource(service)),
		sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter, sdklog.WithExportMaxBatchSize(20))))
	logger := provider.Logger("peers")
	for n := range logRecords {
		var r log.Record
		r.SetTimestamp(time.Now())
		r.SetSeverity(log.SeverityInfo)
		r.SetSeverityText("INFO")
		r.SetBody(attribute.StringValue(fmt.Sprintf("payment %d", n)))
		if n%5 == 0 {
			r.SetEventName("session.start")
			r.SetBody(attribute.MapValue(attribute.String("reason", "login"), attribute.Slice("steps", attribute.IntValue(1), attribute.BoolValue(true))))
		}
		r.AddAttributes(
			attribute.String("session.id", fmt.Sprintf("session-%d", n)),
			attribute.Float64("amount", 1.25),
			attribute.ByteSlice("raw", []byte{0, 1, 2}))
		logger.Emit(ctx, r)
	}
	if err := errors.Join(provider.ForceFlush(ctx), provider.Shutdown(context.WithoutCancel(ctx))); err != nil {
		t.Fatalf("the exporter reports: %v", err)
	}
}

// metricNames are the metrics that deliverMetrics sends: nothing maps them.
func metricNames(service string) []string {
	return []string{service + ".attempts", service + ".duration", service + ".backlog"}
}

// deliverMetrics sends a counter, a histogram and a gauge of one point each.
func deliverMetrics(t *testing.T, exporter sdkmetric.Exporter, service string) {
	t.Helper()
	ctx := t.Context()
	provider := sdkmetric.NewMeterProvider(
		sdkmetric.WithResource(newResource(service)),
		// The interval is longer than the test: only the flush sends.
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter, sdkmetric.WithInterval(time.Hour))))
	meter := provider.Meter("peers")
	names := metricNames(service)
	counter, err1 := meter.Int64Counter(names[0], metric.WithUnit("{try}"))
	histogram, err2 := meter.Float64Histogram(names[1], metric.WithUnit("s"))
	gauge, err3 := meter.Int64Gauge(names[2])
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	for n := range 10 {
		counter.Add(ctx, 1)
		histogram.Record(ctx, float64(n)/10)
		gauge.Record(ctx, int64(n))
	}
	// Shutdown reads and sends once: exactly one point of each.
	if err := provider.Shutdown(context.WithoutCancel(ctx)); err != nil {
		t.Fatalf("the exporter reports: %v", err)
	}
}

// checkTakenIn waits until Felt has taken in as much as was sent since before, no
// less and no more, and says that nothing maps the metrics.
func checkTakenIn(t *testing.T, before health, service string) {
	t.Helper()
	want := before.Ingested
	want.Spans += tries * spansPerTry
	want.Logs += logRecords
	want.Points += metricPoints
	err := server.until(20*time.Second, func() error {
		got, err := server.health()
		if err != nil {
			return err
		}
		if got.Ingested != want {
			return fmt.Errorf("taken in %+v, want %+v", got.Ingested, want)
		}
		for _, name := range metricNames(service) {
			if !strings.Contains(got.raw, strconv.Quote(name)) {
				return fmt.Errorf("health does not name the unmapped metric %s: %s", name, got.raw)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
