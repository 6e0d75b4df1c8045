package otlp_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"pgregory.net/rapid"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

type seenPoint struct {
	Point      otlp.Point
	Name, Unit string
	Attributes map[string]any
	Resource   map[string]any
}

func readPoints(t *rapid.T, recs []felt.Record) []seenPoint {
	var r otlp.Reader
	var pt otlp.Point
	var list []seenPoint
	for _, rec := range recs {
		if err := r.Reset(rec.Data); err != nil {
			t.Fatal(err)
		}
		for r.NextBlock() {
			for r.NextPoint(&pt) {
				s := seenPoint{Point: pt, Name: string(r.Text(pt.Name)), Unit: string(r.Text(pt.Unit)), Attributes: collect(&r, r.Attributes), Resource: collect(&r, r.ResourceAttributes)}
				s.Point.Name, s.Point.Unit, s.Point.Fields = 0, 0, [otlp.NumFields]otlp.Text{}
				s.Point.Bounds = append([]float64{}, pt.Bounds...)
				s.Point.Counts = append([]uint64{}, pt.Counts...)
				s.Point.Positive = append([]uint64{}, pt.Positive...)
				s.Point.Negative = append([]uint64{}, pt.Negative...)
				s.Point.Quantiles = append([]otlp.Quantile{}, pt.Quantiles...)
				list = append(list, s)
			}
		}
		if r.Err() != nil {
			t.Fatal(r.Err())
		}
	}
	return list
}

var (
	drawFloat  = rapid.Float64Range(-1e6, 1e6)
	drawCounts = rapid.SliceOfN(rapid.Uint64Range(0, 1<<40), 0, 6)
)

func emptyPoint(typ otlp.PointType) otlp.Point {
	return otlp.Point{Type: typ, Sum: math.NaN(), Min: math.NaN(), Max: math.NaN()}
}

type dataPoint interface {
	SetTimestamp(pcommon.Timestamp)
	SetStartTimestamp(pcommon.Timestamp)
	Attributes() pcommon.Map
}

func drawPoint(t *rapid.T, dp dataPoint, w *seenPoint) {
	w.Point.Time = now - felt.Instant(rapid.Int64Range(0, 1e12).Draw(t, "ago"))
	dp.SetTimestamp(pcommon.Timestamp(w.Point.Time))
	if rapid.Bool().Draw(t, "start") {
		w.Point.Start = w.Point.Time - felt.Instant(rapid.Int64Range(0, 1e12).Draw(t, "since"))
		dp.SetStartTimestamp(pcommon.Timestamp(w.Point.Start))
	}
	drawMap(t, dp.Attributes(), 1)
	w.Attributes = wantMap(dp.Attributes())
}

func drawNumber(t *rapid.T, dp pmetric.NumberDataPoint, w *seenPoint) {
	drawPoint(t, dp, w)
	switch rapid.IntRange(0, 2).Draw(t, "value") {
	case 0:
		w.Point.Int, w.Point.IsInt = rapid.Int64().Draw(t, "int"), true
		w.Point.Value = float64(w.Point.Int)
		dp.SetIntValue(w.Point.Int)
	case 1:
		w.Point.Value = drawFloat.Draw(t, "double")
		dp.SetDoubleValue(w.Point.Value)
	default:
		w.Point.NoValue = true
		dp.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
	}
}

func drawSumMinMax(t *rapid.T, w *seenPoint, sum, least, most func(float64)) {
	if rapid.Bool().Draw(t, "sum") {
		w.Point.Sum = drawFloat.Draw(t, "sum")
		sum(w.Point.Sum)
	}
	if rapid.Bool().Draw(t, "min max") {
		w.Point.Min, w.Point.Max = drawFloat.Draw(t, "min"), drawFloat.Draw(t, "max")
		least(w.Point.Min)
		most(w.Point.Max)
	}
}

func drawHistogram(t *rapid.T, dp pmetric.HistogramDataPoint, w *seenPoint) {
	drawPoint(t, dp, w)
	w.Point.Counts = drawCounts.Draw(t, "counts")
	w.Point.Bounds = rapid.SampledFrom([][]float64{{}, {1, 2.5}, {0.1}}).Draw(t, "bounds")
	w.Point.Count = rapid.Uint64().Draw(t, "count")
	dp.BucketCounts().FromRaw(w.Point.Counts)
	dp.ExplicitBounds().FromRaw(w.Point.Bounds)
	dp.SetCount(w.Point.Count)
	drawSumMinMax(t, w, dp.SetSum, dp.SetMin, dp.SetMax)
}

func drawExponential(t *rapid.T, dp pmetric.ExponentialHistogramDataPoint, w *seenPoint) {
	drawPoint(t, dp, w)
	v := &w.Point
	v.Scale = rapid.Int32Range(-10, 20).Draw(t, "scale")
	v.Count, v.Zero = rapid.Uint64().Draw(t, "count"), rapid.Uint64().Draw(t, "zero")
	v.ZeroThreshold = drawFloat.Draw(t, "threshold")
	v.PositiveOffset, v.Positive = rapid.Int32().Draw(t, "offset"), drawCounts.Draw(t, "positive")
	v.NegativeOffset, v.Negative = rapid.Int32().Draw(t, "offset"), drawCounts.Draw(t, "negative")
	dp.SetScale(v.Scale)
	dp.SetCount(v.Count)
	dp.SetZeroCount(v.Zero)
	dp.SetZeroThreshold(v.ZeroThreshold)
	dp.Positive().SetOffset(v.PositiveOffset)
	dp.Positive().BucketCounts().FromRaw(v.Positive)
	dp.Negative().SetOffset(v.NegativeOffset)
	dp.Negative().BucketCounts().FromRaw(v.Negative)
	drawSumMinMax(t, w, dp.SetSum, dp.SetMin, dp.SetMax)
}

func drawSummary(t *rapid.T, dp pmetric.SummaryDataPoint, w *seenPoint) {
	drawPoint(t, dp, w)
	w.Point.Count = rapid.Uint64().Draw(t, "count")
	w.Point.Sum = drawFloat.Draw(t, "sum")
	dp.SetCount(w.Point.Count)
	dp.SetSum(w.Point.Sum)
	for range rapid.IntRange(0, 3).Draw(t, "quantiles") {
		q := otlp.Quantile{Q: drawFloat.Draw(t, "q"), Value: drawFloat.Draw(t, "value")}
		w.Point.Quantiles = append(w.Point.Quantiles, q)
		v := dp.QuantileValues().AppendEmpty()
		v.SetQuantile(q.Q)
		v.SetValue(q.Value)
	}
}

// drawMetric gives a metric some points and returns what they must come back as.
func drawMetric(t *rapid.T, m pmetric.Metric, resource map[string]any) []seenPoint {
	m.SetName(drawText.Draw(t, "name"))
	m.SetUnit(drawText.Draw(t, "unit"))
	typ := otlp.PointType(rapid.IntRange(1, 5).Draw(t, "type"))
	var list []seenPoint
	for i := range rapid.IntRange(0, 3).Draw(t, "points") {
		w := seenPoint{Point: emptyPoint(typ), Name: m.Name(), Unit: m.Unit(), Resource: resource}
		switch typ {
		case otlp.PointGauge:
			if i == 0 {
				m.SetEmptyGauge()
			}
			drawNumber(t, m.Gauge().DataPoints().AppendEmpty(), &w)
		case otlp.PointSum:
			if i == 0 {
				m.SetEmptySum().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
				m.Sum().SetIsMonotonic(true)
			}
			w.Point.Temporality, w.Point.Monotonic = 1, true
			drawNumber(t, m.Sum().DataPoints().AppendEmpty(), &w)
		case otlp.PointHistogram:
			if i == 0 {
				m.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			}
			w.Point.Temporality = 2
			drawHistogram(t, m.Histogram().DataPoints().AppendEmpty(), &w)
		case otlp.PointExponential:
			if i == 0 {
				m.SetEmptyExponentialHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			}
			w.Point.Temporality = 2
			drawExponential(t, m.ExponentialHistogram().DataPoints().AppendEmpty(), &w)
		case otlp.PointSummary:
			if i == 0 {
				m.SetEmptySummary()
			}
			drawSummary(t, m.Summary().DataPoints().AppendEmpty(), &w)
		}
		list = append(list, w)
	}
	return list
}

func TestMetricsComeBackAsTheCollectorReadsThem(t *testing.T) {
	p := testPacker()
	rapid.Check(t, func(t *rapid.T) {
		md := pmetric.NewMetrics()
		rm := md.ResourceMetrics().AppendEmpty()
		rm.Resource().Attributes().PutStr("service.name", drawText.Draw(t, "service"))
		sm := rm.ScopeMetrics().AppendEmpty()
		var want []seenPoint
		for range rapid.IntRange(0, 4).Draw(t, "metrics") {
			want = append(want, drawMetric(t, sm.Metrics().AppendEmpty(), wantMap(rm.Resource().Attributes()))...)
		}
		req := pmetricotlp.NewExportRequestFromMetrics(md)
		body, err := req.MarshalProto()
		pack := p.Metrics
		if rapid.Bool().Draw(t, "json") {
			body, err = req.MarshalJSON()
			pack = p.MetricsJSON
		}
		if err != nil {
			t.Fatal(err)
		}
		rep, err := pack(body, now)
		if err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		if rep.Points != int64(len(want)) || rep.Unmapped != rep.Points {
			t.Fatalf("%+v of %d points", rep, len(want))
		}
		if d := cmp.Diff(want, readPoints(t, p.Take(nil)), cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("(-sent +read)\n%s", d)
		}
	})
}

func TestBadPoints(t *testing.T) {
	gauge := func(point ...[]byte) []byte {
		var b []byte
		for _, f := range point {
			b = append(b, f...)
		}
		return msg(1, msg(2, msg(2, append(msg(1, []byte("m")), msg(5, msg(1, b))...))))
	}
	for name, c := range map[string]struct {
		body []byte
		want otlp.Report
	}{
		"fine":     {gauge(fix(3, now), fix(6, 5)), otlp.Report{Points: 1, Unmapped: 1}},
		"no time":  {gauge(fix(6, 5)), otlp.Report{RejectedPoints: 1, BadPoints: 1}},
		"no value": {gauge(fix(3, now)), otlp.Report{RejectedPoints: 1, BadPoints: 1}},
		"late":     {gauge(fix(3, now-2*felt.Day), fix(6, 5)), otlp.Report{RejectedPoints: 1, Late: 1}},
		"beyond":   {gauge(fix(3, -1), fix(6, 5)), otlp.Report{Points: 1, Unmapped: 1, ClampedFuture: 1}},
		"future":   {gauge(fix(3, now+felt.Day), fix(6, 5)), otlp.Report{Points: 1, Unmapped: 1, ClampedFuture: 1}},
	} {
		p := testPacker()
		rep, err := p.Metrics(c.body, now)
		if (rep.Reason != "") != (c.want.RejectedPoints != 0) {
			t.Errorf("%s: reason %q", name, rep.Reason)
		}
		rep.Reason = ""
		if err != nil || rep != c.want {
			t.Errorf("%s: %+v %v", name, rep, err)
		}
	}
	for name, body := range map[string][]byte{
		"name not UTF-8": msg(1, msg(2, msg(2, msg(1, []byte{0xff})))),
		"wrong type":     gauge([]byte{3 << 3, 1}),
		"histogram":      msg(1, msg(2, msg(2, msg(9, msg(1, msg(6, []byte("1234567"))))))),
		"cut buckets":    msg(1, msg(2, msg(2, msg(10, msg(1, msg(8, msg(2, []byte{0xff}))))))),
	} {
		if _, err := testPacker().Metrics(body, now); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
