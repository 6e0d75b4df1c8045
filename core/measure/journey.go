package measure

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/rules"
)

// openEvery is how often an open journey gets a new row at most.
const openEvery = 60

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
	seed         halfID // its id is made of this, and of the story's key: the first try at first
	salt         uint64 // and of this: tells journeys apart that have the same first try
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
	place        int  // in story.rows + 1, while the story is packed
}

// story is all that is known of one key, unpacked.
type story struct {
	key    storyKey
	number int32  // on the shelf
	scope  uint32 // in ledger.scopes
	people []*profile
	defs   []*rules.CompiledJourney // of its tries, as it was packed
	tries  []stepTry                // by end, then id, then step
	rows   []*told                  // in the order of their first versions
	sealed felt.Instant             // what ended until then is not taken any more; 0 nothing is sealed
	after  tail                     // of the newest sealed journey
	forget felt.Tick                // a story without tries: when it is forgotten
	due    felt.Tick                // when it is looked at next; 0 never
	fed    bool                     // something came for it in this tick
	open   bool                     // some journey of it is
}

// ledger holds the journeys of one partition.
type ledger struct {
	part, parts int
	settings    felt.Settings
	sets        []*rules.Set
	versions    map[*rules.CompiledJourney]int64 // of the inventories at hand
	inForce     map[string]bool                  // names of journeys
	scopes      register[scopeName, uint64]      // with the seed of their keys
	defs        register[*rules.CompiledJourney, struct{}]
	cohorts     cohorts
	shelf       shelf
	sealed      fifo[sealedStory]
	swept       felt.Tick // when sealed was
	touched     []*story
	spare       spare
	now         felt.Tick
	tries       int // held
	packed      int // bytes of what is packed
	enc         codec.Encoder
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
	l := &ledger{part: part, parts: max(s.Partitions, 1), settings: s}
	l.scopes.acquire(scopeName{}) // number 0 is none
	l.rules(nil)
	return l
}

// rules takes the inventories at hand, the one in force last. What is open of journeys that are not
// in that is looked at in the next tick.
func (l *ledger) rules(sets []*rules.Set) {
	l.sets, l.versions = sets, map[*rules.CompiledJourney]int64{}
	for _, s := range sets {
		for _, j := range s.Journeys {
			l.versions[j] = s.Version
		}
	}
	l.inForce = map[string]bool{}
	if len(sets) > 0 {
		for _, j := range sets[len(sets)-1].Journeys {
			l.inForce[j.Name] = true
		}
	}
	for n := l.shelf.open.oldest; n != 0; n = l.shelf.at(n).newer {
		if r := l.shelf.at(n); !l.inForce[l.scopes.list[r.scope].key.journey] {
			l.shelf.schedule(n, l.now+1)
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

// inUse calls yield with the versions of the inventory in force, and of those that journeys held
// began with.
func (l *ledger) inUse(yield func(int64)) {
	seen := map[int64]bool{}
	if n := len(l.sets); n > 0 {
		seen[l.sets[n-1].Version] = true
		yield(l.sets[n-1].Version)
	}
	for i := range l.defs.list {
		e := &l.defs.list[i]
		if v, ok := l.versions[e.key]; ok && e.uses > 0 && !seen[v] {
			seen[v] = true
			yield(v)
		}
	}
}

// tick takes the feeds of a tick, looks at every story that has something new or is due,
// and returns what is to be written, with what it replaces. It is valid until the next
// call.
func (l *ledger) tick(t felt.Tick, in []Decided) []Decision {
	l.out, l.now = l.out[:0], t
	l.gather(in)
	for _, f := range l.feeds {
		l.feed(f)
	}
	clear(l.feeds)
	for due := l.shelf.due(); due != 0 && due <= t; due = l.shelf.due() {
		n := l.shelf.queue[0]
		l.unpack(n)
		l.shelf.schedule(n, 0)
	}
	slices.SortFunc(l.touched, func(a, b *story) int { return compareStories(&a.key, &b.key) })
	for _, s := range l.touched {
		l.look(s, t)
	}
	clear(l.touched)
	l.touched = l.touched[:0]
	l.makeRoom(t)
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
	scope := scopeName{d.Env, f.Step.Journey.Name, d.Traffic}
	if d.Version > 1 && (f.Gone || d.Was.Traffic != d.Traffic) {
		was := scope
		was.traffic = d.Was.Traffic
		l.remove(was, f)
	}
	if f.Gone {
		return
	}
	if d.Outcome == felt.OutcomeNone || d.Outcome == felt.OutcomeCancelled && d.OutcomeRule == ruleNested {
		l.remove(scope, f)
		return
	}
	step := l.resolve(f.Step)
	if step == nil {
		return // its journey has just been taken out of the inventory
	}
	y := newTry(step, d)
	s := l.story(scope, &f.Key)
	if d.late && (s == nil || s.find(y.id, step.Name) < 0) {
		l.stats.JourneyTooLate++ // its journey has been told without it
		return
	}
	if s == nil {
		if s = l.begin(scope, &f.Key, y.end); s == nil {
			l.stats.JourneyTooLate++
			return
		}
	}
	s.fed = true
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
	y.who = l.profile(s, d)
	at, _ := slices.BinarySearchFunc(s.tries, &y, func(a stepTry, b *stepTry) int { return compareTries(&a, b) })
	s.tries = slices.Insert(s.tries, at, y)
	l.tries++
}

func compareTries(a, b *stepTry) int {
	return cmp.Or(cmp.Compare(a.end, b.end), bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.step.Name, b.step.Name))
}

// remove takes a try out of a story.
func (l *ledger) remove(scope scopeName, f *Feed) {
	s := l.story(scope, &f.Key)
	if s == nil {
		return
	}
	if i := s.find(halfOf(f.Decision.ID), f.Step.Name); i >= 0 {
		s.tries = slices.Delete(s.tries, i, i+1)
		l.tries--
	}
}

func (s *story) find(id halfID, step string) int {
	return slices.IndexFunc(s.tries, func(t stepTry) bool { return t.id == id && t.step.Name == step })
}

func newTry(step *rules.CompiledStep, d *Decision) stepTry {
	y := stepTry{
		id: halfOf(d.ID), step: step, start: min(d.Start, d.End), end: d.End, value: d.ValueMinor, weight: d.Weight, draw: d.Draw,
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
