package otlp

import (
	"encoding/binary"
	"math/bits"
)

// Protobuf wire types.
const (
	wireVarint = 0
	wire64     = 1
	wireBytes  = 2
	wire32     = 5
)

// field is one field of a protobuf message. For wireBytes its content is [lo, hi) of
// the message, else num holds it.
type field struct {
	tag    uint32 // field number << 3 | wire type
	lo, hi int
	num    uint64
}

// What can be wrong with the bytes of a message; kept as small numbers so that the
// walk never allocates.
type fault uint8

const (
	faultNone fault = iota
	faultTruncated
	faultVarint
	faultGroup
	faultTag
)

func (f fault) String() string {
	switch f {
	case faultTruncated:
		return "truncated: a field is longer than what holds it"
	case faultVarint:
		return "a varint is longer than 10 bytes"
	case faultGroup:
		return "protobuf groups are not allowed"
	case faultTag:
		return "not a protobuf field"
	case faultNone:
	}
	return "no fault"
}

// uvarint reads a varint at b[i:]; the new place is negative when there is none.
func uvarint(b []byte, i int) (uint64, int) {
	if i < len(b) && b[i] < 0x80 {
		return uint64(b[i]), i + 1
	}
	return uvarintSlow(b, i)
}

func uvarintSlow(b []byte, i int) (uint64, int) {
	var v uint64
	for shift := uint(0); shift < 70; shift += 7 {
		if i >= len(b) {
			return 0, -int(faultTruncated)
		}
		c := b[i]
		i++
		v |= uint64(c&0x7f) << (shift & 63)
		if c < 0x80 {
			if shift == 63 && c > 1 {
				return 0, -int(faultVarint)
			}
			return v, i
		}
	}
	return 0, -int(faultVarint)
}

// next reads the field at b[i:] into f and returns the place behind it, which is
// negative (a fault) when there is no well-formed one.
func next(b []byte, i int, f *field) int {
	tag := uint64(b[i])
	if tag < 0x80 {
		i++
	} else if tag, i = uvarintSlow(b, i); i < 0 {
		return i
	}
	if tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return -int(faultTag)
	}
	f.tag = uint32(tag)
	switch tag & 7 {
	case wireBytes:
		var n uint64
		if n, i = uvarint(b, i); i < 0 {
			return i
		}
		if n > uint64(len(b)-i) {
			return -int(faultTruncated)
		}
		f.lo, f.hi = i, i+int(n)
		return f.hi
	case wireVarint:
		f.num, i = uvarint(b, i)
		return i
	case wire64:
		if len(b)-i < 8 {
			return -int(faultTruncated)
		}
		f.num = binary.LittleEndian.Uint64(b[i:])
		return i + 8
	case wire32:
		if len(b)-i < 4 {
			return -int(faultTruncated)
		}
		f.num = uint64(binary.LittleEndian.Uint32(b[i:]))
		return i + 4
	case 3, 4:
		return -int(faultGroup)
	}
	return -int(faultTag)
}

func zigzag(v int64) uint64   { return uint64(v)<<1 ^ uint64(v>>63) }
func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// fold mixes two words into one, as wyhash does.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
