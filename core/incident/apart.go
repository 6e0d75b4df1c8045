package incident

import (
	"slices"

	"github.com/felt-cx/felt"
)

// well is since when customers are back, in an incident that is resolved, or half way to it. 0: they are not known
// to be; what people closed is not.
func (l *live) well(t felt.Tick) felt.Instant {
	h := &l.heal
	switch {
	case !l.open():
		return l.row.Recovered
	case l.row.Source == sourceDeclared, h.since == 0, 2*(t-h.since).Instant() < l.patience(t), 2*h.stretch.of[kindFailed].n < healOutcomes:
		return 0
	}
	return h.since.Instant()
}

// another says why a finding is of another fault than an incident that it would join by its name, app or moment:
// it began when customers were back, and what speaks of causes is not the same. "" it is not.
func (b *Book) another(t felt.Tick, l *live, f *felt.Finding, began felt.Instant, lines Lines) string {
	since := l.well(t)
	if since == 0 || began <= since || f.Kind == felt.FindingBurn {
		return ""
	}
	s := scopeOf(f)
	if l.open() && l.part(s) == nil && s.Name != "" {
		journeys := b.journeysOf(s)
		if !slices.ContainsFunc(l.parts, func(p *part) bool { return p.scope.Name == "" || sameJourney(journeys, p) }) {
			return "another journey fails now"
		}
	}
	if differ(l.standOut(), append(segmentsOf(f), lines.Apart(f.Series)...)) {
		return "another part of the customers stands out"
	}
	for _, c := range slices.Concat(b.changes, b.releases.changes(s.Env, since+1, began, b.changes)) {
		if (c.Env == s.Env || c.Env == "") && c.Started > since && c.Started <= began && c.Started >= began-nearBefore &&
			c.Fixes == "" && c.Kind != "fix" && b.touches(&c, s) {
			return c.Kind + " " + whatOf(&c) + " came in between"
		}
	}
	return ""
}

// touches tells whether a change is of an app, or of a service that carries what customers do in it.
func (b *Book) touches(c *felt.Change, s felt.Scope) bool {
	if c.App != "" {
		return c.App == s.App
	}
	return slices.ContainsFunc(servicesOf(b.journeysOf(s), b.lately.service(s)), func(v string) bool { return slices.Contains(c.Services, v) })
}

// standOut are the segment values that stood out in an incident, one by one.
func (l *live) standOut() (list []felt.Segment) {
	for i := range l.row.Findings {
		if f := &l.row.Findings[i]; f.Paging {
			list = append(list, segmentsOf(f)...)
		}
	}
	for _, h := range l.row.SegmentsHit {
		if len(h.Where) == 1 {
			list = append(list, h.Where[0])
		}
	}
	return list
}

// differ tells that of some key other values stand out in one than in the other, and of none the same.
func differ(x, y []felt.Segment) bool {
	other := false
	for _, v := range y {
		if slices.Contains(x, v) {
			return false
		}
		other = other || slices.ContainsFunc(x, func(o felt.Segment) bool { return o.Key == v.Key })
	}
	return other
}

// over resolves the incidents about a scope in which customers were back, when another fault begins there: its
// customers are not theirs.
func (b *Book) over(t felt.Tick, of *live, f *felt.Finding, began felt.Instant, lines Lines) {
	for _, l := range b.list {
		if l == of || !l.open() || l.row.Env != f.Series.Env || l.part(scopeOf(f)) == nil {
			continue
		}
		why := b.another(t, l, f, began, lines)
		if why == "" {
			continue
		}
		r := &l.row
		r.Recovered = l.heal.since.Instant()
		r.Resolved, r.Status = t.Instant(), felt.IncidentResolved
		l.note(t, "recovered", l.heal.story(t), "")
		l.note(t, "resolved", "resolved by itself: customers were back; what fails now is another fault, "+of.row.ID+": "+why, "")
		b.stats.Recovered++
		b.close(l, false)
	}
}
