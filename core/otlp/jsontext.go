package otlp

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// numbers reads a repeated number, packed.
func (w *jsonWalk) numbers(f *jsonField) error {
	w.tag(f, wireBytes)
	one := jsonField{kind: map[jsonKind]jsonKind{jFixed64s: jFixed64, jDoubles: jDouble, jInts: jInt}[f.kind]}
	return w.sized(func() error {
		return w.list('[', ']', func() error {
			s, quoted, err := w.literal()
			if err != nil {
				return err
			}
			return w.appendNumber(&one, s, quoted)
		})
	})
}

func (w *jsonWalk) number(f *jsonField) error {
	s, quoted, err := w.literal()
	if err != nil {
		return err
	}
	switch f.kind {
	case jFixed64, jDouble:
		w.tag(f, wire64)
	case jFixed32:
		w.tag(f, wire32)
	default:
		w.tag(f, wireVarint)
	}
	return w.appendNumber(f, s, quoted)
}

// literal reads a number, or a text that stands for one.
func (w *jsonWalk) literal() (s []byte, quoted bool, err error) {
	if w.peek() == '"' {
		s, err = w.str()
		return s, true, err
	}
	at := w.i
	for w.i < len(w.b) && (w.b[w.i]-'0' < 10 || strings.IndexByte("+-.eE", w.b[w.i]) >= 0) {
		w.i++
	}
	if w.i == at || !isJSONNumber(w.b[at:w.i]) {
		w.i = at
		return nil, false, w.bad("not a number")
	}
	return w.b[at:w.i], false, nil
}

// isJSONNumber: JSON's grammar is narrower than Go's.
func isJSONNumber(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	whole := digits(b)
	if whole == 0 || whole > 1 && b[0] == '0' {
		return false
	}
	if b = b[whole:]; len(b) > 0 && b[0] == '.' {
		n := digits(b[1:])
		if n == 0 {
			return false
		}
		b = b[1+n:]
	}
	if len(b) > 0 && b[0]|0x20 == 'e' {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		n := digits(b)
		return n > 0 && n == len(b)
	}
	return len(b) == 0
}

func digits(b []byte) int {
	n := 0
	for n < len(b) && b[n]-'0' < 10 {
		n++
	}
	return n
}

func (w *jsonWalk) appendNumber(f *jsonField, s []byte, quoted bool) error {
	if f.kind == jDouble {
		v, err := strconv.ParseFloat(string(s), 64)
		if err != nil && !math.IsInf(v, 0) {
			return w.bad("not a number")
		}
		w.out = binary.LittleEndian.AppendUint64(w.out, math.Float64bits(v))
		return nil
	}
	u, ok := parseInteger(string(s))
	if !ok && f.kind == jEnum && quoted {
		u, ok = enumNumber(f.enum, string(s))
	}
	if !ok {
		return w.bad("not an integer of 64 bits")
	}
	switch f.kind {
	case jFixed64:
		w.out = binary.LittleEndian.AppendUint64(w.out, u)
	case jFixed32:
		w.out = binary.LittleEndian.AppendUint32(w.out, uint32(u))
	case jZigzag:
		w.out = binary.AppendUvarint(w.out, zigzag(int64(u)))
	default:
		w.out = binary.AppendUvarint(w.out, u)
	}
	return nil
}

// parseInteger takes what fits into an int64 or uint64, also as 1e9 or 5.0.
func parseInteger(s string) (uint64, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return uint64(n), true
	}
	if u, err := strconv.ParseUint(s, 10, 64); err == nil {
		return u, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) >= 1<<63 {
		return 0, false
	}
	return uint64(int64(f)), true
}

func (w *jsonWalk) word(s string) error {
	if !bytes.HasPrefix(w.b[w.i:], []byte(s)) {
		return w.bad("not JSON: expected " + s)
	}
	w.i += len(s)
	return nil
}

// str reads a text. What it returns is valid until the next call.
func (w *jsonWalk) str() ([]byte, error) {
	if err := w.expect('"'); err != nil {
		return nil, err
	}
	at := w.i
	for w.i < len(w.b) {
		switch c := w.b[w.i]; {
		case c == '"':
			w.i++
			return w.b[at : w.i-1], nil
		case c == '\\':
			return w.escaped(at)
		case c < 0x20:
			return nil, w.bad("a control character in a text")
		}
		w.i++
	}
	return nil, w.bad("a text without an end")
}

// escaped goes on with a text that has escapes.
func (w *jsonWalk) escaped(at int) ([]byte, error) {
	w.text = append(w.text[:0], w.b[at:w.i]...)
	for w.i < len(w.b) {
		c := w.b[w.i]
		w.i++
		switch {
		case c == '"':
			return w.text, nil
		case c == '\\':
			if err := w.escape(); err != nil {
				return nil, err
			}
		case c < 0x20:
			return nil, w.bad("a control character in a text")
		default:
			w.text = append(w.text, c)
		}
	}
	return nil, w.bad("a text without an end")
}

func (w *jsonWalk) escape() error {
	if w.i >= len(w.b) {
		return w.bad("a text without an end")
	}
	c := w.b[w.i]
	w.i++
	if n := strings.IndexByte(`"\/bfnrt`, c); n >= 0 {
		w.text = append(w.text, "\"\\/\b\f\n\r\t"[n])
		return nil
	}
	if c != 'u' {
		return w.bad("an unknown escape in a text")
	}
	r, err := w.hex4()
	if err != nil {
		return err
	}
	if utf16.IsSurrogate(r) {
		low := rune(-1)
		if bytes.HasPrefix(w.b[w.i:], []byte(`\u`)) {
			w.i += 2
			if low, err = w.hex4(); err != nil {
				return err
			}
		}
		pair := utf16.DecodeRune(r, low)
		if pair == utf8.RuneError && low >= 0 && !utf16.IsSurrogate(low) {
			w.text = utf8.AppendRune(w.text, utf8.RuneError)
			pair = low
		}
		r = pair
	}
	w.text = utf8.AppendRune(w.text, r)
	return nil
}

func (w *jsonWalk) hex4() (rune, error) {
	if len(w.b)-w.i < 4 {
		return 0, w.bad("a text without an end")
	}
	n, err := strconv.ParseUint(string(w.b[w.i:w.i+4]), 16, 32)
	if err != nil {
		return 0, w.bad("not four hexadecimal digits")
	}
	w.i += 4
	return rune(n), nil
}
