package otlp

// jsonKind is how a field of OTLP/JSON is written in protobuf.
type jsonKind uint8

const (
	jMessage  jsonKind = iota // object, or array of objects
	jString                   // text
	jBase64                   // bytes
	jHex                      // an id
	jEnum                     // number or name -> varint
	jInt                      // number or text -> varint
	jBool                     // -> varint
	jFixed64                  // number or text -> 8 bytes
	jDouble                   // number or text -> 8 bytes
	jFixed32                  // number -> 4 bytes
	jZigzag                   // number -> zigzag varint
	jFixed64s                 // array of them, packed
	jDoubles
	jInts
	numJSONKinds
)

// jsonField is one field of a message: its name in JSON (proto names with underscores are
// taken too), its number, and which message it is or which prefix its enum names have.
type jsonField struct {
	name string
	num  uint32
	kind jsonKind
	msg  jsonMessage
	enum string
}

// jsonMessage names a message of OTLP.
type jsonMessage uint8

const (
	msgTraces jsonMessage = iota
	msgLogs
	msgMetrics
	msgResourceSpans
	msgResourceLogs
	msgResourceMetrics
	msgScopeSpans
	msgScopeLogs
	msgScopeMetrics
	msgResource
	msgScope
	msgSpan
	msgSpanEvent
	msgSpanLink
	msgStatus
	msgLogRecord
	msgMetric
	msgNumbers // Gauge and Sum
	msgHistogram
	msgExponential
	msgSummary
	msgNumberPoint
	msgHistogramPoint
	msgExponentialPoint
	msgBuckets
	msgSummaryPoint
	msgQuantile
	msgKeyValue
	msgAny
	msgArray
	msgKVList
	numMessages
)

func jm(name string, num uint32, msg jsonMessage) jsonField {
	return jsonField{name: name, num: num, kind: jMessage, msg: msg}
}

func jv(name string, num uint32, kind jsonKind) jsonField {
	return jsonField{name: name, num: num, kind: kind}
}

func je(name string, num uint32, prefix string) jsonField {
	return jsonField{name: name, num: num, kind: jEnum, enum: prefix}
}

// jsonSchema is what of opentelemetry/proto this package reads.
func jsonSchema() (s [numMessages][]jsonField) {
	for _, part := range [][numMessages][]jsonField{jsonEnvelope(), jsonEvents(), jsonMetrics(), jsonValues()} {
		for m := range part {
			if part[m] != nil {
				s[m] = part[m]
			}
		}
	}
	return s
}

func jsonEnvelope() [numMessages][]jsonField {
	return [numMessages][]jsonField{
		msgTraces:          {jm("resourceSpans", 1, msgResourceSpans)},
		msgLogs:            {jm("resourceLogs", 1, msgResourceLogs)},
		msgMetrics:         {jm("resourceMetrics", 1, msgResourceMetrics)},
		msgResourceSpans:   {jm("resource", 1, msgResource), jm("scopeSpans", 2, msgScopeSpans)},
		msgResourceLogs:    {jm("resource", 1, msgResource), jm("scopeLogs", 2, msgScopeLogs)},
		msgResourceMetrics: {jm("resource", 1, msgResource), jm("scopeMetrics", 2, msgScopeMetrics)},
		msgScopeSpans:      {jm("scope", 1, msgScope), jm("spans", 2, msgSpan)},
		msgScopeLogs:       {jm("scope", 1, msgScope), jm("logRecords", 2, msgLogRecord)},
		msgScopeMetrics:    {jm("scope", 1, msgScope), jm("metrics", 2, msgMetric)},
		msgResource:        {jm("attributes", 1, msgKeyValue)},
		msgScope:           {jv("name", 1, jString), jv("version", 2, jString), jm("attributes", 3, msgKeyValue)},
	}
}

func jsonEvents() [numMessages][]jsonField {
	return [numMessages][]jsonField{
		msgSpan: {
			jv("traceId", 1, jHex), jv("spanId", 2, jHex), jv("traceState", 3, jString), jv("parentSpanId", 4, jHex),
			jv("name", 5, jString), je("kind", 6, "SPAN_KIND_"), jv("startTimeUnixNano", 7, jFixed64), jv("endTimeUnixNano", 8, jFixed64),
			jm("attributes", 9, msgKeyValue), jm("events", 11, msgSpanEvent), jm("links", 13, msgSpanLink), jm("status", 15, msgStatus),
		},
		msgSpanEvent: {jv("timeUnixNano", 1, jFixed64), jv("name", 2, jString), jm("attributes", 3, msgKeyValue)},
		msgSpanLink:  {jv("traceId", 1, jHex), jv("spanId", 2, jHex), jv("traceState", 3, jString), jm("attributes", 4, msgKeyValue)},
		msgStatus:    {jv("message", 2, jString), je("code", 3, "STATUS_CODE_")},
		msgLogRecord: {
			jv("timeUnixNano", 1, jFixed64), je("severityNumber", 2, "SEVERITY_NUMBER_"), jv("severityText", 3, jString),
			jm("body", 5, msgAny), jm("attributes", 6, msgKeyValue), jv("traceId", 9, jHex), jv("spanId", 10, jHex),
			jv("observedTimeUnixNano", 11, jFixed64), jv("eventName", 12, jString),
		},
	}
}

func jsonMetrics() [numMessages][]jsonField {
	return [numMessages][]jsonField{
		msgMetric: {
			jv("name", 1, jString), jv("unit", 3, jString), jm("gauge", 5, msgNumbers), jm("sum", 7, msgNumbers),
			jm("histogram", 9, msgHistogram), jm("exponentialHistogram", 10, msgExponential), jm("summary", 11, msgSummary),
		},
		msgNumbers:     {jm("dataPoints", 1, msgNumberPoint), je("aggregationTemporality", 2, "AGGREGATION_TEMPORALITY_"), jv("isMonotonic", 3, jBool)},
		msgHistogram:   {jm("dataPoints", 1, msgHistogramPoint), je("aggregationTemporality", 2, "AGGREGATION_TEMPORALITY_")},
		msgExponential: {jm("dataPoints", 1, msgExponentialPoint), je("aggregationTemporality", 2, "AGGREGATION_TEMPORALITY_")},
		msgSummary:     {jm("dataPoints", 1, msgSummaryPoint)},
		msgNumberPoint: {
			jv("startTimeUnixNano", 2, jFixed64), jv("timeUnixNano", 3, jFixed64), jv("asDouble", 4, jDouble), jv("asInt", 6, jFixed64),
			jm("attributes", 7, msgKeyValue), jv("flags", 8, jInt),
		},
		msgHistogramPoint: {
			jv("startTimeUnixNano", 2, jFixed64), jv("timeUnixNano", 3, jFixed64), jv("count", 4, jFixed64), jv("sum", 5, jDouble),
			jv("bucketCounts", 6, jFixed64s), jv("explicitBounds", 7, jDoubles), jm("attributes", 9, msgKeyValue), jv("flags", 10, jInt),
			jv("min", 11, jDouble), jv("max", 12, jDouble),
		},
		msgExponentialPoint: {
			jm("attributes", 1, msgKeyValue), jv("startTimeUnixNano", 2, jFixed64), jv("timeUnixNano", 3, jFixed64), jv("count", 4, jFixed64),
			jv("sum", 5, jDouble), jv("scale", 6, jZigzag), jv("zeroCount", 7, jFixed64), jm("positive", 8, msgBuckets), jm("negative", 9, msgBuckets),
			jv("flags", 10, jInt), jv("min", 12, jDouble), jv("max", 13, jDouble), jv("zeroThreshold", 14, jDouble),
		},
		msgBuckets: {jv("offset", 1, jZigzag), jv("bucketCounts", 2, jInts)},
		msgSummaryPoint: {
			jv("startTimeUnixNano", 2, jFixed64), jv("timeUnixNano", 3, jFixed64), jv("count", 4, jFixed64), jv("sum", 5, jDouble),
			jm("quantileValues", 6, msgQuantile), jm("attributes", 7, msgKeyValue), jv("flags", 8, jInt),
		},
		msgQuantile: {jv("quantile", 1, jDouble), jv("value", 2, jDouble)},
	}
}

func jsonValues() [numMessages][]jsonField {
	return [numMessages][]jsonField{
		msgKeyValue: {jv("key", 1, jString), jm("value", 2, msgAny)},
		msgAny: {
			jv("stringValue", 1, jString), jv("boolValue", 2, jBool), jv("intValue", 3, jInt), jv("doubleValue", 4, jDouble),
			jm("arrayValue", 5, msgArray), jm("kvlistValue", 6, msgKVList), jv("bytesValue", 7, jBase64),
		},
		msgArray:  {jm("values", 1, msgAny)},
		msgKVList: {jm("values", 1, msgKeyValue)},
	}
}

// enumNumber is the number of an enum's name; false when there is no such name.
func enumNumber(prefix, name string) (uint64, bool) {
	names := map[string][]string{
		"SPAN_KIND_":               {"UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"},
		"STATUS_CODE_":             {"UNSET", "OK", "ERROR"},
		"AGGREGATION_TEMPORALITY_": {"UNSPECIFIED", "DELTA", "CUMULATIVE"},
		"SEVERITY_NUMBER_": {
			"UNSPECIFIED", "TRACE", "TRACE2", "TRACE3", "TRACE4", "DEBUG", "DEBUG2", "DEBUG3", "DEBUG4",
			"INFO", "INFO2", "INFO3", "INFO4", "WARN", "WARN2", "WARN3", "WARN4", "ERROR", "ERROR2", "ERROR3", "ERROR4",
			"FATAL", "FATAL2", "FATAL3", "FATAL4",
		},
	}
	for i, n := range names[prefix] {
		if name == prefix+n {
			return uint64(i), true
		}
	}
	return 0, false
}
