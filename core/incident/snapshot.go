package incident

import (
	"maps"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/sketch"
)

// Save appends the whole state. Call it between ticks.
func (b *Book) Save(e *codec.Encoder) {
	e.Int(int64(b.tick))
	e.Int(b.opened)
	e.Len(len(b.order))
	for _, k := range b.order {
		e.String(k)
	}
	e.Len(len(b.commands))
	for _, c := range b.commands {
		e.JSON(c)
	}
	e.Len(len(b.closed))
	for _, id := range slices.Sorted(maps.Keys(b.closed)) {
		e.String(id)
	}
	e.Len(len(b.live))
	for _, s := range slices.SortedFunc(maps.Keys(b.live), compareScopes) {
		l := b.live[s]
		e.String(s.env)
		e.String(s.app)
		e.String(s.name)
		e.JSON(l.row)
		e.Bool(l.counted)
		e.Int(l.told)
		e.Int(int64(l.toldTick))
		l.crowd.save(e)
	}
}

// Load is the inverse of Save, into a new book. What is wrong shows in the decoder's error.
func (b *Book) Load(d *codec.Decoder) {
	b.tick = felt.Tick(d.Int())
	b.opened = d.Int()
	for n := d.Len(1); n > 0; n-- {
		k := d.String()
		b.order = append(b.order, k)
		b.keys[k] = true
	}
	for n := d.Len(1); n > 0; n-- {
		var c felt.Command
		d.JSON(&c)
		b.commands = append(b.commands, c)
	}
	for n := d.Len(1); n > 0; n-- {
		b.closed[d.String()] = true
	}
	for n := d.Len(10); n > 0 && d.Err() == nil; n-- {
		l := &live{scope: scope{d.String(), d.String(), d.String()}}
		d.JSON(&l.row)
		l.kind = l.row.Scope().Kind
		l.counted = d.Bool()
		l.told = d.Int()
		l.toldTick = felt.Tick(d.Int())
		l.crowd = loadCrowd(d)
		b.live[l.scope] = l
	}
}

func (c *crowd) save(e *codec.Encoder) {
	for _, n := range countFields(&c.counts) {
		e.Int(*n)
	}
	e.Bool(c.each != nil)
	if c.each == nil {
		for _, s := range []*sketch.Distinct{&c.total, &c.failed, &c.degraded} {
			e.Bytes(s.AppendBinary(nil))
		}
		return
	}
	e.Len(len(c.each))
	for _, id := range slices.Sorted(maps.Keys(c.each)) {
		m := c.each[id]
		e.Uint(id)
		e.Bool(m.failed)
		e.Bool(m.degraded)
		e.Int(int64(m.lastBad))
		e.Int(int64(m.lastGood))
	}
}

func loadCrowd(d *codec.Decoder) *crowd {
	c := newCrowd()
	for _, n := range countFields(&c.counts) {
		*n = d.Int()
	}
	if !d.Bool() {
		c.each = nil
		for _, s := range []*sketch.Distinct{&c.total, &c.failed, &c.degraded} {
			v, err := sketch.ParseDistinct(d.Bytes())
			if err != nil {
				d.Fail("bad sketch")
			}
			*s = v
		}
		return c
	}
	for n := d.Len(5); n > 0; n-- {
		id := d.Uint()
		c.each[id] = customer{d.Bool(), d.Bool(), felt.Instant(d.Int()), felt.Instant(d.Int())}
	}
	return c
}

func countFields(c *felt.Counts) []*int64 {
	return []*int64{&c.Success, &c.Degraded, &c.Failed, &c.Abandoned, &c.Cancelled, &c.Open}
}
