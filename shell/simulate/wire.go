package simulate

import (
	"encoding/binary"
	"math"
)

// OTLP field numbers, from opentelemetry/proto.
const (
	requestResource = 1 // of all three requests: ResourceSpans, ResourceLogs, ResourceMetrics

	resourceResource = 1
	resourceScope    = 2 // ScopeSpans, ...
	scopeScope       = 1
	scopeItems       = 2 // spans, log records, metrics

	resourceAttributes = 1
	scopeNameField     = 1

	spanTraceID    = 1
	spanSpanID     = 2
	spanParentID   = 4
	spanName       = 5
	spanKind       = 6
	spanStart      = 7
	spanEnd        = 8
	spanAttributes = 9
	spanStatus     = 15

	statusMessage = 2
	statusCode    = 3

	logTime       = 1
	logSeverity   = 2
	logLevel      = 3
	logBody       = 5
	logAttributes = 6
	logTraceID    = 9
	logSpanID     = 10
	logEventName  = 12

	metricName      = 1
	metricUnit      = 3
	metricGauge     = 5
	metricSum       = 7
	metricHistogram = 9

	dataPoints      = 1
	dataTemporality = 2
	dataMonotonic   = 3

	pointStart       = 2
	pointTime        = 3
	pointDouble      = 4
	pointAttributes  = 7
	bucketCount      = 4
	bucketSum        = 5
	bucketCounts     = 6
	bucketBounds     = 7
	bucketAttributes = 9

	keyValueKey   = 1
	keyValueValue = 2
	anyString     = 1
	anyInt        = 3
)

// Protobuf wire types.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
)

// delta is the temporality of what counts since the last time.
const delta = 1

// Kinds of spans, as OTLP numbers them.
const (
	kindInternal = 1
	kindServer   = 2
	kindClient   = 3
	kindConsumer = 5
)

const statusError = 2

func appendTag(b []byte, field, wire int) []byte {
	return binary.AppendUvarint(b, uint64(field)<<3|uint64(wire)) //nolint:gosec // small and positive
}

func appendVarint(b []byte, field int, v uint64) []byte {
	return binary.AppendUvarint(appendTag(b, field, wireVarint), v)
}

func appendFixed(b []byte, field int, v uint64) []byte {
	return binary.LittleEndian.AppendUint64(appendTag(b, field, wireFixed64), v)
}

func appendDouble(b []byte, field int, v float64) []byte {
	return appendFixed(b, field, math.Float64bits(v))
}

// appendBytes writes a text, bytes, or a message that is there already.
func appendBytes[T string | []byte](b []byte, field int, v T) []byte {
	b = appendTag(b, field, wireBytes)
	b = binary.AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}

// appendText writes an attribute.
func appendText[T string | []byte](b []byte, field int, key string, v T) []byte {
	size := 1 + uvarintLen(len(v)) + len(v)
	b = appendKey(b, field, key, size)
	return appendBytes(b, anyString, v)
}

// appendInt writes an attribute that is a number of 0 or more.
func appendInt(b []byte, field int, key string, v uint64) []byte {
	b = appendKey(b, field, key, 1+uvarintLen(int(v))) //nolint:gosec // far from overflowing
	return appendVarint(b, anyInt, v)
}

// appendKey opens a KeyValue whose AnyValue takes size bytes.
func appendKey(b []byte, field int, key string, size int) []byte {
	inner := 1 + uvarintLen(len(key)) + len(key) + 1 + uvarintLen(size) + size
	b = appendTag(b, field, wireBytes)
	b = binary.AppendUvarint(b, uint64(inner)) //nolint:gosec // positive
	b = appendBytes(b, keyValueKey, key)
	b = appendTag(b, keyValueValue, wireBytes)
	return binary.AppendUvarint(b, uint64(size)) //nolint:gosec // positive
}

func uvarintLen(v int) int {
	n := 1
	for u := uint64(v); u >= 0x80; u >>= 7 { //nolint:gosec // positive
		n++
	}
	return n
}

// headerLen is how much the tag (of a field below 16) and length of a message take.
func headerLen(size int) int { return 1 + uvarintLen(size) }

// appendLength begins a message of size bytes.
func appendLength(b []byte, field, size int) []byte {
	return binary.AppendUvarint(appendTag(b, field, wireBytes), uint64(size)) //nolint:gosec // positive
}

func appendRaw(b []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(b, v) }
