package measure

import (
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// PendingEvent is the event name of a log record by which a page that is hidden says of each open
// try: I may be gone in a moment. Pages that are killed cannot say more.
const PendingEvent = "felt.interaction.pending"

// tabClosed is the reason of a try that nothing ended, unless the record has one.
const tabClosed = "tab_closed"

// pending is a try whose page was hidden. It was abandoned if nothing ends it in time.
type pending struct {
	claim *claim
	last  felt.Tick // in which the newest record of it came

	neighbours[pending]
}

// closed is what is remembered of a try that was closed as abandoned, longer than other
// interactions are: its end may come hours later, from a browser that was offline.
type closed struct {
	memo
	scope  scopeKey
	at     felt.Tick // when it was closed
	known  felt.Tick // its version 1
	value  int64
	weight float64
	who    who
	told   bool // who is set
}

// pendingBook holds the tries of pages that were hidden, in the order of their newest records,
// and those that were closed.
type pendingBook struct {
	of      map[felt.InteractionID]*pending
	byTrace map[felt.TraceID][]*pending
	open    list[pending, *pending]
	closed  fifo[closed]
}

func newPendingBook() *pendingBook {
	return &pendingBook{of: map[felt.InteractionID]*pending{}, byTrace: map[felt.TraceID][]*pending{}}
}

func (b *pendingBook) has(id felt.InteractionID) bool {
	if len(b.of) == 0 {
		return false
	}
	_, ok := b.of[id]
	return ok
}

// above returns the open try that a claim belongs to whose chain of parents has an open end:
// the end is that one's span, which was not sent yet; or it has the same name without the key,
// as baggage leaves it, and what lies between got lost with the page. What a rule made counts
// for itself, as in [trace.above].
func (b *pendingBook) above(t *trace, c *claim) *claim {
	if len(b.of) == 0 || c.ruled {
		return nil
	}
	list := b.byTrace[t.id]
	if len(list) == 0 {
		return nil
	}
	end, _ := t.openEnd(c)
	i := slices.IndexFunc(list, func(p *pending) bool {
		return p.claim.id == end || c.key == "" && p.claim.env == c.env && p.claim.name == c.name
	})
	if i < 0 {
		return nil
	}
	return list[i].claim
}

// push adds one as the newest.
func (b *pendingBook) push(p *pending) {
	b.of[p.claim.iid] = p
	b.byTrace[p.claim.trace] = append(b.byTrace[p.claim.trace], p)
	b.open.push(p)
}

func (b *pendingBook) remove(p *pending) {
	b.open.remove(p)
	delete(b.of, p.claim.iid)
	id := p.claim.trace
	if list := slices.DeleteFunc(b.byTrace[id], func(o *pending) bool { return o == p }); len(list) > 0 {
		b.byTrace[id] = list
	} else {
		delete(b.byTrace, id)
	}
}

// pendingRecord takes the record of a page that was hidden. Each further one of the same try
// gives it time anew; the latest one says how it stood.
func (k *Tracker) pendingRecord(ev *otlp.Event) {
	k.stats.PendingRecords++
	k.expire(k.tick) // a memory must not be longer because nothing has happened meanwhile
	if ev.Fields[otlp.FieldInteraction] == 0 || ev.Trace.IsZero() || ev.Span.IsZero() {
		k.stats.PendingRefused++ // nothing could ever answer it
		return
	}
	c := k.newClaim(ev, nil)
	c.class, c.sent, c.error = leaving, felt.OutcomeNone, false
	k.commons.setDetail(c, c.gone())
	if s := ev.Started; s > 0 && s <= c.end && c.end-s <= k.settings.LateMax {
		c.start = s
	}
	if m, known := k.recall(c.iid); known && (m.verdict.class() > leaving || m.verdict.class() == leaving && !beats(c, &m)) {
		return // it has ended, or this has been told
	}
	b := k.pending
	p := b.of[c.iid]
	if p == nil {
		b.push(&pending{claim: c, last: k.tick})
		return
	}
	if compareClaims(c, p.claim) > 0 {
		p.claim = c
	}
	if p.last != k.tick {
		p.last = k.tick
		b.open.remove(p)
		b.open.push(p)
	}
}

// closePending closes what nothing has ended in time, and what there is no room for.
func (k *Tracker) closePending(t felt.Tick) {
	b := k.pending
	for deadline := t - ticks(k.settings.PendingAfter); b.open.first != nil && b.open.first.last <= deadline; {
		k.abandon(b.open.first)
	}
	limit := max(k.settings.OpenPending/k.parts, 1)
	for len(b.of) > limit {
		k.stats.PendingEarly++
		k.abandon(b.open.first)
	}
	for b.closed.live > 2*limit {
		b.closed.pop()
	}
}

// expire forgets, at a tick, what was remembered for long enough.
func (k *Tracker) expire(t felt.Tick) {
	k.memory.expire(t - ticks(k.settings.Remember))
	b := &k.pending.closed
	for before := t - ticks(k.settings.LateMax); b.live > 0 && b.nth(0).v.at < before; {
		b.pop()
	}
}

// abandon closes a try: the customer was gone when its page was hidden for the last time.
func (k *Tracker) abandon(p *pending) {
	k.pending.remove(p)
	c := p.claim
	var was *memo
	if m, known := k.recall(c.iid); known {
		if was = &m; !beats(c, was) {
			return
		}
	}
	k.stats.PendingAbandoned++
	g := group{claims: []*claim{c}}
	t := k.byTrace[c.trace]
	if t != nil {
		for i := range t.groups {
			if t.groups[i].iid() == c.iid {
				g.claims = append(g.claims, t.groups[i].claims...)
			}
		}
	}
	k.emit(k.row(t, &g, c), was, c)
}

// recall returns the memo of an interaction; false when there is none. One that was closed as
// abandoned is known longer than others: then its memo is made anew.
func (k *Tracker) recall(id felt.InteractionID) (memo, bool) {
	if m, known := k.memory.get(id); known || k.pending.closed.live == 0 {
		return m, known
	}
	e := k.pending.closed.get(closedKey(memoKey(id)))
	if e == nil {
		return memo{}, false
	}
	again := e.memo
	again.series = k.memory.series.acquire(e.scope)
	k.memory.add(again, k.tick, e.value)
	k.memory.setWeight(again.key, e.weight)
	if e.told {
		k.memory.who[again.key] = e.who
	}
	return again, true
}

// closedKey is the key of a memo in pendingBook.closed, where 0 is none.
func closedKey(memo uint64) uint64 { return max(memo, 1) }

// remembered tells a correction of what was closed as abandoned since when it is known.
func (b *pendingBook) remembered(d *Decision, before felt.Tick) {
	if b.closed.live == 0 {
		return
	}
	if e := b.closed.get(closedKey(memoKey(d.ID))); e != nil {
		d.FirstKnown, d.late = e.known, e.at < before
	}
}

// pendingDecided lets a decision answer a try that is open, and keeps what is remembered of one
// that was closed as it is now.
func (k *Tracker) pendingDecided(d *Decision, e *memo, c *claim) {
	b := k.pending
	if c.class > leaving && len(b.of) > 0 {
		if p := b.of[d.ID]; p != nil {
			b.remove(p)
			k.stats.PendingAnswered++
		}
	}
	if c.class != leaving && b.closed.live == 0 {
		return
	}
	key := closedKey(e.key)
	have := b.closed.get(key)
	if have == nil {
		if c.class != leaving {
			return
		}
		b.closed.push(key, closed{at: k.tick, known: d.FirstKnown})
		have = b.closed.get(key)
	} else if have.verdict.class() == leaving && c.class > leaving {
		k.stats.PendingCorrected++
	}
	have.memo, have.scope, have.value, have.weight = *e, scopeKey{d.Env, d.App, d.Name, d.Traffic}, d.ValueMinor, d.Weight
	have.series = 0 // a number of the memory's own
	have.who, have.told = k.memory.who[e.key]
}
