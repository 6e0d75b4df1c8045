package sketch

import "slices"

// The exact form of a [Distinct] is an ordered hash table. A print's home is its place in
// the order of all prints, scaled to the table; from there it goes to the right
// past everything smaller, and what is larger moves on by one. So the prints of the table are
// always in ascending order, with gaps. That buys three things: a search for a customer
// who is not there ends as early as one for a customer who is, encoding is one
// pass without a sort, and merging inserts in order.

// tableMax is the standard number of slots of the largest table: as many words as the
// dense form has, and ExactLimit fills three quarters of it.
const tableMax = denseWords

// nextTable is the number of slots to grow to: the steps are a half or a third, and
// all are sizes the allocator hands out without waste.
func nextTable(slots int) int {
	next := 4
	for next <= slots {
		switch {
		case next < 16:
			next += 4
		case next&(next-1) == 0:
			next += next / 2
		default:
			next += next / 3
		}
	}
	return min(next, tableMax)
}

// homeOf is the number of slots that prints hash to, in a table of so many: the last ones
// are kept for what spills over.
func homeOf(slots int) uint32 {
	if slots == 0 {
		return 0
	}
	return uint32(slots - min(slots/8+1, 32))
}

// insert adds p to the table, growing it or turning it dense as need be.
func (d *Distinct) insert(p uint64) {
	if len(d.words) == 0 {
		d.rebuild(nextTable(0))
	}
	i := d.find(p)
	if i < len(d.words) && d.words[i] == p {
		return
	}
	if d.n == ExactLimit {
		d.densify()
		d.raise(p)
		return
	}
	if 4*(int(d.n)+1) > 3*len(d.words) {
		d.rebuild(nextTable(len(d.words)))
		i = d.find(p)
	}
	d.put(i, p)
}

// find returns the first slot from p's home that is empty, or holds p or more.
func (d *Distinct) find(p uint64) int {
	i := int(p * uint64(d.home) >> printBits)
	// An empty slot, less one, is more than any print.
	for i < len(d.words) && d.words[i]-1 < p-1 {
		i++
	}
	return i
}

// put writes p, which is not in the table, to slot i, which find gave, and moves what stands
// there on to the next empty slot.
func (d *Distinct) put(i int, p uint64) {
	end := i
	for end < len(d.words) && d.words[end] != 0 {
		end++
	}
	if end == len(d.words) {
		// Spilled over. It takes bytes that were made up to get here often.
		if len(d.words) < tableMax {
			d.rebuild(nextTable(len(d.words)))
			d.put(d.find(p), p)
			return
		}
		d.words = append(d.words, make([]uint64, len(d.words)/8)...)
	}
	copy(d.words[i+1:end+1], d.words[i:end])
	d.words[i] = p
	d.n++
}

// rebuild moves the prints to a table of so many slots, and more if too many spill over.
func (d *Distinct) rebuild(slots int) {
	old := d.words
	d.words, d.home = make([]uint64, slots), homeOf(slots)
	i := 0
	for _, p := range old {
		if p != 0 {
			i = d.place(i, p)
		}
	}
}

// place writes p to the first free slot from its home that is at least least, and
// returns the slot after it. It serves prints in ascending order into an empty table.
func (d *Distinct) place(least int, p uint64) int {
	i := max(least, int(p*uint64(d.home)>>printBits))
	if i >= len(d.words) {
		d.words = append(d.words, make([]uint64, len(d.words)/4+1)...)
	}
	d.words[i] = p
	return i + 1
}

// reserve makes room for n prints in an empty table.
func (d *Distinct) reserve(n int) {
	slots := len(d.words)
	for 4*n > 3*slots {
		slots = nextTable(slots)
	}
	if slots != len(d.words) {
		d.words = slices.Grow(d.words[:0], slots)[:slots]
		clear(d.words)
	}
	d.home = homeOf(slots)
}
