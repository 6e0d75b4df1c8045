package signal_test

import (
	"bytes"
	"math"
	"os"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/signal"
)

// everything asks for every statistic of metric m, of the metrics of the examples, and of KPIs.
const everything = `
    kpis:
      - {name: k1, numerator: {metric: m, statistic: sum}, denominator: m}
      - {name: k2, numerator: my.counter, denominator: begun}
      - {name: k3, numerator: {metric: my.gauge}}
    signals:
      - {name: s0, source: m}
      - {name: s1, source: m, statistic: mean}
      - {name: s2, source: m, statistic: max, limit: 3}
      - {name: s3, source: m, statistic: sum}
      - {name: s4, source: m, statistic: rate}
      - {name: s5, source: m, statistic: p95}
      - {name: s6, source: m, statistic: above, threshold: 1}
      - {name: s7, source: m, statistic: count}
      - {name: counter, source: my.counter, statistic: count}
      - {name: gauge, source: my.gauge}
      - {name: histogram, source: my.histogram, statistic: mean}
      - {name: exponential, source: my.exponential.histogram}
`

// Whatever comes, values are finite, nothing breaks, and the state comes back.
func FuzzPoints(f *testing.F) {
	for _, md := range []pmetric.Metrics{
		gauge(instance{}, -1, 5), sum(instance{}, -1, -8, 7, isDelta, true), sum(instance{}, -1, -9, 7, isCumulative, false),
		histogram(instance{}, -1, -8, isDelta, 9, 1, 2, 3, 4), histogram(instance{}, -1, -8, isCumulative, nan(), 1, 2, 3, 4),
		exponential(instance{}, -1, -8, isDelta, 20, 1<<30, 3, 4, 5), exponential(instance{}, -1, -8, isCumulative, -10, -3, 3, 4, 5),
		summary(instance{}, -1, -8, 10, 5, 0.95, 3), noValue(gauge(instance{}, -1, 0)),
	} {
		body, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, body)
	}
	set := loadRules(f, 1, everything)
	f.Fuzz(func(t *testing.T, first, second []byte) {
		m := newMachine(t, set, 2)
		m.cut = true
		for i, body := range [][]byte{first, second, first} {
			m.tick = start + felt.Tick(i)*7
			at := m.tick.Instant() - felt.Second/2
			if _, err := m.packer.Metrics(body, at); err != nil {
				return // no request
			}
			m.take(at)
			m.until(felt.Tick(i)*7 + 6)
		}
		m.until(80)
		for _, s := range m.samples {
			if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) || math.IsNaN(s.N) || s.N < 0 {
				t.Errorf("%+v", s)
			}
			if s.Name == "s6" && (s.Value < 0 || s.Value > 1) {
				t.Errorf("share %g", s.Value)
			}
		}
	})
}

// A snapshot that is damaged is refused or read; it breaks nothing, and what was read is written as it was.
func FuzzLoad(f *testing.F) {
	set := loadRules(f, 1, everything)
	m := newMachine(f, set, 1)
	m.send(gauge(instance{}, -1, 5))
	m.send(histogram(instance{id: "h"}, -1, -8, isCumulative, 9, 1, 2, 3, 4))
	m.book.Journey("production", "shop", "checkout", signal.Begun, 3)
	m.book.Business(start, orders(0, 2))
	f.Add(save(m.book))
	m.close()
	f.Add(save(m.book))
	m.send(exponential(instance{service: "x"}, 0, -8, isCumulative, 3, 5, 3, 4, 5))
	m.close()
	f.Add(save(m.book))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := signal.NewBook(felt.DefaultSettings())
		b.Rules(set)
		d := codec.NewDecoder(data)
		if b.Load(d); d.Err() != nil || d.Rest() > 0 {
			return
		}
		first := save(b)
		again := signal.NewBook(felt.DefaultSettings())
		again.Rules(set)
		if d := codec.NewDecoder(first); true {
			if again.Load(d); d.Err() != nil || d.Rest() > 0 {
				t.Fatalf("what was written cannot be read: %v", d.Err())
			}
		}
		if !bytes.Equal(first, save(again)) {
			t.Fatal("not canonical")
		}
		b.Tick(start + 10)
		b.Due()
	})
}

// The examples of the OpenTelemetry project, as they are published.
func TestPublishedExamples(t *testing.T) {
	text, err := os.ReadFile("../otlp/testdata/otlp/proto_metrics.json")
	if err != nil {
		t.Fatal(err)
	}
	req := pmetricotlp.NewExportRequest()
	if err := req.UnmarshalJSON(text); err != nil {
		t.Fatal(err)
	}
	m := newMachine(t, loadRules(t, 1, everything), 4)
	// They are of 2018, and of an instant: they are sent as of now, and the first has taken a second.
	rm := req.Metrics().ResourceMetrics().At(0)
	for i := range rm.ScopeMetrics().At(0).Metrics().Len() {
		metric := rm.ScopeMetrics().At(0).Metrics().At(i)
		switch metric.Type() {
		case pmetric.MetricTypeSum:
			when(metric.Sum().DataPoints().At(0), -1, -2, nil)
		case pmetric.MetricTypeGauge:
			when(metric.Gauge().DataPoints().At(0), -1, -2, nil)
		case pmetric.MetricTypeHistogram:
			when(metric.Histogram().DataPoints().At(0), -1, -2, nil)
		case pmetric.MetricTypeExponentialHistogram:
			when(metric.ExponentialHistogram().DataPoints().At(0), -1, -2, nil)
		default:
			t.Fatal(metric.Type())
		}
	}
	m.send(req.Metrics())
	m.until(0)
	if got, want := m.told(), "0 counter 5\n0 gauge 10\n0 histogram 1\n0 exponential 7.7"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
