package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/felt-cx/felt"
)

// SilencesMax bounds the silences that hold at once.
const SilencesMax = 1000

const sourceDeclared = "declared"

// Verdicts of people.
const (
	verdictReal      = "real"
	verdictNoise     = "noise"
	verdictDuplicate = "duplicate"
)

// apply carries out a command.
func (b *Book) apply(t felt.Tick, c felt.Command, lines Lines) {
	switch c.What {
	case felt.CommandSilence:
		b.addSilence(t, c)
		return
	case felt.CommandUnsilence:
		b.endSilence(t, c)
		return
	case felt.CommandDeclare:
		b.declare(t, c, lines)
		return
	}
	l := b.find(c.Target)
	if l == nil {
		return
	}
	switch c.What { // these may be said of one that is resolved too
	case felt.CommandNote:
		l.remark(t, c)
		return
	case felt.CommandCause:
		l.cause(t, c)
		return
	case felt.CommandVerdict:
		b.verdict(t, l, c, lines)
		return
	}
	if !l.open() {
		return
	}
	switch c.What {
	case felt.CommandAcknowledge:
		l.acknowledge(t, c)
	case felt.CommandResolve:
		b.resolve(t, l, c)
	case felt.CommandCommander:
		l.command(t, c)
	case felt.CommandMitigated:
		if l.row.Mitigated == 0 {
			l.row.Mitigated = t.Instant()
			l.note(t, "mitigated", withReason("mitigated", c.Reason), c.Actor)
		}
	case felt.CommandPriority:
		l.prioritise(t, c)
	}
}

func (l *live) acknowledge(t felt.Tick, c felt.Command) {
	if l.row.Status == felt.IncidentAcknowledged {
		return
	}
	l.row.Status, l.row.Acknowledged = felt.IncidentAcknowledged, t.Instant()
	l.note(t, "acknowledged", withReason("acknowledged", c.Reason), c.Actor)
}

// resolve closes an incident for people: without a reason only when customers are back.
func (b *Book) resolve(t felt.Tick, l *live, c felt.Command) {
	r := &l.row
	back := r.Recovery.Holds && r.Recovery.Outcomes >= r.Recovery.Needs
	if c.Reason == "" && (r.FindingActive || !back) {
		text := "not resolved: customers were not seen to recover, so a reason is needed"
		if r.FindingActive {
			text = "not resolved: customers still fail, so a reason is needed"
		}
		l.note(t, "refused", text, c.Actor)
		return
	}
	if back && !r.FindingActive { // what needed a reason is not all clear
		r.Recovered = r.Recovery.Since
	}
	r.Status, r.Resolved = felt.IncidentResolved, t.Instant()
	l.note(t, "resolved", withReason("resolved", c.Reason), c.Actor)
	b.close(l, true)
}

func (l *live) command(t felt.Tick, c felt.Command) {
	who := c.Args["commander"]
	if who == l.row.Commander {
		return
	}
	l.row.Commander = who
	text := who + " takes command"
	if who == "" {
		text = "nobody is in command any more"
	}
	l.note(t, "commander", withReason(text, c.Reason), c.Actor)
}

// remark puts a line of somebody's into the timeline.
func (l *live) remark(t felt.Tick, c felt.Command) {
	if c.Reason == "" {
		return
	}
	kind := cmp.Or(c.Args["kind"], "note")
	if !slices.Contains([]string{"note", "marker", "update", "decision"}, kind) {
		kind = "note"
	}
	l.note(t, kind, c.Reason, c.Actor)
}

func causeOf(c *felt.Cause) string {
	var list []string
	for _, s := range []string{c.Change, c.Service, c.Note} {
		if s != "" {
			list = append(list, s)
		}
	}
	return strings.Join(list, ", ")
}

func (l *live) cause(t felt.Tick, c felt.Command) {
	cause := felt.Cause{Change: c.Args["change"], Service: c.Args["service"], Note: c.Reason, ConfirmedBy: c.Actor}
	text := causeOf(&cause)
	if text == "" || cause == l.row.Cause {
		return
	}
	l.row.Cause = cause
	if l.row.Understood == 0 {
		l.row.Understood = t.Instant()
	}
	l.note(t, "cause", "the cause: "+text, c.Actor)
}

func (l *live) prioritise(t felt.Tick, c felt.Command) {
	p := c.Args["priority"]
	switch {
	case p == "" && l.set:
		l.set = false
		l.note(t, "priority", withReason("the priority follows the score again", c.Reason), c.Actor)
	case isPriority(p) && (p != l.row.Priority || !l.set):
		l.set, l.row.Priority = true, p
		l.note(t, "priority", withReason("priority "+p, c.Reason), c.Actor)
	}
}

func isPriority(p string) bool { return len(p) == 2 && p[0] == 'P' && p[1] >= '1' && p[1] <= '5' }

// verdict says what an incident was. Noise is resolved; so is a duplicate, whose findings go on in
// the other one.
func (b *Book) verdict(t felt.Tick, l *live, c felt.Command, lines Lines) {
	v, of := c.Args["verdict"], c.Args["of"]
	other := b.find(of)
	switch {
	case v == l.row.Verdict, v != verdictReal && v != verdictNoise && v != verdictDuplicate:
		return
	case v == verdictDuplicate && (of == "" || other == l):
		return
	}
	l.row.Verdict = v
	text := "verdict: " + v
	if v == verdictDuplicate {
		text += " of " + of
	}
	l.note(t, "verdict", withReason(text, c.Reason), c.Actor)
	if v == verdictReal || !l.open() {
		return
	}
	l.row.Status, l.row.Resolved = felt.IncidentResolved, t.Instant()
	l.note(t, "resolved", "resolved: "+strings.TrimPrefix(text, "verdict: "), c.Actor)
	if v == verdictNoise || other == nil || !other.open() {
		b.close(l, true)
		return
	}
	for i := range l.row.Findings {
		f := &l.row.Findings[i]
		if g := b.found[f.ID]; g != nil && g.of == l && g.paging && f.Ended == 0 {
			delete(b.found, f.ID)
			b.attach(t, other, f, b.began(t, f, lines), lines)
		}
	}
	b.close(l, true)
	other.note(t, "note", l.row.ID+" is a duplicate of this one", c.Actor)
}

// declare makes an incident of what people say.
func (b *Book) declare(t felt.Tick, c felt.Command, lines Lines) {
	open := 0
	for _, l := range b.list {
		open += one(l.open())
	}
	if c.Target == "" || b.find(c.Target) != nil || open >= 2*OpenMax {
		return
	}
	a := c.Args
	began := cmp.Or(c.Time, t.Instant())
	if at, err := time.Parse(time.RFC3339, a["first_bad"]); err == nil {
		began = felt.InstantOf(at)
	}
	began = min(began, t.Instant())
	l := &live{cohort: newCohort(), notedAt: t, told: told{since: t}}
	l.row = felt.Incident{
		ID: c.Target, Kind: string(felt.FindingFailed), Env: cmp.Or(a["env"], "production"), App: a["app"], Title: a["title"], Source: sourceDeclared,
		Status: felt.IncidentOpen, FirstBad: began, Detected: t.Instant(), Opened: t.Instant(), RulesVersion: b.version(),
	}
	l.row.Timeline = []felt.TimelineEntry{{At: began, Kind: "first_bad", Text: "since then, by what people say"}}
	b.list = append(b.list, l)
	b.stats.Opened++
	l.note(t, "declared", withReason("declared", c.Reason), c.Actor)
	if isPriority(a["priority"]) {
		l.set, l.row.Priority = true, a["priority"]
	}
	if a["name"] != "" {
		kind := felt.KindStep
		if a["kind"] == felt.KindJourney.String() {
			kind = felt.KindJourney
		}
		b.join(t, l, felt.Scope{Env: l.row.Env, App: l.row.App, Name: a["name"], Kind: kind}, true, lines)
	}
	b.suspect(t, l)
	l.number(t)
	l.noted = lean(&l.row)
}

// addSilence lets nobody be told of incidents in a scope for some time.
func (b *Book) addSilence(t felt.Tick, c felt.Command) {
	until, err := time.Parse(time.RFC3339, c.Args["until"])
	s := felt.Silence{
		ID: c.Target, Env: c.Args["env"], App: c.Args["app"], Name: c.Args["name"], From: t.Instant(), Until: felt.InstantOf(until),
		Reason: c.Reason, Actor: c.Actor,
	}
	if err != nil || c.Target == "" || c.Reason == "" || s.Until <= s.From || len(b.silences) >= SilencesMax {
		return
	}
	i, there := slices.BinarySearchFunc(b.silences, s.ID, func(o felt.Silence, id string) int { return cmp.Compare(o.ID, id) })
	if there {
		return
	}
	b.silences = slices.Insert(b.silences, i, s)
	b.noteSilence(t, &s, fmt.Sprintf("silenced until %s: %s", s.Until.Time().Format("15:04 UTC on 2 Jan"), s.Reason), c.Actor)
}

// endSilence ends one before its time.
func (b *Book) endSilence(t felt.Tick, c felt.Command) {
	i := slices.IndexFunc(b.silences, func(s felt.Silence) bool { return s.ID == c.Target })
	if i < 0 {
		return
	}
	b.noteSilence(t, &b.silences[i], withReason("the silence is ended", c.Reason), c.Actor)
	b.silences = slices.Delete(b.silences, i, i+1)
}

// noteSilence notes a silence in the incidents that it is about.
func (b *Book) noteSilence(t felt.Tick, s *felt.Silence, text, actor string) {
	is := func(want, got string) bool { return want == "" || want == got }
	for _, l := range b.list {
		about := slices.ContainsFunc(l.parts, func(p *part) bool {
			return is(s.Env, p.scope.Env) && is(s.App, p.scope.App) && is(s.Name, p.scope.Name)
		})
		if l.open() && (about || len(l.parts) == 0 && is(s.Env, l.row.Env) && is(s.App, l.row.App) && s.Name == "") {
			l.note(t, "silence", text, actor)
		}
	}
}

// silence lets go of silences whose time is over.
func (b *Book) silence(t felt.Tick) {
	b.silences = slices.DeleteFunc(b.silences, func(s felt.Silence) bool { return s.Until <= t.Instant() })
}

func withReason(word, reason string) string {
	if reason == "" {
		return word
	}
	return word + ": " + reason
}
