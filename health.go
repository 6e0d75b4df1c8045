package felt

import "slices"

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
	MetricHistogram
)

// Metric is one number of Felt's own health, for /metrics.
type Metric struct {
	Name   string // felt_..., Prometheus style, with unit and _total
	Help   string
	Type   MetricType
	Labels []Segment // sorted by key
	Value  float64
	// Histogram is the value of a [MetricHistogram], and nil of others. It is not changed once it was
	// handed out.
	Histogram *Histogram
}

// Histogram counts values by size.
type Histogram struct {
	Upper  []float64 // growing bounds; a value that is equal to one is below it
	Counts []uint64  // of the values between two bounds; one more than Upper, for those above the last
	Sum    float64
}

// NewHistogram has no values yet.
func NewHistogram(upper ...float64) Histogram {
	return Histogram{Upper: upper, Counts: make([]uint64, len(upper)+1)}
}

// Observe counts a value.
func (h *Histogram) Observe(v float64) {
	at, _ := slices.BinarySearch(h.Upper, v)
	h.Counts[at]++
	h.Sum += v
}

// Copy is a histogram of its own, to be handed out.
func (h *Histogram) Copy() *Histogram {
	return &Histogram{Upper: h.Upper, Counts: slices.Clone(h.Counts), Sum: h.Sum}
}

// Add counts the values of another one too; false when it has other bounds.
func (h *Histogram) Add(o *Histogram) bool {
	if !slices.Equal(h.Upper, o.Upper) || len(h.Counts) != len(o.Counts) {
		return false
	}
	for i, n := range o.Counts {
		h.Counts[i] += n
	}
	h.Sum += o.Sum
	return true
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
