package demo

import (
	"strconv"

	"github.com/felt-cx/felt"
)

// OTLP/JSON, as far as the shop needs it. 64-bit integers travel as text, ids as hex.

type tracesRequest struct {
	ResourceSpans []resourceSpans `json:"resourceSpans"`
}

type resourceSpans struct {
	Resource   *resource    `json:"resource"`
	ScopeSpans []scopeSpans `json:"scopeSpans"`
}

type scopeSpans struct {
	Scope scope  `json:"scope"`
	Spans []span `json:"spans"`
}

type logsRequest struct {
	ResourceLogs []resourceLogs `json:"resourceLogs"`
}

type resourceLogs struct {
	Resource  *resource   `json:"resource"`
	ScopeLogs []scopeLogs `json:"scopeLogs"`
}

type scopeLogs struct {
	Scope      scope       `json:"scope"`
	LogRecords []logRecord `json:"logRecords"`
}

type metricsRequest struct {
	ResourceMetrics []resourceMetrics `json:"resourceMetrics"`
}

type resourceMetrics struct {
	Resource     *resource      `json:"resource"`
	ScopeMetrics []scopeMetrics `json:"scopeMetrics"`
}

type scopeMetrics struct {
	Scope   scope    `json:"scope"`
	Metrics []metric `json:"metrics"`
}

type scope struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

type resource struct {
	Attributes []attribute `json:"attributes"`
}

type span struct {
	TraceID    string       `json:"traceId"`
	SpanID     string       `json:"spanId"`
	Parent     string       `json:"parentSpanId,omitempty"`
	Name       string       `json:"name"`
	Kind       int          `json:"kind"`
	Start      felt.Instant `json:"startTimeUnixNano,string"`
	End        felt.Instant `json:"endTimeUnixNano,string"`
	Attributes []attribute  `json:"attributes,omitempty"`
	Status     *status      `json:"status,omitempty"`
}

type status struct {
	Code    int    `json:"code"`
	Message string `json:"message,omitempty"`
}

// statusError is the code of a span that failed.
const statusError = 2

// Kinds of spans, as OTLP numbers them.
const (
	kindInternal = 1
	kindServer   = 2
	kindClient   = 3
	kindConsumer = 5
)

type logRecord struct {
	Time       felt.Instant `json:"timeUnixNano,string"`
	Severity   int          `json:"severityNumber"`
	Level      string       `json:"severityText"`
	Body       anyValue     `json:"body"`
	TraceID    string       `json:"traceId"`
	SpanID     string       `json:"spanId"`
	Attributes []attribute  `json:"attributes,omitempty"`
}

// Severities of log records.
const (
	severityInfo  = 9
	severityError = 17
)

type metric struct {
	Name  string   `json:"name"`
	Unit  string   `json:"unit"`
	Gauge *numbers `json:"gauge,omitempty"`
	Sum   *numbers `json:"sum,omitempty"`
}

type numbers struct {
	Points      []point `json:"dataPoints"`
	Temporality int     `json:"aggregationTemporality,omitempty"`
	Monotonic   bool    `json:"isMonotonic,omitempty"`
}

// cumulative is the temporality of sums that grow from their start.
const cumulative = 2

type point struct {
	Start felt.Instant `json:"startTimeUnixNano,omitempty,string"`
	Time  felt.Instant `json:"timeUnixNano,string"`
	Int   int64        `json:"asInt,string"`
}

type attribute struct {
	Key   string   `json:"key"`
	Value anyValue `json:"value"`
}

type anyValue struct {
	Text *string `json:"stringValue,omitempty"`
	Int  *string `json:"intValue,omitempty"`
	Bool *bool   `json:"boolValue,omitempty"`
}

func text(key, value string) attribute {
	return attribute{key, anyValue{Text: &value}}
}

func number(key string, value int64) attribute {
	s := strconv.FormatInt(value, 10)
	return attribute{key, anyValue{Int: &s}}
}

func flag(key string, value bool) attribute {
	return attribute{key, anyValue{Bool: &value}}
}
