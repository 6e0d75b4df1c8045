package otlp

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"

	"github.com/felt-cx/felt"
)

// ValueKind is the type of a [Value].
type ValueKind uint8

// The kinds of values.
const (
	ValueEmpty ValueKind = iota
	ValueText
	ValueInt
	ValueBool
	ValueDouble
	ValueBytes
	ValueJSON // an array or a map, as JSON in Text; cut off when it was too long
)

// Value is the value of an attribute after redaction.
type Value struct {
	Kind   ValueKind
	Text   Text // ValueText, ValueJSON
	Int    int64
	Bool   bool
	Double float64
	Bytes  []byte // aliases the record's data
}

// Format writes a value as OTLP/JSON does: numbers and flags in words, bytes in base64, nothing as
// "". text gives the texts of the value's block, as [Reader.Text] does.
func (v *Value) Format(text func(Text) []byte) string {
	switch v.Kind {
	case ValueText, ValueJSON:
		return string(text(v.Text))
	case ValueInt:
		return strconv.FormatInt(v.Int, 10)
	case ValueBool:
		return strconv.FormatBool(v.Bool)
	case ValueDouble:
		return strconv.FormatFloat(v.Double, 'g', -1, 64)
	case ValueBytes:
		return base64.StdEncoding.EncodeToString(v.Bytes)
	case ValueEmpty:
	}
	return ""
}

// value reads one value at the reader's place.
func (r *Reader) value(t vtype) (v Value, ok bool) {
	switch t {
	case vText, vJSON:
		v.Kind = ValueText
		if t == vJSON {
			v.Kind = ValueJSON
		}
		v.Text, ok = r.text()
	case vUint, vNegative:
		var n uint64
		n, ok = r.uvarint()
		v.Kind, v.Int = ValueInt, int64(n)
		if t == vNegative {
			v.Int = int64(^n)
		}
	case vBool:
		var b []byte
		if b, ok = r.bytes(1); ok {
			v.Kind, v.Bool = ValueBool, b[0] != 0
		}
	case vDouble:
		var b []byte
		if b, ok = r.bytes(8); ok {
			v.Kind, v.Double = ValueDouble, math.Float64frombits(binary.LittleEndian.Uint64(b))
		}
	case vBytes:
		n, fine := r.uvarint()
		if !fine || n > uint64(len(r.block)) {
			return v, r.corrupt("cut off")
		}
		v.Kind = ValueBytes
		v.Bytes, ok = r.bytes(int(n))
	default:
		ok = true
	}
	return v, ok
}

// walk yields the values of slots at the reader's place, and leaves it behind them.
func (r *Reader) walk(slots []slot, yield func(key Text, v Value)) bool {
	for i := range slots {
		v, ok := r.value(slots[i].typ)
		if !ok {
			return false
		}
		if yield != nil {
			yield(slots[i].key, v)
		}
	}
	return true
}

// at runs f with the reader at another place.
func (r *Reader) atPlace(place int, f func()) {
	at := r.at
	r.at = place
	f()
	if r.err == nil {
		r.at = at
	}
}

// Attributes yields all attributes of the event that Next returned last, as they were
// kept: hashed identities are not among them. Those that the event reads as texts are
// texts, whatever they were sent as.
func (r *Reader) Attributes(yield func(key Text, v Value)) {
	e := &r.event
	if e.typ == 0 || r.err != nil {
		return
	}
	r.atPlace(e.hot, func() { r.walk(r.hotSlots(e.shape), yield) })
	r.atPlace(e.cold, func() { r.walk(r.coldSlots(e.shape), yield) })
}

// ResourceAttributes yields the attributes of the resource of the event or point at hand.
func (r *Reader) ResourceAttributes(yield func(key Text, v Value)) {
	if r.current < 0 || r.err != nil {
		return
	}
	res := &r.resources[r.current]
	r.atPlace(res.values, func() {
		if r.walk(r.hotSlots(res.shape), yield) {
			r.walk(r.coldSlots(res.shape), yield)
		}
	})
}

// Scope is the name and version of the instrumentation scope of the event or point at hand.
func (r *Reader) Scope() (name, version Text) { return r.scope.name, r.scope.version }

// ScopeAttributes yields the attributes of the instrumentation scope.
func (r *Reader) ScopeAttributes(yield func(key Text, v Value)) {
	if r.scope.shape < 0 || r.err != nil {
		return
	}
	r.atPlace(r.scope.values, func() {
		if r.walk(r.hotSlots(r.scope.shape), yield) {
			r.walk(r.coldSlots(r.scope.shape), yield)
		}
	})
}

// SpanEvent is one event of a span.
type SpanEvent struct {
	Time felt.Instant
	Name Text
	read *Reader
	sub  sub
}

// sub is where the attributes of a span event or link are.
type sub struct {
	shape  int32
	values int
}

// Attributes yields the attributes of the span event.
func (e *SpanEvent) Attributes(yield func(key Text, v Value)) { e.read.subAttributes(e.sub, yield) }

// SpanLink is one link of a span.
type SpanLink struct {
	Trace felt.TraceID
	Span  felt.SpanID
	State Text // tracestate
	read  *Reader
	sub   sub
}

// Attributes yields the attributes of the link.
func (l *SpanLink) Attributes(yield func(key Text, v Value)) { l.read.subAttributes(l.sub, yield) }

func (r *Reader) subAttributes(s sub, yield func(key Text, v Value)) {
	if r.err != nil {
		return
	}
	r.atPlace(s.values, func() {
		if r.walk(r.hotSlots(s.shape), yield) {
			r.walk(r.coldSlots(s.shape), yield)
		}
	})
}

// Details reads what of a span only a closer look needs: its events, links and
// tracestate. Both functions may be nil.
func (r *Reader) Details(event func(SpanEvent), link func(SpanLink)) (tracestate Text) {
	e := &r.event
	if e.typ != TypeSpan || !e.hasTail || r.err != nil {
		return 0
	}
	r.atPlace(e.cold, func() {
		if r.walk(r.coldSlots(e.shape), nil) && r.spanEvents(event) && r.spanLinks(link) {
			tracestate, _ = r.text()
		}
	})
	return tracestate
}

func (r *Reader) spanEvents(yield func(SpanEvent)) bool {
	n, ok := r.uvarint()
	if !ok {
		return false
	}
	for range n {
		e := SpanEvent{read: r}
		d, ok := r.uvarint()
		if !ok {
			return false
		}
		e.Time = r.event.start + felt.Instant(unzigzag(d))
		if e.Name, ok = r.text(); !ok || !r.sub(&e.sub) {
			return false
		}
		if yield != nil {
			yield(e)
		}
	}
	return true
}

func (r *Reader) spanLinks(yield func(SpanLink)) bool {
	n, ok := r.bytes(1)
	if !ok {
		return false
	}
	for range n[0] {
		l := SpanLink{read: r}
		b, ok := r.bytes(24)
		if !ok {
			return false
		}
		l.Trace, l.Span = felt.TraceID(b[:16]), felt.SpanID(b[16:])
		if l.State, ok = r.text(); !ok || !r.sub(&l.sub) {
			return false
		}
		if yield != nil {
			yield(l)
		}
	}
	return true
}

// sub notes where a sub-message's values are, and passes over them.
func (r *Reader) sub(s *sub) bool {
	var ok bool
	if s.shape, ok = r.shape(); !ok {
		return false
	}
	s.values = r.at
	return r.skipSlots(r.hotSlots(s.shape)) && r.skipSlots(r.coldSlots(s.shape))
}

// Severity is a log record's severity number as in OTLP: 1..24, 0 unset.
type Severity uint8

// SeverityError is the lowest severity that makes a log record's status an error.
const SeverityError Severity = 17

// Log returns what only a log record has: its severity, as a number and in the
// sender's word, and its body.
func (r *Reader) Log() (severity Severity, word Text, body Value) {
	if r.event.typ != TypeLog {
		return 0, 0, Value{}
	}
	return r.event.severity, r.event.word, r.event.body
}
