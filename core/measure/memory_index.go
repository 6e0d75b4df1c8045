package measure

import (
	"math/bits"

	"github.com/felt-cx/felt"
)

// memoIndex finds memos by their keys: an open hash table. There are millions of them, and a map of
// Go would take four times the room. It grows by half, as doubling would leave half of it empty;
// so its size is no power of two, and the upper bits of size * key say where a key belongs. A slot
// holds the lower bits of the memo's number, as many as tell those apart that are held, and above
// them lower bits of its key: so that hardly ever a key has to be looked at that is not the one.
type memoIndex struct {
	slots []uint32
	bits  int // of a slot that are the number
}

const taken = 1 << 31 // in a slot: it is not empty

const smallIndex = 1024

// slotOf is the slot of a memo.
func (x *memoIndex) slotOf(key, number uint64) uint32 {
	return x.tag(key) | uint32(number)&(1<<x.bits-1)
}

func (x *memoIndex) tag(key uint64) uint32 { return taken | uint32(key)<<x.bits }

// placeOf is the place of a slot's memo, counted from the oldest.
func (m *memory) placeOf(slot uint32) int {
	return int((uint64(slot) - m.base) & (1<<m.index.bits - 1))
}

// home is where a key belongs.
func (x *memoIndex) home(key uint64) int {
	at, _ := bits.Mul64(key, uint64(len(x.slots)))
	return int(at)
}

// after is the slot behind one.
func (x *memoIndex) after(at int) int {
	if at++; at == len(x.slots) {
		return 0
	}
	return at
}

// behind is how many slots a slot is behind another one.
func (x *memoIndex) behind(at, other int) int {
	if at < other {
		at += len(x.slots)
	}
	return at - other
}

// find returns the place of the memo with a key, and where its slot is; -1 when there is none.
func (m *memory) find(key uint64) (place, at int) {
	x := &m.index
	if len(x.slots) == 0 {
		return -1, 0
	}
	tag := x.tag(key) >> x.bits
	for at = x.home(key); ; at = x.after(at) {
		s := x.slots[at]
		if s == 0 {
			return -1, at
		}
		if s>>x.bits == tag {
			if place = m.placeOf(s); m.keyAt(place) == key {
				return place, at
			}
		}
	}
}

// enter adds the newest memo.
func (m *memory) enter(key uint64) {
	if 4*m.n > 3*len(m.index.slots) {
		m.reindex()
		return
	}
	_, at := m.find(key)
	m.index.slots[at] = m.index.slotOf(key, m.base+uint64(m.n-1))
}

// reindex makes the table anew, half full.
func (m *memory) reindex() {
	x := &m.index
	x.slots = nil // let go of before the next one is made
	x.slots = make([]uint32, max(2*m.n, smallIndex))
	x.bits = bits.Len(uint(len(x.slots)))
	for i := range m.n {
		key := m.keyAt(i)
		at := x.home(key)
		for x.slots[at] != 0 {
			at = x.after(at)
		}
		x.slots[at] = x.slotOf(key, m.base+uint64(i))
	}
}

// leave takes a memo out that is still there. Those behind it move up, so that no chain is
// broken.
func (m *memory) leave(key uint64) {
	place, at := m.find(key)
	if place < 0 {
		return
	}
	x := &m.index
	for next := x.after(at); x.slots[next] != 0; next = x.after(next) {
		home := x.home(m.keyAt(m.placeOf(x.slots[next])))
		if x.behind(next, home) >= x.behind(next, at) {
			x.slots[at] = x.slots[next]
			at = next
		}
	}
	x.slots[at] = 0
}

// shrink gives memory back after a flood.
func (m *memory) shrink() {
	if n := len(m.index.slots); n > smallIndex && 4*m.n < n {
		m.reindex()
	}
}

// get returns the memo of an interaction; false when it is not remembered.
func (m *memory) get(id felt.InteractionID) (memo, bool) {
	if place := m.placeOfID(id); place >= 0 {
		return m.nth(place), true
	}
	return memo{}, false
}

// placeOfID is the place of an interaction's memo, -1 when it is not remembered. It is valid until
// the next call of add or forget.
func (m *memory) placeOfID(id felt.InteractionID) int {
	place, _ := m.find(memoKey(id))
	return place
}
