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
	b.flags(&a.lasting, &a.paging)
	b.ticks(&a.opened, &a.since, &a.quiet)
	b.floats(&a.hit, &a.n, &a.share, &a.well, &a.level, &a.worse, &a.worseHit, &a.worseN)
}

func walkBank(b bits, bank []arm) {
	for i := range bank {
		a := &bank[i]
		b.ticks(&a.since, &a.high)
		b.floats(&a.sum, &a.peak, &a.hit, &a.n, &a.tail.count, &a.tail.excess)
	}
}

func walkNoise(b bits, all *[scales]noise) {
	for i := range all {
		b.floats(&all[i].phi, &all[i].blocks, &all[i].off, &all[i].mean, &all[i].windows)
	}
}

func (b bits) held(all ...*held) {
	for _, h := range all {
		b.floats(&h.hit, &h.n)
	}
}

func (s *baseline) walk(b bits) {
	b.ticks(&s.last, &s.suspect)
	b.held(&s.now, &s.long, &s.limbo)
	for i := range s.ring {
		b.held(&s.ring[i])
	}
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
	b.ticks(&r.first, &r.odds.width)
	b.floats(&r.odds.p, &r.odds.mean)
	r.base.walk(b)
	walkNoise(b, &r.noise)
	walkBank(b, r.bank[:])
	r.alarm.walk(b)
	r.week.walk(b)
	if b.d == nil || r.odds.width == 0 {
		return
	}
	if r.odds.p < 1e-7 || r.odds.p > most95 || r.odds.width > 86400 {
		b.d.Fail("baseline out of range")
		*r = Rate{}
		return
	}
	r.odds.tune(r.odds.width)
	r.odds.fill(r.odds.p, r.odds.mean)
}

func (s *Slow) walk(b bits) {
	for i := range s.rates {
		s.rates[i].walk(b)
		b.counts((*int64)(&s.limit[i]))
	}
	for i := range s.hist {
		b.smalls(&s.hist[i], &s.fresh[i])
	}
	b.counts(&s.hit[0], &s.hit[1], &s.n)
	b.ticks(&s.turned)
	b.index(&s.strongest, 2)
}

func (s *shortfall) walk(b bits) {
	walkNoise(b, &s.noise)
	walkBank(b, s.bank[:])
	b.floats(&s.at)
	s.alarm.walk(b)
	if b.d != nil && s.at > 0 {
		s.fill(s.at)
	}
}

func (s *season) walk(b bits) {
	for i := range s.day {
		b.smalls(&s.day[i])
	}
	for i := range s.week {
		b.smalls(&s.week[i])
	}
	b.flags(&s.seen)
	b.floats(&s.dayNow, &s.weekNow, &s.sum, &s.n, &s.sumHour, &s.windows)
	b.index(&s.slot, slots)
	b.index(&s.hour, hours)
}

func (v *Volume) walk(b bits) {
	b.ticks(&v.first, &v.last, &v.dark)
	b.floats(&v.fast, &v.slow, &v.calendar)
	for i := range v.ring {
		b.floats(&v.ring[i].n, &v.ring[i].exp)
	}
	b.index(&v.at, held60)
	v.short.walk(b)
	v.season.walk(b)
}

func (s *Sibling) walk(b bits) {
	b.ticks(&s.first, &s.last)
	b.floats(&s.fast, &s.slow, &s.lastExpected)
	b.held(&s.total)
	for i := range s.ring {
		b.held(&s.ring[i])
	}
	b.index(&s.at, lag)
	s.short.walk(b)
}

func (l *Light) walk(b bits) {
	b.words(&l.last, &l.since, &l.opened, &l.quiet)
	b.smalls(&l.hit, &l.n, &l.sum[0], &l.sum[1], &l.sum[2], &l.gotHit, &l.gotN, &l.well)
	b.flags(&l.open, &l.page)
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
func (l *Light) Load(d *codec.Decoder) { *l = Light{}; l.walk(bits{d: d}) }
