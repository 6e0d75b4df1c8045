package measure

import (
	"encoding/binary"

	"github.com/felt-cx/felt"
)

// rested is a story between ticks: what has to be at hand, and the rest packed.
type rested struct {
	who    felt.Hash
	packed string
	due    felt.Tick // when it is looked at next; 0 never
	scope  uint32    // in ledger.scopes
	queued int32     // its place in the heap + 1; 0 not in it
	older  int32     // in the order of the last touch; 0 none
	newer  int32
	work   int32 // its place in ledger.touched + 1; 0 at rest
	ended  bool  // in the list of those of which nothing is open
}

// restedBytes is what one takes, with its part of the tables around it.
const restedBytes = 64

// shelf holds stories at rest. A story has a number, from 1 on.
type shelf struct {
	blocks []*[shelfBlock]rested
	free   []int32
	next   int32 // first number never used
	n      int
	slots  slotTable
	open   line // those of which something is open, and
	ended  line // those of which nothing is
	queue  []int32
}

const shelfBlock = 256

// line is an order of stories, the one that was touched last is the newest.
type line struct{ oldest, newest int32 }

func (h *shelf) at(n int32) *rested { return &h.blocks[n/shelfBlock][n%shelfBlock] }

func (r *rested) hash(seed uint64) uint64 { return keyOf(seed, r.who) }

// keyOf is 64 bits of a story's key. seed stands for environment, journey and traffic.
func keyOf(seed uint64, who felt.Hash) uint64 {
	return blend(seed, binary.LittleEndian.Uint64(who[:8]), binary.LittleEndian.Uint64(who[8:]))
}

// find returns the number of a story; 0 when there is none.
func (h *shelf) find(scope uint32, hash uint64, who *felt.Hash) int32 {
	n, _, ok := h.slots.find(hash, func(n uint32) bool {
		r := h.at(int32(n))
		return r.scope == scope && r.who == *who
	})
	if !ok {
		return 0
	}
	return int32(n)
}

// add makes room for a story. seedOf gives the seed of a scope.
func (h *shelf) add(scope uint32, who felt.Hash, seedOf func(uint32) uint64) int32 {
	var n int32
	if i := len(h.free); i > 0 {
		n = h.free[i-1]
		h.free = h.free[:i-1]
	} else {
		n = max(h.next, 1)
		h.next = n + 1
		if int(n/shelfBlock) == len(h.blocks) {
			h.blocks = append(h.blocks, new([shelfBlock]rested))
		}
	}
	*h.at(n) = rested{who: who, scope: scope}
	h.n++
	if h.slots.full(h.n) {
		h.slots.reset(h.n)
		for i := int32(1); i < h.next; i++ {
			if r := h.at(i); r.scope != 0 {
				h.slots.put(r.hash(seedOf(r.scope)), uint32(i))
			}
		}
	} else {
		h.slots.put(keyOf(seedOf(scope), who), uint32(n))
	}
	return n
}

// remove lets go of a story.
func (h *shelf) remove(n int32, seedOf func(uint32) uint64) {
	r := h.at(n)
	h.schedule(n, 0)
	h.unlink(n)
	_, at, ok := h.slots.find(r.hash(seedOf(r.scope)), func(m uint32) bool { return int32(m) == n })
	if ok {
		h.slots.remove(at, func(m uint32) uint64 { o := h.at(int32(m)); return o.hash(seedOf(o.scope)) })
	}
	*r = rested{}
	h.n--
	if h.n == 0 {
		*h = shelf{queue: h.queue[:0]}
		return
	}
	h.free = append(h.free, n)
}

func (h *shelf) lineOf(r *rested) *line {
	if r.ended {
		return &h.ended
	}
	return &h.open
}

// push makes a story the newest of its line.
func (h *shelf) push(n int32, ended bool) {
	r := h.at(n)
	r.ended = ended
	l := h.lineOf(r)
	r.older, r.newer = l.newest, 0
	if l.newest != 0 {
		h.at(l.newest).newer = n
	} else {
		l.oldest = n
	}
	l.newest = n
}

// unlink takes a story out of its line, if it is in it.
func (h *shelf) unlink(n int32) {
	r := h.at(n)
	l := h.lineOf(r)
	if l.oldest != n && r.older == 0 {
		return
	}
	if r.older != 0 {
		h.at(r.older).newer = r.newer
	} else {
		l.oldest = r.newer
	}
	if r.newer != 0 {
		h.at(r.newer).older = r.older
	} else {
		l.newest = r.older
	}
	r.older, r.newer = 0, 0
}

// schedule says when a story is looked at next; 0 never.
func (h *shelf) schedule(n int32, due felt.Tick) {
	r := h.at(n)
	r.due = due
	switch at := int(r.queued) - 1; {
	case due == 0 && at >= 0:
		last := len(h.queue) - 1
		h.swap(at, last)
		h.queue = h.queue[:last]
		r.queued = 0
		if at < last {
			h.fix(at)
		}
	case due == 0:
	case at >= 0:
		h.fix(at)
	default:
		h.queue = append(h.queue, n)
		r.queued = int32(len(h.queue))
		h.fix(len(h.queue) - 1)
	}
}

// due is the next tick at which a story is; 0 none.
func (h *shelf) due() felt.Tick {
	if len(h.queue) == 0 {
		return 0
	}
	return h.at(h.queue[0]).due
}

func (h *shelf) sooner(i, j int) bool { return h.at(h.queue[i]).due < h.at(h.queue[j]).due }

func (h *shelf) swap(i, j int) {
	h.queue[i], h.queue[j] = h.queue[j], h.queue[i]
	h.at(h.queue[i]).queued, h.at(h.queue[j]).queued = int32(i+1), int32(j+1)
}

// fix restores the order of the heap around one that changed.
func (h *shelf) fix(i int) {
	for up := (i - 1) / 2; i > 0 && h.sooner(i, up); up = (i - 1) / 2 {
		h.swap(i, up)
		i = up
	}
	for {
		first := 2*i + 1
		if first >= len(h.queue) {
			return
		}
		if first+1 < len(h.queue) && h.sooner(first+1, first) {
			first++
		}
		if !h.sooner(first, i) {
			return
		}
		h.swap(i, first)
		i = first
	}
}

// bytes is what the shelf takes without what is packed.
func (h *shelf) bytes() int {
	return len(h.blocks)*shelfBlock*restedBytes + 4*(len(h.slots.slots)+cap(h.queue)+cap(h.free))
}
