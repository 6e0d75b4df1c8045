package incident

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/route"
	"github.com/felt-cx/felt/core/tell"
)

const (
	waitForEvidence felt.Tick = 3 // so long the first notification waits for what history says
	reportEvery     felt.Tick = 300
	updateEvery     felt.Tick = 30 // timeline entries with numbers come at most so often
	scoreRise                 = 10.
	named                     = .5 // from this score on a suspect is worth a report
	sentFindings              = 20
	sentTimeline              = 50
)

// told is what people were told of an incident.
type told struct {
	since  felt.Tick // when there was something to tell: it opened, or opened again
	again  bool      // it did so again
	first  bool      // they were told that it is there
	over   bool      // and that it is resolved
	last   felt.Tick
	before felt.Incident // as it was then
}

// lean is an incident without what comparing two of them does not need.
func lean(r *felt.Incident) felt.Incident {
	c := *r
	c.Timeline, c.ScoreParts, c.SegmentsSpared, c.Nodes, c.Indicators = nil, nil, nil, nil, nil
	c.Findings = slices.Clone(c.Findings[:min(len(c.Findings), 3)])
	c.Scopes, c.Journeys = slices.Clone(c.Scopes), slices.Clone(c.Journeys)
	return c
}

// tell hands out an incident that changed, its customers, and what sinks are to be told.
func (b *Book) tell(t felt.Tick, l *live, out *Out) {
	r := &l.row
	judging := t%every == 0
	if l.open() {
		if why := b.why(t, l); why != r.Silenced {
			r.Silenced, l.changed = why, true
		}
		if l.changed && !judging {
			l.number(t)
			b.rank(t, l)
		}
		if judging {
			l.update(t)
		}
	} else if l.changed || l.counted {
		r.Impact = l.cohort.impact(t.Instant())
	}
	kind, why := b.news(t, l)
	var sinks []string
	if kind != "" {
		sinks = b.announce(t, l, kind, why)
	}
	if l.changed || l.counted && judging {
		r.Version++
		r.Known = t
		l.changed, l.counted = false, false
		out.Incidents = append(out.Incidents, copyOf(r))
	}
	for _, s := range sinks {
		n := felt.Notification{
			Key:  "ntf-" + digest(r.ID, string(kind), strconv.FormatInt(int64(t), 10), s),
			Sink: s, Kind: kind, At: t, Why: why, Incident: copyOf(r),
		}
		n.Incident.Findings = n.Incident.Findings[:min(len(n.Incident.Findings), sentFindings)]
		n.Incident.Timeline = n.Incident.Timeline[max(0, len(n.Incident.Timeline)-sentTimeline):]
		out.Notifications = append(out.Notifications, n)
	}
	out.Cohort, l.left = l.cohort.hand(t, r.ID, l.left || !l.open() && r.Resolved == t.Instant(), out.Cohort)
}

// copyOf is the caller's.
func copyOf(r *felt.Incident) felt.Incident {
	c := *r
	c.Findings, c.Timeline = slices.Clone(c.Findings), slices.Clone(c.Timeline)
	c.Scopes, c.Journeys, c.Titles, c.ScoreParts = slices.Clone(c.Scopes), slices.Clone(c.Journeys), slices.Clone(c.Titles), slices.Clone(c.ScoreParts)
	return c
}

// update says in the timeline what has changed, when it is worth a line.
func (l *live) update(t felt.Tick) {
	if t-l.notedAt < updateEvery {
		return
	}
	if text := tell.Update(&l.noted, &l.row); text != "" {
		l.note(t, "update", text, "")
		l.noted, l.notedAt = lean(&l.row), t
	}
}

// news tells whether there is something to tell, and what has changed.
func (b *Book) news(t felt.Tick, l *live) (kind felt.NotificationKind, why string) {
	r, s := &l.row, &l.told
	switch {
	case r.Silenced != "":
	case !l.open():
		if s.first && !s.over {
			return felt.NotifyResolved, ""
		}
	case !s.first:
		if t >= s.since+waitForEvidence || r.EvidenceAt > s.since.Instant() {
			if s.again {
				return felt.NotifyDetected, "it came back"
			}
			return felt.NotifyDetected, ""
		}
	default:
		rises := r.Priority != "" && r.Priority < s.before.Priority
		if t-s.last < reportEvery && !rises {
			return "", ""
		}
		if changes := changed(&s.before, r); len(changes) > 0 {
			if text := tell.Update(&s.before, r); text != "" {
				return felt.NotifyReported, text
			}
			return felt.NotifyReported, strings.Join(changes, "; ")
		}
	}
	return "", ""
}

// hit is how many customers suffer.
func hit(r *felt.Incident) int64 { return r.Impact.Customers.Failed + r.Impact.Customers.Degraded }

// changed lists what people need to know of what has changed.
func changed(before, r *felt.Incident) (list []string) {
	say := func(when bool, format string, args ...any) {
		if when {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	say(hit(r) >= 2*max(hit(before), 5), "%s customers are hit, %s were", tell.Count(hit(r)), tell.Count(hit(before)))
	say(r.Priority != before.Priority, "priority %s, was %s", r.Priority, before.Priority)
	say(r.Priority == before.Priority && r.Score >= before.Score+scoreRise, "score %.0f, was %.0f", r.Score, before.Score)
	say(r.Commander != before.Commander && r.Commander != "", "%s is in command", r.Commander)
	say(r.Commander != before.Commander && r.Commander == "", "nobody is in command any more")
	say(r.Mitigated != before.Mitigated && r.Mitigated != 0, "it is mitigated")
	say(r.Cause != before.Cause, "the cause is known: %s", causeOf(&r.Cause))
	if top := suspectOf(r); top != suspectOf(before) {
		say(top != "" && r.EvidenceAt != 0, "suspected: %s", top)
	}
	return list
}

func suspectOf(r *felt.Incident) string {
	if len(r.Suspects) == 0 || r.Suspects[0].Score < named {
		return ""
	}
	return r.Suspects[0].What
}

// announce notes that sinks are told, and lists them.
func (b *Book) announce(t felt.Tick, l *live, kind felt.NotificationKind, why string) []string {
	r, s := &l.row, &l.told
	sinks := route.To(b.rules, r, kind)
	if len(sinks) > 0 {
		if r.Notified == 0 {
			r.Notified = t.Instant()
		}
		text := fmt.Sprintf("%s told: %s", strings.Join(sinks, ", "), strings.TrimPrefix(string(kind), "incident."))
		if why != "" {
			text += ", " + why
		}
		l.note(t, "notified", text, "")
		b.stats.Told += int64(len(sinks))
	}
	s.first, s.over = true, kind == felt.NotifyResolved
	s.last, s.before = t, lean(r)
	return sinks
}
