package felt

// Progress is how far the engine and the store have come; answers carry it.
type Progress struct {
	Seq  Seq  // last record whose rows can be asked for
	Tick Tick // its tick
	// CompleteUntil: every interaction that ended before this instant, and whose
	// telemetry arrived within settle, is in the rows.
	CompleteUntil Instant
}

// MetricType tells Prometheus what a number is.
type MetricType uint8

// The metric types.
const (
	MetricCounter MetricType = iota + 1
	MetricGauge
)

// Metric is one number of Felt's own health, for /metrics.
type Metric struct {
	Name   string // felt_..., Prometheus style, with unit and _total
	Help   string
	Type   MetricType
	Labels []Segment // sorted by key
	Value  float64
}

// Meter is implemented by every part that has numbers to show.
type Meter interface {
	Metrics() []Metric
}

// NameCount is something seen, and how often.
type NameCount struct {
	Name  string `json:"name"`
	Count int64  `json:"count"`
}
