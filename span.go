package felt

// Attribute is one attribute of a span or log record, after redaction, as text.
type Attribute struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// SpanNote is an event of a span, or a log record of its trace.
type SpanNote struct {
	Time       Instant     `json:"time"`
	Name       string      `json:"name"`
	Attributes []Attribute `json:"attributes,omitempty"`
}

// SpanStatus is a span's status code as in OTLP.
type SpanStatus uint8

// The status codes.
const (
	SpanStatusUnset SpanStatus = iota
	SpanStatusOK
	SpanStatusError
)

// String is the lower-case word of the OpenTelemetry specification.
func (s SpanStatus) String() string {
	switch s {
	case SpanStatusOK:
		return "ok"
	case SpanStatusError:
		return "error"
	case SpanStatusUnset:
	}
	return "unset"
}

// Span is one span of a kept trace.
type Span struct {
	Env, Service, Release string
	Trace                 TraceID
	ID, Parent            SpanID
	Name                  string
	Kind                  SpanKind
	Status                SpanStatus
	Message               string // of the status
	Start, End            Instant
	Interaction           string // its name, when the span claims one
	Attributes            []Attribute
	Resource              []Attribute
	Events                []SpanNote
	Links                 []TraceID
}

// KeptTrace says that the spans of a trace are worth keeping, and why.
type KeptTrace struct {
	Trace  TraceID
	Reason string  // failed, degraded, sample
	Start  Instant // no span of it began long before
}
