package spangen

import (
	"encoding/binary"
	"math"
	"slices"
)

// OTLP field numbers, from opentelemetry/proto/trace/v1/trace.proto and
// common/v1/common.proto.
const (
	requestResourceSpans = 1

	resourceSpansResource   = 1
	resourceSpansScopeSpans = 2
	resourceSpansSchemaURL  = 3

	resourceAttributes = 1

	scopeSpansScope = 1
	scopeSpansSpans = 2

	scopeName    = 1
	scopeVersion = 2

	spanTraceID    = 1
	spanID         = 2
	spanParent     = 4
	spanName       = 5
	spanKind       = 6
	spanStart      = 7
	spanEnd        = 8
	spanAttributes = 9
	spanEvents     = 11
	spanStatus     = 15
	spanFlags      = 16

	eventTime       = 1
	eventName       = 2
	eventAttributes = 3

	statusMessage = 2
	statusCode    = 3

	keyValueKey   = 1
	keyValueValue = 2

	anyString = 1
	anyBool   = 2
	anyInt    = 3
	anyDouble = 4
)

// Protobuf wire types.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// mark is the place of one span's changing fields in its request.
type mark struct {
	traceID    uint32 // 16 bytes, of which the last 8 change
	start, end uint32 // fixed64
	event      uint32 // fixed64, at the span's end; 0: the span has no event
	// startAt and endAt are nanoseconds relative to the time of the span's wave.
	startAt, endAt int64
}

// who is the place of the customer's two identities in a browser span.
type who struct {
	user    uint32 // userDigits bytes: the customer's number
	session uint32 // 36 bytes: a UUID as text
	visit   int32  // index into Set.visits
}

// writer builds one request and remembers the places of what changes.
type writer struct {
	buf   []byte
	marks []mark
	whos  []who
}

func (w *writer) tag(field, wire int) {
	w.buf = binary.AppendUvarint(w.buf, uint64(field)<<3|uint64(wire))
}

func (w *writer) varint(field int, v uint64) {
	w.tag(field, wireVarint)
	w.buf = binary.AppendUvarint(w.buf, v)
}

// fixed64 writes a fixed64 field and returns the place of its 8 bytes.
func (w *writer) fixed64(field int, v uint64) uint32 {
	w.tag(field, wireFixed64)
	at := len(w.buf)
	w.buf = binary.LittleEndian.AppendUint64(w.buf, v)
	return uint32(at)
}

func (w *writer) fixed32(field int, v uint32) {
	w.tag(field, wireFixed32)
	w.buf = binary.LittleEndian.AppendUint32(w.buf, v)
}

// bytes writes a bytes field and returns the place of its first byte.
func (w *writer) bytes(field int, v []byte) uint32 {
	w.tag(field, wireBytes)
	w.buf = binary.AppendUvarint(w.buf, uint64(len(v)))
	at := len(w.buf)
	w.buf = append(w.buf, v...)
	return uint32(at)
}

func (w *writer) text(field int, v string) uint32 {
	w.tag(field, wireBytes)
	w.buf = binary.AppendUvarint(w.buf, uint64(len(v)))
	at := len(w.buf)
	w.buf = append(w.buf, v...)
	return uint32(at)
}

// message writes what body writes as one nested message. Its length is only
// known afterwards, so the header is put in front of it then, and all places
// behind it move by as much, which is what it returns.
func (w *writer) message(field int, body func()) uint32 {
	at := len(w.buf)
	body()
	var scratch [16]byte
	header := binary.AppendUvarint(scratch[:0], uint64(field)<<3|wireBytes)
	header = binary.AppendUvarint(header, uint64(len(w.buf)-at))
	w.buf = slices.Insert(w.buf, at, header...)
	by := uint32(len(header))
	for i := len(w.marks) - 1; i >= 0 && w.marks[i].traceID >= uint32(at); i-- {
		w.marks[i].traceID += by
		w.marks[i].start += by
		w.marks[i].end += by
		if w.marks[i].event != 0 {
			w.marks[i].event += by
		}
	}
	for i := len(w.whos) - 1; i >= 0 && w.whos[i].user >= uint32(at); i-- {
		w.whos[i].user += by
		w.whos[i].session += by
	}
	return by
}

// attrs writes the attributes of one message under one field number.
type attrs struct {
	w     *writer
	field int
}

// keyValue opens a KeyValue whose AnyValue takes size bytes.
func (a attrs) keyValue(key string, size int) {
	w := a.w
	inner := 1 + uvarintLen(len(key)) + len(key) + 1 + uvarintLen(size) + size
	w.tag(a.field, wireBytes)
	w.buf = binary.AppendUvarint(w.buf, uint64(inner))
	w.text(keyValueKey, key)
	w.tag(keyValueValue, wireBytes)
	w.buf = binary.AppendUvarint(w.buf, uint64(size))
}

// str returns the place of the text.
func (a attrs) str(key, v string) uint32 {
	a.keyValue(key, 1+uvarintLen(len(v))+len(v))
	return a.w.text(anyString, v)
}

func (a attrs) num(key string, v int) {
	a.keyValue(key, 1+uvarintLen(v))
	a.w.varint(anyInt, uint64(v))
}

func (a attrs) flag(key string, v bool) {
	n := uint64(0)
	if v {
		n = 1
	}
	a.keyValue(key, 2)
	a.w.varint(anyBool, n)
}

func (a attrs) float(key string, v float64) {
	a.keyValue(key, 9)
	a.w.fixed64(anyDouble, math.Float64bits(v))
}

func uvarintLen(v int) int {
	n := 1
	for u := uint64(v); u >= 0x80; u >>= 7 {
		n++
	}
	return n
}
