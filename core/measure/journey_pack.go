package measure

import (
	"math"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/rules"
)

// A story that nothing comes for is a few hundred bytes without any pointers: about 20 for
// a try, 50 for a row. It is unpacked for the tick in which something does come.

// numbers says by which number a packed story names what it shares with others.
type numbers interface {
	cohort(c *cohort) uint32
	def(def *rules.CompiledJourney) uint32
}

// named is the inverse of numbers; nil when there is no such number.
type named interface {
	cohortAt(n uint64) *cohort
	defAt(n uint64) *rules.CompiledJourney
}

// The bits of a packed story.
const (
	packSealed = 1 << iota
	packAfter
	packForget
)

// The bits of a packed row. Where a text stands has two.
const (
	packGone     = 1
	packWeight   = 2
	packApp      = 2 // shift
	packCurrency = 4 // shift
	packSeed     = 64
	packSalt     = 128
	packHere     = 0 // the text follows
	packOfWho    = 1
	packOfDef    = 2
	packEmpty    = 3
)

// The bits of a packed try: of its first byte, and of the one that follows when there is more.
const (
	packFatal = 8
	packSlow  = 16
	packMore  = 128
	packHow   = 5 // shift

	tryWho    = 1
	tryRow    = 2
	tryValue  = 4
	tryWeight = 8
	tryReason = 16
	tryClass  = 32
)

// pack appends the story but for its key and when it is due. Its people and defs are those
// that it uses, people know their places.
func (s *story) pack(e *codec.Encoder, n numbers) {
	e.Len(len(s.people))
	for _, p := range s.people {
		e.Uint(uint64(n.cohort(p.cohort)))
		s.packHashes(e, p)
	}
	e.Len(len(s.defs))
	for _, def := range s.defs {
		e.Uint(uint64(n.def(def)))
	}
	bits := byte(0)
	for i, is := range [...]bool{s.sealed != 0, s.after.until != 0, s.forget != 0} {
		if is {
			bits |= 1 << i
		}
	}
	e.B = append(e.B, bits)
	if bits&packSealed != 0 {
		e.Int(int64(s.sealed))
	}
	if bits&packAfter != 0 {
		e.Int(int64(s.after.until - s.sealed))
	}
	if bits&packForget != 0 {
		e.Int(int64(s.forget))
	}
	base := felt.Instant(0)
	if len(s.tries) > 0 {
		base = s.tries[0].end
	}
	e.Int(int64(base))
	e.Len(len(s.rows))
	for i, o := range s.rows {
		o.place = i + 1
		s.packRow(e, o, base)
	}
	s.packTries(e)
}

// packHashes: most hashes of a customer are the same one, or the story's key.
func (s *story) packHashes(e *codec.Encoder, p *profile) {
	at := len(e.B)
	e.B = append(e.B, 0)
	kinds := byte(0)
	for i, h := range [...]*felt.Hash{&p.customer, &p.account, &p.installation, &p.session} {
		kind := byte(0)
		switch {
		case h.IsZero():
		case *h == s.key.who:
			kind = 1
		case i > 0 && *h == p.customer:
			kind = 2
		default:
			kind = 3
			e.Fixed(h[:])
		}
		kinds |= kind << (2 * i)
	}
	e.B[at] = kinds
}

func (s *story) packRow(e *codec.Encoder, o *told, base felt.Instant) {
	bits := s.whereIs(o.app, o.who.app, func(d *rules.CompiledJourney) string { return d.App })<<packApp |
		s.whereIs(o.currency, o.who.currency, func(d *rules.CompiledJourney) string { return d.Value.Currency })<<packCurrency
	if o.gone {
		bits |= packGone
	}
	if o.weight != 1 {
		bits |= packWeight
	}
	from := slices.IndexFunc(s.tries, func(t stepTry) bool { return t.id == o.seed })
	if from < 0 {
		bits |= packSeed
	}
	if o.salt != 0 {
		bits |= packSalt
	}
	e.B = append(e.B, bits, byte(o.outcome)<<4|byte(o.firstOutcome))
	if from < 0 {
		e.Fixed(o.seed[:])
	} else {
		e.Len(from)
	}
	if o.salt != 0 {
		e.Uint(o.salt)
	}
	e.Word(o.digest)
	e.Uint(uint64(o.version))
	e.Int(int64(o.firstKnown - felt.TickOf(base)))
	e.Int(int64(o.written - o.firstKnown))
	e.Int(int64(o.start - base))
	e.Int(int64(o.end - base))
	e.Int(o.value)
	e.Len(o.who.place)
	if bits>>packApp&3 == packHere {
		e.String(o.app)
	}
	if bits>>packCurrency&3 == packHere {
		e.String(o.currency)
	}
	if o.weight != 1 {
		e.Float(o.weight)
	}
}

// whereIs says where else a text stands.
func (s *story) whereIs(text, who string, of func(*rules.CompiledJourney) string) byte {
	switch {
	case text == who:
		return packOfWho
	case text == "":
		return packEmpty
	case len(s.defs) > 0 && of(s.defs[0]) == text:
		return packOfDef
	}
	return packHere
}

func (s *story) packTries(e *codec.Encoder) {
	e.Len(len(s.tries))
	who, row := 0, min(len(s.rows), 1)
	var end felt.Instant
	for i := range s.tries {
		t := &s.tries[i]
		if i == 0 {
			end = t.end
		}
		own := 0
		if t.row != nil {
			own = t.row.place
		}
		first, more := byte(t.outcome)|byte(t.how)<<packHow, byte(0)
		for _, b := range [...]struct {
			is  bool
			bit byte
		}{
			{t.who.place != who, tryWho},
			{own != row, tryRow},
			{t.value != 0, tryValue},
			{t.weight != 1, tryWeight},
			{t.why.reason != "", tryReason},
			{t.why.class != "", tryClass},
		} {
			if b.is {
				more |= b.bit
			}
		}
		if t.fatal {
			first |= packFatal
		}
		if t.slow {
			first |= packSlow
		}
		if more != 0 {
			e.B = append(e.B, first|packMore, more)
		} else {
			e.B = append(e.B, first)
		}
		e.Fixed(t.id[:])
		e.Len(t.step.Place*len(s.defs) + slices.Index(s.defs, t.step.Journey))
		e.Uint(uint64(t.end - end))
		e.Uint(uint64(t.end - t.start))
		t.packMore(e, more, own)
		who, row, end = t.who.place, own, t.end
	}
}

func (t *stepTry) packMore(e *codec.Encoder, more byte, row int) {
	if more&tryWho != 0 {
		e.Len(t.who.place)
	}
	if more&tryRow != 0 {
		e.Len(row)
	}
	if more&tryValue != 0 {
		e.Int(t.value)
	}
	if more&tryWeight != 0 {
		e.Float(t.weight)
	}
	if more&tryReason != 0 {
		e.String(t.why.reason)
	}
	if more&tryClass != 0 {
		e.String(t.why.class)
	}
}

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
		t.weight = u.float()
	}
	if more&tryReason != 0 {
		t.why.reason = u.string()
	}
	if more&tryClass != 0 {
		t.why.class = u.string()
	}
}
