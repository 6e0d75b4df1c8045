package measure

import (
	"math"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// unpacker reads what pack wrote. Texts share memory with it.
type unpacker struct {
	s   string
	bad bool
}

func (u *unpacker) fail() {
	u.s, u.bad = "", true
}

func (u *unpacker) byte() byte {
	if len(u.s) == 0 {
		u.fail()
		return 0
	}
	b := u.s[0]
	u.s = u.s[1:]
	return b
}

func (u *unpacker) uint() (v uint64) {
	for i := 0; i < len(u.s) && i < 10; i++ {
		b := u.s[i]
		v |= uint64(b&127) << (7 * i)
		if b < 128 {
			u.s = u.s[i+1:]
			return v
		}
	}
	u.fail()
	return 0
}

func (u *unpacker) int() int64 {
	v := u.uint()
	return int64(v>>1) ^ -int64(v&1)
}

// below reads a number that must be less than a limit.
func (u *unpacker) below(limit int) int {
	v := u.uint()
	if v >= uint64(max(limit, 0)) {
		u.fail()
		return 0
	}
	return int(v)
}

func (u *unpacker) text(n int) string {
	if n > len(u.s) {
		u.fail()
		return ""
	}
	t := u.s[:n]
	u.s = u.s[n:]
	return t
}

func (u *unpacker) string() string { return u.text(u.below(len(u.s) + 1)) }

func (u *unpacker) word() (v uint64) {
	for i, b := range []byte(u.text(8)) {
		v |= uint64(b) << (8 * i)
	}
	return v
}

func (u *unpacker) float() float64 { return math.Float64frombits(u.word()) }

// unpack is the inverse of pack, into a story that has its key and nothing else; false when it
// is damaged.
func (s *story) unpack(packed string, n named, m *spare) bool {
	u := unpacker{s: packed}
	for range u.below(len(u.s)/2 + 1) {
		p := m.person()
		p.place = len(s.people)
		if p.cohort = n.cohortAt(u.uint()); p.cohort == nil {
			return false
		}
		s.people = append(s.people, p)
		s.unpackHashes(&u, p)
	}
	for range u.below(len(u.s) + 1) {
		def := n.defAt(u.uint())
		if def == nil {
			return false
		}
		s.defs = append(s.defs, def)
	}
	bits := u.byte()
	if bits&packSealed != 0 {
		s.sealed = felt.Instant(u.int())
	}
	if bits&packAfter != 0 {
		s.after.until = s.sealed + felt.Instant(u.int())
	}
	if bits&packForget != 0 {
		s.forget = felt.Tick(u.int())
	}
	base := felt.Instant(u.int())
	for range u.below(len(u.s)/18 + 1) {
		if len(s.people) == 0 {
			return false
		}
		o := m.row()
		s.rows = append(s.rows, o)
		s.unpackRow(&u, o, base)
	}
	s.unpackTries(&u, base)
	for _, o := range s.rows {
		if o.place > len(s.tries) {
			return false
		}
		if o.place > 0 {
			o.seed = s.tries[o.place-1].id
		}
	}
	return !u.bad && u.s == ""
}

func (s *story) unpackHashes(u *unpacker, p *profile) {
	kinds := u.byte()
	for i, h := range [...]*felt.Hash{&p.customer, &p.account, &p.installation, &p.session} {
		switch kinds >> (2 * i) & 3 {
		case 1:
			*h = s.key.who
		case 2:
			*h = p.customer
		case 3:
			copy(h[:], u.text(len(h)))
		}
	}
}

func (s *story) unpackRow(u *unpacker, o *told, base felt.Instant) {
	bits, outcomes := u.byte(), u.byte()
	o.gone, o.outcome, o.firstOutcome = bits&packGone != 0, felt.Outcome(outcomes>>4), felt.Outcome(outcomes&15)
	if bits&packSeed != 0 {
		copy(o.seed[:], u.text(len(o.seed)))
	} else {
		o.place = u.below(1<<20) + 1 // of the try, which is not there yet
	}
	if bits&packSalt != 0 {
		o.salt = u.uint()
	}
	o.digest = u.word()
	o.version = int32(u.below(1 << 30))
	o.firstKnown = felt.TickOf(base) + felt.Tick(u.int())
	o.written = o.firstKnown + felt.Tick(u.int())
	o.start, o.end = base+felt.Instant(u.int()), base+felt.Instant(u.int())
	o.value = u.int()
	o.who = s.people[u.below(len(s.people))]
	o.app = s.textAt(u, bits>>packApp, o.who.app, func(d *rules.CompiledJourney) string { return d.App })
	o.currency = s.textAt(u, bits>>packCurrency, o.who.currency, func(d *rules.CompiledJourney) string { return d.Value.Currency })
	o.weight = 1
	if bits&packWeight != 0 {
		o.weight = u.float()
	}
	if o.outcome >= felt.Outcomes || o.firstOutcome >= felt.Outcomes || o.version == 0 {
		u.fail()
	}
}

func (s *story) textAt(u *unpacker, where byte, who string, of func(*rules.CompiledJourney) string) string {
	switch where & 3 {
	case packOfWho:
		return who
	case packOfDef:
		if len(s.defs) == 0 {
			u.fail()
			return ""
		}
		return of(s.defs[0])
	case packHere:
		return u.string()
	}
	return ""
}

func (s *story) unpackTries(u *unpacker, end felt.Instant) {
	who, row := 0, min(len(s.rows), 1)
	n := u.below(len(u.s)/12 + 1)
	if n > 0 && (len(s.people) == 0 || len(s.defs) == 0) {
		u.fail()
		return
	}
	s.tries = slices.Grow(s.tries, n+1)
	for range n {
		first, more := u.byte(), byte(0)
		if first&packMore != 0 {
			more = u.byte()
		}
		s.tries = append(s.tries, stepTry{
			outcome: felt.Outcome(first & 7), how: felt.AbandonedHow(first >> packHow & 3),
			fatal: first&packFatal != 0, slow: first&packSlow != 0, weight: 1,
		})
		t := &s.tries[len(s.tries)-1]
		copy(t.id[:], u.text(len(t.id)))
		step := u.below(1 << 20)
		def := s.defs[step%len(s.defs)]
		if step /= len(s.defs); u.bad || step >= len(def.Steps) || t.outcome == felt.OutcomeNone || t.outcome >= felt.Outcomes {
			u.fail()
			return
		}
		t.step = def.Steps[step]
		t.end = end + felt.Instant(u.uint())
		t.start = t.end - felt.Instant(u.uint())
		if more&tryWho != 0 {
			who = u.below(len(s.people))
		}
		if more&tryRow != 0 {
			row = u.below(len(s.rows) + 1)
		}
		t.who, end = s.people[who], t.end
		if row > 0 {
			t.row = s.rows[row-1]
		}
		t.unpackMore(u, more)
	}
}

func (t *stepTry) unpackMore(u *unpacker, more byte) {
	if more&tryValue != 0 {
		t.value = u.int()
	}
	if more&tryWeight != 0 {
		t.weight, t.draw = u.float(), u.uint()
	}
	if more&tryReason != 0 {
		t.why.reason = u.string()
	}
	if more&tryClass != 0 {
		t.why.class = u.string()
	}
}
