package detect

import (
	"maps"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// Save appends the whole state. Call it between ticks.
func (d *FailedShare) Save(e *codec.Encoder) {
	e.Int(int64(d.tick))
	e.Int(d.refused)
	e.Len(len(d.series))
	for _, k := range slices.SortedFunc(maps.Keys(d.series), compareKeys) {
		e.String(k.env)
		e.String(k.app)
		e.String(k.name)
		d.series[k].save(e, d.tick)
	}
}

// Load is the inverse of Save, into a new detector. What is wrong shows in the decoder's error.
func (d *FailedShare) Load(dec *codec.Decoder) {
	d.tick = felt.Tick(dec.Int())
	d.refused = dec.Int()
	for n := dec.Len(10); n > 0 && dec.Err() == nil; n-- {
		s := &series{key: key{dec.String(), dec.String(), dec.String()}}
		s.load(dec, d.tick)
		d.series[s.key] = s
		if !s.quiet() {
			d.active = append(d.active, s)
		}
	}
}

func (s *series) save(e *codec.Encoder, now felt.Tick) {
	saveSeen(e, s.open, now)
	e.Len(s.tidy)
	e.Len(len(s.past))
	for _, p := range s.past {
		e.Int(int64(now - p.tick))
		saveSeen(e, p.seen, now)
	}
	e.Len(len(s.base))
	var last int64
	for _, m := range s.base {
		e.Int(m.at - last)
		e.Int(m.n)
		e.Int(m.k)
		last = m.at
	}
	e.Int(int64(s.frozen))
	e.Uint(uint64(s.skip))
	e.Int(int64(s.good))
	e.Int(int64(s.last))
	e.Bool(s.finding != nil)
	if s.finding != nil {
		e.JSON(s.finding)
		e.Float(s.baseK)
		e.Float(s.baseN)
	}
}

func (s *series) load(d *codec.Decoder, now felt.Tick) {
	s.open = loadSeen(d, now)
	s.tidy = int(d.UintMax(2 * SampleMax))
	for n := d.Len(2); n > 0; n-- {
		s.past = append(s.past, slice{now - felt.Tick(d.Int()), loadSeen(d, now)})
	}
	var last int64
	for n := d.Len(3); n > 0; n-- {
		last += d.Int()
		s.base = append(s.base, minute{last, d.Int(), d.Int()})
	}
	s.frozen = felt.Tick(d.Int())
	s.skip = uint8(d.UintMax(63))
	s.good = int(d.Int())
	s.last = felt.Tick(d.Int())
	if d.Bool() {
		s.finding = &felt.Finding{}
		d.JSON(s.finding)
		s.baseK, s.baseN = d.Float(), d.Float()
	}
}

func saveSeen(e *codec.Encoder, list []Seen, now felt.Tick) {
	e.Len(len(list))
	for _, v := range list {
		e.Uint(v.Customer)
		e.Uint(uint64(v.Mark))
		e.Int(int64(now.Instant() - v.First))
		e.Int(int64(v.Last - v.First))
	}
}

func loadSeen(d *codec.Decoder, now felt.Tick) []Seen {
	var list []Seen
	for n := d.Len(4); n > 0; n-- {
		v := Seen{Customer: d.Uint(), Mark: Mark(d.UintMax(uint64(Bad)))}
		v.First = now.Instant() - felt.Instant(d.Int())
		v.Last = v.First + felt.Instant(d.Int())
		list = append(list, v)
	}
	return list
}
