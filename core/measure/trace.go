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

// pool hands out what traces are made of, and takes it back: in a steady state a span
// allocates nothing.
type pool struct {
	spans   [25][][]span // by size: 4 << class
	indexes [25][][]uint32
	traces  []*trace
	known   []*known
}

const smallest = 4

func sizeClass(n int) int { return bits.Len(uint((max(n, 1) - 1) / smallest)) }

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
	class := bits.Len(uint(4*len(t.spans) - 1))
	if list := p.indexes[min(class, len(p.indexes)-1)]; len(list) > 0 && class < len(p.indexes) {
		t.index = list[len(list)-1]
		p.indexes[class] = list[:len(list)-1]
		clear(t.index)
	} else {
		t.index = make([]uint32, 1<<class)
	}
	for i := range t.spans {
		t.put(i)
	}
}

func (p *pool) giveIndex(index []uint32) {
	if index == nil {
		return
	}
	class := bits.Len(uint(len(index) - 1))
	if class < len(p.indexes) && len(p.indexes[class]) < pooled {
		p.indexes[class] = append(p.indexes[class], index)
	}
}

// pooled bounds how many of one size wait for the next use.
const pooled = 1 << 14

func (p *pool) takeSpans(class int) []span {
	if class < len(p.spans) {
		if list := p.spans[class]; len(list) > 0 {
			s := list[len(list)-1]
			p.spans[class] = list[:len(list)-1]
			return s
		}
	}
	return make([]span, 0, smallest<<class)
}

func (p *pool) giveSpans(s []span) {
	if cap(s) == 0 {
		return
	}
	class := sizeClass(cap(s))
	// Only few of the large ones: one flood must not hold memory for ever.
	if class < len(p.spans) && len(p.spans[class]) < pooled>>max(0, class-3) {
		p.spans[class] = append(p.spans[class], s[:0])
	}
}

func (p *pool) takeTrace() *trace {
	if n := len(p.traces); n > 0 {
		t := p.traces[n-1]
		p.traces = p.traces[:n-1]
		return t
	}
	return &trace{}
}

func (p *pool) giveTrace(t *trace) {
	p.giveSpans(t.spans)
	p.giveIndex(t.index)
	p.giveKnown(t.known)
	*t = trace{}
	if len(p.traces) < pooled {
		p.traces = append(p.traces, t)
	}
}

func (p *pool) takeKnown() *known {
	if n := len(p.known); n > 0 {
		k := p.known[n-1]
		p.known = p.known[:n-1]
		return k
	}
	return &known{}
}

func (p *pool) giveKnown(k *known) {
	for k != nil {
		next := k.next
		*k = known{}
		if len(p.known) < pooled {
			p.known = append(p.known, k)
		}
		k = next
	}
}

// traces are held in the order of their last arrival.
type traces = list[trace, *trace]
