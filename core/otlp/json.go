package otlp

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
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
		w.i = invalidAt(body)
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

// invalidAt is the place of the first byte that is not UTF-8.
func invalidAt(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
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
