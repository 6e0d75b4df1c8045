package incident

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/detect"
	"github.com/felt-cx/felt/core/measure"
	"github.com/felt-cx/felt/core/rules"
)

// live is an incident that is held.
type live struct {
	row      felt.Incident
	parts    []*part // in the order in which they joined
	cohort   *cohort
	heal     heal
	told     told
	lasting  int          // findings of paging class that last
	joined   int          // findings of paging class so far
	last     felt.Tick    // when one joined last
	round    int64        // of the evidence that is known
	services []string     // by evidence
	calm     felt.Instant // how long it was resolved before it opened again
	began    felt.Instant // when what opened it again began; 0 it did not
	set      bool         // people have set the priority
	changed  bool
	counted  bool          // numbers changed since the row was handed out
	left     bool          // customers are still to be handed out
	noted    felt.Incident // as of the last update of the timeline
	notedAt  felt.Tick
}

func (l *live) open() bool { return l.row.Status != felt.IncidentResolved }

// part is one scope of an incident.
type part struct {
	of      *live
	number  int
	scope   felt.Scope
	harm    bool  // its customers are harmed; else they are missed
	bad     int64 // tries that harmed
	counts  felt.Counts
	joined  felt.Tick
	usual   [kinds]float64 // shares held for usual when it joined; negative: not looked up yet
	watched []watch
	// Tries that were left, since the last judging, of customers who had gone before they were back; of
	// them, after a failure.
	echo, fled int64

	// What the inventory says.
	title       string
	criticality int
	journeys    []*rules.CompiledJourney
	step        *rules.CompiledStep // nil: a journey as a whole, or nothing that is known
	window      felt.Instant        // to recover
}

// watch counts the tries of a segment value that stands out, so that it is seen to recover too.
type watch struct {
	segment felt.Segment
	usual   float64
	bad, n  int64 // since the last judging
}

func (w *watch) holds(y *measure.Try) bool {
	if w.segment.Key == "release" && y.Release == w.segment.Value {
		return true
	}
	return slices.Contains(y.Segments, w.segment)
}

// watch counts a try for the segment values that are watched.
func (p *part) watch(y *measure.Try) {
	if !y.Judged || !y.First {
		return
	}
	if y.Outcome == felt.OutcomeAbandoned && p.isEcho(y.End) {
		p.echo++
		p.fled += int64(one(y.AbandonedHow == felt.AbandonedAfterFailure))
	}
	for i := range p.watched {
		if w := &p.watched[i]; w.holds(y) {
			w.n++
			if y.Outcome == felt.OutcomeFailed {
				w.bad++
			}
		}
	}
}

// isEcho tells that a journey that counts as left at end was left before customers were back: that they
// went is known only when its timeout has passed, and says nothing of now. Where that they leave is
// the harm itself there is no other sign, and it must cease.
func (p *part) isEcho(end felt.Instant) bool {
	if p.scope.Kind != felt.KindJourney || felt.FindingKind(p.of.row.Kind) == felt.FindingFunnel || len(p.journeys) == 0 {
		return false
	}
	since := p.of.heal.since
	return since == 0 || end-p.journeys[0].Timeout < since.Instant()
}

// plan gives a part what the inventory says of it.
func (b *Book) plan(p *part) {
	p.title, p.criticality, p.journeys, p.step, p.window = p.scope.Name, 0, nil, nil, b.settings.Recovery
	if p.scope.Name == "" {
		p.title = p.scope.App
	}
	if b.rules == nil {
		return
	}
	if p.scope.Name == "" { // the whole app
		for _, j := range b.rules.Journeys {
			if j.App == p.scope.App {
				p.journeys = append(p.journeys, j)
				p.criticality = max(p.criticality, j.Criticality)
			}
		}
		return
	}
	if p.scope.Kind == felt.KindJourney {
		for _, j := range b.rules.Journeys {
			if j.Name == p.scope.Name && (j.App == "" || j.App == p.scope.App) {
				p.journeys = []*rules.CompiledJourney{j}
				break
			}
		}
	} else {
		for _, st := range b.rules.Steps(p.scope.App, p.scope.Name) {
			p.journeys = append(p.journeys, st.Journey)
			if p.step == nil {
				p.step = st
			}
		}
	}
	for i, j := range p.journeys {
		p.criticality = max(p.criticality, j.Criticality)
		if i == 0 {
			if p.title = cmp.Or(j.Title, j.Name); j.RecoveryWindow > 0 {
				p.window = j.RecoveryWindow
			}
		}
	}
	if st := p.step; st != nil && len(st.Journey.Steps) > 1 && (st.Optional || st.Async) {
		p.title = st.Name // the journey goes on without it
	}
}

// part is that of a scope; nil none.
func (l *live) part(of felt.Scope) *part {
	for _, p := range l.parts {
		if p.scope == of {
			return p
		}
	}
	return nil
}

// join adds a scope to an incident, with the tries of it since the incident began.
func (b *Book) join(t felt.Tick, l *live, of felt.Scope, harm bool, lines Lines) *part {
	p := l.part(of)
	if p == nil {
		if len(l.parts) >= ScopesMax {
			return nil
		}
		p = &part{of: l, number: len(l.parts), scope: of, joined: t}
		for i := range p.usual {
			p.usual[i] = -1
		}
		b.plan(p)
		l.parts = append(l.parts, p)
		b.counted[of] = append(b.counted[of], p)
		p.harm = harm
		b.enter(l, p, l.row.FirstBad, 0, lines)
		return p
	}
	if harm && !p.harm { // those who were only counted are harmed as well
		p.harm = true
		b.lately.of(of, func(y *try) {
			if hit := harms(y.outcome); hit != 0 && y.end >= l.row.FirstBad && y.who != 0 {
				l.cohort.customers.add(y.who, hit)
				l.cohort.harm(p.number, y, p.window)
			}
		})
	}
	return p
}

// enter counts the tries of a part that ended since from, and before until unless that is 0, as far
// as they are held.
func (b *Book) enter(l *live, p *part, from, until felt.Instant, lines Lines) {
	in := func(end felt.Instant) bool { return end >= from && (until == 0 || end < until) }
	b.lately.of(p.scope, func(y *try) {
		if in(y.end) {
			l.count(p, y)
		}
	})
	lines.Recent(felt.Series{Env: p.scope.Env, App: p.scope.App, Name: p.scope.Name, Kind: p.scope.Kind, Traffic: felt.TrafficCustomer}, func(v detect.Seen) {
		switch v.Outcome {
		case felt.OutcomeFailed, felt.OutcomeDegraded: // are held here
		case felt.OutcomeAbandoned: // of them, those after a failure are
		default:
			if in(v.Last) {
				l.count(p, &try{who: v.Customer, end: v.Last, outcome: v.Outcome})
			}
		}
	})
}

// add takes a try of a part that became known now.
func (l *live) add(p *part, y *try) {
	if y.end < l.row.FirstBad {
		return
	}
	if !l.open() { // nobody is counted any more, but who comes back is seen
		if y.outcome == felt.OutcomeSuccess || y.outcome == felt.OutcomeDegraded {
			l.cohort.recover(p.number, y)
		}
		return
	}
	l.count(p, y)
}

func (l *live) count(p *part, y *try) {
	p.counts.Add(y.outcome, 1)
	if y.was != felt.OutcomeNone {
		p.counts.Add(y.was, -1)
	}
	l.cohort.add(p.number, y, p.harm, p.window)
	if p.harm && harms(y.outcome) != 0 {
		p.bad++
	}
	l.counted = true
}

// impact is the running number at an instant, in which tries are told once: see [felt.Question].
func (l *live) impact(now felt.Instant) felt.Impact {
	i := l.cohort.impact(now)
	apps := map[string]bool{}
	for _, p := range l.parts {
		if p.scope.Kind == felt.KindStep {
			apps[p.scope.App] = true
		}
	}
	for _, p := range l.parts {
		if p.scope.Kind == felt.KindJourney && apps[p.scope.App] {
			continue
		}
		for n, to := range countFields(&i.Counts) {
			*to += *countFields(&p.counts)[n]
		}
	}
	return i
}

// arrange puts the scopes in order, worst first: by what hangs on them, then by how many tries went
// wrong, roughly, so that they do not change places all the time.
func (l *live) arrange() {
	order := slices.Clone(l.parts)
	slices.SortStableFunc(order, func(x, y *part) int {
		return cmp.Or(cmp.Compare(y.criticality, x.criticality), cmp.Compare(bits.Len64(uint64(y.bad)), bits.Len64(uint64(x.bad))),
			cmp.Compare(y.scope.Kind, x.scope.Kind), compareScopes(x.scope, y.scope))
	})
	r := &l.row
	r.Scopes, r.Journeys, r.Titles = nil, nil, nil
	for _, p := range order {
		if r.Scopes = append(r.Scopes, p.scope); p.scope.Name != "" {
			r.Journeys = append(r.Journeys, p.scope.Name)
		}
		if !slices.Contains(r.Titles, p.title) {
			r.Titles = append(r.Titles, p.title)
		}
	}
	if len(order) > 0 {
		if r.App = order[0].scope.App; r.Source != sourceDeclared || r.Title == "" {
			r.Title = order[0].title
		}
	}
}

// note adds a line to the incident's story.
func (l *live) note(t felt.Tick, kind, text, actor string) {
	l.noteAt(t.Instant(), kind, text, actor)
}

func (l *live) noteAt(at felt.Instant, kind, text, actor string) {
	r := &l.row
	r.Timeline = append(r.Timeline, felt.TimelineEntry{At: at, Kind: kind, Text: text, Actor: actor})
	l.changed = true
	if len(r.Timeline) <= TimelineMax {
		return
	}
	i := slices.IndexFunc(r.Timeline, func(e felt.TimelineEntry) bool { return e.Kind == "update" })
	if i < 0 {
		i = 1 // the first says when it began
	}
	r.Timeline = slices.Delete(r.Timeline, i, i+1)
}
