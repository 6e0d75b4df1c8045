package sdk

import (
	"fmt"
	"math"
	"net/url"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// signal is what Felt tells of a signal or KPI.
type signal struct {
	Name, State, Layer, Service, Statistic, Unit, Direction, Why string
	Threshold, Limit                                             *float64
	Last                                                         *struct {
		Time     time.Time
		Value, N float64
	}
	Steps []struct{ Mean, N float64 }
}

// total is the sum of all values.
func (s *signal) total() float64 {
	sum := 0.0
	for _, step := range s.Steps {
		sum += step.Mean * step.N
	}
	return sum
}

// signals are those of a journey in the last ten minutes, by name.
func (f *felt) signals(of string) (map[string]signal, error) {
	var got struct{ Signals []signal }
	q := url.Values{"of": {of}, "window": {"10m"}, "step": {"10s"}}
	if err := f.ask("/api/v1/signals?"+q.Encode(), &got); err != nil {
		return nil, err
	}
	all := map[string]signal{}
	for _, s := range got.Signals {
		all[s.Name] = s
	}
	return all, nil
}

// told is what must be known of a signal. What is NaN may be anything.
type told struct {
	name, layer, statistic, unit string
	threshold, limit             float64    // 0 none
	states                       [3]string  // after each of the three times that was sent
	values                       [3]float64 // then
	ns                           [3]float64 // what they rest on
	off                          [3]float64 // by which share a value may be off; 0: by what floats are
}

var anything = math.NaN()

// wanted is what metrics of meters come to.
func wanted() []told {
	always := func(state string) [3]string { return [3]string{state, state, state} }
	same := func(n float64) [3]float64 { return [3]float64{n, n, n} }
	observed := [3]float64{100, 20, 10}
	exact := [3]float64{}
	// The SDK has at most 160 buckets. So those of 1 to 100 are 2^(1/16) wide, those up to 10,000
	// 2^(1/8); of finer ones Felt makes 2^(1/32).
	widths := [3]float64{0.045, 0.091, 0.022}
	return []told{
		{"pool", "infrastructure", "mean", "{connection}", 22, 0, [3]string{"ok", "bad", "ok"}, [3]float64{20, 24, 12}, same(2), exact},
		{"pool at its fullest", "infrastructure", "max", "{connection}", 0, 40, always("known"), [3]float64{30, 34, 20}, same(2), exact},
		{"pool b", "infrastructure", "mean", "{connection}", 0, 0, always("known"), [3]float64{30, 34, 20}, same(1), exact},
		{"queue", "infrastructure", "sum", "{job}", 0, 0, always("known"), [3]float64{8, 11, 2}, same(2), exact},
		{"sent a second", "infrastructure", "rate", "By/s", 0, 0, always("known"), same(anything), same(1), exact}, // its value: see running.length
		{"sent", "infrastructure", "count", "1", 0, 0, always("known"), [3]float64{1000, 500, 2000}, same(1), exact},
		{"latency", "application", "p95", "s", 0.5, 0, [3]string{"bad", "ok", "ok"}, [3]float64{0.75, 0.475, 0.4875}, observed, exact},
		{"slow", "application", "above", "1", 0, 0, always("known"), [3]float64{0.1, 0, 0}, observed, exact},
		{"mean latency", "application", "mean", "s", 0, 0, always("known"), [3]float64{0.2575, 0.3, 0.3}, observed, exact},
		{"requests", "application", "count", "1", 0, 0, always("known"), observed, observed, exact},
		{"rendering", "experience", "p95", "ms", 200, 0, [3]string{"ok", "bad", "ok"}, [3]float64{95, 10000, 50}, observed, widths},
		{"renderings", "experience", "count", "1", 0, 0, always("known"), observed, observed, exact},
	}
}

// sender is somebody who sends meters.
type sender struct {
	service     string
	open        func(t *testing.T, collector []string) exporters // ports of the Collector
	temporality sdkmetric.TemporalitySelector
	// The SDK may say of everything how it differs. Then nobody can tell the level after its next
	// process began.
	differs bool
}

func senders() []sender {
	grpc := func(t *testing.T, _ []string) exporters { return overGRPC(t, server.grpc, true) }
	http := func(t *testing.T, _ []string) exporters { return overHTTP(t, server.http, true) }
	return []sender{
		{"meters-grpc-cumulative", grpc, sdkmetric.CumulativeTemporalitySelector, false},
		{"meters-grpc-delta", grpc, sdkmetric.DeltaTemporalitySelector, false},
		{"meters-http-cumulative", http, sdkmetric.CumulativeTemporalitySelector, false},
		{"meters-http-delta", http, allDelta, true},
		{"meters-collector-grpc", func(t *testing.T, ports []string) exporters { return overHTTP(t, ports[0], true) }, sdkmetric.DeltaTemporalitySelector, false},
		{"meters-collector-json", func(t *testing.T, ports []string) exporters { return overGRPC(t, ports[1], true) }, sdkmetric.CumulativeTemporalitySelector, false},
	}
}

// running is a sender at work.
type running struct {
	sender
	*meters
	told   time.Time // all of its signals have a value of then
	before time.Time // of the counter's point before the last
}

// length is the time in seconds in which the counter of the last point, the nth, was added.
func (r *running) length(n int) float64 {
	from := r.out.start
	if n > 0 && r.temporality(sdkmetric.InstrumentKindCounter) == metricdata.CumulativeTemporality {
		from = r.before
	}
	seconds := float64(r.out.time.UnixNano()-from.UnixNano()) / 1e9 // as sent: Sub would take the monotonic clock
	return max(seconds, 1)                                          // over which Felt takes a rate at least
}

// TestSignals sends metrics three times, the third time from a process that began anew, and each
// time asks for the signals until all have a new value.
func TestSignals(t *testing.T) {
	t.Parallel()
	collector, ports := startMetricsCollector(t)
	sendSpans(t, overGRPC(t, ports[2], true).traces)
	var all []*running
	for _, s := range senders() {
		m := newMeters(t, s.service, s.open(t, ports).metrics, s.temporality)
		m.first(t.Context())
		m.flush(t)
		all = append(all, &running{sender: s, meters: m})
	}
	for n := range 3 {
		for _, r := range all {
			switch n {
			case 1:
				r.second(t.Context())
				r.flush(t)
			case 2:
				r.meters = newMeters(t, r.service, r.open(t, ports).metrics, r.temporality)
				r.third(t.Context())
				r.flush(t)
			}
		}
		for _, r := range all {
			t.Run(fmt.Sprintf("%s %d", r.service, n+1), func(t *testing.T) {
				want := wanted()
				for i := range want {
					switch {
					case n < 2 && want[i].name == "sent a second":
						want[i].values[n] = []float64{1000, 500}[n] / r.length(n)
					case n == 2 && r.differs && want[i].name == "queue":
						want[i].values[n] = anything
					}
				}
				r.before = r.out.time
				r.told = checkSignals(t, r.service, n, r.told, want)
			})
		}
	}
	t.Run("spans", checkSpans)
	if err := collector.stop(); err != nil {
		t.Errorf("the Collector: %v", err)
	}
	if out := collector.output.String(); out != "" {
		t.Errorf("the Collector complains:\n%s", out)
	}
}

// checkSignals waits until all signals of a journey have a value of after a time, and returns that
// of the newest.
func checkSignals(t *testing.T, of string, n int, after time.Time, want []told) time.Time {
	t.Helper()
	var all map[string]signal
	newest := after
	err := server.until(40*time.Second, func() (err error) {
		if all, err = server.signals(of); err != nil {
			return err
		}
		for _, w := range want {
			s, ok := all[w.name]
			if !ok || s.Last == nil || !s.Last.Time.After(after) {
				return fmt.Errorf("no value of %q after %v: %+v", w.name, after, s)
			}
			if s.Last.Time.After(newest) {
				newest = s.Last.Time
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(want) {
		t.Errorf("%d signals, want %d", len(all), len(want))
	}
	for _, w := range want {
		w.check(t, all[w.name], n)
		if s := all[w.name]; s.Service != of {
			t.Errorf("%s: service %q, want %q", w.name, s.Service, of)
		}
	}
	return newest
}

func (w *told) check(t *testing.T, s signal, n int) {
	t.Helper()
	if s.Layer != w.layer || s.Statistic != w.statistic || s.Unit != w.unit || s.State != w.states[n] || s.Why != "" {
		t.Errorf("%s: layer %q, statistic %q, unit %q, state %q, why %q; want %q, %q, %q, %q and no why",
			w.name, s.Layer, s.Statistic, s.Unit, s.State, s.Why, w.layer, w.statistic, w.unit, w.states[n])
	}
	for what, of := range map[string]struct {
		got  *float64
		want float64
	}{"threshold": {s.Threshold, w.threshold}, "limit": {s.Limit, w.limit}} {
		if of.want == 0 && of.got != nil || of.want != 0 && (of.got == nil || *of.got != of.want) {
			t.Errorf("%s: %s %v, want %v (0 is none)", w.name, what, of.got, of.want)
		}
	}
	off := max(w.off[n], 1e-9)
	if v := w.values[n]; !math.IsNaN(v) && math.Abs(s.Last.Value-v) > off*math.Abs(v)+1e-12 {
		t.Errorf("%s: value %v, want %v", w.name, s.Last.Value, v)
	}
	if s.Last.N != w.ns[n] {
		t.Errorf("%s: rests on %v, want %v", w.name, s.Last.N, w.ns[n])
	}
}

// startMetricsCollector runs a Collector and returns where it listens: OTLP over HTTP that goes on
// over gRPC, OTLP over gRPC that goes on as JSON, and spans over gRPC of which it makes metrics.
func startMetricsCollector(t *testing.T) (*process, []string) {
	t.Helper()
	ports, err := freePorts(3)
	if err != nil {
		t.Fatal(err)
	}
	return runCollector(t, fmt.Sprintf(`receivers:
  otlp/grpc: {protocols: {http: {endpoint: %q}}}
  otlp/json: {protocols: {grpc: {endpoint: %q}}}
  otlp/spans: {protocols: {grpc: {endpoint: %q}}}
processors:
  batch:
connectors:
  span_metrics: {metrics_flush_interval: 1s, histogram: {exponential: {max_size: 160}}}
exporters:
  otlp_grpc: {endpoint: %q, tls: {insecure: true}, compression: zstd}
  otlp_http: {endpoint: %q, compression: gzip, encoding: json}
service:
  telemetry:
    logs: {level: warn}
    metrics: {level: none}
  pipelines:
    metrics/grpc: {receivers: [otlp/grpc], processors: [batch], exporters: [otlp_grpc]}
    metrics/json: {receivers: [otlp/json], processors: [batch], exporters: [otlp_http]}
    traces: {receivers: [otlp/spans], exporters: [span_metrics]}
    metrics/spans: {receivers: [span_metrics], processors: [batch], exporters: [otlp_grpc]}
`, ports[0], ports[1], ports[2], server.grpc, "http://"+server.http), ports[2]), ports
}

// Spans of which the Collector makes metrics, how long each takes, and how wide the buckets are.
const (
	spans      = 40
	spansBad   = 10
	spansLast  = 300 * time.Millisecond
	spansWidth = 0.022
)

func sendSpans(t *testing.T, exporter sdktrace.SpanExporter) {
	t.Helper()
	provider := sdktrace.NewTracerProvider(sdktrace.WithResource(newResource("peers-spans")), sdktrace.WithBatcher(exporter))
	tracer := provider.Tracer("peers")
	end := time.Now()
	for n := range spans {
		_, span := tracer.Start(t.Context(), "GET /", trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(end.Add(-spansLast)))
		if n < spansBad {
			span.SetStatus(codes.Error, "gone")
		}
		span.End(trace.WithTimestamp(end))
	}
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Fatalf("the exporter reports: %v", err)
	}
}

// checkSpans asks for what the Collector made of spans. It tells its counters every second, and
// Felt what was added: that is zero in all values but one.
func checkSpans(t *testing.T) {
	var all map[string]signal
	err := server.until(40*time.Second, func() (err error) {
		if all, err = server.signals("spans"); err != nil {
			return err
		}
		for _, name := range []string{"calls", "errors", "duration"} {
			if s := all[name]; len(s.Steps) == 0 || name != "duration" && len(s.Steps) < 2 {
				return fmt.Errorf("too few values of %s: %+v", name, s)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"calls": spans, "errors": spansBad} {
		s := all[name]
		if s.total() != want || s.Statistic != "count" || s.Unit != "1" || s.Layer != "application" || s.Service != "peers-spans" {
			t.Errorf("%s: %v, want %v: %+v", name, s.total(), want, s)
		}
	}
	s := all["duration"]
	last := float64(spansLast.Milliseconds())
	if math.Abs(s.Last.Value-last) > spansWidth*last || s.Last.N != spans || s.Unit != "ms" ||
		s.Statistic != "p95" || s.State != "ok" || s.Threshold == nil || *s.Threshold != 1000 || len(s.Steps) != 1 {
		t.Errorf("duration: %+v, want one value of %v ms", s, last)
	}
}
