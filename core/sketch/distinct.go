package sketch

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unsafe"
)

// ExactLimit is the number of customers up to which a [Distinct] counts exactly.
// It is part of the encoding: changing it needs a new format version.
const ExactLimit = 1536

const (
	printBits    = 48 // of a customer's hash that are kept
	registerBits = 14 // of a print that choose its register
	registers    = 1 << registerBits
	registerMax  = printBits - registerBits + 1 // the value for a print whose other bits are all zero
	denseWords   = registers / 8                // eight registers of a byte each in a word
)

// Distinct counts distinct customers. Its zero value is empty and ready to use.
//
// It has two forms. Exact, words is a hash table of prints (see table.go). Dense, words
// holds the registers, a byte each, the lowest byte first. One slice serves both, so that
// a pooled sketch needs no memory of its own for either form, and the struct is 32 bytes:
// there are tens of thousands of them.
type Distinct struct {
	words []uint64
	home  uint32 // slots that a print can hash to; the rest of words takes what spills over
	n     uint16 // prints in the table
	dense bool
}

// Add counts the customer with this hash, once however often it is added. The hash
// should be a keyed one, so that nobody can choose ids that spoil the count. Whatever
// spreads over any of its bits is good enough: it is mixed again here.
func (d *Distinct) Add(h [16]byte) {
	p := printOf(h)
	if d.dense {
		d.raise(p)
		return
	}
	d.insert(p)
}

// printOf condenses a hash to 48 well-mixed bits, never 0 (0 is an empty slot). The mixing
// is wyhash's: two rounds of 64 x 64 -> 128 bit multiplication, folded.
func printOf(h [16]byte) uint64 {
	const k0, k1 = 0xa0761d6478bd642f, 0xe7037ed1a0b428db
	hi, lo := bits.Mul64(binary.LittleEndian.Uint64(h[:8])^k0, binary.LittleEndian.Uint64(h[8:])^k1)
	hi, lo = bits.Mul64(hi^k1, lo^k0)
	return max((hi^lo)>>(64-printBits), 1)
}

// raise lifts the register of p, if p has the longest run of zeros there so far.
func (d *Distinct) raise(p uint64) {
	const rest = printBits - registerBits
	i := p >> rest
	// The bit after the last of the rest ends every run.
	run := uint64(bits.LeadingZeros64(p<<(64-rest)|1<<(63-rest))) + 1
	shift := i % 8 * 8
	w := &d.words[i/8]
	if old := *w >> shift & 0xff; run > old {
		*w += (run - old) << shift
	}
}

// densify turns the table into registers, in the same memory when that fits.
func (d *Distinct) densify() {
	var prints [ExactLimit]uint64
	n := 0
	for _, w := range d.words {
		if w != 0 {
			prints[n] = w
			n++
		}
	}
	d.makeDense()
	for _, p := range prints[:n] {
		d.raise(p)
	}
}

func (d *Distinct) makeDense() {
	if cap(d.words) >= denseWords {
		d.words = d.words[:denseWords]
		clear(d.words)
	} else {
		d.words = make([]uint64, denseWords)
	}
	d.dense, d.n, d.home = true, 0, 0
}

// Merge adds every customer of other, which it leaves as it is.
func (d *Distinct) Merge(other *Distinct) {
	if other.dense {
		if !d.dense {
			d.densify()
		}
		for i, w := range other.words {
			d.words[i] = maxBytes(d.words[i], w)
		}
		return
	}
	for _, p := range other.words {
		switch {
		case p == 0:
		case d.dense:
			d.raise(p)
		default:
			d.insert(p)
		}
	}
}

// Reset empties the sketch and keeps its memory for the next use.
func (d *Distinct) Reset() {
	d.words = d.words[:min(len(d.words), denseWords)]
	clear(d.words)
	d.home, d.n, d.dense = homeOf(len(d.words)), 0, false
}

// Clone returns a copy that shares nothing with d.
func (d *Distinct) Clone() Distinct {
	c := *d
	c.words = slices.Clone(d.words)
	return c
}

// Size is the memory the sketch takes, in bytes, itself included: 32 when empty, 64 with
// one customer, some 400 with thirty, and 16,416 when it is dense.
func (d *Distinct) Size() int { return int(unsafe.Sizeof(*d)) + 8*cap(d.words) }

// Exact tells whether every customer is held by its print, so that the count is exact.
func (d *Distinct) Exact() bool { return !d.dense }

// The next two work on eight bytes at once. All bytes are below 128, so the subtraction
// in one cannot borrow from its neighbour, and its top bit tells which is greater.

const (
	everyByte = 0x0101010101010101
	topBits   = 0x80 * everyByte
)

func maxBytes(a, b uint64) uint64 {
	keepA := ((a | topBits) - b) & topBits >> 7 * 0xff // 0xff in each byte where a >= b
	return a&keepA | b&^keepA
}

func minBytes(a, b uint64) uint64 {
	keepB := ((a | topBits) - b) & topBits >> 7 * 0xff
	return b&keepB | a&^keepB
}
