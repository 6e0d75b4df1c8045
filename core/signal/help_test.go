package signal_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/signal"
)

// start is the tick from which tests count; a multiple of ten.
const start = felt.Tick(1_760_000_000)

type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// loadRules compiles an inventory of one journey with the given signals and KPIs.
func loadRules(t fataler, version int64, body string) *rules.Set {
	t.Helper()
	text := "journeys:\n  - name: checkout\n    app: shop\n    team: x\n" + body
	set, problems := rules.Load(felt.Inventory{Version: version, Files: []felt.InventoryFile{{Name: "felt.yaml", Text: text}}})
	if set == nil {
		t.Fatalf("inventory: %v\n%s", problems, text)
	}
	return set
}

// signals is the inventory's list of one signal.
func oneSignal(keys string) string {
	return "    signals:\n      - {name: it, source: m" + keys + "}\n"
}

// machine is stage 1 and 3 as far as points go: every request is packed as at the door.
type machine struct {
	t        fataler
	set      *rules.Set
	packer   *otlp.Packer
	gather   []signal.Gatherer
	book     *signal.Book
	reader   otlp.Reader
	point    otlp.Point
	samples  []signal.Sample
	rows     []felt.SignalPoint
	cut      bool // save and restore after every tick
	tick     felt.Tick
	settings felt.Settings
}

func newMachine(t fataler, set *rules.Set, parts int, change ...func(*felt.Settings)) *machine {
	s := felt.DefaultSettings()
	for _, f := range change {
		f(&s)
	}
	m := &machine{t: t, set: set, gather: make([]signal.Gatherer, parts), book: signal.NewBook(s), tick: start, settings: s}
	m.packer = otlp.NewPacker(otlp.Options{
		Partitions: parts, Clock: felt.ClockWall, LateMax: felt.Day, Key: otlp.HashKey{ID: 1, Secret: []byte("0123456789abcdef")},
	})
	m.book.Rules(set)
	return m
}

// send puts a request into the tick at hand; it arrives half a second before the tick ends.
func (m *machine) send(md pmetric.Metrics) {
	m.t.Helper()
	body, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
	if err != nil {
		m.t.Fatal(err)
	}
	m.body(body, m.packer.Metrics)
}

func (m *machine) body(body []byte, pack func([]byte, felt.Instant) (otlp.Report, error)) {
	m.t.Helper()
	at := m.tick.Instant() - felt.Second/2
	if _, err := pack(body, at); err != nil {
		m.t.Fatal(err)
	}
	m.take(at)
}

// take reads what was packed, as stage 1 does.
func (m *machine) take(at felt.Instant) {
	m.t.Helper()
	for _, rec := range m.packer.Take(nil) {
		if err := m.reader.Reset(rec.Data); err != nil {
			m.t.Fatal(err)
		}
		g := &m.gather[rec.Part]
		for m.reader.NextBlock() {
			g.Begin(&m.reader)
			for m.reader.NextPoint(&m.point) {
				g.Take(m.set, &m.point, at)
			}
		}
		if err := m.reader.Err(); err != nil {
			m.t.Fatal(err)
		}
	}
}

// close ends the tick at hand.
func (m *machine) close() {
	for i := range m.gather {
		m.book.Points(m.gather[i].Hand())
	}
	samples, rows := m.book.Tick(m.tick)
	m.samples, m.rows = append(m.samples, samples...), append(m.rows, rows...)
	if m.cut {
		m.restore()
	}
	m.tick++
}

// until ends ticks up to a tick, given relative to start.
func (m *machine) until(to felt.Tick) {
	for m.tick <= start+to {
		m.close()
	}
}

func (m *machine) restore() {
	m.t.Helper()
	first := save(m.book)
	fresh := signal.NewBook(m.settings)
	fresh.Rules(m.set)
	d := codec.NewDecoder(first)
	if fresh.Load(d); d.Err() != nil || d.Rest() > 0 {
		m.t.Fatalf("load: %v, %d bytes left", d.Err(), d.Rest())
	}
	if again := save(fresh); !bytes.Equal(first, again) {
		m.t.Fatal("a restored book has another snapshot")
	}
	m.book = fresh
}

func save(b *signal.Book) []byte {
	var buf bytes.Buffer
	e := codec.NewEncoder(&buf)
	b.Save(e)
	if err := e.Flush(); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// told are the values as text: "10 it 2.5", seconds after start, name, value.
func (m *machine) told() string {
	var lines []string
	for _, s := range m.samples {
		lines = append(lines, fmt.Sprintf("%d %s %.6g", (s.Time-start.Instant())/felt.Second, s.Name, s.Value))
	}
	return strings.Join(lines, "\n")
}

// instance is one sender of a metric called m.
type instance struct {
	service, id string
	attrs       map[string]string
}

// metrics makes a request with one metric of an instance.
func metrics(in instance, fill func(pmetric.Metric)) pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	service := in.service
	if service == "" {
		service = "api"
	}
	rm.Resource().Attributes().PutStr("service.name", service)
	if in.id != "" {
		rm.Resource().Attributes().PutStr("service.instance.id", in.id)
	}
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("m")
	fill(m)
	return md
}

type timed interface {
	SetTimestamp(pcommon.Timestamp)
	SetStartTimestamp(pcommon.Timestamp)
	Attributes() pcommon.Map
}

// when sets the times of a point, in seconds after start; begun -1 is none.
func when(p timed, at, begun float64, attrs map[string]string) {
	stamp := func(s float64) pcommon.Timestamp { return pcommon.Timestamp(start.Instant() + felt.Instant(s*1e9)) }
	p.SetTimestamp(stamp(at))
	if begun != -1 {
		p.SetStartTimestamp(stamp(begun))
	}
	for k, v := range attrs {
		p.Attributes().PutStr(k, v)
	}
}

func gauge(in instance, at, v float64) pmetric.Metrics {
	return metrics(in, func(m pmetric.Metric) {
		m.SetUnit("By")
		p := m.SetEmptyGauge().DataPoints().AppendEmpty()
		when(p, at, -1, in.attrs)
		p.SetDoubleValue(v)
	})
}

func sum(in instance, at, begun, v float64, temporality pmetric.AggregationTemporality, monotonic bool) pmetric.Metrics {
	return metrics(in, func(m pmetric.Metric) {
		m.SetUnit("{order}")
		s := m.SetEmptySum()
		s.SetAggregationTemporality(temporality)
		s.SetIsMonotonic(monotonic)
		p := s.DataPoints().AppendEmpty()
		when(p, at, begun, in.attrs)
		p.SetIntValue(int64(v))
	})
}

const (
	isDelta      = pmetric.AggregationTemporalityDelta
	isCumulative = pmetric.AggregationTemporalityCumulative
)

func histogram(in instance, at, begun float64, temporality pmetric.AggregationTemporality, sum float64, counts ...uint64) pmetric.Metrics {
	return metrics(in, func(m pmetric.Metric) {
		m.SetUnit("s")
		h := m.SetEmptyHistogram()
		h.SetAggregationTemporality(temporality)
		p := h.DataPoints().AppendEmpty()
		when(p, at, begun, in.attrs)
		p.ExplicitBounds().FromRaw([]float64{1, 2, 4})
		p.BucketCounts().FromRaw(counts)
		n := uint64(0)
		for _, c := range counts {
			n += c
		}
		p.SetCount(n)
		p.SetSum(sum)
	})
}

func exponential(in instance, at, begun float64, temporality pmetric.AggregationTemporality, scale, offset int32, zero uint64, counts ...uint64) pmetric.Metrics {
	return metrics(in, func(m pmetric.Metric) {
		h := m.SetEmptyExponentialHistogram()
		h.SetAggregationTemporality(temporality)
		p := h.DataPoints().AppendEmpty()
		when(p, at, begun, in.attrs)
		p.SetScale(scale)
		p.SetZeroCount(zero)
		p.Positive().SetOffset(offset)
		p.Positive().BucketCounts().FromRaw(counts)
		n := zero
		for _, c := range counts {
			n += c
		}
		p.SetCount(n)
	})
}

func summary(in instance, at, begun float64, count uint64, sum float64, quantiles ...float64) pmetric.Metrics {
	return metrics(in, func(m pmetric.Metric) {
		p := m.SetEmptySummary().DataPoints().AppendEmpty()
		when(p, at, begun, in.attrs)
		p.SetCount(count)
		p.SetSum(sum)
		for i := 0; i+1 < len(quantiles); i += 2 {
			q := p.QuantileValues().AppendEmpty()
			q.SetQuantile(quantiles[i])
			q.SetValue(quantiles[i+1])
		}
	})
}

// noValue sets the flag "no recorded value".
func noValue(md pmetric.Metrics) pmetric.Metrics {
	m := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0)
	flags := pmetric.DefaultDataPointFlags.WithNoRecordedValue(true)
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		m.Gauge().DataPoints().At(0).SetFlags(flags)
	case pmetric.MetricTypeSum:
		m.Sum().DataPoints().At(0).SetFlags(flags)
	default:
		panic(m.Type())
	}
	return md
}

func nan() float64 { return math.NaN() }
