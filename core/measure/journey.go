package measure

import (
	"bytes"
	"cmp"
	"container/heap"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// openEvery is how often an open journey gets a new row at most.
const openEvery = 60

// profile is who made a try, and where: nearly always the same for all tries of a journey,
// which share it. It is never changed.
type profile struct {
	app, release, currency string
	customer               felt.Hash
	level                  felt.IdentityLevel
	account, installation  felt.Hash
	session                felt.Hash
	keyID                  uint32
	flags                  []string
	segments               []felt.Segment
}

func (p *profile) equal(o *profile) bool {
	return p.customer == o.customer && p.session == o.session && p.level == o.level && p.account == o.account &&
		p.installation == o.installation && p.keyID == o.keyID && p.app == o.app &&
		p.release == o.release && p.currency == o.currency &&
		slices.Equal(p.flags, o.flags) && slices.Equal(p.segments, o.segments)
}

// storyKey is what ties tries to one another: those of one customer in one journey.
type storyKey struct {
	env, journey string
	traffic      felt.Traffic
	who          felt.Hash
}

func compareStories(a, b *storyKey) int {
	return cmp.Or(cmp.Compare(a.env, b.env), cmp.Compare(a.journey, b.journey), cmp.Compare(a.traffic, b.traffic),
		bytes.Compare(a.who[:], b.who[:]))
}

// told is what was written of a journey, so that it can be corrected.
type told struct {
	id           felt.InteractionID
	version      int32
	firstKnown   felt.Tick
	firstOutcome felt.Outcome
	written      felt.Tick // the newest version
	digest       uint64    // of its row
	app          string    // under which it counts
	start, end   felt.Instant
	outcome      felt.Outcome
	weight       float64
	value        int64
	currency     string
	who          *profile
	gone         bool // merged: its row is cancelled
	taken        bool // by a journey of the present evaluation
}

// story is all that is held of one key.
type story struct {
	key    storyKey
	tries  []stepTry    // by end, then id, then step
	rows   []*told      // in the order of their first versions
	sealed felt.Instant // what ended until then is not taken any more; 0 nothing is sealed
	after  tail         // of the newest sealed journey
	forget felt.Tick    // a story without tries: when it is forgotten
	due    felt.Tick    // when it is looked at next; 0 never
	place  int          // in the heap; -1 not in it
	fresh  bool         // in ledger.touched
	older  *story       // in the order of the last touch
	newer  *story
}

// ledger holds the journeys of one partition.
type ledger struct {
	part, parts int
	settings    felt.Settings
	sets        []*rules.Set
	versions    map[*rules.CompiledJourney]int64 // of the inventories at hand
	stories     map[storyKey]*story
	queue       storyHeap
	oldest      *story
	newest      *story
	touched     []*story
	tries       int // held
	folder      folder
	row         rowMaker
	out         []Decision
	feeds       []*Feed
	stats       JourneyStats
}

// JourneyStats are the counters of journeys.
type JourneyStats struct {
	Journeys           int64 // ended, by their first decided rows
	JourneyCorrections int64 // decided rows that were replaced
	JourneysMerged     int64 // rows taken back because their steps became another journey's
	SealedEarly        int64 // journeys no longer held for want of room
	JourneyTooLate     int64 // steps of journeys that are sealed
	JourneyOutcomes    felt.Counts
}

func (s *JourneyStats) fields() []*int64 {
	o := &s.JourneyOutcomes
	return []*int64{
		&s.Journeys, &s.JourneyCorrections, &s.JourneysMerged, &s.SealedEarly, &s.JourneyTooLate,
		&o.Success, &o.Degraded, &o.Failed, &o.Abandoned, &o.Cancelled,
	}
}

func newLedger(s felt.Settings, part int) *ledger {
	l := &ledger{part: part, parts: max(s.Partitions, 1), settings: s, stories: map[storyKey]*story{}}
	l.rules(nil)
	return l
}

// rules takes the inventories at hand, the one in force last.
func (l *ledger) rules(sets []*rules.Set) {
	l.sets, l.versions = sets, map[*rules.CompiledJourney]int64{}
	for _, s := range sets {
		for _, j := range s.Journeys {
			l.versions[j] = s.Version
		}
	}
}

// resolve finds the step among the inventories at hand: one of an inventory that is gone
// is that of the same name in the one in force. nil when there is none.
func (l *ledger) resolve(step *rules.CompiledStep) *rules.CompiledStep {
	if _, ok := l.versions[step.Journey]; ok {
		return step
	}
	if len(l.sets) == 0 {
		return nil
	}
	for _, j := range l.sets[len(l.sets)-1].Journeys {
		if j.Name == step.Journey.Name {
			if p := placeIn(j, step); p >= 0 {
				return j.Steps[p]
			}
		}
	}
	return nil
}

// inUse calls yield with the versions of the inventories that journeys held began with.
func (l *ledger) inUse(yield func(int64)) {
	seen := map[int64]bool{}
	see := func(def *rules.CompiledJourney) {
		if v, ok := l.versions[def]; ok && !seen[v] {
			seen[v] = true
			yield(v)
		}
	}
	for _, s := range l.stories {
		for i := range s.tries {
			see(s.tries[i].step.Journey)
		}
		if s.after.def != nil {
			see(s.after.def)
		}
	}
}

// tick takes the feeds of a tick, looks at every story that has something new or is due,
// and returns what is to be written, with what it replaces. It is valid until the next
// call.
func (l *ledger) tick(t felt.Tick, in []Decided) []Decision {
	l.out = l.out[:0]
	l.gather(in)
	for _, f := range l.feeds {
		l.feed(f)
	}
	clear(l.feeds)
	for len(l.queue) > 0 && l.queue[0].due <= t {
		l.touch(l.queue[0])
		heap.Remove(&l.queue, 0)
	}
	slices.SortFunc(l.touched, func(a, b *story) int { return compareStories(&a.key, &b.key) })
	for _, s := range l.touched {
		s.fresh = false
		l.look(s, t)
	}
	clear(l.touched)
	l.touched = l.touched[:0]
	for limit := max(l.settings.OpenJourneys/l.parts, 1); len(l.stories) > limit; {
		l.evict(l.oldest, t)
	}
	slices.SortFunc(l.out, func(a, b Decision) int {
		return cmp.Or(cmp.Compare(a.End, b.End), bytes.Compare(a.ID[:], b.ID[:]), cmp.Compare(a.Version, b.Version))
	})
	return l.out
}

// gather lists the feeds so that the versions of one try stand in their order.
func (l *ledger) gather(in []Decided) {
	l.feeds = l.feeds[:0]
	for _, d := range in {
		list := d.Parts[l.part].Feeds
		for i := range list {
			l.feeds = append(l.feeds, &list[i])
		}
	}
	slices.SortFunc(l.feeds, func(a, b *Feed) int {
		gone := func(f *Feed) int {
			if f.Gone {
				return 0
			}
			return 1
		}
		return cmp.Or(bytes.Compare(a.Decision.ID[:], b.Decision.ID[:]), cmp.Compare(a.Decision.Version, b.Decision.Version),
			cmp.Compare(gone(a), gone(b)), cmp.Compare(a.Step.Journey.Name, b.Step.Journey.Name), cmp.Compare(a.Step.Place, b.Step.Place))
	})
}

// feed enters one version of a try, or takes it out.
func (l *ledger) feed(f *Feed) {
	d := f.Decision
	key := storyKey{d.Env, f.Step.Journey.Name, d.Traffic, f.Key}
	if d.Version > 1 && (f.Gone || d.Was.Traffic != d.Traffic) {
		was := key
		was.traffic = d.Was.Traffic
		l.remove(was, f)
	}
	if f.Gone {
		return
	}
	if d.Outcome == felt.OutcomeNone || d.Outcome == felt.OutcomeCancelled && d.OutcomeRule == ruleNested {
		l.remove(key, f)
		return
	}
	step := l.resolve(f.Step)
	if step == nil {
		return // its journey has just been taken out of the inventory
	}
	s := l.stories[key]
	if s == nil {
		s = &story{key: key, place: -1}
		l.stories[key] = s
		l.push(s)
	}
	l.touch(s)
	l.unlink(s)
	l.push(s)
	y := newTry(step, d)
	if i := s.find(y.id, step.Name); i >= 0 {
		old := &s.tries[i]
		y.step, y.row = old.step, old.row
		s.tries = slices.Delete(s.tries, i, i+1)
		l.tries--
	}
	if s.sealed != 0 && y.end <= s.sealed {
		l.stats.JourneyTooLate++
		return
	}
	y.who = s.profile(d)
	at, _ := slices.BinarySearchFunc(s.tries, &y, func(a stepTry, b *stepTry) int { return compareTries(&a, b) })
	s.tries = slices.Insert(s.tries, at, y)
	l.tries++
}

func compareTries(a, b *stepTry) int {
	return cmp.Or(cmp.Compare(a.end, b.end), bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.step.Name, b.step.Name))
}

// remove takes a try out of a story.
func (l *ledger) remove(key storyKey, f *Feed) {
	s := l.stories[key]
	if s == nil {
		return
	}
	if i := s.find(f.Decision.ID, f.Step.Name); i >= 0 {
		s.tries = slices.Delete(s.tries, i, i+1)
		l.tries--
		l.touch(s)
	}
}

func (s *story) find(id felt.InteractionID, step string) int {
	return slices.IndexFunc(s.tries, func(t stepTry) bool { return t.id == id && t.step.Name == step })
}

// profile is that of a decision, shared with a try that has the same.
func (s *story) profile(d *Decision) *profile {
	p := &profile{
		app: d.App, release: d.Release, currency: d.Currency, customer: d.Customer,
		level: d.IdentityLevel, account: d.Account, installation: d.Installation, session: d.Session, keyID: d.KeyID,
		flags: d.Flags, segments: d.Segments,
	}
	for i := len(s.tries) - 1; i >= 0; i-- {
		if s.tries[i].who.equal(p) {
			return s.tries[i].who
		}
	}
	p.flags, p.segments = slices.Clone(p.flags), slices.Clone(p.segments)
	return p
}

func newTry(step *rules.CompiledStep, d *Decision) stepTry {
	y := stepTry{
		id: d.ID, step: step, start: min(d.Start, d.End), end: d.End, value: d.ValueMinor, weight: d.Weight,
		outcome: d.Outcome, how: d.AbandonedHow, why: cause{d.Reason, d.ErrorClass},
		fatal: d.Outcome == felt.OutcomeFailed && !d.Recoverable,
	}
	took := d.Duration
	if d.Visible > 0 {
		took = d.Visible
	}
	if limit := step.Limits(d.Segments).Degraded; limit > 0 && felt.Instant(took) > limit {
		y.slow = true
	}
	return y
}

func (l *ledger) touch(s *story) {
	if !s.fresh {
		s.fresh = true
		l.touched = append(l.touched, s)
	}
}

// push makes the story the newest.
func (l *ledger) push(s *story) {
	s.older, s.newer = l.newest, nil
	if l.newest != nil {
		l.newest.newer = s
	} else {
		l.oldest = s
	}
	l.newest = s
}

func (l *ledger) unlink(s *story) {
	if s.older != nil {
		s.older.newer = s.newer
	} else {
		l.oldest = s.newer
	}
	if s.newer != nil {
		s.newer.older = s.older
	} else {
		l.newest = s.older
	}
	s.older, s.newer = nil, nil
}

// storyHeap has the story that is due first on top.
type storyHeap []*story

func (h storyHeap) Len() int           { return len(h) }
func (h storyHeap) Less(i, j int) bool { return h[i].due < h[j].due }
func (h storyHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push implements heap.Interface.
func (h *storyHeap) Push(x any) {
	s, _ := x.(*story)
	s.place = len(*h)
	*h = append(*h, s)
}

// Pop implements heap.Interface.
func (h *storyHeap) Pop() any {
	old := *h
	s := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	s.place = -1
	return s
}

// schedule says when the story is looked at next; 0 never.
func (l *ledger) schedule(s *story, due felt.Tick) {
	s.due = due
	switch {
	case due == 0 && s.place >= 0:
		heap.Remove(&l.queue, s.place)
	case due == 0:
	case s.place >= 0:
		heap.Fix(&l.queue, s.place)
	default:
		heap.Push(&l.queue, s)
	}
}

// due is the next tick at which a story is; 0 none.
func (l *ledger) due() felt.Tick {
	if len(l.queue) == 0 {
		return 0
	}
	return l.queue[0].due
}
