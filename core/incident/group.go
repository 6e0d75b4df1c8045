package incident

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// page is a finding of paging class that came lately.
type page struct {
	env, app string
	began    felt.Instant
	at       felt.Tick
}

// pagesMost are remembered.
const pagesMost = 2000

// paged remembers a finding of paging class, of something that began then.
func (b *Book) paged(t felt.Tick, f *felt.Finding, began felt.Instant) {
	b.pages = append(b.pages, page{f.Series.Env, f.Series.App, began, t})
	b.pages = b.pages[max(0, len(b.pages)-pagesMost):]
}

// take puts the findings of a tick where they belong. Their order does not matter.
func (b *Book) take(t felt.Tick, findings []felt.Finding, lines Lines) {
	b.pages = slices.DeleteFunc(b.pages, func(p page) bool { return p.at <= t-fresh })
	var list, open []*felt.Finding
	began := map[string]felt.Instant{}
	for i := range findings {
		list = append(list, &findings[i])
	}
	slices.SortStableFunc(list, func(x, y *felt.Finding) int { return cmp.Compare(x.ID, y.ID) })
	for _, f := range list {
		if g := b.found[f.ID]; g != nil {
			b.update(t, g, f, lines)
			continue
		}
		if f.Ended != 0 {
			continue // of no incident
		}
		open = append(open, f)
		if f.Paging {
			began[f.ID] = b.began(t, f, lines)
			b.paged(t, f, began[f.ID])
		}
	}
	slices.SortFunc(open, func(x, y *felt.Finding) int {
		return cmp.Or(boolFirst(x.Paging, y.Paging), cmp.Compare(x.Since, y.Since), cmp.Compare(y.Statistic, x.Statistic), cmp.Compare(x.ID, y.ID))
	})
	for _, f := range open {
		if f.Paging {
			b.page(t, f, began[f.ID], lines)
		} else {
			b.read(t, f)
		}
	}
}

func boolFirst(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return -1
	}
	return 1
}

// scopeOf is the scope of a finding: the whole of its series.
func scopeOf(f *felt.Finding) felt.Scope {
	return felt.Scope{Env: f.Series.Env, App: f.Series.App, Name: f.Series.Name, Kind: f.Series.Kind}
}

// wholeMost are the steps that a finding of a whole app is about, at most.
const wholeMost = 20

// scopesOf are the scopes that a finding is about: of an app as a whole its steps in which something
// went wrong since then, those in which the most did first; when customers are missing, the busiest.
func (b *Book) scopesOf(f *felt.Finding, lines Lines) []felt.Scope {
	s := scopeOf(f)
	if s.Name != "" || f.Kind == felt.FindingSilent || s.Kind != felt.KindStep {
		return []felt.Scope{s}
	}
	var list []felt.Scope
	if harmful(f.Kind) {
		list = b.lately.steps(s, f.Since, f.Kind)
	} else if lines != nil {
		for _, name := range lines.Steps(s.Env, s.App) {
			list = append(list, felt.Scope{Env: s.Env, App: s.App, Name: name, Kind: felt.KindStep})
		}
	}
	if len(list) == 0 {
		return []felt.Scope{s}
	}
	return list[:min(len(list), wholeMost)]
}

// page lets a finding of paging class, of something that began then, join the incident it belongs to, or opens one.
func (b *Book) page(t felt.Tick, f *felt.Finding, began felt.Instant, lines Lines) {
	if l := b.late(t, f); l != nil {
		b.belated(t, l, f)
		return
	}
	l := b.nearest(t, f, began, lines)
	if l == nil {
		b.over(t, b.open(t, f, began, lines), f, began, lines)
		return
	}
	if !l.open() {
		b.reopen(t, l, f, began, lines)
	}
	b.over(t, l, f, began, lines)
	b.joins(t, l, f, began)
	b.attach(t, l, f, began, lines)
}

// joins says in the story why something of another app is taken for the same cause.
func (b *Book) joins(t felt.Tick, l *live, f *felt.Finding, began felt.Instant) {
	if slices.ContainsFunc(l.parts, func(p *part) bool { return p.scope.App == f.Series.App }) {
		return
	}
	_, why := b.speaksFor(t, l, f, began)
	if len(why) == 0 {
		why = []string{"as many began at once"}
	}
	what := f.Series.App
	if f.Series.Name != "" {
		what = f.Series.Name + " of " + what
	}
	l.note(t, "joined", "also "+what+": "+strings.Join(why, ", "), "")
}

// nearest is the incident that a finding joins, of something that began then; nil none.
func (b *Book) nearest(t felt.Tick, f *felt.Finding, began felt.Instant, lines Lines) *live {
	var best, last *live
	most, open, opened := -1.0, 0, 0
	s := scopeOf(f)
	for _, l := range b.list {
		if l.row.Env != f.Series.Env {
			continue
		}
		if !l.open() {
			// One that is open goes before, of others the last.
			if l.part(s) != nil && l.row.Verdict == "" && (most < forScope-1 || most == forScope-1 && l.row.Resolved > best.row.Resolved) &&
				b.another(t, l, f, began, lines) == "" {
				best, most = l, forScope-1
			}
			continue
		}
		open++
		last = l
		if l.row.Source != sourceDeclared && l.row.Opened > (t-minute).Instant() {
			opened++
		}
		if points := b.points(t, l, f, began); points > most && b.another(t, l, f, began, lines) == "" {
			best, most = l, points
		}
	}
	switch {
	case most >= enough, opened >= openMost && best != nil:
		return best
	case open >= OpenMax:
		b.stats.Crammed++
		return last
	}
	return nil
}

// read attaches a finding that is not of paging class to an incident about the same journey, app and
// service, for people to read; else it is left alone.
func (b *Book) read(t felt.Tick, f *felt.Finding) {
	s := scopeOf(f)
	journeys := b.journeysOf(s)
	for _, l := range b.list {
		if !l.open() || l.row.Env != s.Env {
			continue
		}
		if l.part(s) != nil || slices.ContainsFunc(l.parts, func(p *part) bool { return sameJourney(journeys, p) }) ||
			slices.Contains(l.services, f.About) && f.About != "" {
			b.found[f.ID] = &finding{of: l}
			l.list(f)
			return
		}
	}
}

// open makes an incident of a finding.
func (b *Book) open(t felt.Tick, f *felt.Finding, began felt.Instant, lines Lines) *live {
	s := scopeOf(f)
	l := &live{cohort: newCohort(), notedAt: t, told: told{since: t}}
	l.row = felt.Incident{
		ID: "inc-" + codec.Digest(s.Env, s.App, s.Name, strconv.FormatInt(int64(t), 10)), Kind: string(f.Kind),
		Env: s.Env, App: s.App, Source: "detected", Status: felt.IncidentOpen,
		FirstBad: began, Detected: f.Opened.Instant(), Opened: t.Instant(), RulesVersion: b.version(),
	}
	if b.find(l.row.ID) != nil { // another kind of interactions of the same name, in the same tick
		l.row.ID = "inc-" + codec.Digest(s.Env, s.App, s.Name, s.Kind.String(), strconv.FormatInt(int64(t), 10))
	}
	b.list = append(b.list, l)
	b.stats.Opened++
	l.row.Timeline = []felt.TimelineEntry{{At: l.row.FirstBad, Kind: "first_bad", Text: beginning(f.Kind)}}
	l.note(t, "opened", f.Explanation, "")
	b.attach(t, l, f, began, lines)
	b.suspect(t, l)
	l.number(t)
	l.noted = lean(&l.row)
	return l
}

func (b *Book) version() int64 {
	if b.rules == nil {
		return 0
	}
	return b.rules.Version
}

// reopen takes up an incident that was resolved not long ago.
func (b *Book) reopen(t felt.Tick, l *live, f *felt.Finding, began felt.Instant, lines Lines) {
	r := &l.row
	l.began = began
	from := max(r.Resolved, l.began)
	l.rest()
	r.EvidenceAt, r.SegmentsHit, r.SegmentsSpared, r.Suspects, r.Nodes, r.Indicators = 0, nil, nil, nil, nil, nil
	r.Status, r.Reopened, r.Resolved, r.Recovered, r.Mitigated = felt.IncidentOpen, t.Instant(), 0, 0, 0
	r.Recovery = felt.Recovery{}
	l.heal, l.told = heal{}, told{since: t, again: true}
	b.stats.Reopened++
	for _, g := range b.found {
		if g.of == l && g.closed {
			g.closed, g.muted = false, false
			l.lasting += one(g.paging)
		}
	}
	l.note(t, "reopened", f.Explanation, "")
	for _, p := range l.parts {
		p.joined = t
		b.enter(l, p, from, 0, lines)
	}
}

// rest leaves out the time in which customers were well between two turns. When people closed it and what
// was found then has lasted, they were not.
func (l *live) rest() {
	r := &l.row
	well := felt.Window{From: cmp.Or(r.Recovered, r.Resolved), To: l.began}
	if r.Recovered != 0 {
		if well.To <= well.From { // what is found had begun before, and became worse
			well.To = r.Resolved
		}
	} else if slices.ContainsFunc(r.Findings, func(o felt.Finding) bool { return o.Paging && o.Ended == 0 }) {
		return
	}
	if well.From >= well.To {
		return
	}
	r.Calm = append(slices.Clip(r.Calm), well)
	if n := len(r.Calm); n > calmMost { // the first two become one: what lies between them counts no more
		r.Calm = append([]felt.Window{{From: r.Calm[0].From, To: r.Calm[1].To}}, r.Calm[2:]...)
	}
	l.calm = r.Calmed()
}

// calmMost are the times between turns that a row holds.
const calmMost = 50

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// earlierMost is how much earlier than an incident a finding that joins may say that it began. What
// fails now and then keeps some evidence for long, and where a service is new that reaches back to
// its first minutes.
const earlierMost = 3 * felt.Minute

// attach puts a finding of paging class into an incident.
func (b *Book) attach(t felt.Tick, l *live, f *felt.Finding, began felt.Instant, lines Lines) {
	if l.joined > 0 {
		b.stats.Joined++
	}
	b.found[f.ID] = &finding{of: l, paging: true, hit: f.Hit, n: f.N, expected: f.Expected}
	l.joined++
	l.lasting++
	l.last = t
	r := &l.row
	// The window of a burn begins hours before what burns: it does not say when it began to.
	if l.joined > 1 && began < r.FirstBad && began >= r.FirstBad-earlierMost && r.Reopened == 0 && f.Kind != felt.FindingBurn {
		was := r.FirstBad
		r.FirstBad = began
		r.Timeline[0].At, r.Twentieth = began, 0
		for _, p := range l.parts {
			b.enter(l, p, began, was, lines)
		}
	}
	for _, s := range b.scopesOf(f, lines) {
		if p := b.join(t, l, s, harmful(f.Kind), lines); p != nil && s.Name == f.Series.Name {
			p.remember(f)
		}
	}
	if f.Kind == felt.FindingFailed && r.Source != sourceDeclared {
		r.Kind = string(felt.FindingFailed)
	}
	if r.Detected == 0 {
		r.Detected = f.Opened.Instant()
	}
	l.list(f)
}

// remember keeps what a finding says was usual.
func (p *part) remember(f *felt.Finding) {
	if f.Kind == felt.FindingFailed && f.Series.SegmentKey == "" {
		p.usual[kindFailed] = f.Baseline
	}
	if f.Kind != felt.FindingFailed || f.Series.SegmentKey == "" || len(p.watched) >= segmentsMost {
		return
	}
	v := felt.Segment{Key: f.Series.SegmentKey, Value: f.Series.SegmentValue}
	if !slices.ContainsFunc(p.watched, func(w watch) bool { return w.segment == v }) {
		p.watched = append(p.watched, watch{segment: v, usual: f.Baseline})
	}
}

const segmentsMost = 5

// harmful tells the findings whose customers are harmed; those of the others are missed, or nothing
// is known of them.
func harmful(kind felt.FindingKind) bool {
	switch kind {
	case felt.FindingDrop, felt.FindingSilent, felt.FindingKPI, felt.FindingSaturation:
		return false
	case felt.FindingFailed, felt.FindingDegraded, felt.FindingSlow, felt.FindingFunnel, felt.FindingBurn:
	}
	return true
}

// list puts a finding, or its newer state, into the row: those of paging class go before others
// when there are too many.
func (l *live) list(f *felt.Finding) {
	r := &l.row
	r.FindingActive = l.lasting > 0
	l.changed = true
	if i := slices.IndexFunc(r.Findings, func(o felt.Finding) bool { return o.ID == f.ID }); i >= 0 {
		r.Findings[i] = *f
		return
	}
	if len(r.Findings) < FindingsMax {
		r.Findings = append(r.Findings, *f)
		return
	}
	r.FindingsMore++
	if f.Paging {
		if i := slices.IndexFunc(r.Findings, func(o felt.Finding) bool { return !o.Paging }); i >= 0 {
			r.Findings[i] = *f
		}
	}
}

// update takes the newer state of a finding that is known.
func (b *Book) update(t felt.Tick, g *finding, f *felt.Finding, lines Lines) {
	if f.Ended != 0 {
		delete(b.found, f.ID)
	}
	l := g.of
	if g.closed {
		if f.Ended != 0 && l != nil && slices.ContainsFunc(l.row.Findings, func(o felt.Finding) bool { return o.ID == f.ID }) {
			l.list(f)
		}
		changed := worse
		if g.muted {
			changed = farWorse
		}
		if f.Ended == 0 && f.Paging && changed(g, f) {
			b.anew(t, f, lines)
		} else {
			g.lower(f)
		}
		return
	}
	switch {
	case f.Paging && !g.paging && f.Ended == 0: // it was there to be read
		l.row.Findings = slices.DeleteFunc(l.row.Findings, func(o felt.Finding) bool { return o.ID == f.ID })
		b.anew(t, f, lines)
		return
	case f.Ended != 0 && g.paging:
		l.lasting--
	}
	g.hit, g.n, g.expected = f.Hit, f.N, f.Expected
	l.list(f)
	if f.Ended != 0 && g.paging && l.lasting == 0 && l.open() {
		l.note(t, "finding_ended", f.Explanation, "")
	}
}

// anew takes a finding that is known as one that pages now.
func (b *Book) anew(t felt.Tick, f *felt.Finding, lines Lines) {
	delete(b.found, f.ID)
	began := b.began(t, f, lines)
	b.paged(t, f, began)
	b.page(t, f, began, lines)
}

// close lets go of the findings of an incident that is resolved while they last. It opens again when they
// become worse; when people closed it, only when they become far worse than people knew.
func (b *Book) close(l *live, people bool) {
	for _, g := range b.found {
		if g.of == l {
			g.closed, g.muted = true, people
		}
	}
	l.lasting, l.row.FindingActive = 0, false
}

// beginning says what first_bad is the moment of.
func beginning(kind felt.FindingKind) string {
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
