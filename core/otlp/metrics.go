package otlp

import (
	"encoding/binary"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/felt-cx/felt"
)

// Metrics packs one ExportMetricsServiceRequest like Traces does.
func (p *Packer) Metrics(body []byte, now felt.Instant) (Report, error) {
	return p.request(signalMetrics, body, now)
}

// metricInfo is the metric at hand.
type metricInfo struct {
	name, unit  []byte
	typ         PointType
	temporality uint64
	monotonic   bool
	seq         int
}

func (p *Packer) metric(b []byte) error {
	p.seqs++
	m := metricInfo{seq: p.seqs}
	var data []byte
	var f field
	for i := 0; i < len(b); {
		n := next(b, i, &f)
		if n < 0 {
			return p.fault(b, i, n, "")
		}
		num := f.tag >> 3
		if (num <= 3 || num == 5 || num == 7 || num >= 9 && num <= 12) && f.tag&7 != wireBytes {
			return p.wrongWire(b, i, &f, "")
		}
		switch num {
		case 1:
			m.name = b[f.lo:f.hi]
		case 3:
			m.unit = b[f.lo:f.hi]
		case 5, 7, 9, 10, 11:
			m.typ = [...]PointType{5: PointGauge, 7: PointSum, 9: PointHistogram, 10: PointExponential, 11: PointSummary}[num]
			data = b[f.lo:f.hi]
		}
		i = n
	}
	if !utf8.Valid(m.name) || !utf8.Valid(m.unit) {
		return p.bad(b, 0, "name", "invalid UTF-8")
	}
	return p.metricData(&m, data)
}

func (p *Packer) metricData(m *metricInfo, b []byte) error {
	var f field
	for i := 0; i < len(b); {
		n := next(b, i, &f)
		if n < 0 {
			return p.fault(b, i, n, "data")
		}
		switch f.tag {
		case 1<<3 | wireBytes: // after what follows them is known
		case 2<<3 | wireVarint:
			m.temporality = clip(f.num, 2)
		case 3<<3 | wireVarint:
			m.monotonic = f.num != 0
		default:
			if f.tag>>3 <= 3 {
				return p.wrongWire(b, i, &f, "data")
			}
		}
		i = n
	}
	for i := 0; i < len(b); {
		i = next(b, i, &f)
		if f.tag>>3 != 1 {
			continue
		}
		p.where.point++
		if p.shapes.tooBig() {
			p.forget()
		}
		if err := p.metricPoint(m, b[f.lo:f.hi]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Packer) metricPoint(m *metricInfo, b []byte) error {
	pt := p.resourcePart()
	v := &p.point
	ok, err := p.scanPoint(m, b, v)
	if err != nil {
		return err
	}
	late, sent := false, uint64(v.Time)
	beyond := p.beyond(&sent)
	if ok && !beyond && sent != 0 {
		shift := p.skew(0)
		at := plus(felt.Instant(sent), shift)
		_, v.Time, late = p.correct(at, at)
		if v.Start > 0 {
			v.Start = min(v.Start+shift, v.Time)
		}
		if shift != 0 && !late {
			p.rep.Skewed++
		}
	}
	switch {
	case late:
		p.rep.Late++
		p.rep.RejectedPoints++
		return nil
	case ok && beyond:
		p.rep.BeyondTimes++
		p.rep.RejectedPoints++
		return nil
	case !ok || sent == 0:
		p.rep.BadPoints++
		p.rep.RejectedPoints++
		return nil
	}
	return p.keepPoint(pt, m, v)
}

// keepPoint packs a point that was accepted.
func (p *Packer) keepPoint(pt *part, m *metricInfo, v *Point) error {
	if err := p.enter(pt); err != nil {
		return err
	}
	if err := p.enterMetric(pt, m); err != nil {
		return err
	}
	if err := p.attrs(pt, p.kvs, &p.attr, false); err != nil {
		return err
	}
	if p.denied(&p.attr) {
		p.rep.RejectedPoints++
		return nil
	}
	shape := p.shape(pt, p.attr.node)
	pt.writePoint(m.typ, v, shape, &p.attr)
	pt.count++
	p.rep.Points++
	p.rep.Unmapped++
	p.newest = max(p.newest, v.Time)
	return nil
}

// resourcePart: points of one service are in one partition, so that series stay whole.
func (p *Packer) resourcePart() *part {
	var id [16]byte
	binary.LittleEndian.PutUint64(id[:], p.res.spread)
	return &p.points[partition(id, len(p.points))]
}

func (p *Packer) enterMetric(pt *part, m *metricInfo) error {
	if pt.metricSeq == m.seq {
		return nil
	}
	name, err := p.text(pt, m.name, actKeep, p.opt.Limits.ValueBytes)
	if err != nil {
		return err
	}
	unit, err := p.text(pt, m.unit, actKeep, p.opt.Limits.ValueBytes)
	if err != nil {
		return err
	}
	pt.items = append(pt.items, itemMetric, byte(m.typ)|byte(m.temporality)<<3|boolByte(m.monotonic)<<5)
	pt.items = binary.AppendUvarint(pt.items, uint64(name))
	pt.items = binary.AppendUvarint(pt.items, uint64(unit))
	pt.metricSeq = m.seq
	return nil
}

// scanPoint reads a point of any type into v; false when its values are not to be had.
func (p *Packer) scanPoint(m *metricInfo, b []byte, v *Point) (bool, error) {
	p.kvs = p.kvs[:0]
	v.reset()
	v.Type = m.typ
	if v.Type == PointSummary {
		v.Sum = 0 // not optional there, and zero is not sent
	}
	ok := m.typ == PointHistogram || m.typ == PointExponential || m.typ == PointSummary
	var f field
	for i := 0; i < len(b); {
		n := next(b, i, &f)
		if n < 0 {
			return false, p.fault(b, i, n, "")
		}
		var known, fine bool
		switch m.typ {
		case PointGauge, PointSum:
			known, fine = p.numberField(b, &f, v)
			ok = ok || fine && (f.tag>>3 == 4 || f.tag>>3 == 6)
		case PointHistogram:
			known, fine = p.histogramField(b, &f, v)
		case PointExponential:
			var err error
			if known, fine, err = p.exponentialField(b, &f, v); err != nil {
				return false, err
			}
		case PointSummary:
			var err error
			if known, fine, err = p.summaryField(b, &f, v); err != nil {
				return false, err
			}
		}
		if known && !fine {
			return false, p.wrongWire(b, i, &f, "")
		}
		i = n
	}
	most := p.opt.Limits.Buckets
	if len(v.Counts) > most || len(v.Bounds) > most || len(v.Positive) > most || len(v.Negative) > most || len(v.Quantiles) > most {
		return false, nil
	}
	return ok || v.NoValue, nil
}

// common reads what all points have: start, time, count, sum and flags where they are.
func (p *Packer) common(b []byte, f *field, v *Point, attributes, flags uint32) (known, fine bool) {
	switch f.tag >> 3 {
	case attributes:
		if f.tag&7 != wireBytes {
			return true, false
		}
		p.kvs = p.attribute(p.kvs, b, f)
		return true, true
	case 2:
		v.Start = felt.Instant(clip(f.num, math.MaxInt64/2))
		return true, f.tag&7 == wire64
	case 3:
		v.Time = felt.Instant(f.num)
		return true, f.tag&7 == wire64
	case flags:
		v.NoValue = f.num&1 != 0
		return true, f.tag&7 == wireVarint
	}
	return false, false
}

func (p *Packer) numberField(b []byte, f *field, v *Point) (known, fine bool) {
	switch f.tag >> 3 {
	case 4:
		v.Value, v.Int, v.IsInt = math.Float64frombits(f.num), 0, false
		return true, f.tag&7 == wire64
	case 6:
		v.Int, v.Value, v.IsInt = int64(f.num), float64(int64(f.num)), true
		return true, f.tag&7 == wire64
	}
	return p.common(b, f, v, 7, 8)
}

// double notes a number that may be missing.
func double(to *float64, f *field) (known, fine bool) {
	*to = math.Float64frombits(f.num)
	return true, f.tag&7 == wire64
}

func (p *Packer) histogramField(b []byte, f *field, v *Point) (known, fine bool) {
	switch f.tag >> 3 {
	case 4:
		v.Count = f.num
		return true, f.tag&7 == wire64
	case 5:
		return double(&v.Sum, f)
	case 6:
		return true, p.fixed64s(b, f, func(u uint64) { v.Counts = append(v.Counts, u) })
	case 7:
		return true, p.fixed64s(b, f, func(u uint64) { v.Bounds = append(v.Bounds, math.Float64frombits(u)) })
	case 11:
		return double(&v.Min, f)
	case 12:
		return double(&v.Max, f)
	}
	return p.common(b, f, v, 9, 10)
}

// fixed64s reads a repeated fixed64 or double, packed or not.
func (p *Packer) fixed64s(b []byte, f *field, add func(uint64)) bool {
	if f.tag&7 == wire64 {
		add(f.num)
		return true
	}
	if f.tag&7 != wireBytes || (f.hi-f.lo)%8 != 0 {
		return false
	}
	for i := f.lo; i < f.hi; i += 8 {
		add(binary.LittleEndian.Uint64(b[i:]))
	}
	return true
}

func (p *Packer) exponentialField(b []byte, f *field, v *Point) (known, fine bool, err error) {
	switch f.tag >> 3 {
	case 4, 7:
		if f.tag>>3 == 4 {
			v.Count = f.num
		} else {
			v.Zero = f.num
		}
		return true, f.tag&7 == wire64, nil
	case 6:
		v.Scale = int32(unzigzag(f.num & math.MaxUint32))
		return true, f.tag&7 == wireVarint, nil
	case 8, 9:
		if f.tag&7 != wireBytes {
			return true, false, nil
		}
		if f.tag>>3 == 8 {
			err = p.buckets(b[f.lo:f.hi], &v.PositiveOffset, &v.Positive)
		} else {
			err = p.buckets(b[f.lo:f.hi], &v.NegativeOffset, &v.Negative)
		}
		return true, true, err
	case 5:
		known, fine = double(&v.Sum, f)
	case 12:
		known, fine = double(&v.Min, f)
	case 13:
		known, fine = double(&v.Max, f)
	case 14:
		known, fine = double(&v.ZeroThreshold, f)
	default:
		known, fine = p.common(b, f, v, 1, 10)
	}
	return known, fine, nil
}

// buckets reads the buckets of an exponential histogram. No more are kept than the
// limit and one, which is enough to know that they are too many.
func (p *Packer) buckets(b []byte, offset *int32, to *[]uint64) error {
	*to = (*to)[:0]
	add := func(u uint64) {
		if len(*to) <= p.opt.Limits.Buckets {
			*to = append(*to, u)
		}
	}
	var f field
	for i := 0; i < len(b); {
		n := next(b, i, &f)
		if n < 0 {
			return p.fault(b, i, n, "buckets")
		}
		switch f.tag {
		case 1<<3 | wireVarint:
			*offset = int32(unzigzag(f.num & math.MaxUint32))
		case 2<<3 | wireVarint:
			add(f.num)
		case 2<<3 | wireBytes:
			for j := f.lo; j < f.hi; {
				u, k := uvarint(b[:f.hi], j)
				if k < 0 {
					return p.fault(b, j, k, "buckets.bucket_counts")
				}
				add(u)
				j = k
			}
		default:
			if f.tag>>3 <= 2 {
				return p.wrongWire(b, i, &f, "buckets")
			}
		}
		i = n
	}
	return nil
}

func (p *Packer) summaryField(b []byte, f *field, v *Point) (known, fine bool, err error) {
	switch f.tag >> 3 {
	case 4:
		v.Count = f.num
		return true, f.tag&7 == wire64, nil
	case 5:
		known, fine = double(&v.Sum, f)
		return known, fine, nil
	case 6:
		if f.tag&7 != wireBytes {
			return true, false, nil
		}
		var q Quantile
		inner := b[f.lo:f.hi]
		var g field
		for i := 0; i < len(inner); {
			n := next(inner, i, &g)
			if n < 0 {
				return true, true, p.fault(inner, i, n, "quantile_values")
			}
			switch g.tag {
			case 1<<3 | wire64:
				q.Q = math.Float64frombits(g.num)
			case 2<<3 | wire64:
				q.Value = math.Float64frombits(g.num)
			}
			i = n
		}
		if len(v.Quantiles) <= p.opt.Limits.Buckets {
			v.Quantiles = append(v.Quantiles, q)
		}
		return true, true, nil
	}
	known, fine = p.common(b, f, v, 7, 8)
	return known, fine, nil
}

func (v *Point) reset() {
	*v = Point{
		Sum: math.NaN(), Min: math.NaN(), Max: math.NaN(),
		Bounds: v.Bounds[:0], Counts: v.Counts[:0], Positive: v.Positive[:0], Negative: v.Negative[:0], Quantiles: v.Quantiles[:0],
	}
}

// Flags of a point, its second byte.
const (
	pointInt        = 0x01
	pointNoValue    = 0x02
	pointStart      = 0x04
	pointSum        = 0x08
	pointMinMax     = 0x10
	pointSameBounds = 0x20
	pointAll        = 0x3f
)

// writePoint appends a point: its times, attributes, then what its type has.
func (pt *part) writePoint(typ PointType, v *Point, shape uint64, a *attrSet) {
	flags := boolByte(v.IsInt)*pointInt | boolByte(v.NoValue)*pointNoValue | boolByte(v.Start > 0)*pointStart
	if !math.IsNaN(v.Sum) {
		flags |= pointSum
	}
	if !math.IsNaN(v.Min) || !math.IsNaN(v.Max) {
		flags |= pointMinMax
	}
	if len(v.Bounds) > 0 && slices.Equal(v.Bounds, pt.bounds) {
		flags |= pointSameBounds
	}
	b := append(pt.items, itemPoint, flags)
	b = binary.AppendUvarint(b, zigzag(int64(v.Time)-pt.lastTime))
	pt.lastTime = int64(v.Time)
	if flags&pointStart != 0 {
		b = binary.AppendUvarint(b, zigzag(int64(v.Time-v.Start)))
	}
	b = appendValues(b, shape, a)
	switch typ {
	case PointGauge, PointSum:
		if v.IsInt {
			b = binary.AppendUvarint(b, zigzag(v.Int))
		} else {
			b = appendDouble(b, v.Value)
		}
	default:
		b = binary.AppendUvarint(b, v.Count)
		if flags&pointSum != 0 {
			b = appendDouble(b, v.Sum)
		}
		if flags&pointMinMax != 0 {
			b = appendDouble(appendDouble(b, v.Min), v.Max)
		}
		b = pt.appendDistribution(b, typ, flags, v)
	}
	pt.items = b
}

func appendDouble(b []byte, f float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
}

func (pt *part) appendDistribution(b []byte, typ PointType, flags byte, v *Point) []byte {
	switch typ {
	case PointHistogram:
		b = appendCounts(b, v.Counts)
		if flags&pointSameBounds != 0 {
			return b
		}
		b = binary.AppendUvarint(b, uint64(len(v.Bounds)))
		for _, f := range v.Bounds {
			b = appendDouble(b, f)
		}
		pt.bounds = append(pt.bounds[:0], v.Bounds...)
	case PointExponential:
		b = binary.AppendUvarint(b, zigzag(int64(v.Scale)))
		b = binary.AppendUvarint(b, v.Zero)
		b = appendDouble(b, v.ZeroThreshold)
		b = binary.AppendUvarint(b, zigzag(int64(v.PositiveOffset)))
		b = appendCounts(b, v.Positive)
		b = binary.AppendUvarint(b, zigzag(int64(v.NegativeOffset)))
		b = appendCounts(b, v.Negative)
	case PointSummary:
		b = binary.AppendUvarint(b, uint64(len(v.Quantiles)))
		for _, q := range v.Quantiles {
			b = appendDouble(appendDouble(b, q.Q), q.Value)
		}
	case PointGauge, PointSum:
	}
	return b
}

func appendCounts(b []byte, list []uint64) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, n := range list {
		b = binary.AppendUvarint(b, n)
	}
	return b
}
