package measure

import (
	"cmp"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// Window is the width of a bucket, and how often buckets are handed out.
const Window = 10 * felt.Second

const flushEvery felt.Tick = 10

// nextFlush is the first tick after t at which buckets are handed out.
func nextFlush(t felt.Tick) felt.Tick {
	r := t % flushEvery
	if r < 0 {
		r += flushEvery
	}
	return t - r + flushEvery
}

// flushes tells whether buckets are handed out at t.
func flushes(t felt.Tick) bool { return t%flushEvery == 0 }

// Stagger has the tracker of a partition hand out its buckets at seconds of its own, so that those of all
// partitions, which are many, do not wait for the store at once. Call it before the first tick.
func (k *Tracker) Stagger(part felt.Part) {
	k.shift = felt.Tick(int64(part) * int64(flushEvery) / int64(k.parts) % int64(flushEvery))
}

// windowOf is the number of the window that an instant lies in.
func windowOf(at felt.Instant) int64 { return int64(at.Floor(Window) / Window) }

// resource is what all spans of one process have in common.
type resource struct {
	env, service, release symbol
}

// operation is one kind of span of one resource.
type operation struct {
	resource uint32
	name     symbol
	kind     felt.SpanKind
	used     bool // since the last sweep
	// Of the most recent spans, how many there were and how many named their interaction.
	recent, named uint16
	// Its first cells, while gen is the present one: nearly every span finds its cell here.
	gen    uint32
	window [opCells]int32
	cell   [opCells]int32
}

// opCells: of the window that is, the one before, and the one of traces that settle.
const opCells = 3

// cell counts one operation in one window.
type cell struct {
	op     uint32
	window int32 // an Instant reaches no further
	errors int64
	self   int64
	waits
}

// operations counts every span by operation and window of its end.
type operations struct {
	max       int // of operations
	resources []resource
	resNo     map[resource]uint32
	ops       []operation
	opNo      map[uint64]uint32
	missed    bool // an operation found no room since the last sweep

	gen   uint32
	cells []cell
	at    map[uint64]int32 // operation and window -> cell, of operations with more than opCells
	spare spareWaits

	// The resource of the event before.
	texts    [3]otlp.Text
	resource uint32
	cached   bool
}

func newOperations() *operations {
	o := &operations{at: map[uint64]int32{}, gen: 1}
	o.reset()
	return o
}

func (o *operations) reset() {
	o.resources, o.resNo = o.resources[:0], map[resource]uint32{}
	o.ops, o.opNo = o.ops[:0], map[uint64]uint32{}
	o.missed = false
}

// begin forgets what the block before had in common.
func (o *operations) begin() { o.cached = false }

// resourceOf returns the number of a resource. When there are too many, further ones
// count under "other" of their environment.
func (o *operations) resourceOf(r resource) uint32 {
	n, ok := o.resNo[r]
	if ok {
		return n
	}
	if other := (resource{r.env, symOther, symEmpty}); len(o.resources) >= o.max && r != other {
		o.missed = true
		if len(o.resources) >= 2*o.max { // so many environments
			other.env = symOther
		}
		if r != other {
			return o.resourceOf(other)
		}
	}
	n = uint32(len(o.resources))
	o.resources = append(o.resources, r)
	o.resNo[r] = n
	return n
}

// opKey is resource, kind and name as one number: numbers make the fastest map.
func opKey(res uint32, name symbol, kind felt.SpanKind) uint64 {
	return uint64(res)<<36 | uint64(kind&7)<<32 | uint64(name)
}

// operation returns the number of an operation. When there are too many, further ones
// count under "other" of their resource.
func (o *operations) operation(res uint32, name symbol, kind felt.SpanKind) uint32 {
	key := opKey(res, name, kind)
	n, ok := o.opNo[key]
	if !ok {
		if len(o.ops) >= o.max && name != symOther {
			o.missed = true
			return o.operation(res, symOther, felt.SpanUnspecified)
		}
		n = uint32(len(o.ops))
		o.ops = append(o.ops, operation{resource: res, name: name, kind: kind})
		o.opNo[key] = n
	}
	o.ops[n].used = true
	return n
}

// count counts a span that arrived. named: it says itself which interaction it is.
func (o *operations) count(s *span, named bool) {
	o.ops[s.op].note(named)
	c := o.find(s.op, windowOf(s.end()))
	if s.error {
		c.errors++
	}
	c.add(s.dur, &o.spare)
}

// recentSpans is when the numbers of recent spans are halved, so that what was long ago weighs
// little: instrumentation changes with releases.
const recentSpans = 1024

func (p *operation) note(named bool) {
	p.recent++
	if named {
		p.named++
	}
	if p.recent >= recentSpans {
		p.recent, p.named = p.recent/2, p.named/2
	}
}

// find returns the cell of an operation in a window, made if need be. It is valid until
// the next call.
func (o *operations) find(op uint32, at int64) *cell {
	p, window := &o.ops[op], int32(at)
	if p.gen != o.gen {
		p.gen, p.cell = o.gen, [opCells]int32{-1, -1, -1}
	}
	for i, n := range p.cell {
		if n < 0 {
			n = o.takeCell(op, window)
			p.window[i], p.cell[i] = window, n
			return &o.cells[n]
		}
		if p.window[i] == window {
			return &o.cells[n]
		}
	}
	key := uint64(op)<<32 | uint64(uint32(window))
	n, ok := o.at[key]
	if !ok {
		n = o.takeCell(op, window)
		o.at[key] = n
	}
	return &o.cells[n]
}

func (o *operations) takeCell(op uint32, window int32) int32 {
	o.cells = append(o.cells, cell{op: op, window: window})
	return int32(len(o.cells) - 1)
}

func (o *operations) pending() bool { return len(o.cells) > 0 }

// flush hands out a row for every cell and empties them all.
func (o *operations) flush(t felt.Tick, s *symbols) []felt.OperationBucket {
	if len(o.cells) == 0 {
		return nil
	}
	rows := make([]felt.OperationBucket, 0, len(o.cells))
	var room pieces
	o.spare.drop()
	for i := range o.cells {
		c := &o.cells[i]
		op := &o.ops[c.op]
		res := o.resources[op.resource]
		row := felt.OperationBucket{
			Env: s.text(res.env), Service: s.text(res.service), Operation: s.text(op.name),
			Kind: op.kind, Release: s.text(res.release), Start: felt.Instant(c.window) * Window, Known: t,
			Count: c.count, Errors: c.errors, SelfTime: c.self,
		}
		if c.count > 0 {
			row.Latency = room.add(func(b []byte) []byte { return c.appendBinary(b, &o.spare) })
		}
		o.spare.give(&c.waits)
		rows = append(rows, row)
	}
	o.emptyCells()
	slices.SortFunc(rows, compareOperations)
	return rows
}

func (o *operations) emptyCells() {
	o.cells = emptied(o.cells)
	clear(o.at)
	o.gen++
}

func compareOperations(a, b felt.OperationBucket) int {
	return cmp.Or(
		cmp.Compare(a.Env, b.Env), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Operation, b.Operation),
		cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Release, b.Release), cmp.Compare(a.Start, b.Start),
	)
}
