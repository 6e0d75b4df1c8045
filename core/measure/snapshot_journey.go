package measure

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/rules"
)

// defTable numbers the definitions that a snapshot refers to, by first use. Of each it keeps
// the inventory's version and the journey's name: the inventories are in the snapshot
// as text, before.
type defTable struct {
	of   map[*rules.CompiledJourney]int
	list []*rules.CompiledJourney
}

func (t *defTable) number(def *rules.CompiledJourney) int {
	n, ok := t.of[def]
	if !ok {
		n = len(t.list)
		t.of[def] = n
		t.list = append(t.list, def)
	}
	return n
}

func (l *ledger) save(e *codec.Encoder) {
	for _, n := range l.stats.fields() {
		e.Int(*n)
	}
	defs := defTable{of: map[*rules.CompiledJourney]int{}}
	for s := l.oldest; s != nil; s = s.newer {
		for i := range s.tries {
			defs.number(s.tries[i].step.Journey)
		}
		if s.after.def != nil {
			defs.number(s.after.def)
		}
	}
	e.Len(len(defs.list))
	for _, def := range defs.list {
		e.Int(l.versions[def])
		e.String(def.Name)
	}
	e.Len(len(l.stories))
	for s := l.oldest; s != nil; s = s.newer {
		s.save(e, &defs)
	}
}

func (l *ledger) load(d *codec.Decoder) {
	for _, n := range l.stats.fields() {
		*n = d.Int()
	}
	var defs []*rules.CompiledJourney
	for n := d.Len(2); n > 0 && d.Err() == nil; n-- {
		version, name := d.Int(), d.String()
		def := l.definition(version, name)
		if def == nil {
			d.Fail("journey of an inventory that is not there")
			return
		}
		defs = append(defs, def)
	}
	for n := d.Len(25); n > 0 && d.Err() == nil; n-- {
		s := &story{place: -1}
		s.load(d, defs)
		if l.stories[s.key] != nil {
			d.Fail("journeys of one key twice")
			return
		}
		l.stories[s.key] = s
		l.push(s)
		l.tries += len(s.tries)
		l.schedule(s, s.due)
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

func (s *story) save(e *codec.Encoder, defs *defTable) {
	e.String(s.key.env)
	e.String(s.key.journey)
	e.Uint(uint64(s.key.traffic))
	e.Fixed(s.key.who[:])
	e.Int(int64(s.sealed))
	e.Int(int64(s.forget))
	e.Int(int64(s.due))
	e.Bool(s.after.def != nil)
	if s.after.def != nil {
		e.Len(defs.of[s.after.def])
		e.Int(int64(s.after.until))
	}
	profiles := map[*profile]int{}
	var order []*profile
	number := func(p *profile) {
		if _, ok := profiles[p]; !ok {
			profiles[p] = len(order)
			order = append(order, p)
		}
	}
	rows := map[*told]int{}
	for i, o := range s.rows {
		number(o.who)
		rows[o] = i + 1
	}
	for i := range s.tries {
		number(s.tries[i].who)
	}
	e.Len(len(order))
	for _, p := range order {
		p.save(e)
	}
	e.Len(len(s.rows))
	for _, o := range s.rows {
		o.save(e, profiles)
	}
	s.saveTries(e, defs, profiles, rows)
}

func (s *story) saveTries(e *codec.Encoder, defs *defTable, profiles map[*profile]int, rows map[*told]int) {
	e.Len(len(s.tries))
	last := s.sealed
	for i := range s.tries {
		t := &s.tries[i]
		e.Fixed(t.id[:])
		e.Len(defs.of[t.step.Journey])
		e.Len(t.step.Place)
		e.Int(int64(t.end - last))
		last = t.end
		e.Uint(uint64(t.end - t.start))
		e.Int(t.value)
		e.Float(t.weight)
		e.Len(profiles[t.who])
		e.String(t.why.reason)
		e.String(t.why.class)
		e.Len(rows[t.row]) // 0: none
		e.B = append(e.B, byte(t.outcome)<<4|byte(t.how))
		e.Bool(t.fatal)
		e.Bool(t.slow)
	}
}

func (s *story) load(d *codec.Decoder, defs []*rules.CompiledJourney) {
	s.key.env, s.key.journey = d.String(), d.String()
	s.key.traffic = felt.Traffic(d.UintMax(uint64(felt.TrafficBot)))
	copy(s.key.who[:], d.Fixed(16))
	s.sealed, s.forget, s.due = felt.Instant(d.Int()), felt.Tick(d.Int()), felt.Tick(d.Int())
	if d.Bool() {
		s.after.def, s.after.until = pick(d, defs), felt.Instant(d.Int())
	}
	profiles := make([]*profile, d.Len(13))
	for i := range profiles {
		profiles[i] = loadProfile(d)
	}
	for n := d.Len(50); n > 0 && d.Err() == nil; n-- {
		s.rows = append(s.rows, loadTold(d, profiles))
	}
	last := s.sealed
	for n := d.Len(30); n > 0 && d.Err() == nil; n-- {
		t := s.loadTry(d, defs, profiles, last)
		if d.Err() == nil && len(s.tries) > 0 && compareTries(&s.tries[len(s.tries)-1], &t) >= 0 {
			d.Fail("tries out of order")
		}
		if d.Err() != nil {
			return
		}
		last = t.end
		s.tries = append(s.tries, t)
	}
}

func (s *story) loadTry(d *codec.Decoder, defs []*rules.CompiledJourney, profiles []*profile, last felt.Instant) (t stepTry) {
	copy(t.id[:], d.Fixed(16))
	def, place := pick(d, defs), int(d.UintMax(1<<20))
	if d.Err() != nil || place >= len(def.Steps) {
		d.Fail("no such step")
		return t
	}
	t.step = def.Steps[place]
	t.end = last + felt.Instant(d.Int())
	t.start = t.end - felt.Instant(d.UintMax(1<<62))
	t.value, t.weight = d.Int(), d.Float()
	t.who = pick(d, profiles)
	t.why = cause{d.String(), d.String()}
	if row := int(d.UintMax(uint64(len(s.rows)))); row > 0 {
		t.row = s.rows[row-1]
	}
	if b := d.Fixed(1); len(b) == 1 {
		t.outcome, t.how = felt.Outcome(b[0]>>4), felt.AbandonedHow(b[0]&15)
		if t.outcome == felt.OutcomeNone || t.outcome >= felt.Outcomes || t.how > felt.AbandonedVoluntarily {
			d.Fail("bad outcome")
		}
	}
	t.fatal, t.slow = d.Bool(), d.Bool()
	return t
}

// pick reads the number of one of the list.
func pick[T any](d *codec.Decoder, list []*T) *T {
	n := d.Uint()
	if n >= uint64(len(list)) {
		d.Fail("number out of range")
		return nil
	}
	return list[n]
}

func (o *told) save(e *codec.Encoder, profiles map[*profile]int) {
	e.Fixed(o.id[:])
	e.Uint(uint64(o.version))
	e.Int(int64(o.firstKnown))
	e.Int(int64(o.written))
	e.Uint(o.digest)
	e.String(o.app)
	e.Int(int64(o.start))
	e.Int(int64(o.end))
	e.B = append(e.B, byte(o.outcome)<<4|byte(o.firstOutcome))
	e.Float(o.weight)
	e.Int(o.value)
	e.String(o.currency)
	e.Len(profiles[o.who])
	e.Bool(o.gone)
}

func loadTold(d *codec.Decoder, profiles []*profile) *told {
	o := &told{}
	copy(o.id[:], d.Fixed(16))
	o.version = int32(d.UintMax(1 << 30))
	o.firstKnown, o.written, o.digest, o.app = felt.Tick(d.Int()), felt.Tick(d.Int()), d.Uint(), d.String()
	o.start, o.end = felt.Instant(d.Int()), felt.Instant(d.Int())
	if b := d.Fixed(1); len(b) == 1 {
		o.outcome, o.firstOutcome = felt.Outcome(b[0]>>4), felt.Outcome(b[0]&15)
		if o.outcome >= felt.Outcomes || o.firstOutcome >= felt.Outcomes || o.version == 0 {
			d.Fail("bad row of a journey")
		}
	}
	o.weight, o.value, o.currency = d.Float(), d.Int(), d.String()
	o.who, o.gone = pick(d, profiles), d.Bool()
	return o
}

func (p *profile) save(e *codec.Encoder) {
	for _, t := range []string{p.app, p.release, p.currency} {
		e.String(t)
	}
	e.Uint(uint64(p.level))
	e.Uint(uint64(p.keyID))
	for _, h := range []felt.Hash{p.customer, p.account, p.installation, p.session} {
		e.Hash(h)
	}
	e.Len(len(p.flags))
	for _, f := range p.flags {
		e.String(f)
	}
	e.Len(len(p.segments))
	for _, s := range p.segments {
		e.String(s.Key)
		e.String(s.Value)
	}
}

func loadProfile(d *codec.Decoder) *profile {
	p := &profile{app: d.String(), release: d.String(), currency: d.String()}
	p.level = felt.IdentityLevel(d.UintMax(uint64(felt.LevelSession)))
	p.keyID = uint32(d.UintMax(1<<32 - 1))
	for _, h := range []*felt.Hash{&p.customer, &p.account, &p.installation, &p.session} {
		*h = d.Hash()
	}
	for n := d.Len(1); n > 0; n-- {
		p.flags = append(p.flags, d.String())
	}
	for n := d.Len(2); n > 0; n-- {
		p.segments = append(p.segments, felt.Segment{Key: d.String(), Value: d.String()})
	}
	return p
}
