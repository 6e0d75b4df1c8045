package otlp

import "github.com/felt-cx/felt"

// PointType says which kind of metric a point belongs to.
type PointType uint8

// The types of points.
const (
	PointGauge PointType = iota + 1
	PointSum
	PointHistogram
	PointExponential
	PointSummary
)

// Point is one point of a metric. It is filled by [Reader.NextPoint] and belongs to
// the caller; its slices are reused by the next call.
type Point struct {
	Type        PointType
	Temporality uint8 // as in OTLP: 1 delta, 2 cumulative; 0 where it has no meaning
	Monotonic   bool
	NoValue     bool // the sender's "no recorded value" flag
	Name, Unit  Text
	Start, Time felt.Instant
	Fields      [NumFields]Text // as in [Event]: of the point, else of its resource
	Value       float64         // of a gauge or sum
	Int         int64           // the same, exactly, when IsInt
	IsInt       bool

	// Of histograms and summaries.
	Count          uint64
	Sum, Min, Max  float64 // NaN when not sent
	Bounds         []float64
	Counts         []uint64
	Scale          int32
	Zero           uint64
	ZeroThreshold  float64
	PositiveOffset int32
	Positive       []uint64
	NegativeOffset int32
	Negative       []uint64
	Quantiles      []Quantile
}

// Quantile is one quantile of a summary.
type Quantile struct {
	Q, Value float64
}

// NextPoint reads the block's next metric point into pt; false at the block's end.
// Spans and log records are in blocks of their own.
func (r *Reader) NextPoint(pt *Point) bool { return false }
