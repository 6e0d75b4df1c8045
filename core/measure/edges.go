package measure

import (
	"cmp"
	"slices"

	"github.com/felt-cx/felt"
)

// edgeKey is one call between two services, or to a peer, in one window.
type edgeKey struct {
	env, caller, callee symbol
	window              int32 // an Instant reaches no further
	third               bool
}

type edgeCell struct {
	errors int64
	waits
}

// edges counts who called whom.
type edges struct {
	max   int // of cells
	at    map[edgeKey]int32
	cells []edgeCell
	spare spareWaits
}

func newEdges() *edges { return &edges{at: map[edgeKey]int32{}} }

func (e *edges) pending() bool { return len(e.at) > 0 }

func (e *edges) count(k edgeKey, s *span) {
	n, ok := e.at[k]
	if !ok {
		if len(e.at) >= e.max && k.callee != symOther {
			k.callee = symOther
			e.count(k, s)
			return
		}
		n = e.put(k, edgeCell{})
	}
	c := &e.cells[n]
	if s.error {
		c.errors++
	}
	c.add(s.dur, &e.spare)
}

// put adds the cell of an edge that has none.
func (e *edges) put(k edgeKey, c edgeCell) int32 {
	n := int32(len(e.cells))
	e.cells = append(e.cells, c)
	e.at[k] = n
	return n
}

// flush hands out a row for every cell and empties them all.
func (e *edges) flush(t felt.Tick, s *symbols) []felt.EdgeBucket {
	if len(e.at) == 0 {
		return nil
	}
	rows := make([]felt.EdgeBucket, 0, len(e.at))
	var room pieces
	e.spare.drop()
	for k, n := range e.at {
		c := &e.cells[n]
		row := felt.EdgeBucket{
			Env: s.text(k.env), Caller: s.text(k.caller), Callee: s.text(k.callee), ThirdParty: k.third,
			Start: felt.Instant(k.window) * Window, Known: t,
			Count: c.count, Errors: c.errors, Latency: room.add(func(b []byte) []byte { return c.appendBinary(b, &e.spare) }),
		}
		if k.third {
			row.Peer = row.Callee
		}
		rows = append(rows, row)
		e.spare.give(&c.waits)
	}
	e.cells = emptied(e.cells)
	clear(e.at)
	slices.SortFunc(rows, func(a, b felt.EdgeBucket) int {
		return cmp.Or(cmp.Compare(a.Env, b.Env), cmp.Compare(a.Caller, b.Caller), cmp.Compare(a.Callee, b.Callee),
			compareBools(a.ThirdParty, b.ThirdParty), cmp.Compare(a.Start, b.Start))
	})
	return rows
}

// compareEdges gives the cells of a snapshot an order.
func compareEdges(a, b edgeKey) int {
	return cmp.Or(cmp.Compare(a.env, b.env), cmp.Compare(a.caller, b.caller), cmp.Compare(a.callee, b.callee),
		compareBools(a.third, b.third), cmp.Compare(a.window, b.window))
}
