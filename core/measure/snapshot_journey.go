package measure

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/rules"
)

// saved numbers what packed stories share, by first use, so that the bytes do not depend on
// which numbers had become free. Of a definition it keeps the inventory's version and the
// journey's name: the inventories are in the snapshot as text, before.
type saved struct {
	scopeOf  map[uint32]uint32
	scopes   []scopeName
	cohortOf map[*cohort]uint32
	cohorts  []*cohort
	defOf    map[*rules.CompiledJourney]uint32
	defs     []*rules.CompiledJourney
}

func numberIn[K comparable, V any](of map[K]uint32, list *[]V, k K, v V) uint32 {
	n, ok := of[k]
	if !ok {
		n = uint32(len(*list))
		of[k] = n
		*list = append(*list, v)
	}
	return n
}

func (t *saved) cohort(c *cohort) uint32 { return numberIn(t.cohortOf, &t.cohorts, c, c) }
func (t *saved) def(def *rules.CompiledJourney) uint32 {
	return numberIn(t.defOf, &t.defs, def, def)
}

func (t *saved) cohortAt(n uint64) *cohort {
	if n >= uint64(len(t.cohorts)) {
		return nil
	}
	return t.cohorts[n]
}

func (t *saved) defAt(n uint64) *rules.CompiledJourney {
	if n >= uint64(len(t.defs)) {
		return nil
	}
	return t.defs[n]
}

func (l *ledger) save(e *codec.Encoder) {
	for _, n := range l.stats.fields() {
		e.Int(*n)
	}
	t := saved{scopeOf: map[uint32]uint32{}, cohortOf: map[*cohort]uint32{}, defOf: map[*rules.CompiledJourney]uint32{}}
	l.eachAtRest(func(s *story) {
		numberIn(t.scopeOf, &t.scopes, s.scope, l.scopes.list[s.scope].key)
		for _, p := range s.people {
			t.cohort(p.cohort)
		}
		for _, def := range s.defs {
			t.def(def)
		}
	})
	e.Len(len(t.scopes))
	for _, name := range t.scopes {
		e.String(name.env)
		e.String(name.journey)
		e.Uint(uint64(name.traffic))
	}
	e.Len(len(t.cohorts))
	for _, c := range t.cohorts {
		c.save(e)
	}
	e.Len(len(t.defs))
	for _, def := range t.defs {
		e.Int(l.versions[def])
		e.String(def.Name)
	}
	e.Len(l.shelf.n)
	var body codec.Encoder
	l.eachAtRest(func(s *story) {
		e.Len(int(t.scopeOf[s.scope]))
		e.Fixed(s.key.who[:])
		e.Bool(s.open)
		e.Int(int64(s.due))
		body.B = body.B[:0]
		s.pack(&body, &t)
		e.Bytes(body.B)
	})
	l.saveSealed(e)
}

// eachAtRest unpacks every story for yield, the open ones first, the oldest first.
func (l *ledger) eachAtRest(yield func(s *story)) {
	for _, line := range [...]*line{&l.shelf.open, &l.shelf.ended} {
		for n := line.oldest; n != 0; {
			s, r := l.unpack(n), l.shelf.at(n)
			s.open = !r.ended
			yield(s)
			n, r.work = r.newer, 0
			l.touched = l.touched[:0]
			l.spare.back(s)
		}
	}
}

func (l *ledger) saveSealed(e *codec.Encoder) {
	n := 0
	l.sealed.each(func(_ uint64, s *sealedStory) {
		if s.forget > l.now {
			n++
		}
	})
	e.Int(int64(l.now))
	e.Len(n)
	l.sealed.each(func(key uint64, s *sealedStory) {
		if s.forget > l.now {
			e.Word(key)
			e.Int(int64(s.until))
			e.Int(int64(s.tail))
			e.Int(int64(s.forget - l.now))
		}
	})
}

func (l *ledger) load(d *codec.Decoder) {
	for _, n := range l.stats.fields() {
		*n = d.Int()
	}
	var t saved
	for n := d.Len(3); n > 0 && d.Err() == nil; n-- {
		t.scopes = append(t.scopes, scopeName{d.String(), d.String(), felt.Traffic(d.UintMax(uint64(felt.TrafficBot)))})
	}
	for n := d.Len(7); n > 0 && d.Err() == nil; n-- {
		t.cohorts = append(t.cohorts, loadCohort(d))
	}
	for n := d.Len(2); n > 0 && d.Err() == nil; n-- {
		version, name := d.Int(), d.String()
		def := l.definition(version, name)
		if def == nil {
			d.Fail("journey of an inventory that is not there")
			return
		}
		t.defs = append(t.defs, def)
	}
	for n := d.Len(22); n > 0 && d.Err() == nil; n-- {
		l.loadStory(d, &t)
	}
	l.loadSealed(d)
}

func (l *ledger) loadStory(d *codec.Decoder, t *saved) {
	scope := d.Uint()
	var who felt.Hash
	copy(who[:], d.Fixed(len(who)))
	open, due, packed := d.Bool(), felt.Tick(d.Int()), string(d.Bytes())
	if scope >= uint64(len(t.scopes)) || d.Err() != nil {
		d.Fail("bad story")
		return
	}
	name := t.scopes[scope]
	if l.story(name, &who) != nil {
		d.Fail("journeys of one key twice")
		return
	}
	s := l.add(name, who)
	s.open = open
	if !s.unpack(packed, t, &l.spare) {
		d.Fail("bad story")
		return
	}
	for _, p := range s.people {
		p.cohort = l.cohorts.join(p.cohort)
	}
	for _, def := range s.defs {
		l.defs.acquire(def)
	}
	for i := range s.tries {
		if i > 0 && compareTries(&s.tries[i-1], &s.tries[i]) >= 0 {
			d.Fail("tries out of order")
			return
		}
	}
	l.tries += len(s.tries)
	l.shelf.push(s.number, !open)
	l.rest(s, due)
}

func (l *ledger) loadSealed(d *codec.Decoder) {
	l.now = felt.Tick(d.Int())
	for n := d.Len(11); n > 0 && d.Err() == nil; n-- {
		key := d.Word()
		s := sealedStory{until: felt.Instant(d.Int()), tail: felt.Instant(d.Int()), forget: l.now + felt.Tick(d.Int())}
		if key == 0 || l.sealed.get(key) != nil {
			d.Fail("sealed journeys of one key twice")
			return
		}
		l.sealed.push(key, s)
	}
}

func (l *ledger) definition(version int64, name string) *rules.CompiledJourney {
	for _, s := range l.sets {
		if s.Version != version {
			continue
		}
		for _, j := range s.Journeys {
			if j.Name == name {
				return j
			}
		}
	}
	return nil
}
