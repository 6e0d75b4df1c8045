package sdk

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// exporters are the SDK's exporters of all signals over one protocol.
type exporters struct {
	traces  sdktrace.SpanExporter
	logs    sdklog.Exporter
	metrics sdkmetric.Exporter
}

func overGRPC(t *testing.T, address string, gzip bool) exporters {
	t.Helper()
	ctx := t.Context()
	tr := []otlptracegrpc.Option{otlptracegrpc.WithEndpoint(address), otlptracegrpc.WithInsecure()}
	lo := []otlploggrpc.Option{otlploggrpc.WithEndpoint(address), otlploggrpc.WithInsecure()}
	me := []otlpmetricgrpc.Option{otlpmetricgrpc.WithEndpoint(address), otlpmetricgrpc.WithInsecure()}
	if gzip {
		tr = append(tr, otlptracegrpc.WithCompressor("gzip"))
		lo = append(lo, otlploggrpc.WithCompressor("gzip"))
		me = append(me, otlpmetricgrpc.WithCompressor("gzip"))
	}
	traces, err1 := otlptracegrpc.New(ctx, tr...)
	logs, err2 := otlploggrpc.New(ctx, lo...)
	metrics, err3 := otlpmetricgrpc.New(ctx, me...)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	return exporters{traces, logs, metrics}
}

func overHTTP(t *testing.T, address string, gzip bool) exporters {
	t.Helper()
	ctx := t.Context()
	tr := []otlptracehttp.Option{otlptracehttp.WithEndpoint(address), otlptracehttp.WithInsecure()}
	lo := []otlploghttp.Option{otlploghttp.WithEndpoint(address), otlploghttp.WithInsecure()}
	me := []otlpmetrichttp.Option{otlpmetrichttp.WithEndpoint(address), otlpmetrichttp.WithInsecure()}
	if gzip {
		tr = append(tr, otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
		lo = append(lo, otlploghttp.WithCompression(otlploghttp.GzipCompression))
		me = append(me, otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression))
	}
	traces, err1 := otlptracehttp.New(ctx, tr...)
	logs, err2 := otlploghttp.New(ctx, lo...)
	metrics, err3 := otlpmetrichttp.New(ctx, me...)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	return exporters{traces, logs, metrics}
}

// delivery is one way into Felt. Its name is also the name of the service that
// sends, so that each has numbers of its own.
type delivery struct {
	name string
	open func(*testing.T) exporters
}

func TestSDK(t *testing.T) {
	runDeliveries(t, []delivery{
		{"sdk-grpc", func(t *testing.T) exporters { return overGRPC(t, server.grpc, false) }},
		{"sdk-grpc-gzip", func(t *testing.T) exporters { return overGRPC(t, server.grpc, true) }},
		{"sdk-http", func(t *testing.T) exporters { return overHTTP(t, server.http, false) }},
		{"sdk-http-gzip", func(t *testing.T) exporters { return overHTTP(t, server.http, true) }},
		{"sdk-http-ui-port", func(t *testing.T) exporters { return overHTTP(t, strings.TrimPrefix(server.api, "http://"), true) }},
	})
}

// runDeliveries sends everything, one way after the other, and then looks at the
// numbers, which are only complete some seconds later.
func runDeliveries(t *testing.T, all []delivery) {
	type window struct{ from, ended time.Time }
	sent := map[string]window{}
	for _, d := range all {
		t.Run(d.name+" delivers", func(t *testing.T) {
			before, err := server.health()
			if err != nil {
				t.Fatal(err)
			}
			to := d.open(t)
			from, ended := deliverTries(t, to.traces, d.name)
			deliverLogs(t, to.logs, d.name)
			deliverMetrics(t, to.metrics, d.name)
			checkTakenIn(t, before, d.name)
			sent[d.name] = window{from, ended}
		})
	}
	for _, d := range all {
		if w, ok := sent[d.name]; ok {
			t.Run(d.name+" is counted", func(t *testing.T) { checkTries(t, d.name, w.from, w.ended) })
		}
	}
}
