package measure

import (
	"encoding/binary"
	"math/bits"

	"github.com/felt-cx/felt"
)

// span is what is kept of every span until its trace settles: enough for chains of
// parents, self times and edges. It holds no pointer, so that the collector passes over.
type span struct {
	id, parent felt.SpanID
	start, dur int64 // nanoseconds
	op         uint32
	peer       symbol
	claim      int32 // index into the trace's claims, -1 none
	kind       felt.SpanKind
	error      bool
	counted    bool // its self time and edges have been counted
}

func (s *span) end() felt.Instant { return felt.Instant(s.start + s.dur) }

// group is all claims of a trace that are one interaction.
type group struct {
	claims []*claim // at least one
	// decided: this trace has made a row, or found that there is none to make before
	// something new comes.
	decided bool
	dirty   bool // claims came since it was looked at
	by      *claim
}

func (g *group) iid() felt.InteractionID { return g.claims[0].iid }

// trace is a trace that is still open: all spans that arrived, until settle after the
// last one. Kept, it has settled, and only what may still be corrected is left of it.
type trace struct {
	id      felt.TraceID
	last    felt.Tick // in which something of it arrived; settled, in which it did
	spans   []span
	index   []uint32 // hash table over spans by id, entry = place + 1; nil while there are few
	claims  []*claim
	groups  []group
	known   *known
	traffic felt.Traffic
	kept    bool
	queued  bool // in Tracker.touched
	waiting bool // in Tracker.waiting: a group is undecided

	neighbours[trace]
}

// fewSpans is up to where a look through all spans is faster than a hash table.
const fewSpans = 24

// find returns the place of a span, -1 when it is not there.
func (t *trace) find(id felt.SpanID) int {
	if t.index == nil {
		for i := range t.spans {
			if t.spans[i].id == id {
				return i
			}
		}
		return -1
	}
	mask := uint32(len(t.index) - 1)
	for h := homeOf(id) & mask; ; h = (h + 1) & mask {
		i := t.index[h]
		if i == 0 {
			return -1
		}
		if t.spans[i-1].id == id {
			return int(i - 1)
		}
	}
}

func homeOf(id felt.SpanID) uint32 {
	return uint32(binary.LittleEndian.Uint64(id[:]) * 0x9e3779b97f4a7c15 >> 32)
}

// put enters the span at place i into the index.
func (t *trace) put(i int) {
	mask := uint32(len(t.index) - 1)
	h := homeOf(t.spans[i].id) & mask
	for t.index[h] != 0 {
		h = (h + 1) & mask
	}
	t.index[h] = uint32(i + 1)
}

// join puts a claim into the group of its interaction, made if need be.
func (t *trace) join(c *claim) *group {
	for i := range t.groups {
		if g := &t.groups[i]; g.iid() == c.iid {
			g.claims = append(g.claims, c)
			return g
		}
	}
	t.groups = append(t.groups, group{claims: []*claim{c}})
	return &t.groups[len(t.groups)-1]
}

// addSpan appends s to the trace.
func (p *pool) addSpan(t *trace, s span) {
	if n := len(t.spans); n == cap(t.spans) {
		old := t.spans
		t.spans = append(p.takeSpans(sizeClass(n+1)), old...)
		p.giveSpans(old)
	}
	t.spans = append(t.spans, s)
	n := len(t.spans)
	switch {
	case n <= fewSpans:
	case 2*n > len(t.index): // also when there is none yet
		p.reindex(t)
	default:
		t.put(n - 1)
	}
}

// reindex makes the index anew, with room to grow; none for few spans.
func (p *pool) reindex(t *trace) {
	p.giveIndex(t.index)
	t.index = nil
	if len(t.spans) <= fewSpans {
		return
	}
	t.index = p.takeIndex(bits.Len(uint(4*len(t.spans) - 1)))
	for i := range t.spans {
		t.put(i)
	}
}

// traces are held in the order of their last arrival.
type traces = list[trace, *trace]
