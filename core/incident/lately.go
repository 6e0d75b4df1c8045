package incident

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/measure"
)

// LatelyMax bounds the tries that went wrong lately, held for incidents that open.
const LatelyMax = 50_000

// latelyFor is how long they are held.
const latelyFor felt.Tick = 15 * 60

// try is what an incident wants to know of one.
type try struct {
	who               uint64 // 0: nobody known
	customer, account felt.Hash
	session, trace    uint64 // first halves of the hashes; 0 none
	end               felt.Instant
	value             int64
	known             felt.Tick
	outcome, was      felt.Outcome
	fled              bool // left after a failure
}

func tryOf(y *measure.Try) try {
	t := try{
		customer: y.Customer, account: y.Account, session: binary.BigEndian.Uint64(y.Session[:8]), trace: binary.BigEndian.Uint64(y.Trace[:8]),
		end: y.End, value: y.ValueMinor, known: y.Known, outcome: y.Outcome, fled: y.AbandonedHow == felt.AbandonedAfterFailure,
	}
	if who, known := y.Who(); known {
		t.who = who
	}
	if !y.First {
		t.was = y.Was
	}
	return t
}

// bad tells what is worth holding.
func bad(o felt.Outcome, how felt.AbandonedHow) bool {
	return o == felt.OutcomeFailed || o == felt.OutcomeDegraded || o == felt.OutcomeAbandoned && how == felt.AbandonedAfterFailure
}

// place is a scope of which tries are held.
type place struct {
	felt.Scope
	n       int    // tries of it that are held
	service string // that sent the last one
}

type held struct {
	try
	place uint32
}

// lately holds the tries of all scopes that went wrong in the last minutes, oldest first: which
// customers and traces findings share is seen in them, and an incident begins with those of its scopes.
type lately struct {
	ring   []held // grows up to its bound
	head   int
	n      int
	lost   int64 // that were let go of before their time
	names  map[felt.Scope]uint32
	places []place
	free   []uint32
	by     map[uint32][]int32 // by age, of each place; nil: to be made
}

func newLately() lately { return lately{names: map[felt.Scope]uint32{}} }

func (l *lately) at(i int) *held { return &l.ring[(l.head+i)%len(l.ring)] }

func (l *lately) add(y *measure.Try) {
	if l.n == len(l.ring) {
		if l.n < LatelyMax {
			l.grow()
		} else {
			l.drop()
			l.lost++
		}
	}
	of := felt.Scope{Env: y.Env, App: y.App, Name: y.Name, Kind: y.Kind}
	i, ok := l.names[of]
	if !ok {
		i = l.room(of)
	}
	p := &l.places[i]
	p.n++
	p.service = y.Service
	l.n++
	*l.at(l.n - 1) = held{tryOf(y), i}
	l.by = nil
}

func (l *lately) grow() {
	ring := make([]held, min(max(2*l.n, 64), LatelyMax))
	for i := range l.n {
		ring[i] = *l.at(i)
	}
	l.ring, l.head = ring, 0
}

// room gives a scope a place.
func (l *lately) room(of felt.Scope) uint32 {
	i := uint32(len(l.places))
	if n := len(l.free); n > 0 {
		i, l.free = l.free[n-1], l.free[:n-1]
		l.places[i] = place{Scope: of}
	} else {
		l.places = append(l.places, place{Scope: of})
	}
	l.names[of] = i
	return i
}

func (l *lately) drop() {
	i := l.at(0).place
	l.head, l.n = (l.head+1)%len(l.ring), l.n-1
	p := &l.places[i]
	if p.n--; p.n == 0 {
		delete(l.names, p.Scope)
		l.free = append(l.free, i)
	}
}

func (l *lately) prune(before felt.Tick) {
	for l.n > 0 && l.at(0).known < before {
		l.drop()
		l.by = nil
	}
}

// of calls yield for the tries of a scope, oldest first.
func (l *lately) of(s felt.Scope, yield func(*try)) {
	i, ok := l.names[s]
	if !ok {
		return
	}
	if l.by == nil {
		l.by = map[uint32][]int32{}
		for k := range l.n {
			p := l.at(k).place
			l.by[p] = append(l.by[p], int32(k))
		}
	}
	for _, k := range l.by[i] {
		yield(&l.at(int(k)).try)
	}
}

// steps lists the steps of an app in which tries that ended since then went wrong in the way of a kind of
// finding, the most first.
func (l *lately) steps(of felt.Scope, since felt.Instant, kind felt.FindingKind) []felt.Scope {
	wrong := felt.OutcomeFailed
	if kind == felt.FindingDegraded {
		wrong = felt.OutcomeDegraded
	}
	n := map[felt.Scope]int{}
	for k := range l.n {
		y := l.at(k)
		if s := l.places[y.place].Scope; s.Env == of.Env && s.App == of.App && s.Kind == of.Kind && y.end >= since && y.outcome == wrong {
			n[s]++
		}
	}
	return slices.SortedFunc(maps.Keys(n), func(a, b felt.Scope) int { return cmp.Or(cmp.Compare(n[b], n[a]), compareScopes(a, b)) })
}

// service is the one that sent the last of the scope's tries; "" not known.
func (l *lately) service(s felt.Scope) string {
	if i, ok := l.names[s]; ok {
		return l.places[i].service
	}
	return ""
}

func compareScopes(a, b felt.Scope) int {
	return cmp.Or(cmp.Compare(a.Env, b.Env), cmp.Compare(a.App, b.App), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
}

func saveScope(e *codec.Encoder, s felt.Scope) {
	e.String(s.Env)
	e.String(s.App)
	e.String(s.Name)
	e.Uint(uint64(s.Kind))
}

func loadScope(d *codec.Decoder) felt.Scope {
	return felt.Scope{Env: d.String(), App: d.String(), Name: d.String(), Kind: felt.InteractionKind(d.UintMax(255))}
}

func (l *lately) save(e *codec.Encoder) {
	e.Int(l.lost)
	var order []uint32
	for _, i := range l.names {
		order = append(order, i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return compareScopes(l.places[a].Scope, l.places[b].Scope) })
	number := map[uint32]uint64{}
	e.Len(len(order))
	for k, i := range order {
		number[i] = uint64(k)
		saveScope(e, l.places[i].Scope)
		e.String(l.places[i].service)
	}
	e.Len(l.n)
	for k := range l.n {
		y := l.at(k)
		e.Uint(number[y.place])
		y.save(e)
	}
}

func (l *lately) load(d *codec.Decoder) {
	l.lost = d.Int()
	for n := d.Len(5); n > 0 && d.Err() == nil; n-- {
		i := l.room(loadScope(d))
		l.places[i].service = d.String()
	}
	n := d.Len(16)
	if n > LatelyMax {
		d.Fail("too many tries")
		return
	}
	for ; n > 0 && d.Err() == nil; n-- {
		if len(l.places) == 0 {
			d.Fail("a try of no scope")
			return
		}
		y := held{place: uint32(d.UintMax(uint64(len(l.places) - 1)))}
		y.load(d)
		if l.n == len(l.ring) {
			l.grow()
		}
		l.n++
		*l.at(l.n - 1) = y
		l.places[y.place].n++
	}
}

func (y *try) save(e *codec.Encoder) {
	e.Word(y.who)
	e.Hash(y.customer)
	e.Hash(y.account)
	e.Word(y.session)
	e.Word(y.trace)
	e.Int(int64(y.end))
	e.Int(y.value)
	e.Int(int64(y.known))
	e.Uint(uint64(y.outcome))
	e.Uint(uint64(y.was))
	e.Bool(y.fled)
}

func (y *try) load(d *codec.Decoder) {
	y.who, y.customer, y.account = d.Word(), d.Hash(), d.Hash()
	y.session, y.trace = d.Word(), d.Word()
	y.end, y.value, y.known = felt.Instant(d.Int()), d.Int(), felt.Tick(d.Int())
	y.outcome, y.was = felt.Outcome(d.UintMax(felt.Outcomes-1)), felt.Outcome(d.UintMax(felt.Outcomes-1))
	y.fled = d.Bool()
}
