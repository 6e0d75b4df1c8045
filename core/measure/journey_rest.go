package measure

import (
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// scopeName is where stories are told: a story's key without its customer.
type scopeName struct {
	env, journey string
	traffic      felt.Traffic
}

// seed is 64 bits of the scope, the same in every run.
func (n *scopeName) seed() uint64 {
	return blend(textSum(n.env), textSum(n.journey), uint64(n.traffic))
}

// sealedStory is what is left of a story of which everything is sealed: by it what comes too late
// is known, and a page that is loaded again after the goal.
type sealedStory struct {
	until  felt.Instant // what ended until then is not taken any more
	tail   felt.Instant // until then, what is no entry step belongs to the sealed journey; 0 nothing
	forget felt.Tick
}

// sealedBytes is what one takes, with its key.
const sealedBytes = 32

// story returns the story of a key for work in this tick; nil when there is none.
func (l *ledger) story(name scopeName, who *felt.Hash) *story {
	scope, ok := l.scopes.of[name]
	if !ok {
		return nil
	}
	n := l.shelf.find(scope, keyOf(l.seedOf(scope), *who), who)
	if n == 0 {
		return nil
	}
	return l.unpack(n)
}

func (l *ledger) seedOf(scope uint32) uint64 { return l.scopes.list[scope].v }

// begin makes a new story, for something that ended then; nil when that is too late for a
// story that is sealed.
func (l *ledger) begin(name scopeName, who *felt.Hash, end felt.Instant) *story {
	seed := uint64(0)
	if scope, ok := l.scopes.of[name]; ok {
		seed = l.seedOf(scope)
	} else {
		seed = name.seed()
	}
	key := keyOf(seed, *who)
	var was sealedStory
	if p := l.sealed.get(key); p != nil {
		if p.forget > l.now {
			if was = *p; end <= was.until {
				return nil
			}
		}
		l.sealed.remove(key)
	}
	s := l.add(name, *who)
	s.sealed, s.after.until = was.until, was.tail
	l.shelf.push(s.number, false)
	l.work(s)
	return s
}

// add makes a story on the shelf.
func (l *ledger) add(name scopeName, who felt.Hash) *story {
	scope, fresh := l.scopes.acquire(name)
	if fresh {
		l.scopes.list[scope].v = name.seed()
	}
	s := l.spare.story()
	s.key, s.scope = storyKey{name.env, name.journey, name.traffic, who}, scope
	s.number = l.shelf.add(scope, who, l.seedOf)
	return s
}

// work notes that a story is at work in this tick.
func (l *ledger) work(s *story) {
	l.touched = append(l.touched, s)
	l.shelf.at(s.number).work = int32(len(l.touched))
}

// unpack returns a story for work in this tick.
func (l *ledger) unpack(n int32) *story {
	r := l.shelf.at(n)
	if r.work != 0 {
		return l.touched[r.work-1]
	}
	s := l.spare.story()
	name := &l.scopes.list[r.scope].key
	s.key, s.scope, s.number, s.due = storyKey{name.env, name.journey, name.traffic, r.who}, r.scope, n, r.due
	s.unpack(r.packed, l, &l.spare)
	l.work(s)
	return s
}

// rest packs a story, to be looked at again when it is due.
func (l *ledger) rest(s *story, due felt.Tick) {
	l.settle(s)
	l.enc.B = l.enc.B[:0]
	s.pack(&l.enc, l)
	r := l.shelf.at(s.number)
	if string(l.enc.B) != r.packed {
		l.packed += room(len(l.enc.B)) - room(len(r.packed))
		r.packed = string(l.enc.B)
	}
	r.work = 0
	if s.fed || r.ended == s.open {
		l.shelf.unlink(s.number)
		l.shelf.push(s.number, !s.open)
	}
	l.shelf.schedule(s.number, due)
	l.spare.back(s)
}

// settle leaves a story the people and definitions that it uses.
func (l *ledger) settle(s *story) {
	for i := range s.tries {
		s.tries[i].who.used = true
	}
	for _, o := range s.rows {
		o.who.used = true
	}
	n := 0
	for _, p := range s.people {
		if !p.used {
			l.cohorts.leave(p.cohort)
			l.spare.backPerson(p)
			continue
		}
		p.used, p.place = false, n
		s.people[n] = p
		n++
	}
	clear(s.people[n:])
	s.people = s.people[:n]
	had := len(s.defs)
	for i := range s.tries {
		if def := s.tries[i].step.Journey; !slices.Contains(s.defs[had:], def) {
			s.defs = append(s.defs, def)
			l.defs.acquire(def)
		}
	}
	for _, def := range s.defs[:had] {
		l.defs.release(l.defs.of[def])
	}
	s.defs = slices.Delete(s.defs, 0, had)
}

// drop lets go of a story. If something of it is sealed, that is remembered until forget.
func (l *ledger) drop(s *story) {
	if s.sealed != 0 && s.forget > l.now {
		l.sealed.push(keyOf(l.seedOf(s.scope), s.key.who), sealedStory{s.sealed, s.after.until, s.forget})
	}
	for _, p := range s.people {
		l.cohorts.leave(p.cohort)
	}
	for _, def := range s.defs {
		l.defs.release(l.defs.of[def])
	}
	l.packed -= room(len(l.shelf.at(s.number).packed))
	l.tries -= len(s.tries)
	l.shelf.remove(s.number, l.seedOf)
	l.scopes.release(s.scope)
	l.spare.back(s)
}

// sweepEvery is how often what is left of sealed stories is looked through.
const sweepEvery = 60

// sweep forgets sealed stories: those whose time is over, and the oldest if there are too
// many. When it does the former changes nothing: nobody asks for them any more.
func (l *ledger) sweep(t felt.Tick) {
	limit := 2 * max(l.settings.OpenJourneys/l.parts, 1)
	if t < l.swept+sweepEvery && l.sealed.live <= limit || l.sealed.n == 0 {
		return
	}
	l.swept = t
	l.sealed.keep(func(s *sealedStory) bool { return s.forget > t })
	for l.sealed.live > limit {
		l.sealed.pop()
	}
}

func (l *ledger) cohort(c *cohort) uint32               { return c.number }
func (l *ledger) def(def *rules.CompiledJourney) uint32 { return l.defs.of[def] }

func (l *ledger) cohortAt(n uint64) *cohort             { return l.cohorts.list[n].v }
func (l *ledger) defAt(n uint64) *rules.CompiledJourney { return l.defs.list[n].key }

// due is the next tick at which a story is; 0 none.
func (l *ledger) due() felt.Tick { return l.shelf.due() }

// held is how many stories are held, and how many bytes they take.
func (l *ledger) held() (stories, bytes int) {
	return l.shelf.n, l.packed + l.shelf.bytes() + l.sealed.bytes(sealedBytes) + l.cohorts.bytes
}

// room is what the allocator takes for so many bytes.
func room(n int) int {
	switch {
	case n <= 32:
		return (n + 7) &^ 7
	case n <= 256:
		return (n + 15) &^ 15
	case n <= 512:
		return (n + 31) &^ 31
	case n <= 1024:
		return (n + 127) &^ 127
	}
	return n + n/8
}
