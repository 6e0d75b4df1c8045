package measure

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/felt-cx/felt"
)

// memo is what is remembered of a decided interaction: enough to know it again when it
// is delivered once more, and to take its numbers back when it is corrected. It is held in
// columns, see [memos]; this is one read.
type memo struct {
	key     uint64       // first half of the interaction's id
	by      felt.SpanID  // the span that decided
	end     felt.Instant // of that span
	series  uint32
	version uint16
	verdict verdict
}

// verdict is how an interaction ended, how it was first said to, and what the deciding claim
// was worth, in one byte.
type verdict uint8

func verdictOf(now, first felt.Outcome, c class) verdict {
	return verdict(now) | verdict(first)<<3 | verdict(c)<<6
}

// withdrawn stands in place of the outcome: all bits of it.
const withdrawn = 7

func (v verdict) withdrawn() bool { return v&7 == withdrawn }

func (v verdict) outcome() felt.Outcome {
	if v.withdrawn() {
		return felt.OutcomeCancelled
	}
	return felt.Outcome(v & 7)
}
func (v verdict) first() felt.Outcome { return felt.Outcome(v >> 3 & 7) }
func (v verdict) class() class        { return class(v >> 6) }

// memory holds memos in the order in which they were made, in blocks, so that the
// oldest are let go of cheaply. Interactions are found by half of their id, which is 64
// bits of SHA-256.
type memory struct {
	blocks  []memos
	first   int // place of the oldest in blocks[0]
	n       int
	base    uint64  // number of the oldest; numbers only grow
	runs    []since // by number and tick
	index   memoIndex
	weights map[uint64]float64
	who     map[uint64]who // by whom journeys were told, of those that a correction is likely to move
	series  seriesTable
}

// since tells that the memos from a number on became known at a tick.
type since struct {
	number uint64
	known  felt.Tick
}

func newMemory() *memory {
	return &memory{weights: map[uint64]float64{}, who: map[uint64]who{}, series: newSeriesTable()}
}

func memoKey(id felt.InteractionID) uint64 { return binary.LittleEndian.Uint64(id[:8]) }

// at is where the memo at a place is: its block, and the row there.
func (m *memory) at(place int) (*memos, int) {
	place += m.first
	return &m.blocks[place/memoBlock], place % memoBlock
}

func (m *memory) keyAt(place int) uint64 {
	place += m.first
	return m.blocks[place/memoBlock].key[place%memoBlock]
}

// nth reads the memo at a place.
func (m *memory) nth(place int) memo {
	b, i := m.at(place)
	return b.read(i)
}

// add remembers an interaction that is not remembered yet, whose version 1 is known since the
// newest tick so far or a later one. The memo's series is taken over.
func (m *memory) add(e memo, known felt.Tick, value int64) {
	if (m.first+m.n)/memoBlock == len(m.blocks) {
		m.blocks = append(m.blocks, memos{columns: new(columns), about: known.Instant()})
	}
	if n := len(m.runs); n == 0 || m.runs[n-1].known != known {
		m.runs = append(m.runs, since{m.base + uint64(m.n), known})
	}
	m.n++
	m.set(m.n-1, e, value)
	m.enter(e.key)
}

// set writes the memo at a place, whose series is taken over.
func (m *memory) set(place int, e memo, value int64) {
	b, i := m.at(place)
	b.write(i, &e)
	b.values.set(i, value)
}

// knownAt is when version 1 of the memo at a place became known.
func (m *memory) knownAt(place int) felt.Tick {
	number := m.base + uint64(place)
	next, _ := slices.BinarySearchFunc(m.runs, number+1, func(r since, n uint64) int { return cmp.Compare(r.number, n) })
	return m.runs[next-1].known
}

func (m *memory) valueAt(place int) int64 {
	b, i := m.at(place)
	return b.values.at(i)
}

// forget lets go of the oldest.
func (m *memory) forget() {
	e := m.nth(0)
	m.leave(e.key)
	delete(m.weights, e.key)
	delete(m.who, e.key)
	m.series.release(e.series)
	m.first++
	m.n--
	m.base++
	if len(m.runs) > 1 && m.runs[1].number == m.base || m.n == 0 {
		m.runs = m.runs[1:]
	}
	if m.first == memoBlock {
		m.blocks[0] = memos{}
		m.blocks = m.blocks[1:]
		m.first = 0
		m.shrink()
	}
}

// expire forgets what became known before a tick.
func (m *memory) expire(before felt.Tick) {
	for m.n > 0 && m.runs[0].known < before {
		m.forget()
	}
}

func (m *memory) weight(key uint64) float64 {
	if w, ok := m.weights[key]; ok {
		return w
	}
	return 1
}

func (m *memory) setWeight(key uint64, w float64) {
	if w == 1 {
		delete(m.weights, key)
	} else {
		m.weights[key] = w
	}
}

// setWho remembers by whom journeys were told of a decision, when a correction may know
// better: see [Decision.mayMove].
func (m *memory) setWho(key uint64, d *Decision, c *claim) {
	if len(d.Steps) > 0 && (c.class == derived || !c.parent.IsZero() && d.mayMove()) {
		m.who[key] = who{d.Session, d.Customer, d.Instance}
	} else {
		delete(m.who, key)
	}
}

// seriesTable gives scopes numbers, for as long as a memo uses them.
type seriesTable struct {
	of   map[scopeKey]uint32
	list []seriesEntry
	free []uint32
}

type seriesEntry struct {
	scope scopeKey
	uses  int
}

func newSeriesTable() seriesTable { return seriesTable{of: map[scopeKey]uint32{}} }

func (s *seriesTable) acquire(k scopeKey) uint32 {
	i, ok := s.of[k]
	if !ok {
		if n := len(s.free); n > 0 {
			i = s.free[n-1]
			s.free = s.free[:n-1]
			s.list[i] = seriesEntry{scope: k}
		} else {
			i = uint32(len(s.list))
			s.list = append(s.list, seriesEntry{scope: k})
		}
		s.of[k] = i
	}
	s.list[i].uses++
	return i
}

func (s *seriesTable) release(i uint32) {
	e := &s.list[i]
	if e.uses--; e.uses == 0 {
		delete(s.of, e.scope)
		*e = seriesEntry{}
		s.free = append(s.free, i)
	}
}
