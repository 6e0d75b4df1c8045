package measure

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/felt-cx/felt"
)

// look decides every interaction of the trace that can be decided now. When settled,
// nothing more is waited for.
func (k *Tracker) look(t *trace, settled bool) {
	wait := false
	for i := range t.groups {
		g := &t.groups[i]
		// One decided by what ends it is looked at only when it has something new; one
		// that was derived also when its trace has: an ancestor may have come.
		if g.decided && !g.dirty && (g.by == nil || g.by.terminal()) {
			continue
		}
		g.dirty = false
		c, unsure := k.decider(t, g)
		switch {
		case (c == nil || !c.terminal()) && k.pending.has(g.iid()):
			g.decided = true // a part of a try that is open, or was left: only its end decides
		case unsure && !settled && !k.isKnown(g):
			wait = true
		case c != nil:
			k.decide(t, g, c)
			g.decided = true
		default:
			k.withdraw(t, g)
			g.decided = true
		}
	}
	if wait && !t.waiting {
		k.waiting = append(k.waiting, t)
	}
	t.waiting = wait
}

// isKnown tells that the interaction has a row already: then it waits for nothing.
func (k *Tracker) isKnown(g *group) bool {
	_, known := k.recall(g.iid())
	return known
}

// decider returns the claim that decides the group, nil when every claim is part of
// another one. It is unsure while some chain of parents has an open end.
func (k *Tracker) decider(t *trace, g *group) (best *claim, unsure bool) {
	for _, c := range g.claims {
		if c.terminal() && (best == nil || compareClaims(c, best) > 0) {
			best = c
		}
	}
	if best != nil {
		return best, false
	}
	for _, c := range g.claims {
		above, open := t.above(c)
		if above != nil || open && k.pending.above(t, c) != nil {
			continue // a part of what is above, or a step of it
		}
		unsure = unsure || open
		if best == nil || compareClaims(c, best) > 0 {
			best = c
		}
	}
	return best, unsure
}

// above returns the nearest claim on an ancestor; open tells that the chain of parents
// ends in one that is not there. For a claim that a rule made only one of the same identity
// is above: the inventory asked for it by name, so it is no mere step of another.
func (t *trace) above(c *claim) (above *claim, open bool) {
	at := c.parent
	for range len(t.spans) + 1 {
		if at.IsZero() {
			return nil, false
		}
		i := t.find(at)
		if i < 0 {
			return nil, true
		}
		if n := t.spans[i].claim; n >= 0 && t.claims[n] != c && (!c.ruled || t.claims[n].iid == c.iid) {
			return t.claims[n], false
		}
		at = t.spans[i].parent
	}
	return nil, true // a circle leads nowhere
}

// decide makes the row of an interaction, or its correction, or nothing when it is
// known already.
func (k *Tracker) decide(t *trace, g *group, c *claim) {
	here := g.by != nil // the claim that decided before is in this trace
	m, known := k.recall(g.iid())
	if !known {
		if here {
			return // made a row, and has been forgotten since
		}
		g.by = c
		k.emit(k.row(t, g, c), nil, c)
		return
	}
	same := m.by == c.id && m.end == c.end && m.verdict.class() == c.class
	switch {
	case same && !here:
		k.stats.Redelivered++
		g.by = c
		return
	case same && !m.verdict.withdrawn(), same && c.terminal():
		return
	case (!here || m.verdict.class() == leaving) && !beats(c, &m):
		k.stats.Merged++
		return
	}
	g.by = c
	k.emit(k.row(t, g, c), &m, c)
}

// beats tells whether a claim takes the decision from one that is only remembered. A
// derived one never does: what was decided is above it, or beside it and final.
func beats(c *claim, m *memo) bool {
	if c.class != m.verdict.class() {
		return c.class > m.verdict.class()
	}
	return c.terminal() && compareEnds(c.end, c.id, m.end, m.by) > 0
}

// withdraw takes back the row of an interaction that turned out to be a step of another
// one: it counts nowhere from then on.
func (k *Tracker) withdraw(t *trace, g *group) {
	if g.by == nil {
		k.stats.Merged++
		return
	}
	m, known := k.recall(g.iid())
	if !known || m.verdict.class() != derived || m.verdict.withdrawn() {
		return
	}
	row := k.row(t, g, g.by)
	row.Outcome, row.OutcomeRule, row.Reason = felt.OutcomeCancelled, ruleNested, "step of another interaction"
	row.AbandonedHow = felt.AbandonedNot
	if above, _ := t.above(g.by); above != nil {
		row.Reason = "step of " + above.name
	}
	k.emit(row, &m, g.by)
}

// row makes the row of an interaction from the claim that decides it, filled up from the
// others and from its trace.
func (k *Tracker) row(t *trace, g *group, c *claim) Decision {
	outcome, rule := c.outcome()
	d := Decision{Instance: c.instance, First: true}
	r := &d.Interaction
	*r = felt.Interaction{
		ID: c.iid, Version: 1, Known: k.tick, FirstKnown: k.tick,
		Env: c.env, App: c.app, Name: c.name, Journey: c.journey, Step: c.step,
		Kind: felt.KindStep, Traffic: c.traffic,
		Start: c.start, End: c.end, Duration: int64(c.end - c.start), Visible: c.visible,
		Outcome: outcome, ClientOutcome: c.sent, Reason: c.why(), OutcomeRule: rule, ErrorClass: c.errorType,
		Retries: c.retries, Weight: c.weight, Draw: c.draw, KeyID: c.keyID,
		Trace: c.trace, Span: c.id, Service: c.service, Release: c.release,
		Flags: slices.Clone(c.flags), Segments: slices.Clone(c.segments), ValueMinor: c.value, Currency: c.currency,
	}
	ids := c.ids
	byJourney := c.byJourney
	for _, o := range k.others(g, c) {
		fillIDs(&ids, &o.ids)
		r.Segments = fillSegments(r.Segments, o.segments)
		fillText(&r.Release, o.release)
		fillText(&r.Journey, o.journey)
		fillText(&r.Step, o.step)
		fillText(&byJourney, o.byJourney)
		if d.Instance.IsZero() {
			d.Instance = o.instance
		}
		r.Traffic = max(r.Traffic, o.traffic)
	}
	if t != nil {
		r.Traffic = max(r.Traffic, t.traffic)
		for n := t.known; n != nil; n = n.next {
			if k.symbols.env(n.env) == c.env {
				fillIDs(&ids, &n.ids)
			}
		}
	}
	r.Customer, r.IdentityLevel = customerOf(&ids)
	r.Account, r.Installation, r.Session = ids.Account, ids.Installation, ids.Session
	d.Steps = k.stepsOf(r.App, r.Name, r.Journey)
	k.judge(r, c, k.stepOf(r.App, r.Name, cmp.Or(r.Journey, byJourney)))
	r.FirstOutcome = r.Outcome
	return d
}

// others lists the other claims of the group, the smallest span id first.
func (k *Tracker) others(g *group, c *claim) []*claim {
	list := k.scratch.claims[:0]
	for _, o := range g.claims {
		if o != c {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b *claim) int {
		if o := bytes.Compare(a.id[:], b.id[:]); o != 0 {
			return o
		}
		return compareClaims(a, b)
	})
	k.scratch.claims = list
	return list
}

func fillText(dst *string, src string) {
	if *dst == "" {
		*dst = src
	}
}

// emit hands the row on and remembers it. m is the memo of the version before.
func (k *Tracker) emit(d Decision, m *memo, c *claim) {
	r := &d.Interaction
	scope := scopeKey{r.Env, r.App, r.Name, r.Traffic}
	e := memo{
		key: memoKey(r.ID), by: c.id, end: c.end, series: k.memory.series.acquire(scope),
		version: 1, verdict: verdictOf(r.Outcome, r.Outcome, c.class),
	}
	if m != nil {
		place := k.memory.placeOfID(r.ID)
		was := k.memory.series.list[m.series].scope
		d.Was = Was{
			Env: was.env, App: was.app, Name: was.name, Traffic: was.traffic, End: m.end, Outcome: m.verdict.outcome(),
			Weight: k.memory.weight(e.key), ValueMinor: k.memory.valueAt(place), Withdrawn: m.verdict.withdrawn(),
		}
		e.version = min(m.version, 1<<16-2) + 1
		e.verdict = verdictOf(r.Outcome, m.verdict.first(), c.class)
		d.First, d.Version, d.FirstKnown, d.FirstOutcome = false, int32(e.version), k.memory.knownAt(place), m.verdict.first()
		k.pending.remembered(&d, k.tick-ticks(k.settings.Remember))
		if d.Withdrawn() {
			e.verdict |= withdrawn
		}
		d.was, d.moves = k.memory.who[e.key]
		k.memory.series.release(m.series)
		k.memory.set(place, e, r.ValueMinor)
	} else {
		k.memory.add(e, k.tick, r.ValueMinor)
	}
	k.memory.setWeight(e.key, r.Weight)
	k.memory.setWho(e.key, &d, c)
	k.pendingDecided(&d, &e, c)
	p := &k.out.Parts[partition(&d.Interaction, k.parts)]
	p.Decisions = append(p.Decisions, d)
}
