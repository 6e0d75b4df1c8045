package incident

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/route"
	"github.com/felt-cx/felt/core/tell"
)

const (
	waitForEvidence felt.Tick = 3  // so long the first notification waits for what history says
	updateEvery     felt.Tick = 30 // timeline entries with numbers come at most so often
	scoreRise                 = 10.
	named                     = .5 // from this score on a suspect is worth a report
	sentFindings              = 20
	sentTimeline              = 50
)

// told is what people were told of an incident.
type told struct {
	since felt.Tick // when there was something to tell: it opened, or opened again
	again bool      // it did so again
	first bool      // whom it concerned then were told that it is there
	over  bool      // and that it is resolved
	adopt bool      // who was told is not known: whom it concerns now, as it stands
	sinks []heard   // in order of their names
}

// heard is what one sink knows of an incident.
type heard struct {
	sink   string
	last   felt.Tick
	before felt.Incident // as it was then
}

// message is what several sinks are told.
type message struct {
	kind  felt.NotificationKind
	why   string
	sinks []string
}

// lean is an incident without what comparing two of them does not need.
func lean(r *felt.Incident) felt.Incident {
	c := *r
	c.Timeline, c.ScoreParts, c.SegmentsSpared, c.Nodes, c.Indicators = nil, nil, nil, nil, nil
	c.Findings = slices.Clone(c.Findings[:min(len(c.Findings), 3)])
	c.Scopes, c.Journeys, c.Titles = slices.Clone(c.Scopes), slices.Clone(c.Journeys), slices.Clone(c.Titles)
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
		r.Impact = l.impact(t.Instant())
	}
	list := b.news(t, l)
	b.announce(t, l, list)
	if l.changed || l.counted && judging {
		r.Version++
		r.Known = t
		l.changed, l.counted = false, false
		out.Incidents = append(out.Incidents, copyOf(r))
	}
	for _, m := range list {
		for _, s := range m.sinks {
			n := felt.Notification{
				Key:  "ntf-" + codec.Digest(r.ID, string(m.kind), strconv.FormatInt(int64(t), 10), s),
				Sink: s, Kind: m.kind, At: t, Why: m.why, Incident: copyOf(r),
			}
			n.Incident.Findings = n.Incident.Findings[:min(len(n.Incident.Findings), sentFindings)]
			n.Incident.Timeline = n.Incident.Timeline[max(0, len(n.Incident.Timeline)-sentTimeline):]
			out.Notifications = append(out.Notifications, n)
		}
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

// news lists what is to be told, and to whom. In an event log nobody is: it is long ago what an imported
// history shows. What is still open when its clock is switched begins for everybody then.
func (b *Book) news(t felt.Tick, l *live) []message {
	r, s := &l.row, &l.told
	switch {
	case b.settings.Clock == felt.ClockEvent:
	case s.adopt:
		s.join(t, r, route.Concerned(b.rules, r))
		s.adopt = false
	case r.Silenced != "":
	case !l.open():
		if s.first && !s.over {
			s.over = true
			return asMessages(felt.NotifyResolved, "", route.Again(b.rules, s.names(), felt.NotifyResolved))
		}
	case !s.first:
		if t < s.since+waitForEvidence && r.EvidenceAt <= s.since.Instant() {
			return nil
		}
		s.first = true
		why := ""
		if s.again {
			why = "it came back"
		}
		return b.begins(t, l, why)
	case t%every == 0 || l.changed:
		return append(b.begins(t, l, ""), b.reports(t, l)...)
	}
	return nil
}

// begins tells those whom an incident concerns, and did not before: it may have become worse.
func (b *Book) begins(t felt.Tick, l *live, why string) []message {
	s := &l.told
	fresh := slices.DeleteFunc(route.Concerned(b.rules, &l.row), func(name string) bool { return s.of(name) != nil })
	s.join(t, &l.row, fresh)
	return asMessages(felt.NotifyDetected, why, route.Again(b.rules, fresh, felt.NotifyDetected))
}

// reports tells each sink what has changed since it was told last, not more often than it wants: but a
// higher priority at once, and that it is bad again to whom was told that it looks well.
func (b *Book) reports(t felt.Tick, l *live) []message {
	r, s := &l.row, &l.told
	var list []message
	for _, name := range route.Again(b.rules, s.names(), felt.NotifyReported) {
		h := s.of(name)
		rises := r.Priority != "" && r.Priority < h.before.Priority
		if !rises && !relapsed(&h.before, r) && (t-h.last).Instant() < b.rules.Sink(name).Every {
			continue
		}
		changes := changed(&h.before, r)
		if len(changes) == 0 {
			continue
		}
		why := tell.Update(&h.before, r)
		if why == "" {
			why = strings.Join(changes, "; ")
		}
		i := slices.IndexFunc(list, func(m message) bool { return m.why == why })
		if i < 0 {
			i = len(list)
			list = append(list, message{kind: felt.NotifyReported, why: why})
		}
		list[i].sinks = append(list[i].sinks, name)
	}
	return list
}

// relapsed tells that what looked well before is bad again, by a finding that lasts.
func relapsed(before, r *felt.Incident) bool {
	v := &before.Recovery
	looked := v.Since != 0 && 2*v.Outcomes >= v.Needs && 2*(before.Known.Instant()-v.Since) >= v.For // see tell.Sentence
	return looked && r.Recovery.Since == 0 && r.FindingActive
}

func asMessages(kind felt.NotificationKind, why string, sinks []string) []message {
	if len(sinks) == 0 {
		return nil
	}
	return []message{{kind, why, sinks}}
}

func (s *told) names() []string {
	names := make([]string, 0, len(s.sinks))
	for i := range s.sinks {
		names = append(names, s.sinks[i].sink)
	}
	return names
}

func (s *told) of(name string) *heard {
	i := slices.IndexFunc(s.sinks, func(h heard) bool { return h.sink == name })
	if i < 0 {
		return nil
	}
	return &s.sinks[i]
}

// join notes that sinks know of the incident as it is.
func (s *told) join(t felt.Tick, r *felt.Incident, names []string) {
	for _, name := range names {
		if s.of(name) == nil {
			s.sinks = append(s.sinks, heard{name, t, lean(r)})
		}
	}
	slices.SortFunc(s.sinks, func(x, y heard) int { return strings.Compare(x.sink, y.sink) })
}

func (s *told) save(e *codec.Encoder) {
	e.Int(int64(s.since))
	for _, v := range []bool{s.again, s.first, s.over, s.adopt} {
		e.Bool(v)
	}
	e.Len(len(s.sinks))
	for i := range s.sinks {
		h := &s.sinks[i]
		e.String(h.sink)
		e.Int(int64(h.last))
		e.JSON(h.before)
	}
}

func (s *told) load(d *codec.Decoder) {
	*s = told{since: felt.Tick(d.Int()), again: d.Bool(), first: d.Bool(), over: d.Bool(), adopt: d.Bool()}
	for n := d.Len(3); n > 0 && d.Err() == nil; n-- {
		h := heard{sink: d.String(), last: felt.Tick(d.Int())}
		d.JSON(&h.before)
		s.sinks = append(s.sinks, h)
	}
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
	say(len(r.Titles) > len(before.Titles), "%d journeys are hit, %d were", len(r.Titles), len(before.Titles))
	say(relapsed(before, r), "it does not look well any more")
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

// announce notes who is told.
func (b *Book) announce(t felt.Tick, l *live, list []message) {
	r, s := &l.row, &l.told
	for _, m := range list {
		if r.Notified == 0 {
			r.Notified = t.Instant()
		}
		text := fmt.Sprintf("%s told: %s", strings.Join(m.sinks, ", "), strings.TrimPrefix(string(m.kind), "incident."))
		if m.why != "" {
			text += ", " + m.why
		}
		l.note(t, "notified", text, "")
		b.stats.Told += int64(len(m.sinks))
		for _, name := range m.sinks {
			if h := s.of(name); h != nil {
				h.last, h.before = t, lean(r)
			}
		}
	}
}
