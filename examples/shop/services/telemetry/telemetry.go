// Package telemetry sets up the stock OpenTelemetry Go SDK for one service: traces, metrics and logs over
// OTLP/HTTP, context taken from and given to others (W3C trace context and baggage), and the part of the
// baggage that Felt's browser SDK writes copied onto every span.
//
// Nothing here knows Felt. The browser's baggage says which interaction a request is a part of, and
// copying it is all that a back end has to do to be found under a customer's try.
//
// Providers are values and never the process-wide ones, so that all services of the shop can run in one
// process and still be services of their own.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/contrib/processors/baggagecopy"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Service is who sends.
type Service struct {
	// Namespace is the app, Name the service, Version its release.
	Namespace, Name, Version string
}

// Telemetry is what a service sends with. Close it to send what waits.
type Telemetry struct {
	service Service
	traces  *sdktrace.TracerProvider
	metrics *sdkmetric.MeterProvider
	logs    *sdklog.LoggerProvider
	prop    propagation.TextMapPropagator
}

// Every so often spans and logs leave; shorter than the SDK's five seconds, so that what was clicked is
// on Felt's page while one still looks.
const (
	batch   = time.Second
	metrics = 10 * time.Second
)

// Open sends to endpoint, an OTLP/HTTP address such as http://127.0.0.1:4318; "" sends nothing.
func Open(ctx context.Context, service Service, endpoint string) (*Telemetry, error) {
	t := &Telemetry{service: service, prop: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})}
	res := resource.NewSchemaless(
		attribute.String("service.namespace", service.Namespace),
		attribute.String("service.name", service.Name),
		attribute.String("service.version", service.Version),
	)
	copied := baggagecopy.NewSpanProcessor(func(m baggage.Member) bool { return strings.HasPrefix(m.Key(), "felt.") })
	to := []sdktrace.TracerProviderOption{sdktrace.WithResource(res), sdktrace.WithSpanProcessor(copied)}
	me := []sdkmetric.Option{sdkmetric.WithResource(res)}
	lo := []sdklog.LoggerProviderOption{sdklog.WithResource(res)}
	if endpoint != "" {
		spans, err1 := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint+"/v1/traces"))
		points, err2 := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(endpoint+"/v1/metrics"))
		records, err3 := otlploghttp.New(ctx, otlploghttp.WithEndpointURL(endpoint+"/v1/logs"))
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, fmt.Errorf("telemetry of %s: %w", service.Name, err)
		}
		to = append(to, sdktrace.WithBatcher(spans, sdktrace.WithBatchTimeout(batch)))
		me = append(me, sdkmetric.WithReader(sdkmetric.NewPeriodicReader(points, sdkmetric.WithInterval(metrics))))
		lo = append(lo, sdklog.WithProcessor(sdklog.NewBatchProcessor(records, sdklog.WithExportInterval(batch))))
	}
	t.traces, t.metrics, t.logs = sdktrace.NewTracerProvider(to...), sdkmetric.NewMeterProvider(me...), sdklog.NewLoggerProvider(lo...)
	return t, nil
}

// Close sends what waits and lets go.
func (t *Telemetry) Close(ctx context.Context) error {
	return errors.Join(t.traces.Shutdown(ctx), t.metrics.Shutdown(ctx), t.logs.Shutdown(ctx))
}

// Tracer makes spans of the service's own.
func (t *Telemetry) Tracer() trace.Tracer { return t.traces.Tracer("shop") }

// Meter makes the service's own instruments.
func (t *Telemetry) Meter() metric.Meter { return t.metrics.Meter("shop") }

// Log writes an event: a log record with a name.
func (t *Telemetry) Log(ctx context.Context, event string, attributes ...attribute.KeyValue) {
	var r log.Record
	r.SetEventName(event)
	r.SetTimestamp(time.Now())
	r.SetSeverity(log.SeverityInfo)
	r.AddAttributes(attributes...)
	t.logs.Logger("shop").Emit(ctx, r)
}

// Handler gives each request a server span named "METHOD ROUTE", in the trace that it came with.
func (t *Telemetry) Handler(h http.Handler) http.Handler {
	return otelhttp.NewHandler(h, t.service.Name,
		otelhttp.WithTracerProvider(t.traces), otelhttp.WithMeterProvider(t.metrics), otelhttp.WithPropagators(t.prop),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return spanName(r) }))
}

// Client calls other services: a client span each, and the context handed on.
func (t *Telemetry) Client() *http.Client {
	return &http.Client{
		Timeout: 40 * time.Second, // longer than the slowest payment that can be switched on
		Transport: otelhttp.NewTransport(http.DefaultTransport,
			otelhttp.WithTracerProvider(t.traces), otelhttp.WithMeterProvider(t.metrics), otelhttp.WithPropagators(t.prop),
			otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return r.Method })),
	}
}

// spanName is METHOD and route, as the conventions want it: few different ones, and no ids in them.
func spanName(r *http.Request) string {
	if r.Pattern == "" {
		return r.Method
	}
	if _, route, ok := strings.Cut(r.Pattern, " "); ok {
		return r.Method + " " + route
	}
	return r.Method + " " + r.Pattern
}
