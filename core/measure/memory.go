package measure

import (
	"encoding/binary"

	"github.com/felt-cx/felt"
)

// memo is what is remembered of a decided interaction: enough to know it again when it
// is delivered once more, and to take its numbers back when it is corrected.
type memo struct {
	key     uint64       // first half of the interaction's id
	by      felt.SpanID  // the span that decided
	end     felt.Instant // of that span
	value   int64
	known   felt.Tick // of version 1
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
	blocks  []*[memoBlock]memo
	first   int // place of the oldest in blocks[0]
	n       int
	base    uint64 // number of the oldest; numbers only grow
	index   memoIndex
	weights map[uint64]float64
	who     map[uint64]who // by whom journeys were told, of those that a correction is likely to move
	series  seriesTable
}

const memoBlock = 1024

func newMemory() *memory {
	return &memory{weights: map[uint64]float64{}, who: map[uint64]who{}, series: newSeriesTable()}
}

func memoKey(id felt.InteractionID) uint64 { return binary.LittleEndian.Uint64(id[:8]) }

func (m *memory) nth(i int) *memo {
	i += m.first
	return &m.blocks[i/memoBlock][i%memoBlock]
}

// add remembers an interaction that is not remembered yet. The memo's series is taken over.
func (m *memory) add(e memo) {
	i := m.first + m.n
	if i/memoBlock == len(m.blocks) {
		m.blocks = append(m.blocks, new([memoBlock]memo))
	}
	m.blocks[i/memoBlock][i%memoBlock] = e
	m.n++
	m.enter(e.key)
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
	if m.first == memoBlock {
		m.blocks[0] = nil
		m.blocks = m.blocks[1:]
		m.first = 0
		m.shrink()
	}
}

// expire forgets what became known before a tick.
func (m *memory) expire(before felt.Tick) {
	for m.n > 0 && m.nth(0).known < before {
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
