package measure

import "github.com/felt-cx/felt"

const memoBlock = 1024

// memos is a block of them, in columns. There are millions of memos, and one takes 24 bytes; what
// few of them need has a column only in blocks that have such a one. A look-up touches keys alone.
type memos struct {
	*columns
	about    felt.Instant // ends are counted from here
	values   rareColumn[int64]
	far      rareColumn[uint32] // of ends, the upper bits
	versions rareColumn[uint16] // less 1
	series   rareColumn[uint16] // the upper half
}

// columns are what every memo has. They hold no pointer, so that the collector passes over.
type columns struct {
	key     [memoBlock]uint64
	by      [memoBlock]felt.SpanID
	end     [memoBlock]uint32 // from memos.about, 32 bits
	endNext [memoBlock]uint8  // and 8 more: to nearly a quarter of an hour from it
	low     [memoBlock]uint16 // of the series, the lower half
	verdict [memoBlock]verdict
}

const endBits = 40 // that every end has

// rareColumn is one that is made when the first memo of its block has something in it.
type rareColumn[T comparable] struct{ list *[memoBlock]T }

func (c *rareColumn[T]) at(i int) (v T) {
	if c.list != nil {
		v = c.list[i]
	}
	return v
}

func (c *rareColumn[T]) set(i int, v T) {
	var none T
	if c.list == nil {
		if v == none {
			return
		}
		c.list = new([memoBlock]T)
	}
	c.list[i] = v
}

func (b *memos) read(i int) memo {
	near := int64(uint64(b.end[i])|uint64(b.endNext[i])<<32) << (64 - endBits) >> (64 - endBits)
	return memo{
		key: b.key[i], by: b.by[i], verdict: b.verdict[i],
		end:    b.about + felt.Instant(near+int64(b.far.at(i))<<endBits),
		series: uint32(b.series.at(i))<<16 | uint32(b.low[i]), version: b.versions.at(i) + 1,
	}
}

func (b *memos) write(i int, e *memo) {
	b.key[i], b.by[i], b.verdict[i] = e.key, e.by, e.verdict
	off := int64(e.end - b.about)
	near := off << (64 - endBits) >> (64 - endBits) // with its sign
	b.end[i], b.endNext[i] = uint32(near), uint8(near>>32)
	b.far.set(i, uint32((off-near)>>endBits))
	b.low[i] = uint16(e.series)
	b.series.set(i, uint16(e.series>>16))
	b.versions.set(i, e.version-1)
}
