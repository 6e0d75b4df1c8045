package measure

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/felt-cx/felt"
)

// Tick closes tick t: it decides what can be decided, settles the traces that are due
// and returns the decisions, by partition of stage 2. They are valid until the next Tick,
// and may be read by several goroutines.
func (k *Tracker) Tick(t felt.Tick) Decided {
	k.tick, k.last = t, nil
	k.out.clear()
	k.expire(t)
	for k.kept.first != nil && k.expired(k.kept.first, t) {
		k.drop(&k.kept, k.kept.first)
	}
	k.decideLoose()
	for _, tr := range k.touched {
		tr.queued = false
		k.look(tr, false)
		if len(tr.spans) >= spansPerTrace || len(tr.claims) >= claimsPerTrace {
			k.stats.SettledEarly++
			k.settle(tr)
		}
	}
	clear(k.touched)
	k.touched = k.touched[:0]
	deadline := t - ticks(k.settings.Settle)
	for tr := k.open.first; tr != nil && tr.last <= deadline; tr = k.open.first {
		k.settle(tr)
	}
	k.closePending(t)
	k.enforce()
	k.waiting = slices.DeleteFunc(k.waiting, func(tr *trace) bool { return !tr.waiting })
	for i := range k.out.Parts {
		k.stats.decided(k.out.Parts[i].Decisions)
	}
	k.feedAll()
	return k.out
}

// enforce keeps the bounds: the oldest go first.
func (k *Tracker) enforce() {
	for limit := k.settings.OpenSpans / k.parts; k.held > limit; {
		switch {
		case k.kept.first != nil:
			k.drop(&k.kept, k.kept.first)
		case k.open.first != nil:
			k.stats.SettledEarly++
			k.settle(k.open.first)
		default:
			return
		}
	}
	limit := k.settings.OpenTries / k.parts
	for k.memory.n > limit {
		k.memory.forget()
		k.stats.Forgotten++
	}
	for k.kept.n > limit/keptShare {
		k.drop(&k.kept, k.kept.first)
	}
}

// drop forgets a trace.
func (k *Tracker) drop(l *traces, t *trace) {
	l.remove(t)
	delete(k.byTrace, t.id)
	k.held -= len(t.spans) + len(t.claims)
	k.claims -= len(t.claims)
	k.pool.giveTrace(t)
}

// settle closes an open trace: what is undecided is decided, self times and edges are
// counted, and nothing stays but what a parent that was never seen may still change.
func (k *Tracker) settle(t *trace) {
	k.look(t, true)
	k.countCalls(t)
	k.stats.Settled++
	if k.keepOpenEnds(t) {
		k.open.remove(t)
		t.kept, t.last = true, k.tick
		k.kept.push(t)
		return
	}
	k.drop(&k.open, t)
}

// keepOpenEnds cuts the trace down to the claims that were decided although their chain
// of parents has an open end, and hangs each directly below that end, so that an
// ancestor that comes later is still known as one. False when there are none.
func (k *Tracker) keepOpenEnds(t *trace) bool {
	var keep []*claim
	var ends []felt.SpanID
	spans := k.scratch.spans[:0]
	for i := range t.groups {
		g := &t.groups[i]
		if g.by == nil || g.by.terminal() {
			continue
		}
		end, open := t.openEnd(g.by)
		if above, _ := t.above(g.by); !open || above != nil {
			continue
		}
		place := int32(len(keep))
		keep = append(keep, g.by)
		ends = append(ends, end)
		if j := t.find(g.by.id); j >= 0 && !g.by.log {
			s := t.spans[j]
			s.parent, s.claim, s.counted = end, place, true
			spans = append(spans, s)
		}
	}
	k.scratch.spans = spans
	if len(keep) == 0 {
		return false
	}
	groups := make([]group, 0, len(keep))
	for i, c := range keep {
		c.parent = ends[i] // only now: the loop above has to climb every chain as it was
		groups = append(groups, group{claims: []*claim{c}, by: c, decided: true})
	}
	k.held += len(spans) + len(keep) - len(t.spans) - len(t.claims)
	k.claims += len(keep) - len(t.claims)
	k.pool.giveSpans(t.spans)
	t.spans = append(k.pool.takeSpans(sizeClass(len(spans))), spans...)
	t.claims, t.groups = keep, groups
	k.pool.reindex(t)
	return true
}

// openEnd climbs from a claim to the parent that is not there; false when the chain ends
// in a root or goes in a circle.
func (t *trace) openEnd(c *claim) (felt.SpanID, bool) {
	at := c.parent
	for range len(t.spans) + 1 {
		if at.IsZero() {
			return at, false
		}
		i := t.find(at)
		if i < 0 {
			return at, true
		}
		at = t.spans[i].parent
	}
	return at, false
}

// decideLoose decides the log records of the tick that belong to no trace.
func (k *Tracker) decideLoose() {
	slices.SortFunc(k.loose, func(a, b *claim) int {
		return cmp.Or(bytes.Compare(a.iid[:], b.iid[:]), -compareClaims(a, b))
	})
	for i, c := range k.loose {
		if i == 0 || k.loose[i-1].iid != c.iid {
			n := i + 1
			for n < len(k.loose) && k.loose[n].iid == c.iid {
				n++
			}
			k.decide(nil, &group{claims: k.loose[i:n]}, c)
			k.stats.Merged += int64(n - i - 1)
		}
	}
	clear(k.loose)
	k.loose = k.loose[:0]
}

// Due is the next tick at which something happens without any input, after the last
// one; 0 when nothing will.
func (k *Tracker) Due() felt.Tick {
	var due felt.Tick
	if k.open.first != nil {
		due = max(k.open.first.last+ticks(k.settings.Settle), k.tick+1)
	}
	if p := k.pending.open.first; p != nil {
		sooner(&due, max(p.last+ticks(k.settings.PendingAfter), k.tick+1))
	}
	if k.ops.pending() || k.edges.pending() {
		if next := nextFlush(k.tick-k.shift) + k.shift; due == 0 || next < due {
			due = next
		}
	}
	return due
}

// Pending is the end of the oldest claim that is not decided yet and arrived in time;
// false when there is none.
func (k *Tracker) Pending() (felt.Instant, bool) {
	var oldest felt.Instant
	found := false
	for _, t := range k.waiting {
		for i := range t.groups {
			g := &t.groups[i]
			if g.decided {
				continue
			}
			for _, c := range g.claims {
				if c.end < c.arrived-k.settings.Settle {
					continue // it came too late to be waited for
				}
				if !found || c.end < oldest {
					oldest, found = c.end, true
				}
			}
		}
	}
	return oldest, found
}
