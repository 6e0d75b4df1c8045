package codec

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"

	"github.com/felt-cx/felt"
)

// Encoder appends values to B.
type Encoder struct{ B []byte }

// Uint appends an unsigned varint.
func (e *Encoder) Uint(v uint64) { e.B = binary.AppendUvarint(e.B, v) }

// Int appends a signed varint.
func (e *Encoder) Int(v int64) { e.B = binary.AppendVarint(e.B, v) }

// Len appends a length or count.
func (e *Encoder) Len(n int) { e.Uint(uint64(n)) }

// Bool appends one byte.
func (e *Encoder) Bool(v bool) {
	if v {
		e.B = append(e.B, 1)
	} else {
		e.B = append(e.B, 0)
	}
}

// Float appends the eight bytes of a float64, so that it comes back bit by bit.
func (e *Encoder) Float(v float64) {
	e.B = binary.LittleEndian.AppendUint64(e.B, math.Float64bits(v))
}

// Word appends the eight bytes of a number that is as likely to be large as small.
func (e *Encoder) Word(v uint64) { e.B = binary.LittleEndian.AppendUint64(e.B, v) }

// Bytes appends b and its length.
func (e *Encoder) Bytes(b []byte) {
	e.Len(len(b))
	e.B = append(e.B, b...)
}

// String appends s and its length.
func (e *Encoder) String(s string) {
	e.Len(len(s))
	e.B = append(e.B, s...)
}

// Fixed appends b without its length: both sides know it.
func (e *Encoder) Fixed(b []byte) { e.B = append(e.B, b...) }

// Hash appends a presence byte and, when there is one, the hash.
func (e *Encoder) Hash(h felt.Hash) {
	e.Bool(!h.IsZero())
	if !h.IsZero() {
		e.Fixed(h[:])
	}
}

// JSON appends v as JSON. It is for the few large rows that are not worth an encoding
// of their own; v must be made of fields that JSON gives back unchanged.
func (e *Encoder) JSON(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		b = nil // an empty value, which Decoder.JSON refuses
	}
	e.Bytes(b)
}

// Begin starts a part whose length is not known yet; give what it returns to End.
func (e *Encoder) Begin() (mark int) {
	e.B = append(e.B, 0, 0, 0, 0)
	return len(e.B)
}

// End ends the part: its length, at most 4 GiB, stands in front of it.
func (e *Encoder) End(mark int) {
	binary.LittleEndian.PutUint32(e.B[mark-4:], uint32(len(e.B)-mark))
}

// Decoder reads what an [Encoder] wrote.
type Decoder struct {
	b   []byte
	err error
}

// NewDecoder reads b, which must not change meanwhile.
func NewDecoder(b []byte) *Decoder { return &Decoder{b: b} }

// Err is the first error, wrapping [felt.ErrCorrupt].
func (d *Decoder) Err() error { return d.err }

// Rest is the number of bytes not read yet.
func (d *Decoder) Rest() int { return len(d.b) }

// Fail sets the error if there is none yet: for what only the caller can check.
func (d *Decoder) Fail(what string) {
	if d.err == nil {
		d.err = fmt.Errorf("snapshot: %s, %d bytes before its end: %w", what, len(d.b), felt.ErrCorrupt)
	}
	d.b = nil
}

// Uint reads an unsigned varint.
func (d *Decoder) Uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.Fail("bad number")
		return 0
	}
	d.b = d.b[n:]
	return v
}

// UintMax reads an unsigned varint that must not be above limit.
func (d *Decoder) UintMax(limit uint64) uint64 {
	v := d.Uint()
	if v > limit {
		d.Fail("number out of range")
		return 0
	}
	return v
}

// Int reads a signed varint.
func (d *Decoder) Int() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.Fail("bad number")
		return 0
	}
	d.b = d.b[n:]
	return v
}

// Len reads a count of things that take at least size bytes each.
func (d *Decoder) Len(size int) int {
	v := d.Uint()
	if v > uint64(len(d.b)/max(size, 1)) {
		d.Fail("more entries than bytes")
		return 0
	}
	return int(v)
}

// Bool reads one byte, 0 or 1.
func (d *Decoder) Bool() bool {
	b := d.Fixed(1)
	if len(b) == 0 {
		return false
	}
	if b[0] > 1 {
		d.Fail("bad flag")
	}
	return b[0] == 1
}

// Float reads a float64.
func (d *Decoder) Float() float64 {
	b := d.Fixed(8)
	if len(b) == 0 {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}

// Word reads what [Encoder.Word] wrote.
func (d *Decoder) Word() uint64 {
	b := d.Fixed(8)
	if len(b) == 0 {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}

// Bytes reads bytes with their length; they alias the input.
func (d *Decoder) Bytes() []byte { return d.Fixed(d.Len(1)) }

// String reads a string.
func (d *Decoder) String() string { return string(d.Bytes()) }

// Fixed reads n bytes; nil when they are not there. They alias the input.
func (d *Decoder) Fixed(n int) []byte {
	if n > len(d.b) {
		d.Fail("cut short")
		return nil
	}
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}

// Hash reads a hash.
func (d *Decoder) Hash() (h felt.Hash) {
	if d.Bool() {
		copy(h[:], d.Fixed(len(h)))
	}
	return h
}

// JSON reads a value written by [Encoder.JSON] into v.
func (d *Decoder) JSON(v any) {
	b := d.Bytes()
	if d.err != nil {
		return
	}
	if err := json.Unmarshal(b, v); err != nil {
		d.Fail("bad row: " + err.Error())
	}
}

// Part returns a decoder of a part written between Begin and End.
func (d *Decoder) Part() *Decoder {
	n := d.Fixed(4)
	if len(n) == 0 {
		return &Decoder{err: d.err}
	}
	return &Decoder{b: d.Fixed(int(binary.LittleEndian.Uint32(n))), err: d.err}
}

// Adopt takes over the error of a decoder of a part.
func (d *Decoder) Adopt(part *Decoder) {
	if d.err == nil {
		d.err = part.err
	}
	d.b = nil
}
