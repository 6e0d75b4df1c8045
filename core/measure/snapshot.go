package measure

import (
	"maps"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/sketch"
)

// Save appends the whole state. Call it between ticks.
func (k *Tracker) Save(e *codec.Encoder) {
	e.Int(int64(k.tick))
	for _, n := range k.stats.fields() {
		e.Int(*n)
	}
	e.Len(len(k.names))
	for _, name := range slices.Sorted(maps.Keys(k.names)) {
		e.String(name)
		e.Int(k.names[name])
	}
	k.symbols.save(e)
	e.Bool(k.symbols.missed)
	k.ops.save(e)
	k.edges.save(e)
	k.memory.save(e)
	k.pending.save(e)
	for _, l := range []*traces{&k.open, &k.kept} {
		e.Len(l.n)
		for t := l.first; t != nil; t = t.next {
			t.save(e)
		}
	}
}

// Load is the inverse of Save, into a new tracker. What is wrong shows in the decoder's error.
func (k *Tracker) Load(d *codec.Decoder) {
	k.tick = felt.Tick(d.Int())
	for _, n := range k.stats.fields() {
		*n = d.Int()
	}
	for n := d.Len(2); n > 0; n-- {
		name := d.String()
		k.names[name] = d.Int()
	}
	k.symbols.load(d)
	k.symbols.missed = d.Bool()
	k.ops.load(d, k.symbols)
	k.edges.load(d, k.symbols)
	k.memory.load(d)
	k.pending.load(d, k.commons)
	for _, l := range []*traces{&k.open, &k.kept} {
		for n := d.Len(8); n > 0 && d.Err() == nil; n-- {
			t := k.pool.takeTrace()
			t.kept = l == &k.kept
			k.loadTrace(d, t)
			if k.byTrace[t.id] != nil {
				d.Fail("trace twice")
				return
			}
			k.byTrace[t.id] = t
			l.push(t)
			k.held += len(t.spans) + len(t.claims)
			k.claims += len(t.claims)
			if t.waiting {
				k.waiting = append(k.waiting, t)
			}
		}
	}
}

func loadSymbol(d *codec.Decoder, s *symbols) symbol {
	return symbol(d.UintMax(uint64(len(s.texts) - 1)))
}

func (o *operations) save(e *codec.Encoder) {
	e.Len(len(o.resources))
	for _, r := range o.resources {
		e.Uint(uint64(r.env))
		e.Uint(uint64(r.service))
		e.Uint(uint64(r.release))
	}
	e.Len(len(o.ops))
	for _, op := range o.ops {
		e.Uint(uint64(op.resource))
		e.Uint(uint64(op.name))
		e.Uint(uint64(op.kind))
		e.Bool(op.used)
		e.Uint(uint64(op.recent))
		e.Uint(uint64(op.named))
	}
	e.Bool(o.missed)
	order := make([]int, len(o.cells))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := &o.cells[a], &o.cells[b]
		if x.op != y.op {
			return int(x.op) - int(y.op)
		}
		return int(x.window) - int(y.window)
	})
	e.Len(len(order))
	for _, i := range order {
		c := &o.cells[i]
		e.Uint(uint64(c.op))
		e.Int(int64(c.window))
		e.Int(c.count)
		e.Int(c.errors)
		e.Int(c.self)
		e.Bytes(c.appendBinary(nil, &o.spare))
	}
}

func (o *operations) load(d *codec.Decoder, s *symbols) {
	for n := d.Len(3); n > 0; n-- {
		r := resource{loadSymbol(d, s), loadSymbol(d, s), loadSymbol(d, s)}
		o.resNo[r] = uint32(len(o.resources))
		o.resources = append(o.resources, r)
	}
	for n := d.Len(6); n > 0; n-- {
		if len(o.resources) == 0 {
			d.Fail("operation without resources")
			return
		}
		op := operation{
			resource: uint32(d.UintMax(uint64(len(o.resources) - 1))), name: loadSymbol(d, s),
			kind: felt.SpanKind(d.UintMax(7)), used: d.Bool(),
			recent: uint16(d.UintMax(recentSpans)),
		}
		op.named = uint16(d.UintMax(uint64(op.recent)))
		o.opNo[opKey(op.resource, op.name, op.kind)] = uint32(len(o.ops))
		o.ops = append(o.ops, op)
	}
	o.missed = d.Bool()
	for n := d.Len(6); n > 0; n-- {
		if len(o.ops) == 0 {
			d.Fail("bucket without operations")
			return
		}
		op, window := uint32(d.UintMax(uint64(len(o.ops)-1))), d.Int()
		c := o.find(op, window)
		count := d.Int()
		c.errors, c.self = d.Int(), d.Int()
		c.waits = waitsOf(count, loadLatency(d))
	}
}

func loadLatency(d *codec.Decoder) sketch.Latency {
	l, err := sketch.ParseLatency(d.Bytes())
	if err != nil {
		d.Fail("bad latencies")
	}
	return l
}

func loadDistinct(d *codec.Decoder) sketch.Distinct {
	l, err := sketch.ParseDistinct(d.Bytes())
	if err != nil {
		d.Fail("bad sketch")
	}
	return l
}

func (g *edges) save(e *codec.Encoder) {
	keys := slices.SortedFunc(maps.Keys(g.at), compareEdges)
	e.Len(len(keys))
	for _, k := range keys {
		e.Uint(uint64(k.env))
		e.Uint(uint64(k.caller))
		e.Uint(uint64(k.callee))
		e.Bool(k.third)
		e.Int(int64(k.window))
		c := &g.cells[g.at[k]]
		e.Int(c.count)
		e.Int(c.errors)
		e.Bytes(c.appendBinary(nil, &g.spare))
	}
}

func (g *edges) load(d *codec.Decoder, s *symbols) {
	for n := d.Len(8); n > 0; n-- {
		k := edgeKey{env: loadSymbol(d, s), caller: loadSymbol(d, s), callee: loadSymbol(d, s), third: d.Bool()}
		k.window = int32(d.Int())
		if _, dup := g.at[k]; dup || d.Err() != nil {
			d.Fail("edge twice")
			return
		}
		count, errors := d.Int(), d.Int()
		g.put(k, edgeCell{errors, waitsOf(count, loadLatency(d))})
	}
}

func (m *memory) save(e *codec.Encoder) {
	// Series are numbered by first use, so that the bytes do not depend on which
	// numbers had become free.
	numbers := map[uint32]int{}
	var order []uint32
	for i := range m.n {
		if s := m.nth(i).series; !has(numbers, s) {
			numbers[s] = len(order)
			order = append(order, s)
		}
	}
	e.Len(len(order))
	for _, s := range order {
		m.series.list[s].scope.save(e)
	}
	e.Len(m.n)
	var last felt.Tick
	for i := range m.n {
		o := m.nth(i)
		e.B = append(e.B, byte(o.key>>56), byte(o.key>>48), byte(o.key>>40), byte(o.key>>32), byte(o.key>>24), byte(o.key>>16), byte(o.key>>8), byte(o.key))
		e.Fixed(o.by[:])
		known := m.knownAt(i)
		e.Int(int64(known - last))
		last = known
		e.Int(int64(known.Instant() - o.end))
		e.Int(m.valueAt(i))
		e.Len(numbers[o.series])
		e.Uint(uint64(o.version))
		e.B = append(e.B, byte(o.verdict&7)<<4|byte(o.verdict.first()), byte(o.verdict.class()))
		e.Float(m.weight(o.key))
		w, told := m.who[o.key]
		e.Bool(told)
		if told {
			w.save(e)
		}
	}
}

func (w *who) hashes() [3]*felt.Hash { return [3]*felt.Hash{&w.session, &w.customer, &w.instance} }

func (w *who) save(e *codec.Encoder) {
	for _, h := range w.hashes() {
		e.Hash(*h)
	}
}

func loadWho(d *codec.Decoder) (w who) {
	for _, h := range w.hashes() {
		*h = d.Hash()
	}
	return w
}

func has(m map[uint32]int, k uint32) bool {
	_, ok := m[k]
	return ok
}

func (m *memory) load(d *codec.Decoder) {
	scopes := make([]scopeKey, d.Len(4))
	for i := range scopes {
		scopes[i] = loadScope(d)
	}
	var last felt.Tick
	for n := d.Len(31); n > 0; n-- {
		var o memo
		for _, b := range d.Fixed(8) {
			o.key = o.key<<8 | uint64(b)
		}
		copy(o.by[:], d.Fixed(8))
		later := felt.Tick(d.Int())
		if last += later; later < 0 && m.n > 0 {
			d.Fail("interactions out of order")
			return
		}
		o.end = last.Instant() - felt.Instant(d.Int())
		value := d.Int()
		series := d.Uint()
		o.version = uint16(d.UintMax(1<<16 - 1))
		var flags [2]byte
		copy(flags[:], d.Fixed(2))
		weight := d.Float()
		var told bool
		var w who
		if told = d.Bool(); told {
			w = loadWho(d)
		}
		if place, _ := m.find(o.key); place >= 0 || d.Err() != nil || series >= uint64(len(scopes)) {
			d.Fail("bad interaction")
			return
		}
		now, first, worth := felt.Outcome(flags[0]>>4), felt.Outcome(flags[0]&15), class(flags[1])
		o.verdict = verdictOf(now, first, worth)
		if now >= felt.Outcomes && now != withdrawn || first >= felt.Outcomes || worth > explicit {
			d.Fail("bad outcome")
			return
		}
		o.series = m.series.acquire(scopes[series])
		m.add(o, last, value)
		m.setWeight(o.key, weight)
		if told {
			m.who[o.key] = w
		}
	}
}

func (s scopeKey) save(e *codec.Encoder) {
	e.String(s.env)
	e.String(s.app)
	e.String(s.name)
	e.Uint(uint64(s.traffic))
}

func loadScope(d *codec.Decoder) scopeKey {
	return scopeKey{d.String(), d.String(), d.String(), felt.Traffic(d.UintMax(2))}
}
