package signal

import (
	"cmp"
	"math"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// Save appends the state; it is canonical. Call it between ticks.
func (b *Book) Save(e *codec.Encoder) {
	e.Int(int64(b.swept))
	e.Len(len(b.series))
	for _, key := range sortedKeys(b.series, compareSeries) {
		e.String(key.env)
		e.Len(key.place)
		b.series[key].save(e)
	}
	e.Len(len(b.kpis))
	for _, key := range sortedKeys(b.kpis, compareKPIs) {
		k := b.kpis[key]
		e.String(key.env)
		e.Len(key.place)
		k.num.save(e)
		k.den.save(e)
		e.Int(int64(k.told))
		e.Int(int64(k.active))
	}
	e.Len(len(b.list))
	for _, h := range b.list {
		e.Word(h.id)
		e.Int(int64(h.at))
	}
	for _, n := range b.stats.list() {
		e.Int(*n)
	}
}

// list are the counters that are saved.
func (s *Stats) list() []*int64 {
	return []*int64{
		&s.Points, &s.Silent, &s.Again, &s.Older, &s.Late, &s.Bad, &s.Resets, &s.Mixed, &s.NoRoom, &s.Values, &s.LateEvents,
	}
}

// Load is the inverse of Save, on a new book in which the same inventory is in force.
func (b *Book) Load(d *codec.Decoder) {
	b.swept = felt.Tick(d.Int())
	for n := d.Len(8); n > 0 && d.Err() == nil; n-- {
		env := d.String()
		place := int(d.UintMax(math.MaxInt32))
		if place >= len(b.rules.Measures()) {
			d.Fail("a signal that the inventory does not have")
			return
		}
		key := seriesKey{env, place}
		if b.series[key] != nil {
			d.Fail("a signal is there twice")
			return
		}
		x := &series{env: env, m: b.rules.Measures()[place]}
		x.load(d)
		b.series[key] = x
		b.streams += len(x.streams)
		for _, s := range x.streams {
			b.cells += s.last.cells()
		}
	}
	for n := d.Len(8); n > 0 && d.Err() == nil; n-- {
		env := d.String()
		place := int(d.UintMax(math.MaxInt32))
		if place >= len(b.rules.KPIs()) {
			d.Fail("a KPI that the inventory does not have")
			return
		}
		k := &kpi{env: env, k: b.rules.KPIs()[place]}
		k.num.load(d)
		k.den.load(d)
		k.told, k.active = felt.Tick(d.Int()), felt.Tick(d.Int())
		b.kpis[kpiKey{env, place}] = k
	}
	for n := d.Len(9); n > 0 && d.Err() == nil; n-- {
		h := heldEvent{d.Word(), felt.Tick(d.Int())}
		b.list = append(b.list, h)
		b.ids[h.id] = true
	}
	for _, n := range b.stats.list() {
		*n = d.Int()
	}
}

func (s *side) save(e *codec.Encoder) {
	e.Bool(s.seen)
	e.Bool(s.level)
	e.Float(s.sum)
	e.Float(s.n)
	e.String(s.unit)
}

func (s *side) load(d *codec.Decoder) {
	s.seen, s.level, s.sum, s.n, s.unit = d.Bool(), d.Bool(), d.Float(), d.Float(), d.String()
}

func (x *series) save(e *codec.Encoder) {
	e.Uint(uint64(x.shape))
	e.String(x.unit)
	e.String(x.service)
	e.Uint(uint64(x.temporality))
	e.Uint(uint64(x.why))
	e.Bool(x.news)
	if x.news {
		e.Int(int64(x.window))
		for _, f := range [...]float64{x.added, x.sum, x.peak, x.p95, x.p95By} {
			e.Float(f)
		}
		e.Bool(x.noSum)
		buckets, _ := x.mix.list()
		e.Len(len(buckets))
		for _, b := range buckets {
			e.Float(b.low)
			e.Float(b.high)
			e.Uint(uint64(b.n))
		}
	}
	e.Len(len(x.streams))
	var bounds []float64
	for _, s := range x.streams {
		s.save(e, bounds)
		bounds = s.last.bounds
	}
}

func (x *series) load(d *codec.Decoder) {
	x.shape = shape(d.UintMax(uint64(shapeDist)))
	x.unit, x.service = d.String(), d.String()
	x.temporality, x.why = uint8(d.UintMax(cumulative)), Why(d.UintMax(uint64(WhyLate)))
	x.close()
	if x.news = d.Bool(); x.news {
		x.window = felt.Tick(d.Int())
		for _, f := range [...]*float64{&x.added, &x.sum, &x.peak, &x.p95, &x.p95By} {
			*f = d.Float()
		}
		x.noSum = d.Bool()
		x.mix.n = map[[2]float64]uint64{}
		for n := d.Len(17); n > 0 && d.Err() == nil; n-- {
			key := [2]float64{d.Float(), d.Float()}
			x.mix.n[key] = d.UintMax(most)
			if math.IsNaN(key[0]) || math.IsNaN(key[1]) {
				d.Fail("a bucket without an end")
			}
		}
	}
	var bounds []float64
	for n := d.Len(12); n > 0 && d.Err() == nil; n-- {
		s := &stream{}
		s.load(d, bounds)
		bounds = s.last.bounds
		x.streams = append(x.streams, s)
	}
	if !slices.IsSortedFunc(x.streams, func(a, b *stream) int { return cmp.Compare(a.id, b.id) }) {
		d.Fail("instances out of order")
	}
}

// save appends a stream; bounds are those of the one before, nearly always the same.
func (s *stream) save(e *codec.Encoder, bounds []float64) {
	e.Word(s.id)
	e.Int(int64(s.time))
	e.Int(int64(s.time - s.start))
	e.Int(int64(s.every))
	e.Int(int64(s.seen))
	e.Float(s.total)
	e.Bool(s.has)
	e.Float(s.value)
	e.Int(int64(s.window))
	e.Float(s.added)
	e.Float(s.over)
	d := &s.last
	e.Uint(d.count)
	e.Float(d.sum)
	same := slices.Equal(bounds, d.bounds)
	e.Bool(same)
	if !same {
		e.Len(len(d.bounds))
		for _, f := range d.bounds {
			e.Float(f)
		}
	}
	e.Bool(d.exp)
	if d.exp {
		e.Int(int64(d.scale))
		e.Uint(d.zero)
		e.Float(d.zeroThreshold)
		e.Int(int64(d.posAt))
		e.Int(int64(d.negAt))
	}
	for _, counts := range [...][]uint64{d.pos, d.neg} {
		e.Len(len(counts))
		for _, c := range counts {
			e.Uint(c)
		}
	}
}

func (s *stream) load(d *codec.Decoder, bounds []float64) {
	s.id = d.Word()
	s.time = felt.Instant(d.Int())
	s.start = s.time - felt.Instant(d.Int())
	s.every = felt.Instant(d.Int())
	s.seen = felt.Tick(d.Int())
	s.total = d.Float()
	s.has = d.Bool()
	s.value = d.Float()
	s.window = felt.Tick(d.Int())
	s.added, s.over = d.Float(), d.Float()
	l := &s.last
	l.count = d.UintMax(most)
	l.sum = d.Float()
	l.min, l.max = math.NaN(), math.NaN()
	l.bounds = bounds
	if !d.Bool() {
		l.bounds = nil
		for n := d.Len(8); n > 0 && d.Err() == nil; n-- {
			l.bounds = append(l.bounds, d.Float())
		}
	}
	if l.exp = d.Bool(); l.exp {
		l.scale = int32(d.Int())
		l.zero, l.zeroThreshold = d.UintMax(most), d.Float()
		l.posAt, l.negAt = int32(d.Int()), int32(d.Int())
		if l.scale < minScale || l.scale > maxScale {
			d.Fail("a scale that is not kept")
		}
	}
	for _, to := range [...]*[]uint64{&l.pos, &l.neg} {
		for n := d.Len(1); n > 0 && d.Err() == nil; n-- {
			*to = append(*to, d.UintMax(most))
		}
	}
}
