package otlp

import (
	"encoding/binary"
	"math"

	"github.com/felt-cx/felt"
)

// PointType says which kind of metric a point belongs to.
type PointType uint8

// The types of points.
const (
	PointGauge PointType = iota + 1
	PointSum
	PointHistogram
	PointExponential
	PointSummary
)

// Point is one point of a metric. It is filled by [Reader.NextPoint] and belongs to
// the caller; its slices are reused by the next call.
type Point struct {
	Type        PointType
	Temporality uint8 // as in OTLP: 1 delta, 2 cumulative; 0 where it has no meaning
	Monotonic   bool
	NoValue     bool // the sender's "no recorded value" flag
	Name, Unit  Text
	Start, Time felt.Instant
	Fields      [NumFields]Text // as in [Event]: of the point, else of its resource
	Value       float64         // of a gauge or sum
	Int         int64           // the same, exactly, when IsInt
	IsInt       bool

	// Of histograms and summaries.
	Count          uint64
	Sum, Min, Max  float64 // NaN when not sent
	Bounds         []float64
	Counts         []uint64
	Scale          int32
	Zero           uint64
	ZeroThreshold  float64
	PositiveOffset int32
	Positive       []uint64
	NegativeOffset int32
	Negative       []uint64
	Quantiles      []Quantile
}

// Quantile is one quantile of a summary.
type Quantile struct {
	Q, Value float64
}

// readMetric is the metric at hand.
type readMetric struct {
	name, unit Text
	typ        PointType
	flags      byte
	known      bool
	bounds     []float64
}

// NextPoint reads the block's next metric point into pt; false at the block's end.
// Spans and log records are in blocks of their own.
func (r *Reader) NextPoint(pt *Point) bool {
	if r.kind != blockPoints {
		return false
	}
	for r.at < len(r.block) {
		first := r.block[r.at]
		r.at++
		switch first & itemKind {
		case itemPoint:
			return r.point(pt)
		case itemMetric:
			if !r.metricItem() {
				return false
			}
		default:
			if !r.define(first) {
				return false
			}
		}
	}
	return false
}

func (r *Reader) metricItem() bool {
	b, ok := r.bytes(1)
	if !ok {
		return false
	}
	r.metric.flags, r.metric.typ, r.metric.known = b[0], PointType(b[0]&7), true
	if r.metric.typ < PointGauge || r.metric.typ > PointSummary || b[0]>>6 != 0 {
		return r.corrupt("bad metric")
	}
	if r.metric.name, ok = r.text(); !ok {
		return false
	}
	r.metric.unit, ok = r.text()
	return ok
}

func (r *Reader) point(pt *Point) bool {
	if r.current < 0 || !r.metric.known {
		return r.corrupt("a point without a metric")
	}
	b, ok := r.bytes(1)
	if !ok || b[0]&^pointAll != 0 {
		return r.corrupt("bad point")
	}
	flags := b[0]
	m := &r.metric
	pt.reset()
	pt.Type, pt.Temporality, pt.Monotonic = m.typ, m.flags>>3&3, m.flags>>5 != 0
	pt.Name, pt.Unit = m.name, m.unit
	pt.NoValue, pt.IsInt = flags&pointNoValue != 0, flags&pointInt != 0
	d, ok := r.uvarint()
	if !ok {
		return false
	}
	r.lastTime += unzigzag(d)
	pt.Time = felt.Instant(r.lastTime)
	if flags&pointStart != 0 {
		if d, ok = r.uvarint(); !ok {
			return false
		}
		pt.Start = pt.Time - felt.Instant(unzigzag(d))
	}
	if !r.pointValues(pt) {
		return false
	}
	if m.typ == PointGauge || m.typ == PointSum {
		return r.pointNumber(pt)
	}
	return r.distribution(pt, flags)
}

// pointValues reads the attributes of a point.
func (r *Reader) pointValues(pt *Point) bool {
	var ok bool
	r.event = readEvent{typ: typePoint, hot: r.at}
	if r.event.shape, ok = r.shape(); !ok {
		return false
	}
	res := &r.resources[r.current]
	explicit := res.explicit
	ev := &r.pointEvent
	segments, flags := ev.Segments[:0], ev.Flags[:0]
	*ev = res.template
	ev.Segments, ev.Flags = append(segments, res.template.Segments...), flags
	r.event.hot = r.at
	if !r.apply(r.hotSlots(r.event.shape), ev, &explicit) {
		return false
	}
	pt.Fields = ev.Fields
	r.event.cold = r.at
	return r.skipSlots(r.coldSlots(r.event.shape))
}

// typePoint is the type of what is at hand in a block of points.
const typePoint EventType = 255

func (r *Reader) pointNumber(pt *Point) bool {
	if !pt.IsInt {
		return r.doubles(&pt.Value)
	}
	u, ok := r.uvarint()
	pt.Int = unzigzag(u)
	pt.Value = float64(pt.Int)
	return ok
}

func (r *Reader) doubles(to ...*float64) bool {
	for _, f := range to {
		b, ok := r.bytes(8)
		if !ok {
			return false
		}
		*f = math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return true
}

func (r *Reader) distribution(pt *Point, flags byte) bool {
	var ok bool
	if pt.Count, ok = r.uvarint(); !ok {
		return false
	}
	if flags&pointSum != 0 && !r.doubles(&pt.Sum) || flags&pointMinMax != 0 && !r.doubles(&pt.Min, &pt.Max) {
		return false
	}
	switch pt.Type {
	case PointHistogram:
		return r.histogram(pt, flags)
	case PointExponential:
		return r.exponential(pt)
	default:
		n, ok := r.count(16)
		for range n {
			var q Quantile
			ok = ok && r.doubles(&q.Q, &q.Value)
			pt.Quantiles = append(pt.Quantiles, q)
		}
		return ok
	}
}

// count reads a number of things that take at least size bytes each.
func (r *Reader) count(size int) (int, bool) {
	n, ok := r.uvarint()
	if !ok || n > uint64((len(r.block)-r.at)/size) {
		return 0, r.corrupt("cut off")
	}
	return int(n), true
}

func (r *Reader) counts(to *[]uint64) bool {
	n, ok := r.count(1)
	for range n {
		u, fine := r.uvarint()
		ok = ok && fine
		*to = append(*to, u)
	}
	return ok
}

func (r *Reader) histogram(pt *Point, flags byte) bool {
	if !r.counts(&pt.Counts) {
		return false
	}
	if flags&pointSameBounds == 0 {
		n, ok := r.count(8)
		if !ok {
			return false
		}
		r.metric.bounds = r.metric.bounds[:0]
		for range n {
			var f float64
			if !r.doubles(&f) {
				return false
			}
			r.metric.bounds = append(r.metric.bounds, f)
		}
	}
	pt.Bounds = append(pt.Bounds, r.metric.bounds...)
	return true
}

func (r *Reader) exponential(pt *Point) bool {
	n, ok := r.uvarint()
	if !ok {
		return false
	}
	pt.Scale = int32(unzigzag(n))
	if pt.Zero, ok = r.uvarint(); !ok || !r.doubles(&pt.ZeroThreshold) {
		return false
	}
	if n, ok = r.uvarint(); !ok || !r.counts(&pt.Positive) {
		return false
	}
	pt.PositiveOffset = int32(unzigzag(n))
	if n, ok = r.uvarint(); !ok || !r.counts(&pt.Negative) {
		return false
	}
	pt.NegativeOffset = int32(unzigzag(n))
	return true
}
