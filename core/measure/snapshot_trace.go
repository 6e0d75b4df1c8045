package measure

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// Where a span's parent is, in a snapshot: nowhere, outside of the trace, or at a place.
const (
	parentNone = iota
	parentElsewhere
	parentAt // and the place
)

func (t *trace) save(e *codec.Encoder) {
	e.Fixed(t.id[:])
	e.Int(int64(t.last))
	e.Uint(uint64(t.traffic))
	e.Bool(t.waiting)
	levels := 0
	for n := t.known; n != nil; n = n.next {
		levels++
	}
	e.Len(levels)
	for n := t.known; n != nil; n = n.next {
		e.Uint(uint64(n.env))
		for i, h := range n.levels() {
			e.Hash(*h)
			e.Fixed(n.from[i][:])
		}
	}
	e.Len(len(t.claims))
	for _, c := range t.claims {
		c.save(e)
	}
	e.Len(len(t.groups))
	for i := range t.groups {
		g := &t.groups[i]
		by := 0 // none
		for j, c := range g.claims {
			if c == g.by {
				by = j + 1
			}
		}
		e.Len(by)
		e.Bool(g.decided)
	}
	e.Len(len(t.spans))
	at := int64(t.last.Instant())
	for i := range t.spans {
		s := &t.spans[i]
		e.Fixed(s.id[:])
		t.saveParent(e, s)
		e.Int(at - s.start)
		e.Int(s.dur)
		e.Uint(uint64(s.op))
		e.Uint(uint64(s.peer))
		e.Int(int64(s.claim))
		e.Uint(uint64(s.kind))
		e.Bool(s.error)
		e.Bool(s.counted)
		at = s.start
	}
}

func (t *trace) saveParent(e *codec.Encoder, s *span) {
	switch p := t.find(s.parent); {
	case s.parent.IsZero():
		e.Len(parentNone)
	case p < 0:
		e.Len(parentElsewhere)
		e.Fixed(s.parent[:])
	default:
		e.Len(parentAt + p)
	}
}

func (k *Tracker) loadTrace(d *codec.Decoder, t *trace) {
	copy(t.id[:], d.Fixed(len(t.id)))
	t.last = felt.Tick(d.Int())
	t.traffic = felt.Traffic(d.UintMax(2))
	t.waiting = d.Bool()
	last := &t.known
	for n := d.Len(40); n > 0; n-- {
		v := &known{env: loadSymbol(d, k.symbols)}
		for i, h := range v.levels() {
			*h = d.Hash()
			copy(v.from[i][:], d.Fixed(8))
		}
		*last, last = v, &v.next
	}
	for n := d.Len(40); n > 0; n-- {
		c := loadClaim(d, t.id, k.commons)
		t.claims = append(t.claims, c)
		t.join(c)
	}
	if n := d.Len(2); n != len(t.groups) {
		d.Fail("groups do not match claims")
		return
	}
	for i := range t.groups {
		g := &t.groups[i]
		if by := d.UintMax(uint64(len(g.claims))); by > 0 {
			g.by = g.claims[by-1]
		}
		g.decided = d.Bool()
	}
	k.loadSpans(d, t)
}

func (k *Tracker) loadSpans(d *codec.Decoder, t *trace) {
	n := d.Len(18)
	if n > 0 && len(k.ops.ops) == 0 {
		d.Fail("spans without operations")
		return
	}
	t.spans = k.pool.takeSpans(sizeClass(n))
	parents := make([]int, 0, n)
	at := int64(t.last.Instant())
	for ; n > 0; n-- {
		var s span
		copy(s.id[:], d.Fixed(8))
		p := int(d.UintMax(spansMax)) - parentAt
		if p == parentElsewhere-parentAt {
			copy(s.parent[:], d.Fixed(8))
		}
		s.start = at - d.Int()
		s.dur = d.Int()
		s.op = uint32(d.UintMax(uint64(len(k.ops.ops) - 1)))
		s.peer = loadSymbol(d, k.symbols)
		s.claim = int32(d.Int())
		s.kind = felt.SpanKind(d.UintMax(7))
		s.error, s.counted = d.Bool(), d.Bool()
		if s.claim < -1 || int(s.claim) >= len(t.claims) {
			d.Fail("span without its claim")
		}
		if d.Err() != nil {
			return
		}
		at = s.start
		t.spans = append(t.spans, s)
		parents = append(parents, p)
	}
	for i, p := range parents {
		if p >= len(t.spans) {
			d.Fail("span without its parent")
			return
		}
		if p >= 0 {
			t.spans[i].parent = t.spans[p].id
		}
	}
	k.pool.reindex(t)
}

// spansMax is more than a trace ever has: a bound for damaged bytes.
const spansMax = 1 << 40

func (c *claim) save(e *codec.Encoder) {
	e.Fixed(c.id[:])
	e.Fixed(c.parent[:])
	e.Bool(c.log)
	e.Uint(uint64(c.class))
	e.Bool(c.error)
	e.Bool(c.ruled)
	e.Bool(c.ruling.unrecoverable)
	e.Uint(uint64(c.ruling.outcome))
	e.Uint(uint64(c.sent))
	e.String(c.said)
	e.Int(int64(c.start))
	e.Int(int64(c.end - c.start))
	e.Int(int64(c.arrived - c.end))
	c.scope().save(e)
	for _, s := range c.texts() {
		e.String(*s)
	}
	e.Float(c.weight)
	if c.weight != 1 {
		e.Uint(c.draw)
	}
	e.Int(c.value)
	e.Int(c.visible)
	e.Int(int64(c.retries))
	for _, h := range c.hashes() {
		e.Hash(*h)
	}
	e.Uint(uint64(c.keyID))
	e.Len(len(c.segments))
	for _, s := range c.segments {
		e.String(s.Key)
		e.String(s.Value)
	}
	e.Len(len(c.flags))
	for _, s := range c.flags {
		e.String(s)
	}
}

func (c *claim) texts() []*string {
	return []*string{
		&c.key, &c.journey, &c.step, &c.service, &c.release, &c.reason, &c.errorType, &c.message, &c.currency,
		&c.byJourney, &c.byStep, &c.ruling.class,
	}
}

func (c *claim) hashes() []*felt.Hash {
	return []*felt.Hash{
		&c.ids.User, &c.ids.Pseudonym, &c.ids.Installation, &c.ids.Session, &c.ids.Account, &c.instance,
	}
}

func loadClaim(d *codec.Decoder, id felt.TraceID, m *commons) *claim {
	c := m.begin()
	c.trace = id
	copy(c.id[:], d.Fixed(8))
	copy(c.parent[:], d.Fixed(8))
	c.log = d.Bool()
	c.class = class(d.UintMax(uint64(explicit)))
	c.error, c.ruled, c.ruling.unrecoverable = d.Bool(), d.Bool(), d.Bool()
	c.ruling.outcome = felt.Outcome(d.UintMax(felt.Outcomes - 1))
	c.sent = felt.Outcome(d.UintMax(felt.Outcomes - 1))
	c.said = d.String()
	c.start = felt.Instant(d.Int())
	c.end = c.start + felt.Instant(d.Int())
	c.arrived = c.end + felt.Instant(d.Int())
	scope := loadScope(d)
	c.env, c.app, c.name, c.traffic = scope.env, scope.app, scope.name, scope.traffic
	for _, s := range c.texts() {
		*s = d.String()
	}
	if c.weight = d.Float(); c.weight != 1 {
		c.draw = d.Uint()
	}
	c.value, c.visible = d.Int(), d.Int()
	c.retries = int32(d.Int())
	for _, h := range c.hashes() {
		*h = d.Hash()
	}
	c.keyID = uint32(d.UintMax(1<<32 - 1))
	for n := d.Len(2); n > 0; n-- {
		c.segments = append(c.segments, felt.Segment{Key: d.String(), Value: d.String()})
	}
	for n := d.Len(1); n > 0; n-- {
		c.flags = append(c.flags, d.String())
	}
	c.iid = c.identity()
	m.finish(c)
	return c
}
