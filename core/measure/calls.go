package measure

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// scratch is memory for one call, kept for the next.
type scratch struct {
	spans  []span
	claims []*claim
	kids   []kid
	seen   []family
}

// kid is a span in the order of its parent.
type kid struct {
	parent uint64
	start  int64
	place  int32
}

// family is what the children of a span tell about it.
type family struct {
	parent bool // its self time has been counted
	called bool // it has a child of another service
}

// countCalls counts self times and edges of a trace that settles. Self time is a span's
// duration without the time covered by its children; an edge is a call that was
// answered by a span of another service, or by nobody we know.
func (k *Tracker) countCalls(t *trace) {
	kids := k.scratch.kids[:0]
	for i := range t.spans {
		if s := &t.spans[i]; !s.parent.IsZero() {
			kids = append(kids, kid{binary.BigEndian.Uint64(s.parent[:]), s.start, int32(i)})
		}
	}
	slices.SortFunc(kids, func(a, b kid) int {
		if a.parent != b.parent {
			return cmp.Compare(a.parent, b.parent)
		}
		if a.start != b.start {
			return cmp.Compare(a.start, b.start)
		}
		return cmp.Compare(a.place, b.place)
	})
	k.scratch.kids = kids
	seen := append(k.scratch.seen[:0], make([]family, len(t.spans))...)
	k.scratch.seen = seen
	for from := 0; from < len(kids); {
		to := from + 1
		for to < len(kids) && kids[to].parent == kids[from].parent {
			to++
		}
		if p := t.find(t.spans[kids[from].place].parent); p >= 0 {
			seen[p] = family{parent: true, called: k.countFamily(t, &t.spans[p], kids[from:to])}
		}
		from = to
	}
	for i := range t.spans {
		k.countAlone(&t.spans[i], seen[i])
	}
}

// countFamily counts a span's self time and the calls that its children answered.
func (k *Tracker) countFamily(t *trace, p *span, kids []kid) (called bool) {
	from, to := p.start, p.start+p.dur
	self, reached := p.dur, from
	service := k.ops.serviceOf(p.op)
	for _, kd := range kids {
		s := &t.spans[kd.place]
		if lo, hi := max(s.start, reached), min(s.start+s.dur, to); hi > lo {
			self -= hi - lo
			reached = hi
		}
		if k.ops.serviceOf(s.op) == service {
			continue
		}
		called = true // whatever its kind: much telemetry has none, and who crosses over was called
		if !s.counted {
			r := k.ops.resourceAt(s.op)
			k.edges.count(edgeKey{r.env, service, r.service, int32(windowOf(s.end())), false}, s)
		}
	}
	if !p.counted {
		k.ops.find(p.op, windowOf(p.end())).self += self
	}
	return called
}

// countAlone counts the self time of a span without children, and a call that nobody
// we know answered.
func (k *Tracker) countAlone(s *span, f family) {
	if s.counted {
		return
	}
	s.counted = true
	if !f.parent {
		k.ops.find(s.op, windowOf(s.end())).self += s.dur
	}
	if s.peer != symEmpty && !f.called { // only clients and producers have a peer
		r := k.ops.resourceAt(s.op)
		k.edges.count(edgeKey{r.env, r.service, s.peer, int32(windowOf(s.end())), true}, s)
	}
}

func (o *operations) resourceAt(op uint32) resource { return o.resources[o.ops[op].resource] }

func (o *operations) serviceOf(op uint32) symbol { return o.resourceAt(op).service }
