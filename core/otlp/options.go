package otlp

import "github.com/felt-cx/felt"

// Limits bound what one event may bring. What is over a limit is cut or left out and
// counted in the [Report]; it never fails a request, except Depth.
type Limits struct {
	SpanAttributes   int // attributes kept of one span, log record, point, resource or span event, and up to 256 more that have a meaning; default 128
	ValueBytes       int // bytes kept of one text; longer ones are cut at a rune boundary; default 1024
	Depth            int // nesting of values and of JSON; deeper is a [BadRequestError]; default 32
	EventsPerSpan    int // default 32
	LinksPerSpan     int // default 32
	SegmentsPerEvent int // default 16
	KeyBytes         int // bytes of an attribute's key; attributes with longer ones are left out; default 256
	SegmentKeyBytes  int // default 64
	SegmentBytes     int // bytes kept of a segment's value; default 128
	Buckets          int // buckets or quantiles of one histogram or summary point; points with more are rejected; default 1024
}

// DefaultLimits are sane for the open internet.
func DefaultLimits() Limits {
	return Limits{
		SpanAttributes: 128, ValueBytes: 1024, Depth: 32, EventsPerSpan: 32, LinksPerSpan: 32,
		SegmentsPerEvent: 16, KeyBytes: 256, SegmentKeyBytes: 64, SegmentBytes: 128, Buckets: 1024,
	}
}

// orDefault replaces what is not set.
func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	set := func(n *int, v int) {
		if *n <= 0 {
			*n = v
		}
	}
	set(&l.SpanAttributes, d.SpanAttributes)
	set(&l.ValueBytes, d.ValueBytes)
	set(&l.Depth, d.Depth)
	set(&l.EventsPerSpan, d.EventsPerSpan)
	set(&l.LinksPerSpan, d.LinksPerSpan)
	l.LinksPerSpan = min(l.LinksPerSpan, 255) // a block counts them in a byte
	set(&l.SegmentsPerEvent, d.SegmentsPerEvent)
	set(&l.KeyBytes, d.KeyBytes)
	set(&l.SegmentKeyBytes, d.SegmentKeyBytes)
	set(&l.SegmentBytes, d.SegmentBytes)
	set(&l.Buckets, d.Buckets)
	return l
}

// HashKey is the secret under which identities are hashed, and its name. Secrets stay
// with the data directory; every block names the key it was hashed with.
type HashKey struct {
	ID     uint32
	Secret []byte
}

// Redaction changes the built-in table of what is not kept (see the package page). An
// entry names a key, or, ending in "*", all keys that begin so.
type Redaction struct {
	Drop  []string // attributes left out besides the built-in ones
	Allow []string // attributes kept although the built-in table leaves them out; never identities
}

// Options are given to [NewPacker].
type Options struct {
	Limits     Limits       // zero fields take the default
	Partitions int          // 1..[felt.MaxParts]; 0 means 1
	Clock      felt.Clock   // only a wall log corrects, clamps and rejects by time
	LateMax    felt.Instant // older events are rejected in a wall log; 0 means none is too old
	Slices     bool         // cut requests of an event log by time: see [Packer.TakeSlices], which must be used then
	MaxWeight  float64      // the most that one event may stand for; what claims more is cut. 0, and above: [MaxWeight]
	Key        HashKey
	Redact     Redaction
}

// Report says what became of one request. Accepted and Rejected add up to what was
// sent; everything else counts changes made to what was accepted.
type Report struct {
	Spans, Logs, Points                         int64 // accepted
	RejectedSpans, RejectedLogs, RejectedPoints int64
	// Reason is for the partial success of the answer: which were rejected, how many, and how to
	// mend it; and that weights were cut, which rejects nothing. Empty when there was neither.
	Reason string

	// Why something was rejected.
	BadIDs, ZeroTimes, Late, BadPoints int64
	BeyondTimes                        int64 // after the year 2116, in an event log
	Denied                             int64 // of an app or environment that the sender may not speak for

	// What was changed.
	DroppedAttributes int64 // over a limit; redaction is not counted here
	DroppedEvents     int64 // span events and links over a limit
	CutValues         int64
	RedactedValues    int64 // attributes left out or masked by redaction, counted once per distinct value of a block
	ClampedFuture     int64
	Skewed            int64 // events moved by felt.sent_at
	ReversedTimes     int64 // spans that ended before they started
	CutWeights        int64 // events that claimed to stand for more than their sender may
	DroppedIDs        int64 // log records with ids of a wrong length: kept without them
	Unmapped          int64 // metric points: recorded, used by nothing yet
}

// Add adds the counts of o; Reason keeps the first one.
func (r *Report) Add(o Report) {
	r.Spans += o.Spans
	r.Logs += o.Logs
	r.Points += o.Points
	r.RejectedSpans += o.RejectedSpans
	r.RejectedLogs += o.RejectedLogs
	r.RejectedPoints += o.RejectedPoints
	r.BadIDs += o.BadIDs
	r.ZeroTimes += o.ZeroTimes
	r.Late += o.Late
	r.BadPoints += o.BadPoints
	r.BeyondTimes += o.BeyondTimes
	r.Denied += o.Denied
	r.DroppedAttributes += o.DroppedAttributes
	r.DroppedEvents += o.DroppedEvents
	r.CutValues += o.CutValues
	r.RedactedValues += o.RedactedValues
	r.ClampedFuture += o.ClampedFuture
	r.Skewed += o.Skewed
	r.ReversedTimes += o.ReversedTimes
	r.CutWeights += o.CutWeights
	r.DroppedIDs += o.DroppedIDs
	r.Unmapped += o.Unmapped
	if r.Reason == "" {
		r.Reason = o.Reason
	}
}
