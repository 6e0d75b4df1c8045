package detect

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/cusum"
	"github.com/felt-cx/felt/core/signal"
	"github.com/felt-cx/felt/core/slo"
)

// Save appends the whole state; it is canonical. Call it between ticks.
func (d *Detector) Save(e *codec.Encoder) {
	e.Int(int64(d.tick))
	e.Int(int64(d.judged))
	e.Int(int64(d.last))
	e.Int(d.refused)
	e.Float(d.tests)
	e.Uint(uint64(d.nextID))
	e.Bool(d.recount)
	d.savePauses(e)
	scopes := slices.SortedFunc(maps.Keys(d.usual), func(a, b scope) int {
		return cmp.Or(cmp.Compare(a.env, b.env), cmp.Compare(a.app, b.app))
	})
	e.Len(len(scopes))
	for _, at := range scopes {
		e.String(at.env)
		e.String(at.app)
		e.Float(d.usual[at].hit)
		e.Float(d.usual[at].n)
	}
	d.apps.save(e)
	d.sources.save(e)
	order := slices.SortedFunc(slices.Values(d.order), func(a, b *series) int { return compareKeys(a.key, b.key) })
	e.Len(len(order))
	for _, s := range order {
		s.save(e, d.tick)
	}
	d.samples.save(e)
	d.recent.good.save(e, d.tick)
	d.recent.bad.save(e, d.tick)
	gone := slices.SortedFunc(slices.Values(d.gone), func(a, b *lasting) int { return cmp.Compare(a.ID, b.ID) })
	e.Len(len(gone))
	for _, f := range gone {
		saveFinding(e, f)
	}
}

// Load is the inverse of Save, into a new detector that has its settings and inventory. What
// is wrong shows in the decoder's error.
func (d *Detector) Load(dec *codec.Decoder) {
	d.tick, d.judged, d.last = felt.Tick(dec.Int()), felt.Tick(dec.Int()), felt.Tick(dec.Int())
	d.refused = dec.Int()
	d.tests = dec.Float()
	d.nextID = uint32(dec.UintMax(1<<32 - 1))
	d.recount = dec.Bool()
	d.loadPauses(dec)
	d.rule()
	d.names = ValuesMax // of all values none is somebody's yet
	for n := dec.Len(10); n > 0 && dec.Err() == nil; n-- {
		at := scope{dec.String(), dec.String()}
		d.usual[at] = &usual{dec.Float(), dec.Float()}
	}
	d.apps.load(dec)
	d.sources.load(dec, &d.apps)
	for n := dec.Len(10); n > 0 && dec.Err() == nil; n-- {
		k := key{*d.intern(dec.String()), *d.intern(dec.String()), *d.intern(dec.String()), felt.InteractionKind(dec.UintMax(255))}
		s := &series{key: k, plan: d.planOf(k)}
		d.loadSeries(s, dec)
		d.series[k] = s
		d.order = append(d.order, s)
	}
	d.names, d.dirty = 0, true
	d.samples.load(dec)
	d.recent.good.load(dec, d.tick)
	d.recent.bad.load(dec, d.tick)
	for n := dec.Len(2); n > 0 && dec.Err() == nil; n-- {
		if f := loadFinding(dec); f != nil {
			d.gone = append(d.gone, f)
		}
	}
}

func (s *series) save(e *codec.Encoder, now felt.Tick) {
	e.String(s.env)
	e.String(s.app)
	e.String(s.name)
	e.Uint(uint64(s.kind))
	e.Uint(uint64(s.id))
	e.Int(int64(now - s.last))
	e.Float(float64(s.pace))
	e.Float(s.base)
	e.Float(s.known)
	heard := s.source != nil && !s.source.gone
	e.Bool(heard)
	if heard {
		e.String(s.source.service)
	}
	e.Uint(uint64(s.skip))
	for _, n := range rawCounts(&s.raw) {
		e.Int(*n)
	}
	// Sorted, so that the order of coming does not show: it decides nothing.
	open := slices.SortedFunc(slices.Values(s.open), compareEntries)
	e.Len(len(open))
	for i := range open {
		open[i].save(e)
	}
	for i := range s.hit {
		s.hit[i].save(e, now)
	}
	for i := range s.crowd {
		s.crowd[i].save(e, now)
	}
	s.line.Save(e)
	saveFindings(e, s.found)
	e.Len(len(s.dims))
	for i := range s.dims {
		s.dims[i].save(e, now)
	}
	e.Len(len(s.burns))
	for i := range s.burns {
		b := &s.burns[i]
		e.Int(b.more)
		b.watch.Save(e)
		saveOne(e, b.found)
	}
}

func rawCounts(c *felt.Counts) []*int64 {
	return []*int64{&c.Success, &c.Degraded, &c.Failed, &c.Abandoned}
}

func (d *Detector) loadSeries(s *series, dec *codec.Decoder) {
	s.id = uint32(dec.UintMax(1<<32 - 1))
	s.last = d.tick - felt.Tick(dec.Int())
	s.pace, s.base, s.known = float32(dec.Float()), dec.Float(), dec.Float()
	if dec.Bool() {
		s.source = d.sources.of(s.env, dec.String())
	}
	s.skip = uint8(dec.UintMax(63))
	for _, n := range rawCounts(&s.raw) {
		*n = dec.Int()
	}
	entries := dec.Len(4)
	for ; entries > 0 && dec.Err() == nil; entries-- {
		var v entry
		v.load(dec)
		s.open = append(s.open, v)
	}
	for i := range s.hit {
		s.hit[i].load(dec, d.tick)
	}
	for i := range s.crowd {
		s.crowd[i].load(dec, d.tick)
	}
	s.line.Load(dec)
	s.found = loadFindings(dec)
	for n := dec.Len(2); n > 0 && dec.Err() == nil; n-- {
		m := dim{key: *d.intern(dec.String())}
		m.load(d, dec)
		s.dims = append(s.dims, m)
	}
	n := dec.Len(2)
	if n != len(s.plan.objectives) || len(s.dims) > keysMax {
		dec.Fail("a series with other objectives than its journey")
		return
	}
	for i := range n {
		b := burn{Objective: s.plan.objectives[i]}
		b.watch = slo.New(b.Target, b.Window)
		b.more = dec.Int()
		b.watch.Load(dec)
		b.found = loadOne(dec)
		s.burns = append(s.burns, b)
	}
}

func (v *entry) save(e *codec.Encoder) {
	e.Word(v.who)
	e.Int(int64(v.took()))
	e.Uint(uint64(v.mark())<<1 | boolBit(v.fled()))
	e.Fixed(v.values[:])
}

func boolBit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func (v *entry) load(d *codec.Decoder) {
	who, took := d.Word(), felt.Instant(d.Int())
	bits := d.UintMax(uint64(markFailed)<<1 | 1)
	*v = makeEntry(who, took, mark(bits>>1), bits&1 != 0, [keysMax]uint8{})
	copy(v.values[:], d.Fixed(keysMax))
}

func (m *dim) save(e *codec.Encoder, now felt.Tick) {
	e.String(m.key)
	e.Len(len(m.values))
	for i := range m.values {
		v := &m.values[i]
		e.String(*v.name)
		l, hit := v.light(), struck{}
		if v.odd != nil {
			hit = v.odd.hit
		}
		l.Save(e)
		hit.save(e, now)
		e.Int(int64(now) - int64(v.last))
		saveOne(e, m.found[uint8(i)])
	}
}

func (m *dim) load(d *Detector, dec *codec.Decoder) {
	n := dec.Len(8)
	if n > 255 {
		dec.Fail("too many segment values")
		return
	}
	m.values = make([]value, n)
	for i := range m.values {
		v := &m.values[i]
		v.name = d.intern(dec.String())
		var l cusum.Light
		var hit struck
		l.Load(dec)
		hit.load(dec, d.tick)
		if m.keep(v, &l); v.odd != nil {
			v.odd.hit = hit
		}
		v.last = uint32(int64(d.tick) - dec.Int())
		if f := loadOne(dec); f != nil {
			m.note(i, f)
		}
	}
	d.values += n
}

func saveFinding(e *codec.Encoder, f *lasting) {
	e.JSON(f.Finding)
	e.Uint(uint64(f.test))
	e.Int(f.toldHit)
	e.Int(f.toldN)
}

func loadFinding(d *codec.Decoder) *lasting {
	f := &lasting{}
	d.JSON(&f.Finding)
	f.test = Test(d.UintMax(uint64(Tests)))
	f.toldHit, f.toldN = d.Int(), d.Int()
	return f
}

func saveOne(e *codec.Encoder, f *lasting) {
	e.Bool(f != nil)
	if f != nil {
		saveFinding(e, f)
	}
}

func loadOne(d *codec.Decoder) *lasting {
	if !d.Bool() {
		return nil
	}
	return loadFinding(d)
}

func saveFindings(e *codec.Encoder, list []*lasting) {
	e.Len(len(list))
	for _, f := range list {
		saveFinding(e, f)
	}
}

func loadFindings(d *codec.Decoder) (list []*lasting) {
	for n := d.Len(2); n > 0 && d.Err() == nil; n-- {
		list = append(list, loadFinding(d))
	}
	return list
}

func (l *sources) save(e *codec.Encoder) {
	order := slices.SortedFunc(slices.Values(l.order), compareSources)
	e.Len(len(order))
	for _, s := range order {
		e.String(s.env)
		e.String(s.service)
		e.Bool(s.heard)
		e.Int(int64(s.last))
		e.Int(int64(s.at))
		e.Float(s.with)
		e.Float(s.all)
		e.Bool(s.app != nil)
		if s.app != nil {
			e.String(s.app.app)
		}
		s.voice.save(e)
		saveOne(e, s.found)
	}
}

func (l *sources) load(d *codec.Decoder, of *apps) {
	for n := d.Len(8); n > 0 && d.Err() == nil; n-- {
		s := l.of(d.String(), d.String())
		if s == nil {
			d.Fail("too many sources")
			return
		}
		if s.heard = d.Bool(); s.heard {
			l.now = append(l.now, s)
		}
		s.last, s.at = felt.Tick(d.Int()), felt.Tick(d.Int())
		s.with, s.all = d.Float(), d.Float()
		if d.Bool() {
			s.app = of.by[scope{s.env, d.String()}]
		}
		s.voice.load(d)
		s.found = loadOne(d)
	}
}

func (l *samples) save(e *codec.Encoder) {
	order := slices.SortedFunc(slices.Values(l.order), compareSamples)
	e.Len(len(order))
	for _, s := range order {
		e.String(s.env)
		e.String(s.app)
		e.String(s.journey)
		e.Uint(uint64(s.kind))
		e.String(s.name)
		s.value.Save(e)
		e.Int(int64(s.last))
		e.Int(int64(s.near))
		e.Int(int64(s.calm))
		saveOne(e, s.band)
		saveOne(e, s.full)
	}
	e.Len(len(l.open))
	for i := range l.open {
		e.JSON(l.open[i])
	}
}

func (l *samples) load(d *codec.Decoder) {
	for n := d.Len(8); n > 0 && d.Err() == nil; n-- {
		s := &sample{sampleKey: sampleKey{d.String(), d.String(), d.String(), felt.SignalKind(d.UintMax(255)), d.String()}}
		s.value.Load(d)
		s.last, s.near, s.calm = felt.Instant(d.Int()), felt.Instant(d.Int()), felt.Instant(d.Int())
		s.band, s.full = loadOne(d), loadOne(d)
		l.by[s.sampleKey] = s
		l.order = append(l.order, s)
	}
	for n := d.Len(2); n > 0 && d.Err() == nil; n-- {
		var v signal.Sample
		d.JSON(&v)
		l.open = append(l.open, v)
	}
}

func (q *fifo) save(e *codec.Encoder, now felt.Tick) {
	e.Len(q.n)
	for i := range q.n {
		y := q.at(i)
		e.Uint(uint64(y.of()))
		e.Uint(uint64(y.outcome()))
		e.Int(int64(now) - int64(y.known))
		e.Word(y.who)
		e.Int(int64(now.Instant() - y.end))
	}
}

func (q *fifo) load(d *codec.Decoder, now felt.Tick) {
	for n := d.Len(12); n > 0 && d.Err() == nil; n-- {
		series, outcome := uint32(d.UintMax(1<<seriesBits-1)), felt.Outcome(d.UintMax(felt.Outcomes-1))
		known := now - felt.Tick(d.Int())
		if known < 0 || known > math.MaxUint32 {
			d.Fail("tick out of range")
		}
		who := d.Word()
		q.add(makeTry(series, outcome, known, who, now.Instant()-felt.Instant(d.Int())))
	}
}
