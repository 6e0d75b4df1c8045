package measure

import (
	"cmp"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
)

// edgeKey is one call between two services, or to a peer, in one window.
type edgeKey struct {
	env, caller, callee symbol
	third               bool
	window              int64
}

type edgeCell struct {
	count, errors int64
	latency       sketch.Latency
}

// edges counts who called whom.
type edges struct {
	max  int // of cells
	at   map[edgeKey]*edgeCell
	free []*edgeCell
}

func newEdges() *edges { return &edges{at: map[edgeKey]*edgeCell{}} }

func (e *edges) pending() bool { return len(e.at) > 0 }

func (e *edges) count(k edgeKey, s *span) {
	c := e.at[k]
	if c == nil {
		if len(e.at) >= e.max && k.callee != symOther {
			k.callee = symOther
			e.count(k, s)
			return
		}
		if n := len(e.free); n > 0 {
			c = e.free[n-1]
			e.free = e.free[:n-1]
		} else {
			c = &edgeCell{}
		}
		e.at[k] = c
	}
	c.count++
	if s.error {
		c.errors++
	}
	c.latency.Add(s.dur, 1)
}

// flush hands out a row for every cell and empties them all.
func (e *edges) flush(t felt.Tick, s *symbols) []felt.EdgeBucket {
	if len(e.at) == 0 {
		return nil
	}
	rows := make([]felt.EdgeBucket, 0, len(e.at))
	for k, c := range e.at {
		row := felt.EdgeBucket{
			Env: s.text(k.env), Caller: s.text(k.caller), Callee: s.text(k.callee), ThirdParty: k.third,
			Start: felt.Instant(k.window) * Window, Known: t,
			Count: c.count, Errors: c.errors, Latency: c.latency.AppendBinary(nil),
		}
		if k.third {
			row.Peer = row.Callee
		}
		rows = append(rows, row)
		c.count, c.errors = 0, 0
		if c.latency.Size() > sketchMemory {
			c.latency = sketch.Latency{}
		} else {
			c.latency.Reset()
		}
		e.free = append(e.free, c)
	}
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
