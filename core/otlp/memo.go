package otlp

import (
	"hash/maphash"

	"github.com/felt-cx/felt"
)

// memoSets bounds a memo: so many pairs, of 48 bytes each.
const memoSets = 1 << 14

// memo remembers what was made of texts that came lately. It holds no texts, which take three times
// as much, but a hash of each with a secret seed. That a text that is new has the hash of one that is
// remembered is a matter of once in many thousand years, and nobody outside can bring it about. It is
// a table of pairs: the older of a pair makes room. It grows as long as texts of lately are pushed
// out, up to its bound.
type memo struct {
	seed maphash.Seed
	sets [][2]remembered
	most int // sets
	out  int // pushed out since it grew
}

type remembered struct {
	text uint64 // its hash, which is odd, so that zero is nobody
	id   felt.Hash
}

func newMemo(seed maphash.Seed, most int) memo {
	return memo{seed: seed, sets: make([][2]remembered, 16), most: most}
}

// hash is what stands for a text.
func (m *memo) hash(text []byte) uint64 { return maphash.Bytes(m.seed, text) | 1 }

func (m *memo) set(text uint64) *[2]remembered { return &m.sets[text>>1&uint64(len(m.sets)-1)] }

// find is what was put for a text; false when that is not remembered.
func (m *memo) find(text uint64) (felt.Hash, bool) {
	s := m.set(text)
	for i := range s {
		if s[i].text == text {
			return s[i].id, true
		}
	}
	return felt.Hash{}, false
}

// put remembers what was not found.
func (m *memo) put(text uint64, id felt.Hash) {
	if m.out > len(m.sets)/2 && len(m.sets) < m.most {
		m.grow()
	}
	s := m.set(text)
	if s[1].text != 0 {
		m.out++
	}
	s[0], s[1] = remembered{text, id}, s[0]
}

func (m *memo) grow() {
	was := m.sets
	m.sets, m.out = make([][2]remembered, 4*len(was)), 0
	for i := range was {
		for j := 1; j >= 0; j-- { // the older first
			if r := was[i][j]; r.text != 0 {
				s := m.set(r.text)
				s[0], s[1] = r, s[0]
			}
		}
	}
}
