package keeper

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// collector holds what has been read of traces until they are written.
type collector struct {
	maxSpans int
	reader   otlp.Reader
	event    otlp.Event
	m        map[felt.TraceID]*heldTrace
	order    []firstOf // by first record; entries of traces that have left stay until they are in front
	bytes    int
	counts   map[felt.TraceID]int // spans of each trace so far, for those over a batch
	stats    *counters
}

type firstOf struct {
	trace felt.TraceID
	seq   felt.Seq
}

type heldTrace struct {
	spans       []felt.Span
	notes       []heldNote
	seq         felt.Seq // of the first record it was in
	first, last felt.Instant
	bytes       int
}

type heldNote struct {
	span felt.SpanID
	note felt.SpanNote
}

func newCollector(maxSpans int, stats *counters) *collector {
	return &collector{maxSpans: maxSpans, stats: stats, m: map[felt.TraceID]*heldTrace{}, counts: map[felt.TraceID]int{}}
}

// read takes what is wanted out of a telemetry record. On an error what came before the
// damage has been taken.
func (c *collector) read(rec felt.Record, want func(felt.TraceID) bool) error {
	r, ev := &c.reader, &c.event
	if err := r.Reset(rec.Data); err != nil {
		return fmt.Errorf("telemetry record %d: %w", rec.Seq, err)
	}
	for r.NextBlock() {
		for r.Next(ev) {
			if ev.Trace.IsZero() || !want(ev.Trace) {
				continue
			}
			h := c.hold(ev.Trace, rec)
			if ev.Type == otlp.TypeLog {
				c.addNote(h, heldNote{ev.Span, noteOf(r, ev)})
				continue
			}
			c.addSpan(h, ev)
		}
	}
	if err := r.Err(); err != nil {
		return fmt.Errorf("telemetry record %d: %w", rec.Seq, err)
	}
	return nil
}

// hold is what is held of a trace, of which something came with the record.
func (c *collector) hold(t felt.TraceID, rec felt.Record) *heldTrace {
	h := c.m[t]
	if h == nil {
		h = &heldTrace{seq: rec.Seq, first: rec.At}
		c.m[t] = h
		c.order = append(c.order, firstOf{t, rec.Seq})
	}
	h.last = rec.At
	return h
}

func (c *collector) addSpan(h *heldTrace, ev *otlp.Event) {
	if c.counts[ev.Trace] >= c.maxSpans {
		c.stats.over.Add(1)
		return
	}
	if len(h.spans) < 64 && slices.ContainsFunc(h.spans, func(s felt.Span) bool { return s.ID == ev.Span }) {
		return // sent twice; of longer traces the store tells
	}
	c.counts[ev.Trace]++
	h.spans = append(h.spans, spanOf(&c.reader, ev))
	c.grow(h, spanSize(&h.spans[len(h.spans)-1]))
}

func (c *collector) addNote(h *heldTrace, n heldNote) {
	if len(h.notes) >= c.maxSpans {
		c.stats.over.Add(1)
		return
	}
	h.notes = append(h.notes, n)
	c.grow(h, noteSize(&n.note))
}

func (c *collector) grow(h *heldTrace, n int) {
	h.bytes += n
	c.bytes += n
}

// oldest is the first record of which something is held.
func (c *collector) oldest() (felt.Seq, bool) {
	for i, o := range c.order {
		if h := c.m[o.trace]; h != nil && h.seq == o.seq {
			c.order = slices.Delete(c.order, 0, i)
			return o.seq, true
		}
	}
	c.order = c.order[:0]
	return 0, false
}

// take removes the traces for which due says so, and returns their spans, with their log
// records, in the order in which the traces were first met.
func (c *collector) take(due func(*heldTrace) bool) []felt.Span {
	var out []felt.Span
	for _, o := range c.order {
		h := c.m[o.trace]
		if h == nil || h.seq != o.seq || !due(h) {
			continue
		}
		delete(c.m, o.trace)
		c.bytes -= h.bytes
		c.attach(h)
		out = append(out, h.spans...)
	}
	c.oldest() // clears what has left from the front
	return out
}

// attach gives each log record to its span; where that is not held, to the one that began last
// before it, else to the first.
func (c *collector) attach(h *heldTrace) {
	if len(h.spans) == 0 {
		c.stats.lost.Add(int64(len(h.notes)))
		return
	}
	slices.SortStableFunc(h.notes, func(a, b heldNote) int { return cmp.Compare(a.note.Time, b.note.Time) })
	slices.SortStableFunc(h.spans, func(a, b felt.Span) int { return cmp.Compare(a.Start, b.Start) })
	if len(h.notes) == 0 {
		return
	}
	place := make(map[felt.SpanID]int, len(h.spans))
	for i := range h.spans {
		place[h.spans[i].ID] = i
	}
	for _, n := range h.notes {
		at, ok := place[n.span]
		if !ok {
			after := sort.Search(len(h.spans), func(i int) bool { return h.spans[i].Start > n.note.Time })
			at = max(after-1, 0)
		}
		h.spans[at].Events = append(h.spans[at].Events, n.note)
	}
}
