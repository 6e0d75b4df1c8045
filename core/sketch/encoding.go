package sketch

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrCorrupt is wrapped by every error about bytes that no sketch has written.
var ErrCorrupt = errors.New("sketch: not a sketch")

// Every encoding begins with the version of the format and the kind of sketch.
const (
	version    = 1
	headerSize = 2

	kindExact   = 1 // a Distinct, by prints
	kindDense   = 2 // a Distinct, by registers
	kindLatency = 3
)

// kindOf checks the header and returns the kind.
func kindOf(b []byte) (byte, error) {
	if len(b) < headerSize {
		return 0, fmt.Errorf("%w: %d bytes, at least %d expected", ErrCorrupt, len(b), headerSize)
	}
	if b[0] != version {
		return 0, fmt.Errorf("%w: format version %d, this program reads version %d", ErrCorrupt, b[0], version)
	}
	return b[1], nil
}

// Exact, the header is followed by the prints in ascending order, 6 bytes each with the
// most significant first.
//
// Dense, it is followed by the base (the least register), then half a byte for each
// register, the first in the low half: how far it is above the base. 15 stands for 15 or more;
// for each of those, in order, one byte follows with what is missing. At any number of customers
// nearly all registers lie within 15 of the least, so this is some 8.2 KB, half of memory.
const (
	printSize = printBits / 8
	baseAt    = headerSize
	halvesAt  = baseAt + 1
	extrasAt  = halvesAt + registers/2
	escape    = 15
)

// AppendBinary appends the canonical encoding to dst: 2 bytes, and 6 for each customer
// while exact, else some 8,200 bytes. It is the same for the same customers.
func (d *Distinct) AppendBinary(dst []byte) []byte {
	if d.dense {
		return d.appendDense(dst)
	}
	dst = append(dst, version, kindExact)
	for _, p := range d.words {
		if p != 0 {
			dst = append(dst, byte(p>>40), byte(p>>32), byte(p>>24), byte(p>>16), byte(p>>8), byte(p))
		}
	}
	return dst
}

func (d *Distinct) appendDense(dst []byte) []byte {
	base := d.leastRegister()
	dst = append(dst, version, kindDense, byte(base))
	halves := len(dst)
	dst = append(dst, make([]byte, registers/2)...)
	for i, w := range d.words {
		w -= base * everyByte
		if escapes(w) != 0 {
			for shift := 0; shift < 64; shift += 8 {
				if v := w >> shift & 0xff; v >= escape {
					dst = append(dst, byte(v-escape))
					w -= (v - escape) << shift
				}
			}
		}
		binary.LittleEndian.PutUint32(dst[halves+4*i:], packHalves(w))
	}
	return dst
}

func (d *Distinct) leastRegister() uint64 {
	w := uint64(registerMax * everyByte)
	for _, x := range d.words {
		w = minBytes(w, x)
	}
	return leastByte(w)
}

func leastByte(w uint64) uint64 {
	w = minBytes(w, w>>32) // of the low half; the same below
	w = minBytes(w, w>>16)
	w = minBytes(w, w>>8)
	return w & 0xff
}

// escapes has the top bit set of each byte that is 15 or more (and below 113).
func escapes(w uint64) uint64 { return (w + (0x80-escape)*everyByte) & topBits }

// packHalves moves the low halves of eight bytes together.
func packHalves(w uint64) uint32 {
	w = (w | w>>4) & 0x00ff00ff00ff00ff
	w = (w | w>>8) & 0x0000ffff0000ffff
	return uint32(w | w>>16)
}

func unpackHalves(x uint32) uint64 {
	w := uint64(x)
	w = (w | w<<16) & 0x0000ffff0000ffff
	w = (w | w<<8) & 0x00ff00ff00ff00ff
	return (w | w<<4) & (escape * everyByte)
}

// ParseDistinct decodes what [Distinct.AppendBinary] has written, which must be all of b.
func ParseDistinct(b []byte) (Distinct, error) {
	var d Distinct
	err := d.MergeBinary(b)
	return d, err
}

// MergeBinary adds every customer of the encoded sketch b, as parsing and merging would, but
// without memory for the parsed one. After an error d is as it was before.
func (d *Distinct) MergeBinary(b []byte) error {
	kind, err := kindOf(b)
	if err != nil {
		return err
	}
	switch kind {
	case kindExact:
		return d.mergeExact(b[headerSize:])
	case kindDense:
		return d.mergeDense(b)
	default:
		return fmt.Errorf("%w of distinct customers: its kind is %d, expected %d or %d", ErrCorrupt, kind, kindExact, kindDense)
	}
}

func (d *Distinct) mergeExact(b []byte) error {
	n := len(b) / printSize
	if len(b)%printSize != 0 || n > ExactLimit {
		return fmt.Errorf("%w of distinct customers: %d bytes of prints, expected %d for each of at most %d",
			ErrCorrupt, len(b), printSize, ExactLimit)
	}
	last := uint64(0)
	for i := range n {
		p := printAt(b, i)
		if p <= last {
			return fmt.Errorf("%w of distinct customers: print %d is not above the one before", ErrCorrupt, i)
		}
		last = p
	}
	if !d.dense && d.n == 0 {
		d.reserve(n)
		at := 0
		for i := range n {
			at = d.place(at, printAt(b, i))
		}
		d.n = uint16(n)
		return nil
	}
	for i := range n {
		if p := printAt(b, i); d.dense {
			d.raise(p)
		} else {
			d.insert(p)
		}
	}
	return nil
}

func printAt(b []byte, i int) uint64 {
	b = b[i*printSize : (i+1)*printSize]
	return uint64(binary.BigEndian.Uint16(b))<<32 | uint64(binary.BigEndian.Uint32(b[2:]))
}

func (d *Distinct) mergeDense(b []byte) error {
	var regs [denseWords]uint64
	if err := decodeDense(&regs, b); err != nil {
		return err
	}
	if !d.dense {
		d.densify()
	}
	for i, w := range &regs {
		d.words[i] = maxBytes(d.words[i], w)
	}
	return nil
}

// decodeDense decodes the registers, and finds what appendDense cannot have written: another
// length, a base that no register has, a register above the maximum, a sketch of nobody.
func decodeDense(regs *[denseWords]uint64, b []byte) error {
	if len(b) < extrasAt {
		return fmt.Errorf("%w of distinct customers: %d bytes, at least %d expected for its registers", ErrCorrupt, len(b), extrasAt)
	}
	base, halves, extras := uint64(b[baseAt]), b[halvesAt:extrasAt], b[extrasAt:]
	if base > registerMax {
		return fmt.Errorf("%w of distinct customers: the least register is %d, at most %d expected", ErrCorrupt, base, registerMax)
	}
	least, greatest := uint64(escape*everyByte), uint64(0)
	for i := range regs {
		w := unpackHalves(binary.LittleEndian.Uint32(halves[4*i:]))
		if escapes(w) != 0 {
			var ok bool
			if w, extras, ok = addExtras(w, extras); !ok {
				return fmt.Errorf("%w of distinct customers: the bytes end before its last register, or it is above %d", ErrCorrupt, registerMax)
			}
		}
		least, greatest = minBytes(least, w), maxBytes(greatest, w)
		regs[i] = w + base*everyByte
	}
	switch {
	case len(extras) > 0:
		return fmt.Errorf("%w of distinct customers: %d bytes after its last register", ErrCorrupt, len(extras))
	case overflows(greatest + base*everyByte):
		return fmt.Errorf("%w of distinct customers: a register is above %d", ErrCorrupt, registerMax)
	case leastByte(least) != 0:
		return fmt.Errorf("%w of distinct customers: no register is as low as its base %d", ErrCorrupt, base)
	case base == 0 && greatest == 0:
		return fmt.Errorf("%w of distinct customers: no register is set", ErrCorrupt)
	}
	return nil
}

// addExtras adds to each byte of w that is 15 what one extra says is missing, and returns
// the extras that are left; false when there is none, or one that is too high.
func addExtras(w uint64, extras []byte) (uint64, []byte, bool) {
	for shift := 0; shift < 64; shift += 8 {
		if w>>shift&0xff != escape {
			continue
		}
		if len(extras) == 0 || extras[0] > registerMax-escape {
			return 0, nil, false
		}
		w += uint64(extras[0]) << shift
		extras = extras[1:]
	}
	return w, extras, true
}

// overflows tells whether a byte of w (all below 93) is above the maximum of a register.
func overflows(w uint64) bool { return (w+(0x7f-registerMax)*everyByte)&topBits != 0 }
