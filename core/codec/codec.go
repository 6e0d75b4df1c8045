package codec

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/felt-cx/felt"
)

// Piece is about how many bytes an [Encoder] gathers before it writes them, and a [Decoder]
// has read ahead; more only for a single value that is larger.
const Piece = 64 << 10

// Encoder appends values to B. Its zero value keeps everything there; one of [NewEncoder]
// writes B away whenever it has grown to a [Piece].
type Encoder struct {
	B   []byte
	out io.Writer
	err error
}

// NewEncoder returns an encoder that writes to w. Call [Encoder.Flush] at the end.
func NewEncoder(w io.Writer) *Encoder {
	return &Encoder{B: make([]byte, 0, Piece+Piece/4), out: w}
}

// Err is the first error of writing; what is encoded after it goes nowhere.
func (e *Encoder) Err() error { return e.err }

// Flush writes what is left, and returns the first error of writing.
func (e *Encoder) Flush() error {
	if e.out != nil {
		e.pass()
	}
	return e.err
}

// flow makes room when a piece is full.
func (e *Encoder) flow() {
	if len(e.B) >= Piece && e.out != nil {
		e.pass()
	}
}

func (e *Encoder) pass() {
	if e.err == nil && len(e.B) > 0 {
		_, e.err = e.out.Write(e.B)
	}
	e.B = e.B[:0]
}

// Uint appends an unsigned varint.
func (e *Encoder) Uint(v uint64) {
	e.flow()
	e.B = binary.AppendUvarint(e.B, v)
}

// Int appends a signed varint.
func (e *Encoder) Int(v int64) {
	e.flow()
	e.B = binary.AppendVarint(e.B, v)
}

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
func (e *Encoder) Fixed(b []byte) {
	e.flow()
	e.B = append(e.B, b...)
}

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

// Decoder reads what an [Encoder] wrote.
type Decoder struct {
	b   []byte // read and not yet taken
	err error

	in   io.Reader // where more comes from
	more int64     // bytes that it still has to give
	buf  []byte    // what b is a part of
}

// NewDecoder reads b, which must not change meanwhile.
func NewDecoder(b []byte) *Decoder { return &Decoder{b: b} }

// NewReader reads size bytes from r, piece by piece. That there are so many is for the
// caller to know: it bounds what a damaged length can ask for.
func NewReader(r io.Reader, size int64) *Decoder {
	return &Decoder{in: r, more: size, buf: make([]byte, 2*Piece)}
}

// Err is the first error: of reading, or wrapping [felt.ErrCorrupt].
func (d *Decoder) Err() error { return d.err }

// Rest is the number of bytes not taken yet.
func (d *Decoder) Rest() int { return len(d.b) + int(d.more) }

// fill reads until n bytes are there, or all.
func (d *Decoder) fill(n int) {
	if len(d.b) >= n || d.more == 0 {
		return
	}
	buf := d.buf
	if n > len(buf) {
		buf = make([]byte, n)
	}
	have := copy(buf, d.b)
	want := int(min(int64(len(buf)-have), d.more))
	got, err := io.ReadFull(d.in, buf[have:have+want])
	d.b, d.more = buf[:have+got], d.more-int64(got)
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		d.Fail("cut short")
	case err != nil && d.err == nil:
		d.err = fmt.Errorf("snapshot: %w", err)
		d.stop()
	}
}

func (d *Decoder) stop() { d.b, d.more = nil, 0 }

// Fail sets the error if there is none yet: for what only the caller can check.
func (d *Decoder) Fail(what string) {
	if d.err == nil {
		d.err = fmt.Errorf("snapshot: %s, %d bytes before its end: %w", what, d.Rest(), felt.ErrCorrupt)
	}
	d.stop()
}

// Uint reads an unsigned varint.
func (d *Decoder) Uint() uint64 {
	d.fill(binary.MaxVarintLen64)
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
	d.fill(binary.MaxVarintLen64)
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
	if v > uint64(d.Rest()/max(size, 1)) {
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

// Bytes reads bytes with their length; they are valid until the next call.
func (d *Decoder) Bytes() []byte { return d.Fixed(d.Len(1)) }

// String reads a string.
func (d *Decoder) String() string { return string(d.Bytes()) }

// Fixed reads n bytes; nil when they are not there. They are valid until the next call.
func (d *Decoder) Fixed(n int) []byte {
	if n > d.Rest() {
		d.Fail("cut short")
		return nil
	}
	d.fill(n)
	if n > len(d.b) { // reading failed
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
