package incident

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/felt-cx/felt"
)

// KeysMax is how many idempotency keys are remembered.
const KeysMax = 10_000

// Timeline and judging intervals.
const (
	every       felt.Tick = 10  // numbers are handed out so often
	updateAfter felt.Tick = 300 // a timeline entry at least so often, if numbers changed
)

type scope struct{ env, app, name string }

func compareScopes(a, b scope) int {
	return cmp.Or(cmp.Compare(a.env, b.env), cmp.Compare(a.app, b.app), cmp.Compare(a.name, b.name))
}

// live is an unresolved incident.
type live struct {
	scope    scope
	kind     felt.InteractionKind // whose tries are counted
	row      felt.Incident
	crowd    *crowd
	changed  bool
	counted  bool      // the crowd changed since the row was handed out
	told     int64     // failed customers of the last timeline entry that gives a number
	toldTick felt.Tick // when that was
}

// Recent calls yield for the tries known so far in a scope: customer, outcome, and the
// ends of the first and last of them. An incident that opens begins with those.
type Recent func(of felt.Series, yield func(customer uint64, o felt.Outcome, first, last felt.Instant))

// Book holds the unresolved incidents. It is for one goroutine.
type Book struct {
	live     map[scope]*live
	keys     map[string]bool
	order    []string        // of keys, oldest first
	closed   map[string]bool // findings that last although people resolved their incident
	commands []felt.Command
	tick     felt.Tick
	opened   int64
}

// NewBook returns an empty book.
func NewBook() *Book {
	return &Book{live: map[scope]*live{}, keys: map[string]bool{}, closed: map[string]bool{}}
}

// Command takes a command; it takes effect at the next Tick.
func (b *Book) Command(c felt.Command) { b.commands = append(b.commands, c) }

// Evidence takes what history says about an incident, unless as much is known already.
func (b *Book) Evidence(v felt.Evidence) {
	l := b.find(v.Incident)
	if l == nil || v.At <= l.row.EvidenceAt {
		return
	}
	r := &l.row
	r.EvidenceAt, r.SegmentsHit, r.SegmentsSpared, r.Suspects, r.Nodes, r.Indicators = v.At, v.Hit, v.Spared, v.Suspects, v.Nodes, v.Indicators
	l.changed = true
}

// Add takes one decided try of a customer for the incident of its scope, if there is one,
// it is about tries of that kind, and the try ended since it began.
func (b *Book) Add(of felt.Scope, customer uint64, o felt.Outcome, end felt.Instant) {
	l := b.live[scope{of.Env, of.App, of.Name}]
	if l == nil || end < l.row.FirstBad || l.kind != of.Kind {
		return
	}
	l.crowd.add(customer, o, end)
	l.crowd.counts.Add(o, 1)
	l.counted = true
}

// Tick applies the commands and findings of tick t, in this order, and returns what
// changed, in order of scope, and the commands that were not repetitions.
func (b *Book) Tick(t felt.Tick, findings []felt.Finding, recent Recent) ([]felt.Incident, []felt.Command) {
	b.tick = t
	var commands []felt.Command
	for _, c := range b.commands {
		if b.repeated(c.IdempotencyKey) {
			continue
		}
		commands = append(commands, c)
		b.apply(t, c)
	}
	b.commands = b.commands[:0]
	for _, f := range findings {
		b.finding(t, f, recent)
	}
	return b.rows(t), commands
}

// Past lets go of the commands given since the last Tick: they were carried out before. Their keys
// are remembered.
func (b *Book) Past() {
	for _, c := range b.commands {
		b.repeated(c.IdempotencyKey)
	}
	b.commands = b.commands[:0]
}

// Resume takes up incidents that are not resolved, as they stood at the end of tick t: what is
// known of them but their customers, who are to be entered with [Book.Add] anew. Findings are those
// that had not ended: one of paging class without an incident has one that people resolved.
func (b *Book) Resume(t felt.Tick, incidents []felt.Incident, findings []felt.Finding) {
	b.tick = t
	for _, row := range incidents {
		if row.Status == felt.IncidentResolved {
			continue
		}
		of := row.Scope()
		s := scope{of.Env, of.App, of.Name}
		if old := b.live[s]; old == nil || old.row.Opened < row.Opened {
			row.Findings, row.Timeline = slices.Clone(row.Findings), slices.Clone(row.Timeline)
			b.live[s] = &live{scope: s, kind: of.Kind, row: row, crowd: newCrowd(), told: row.Impact.Customers.Failed, toldTick: t}
		}
	}
	b.resumed(findings)
}

// resumed marks the findings of incidents that people resolved.
func (b *Book) resumed(findings []felt.Finding) {
	for _, f := range findings {
		if f.Paging && f.Ended == 0 && b.live[scope{f.Series.Env, f.Series.App, f.Series.Name}] == nil {
			b.closed[f.ID] = true
		}
	}
}

// repeated remembers a key and tells whether it was there before.
func (b *Book) repeated(key string) bool {
	if key == "" {
		return false
	}
	if b.keys[key] {
		return true
	}
	if len(b.order) >= KeysMax {
		delete(b.keys, b.order[0])
		b.order = b.order[1:]
	}
	b.keys[key] = true
	b.order = append(b.order, key)
	return false
}

// apply carries out a command.
func (b *Book) apply(t felt.Tick, c felt.Command) {
	l := b.find(c.Target)
	if l == nil || l.row.Status == felt.IncidentResolved {
		return
	}
	r := &l.row
	switch c.What {
	case felt.CommandAcknowledge:
		if r.Status == felt.IncidentAcknowledged {
			return
		}
		r.Status, r.Acknowledged = felt.IncidentAcknowledged, t.Instant()
		l.note(t, "acknowledged", withReason("acknowledged", c.Reason), c.Actor)
	case felt.CommandResolve:
		if r.FindingActive && c.Reason == "" {
			l.note(t, "refused", "not resolved: customers still fail, so a reason is needed", c.Actor)
			return
		}
		r.Status, r.Resolved = felt.IncidentResolved, t.Instant()
		l.note(t, "resolved", withReason("resolved", c.Reason), c.Actor)
		for _, f := range r.Findings {
			if f.Ended == 0 {
				b.closed[f.ID] = true
			}
		}
	}
}

func withReason(word, reason string) string {
	if reason == "" {
		return word
	}
	return word + ": " + reason
}

func (b *Book) find(id string) *live {
	for _, l := range b.live {
		if l.row.ID == id {
			return l
		}
	}
	return nil
}

// finding attaches a finding to the incident of its scope; one of paging class opens one.
func (b *Book) finding(t felt.Tick, f felt.Finding, recent Recent) {
	s := scope{f.Series.Env, f.Series.App, f.Series.Name}
	l := b.live[s]
	closed := b.closed[f.ID]
	if f.Ended != 0 {
		delete(b.closed, f.ID)
	}
	switch {
	case closed: // people resolved its incident while it lasted
		return
	case l == nil && f.Paging && f.Ended == 0:
		b.open(t, s, f, recent)
		return
	case l == nil || l.row.Status == felt.IncidentResolved:
		return
	}
	was := l.row.FindingActive
	l.attach(f)
	if !was || l.row.FindingActive {
		return
	}
	r := &l.row
	r.Recovered, r.Resolved, r.Status = t.Instant(), t.Instant(), felt.IncidentResolved
	l.note(t, "recovered", f.Explanation, "")
	l.note(t, "resolved", "resolved by itself: the finding has ended", "")
}

// attach puts the finding, or its newer state, into the incident.
func (l *live) attach(f felt.Finding) {
	i := slices.IndexFunc(l.row.Findings, func(o felt.Finding) bool { return o.ID == f.ID })
	if i < 0 {
		l.row.Findings = append(l.row.Findings, f)
	} else {
		l.row.Findings[i] = f
	}
	if f.Paging {
		l.row.FirstBad = min(l.row.FirstBad, f.Since)
	}
	l.row.FindingActive = slices.ContainsFunc(l.row.Findings, func(o felt.Finding) bool { return o.Ended == 0 && o.Paging })
	l.changed = true
}

func (b *Book) open(t felt.Tick, s scope, f felt.Finding, recent Recent) {
	l := &live{scope: s, kind: f.Series.Kind, crowd: newCrowd(), toldTick: t}
	l.row = felt.Incident{
		ID: "inc-" + digest(s.env, s.app, s.name, strconv.FormatInt(int64(t), 10)), Kind: string(f.Kind),
		Env: s.env, App: s.app, Journeys: []string{s.name}, Source: "detected", Status: felt.IncidentOpen,
		FirstBad: f.Since, Detected: f.Opened.Instant(), Opened: t.Instant(),
	}
	whole := f.Series
	whole.SegmentKey, whole.SegmentValue = "", ""
	recent(whole, func(customer uint64, o felt.Outcome, first, last felt.Instant) {
		if last >= f.Since {
			l.crowd.add(customer, o, last)
			l.crowd.counts.Add(o, 1)
		}
	})
	l.row.Timeline = []felt.TimelineEntry{{At: f.Since, Kind: "first_bad", Text: began(f.Kind)}}
	l.attach(f)
	l.note(t, "opened", f.Explanation, "")
	l.told = l.crowd.impact().Customers.Failed
	l.counted = true
	b.live[s] = l
	b.opened++
}

// began says what first_bad is the moment of.
func began(kind felt.FindingKind) string {
	switch kind {
	case felt.FindingFailed:
		return "first of the failures that stand out"
	case felt.FindingDrop:
		return "since then customers are missing"
	case felt.FindingSilent:
		return "last sign of life"
	case felt.FindingDegraded, felt.FindingSlow, felt.FindingFunnel, felt.FindingBurn, felt.FindingKPI, felt.FindingSaturation:
	}
	return "since then it stands out"
}

// note adds a line to the incident's story.
func (l *live) note(t felt.Tick, kind, text, actor string) {
	l.row.Timeline = append(l.row.Timeline, felt.TimelineEntry{At: t.Instant(), Kind: kind, Text: text, Actor: actor})
	l.changed = true
}

// rows hands out what changed and lets go of what is resolved.
func (b *Book) rows(t felt.Tick) []felt.Incident {
	var out []felt.Incident
	for _, s := range slices.SortedFunc(maps.Keys(b.live), compareScopes) {
		l := b.live[s]
		if due := l.changed || l.counted && t%every == 0; !due {
			continue
		}
		l.tell(t)
		l.row.Version++
		l.row.Known = t
		l.changed, l.counted = false, false
		row := l.row
		row.Findings, row.Timeline = slices.Clone(row.Findings), slices.Clone(row.Timeline)
		out = append(out, row)
		if l.row.Status == felt.IncidentResolved {
			delete(b.live, s)
		}
	}
	return out
}

// tell brings the numbers of the row up to date, and says so in the timeline when they
// grew much or nothing was said for long.
func (l *live) tell(t felt.Tick) {
	r := &l.row
	r.Impact = l.crowd.impact()
	if n := r.Impact.Customers; n.Total > 0 {
		r.Score = 100 * float64(n.Failed) / float64(n.Total)
		r.ScoreParts = []felt.ScorePart{{Name: "failed_share", Value: r.Score, Weight: 1}}
	}
	failed := r.Impact.Customers.Failed
	grew := failed > l.told && 4*failed >= 5*l.told
	if r.Status == felt.IncidentResolved || !grew && (failed == l.told || t-l.toldTick < updateAfter) {
		return
	}
	l.note(t, "update", fmt.Sprintf("%d of %d customers failed so far", failed, r.Impact.Customers.Total), "")
	l.told, l.toldTick = failed, t
}

// Due is the next tick at which something happens without any input; 0 when nothing will.
func (b *Book) Due() felt.Tick {
	if len(b.commands) > 0 {
		return b.tick + 1
	}
	for _, l := range b.live {
		if l.counted {
			r := b.tick % every
			if r < 0 {
				r += every
			}
			return b.tick - r + every
		}
	}
	return 0
}

// Stats returns the number of unresolved incidents and of all that were opened.
func (b *Book) Stats() (unresolved int, opened int64) { return len(b.live), b.opened }
