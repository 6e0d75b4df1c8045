package cusum

import (
	"math"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// bits goes over the fields of a state in order, writing or reading them, so that both
// directions are one list and cannot differ.
type bits struct {
	e *codec.Encoder
	d *codec.Decoder
}

// most is the largest number that a state may hold: what is summed up from counts of
// a sane log is far below, and sums of such numbers stay finite.
const most = 1e18

func (b bits) floats(all ...*float64) {
	for _, p := range all {
		if b.e != nil {
			b.e.Float(*p)
		} else if *p = b.d.Float(); !(math.Abs(*p) <= most) {
			b.d.Fail("number out of range")
			*p = 0
		}
	}
}

func (b bits) smalls(all ...*float32) {
	for _, p := range all {
		v := float64(*p)
		b.floats(&v)
		if *p = float32(v); float64(*p) != v {
			b.d.Fail("number out of range")
		}
	}
}

func (b bits) ticks(all ...*felt.Tick) {
	for _, p := range all {
		if b.e != nil {
			b.e.Int(int64(*p))
		} else if *p = felt.Tick(b.d.Int()); *p < 0 || *p > 1<<40 {
			b.d.Fail("tick out of range")
			*p = 0
		}
	}
}

func (b bits) counts(all ...*int64) {
	for _, p := range all {
		if b.e != nil {
			b.e.Int(*p)
		} else if *p = b.d.Int(); *p < 0 {
			b.d.Fail("negative count")
			*p = 0
		}
	}
}

func (b bits) index(p *int, limit int) {
	if b.e != nil {
		b.e.Uint(uint64(*p))
		return
	}
	*p = int(b.d.UintMax(uint64(limit - 1)))
}

func (b bits) words(all ...*uint32) {
	for _, p := range all {
		if b.e != nil {
			b.e.Uint(uint64(*p))
		} else {
			*p = uint32(b.d.UintMax(math.MaxUint32))
		}
	}
}

func (b bits) bytes(all ...*uint8) {
	for _, p := range all {
		if b.e != nil {
			b.e.Uint(uint64(*p))
		} else {
			*p = uint8(b.d.UintMax(math.MaxUint8))
		}
	}
}

func (b bits) flags(all ...*bool) {
	for _, p := range all {
		if b.e != nil {
			b.e.Bool(*p)
		} else {
			*p = b.d.Bool()
		}
	}
}

func (a *alarm) walk(b bits) {
	lasting := a.lasting()
	if b.flags(&lasting); !lasting {
		return
	}
	if a.ongoing == nil {
		a.ongoing = &ongoing{}
	}
	b.flags(&a.paging)
	b.ticks(&a.opened, &a.since, &a.quiet)
	b.floats(&a.hit, &a.n, &a.share, &a.well, &a.level, &a.worse, &a.worseHit, &a.worseN)
}

func walkBank(b bits, bank []arm) {
	for i := range bank {
		a := &bank[i]
		b.words(&a.since, &a.high)
		b.smalls(&a.sum, &a.peak, &a.hit, &a.n, &a.tail.count, &a.tail.excess)
	}
}

func walkNoise(b bits, all *[scales]noise) {
	for i := range all {
		b.smalls(&all[i].phi, &all[i].blocks, &all[i].off, &all[i].mean, &all[i].windows)
	}
}

func (b bits) held(all ...*held) {
	for _, h := range all {
		b.floats(&h.hit, &h.n)
	}
}

func (b bits) windows(ring []window) {
	for i := range ring {
		b.smalls(&ring[i].hit, &ring[i].n)
	}
}

func (b bits) seasons(all []count) {
	for i := range all {
		if b.e != nil {
			b.e.Uint(uint64(all[i]))
		} else {
			all[i] = count(b.d.UintMax(math.MaxUint16))
		}
	}
}

func (s *baseline) walk(b bits) {
	b.ticks(&s.last, &s.suspect)
	b.held(&s.now, &s.long, &s.limbo)
	b.windows(s.ring[:])
	b.index(&s.at, lag)
}

func (k *week) walk(b bits) {
	for i := range k.code {
		b.bytes(&k.code[i])
	}
	b.bytes(&k.seen, &k.hour)
	if b.d != nil && (k.hour >= hours || k.seen > 1) {
		b.d.Fail("hour out of range")
		k.hour, k.seen = 0, 0
	}
	b.held(&k.count)
	b.flags(&k.off)
	b.floats(&k.usual)
	if b.d != nil {
		k.now = k.share(k.hour)
	}
}

func (r *Rate) walk(b bits) {
	b.ticks(&r.first, &r.width)
	b.floats(&r.p, &r.mean)
	r.base.walk(b)
	walkNoise(b, &r.noise)
	walkBank(b, r.bank[:])
	r.alarm.walk(b)
	r.week.walk(b)
	if b.d != nil && r.width != 0 && (r.p < 1e-7 || r.p > most95 || r.width > 86400) {
		b.d.Fail("baseline out of range")
		*r = Rate{}
	}
}

func (s *Slow) walk(b bits) {
	for i := range s.rates {
		b.counts((*int64)(&s.limit[i]))
		if s.limit[i] == 0 {
			continue
		}
		if s.rates[i] == nil {
			s.rates[i] = new(Rate)
		}
		s.rates[i].walk(b)
	}
	b.index(&s.from, cells)
	n := len(s.cells)
	b.index(&n, cells+1-s.from)
	if b.d != nil {
		s.cells = make([]cell, n)
	}
	for i := range s.cells {
		b.smalls(&s.cells[i].hist, &s.cells[i].fresh)
	}
	b.counts(&s.hit[0], &s.hit[1], &s.n)
	b.ticks(&s.turned)
	b.index(&s.strongest, 2)
}

func (s *shortfall) walk(b bits) {
	walkNoise(b, &s.noise)
	for i := range s.clump {
		b.smalls(&s.clump[i].over, &s.clump[i].blocks)
	}
	b.smalls(&s.batch.phi, &s.batch.windows, &s.batch.run, &s.batch.missed, &s.batch.slip)
	b.ticks(&s.batch.at)
	walkBank(b, s.bank[:])
	b.floats(&s.at)
	s.alarm.walk(b)
}

func (s *season) walk(b bits) {
	b.seasons(s.day[:])
	b.seasons(s.week[:])
	was := [2]count{s.wasDay, s.wasWeek}
	b.seasons(was[:])
	s.wasDay, s.wasWeek = was[0], was[1]
	b.flags(&s.seen)
	b.floats(&s.dayNow, &s.weekNow, &s.sum, &s.n, &s.sumHour, &s.windows)
	b.index(&s.slot, slots)
	b.index(&s.hour, hours)
}

func (v *Volume) walk(b bits) {
	b.ticks(&v.first, &v.last, &v.dark)
	b.floats(&v.fast, &v.slow, &v.calendar)
	for i := range v.ring {
		b.smalls(&v.ring[i].n, &v.ring[i].exp)
	}
	b.index(&v.at, held60)
	v.short.walk(b)
	v.season.walk(b)
}

func (s *Sibling) walk(b bits) {
	b.ticks(&s.first, &s.last)
	b.floats(&s.fast, &s.slow, &s.lastExpected)
	b.held(&s.total)
	b.windows(s.ring[:])
	b.index(&s.at, lag)
	s.short.walk(b)
}

func (l *Light) walk(b bits) {
	b.words(&l.last, &l.since)
	b.smalls(&l.hit, &l.n, &l.sum[0], &l.sum[1], &l.sum[2], &l.gotHit, &l.gotN)
	open := l.open != nil
	b.flags(&open)
	if !open {
		return
	}
	if l.open == nil {
		l.open = &lightAlarm{}
	}
	b.words(&l.open.opened, &l.open.quiet)
	b.smalls(&l.open.well)
	b.flags(&l.open.page)
}

// Save appends the state.
func (r *Rate) Save(e *codec.Encoder) { r.walk(bits{e: e}) }

// Load reads what Save wrote.
func (r *Rate) Load(d *codec.Decoder) { *r = Rate{}; r.walk(bits{d: d}) }

// Save appends the state.
func (s *Slow) Save(e *codec.Encoder) { s.walk(bits{e: e}) }

// Load reads what Save wrote.
func (s *Slow) Load(d *codec.Decoder) { *s = Slow{}; s.walk(bits{d: d}) }

// Save appends the state.
func (v *Volume) Save(e *codec.Encoder) { v.walk(bits{e: e}) }

// Load reads what Save wrote.
func (v *Volume) Load(d *codec.Decoder) { *v = Volume{}; v.walk(bits{d: d}) }

// Save appends the state.
func (s *Sibling) Save(e *codec.Encoder) { s.walk(bits{e: e}) }

// Load reads what Save wrote.
func (s *Sibling) Load(d *codec.Decoder) { *s = Sibling{}; s.walk(bits{d: d}) }

// Save appends the state.
func (l *Light) Save(e *codec.Encoder) { l.walk(bits{e: e}) }

// Load reads what Save wrote.
func (l *Light) Load(d *codec.Decoder) {
	*l = Light{}
	l.walk(bits{d: d})
	l.settle()
}
