package simulate

import (
	"math"
	"sync"

	"github.com/felt-cx/felt"
)

// entry is one interaction that was accepted, in 20 bytes: two thousand a second over an
// hour are 144 MB.
type entry struct {
	end      uint32 // milliseconds since the world's start
	who      uint32
	session  uint32
	op       uint16
	outcome  uint8 // and notCustomer
	segments uint8
	episode  int16 // whose fault it is; -1 nobody's
	flags    uint8
}

// The flags of an entry; the device's place follows behind them.
const (
	flagKnown   = 1 << iota // who is a person
	flagBecame              // and was not from the session's beginning
	flagInstall             // on a device with an installation id
	deviceShift = 3
)

// notCustomer marks the outcome of bots and tests.
const notCustomer = 1 << 7

// Hit is a customer who was struck, in order of when.
type Hit struct {
	Who  uint32       // see [Ledger.Customer]
	At   felt.Instant // the end of the first try that the fault spoiled
	App  string
	Name string // of the interaction
}

// struck is what a ledger knows of an episode.
type struck struct {
	hits     []Hit
	seen     map[uint32]struct{}
	tries    int64 // that the fault spoiled
	failed   int64
	degraded int64
	missing  int64 // that never came, or of which nothing was told
}

// chunk is how many entries are allocated at once.
const chunk = 1 << 16

// Ledger is what is true: every interaction that the server has accepted, whose it was,
// and which fault spoiled it. It is safe for concurrent use.
type Ledger struct {
	mu       sync.Mutex
	world    *World
	start    felt.Instant
	since    felt.Instant // everything that ended from here on is in it
	most     int          // chunks
	chunks   [][]entry
	links    map[uint32]uint32 // from session and installation to the person
	episodes []struck
	totals   Totals
}

// Totals count what was delivered.
type Totals struct {
	Requests     int64 `json:"requests"`
	Interactions int64 `json:"interactions"`
	Spans        int64 `json:"spans"`
	Logs         int64 `json:"logs"`
	Points       int64 `json:"points"`
	Bytes        int64 `json:"bytes"`
	Rejected     int64 `json:"rejected"` // by partial success
	Refused      int64 `json:"refused"`  // in requests that were refused for good
	Waits        int64 `json:"waits"`    // times the server asked to come again, or could not be reached
}

// NewLedger makes the ledger of a world. It remembers the newest interactions, at least
// so many; 0: ten million, 200 MB.
func NewLedger(w *World, remember int) *Ledger {
	if remember <= 0 {
		remember = 10_000_000
	}
	return &Ledger{
		world: w, start: w.opt.Start.Floor(milli), since: w.opt.Start, most: remember/chunk + 2, links: map[uint32]uint32{},
	}
}

// entry of a try.
func (e *writer) entry(t *Try) entry {
	n := entry{
		end: uint32(min(max(0, (t.End-e.w.opt.Start.Floor(milli))/milli), math.MaxUint32)), //nolint:gosec // bounded
		who: t.who(), op: t.op.id, outcome: uint8(t.Outcome), segments: t.segments(),
		episode: int16(t.episode), session: t.session, flags: t.device << deviceShift, //nolint:gosec // a handful
	}
	if t.known {
		n.flags |= flagKnown
	}
	if t.became {
		n.flags |= flagBecame
	}
	if t.install {
		n.flags |= flagInstall
	}
	if t.Traffic != felt.TrafficCustomer {
		n.outcome |= notCustomer
	}
	return n
}

// Accept enters what is in a body that the server has taken.
func (l *Ledger) Accept(b *Body) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.totals.Requests++
	l.totals.Interactions += int64(len(b.entries))
	l.totals.Spans += int64(b.Spans)
	l.totals.Logs += int64(b.Logs)
	l.totals.Points += int64(b.Points)
	l.totals.Bytes += int64(len(b.Data))
	for i := range b.entries {
		l.enter(&b.entries[i])
	}
}

func (l *Ledger) enter(e *entry) {
	last := len(l.chunks) - 1
	if last < 0 || len(l.chunks[last]) == chunk {
		if len(l.chunks) == l.most {
			for _, old := range l.chunks[0] {
				l.since = max(l.since, l.start+felt.Instant(old.end+1)*milli)
			}
			l.chunks = l.chunks[1:]
		}
		l.chunks = append(l.chunks, make([]entry, 0, chunk))
		last = len(l.chunks) - 1
	}
	l.chunks[last] = append(l.chunks[last], *e)
	if e.flags&flagKnown != 0 && e.flags&flagBecame != 0 {
		l.links[whoSession|e.session] = e.who
	}
	if e.flags&flagKnown != 0 && e.flags&flagInstall != 0 {
		l.links[whoInstall|(e.who*devices+uint32(e.flags>>deviceShift))] = e.who
	}
	if e.episode >= 0 {
		l.spoil(e)
	}
}

// spoil notes that a fault spoiled an interaction.
func (l *Ledger) spoil(e *entry) {
	s := l.struck(int(e.episode))
	o := l.world.ops[e.op]
	switch felt.Outcome(e.outcome &^ notCustomer) {
	case felt.OutcomeNone:
		s.missing++
	case felt.OutcomeFailed:
		s.failed++
	case felt.OutcomeDegraded:
		s.degraded++
	default:
		return
	}
	s.tries++
	if _, ok := s.seen[e.who]; !ok {
		s.seen[e.who] = struct{}{}
		s.hits = append(s.hits, Hit{e.who, l.start + felt.Instant(e.end)*milli, o.app, o.name})
	}
}

func (l *Ledger) struck(episode int) *struck {
	for len(l.episodes) <= episode {
		l.episodes = append(l.episodes, struck{seen: map[uint32]struct{}{}})
	}
	return &l.episodes[episode]
}

// Miss enters a try that is lost in the world: see [Try.Lost]. It is in no number but
// those of its fault.
func (l *Ledger) Miss(e *Encoder, t *Try) {
	if t.episode < 0 {
		return
	}
	n := e.entry(t)
	n.outcome = uint8(felt.OutcomeNone)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spoil(&n)
}

// Refuse counts a request that the server will never take.
func (l *Ledger) Refuse(b *Body) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.totals.Refused += int64(b.Spans + b.Logs + b.Points)
}

// Note counts what else happened on the way.
func (l *Ledger) Note(waits, rejected int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.totals.Waits += waits
	l.totals.Rejected += rejected
}

// Totals is what was delivered so far.
func (l *Ledger) Totals() Totals {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.totals
}
