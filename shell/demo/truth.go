package demo

import (
	"sync"

	"github.com/felt-cx/felt"
)

// remembered is how many interactions the ledger holds: more than three hours of the
// shop at its usual rate.
const remembered = 500_000

// Truth is what really happened in a window, as far as the server has accepted it.
type Truth struct {
	Customers felt.Distinct
	Sessions  felt.Distinct
	Counts    [felt.Outcomes]int64 // interactions by outcome
	// Complete tells that the window begins after the oldest interaction that is
	// remembered, and after this simulator began.
	Complete bool
}

// entry is one accepted interaction.
type entry struct {
	name              string
	end               felt.Instant
	customer, session uint64 // 0: none
	outcome           felt.Outcome
	bot               bool
}

// anonymous marks the number of a customer who is known by the session only.
const anonymous = 1 << 63

// entryOf is a try as it is counted: by user, else by session.
func entryOf(t *try) entry {
	e := entry{name: t.what.name, end: t.end, session: t.visit.number, outcome: t.outcome, bot: t.visit.bot}
	if t.what.name == webhook && e.outcome != felt.OutcomeFailed {
		e.outcome = felt.OutcomeSuccess // all that a span's status can say
	}
	switch {
	case t.visit.user != nil:
		e.customer = t.visit.user.number
	default:
		e.customer = anonymous | t.visit.number
	}
	return e
}

// ledger holds what was accepted. It is safe for concurrent use.
type ledger struct {
	mu      sync.Mutex
	since   felt.Instant // everything that ended from here on is in it
	entries []entry
	totals  totals
}

// totals counts what was delivered.
type totals struct {
	Spans    int64 `json:"spans"`
	Logs     int64 `json:"logs"`
	Points   int64 `json:"points"`
	Rejected int64 `json:"rejected"` // by partial success
	Refused  int64 `json:"refused"`  // in requests that were refused for good
	Waits    int64 `json:"waits"`    // times the server asked to come again, or could not be reached
}

func (l *ledger) add(list []entry, t totals) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, list...)
	if over := len(l.entries) - remembered; over > 0 {
		over += remembered / 10 // not at every request
		for _, e := range l.entries[:over] {
			l.since = max(l.since, e.end+1)
		}
		l.entries = append([]entry(nil), l.entries[over:]...)
	}
	l.totals.Spans += t.Spans
	l.totals.Logs += t.Logs
	l.totals.Points += t.Points
	l.totals.Rejected += t.Rejected
	l.totals.Refused += t.Refused
	l.totals.Waits += t.Waits
}

func (l *ledger) delivered() totals {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.totals
}

// truth counts a scope and window. An empty app or name means any; a zero To is no end.
// Bots are not counted.
func (l *ledger) truth(s felt.Scope, w felt.Window) Truth {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := Truth{Complete: l.since > 0 && w.From >= l.since}
	if s.App != "" && s.App != App || s.Env != "" && s.Env != environment {
		return t
	}
	customers, sessions := tally{}, tally{}
	for _, e := range l.entries {
		if e.bot || s.Name != "" && e.name != s.Name || e.end < w.From || w.To != 0 && e.end >= w.To {
			continue
		}
		t.Counts[e.outcome]++
		customers.add(e.customer, e.outcome)
		sessions.add(e.session, e.outcome)
	}
	t.Customers, t.Sessions = customers.distinct(), sessions.distinct()
	return t
}

// tally remembers who had which outcomes. Who only changed their mind is not in it:
// cancelled interactions are outside of every number but their own.
type tally map[uint64]uint8

func (t tally) add(who uint64, o felt.Outcome) {
	if who != 0 && o != felt.OutcomeCancelled {
		t[who] |= 1 << o
	}
}

func (t tally) distinct() felt.Distinct {
	d := felt.Distinct{Total: int64(len(t))}
	for _, had := range t {
		if had&(1<<felt.OutcomeFailed) != 0 {
			d.Failed++
		}
		if had&(1<<felt.OutcomeDegraded) != 0 {
			d.Degraded++
		}
	}
	return d
}

// begin says from when on the ledger is kept.
func (l *ledger) begin(at felt.Instant) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since = at
}
