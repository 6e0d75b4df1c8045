package measure

// fifo holds millions of small records of one size in the order in which they came, and finds
// them by 64 bits: in blocks, with a table of 4 bytes each, a third of what a map of Go would
// take. Keys are never 0.
type fifo[T any] struct {
	blocks []*[fifoBlock]fifoEntry[T]
	first  int // place of the oldest in blocks[0]
	n      int // places, gaps included
	live   int
	base   uint64 // number of the oldest; numbers only grow
	slots  slotTable
}

const fifoBlock = 512

// ring is how many numbers slots tell apart. There are never as many records.
const ring = 1<<32 - 1

type fifoEntry[T any] struct {
	key uint64 // 0: a gap
	v   T
}

func (q *fifo[T]) nth(i int) *fifoEntry[T] {
	i += q.first
	return &q.blocks[i/fifoBlock][i%fifoBlock]
}

// placeOf is where the record with a number is, counted from the oldest.
func (q *fifo[T]) placeOf(number uint32) int {
	return int((uint64(number) + ring - q.base%ring) % ring)
}

func (q *fifo[T]) find(key uint64) (place int, at uint64) {
	number, at, ok := q.slots.find(key, func(n uint32) bool { return q.nth(q.placeOf(n)).key == key })
	if !ok {
		return -1, at
	}
	return q.placeOf(number), at
}

// get returns the record of a key, nil when there is none. It is valid until the next change.
func (q *fifo[T]) get(key uint64) *T {
	if place, _ := q.find(key); place >= 0 {
		return &q.nth(place).v
	}
	return nil
}

// push adds a record whose key is not there yet.
func (q *fifo[T]) push(key uint64, v T) {
	i := q.first + q.n
	if i/fifoBlock == len(q.blocks) {
		q.blocks = append(q.blocks, new([fifoBlock]fifoEntry[T]))
	}
	q.blocks[i/fifoBlock][i%fifoBlock] = fifoEntry[T]{key, v}
	q.n++
	q.live++
	if q.slots.full(q.live) {
		q.reindex()
		return
	}
	q.slots.put(key, q.number(q.n-1))
}

func (q *fifo[T]) number(place int) uint32 { return uint32((q.base + uint64(place)) % ring) }

func (q *fifo[T]) reindex() {
	q.slots.reset(q.live)
	for i := range q.n {
		if key := q.nth(i).key; key != 0 {
			q.slots.put(key, q.number(i))
		}
	}
}

// remove takes a record out and leaves a gap.
func (q *fifo[T]) remove(key uint64) {
	place, at := q.find(key)
	if place < 0 {
		return
	}
	q.slots.remove(at, func(n uint32) uint64 { return q.nth(q.placeOf(n)).key })
	*q.nth(place) = fifoEntry[T]{}
	q.live--
	q.skip()
}

// pop takes the oldest record out.
func (q *fifo[T]) pop() {
	if q.n > 0 {
		q.remove(q.nth(0).key)
	}
}

// skip moves past the gaps in front.
func (q *fifo[T]) skip() {
	for q.n > 0 && q.nth(0).key == 0 {
		q.first++
		q.n--
		q.base++
		if q.first == fifoBlock {
			q.blocks[0] = nil
			q.blocks = q.blocks[1:]
			q.first = 0
		}
	}
}

// keep lets go of every record that keep refuses, and closes the gaps.
func (q *fifo[T]) keep(keep func(*T) bool) {
	n := 0
	for i := range q.n {
		if e := q.nth(i); e.key != 0 && keep(&e.v) {
			if n != i {
				*q.nth(n) = *e
			}
			n++
		}
	}
	blocks := (q.first + n + fifoBlock - 1) / fifoBlock
	clear(q.blocks[blocks:])
	q.blocks = append([]*[fifoBlock]fifoEntry[T](nil), q.blocks[:blocks]...)
	q.n, q.live = n, n
	q.reindex()
}

// each calls yield for every record, the oldest first.
func (q *fifo[T]) each(yield func(key uint64, v *T)) {
	for i := range q.n {
		if e := q.nth(i); e.key != 0 {
			yield(e.key, &e.v)
		}
	}
}

// slotTable finds numbers by hashes: an open hash table of 4 bytes a slot. Who uses it knows
// what the numbers stand for.
type slotTable struct{ slots []uint32 } // a number + 1; 0 empty

// full tells that the table has to be made anew before it holds n numbers.
func (x *slotTable) full(n int) bool { return 4*n > 3*len(x.slots) }

// reset empties the table and gives it room for half as many numbers again at least.
func (x *slotTable) reset(n int) {
	size := smallTable
	for size < 2*n {
		size *= 2
	}
	x.slots = make([]uint32, size)
}

const smallTable = 16

// find returns the number with a hash that is the one, and its slot; else a free slot.
func (x *slotTable) find(hash uint64, is func(n uint32) bool) (n uint32, at uint64, ok bool) {
	if len(x.slots) == 0 {
		return 0, 0, false
	}
	mask := uint64(len(x.slots) - 1)
	for at = hash & mask; ; at = (at + 1) & mask {
		s := x.slots[at]
		if s == 0 {
			return 0, at, false
		}
		if is(s - 1) {
			return s - 1, at, true
		}
	}
}

// put adds a number that is not there; the table is not full.
func (x *slotTable) put(hash uint64, n uint32) {
	mask := uint64(len(x.slots) - 1)
	at := hash & mask
	for x.slots[at] != 0 {
		at = (at + 1) & mask
	}
	x.slots[at] = n + 1
}

// remove empties a slot. Those behind it move up, so that no chain is broken.
func (x *slotTable) remove(at uint64, hashOf func(n uint32) uint64) {
	mask := uint64(len(x.slots) - 1)
	for next := (at + 1) & mask; x.slots[next] != 0; next = (next + 1) & mask {
		home := hashOf(x.slots[next]-1) & mask
		if (next-home)&mask >= (next-at)&mask {
			x.slots[at] = x.slots[next]
			at = next
		}
	}
	x.slots[at] = 0
}

// register gives things numbers for as long as they are used.
type register[K comparable, V any] struct {
	of   map[K]uint32
	list []registered[K, V]
	free []uint32
}

type registered[K comparable, V any] struct {
	key  K
	v    V
	uses int
}

// acquire returns the number of a thing, with one use more; fresh: it had none before.
func (r *register[K, V]) acquire(k K) (n uint32, fresh bool) {
	n, ok := r.of[k]
	if !ok {
		if i := len(r.free); i > 0 {
			n = r.free[i-1]
			r.free = r.free[:i-1]
		} else {
			n = uint32(len(r.list))
			r.list = append(r.list, registered[K, V]{})
		}
		r.list[n].key = k
		if r.of == nil {
			r.of = map[K]uint32{}
		}
		r.of[k] = n
	}
	r.list[n].uses++
	return n, !ok
}

// release takes one use away; true when that was the last one.
func (r *register[K, V]) release(n uint32) bool {
	e := &r.list[n]
	if e.uses--; e.uses > 0 {
		return false
	}
	delete(r.of, e.key)
	*e = registered[K, V]{}
	r.free = append(r.free, n)
	return true
}

// textSum is 64 bits of a text (FNV-1a), the same in every run.
func textSum(t string) uint64 {
	sum := uint64(14695981039346656037)
	for i := range len(t) {
		sum = (sum ^ uint64(t[i])) * 1099511628211
	}
	return sum
}

// blend makes 64 bits of a hash and a seed; never 0.
func blend(seed uint64, halves ...uint64) uint64 {
	x := seed
	for _, h := range halves {
		x = (x ^ h) * 0x9e3779b97f4a7c15
		x ^= x >> 32
	}
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	return max(x, 1)
}

// bytes is what it takes when an entry takes so much.
func (q *fifo[T]) bytes(entry int) int {
	return len(q.blocks)*fifoBlock*entry + 4*len(q.slots.slots)
}
