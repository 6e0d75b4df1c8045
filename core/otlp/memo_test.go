package otlp

import (
	"encoding/binary"
	"hash/maphash"
	"strconv"
	"testing"

	"github.com/felt-cx/felt"
)

// TestMemo: what came lately is remembered, as what it was, and no more than its bound is.
func TestMemo(t *testing.T) {
	idOf := func(i int) (id felt.Hash) {
		binary.BigEndian.PutUint64(id[:], uint64(i)+1)
		return id
	}
	hits := func(m *memo, from, to int) (n int) {
		for i := from; i < to; i++ {
			id, ok := m.find(m.hash([]byte(strconv.Itoa(i))))
			if ok && id != idOf(i) {
				t.Fatalf("%d is remembered as %x", i, id)
			}
			if ok {
				n++
			}
		}
		return n
	}
	const all, times = 20_000, 50
	handful, last := 0, 0
	for range times { // who shares a set with whom is chance
		m := newMemo(maphash.MakeSeed(), 256)
		for i := range all {
			h := m.hash([]byte(strconv.Itoa(i)))
			if _, ok := m.find(h); ok {
				t.Fatalf("%d is remembered before it came", i)
			}
			m.put(h, idOf(i))
			if i == 12 {
				handful += hits(&m, 0, 13)
				if len(m.sets) > 64 {
					t.Errorf("%d sets for a handful", len(m.sets))
				}
			}
		}
		if len(m.sets) != 256 {
			t.Errorf("%d sets", len(m.sets))
		}
		last += hits(&m, all-128, all)
		if n := hits(&m, 0, all); n > 512 {
			t.Errorf("%d are remembered", n)
		}
	}
	if handful < 11*times || last < 120*times {
		t.Errorf("%.1f of the first 13 are remembered, %.1f of the last 128", float64(handful)/times, float64(last)/times)
	}
}

// TestOneGiant: after a request that is far larger than all others, the memory of it is given back.
func TestOneGiant(t *testing.T) {
	p := NewPacker(Options{Partitions: 1})
	pt := &p.events[0]
	fill := func(texts int) {
		for i := range texts {
			pt.dict.clean([]byte("text number " + strconv.Itoa(i)))
			pt.ids.index(uint64(i), p.salt)
			pt.traces.index(&[16]byte{byte(i), byte(i >> 8), byte(i >> 16)}, p.salt)
			pt.items = append(pt.items, "an item of thirty-two bytes size"...)
		}
		p.reset(pt)
	}
	held := func() int {
		return cap(pt.dict.buf) + 16*cap(pt.dict.ents) + 8*cap(pt.ids.list) + 16*cap(pt.traces.list) + cap(pt.items) +
			8*(len(pt.dict.table.slots)+len(pt.ids.table.slots)+len(pt.traces.table.slots))
	}
	fill(1000)
	usual := held()
	for range 20 {
		fill(1000)
	}
	if held() != usual {
		t.Errorf("%d bytes, then %d for more of the same", usual, held())
	}
	fill(200_000)
	if held() < 20*usual {
		t.Fatalf("%d bytes for a giant: this tests nothing", held())
	}
	for range 100 {
		fill(1000)
	}
	if n := held(); n > 6*usual {
		t.Errorf("%d bytes long after a giant, %d before", n, usual)
	}
}
