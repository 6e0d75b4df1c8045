package otlp

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/felt-cx/felt"
)

// TracesJSON is Traces for OTLP/JSON: ids in hex, enums as numbers or names, 64-bit
// integers as numbers or texts, unknown fields ignored.
func (p *Packer) TracesJSON(body []byte, now felt.Instant) (Report, error) {
	return p.requestJSON(signalTraces, msgTraces, body, now)
}

// LogsJSON is Logs for OTLP/JSON.
func (p *Packer) LogsJSON(body []byte, now felt.Instant) (Report, error) {
	return p.requestJSON(signalLogs, msgLogs, body, now)
}

// MetricsJSON is Metrics for OTLP/JSON.
func (p *Packer) MetricsJSON(body []byte, now felt.Instant) (Report, error) {
	return p.requestJSON(signalMetrics, msgMetrics, body, now)
}

// requestJSON writes the request as protobuf and packs that: one set of rules for both.
func (p *Packer) requestJSON(s signal, msg jsonMessage, body []byte, now felt.Instant) (Report, error) {
	w := &p.json
	if err := w.transcode(msg, body, p.opt.Limits.Depth); err != nil {
		return Report{}, err
	}
	rep, err := p.request(s, w.out, now)
	if cap(w.out) > 1<<22 {
		w.out = nil
	}
	var bad *BadRequestError
	if errors.As(err, &bad) { // its place is one of the protobuf, which nobody has seen
		return Report{}, &BadRequestError{Path: bad.Path, What: bad.What, Offset: -1}
	}
	return rep, err
}

// jsonWalk writes OTLP/JSON as protobuf.
type jsonWalk struct {
	schema [numMessages]map[string]jsonField
	b      []byte
	i      int
	out    []byte
	text   []byte
	depth  int // objects and arrays that may still be opened
	path   []jsonStep
}

// jsonStep is a field on the way to what is being read, and how often it came.
type jsonStep struct {
	name  string
	index int
}

// jsonLevels is how many objects and arrays one level of a value takes, and what is
// around the outermost value.
const jsonLevels, jsonAround = 4, 16

func (w *jsonWalk) init() {
	for i, fields := range jsonSchema() {
		w.schema[i] = make(map[string]jsonField, 2*len(fields))
		for _, f := range fields {
			w.schema[i][f.name] = f
			w.schema[i][snake(f.name)] = f
		}
	}
}

// snake is the name as in the .proto file.
func snake(name string) string {
	var b strings.Builder
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			b.WriteByte('_')
			c |= 0x20
		}
		b.WriteRune(c)
	}
	return b.String()
}

func (w *jsonWalk) transcode(msg jsonMessage, body []byte, depth int) error {
	if w.schema[0] == nil {
		w.init()
	}
	w.b, w.i, w.out, w.path = body, 0, w.out[:0], w.path[:0]
	w.depth = depth*jsonLevels + jsonAround
	defer func() { w.b = nil }()
	if !utf8.Valid(body) {
		return w.bad("invalid UTF-8")
	}
	if w.space(); w.i == len(body) {
		return nil
	}
	if err := w.object(msg); err != nil {
		return err
	}
	if w.space(); w.i < len(body) {
		return w.bad("something after the end of the JSON object")
	}
	return nil
}

func (w *jsonWalk) bad(what string) error {
	path := ""
	for _, s := range w.path {
		if path != "" {
			path += "."
		}
		path += s.name
		if s.index >= 0 {
			path += "[" + strconv.Itoa(s.index) + "]"
		}
	}
	return &BadRequestError{Path: path, Offset: w.i, What: what}
}

func (w *jsonWalk) space() {
	for w.i < len(w.b) {
		switch w.b[w.i] {
		case ' ', '\t', '\n', '\r':
			w.i++
		default:
			return
		}
	}
}

// peek is the next byte that is not space; 0 at the end.
func (w *jsonWalk) peek() byte {
	w.space()
	if w.i < len(w.b) {
		return w.b[w.i]
	}
	return 0
}

func (w *jsonWalk) expect(c byte) error {
	if w.peek() != c {
		return w.bad("not JSON: expected " + strconv.QuoteRune(rune(c)))
	}
	w.i++
	return nil
}

func (w *jsonWalk) open(c byte) error {
	if w.depth--; w.depth < 0 {
		return w.bad("nested too deep")
	}
	return w.expect(c)
}

// list reads what is between an opening and a closing bracket.
func (w *jsonWalk) list(open, shut byte, item func() error) error {
	if err := w.open(open); err != nil {
		return err
	}
	for first := true; ; first = false {
		if w.peek() == shut && first {
			break
		}
		if err := item(); err != nil {
			return err
		}
		if w.peek() != ',' {
			break
		}
		w.i++
	}
	w.depth++
	return w.expect(shut)
}

// object reads a message.
func (w *jsonWalk) object(msg jsonMessage) error {
	return w.list('{', '}', func() error {
		name, err := w.str()
		if err != nil {
			return err
		}
		f, known := w.schema[msg][string(name)]
		if err := w.expect(':'); err != nil {
			return err
		}
		if !known {
			return w.skip()
		}
		w.path = append(w.path, jsonStep{f.name, -1})
		if err := w.field(&f); err != nil {
			return err
		}
		w.path = w.path[:len(w.path)-1]
		return nil
	})
}

func (w *jsonWalk) tag(f *jsonField, wire uint64) {
	w.out = binary.AppendUvarint(w.out, uint64(f.num)<<3|wire)
}

func (w *jsonWalk) field(f *jsonField) error {
	if w.peek() == 'n' {
		return w.word("null")
	}
	switch f.kind {
	case jMessage:
		if w.peek() != '[' {
			return w.message(f)
		}
		step := &w.path[len(w.path)-1]
		at := len(w.path) - 1
		step.index = 0
		return w.list('[', ']', func() error {
			if err := w.message(f); err != nil {
				return err
			}
			w.path[at].index++
			return nil
		})
	case jFixed64s, jDoubles, jInts:
		return w.numbers(f)
	case jString, jBase64, jHex:
		return w.bytes(f)
	case jBool:
		w.tag(f, wireVarint)
		if w.peek() == 't' {
			w.out = append(w.out, 1)
			return w.word("true")
		}
		w.out = append(w.out, 0)
		return w.word("false")
	default:
		return w.number(f)
	}
}

// message writes a nested message, whose length is known only afterwards.
func (w *jsonWalk) message(f *jsonField) error {
	w.tag(f, wireBytes)
	return w.sized(func() error { return w.object(f.msg) })
}

// sized puts the length of what body writes in front of it.
func (w *jsonWalk) sized(body func() error) error {
	at := len(w.out)
	w.out = append(w.out, 0)
	if err := body(); err != nil {
		return err
	}
	n := len(w.out) - at - 1
	if n < 0x80 {
		w.out[at] = byte(n)
		return nil
	}
	var head [10]byte
	size := binary.PutUvarint(head[:], uint64(n))
	w.out = append(w.out, head[:size-1]...)
	copy(w.out[at+size:], w.out[at+1:at+1+n])
	copy(w.out[at:], head[:size])
	return nil
}

func (w *jsonWalk) bytes(f *jsonField) error {
	s, err := w.str()
	if err != nil {
		return err
	}
	switch f.kind {
	case jHex:
		id, err := hex.AppendDecode(nil, s)
		if err != nil {
			id = []byte{0} // no id: the span is rejected, not the request
		}
		if len(id) == 0 {
			return nil
		}
		s = id
	case jBase64:
		s = bytes.TrimRight(s, "=")
		enc := base64.RawStdEncoding
		if bytes.ContainsAny(s, "-_") {
			enc = base64.RawURLEncoding
		}
		if s, err = enc.AppendDecode(nil, s); err != nil {
			return w.bad("not base64")
		}
	}
	w.tag(f, wireBytes)
	w.out = binary.AppendUvarint(w.out, uint64(len(s)))
	w.out = append(w.out, s...)
	return nil
}

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

// skip passes over a value of an unknown field.
func (w *jsonWalk) skip() error {
	switch c := w.peek(); {
	case c == '{':
		return w.list('{', '}', func() error {
			if _, err := w.str(); err != nil {
				return err
			}
			if err := w.expect(':'); err != nil {
				return err
			}
			return w.skip()
		})
	case c == '[':
		return w.list('[', ']', w.skip)
	case c == '"':
		_, err := w.str()
		return err
	case c == 't':
		return w.word("true")
	case c == 'f':
		return w.word("false")
	case c == 'n':
		return w.word("null")
	}
	_, _, err := w.literal()
	return err
}
