package otlp

import (
	"encoding/binary"
	"hash/maphash"
	"strings"
)

// table is an open-addressing hash table of small numbers, whose keys its owner keeps.
// A slot is the upper half of the key's hash and the number + 1; zero is empty.
type table struct {
	slots []uint64
	n     int
}

// find walks the slots of a hash: number, true for each that may be it.
// Callers compare and go on with the place returned.
func (t *table) start(h uint64) int { return int(h) & (len(t.slots) - 1) }

// put adds a number that is not there, growing as rehash says.
func (t *table) put(h uint64, n uint32) {
	at := t.start(h)
	for t.slots[at] != 0 {
		at = (at + 1) & (len(t.slots) - 1)
	}
	t.slots[at] = h&^0xffffffff | uint64(n+1)
	t.n++
}

func (t *table) full() bool { return t.n*2 >= len(t.slots) }

// lately is how much of something was in use in the rounds up to now: the most, fading.
type lately int

// fades is of how many parts lately loses one in a round; keptSmall is what is kept in any case.
const (
	fades     = 16
	keptSmall = 1 << 13
)

// far takes how much was in use this round, and tells that what there is room for is far more than
// was needed lately: so one giant among the requests does not stay in memory.
func (l *lately) far(used, room int) bool {
	*l = max(lately(used), *l-(*l+fades-1)/fades)
	return room > keptSmall && room/4 > int(*l)
}

// clear empties the table for about n entries, and lets go of one that is far too big.
func (t *table) clear(n int) {
	size := 256
	for size < n*2 {
		size *= 2
	}
	if size > len(t.slots) || len(t.slots) > keptSmall && size < len(t.slots)/4 {
		t.slots = make([]uint64, size)
	} else {
		clear(t.slots)
	}
	t.n = 0
}

// statics are the static texts as one packer or reader holds them.
func splitStatics() []string {
	return append([]string{""}, strings.Split(staticTexts, "\n")...)
}

// dict is the dictionary of one block: each text once.
type dict struct {
	seed   maphash.Seed
	static []string
	hashes []uint64 // of the static texts
	table  table
	buf    []byte // length and bytes of each dynamic text, as in the block
	ents   []entry
	bytes  lately // of buf
	texts  lately
}

type entry struct {
	lo, n uint32
	hash  uint64
}

func (d *dict) reset(seed maphash.Seed, static []string, hashes []uint64) {
	d.seed, d.static, d.hashes = seed, static, hashes
	if d.bytes.far(len(d.buf), cap(d.buf)) {
		d.buf = nil
	}
	if d.texts.far(len(d.ents), cap(d.ents)) {
		d.ents = nil
	}
	d.buf, d.ents = d.buf[:0], d.ents[:0]
	d.rehash(int(d.texts))
}

// rehash makes the table anew for the entries and about n more.
func (d *dict) rehash(n int) {
	d.table.clear(max(n, len(d.ents)) + len(d.static))
	for i, h := range d.hashes[1:] {
		d.table.put(h, uint32(i+1))
	}
	for i, e := range d.ents {
		d.table.put(e.hash, uint32(len(d.static)+i))
	}
}

// find returns the index of a text; false when it is not there.
func (d *dict) find(b []byte, h uint64) (Text, bool) {
	t := &d.table
	mask := len(t.slots) - 1
	for at := int(h) & mask; ; at = (at + 1) & mask {
		s := t.slots[at]
		if s == 0 {
			return 0, false
		}
		if (s^h)>>32 != 0 {
			continue
		}
		n := uint32(s) - 1
		if int(n) < len(d.static) {
			if d.static[n] == string(b) {
				return Text(n), true
			}
			continue
		}
		if e := &d.ents[int(n)-len(d.static)]; string(d.buf[e.lo:e.lo+e.n]) == string(b) {
			return Text(n), true
		}
	}
}

// at is the text of an index.
func (d *dict) at(t Text) []byte {
	if int(t) < len(d.static) {
		return []byte(d.static[t])
	}
	e := &d.ents[int(t)-len(d.static)]
	return d.buf[e.lo : e.lo+e.n]
}

func (d *dict) hash(b []byte) uint64 { return maphash.Bytes(d.seed, b) }

// add appends a text that is not there.
func (d *dict) add(b []byte, h uint64) Text {
	if d.table.full() {
		d.rehash(2 * len(d.ents))
	}
	d.buf = binary.AppendUvarint(d.buf, uint64(len(b)))
	lo := len(d.buf)
	d.buf = append(d.buf, b...)
	n := uint32(len(d.static) + len(d.ents))
	d.ents = append(d.ents, entry{uint32(lo), uint32(len(b)), h})
	d.table.put(h, n)
	return Text(n)
}

// clean adds a text that is known to need no redaction.
func (d *dict) clean(b []byte) Text {
	if len(b) == 0 {
		return 0
	}
	h := d.hash(b)
	if t, ok := d.find(b, h); ok {
		return t
	}
	return d.add(b, h)
}

// truncate takes back every text after the first n dynamic ones.
func (d *dict) truncate(n int) {
	if n == len(d.ents) {
		return
	}
	d.buf = d.buf[:d.ents[n].lo-uint32(uvarintLen(uint64(d.ents[n].n)))]
	d.ents = d.ents[:n]
	d.rehash(n)
}

func uvarintLen(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// words16 is the dictionary of 16-byte ids (traces, hashes), and words8 of span ids.
type words16 struct {
	table  table
	list   [][16]byte
	lately lately
}

func (w *words16) reset() {
	if w.lately.far(len(w.list), cap(w.list)) {
		w.list = nil
	}
	w.list = w.list[:0]
	w.table.clear(int(w.lately))
}

func (w *words16) hash(k *[16]byte, salt uint64) uint64 {
	return fold(binary.LittleEndian.Uint64(k[:8])^salt, binary.LittleEndian.Uint64(k[8:])^0x9e3779b97f4a7c15)
}

// index returns the place of k, which is the number of places before when it is new.
func (w *words16) index(k *[16]byte, salt uint64) (int, bool) {
	h := w.hash(k, salt)
	mask := len(w.table.slots) - 1
	for at := int(h) & mask; ; at = (at + 1) & mask {
		s := w.table.slots[at]
		if s == 0 {
			break
		}
		if (s^h)>>32 == 0 && w.list[uint32(s)-1] == *k {
			return int(uint32(s) - 1), true
		}
	}
	w.list = append(w.list, *k)
	if w.table.full() {
		w.rehash(salt)
	} else {
		w.table.put(h, uint32(len(w.list)-1))
	}
	return len(w.list) - 1, false
}

func (w *words16) rehash(salt uint64) {
	w.table.clear(2 * len(w.list))
	for i := range w.list {
		w.table.put(w.hash(&w.list[i], salt), uint32(i))
	}
}

func (w *words16) truncate(n int, salt uint64) {
	if n < len(w.list) {
		w.list = w.list[:n]
		w.rehash(salt)
	}
}

type words8 struct {
	table  table
	list   []uint64
	lately lately
}

func (w *words8) reset() {
	if w.lately.far(len(w.list), cap(w.list)) {
		w.list = nil
	}
	w.list = w.list[:0]
	w.table.clear(int(w.lately))
}

func (w *words8) index(k, salt uint64) (int, bool) {
	h := fold(k^salt, 0x9e3779b97f4a7c15)
	mask := len(w.table.slots) - 1
	for at := int(h) & mask; ; at = (at + 1) & mask {
		s := w.table.slots[at]
		if s == 0 {
			break
		}
		if (s^h)>>32 == 0 && w.list[uint32(s)-1] == k {
			return int(uint32(s) - 1), true
		}
	}
	w.list = append(w.list, k)
	if w.table.full() {
		w.rehash(salt)
	} else {
		w.table.put(h, uint32(len(w.list)-1))
	}
	return len(w.list) - 1, false
}

func (w *words8) rehash(salt uint64) {
	w.table.clear(2 * len(w.list))
	for i, k := range w.list {
		w.table.put(fold(k^salt, 0x9e3779b97f4a7c15), uint32(i))
	}
}

func (w *words8) truncate(n int, salt uint64) {
	if n < len(w.list) {
		w.list = w.list[:n]
		w.rehash(salt)
	}
}
