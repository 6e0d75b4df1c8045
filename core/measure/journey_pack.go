package measure

import (
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
	from := 0
	for i, o := range s.rows {
		o.place = i + 1
		from = s.packRow(e, o, base, from)
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

// packRow returns where the try that the row is named by is, to look for the next row's from
// there on: rows stand in about the order of their tries.
func (s *story) packRow(e *codec.Encoder, o *told, base felt.Instant, near int) int {
	bits := s.whereIs(o.app, o.who.app, func(d *rules.CompiledJourney) string { return d.App })<<packApp |
		s.whereIs(o.currency, o.who.currency, func(d *rules.CompiledJourney) string { return d.Value.Currency })<<packCurrency
	if o.gone {
		bits |= packGone
	}
	if o.weight != 1 {
		bits |= packWeight
	}
	from := s.tryOf(o, near)
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
	return max(from, near)
}

// tryOf is the place of the try that a row is named by; -1 when it is not held any more.
func (s *story) tryOf(o *told, near int) int {
	for i := near; i < len(s.tries); i++ {
		if s.tries[i].id == o.seed {
			return i
		}
	}
	for i := range min(near, len(s.tries)) {
		if s.tries[i].id == o.seed {
			return i
		}
	}
	return -1
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
		e.Uint(t.draw)
	}
	if more&tryReason != 0 {
		e.String(t.why.reason)
	}
	if more&tryClass != 0 {
		e.String(t.why.class)
	}
}
