package incident

import (
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/detect"
	"github.com/felt-cx/felt/core/measure"
	"github.com/felt-cx/felt/core/route"
	"github.com/felt-cx/felt/core/rules"
)

// Bounds.
const (
	KeysMax     = 10_000 // idempotency keys that are remembered
	OpenMax     = 200    // incidents that are not resolved; further findings join the nearest
	ScopesMax   = 50     // scopes of an incident that are counted
	FindingsMax = 100    // findings that are listed in a row
	TimelineMax = 300    // entries; of more, the oldest updates are let go of
	harmedMax   = 300_000
	crowdsMax   = 1_500_000
)

// Times.
const (
	every       felt.Tick = detect.Every // numbers are judged and handed out so often
	updateAfter felt.Tick = 300          // a timeline entry at least so often, if numbers changed
	again       felt.Tick = 2 * 3600     // so long after it was resolved an incident opens again
)

// Lines is what the detectors know, as of the tick that is told of.
type Lines interface {
	// Recent yields the last tries of a series that are held.
	Recent(of felt.Series, yield func(detect.Seen))
	// Window is what became known in the window that ended at t, and what is usual.
	Window(t felt.Tick, of felt.Scope) (detect.Window, bool)
	// Apart are the segment values of a series that seem to stand out, before a finding of it says so.
	Apart(of felt.Series) []felt.Segment
	// Steps lists the steps of an app of which tries come, the busiest first.
	Steps(env, app string) []string
	// Speaks tells whether telemetry comes from an app, or from one service of it that is not "".
	Speaks(env, app, service string) bool
}

// Out is what a tick made. It is the caller's.
type Out struct {
	Incidents     []felt.Incident
	Commands      []felt.Command
	Cohort        []felt.IncidentCustomer
	Notifications []felt.Notification
}

// Book holds the incidents that are not resolved, and for a while those that are. It is for one
// goroutine.
type Book struct {
	settings felt.Settings
	rules    *rules.Set // nil none
	list     []*live    // in order of opening
	counted  map[felt.Scope][]*part
	lately   lately
	releases releases
	changes  []felt.Change
	silences []felt.Silence
	found    map[string]*finding // that last, by id
	pages    []page              // of the last minute
	keys     map[string]bool
	order    []string // of keys, oldest first
	commands []felt.Command
	tick     felt.Tick
	stats    Stats
}

// Stats are the loads and counters of a book.
type Stats struct {
	Open, Resolved int // held: not resolved, and those that may open again
	Customers      int // harmed, held one by one
	Lately         int // tries that went wrong in the last minutes
	Changes        int // of the last day
	Releases       int // seen in telemetry
	Silences       int
	Bytes          int   // about
	Opened         int64 // so far
	Reopened       int64
	Recovered      int64 // resolved by themselves
	Joined         int64 // findings of paging class that joined an incident
	Crammed        int64 // of them, for want of room for one more
	Told           int64 // notifications
	LatelyLost     int64 // tries let go of before their time
	Beyond         int64 // harms of customers who are not held one by one
}

// finding is one that lasts, and where it belongs.
type finding struct {
	of     *live
	paging bool
	closed bool // of is resolved: it is only watched whether it becomes worse
	muted  bool // people resolved it: nor that
	// As it was told before that.
	hit, n   int64
	expected float64
}

// NewBook returns an empty book.
func NewBook(s felt.Settings) *Book {
	return &Book{
		settings: s, counted: map[felt.Scope][]*part{}, lately: newLately(), releases: newReleases(),
		found: map[string]*finding{}, keys: map[string]bool{},
	}
}

// Settings takes new settings.
func (b *Book) Settings(s felt.Settings) { b.settings = s }

// Rules puts an inventory in force; nil is an empty one.
func (b *Book) Rules(set *rules.Set) {
	b.rules = set
	for _, l := range b.list {
		for _, p := range l.parts {
			b.plan(p)
		}
	}
}

// Command takes a command; it takes effect at the next Tick.
func (b *Book) Command(c felt.Command) { b.commands = append(b.commands, c) }

// Evidence takes what history says about an incident, unless as much is known already.
func (b *Book) Evidence(v felt.Evidence) {
	l := b.find(v.Incident)
	if l == nil || v.Round <= l.round && v.At <= l.row.EvidenceAt {
		return
	}
	r := &l.row
	l.round = max(v.Round, l.round)
	l.services = v.Services
	r.EvidenceAt, r.SegmentsHit, r.SegmentsSpared, r.Suspects, r.Nodes, r.Indicators = v.At, v.Hit, v.Spared, v.Suspects, v.Nodes, v.Indicators
	l.changed = true
}

// Add takes one decided try of a customer: for the incidents of its scope, if there are any, and
// for one that may open.
func (b *Book) Add(y *measure.Try) {
	if y.Release != "" {
		b.releases.see(y)
	}
	if bad(y.Outcome, y.AbandonedHow) {
		b.lately.add(y)
	}
	if len(b.counted) == 0 {
		return
	}
	parts := b.counted[felt.Scope{Env: y.Env, App: y.App, Name: y.Name, Kind: y.Kind}]
	if len(parts) == 0 {
		return
	}
	t := tryOf(y)
	for _, p := range parts {
		p.of.add(p, &t)
		p.watch(y)
	}
}

// Tick applies the commands and findings of tick t, in this order, and returns what changed, in
// order of opening, and the commands that were not repetitions.
func (b *Book) Tick(t felt.Tick, findings []felt.Finding, lines Lines) Out {
	var out Out
	b.tick = t
	b.silence(t)
	for _, c := range b.commands {
		if b.repeated(c.IdempotencyKey) {
			continue
		}
		out.Commands = append(out.Commands, c)
		b.apply(t, c, lines)
	}
	b.commands = b.commands[:0]
	b.take(t, findings, lines)
	if t%every == 0 {
		b.lately.prune(t - latelyFor)
		b.forget(t)
		for _, l := range b.list {
			b.judge(t, l, lines)
		}
		b.bound()
	}
	for _, l := range b.list {
		b.tell(t, l, &out)
	}
	b.drop(t)
	return out
}

// Past lets go of the commands given since the last Tick: they were carried out before. Their keys
// are remembered, and silences that still hold.
func (b *Book) Past(t felt.Tick) {
	b.tick = t
	for _, c := range b.commands {
		if b.repeated(c.IdempotencyKey) {
			continue
		}
		switch c.What {
		case felt.CommandSilence:
			b.addSilence(t, c)
		case felt.CommandUnsilence:
			b.endSilence(t, c)
		}
	}
	b.commands = b.commands[:0]
	b.silence(t)
	if t%every == 0 {
		b.lately.prune(t - latelyFor)
		b.forget(t)
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

func (b *Book) find(id string) *live {
	for _, l := range b.list {
		if l.row.ID == id {
			return l
		}
	}
	return nil
}

// drop lets go of the incidents that do not open again.
func (b *Book) drop(t felt.Tick) {
	b.list = slices.DeleteFunc(b.list, func(l *live) bool {
		if l.open() || t.Instant() < l.row.Resolved+again.Instant() {
			return false
		}
		b.uncount(l)
		for _, f := range b.found {
			if f.of == l {
				f.of, f.closed = nil, true
			}
		}
		return true
	})
}

// uncount stops counting the tries of an incident's scopes.
func (b *Book) uncount(l *live) {
	for _, p := range l.parts {
		list := slices.DeleteFunc(b.counted[p.scope], func(o *part) bool { return o == p })
		if b.counted[p.scope] = list; len(list) == 0 {
			delete(b.counted, p.scope)
		}
	}
}

// bound holds the memory of all incidents together within its limits: when there is no room, no
// further customers are held one by one.
func (b *Book) bound() {
	harmed, crowds := 0, 0
	for _, l := range b.list {
		harmed += len(l.cohort.harmed)
		crowds += l.cohort.size()
	}
	if harmed >= harmedMax {
		for _, l := range b.list {
			l.cohort.most = len(l.cohort.harmed)
		}
	}
	for crowds >= crowdsMax {
		most := slices.MaxFunc(b.list, func(x, y *live) int { return x.cohort.size() - y.cohort.size() })
		crowds -= most.cohort.size()
		most.cohort.spill()
	}
}

// Silences lists those that hold, in order of their ids.
func (b *Book) Silences() []felt.Silence { return slices.Clone(b.silences) }

// Due is the next tick at which something happens without any input; 0 when nothing will.
func (b *Book) Due() felt.Tick {
	next := felt.Tick(0)
	sooner := func(t felt.Tick) {
		if t = max(t, b.tick+1); next == 0 || t < next {
			next = t
		}
	}
	if len(b.commands) > 0 {
		sooner(b.tick + 1)
	}
	for _, l := range b.list {
		if l.changed || l.left {
			sooner(b.tick + 1)
		}
		if l.open() {
			sooner(nextJudging(b.tick))
			if !l.told.first && l.row.Silenced == "" {
				sooner(l.told.since + waitForEvidence)
			}
			continue
		}
		if end := l.cohort.settled(); end > l.row.Known.Instant() {
			sooner(nextJudging(felt.Tick((end+felt.Second-1)/felt.Second) - 1))
		}
		if len(l.cohort.dirty) > 0 {
			sooner(l.cohort.handed + handEvery)
		}
		sooner(felt.Tick(l.row.Resolved/felt.Second) + again)
	}
	for i := range b.silences {
		sooner(felt.Tick((b.silences[i].Until + felt.Second - 1) / felt.Second))
	}
	return next
}

func nextJudging(t felt.Tick) felt.Tick {
	r := t % every
	if r < 0 {
		r += every
	}
	return t - r + every
}

// Stats returns the loads and counters.
func (b *Book) Stats() Stats {
	s := b.stats
	for _, l := range b.list {
		if l.open() {
			s.Open++
		} else {
			s.Resolved++
		}
		s.Customers += len(l.cohort.harmed)
		s.Beyond += l.cohort.beyond
		s.Bytes += 20_000 + 40*l.cohort.size() + 260*len(l.cohort.harmed)
	}
	s.Lately, s.LatelyLost, s.Changes, s.Releases, s.Silences = b.lately.n, b.lately.lost, len(b.changes), b.releases.n, len(b.silences)
	s.Bytes += 112*len(b.lately.ring) + 200*s.Releases + 400*s.Changes
	return s
}

// why is the silence or maintenance under which nobody is told of an incident.
func (b *Book) why(t felt.Tick, l *live) string {
	return route.Silenced(b.rules, b.silences, &l.row, t.Instant())
}
