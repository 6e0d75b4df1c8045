package measure

import "github.com/felt-cx/felt"

// memoIndex finds memos by their keys: an open hash table of their numbers, cut to 32 bits. There
// are millions of them, and a map of Go would take four times the room.
type memoIndex struct {
	slots []uint32 // slot of a number; 0 empty
}

// ring is how many numbers slots tell apart. There are never as many memos.
const ring = 1<<32 - 1

const smallIndex = 1024

func slotOf(number uint64) uint32 { return uint32(number%ring) + 1 }

// placeOf is the place of a slot's memo, counted from the oldest.
func (m *memory) placeOf(slot uint32) int {
	return int((uint64(slot-1) + ring - m.base%ring) % ring)
}

// find returns the place of the memo with a key, and where its slot is; -1 when there is none.
func (m *memory) find(key uint64) (place int, at uint64) {
	if len(m.index.slots) == 0 {
		return -1, 0
	}
	mask := uint64(len(m.index.slots) - 1)
	for at = key & mask; ; at = (at + 1) & mask {
		s := m.index.slots[at]
		if s == 0 {
			return -1, at
		}
		if place = m.placeOf(s); m.nth(place).key == key {
			return place, at
		}
	}
}

// enter adds the newest memo.
func (m *memory) enter(key uint64) {
	if 4*m.n > 3*len(m.index.slots) {
		m.reindex(max(2*len(m.index.slots), smallIndex))
		return
	}
	_, at := m.find(key)
	m.index.slots[at] = slotOf(m.base + uint64(m.n-1))
}

// reindex makes the table anew, with that many slots (a power of two).
func (m *memory) reindex(size int) {
	m.index.slots = make([]uint32, size)
	mask := uint64(size - 1)
	for i := range m.n {
		at := m.nth(i).key & mask
		for m.index.slots[at] != 0 {
			at = (at + 1) & mask
		}
		m.index.slots[at] = slotOf(m.base + uint64(i))
	}
}

// leave takes a memo out that is still there. Those behind it move up, so that no chain is
// broken.
func (m *memory) leave(key uint64) {
	place, at := m.find(key)
	if place < 0 {
		return
	}
	slots := m.index.slots
	mask := uint64(len(slots) - 1)
	for next := (at + 1) & mask; slots[next] != 0; next = (next + 1) & mask {
		home := m.nth(m.placeOf(slots[next])).key & mask
		if (next-home)&mask >= (next-at)&mask {
			slots[at] = slots[next]
			at = next
		}
	}
	slots[at] = 0
}

// shrink gives memory back after a flood.
func (m *memory) shrink() {
	if n := len(m.index.slots); n > smallIndex && 16*m.n < n {
		m.reindex(n / 4)
	}
}

// get returns the memo of an interaction, nil when it is not remembered. It is valid
// until the next call of add or forget.
func (m *memory) get(id felt.InteractionID) *memo {
	if place := m.placeOfID(id); place >= 0 {
		return m.nth(place)
	}
	return nil
}

// placeOfID is the place of an interaction's memo, -1 when it is not remembered; as long as get's.
func (m *memory) placeOfID(id felt.InteractionID) int {
	place, _ := m.find(memoKey(id))
	return place
}
