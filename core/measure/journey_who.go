package measure

import (
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// cohort is what a try has in common with those of many other customers. It is never
// changed.
type cohort struct {
	app, release, currency string
	level                  felt.IdentityLevel
	keyID                  uint32
	flags                  []string
	segments               []felt.Segment
	number                 uint32 // in ledger.cohorts
}

// profile is who made a try, and where: nearly always the same for all tries of a journey,
// which share it.
type profile struct {
	*cohort
	customer, account, installation, session felt.Hash
	used                                     bool // by a try or row of the story that is being packed
	place                                    int  // in story.people
}

func (p *profile) is(d *Decision) bool {
	return p.customer == d.Customer && p.session == d.Session && p.account == d.Account &&
		p.installation == d.Installation && p.cohort.is(d)
}

func (c *cohort) is(d *Decision) bool {
	return c.level == d.IdentityLevel && c.keyID == d.KeyID && c.app == d.App &&
		c.release == d.Release && c.currency == d.Currency &&
		slices.Equal(c.flags, d.Flags) && slices.Equal(c.segments, d.Segments)
}

// cohortBytes is what a cohort takes besides its texts.
const cohortBytes = 300

// cohorts holds every cohort once, for as long as somebody belongs to it.
type cohorts struct {
	register[string, *cohort]
	enc   codec.Encoder
	bytes int
}

// join returns the cohort that is like c, with one member more. c is the caller's.
func (t *cohorts) join(c *cohort) *cohort {
	t.enc.B = t.enc.B[:0]
	c.save(&t.enc)
	n, fresh := t.acquire(string(t.enc.B))
	e := &t.list[n]
	if fresh {
		own := *c
		own.number, own.flags, own.segments = n, slices.Clone(c.flags), slices.Clone(c.segments)
		e.v = &own
		t.bytes += cohortBytes + 3*len(e.key) // its key, and the texts
	}
	return e.v
}

func (t *cohorts) leave(c *cohort) {
	n := cohortBytes + 3*len(t.list[c.number].key)
	if t.release(c.number) {
		t.bytes -= n
	}
}

func (c *cohort) save(e *codec.Encoder) {
	for _, t := range [...]string{c.app, c.release, c.currency} {
		e.String(t)
	}
	e.Uint(uint64(c.level))
	e.Uint(uint64(c.keyID))
	e.Len(len(c.flags))
	for _, f := range c.flags {
		e.String(f)
	}
	e.Len(len(c.segments))
	for _, s := range c.segments {
		e.String(s.Key)
		e.String(s.Value)
	}
}

func loadCohort(d *codec.Decoder) *cohort {
	c := &cohort{app: d.String(), release: d.String(), currency: d.String()}
	c.level = felt.IdentityLevel(d.UintMax(uint64(felt.LevelSession)))
	c.keyID = uint32(d.UintMax(1<<32 - 1))
	for n := d.Len(1); n > 0; n-- {
		c.flags = append(c.flags, d.String())
	}
	for n := d.Len(2); n > 0; n-- {
		c.segments = append(c.segments, felt.Segment{Key: d.String(), Value: d.String()})
	}
	return c
}

// profile is that of a decision, shared with a try that has the same.
func (l *ledger) profile(s *story, d *Decision) *profile {
	for i := len(s.people) - 1; i >= 0; i-- {
		if s.people[i].is(d) {
			return s.people[i]
		}
	}
	p := l.spare.person()
	p.cohort = l.cohorts.join(&cohort{
		app: d.App, release: d.Release, currency: d.Currency, level: d.IdentityLevel, keyID: d.KeyID,
		flags: d.Flags, segments: d.Segments,
	})
	p.customer, p.account, p.installation, p.session = d.Customer, d.Account, d.Installation, d.Session
	s.people = append(s.people, p)
	return p
}

// spare is memory of stories that were at work, for the next ones.
type spare struct {
	stories []*story
	people  []*profile
	rows    []*told
}

const spareMax = 1024

func last[T any](list *[]*T) *T {
	n := len(*list)
	if n == 0 {
		return new(T)
	}
	v := (*list)[n-1]
	*list = (*list)[:n-1]
	return v
}

func (m *spare) story() *story    { return last(&m.stories) }
func (m *spare) person() *profile { return last(&m.people) }
func (m *spare) row() *told       { return last(&m.rows) }

func (m *spare) backPerson(p *profile) {
	*p = profile{}
	if len(m.people) < spareMax {
		m.people = append(m.people, p)
	}
}

func (m *spare) backRow(o *told) {
	*o = told{}
	if len(m.rows) < spareMax {
		m.rows = append(m.rows, o)
	}
}

// back takes a story that is at rest again or gone.
func (m *spare) back(s *story) {
	for _, p := range s.people {
		m.backPerson(p)
	}
	for _, o := range s.rows {
		m.backRow(o)
	}
	clear(s.people)
	clear(s.rows)
	clear(s.tries)
	clear(s.defs)
	if cap(s.tries) > 64 {
		s.tries = nil
	}
	*s = story{people: s.people[:0], rows: s.rows[:0], tries: s.tries[:0], defs: s.defs[:0]}
	if len(m.stories) < spareMax {
		m.stories = append(m.stories, s)
	}
}
