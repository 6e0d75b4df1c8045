package measure

import (
	"encoding/binary"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

func (b *pendingBook) save(e *codec.Encoder) {
	e.Len(len(b.of))
	for p := b.open.first; p != nil; p = p.next {
		e.Int(int64(p.last))
		e.Fixed(p.claim.trace[:])
		p.claim.save(e)
	}
	e.Len(b.closed.live)
	b.closed.each(func(_ uint64, c *closed) { c.save(e) })
}

func (b *pendingBook) load(d *codec.Decoder, m *commons) {
	for n := d.Len(40); n > 0 && d.Err() == nil; n-- {
		p := &pending{last: felt.Tick(d.Int())}
		var trace felt.TraceID
		copy(trace[:], d.Fixed(len(trace)))
		p.claim = loadClaim(d, trace, m)
		if b.open.last != nil && p.last < b.open.last.last || b.of[p.claim.iid] != nil {
			d.Fail("open tries out of order")
			return
		}
		b.push(p)
	}
	for n := d.Len(40); n > 0 && d.Err() == nil; n-- {
		c := loadClosed(d)
		if key := closedKey(c.key); b.closed.get(key) == nil {
			b.closed.push(key, c)
		} else {
			d.Fail("closed try twice")
		}
	}
}

func (c *closed) save(e *codec.Encoder) {
	e.Fixed(binary.BigEndian.AppendUint64(nil, c.key))
	e.Fixed(c.by[:])
	e.Int(int64(c.end))
	e.Uint(uint64(c.version))
	e.Uint(uint64(c.verdict))
	c.scope.save(e)
	e.Int(int64(c.at))
	e.Int(int64(c.known))
	e.Int(c.value)
	e.Float(c.weight)
	e.Bool(c.told)
	if c.told {
		c.who.save(e)
	}
}

func loadClosed(d *codec.Decoder) (c closed) {
	if b := d.Fixed(8); len(b) == 8 {
		c.key = binary.BigEndian.Uint64(b)
	}
	copy(c.by[:], d.Fixed(8))
	c.end = felt.Instant(d.Int())
	c.version = uint16(d.UintMax(1<<16 - 1))
	c.verdict = verdict(d.UintMax(1<<8 - 1))
	c.scope = loadScope(d)
	c.at, c.known = felt.Tick(d.Int()), felt.Tick(d.Int())
	c.value, c.weight = d.Int(), d.Float()
	if c.told = d.Bool(); c.told {
		c.who = loadWho(d)
	}
	if now := c.verdict & 7; now >= felt.Outcomes && now != withdrawn || c.verdict.first() >= felt.Outcomes {
		d.Fail("bad outcome of a closed try")
	}
	return c
}
