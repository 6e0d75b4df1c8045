package cusum

import (
	"math"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// bits walks over the fields of a state in order, writing or reading them, so that
// both directions are one list.
type bits struct {
	e *codec.Encoder
	d *codec.Decoder
}

func (b bits) float(p *float64) {
	if b.e != nil {
		b.e.Float(*p)
		return
	}
	if *p = b.d.Float(); math.IsNaN(*p) || math.IsInf(*p, 0) {
		b.d.Fail("not a number")
	}
}

func (b bits) small(p *float32) {
	v := float64(*p)
	b.float(&v)
	if *p = float32(v); float64(*p) != v {
		b.d.Fail("not a number")
	}
}

func (b bits) tick(p *felt.Tick) {
	if b.e != nil {
		b.e.Int(int64(*p))
		return
	}
	*p = felt.Tick(b.d.Int())
}

func (b bits) count(p *int64) {
	if b.e != nil {
		b.e.Int(*p)
		return
	}
	*p = b.d.Int()
}

func (b bits) index(p *int, limit int) {
	if b.e != nil {
		b.e.Uint(uint64(*p))
		return
	}
	*p = int(b.d.UintMax(uint64(limit - 1)))
}

func (b bits) word(p *uint32) {
	if b.e != nil {
		b.e.Uint(uint64(*p))
		return
	}
	*p = uint32(b.d.UintMax(math.MaxUint32))
}

func (b bits) flag(p *bool) {
	if b.e != nil {
		b.e.Bool(*p)
		return
	}
	*p = b.d.Bool()
}

func (b bits) alarm(a *alarm) {
	b.flag(&a.lasting)
	b.flag(&a.paging)
	b.tick(&a.last)
}

func (b bits) arm(a *arm) {
	b.float(&a.sum)
	b.tick(&a.since)
	b.float(&a.hit)
	b.float(&a.n)
}

func (r *Rate) walk(b bits) {
	b.tick(&r.last)
	b.tick(&r.first)
	b.float(&r.hit)
	b.float(&r.n)
	b.float(&r.rho)
	for i := range r.ring {
		b.float(&r.ring[i].hit)
		b.float(&r.ring[i].n)
		b.flag(&r.ring[i].bad)
	}
	b.index(&r.at, delay)
	for i := range r.bank {
		b.arm(&r.bank[i])
	}
	b.alarm(&r.alarm)
}

func (s *Slow) walk(b bits) {
	s.rate.walk(b)
	for i := range s.hist {
		b.small(&s.hist[i])
		b.small(&s.fresh[i])
	}
	b.small(&s.total)
	b.tick((*felt.Tick)(&s.limit))
	b.count(&s.hit)
	b.count(&s.n)
	b.tick(&s.turn)
}

func (v *Volume) walk(b bits) {
	b.tick(&v.first)
	b.tick(&v.last)
	for _, p := range []*float64{&v.level, &v.local, &v.slow, &v.rho, &v.sum, &v.seconds} {
		b.float(p)
	}
	for i := range v.season {
		b.small(&v.season[i])
	}
	for i := range v.ring {
		b.float(&v.ring[i].n)
		b.float(&v.ring[i].exp)
		b.float(&v.ring[i].seas)
		b.flag(&v.ring[i].bad)
	}
	b.index(&v.at, len(v.ring))
	for i := range v.bank {
		b.arm(&v.bank[i])
	}
	b.alarm(&v.alarm)
}

func (s *Sibling) walk(b bits) {
	b.tick(&s.first)
	b.float(&s.before)
	b.float(&s.after)
	for i := range s.bank {
		b.arm(&s.bank[i])
	}
	b.alarm(&s.alarm)
}

func (l *Light) walk(b bits) {
	b.word(&l.last)
	b.word(&l.since)
	b.word(&l.high)
	for _, p := range []*float32{&l.hit, &l.n, &l.sum[0], &l.sum[1], &l.sum[2], &l.gotHit, &l.gotN} {
		b.small(p)
	}
	b.flag(&l.open)
	b.flag(&l.page)
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
