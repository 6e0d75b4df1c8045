package spangen

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"slices"
	"sync"
	"time"
)

// Stream gives out a Set's requests without end: wave after wave, and when the
// Set is through, again from the start with other trace ids, customers and
// times. It may be used by many goroutines.
type Stream struct {
	set *Set
	run uint64
	lag int

	mu    sync.Mutex
	slot  uint64               // the next place: wave * RequestsPerWave + request
	times map[uint64]time.Time // of the waves whose browser request is still to come
	tally tally
}

// Stream starts a stream. Streams of different runs share no trace id and no
// session. Lag is by how many waves a browser request comes after the requests
// of its back ends: 0 means right after them; browsers that hold back
// successes for some seconds are modelled by more, and keep the server waiting
// for as many roots.
func (s *Set) Stream(run uint64, lag int) *Stream {
	return &Stream{
		set: s, run: run, lag: max(lag, 0),
		times: make(map[uint64]time.Time),
		tally: newTally(s.config.Customers),
	}
}

// Next returns the next request, written over dst. All spans of a trace have
// times that fit together: they ended within the 200 ms (and began within the 20 s)
// before now, the time at which the first request of their wave was asked for.
func (st *Stream) Next(dst []byte, now time.Time) []byte {
	r, wave, at := st.take(now)
	epoch := wave / uint64(st.set.waves())
	dst = append(dst[:0], r.body...)

	// xor with a number that is fixed for the run and the pass: trace ids stay
	// different from each other and are new.
	salt := mix(mix(st.run) + epoch)
	base := uint64(at.UnixNano())
	for i := range r.marks {
		m := &r.marks[i]
		id := dst[m.traceID+8 : m.traceID+16]
		binary.BigEndian.PutUint64(id, binary.BigEndian.Uint64(id)^salt)
		binary.LittleEndian.PutUint64(dst[m.start:], base+uint64(m.startAt))
		binary.LittleEndian.PutUint64(dst[m.end:], base+uint64(m.endAt))
		if m.event != 0 {
			binary.LittleEndian.PutUint64(dst[m.event:], base+uint64(m.endAt))
		}
	}
	for i := range r.whos {
		w := &r.whos[i]
		customer := st.set.customer(int(w.visit), salt)
		putDecimal(dst[w.user:w.user+userDigits], customer)
		// A session lasts for a few passes, or several interactions.
		putUUID(dst[w.session:w.session+36], mix(mix(st.run)+epoch/4)^mix(uint64(customer)))
	}
	return dst
}

// take finds the next request and counts it.
func (st *Stream) take(now time.Time) (*request, uint64, time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for {
		wave, part := st.slot/RequestsPerWave, st.slot%RequestsPerWave
		st.slot++
		at, ok := st.times[wave]
		if !ok {
			at = now
			st.times[wave] = at
		}
		if part == RequestsPerWave-1 {
			if wave < uint64(st.lag) {
				continue // nobody's browser has anything to send yet
			}
			wave -= uint64(st.lag)
			at = st.times[wave]
			delete(st.times, wave)
			st.count(wave)
		}
		st.tally.requests++
		local := wave % uint64(st.set.waves())
		return &st.set.requests[local*RequestsPerWave+part], wave, at
	}
}

func (s *Set) waves() int { return len(s.requests) / RequestsPerWave }

// customer is the number of the customer of a visit in one pass: always one of
// the visit's class, so that a customer's region and plan never change.
func (s *Set) customer(at int, salt uint64) int {
	perClass := uint64(s.config.Customers / classes)
	high, _ := bits.Mul64(mix(salt+uint64(at)), perClass)
	return int(high)*classes + int(s.visits[at].class)
}

// mix is the finaliser of splitmix64: it spreads neighbouring numbers over all.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func putDecimal(dst []byte, n int) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
}

// putUUID writes a version 4 UUID as text.
func putUUID(dst []byte, seed uint64) {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], seed)
	binary.BigEndian.PutUint64(raw[8:], mix(seed))
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	var text [32]byte
	hex.Encode(text[:], raw[:])
	copy(dst, text[:8])
	dst[8] = '-'
	copy(dst[9:], text[8:12])
	dst[13] = '-'
	copy(dst[14:], text[12:16])
	dst[18] = '-'
	copy(dst[19:], text[16:20])
	dst[23] = '-'
	copy(dst[24:], text[20:])
}

// Counts are the true numbers of one interaction name, or of all together.
// Customers are distinct. A customer who failed once and succeeded once is in
// CustomersFailed.
type Counts struct {
	Interactions, Failed, Degraded                int
	Customers, CustomersFailed, CustomersDegraded int
}

// Truth is what a stream has given out so far.
type Truth struct {
	Requests, Spans int
	All             Counts
	ByName          map[string]Counts
}

// Truth returns the counts so far. A request is counted when it is asked for:
// ask once what was asked for has also been delivered.
func (st *Stream) Truth() Truth {
	st.mu.Lock()
	defer st.mu.Unlock()
	t := Truth{Requests: st.tally.requests, Spans: st.tally.requests * SpansPerRequest, ByName: map[string]Counts{}}
	for i := range interactionNames {
		if c := st.tally.names[i].counts(); c.Interactions > 0 {
			t.ByName[interactionNames[i].name] = c
		}
	}
	t.All = st.tally.all.counts()
	return t
}

// count notes the interactions of the wave whose browser request goes out.
func (st *Stream) count(wave uint64) {
	waves := uint64(st.set.waves())
	first := int(wave%waves) * TracesPerWave
	salt := mix(mix(st.run) + wave/waves)
	for i := first; i < first+TracesPerWave; i++ {
		v := st.set.visits[i]
		if v.interaction < 0 {
			continue
		}
		customer := st.set.customer(i, salt)
		st.tally.names[v.interaction].add(v.outcome, customer)
		st.tally.all.add(v.outcome, customer)
	}
}

type tally struct {
	requests int
	all      nameTally
	names    []nameTally
}

// nameTally has one bit for each customer.
type nameTally struct {
	outcomes [failed + 1]int
	seen     [failed + 1][]uint64
}

func newTally(customers int) tally {
	words := customers/64 + 1
	one := func() (n nameTally) {
		for i := range n.seen {
			n.seen[i] = make([]uint64, words)
		}
		return n
	}
	t := tally{all: one()}
	for range interactionNames {
		t.names = append(t.names, one())
	}
	return t
}

func (n *nameTally) add(o outcome, customer int) {
	n.outcomes[o]++
	n.seen[o][customer/64] |= 1 << (customer % 64)
}

func (n *nameTally) counts() Counts {
	c := Counts{Failed: n.outcomes[failed], Degraded: n.outcomes[degraded]}
	for _, count := range n.outcomes {
		c.Interactions += count
	}
	union := slices.Clone(n.seen[success])
	for i := range union {
		union[i] |= n.seen[failed][i] | n.seen[degraded][i]
	}
	c.Customers = ones(union)
	c.CustomersFailed = ones(n.seen[failed])
	c.CustomersDegraded = ones(n.seen[degraded])
	return c
}

func ones(set []uint64) int {
	n := 0
	for _, word := range set {
		n += bits.OnesCount64(word)
	}
	return n
}
