package mem

import (
	"context"
	"slices"

	"github.com/felt-cx/felt"
)

// countable tells whether a question is answered from the interactions: they are few
// enough, and none of its window was forgotten. What was never seen has none.
func (s *Store) countable(q felt.Question, rows int) bool {
	for key := range s.last {
		if inScope(key.Scope, key.traffic, q) {
			return int64(rows) <= s.opts.ExactLimit && q.From >= s.gone
		}
	}
	return true
}

// Impact implements [felt.CustomerReader]. A customer, session or account is in a total
// when it has at least one decided interaction in scope; a customer seen on several
// levels of identity counts at the strongest.
func (s *Store) Impact(_ context.Context, q felt.Question) (felt.Impact, error) {
	if err := check(q); err != nil {
		return felt.Impact{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	rows := s.matching(q)
	if !s.countable(q, len(rows)) {
		return s.estimateImpact(q)
	}
	t := newTally()
	for _, r := range rows {
		t.add(r)
	}
	im := felt.Impact{
		Customers: t.customers.distinct(), Sessions: t.sessions.distinct(), Accounts: t.accounts.distinct(),
		Counts: t.counts, Method: felt.MethodExact, Identity: identity(rows),
	}
	if t.sampled {
		im.Method = felt.MethodLowerBound
	}
	im.Interval = [2]int64{im.Customers.Failed, im.Customers.Failed}
	s.recovery(q, rows, &im)
	return im, nil
}

// identity counts customers by their strongest level.
func identity(rows []*felt.Interaction) felt.Identity {
	strongest := map[felt.Hash]felt.IdentityLevel{}
	for _, r := range rows {
		if r.Customer.IsZero() || r.IdentityLevel == felt.LevelNone || r.Outcome == felt.OutcomeNone || r.Outcome == felt.OutcomeCancelled {
			continue
		}
		if old, ok := strongest[r.Customer]; !ok || r.IdentityLevel < old {
			strongest[r.Customer] = r.IdentityLevel
		}
	}
	var id felt.Identity
	for _, level := range strongest {
		switch level {
		case felt.LevelUser:
			id.User++
		case felt.LevelPseudonym:
			id.Pseudonym++
		case felt.LevelInstallation:
			id.Installation++
		case felt.LevelSession:
			id.Session++
		case felt.LevelNone:
		}
	}
	return id
}

// recovery says what came of each customer's last failure in scope. Of two things that
// failed at the same moment, either may succeed.
func (s *Store) recovery(q felt.Question, rows []*felt.Interaction, im *felt.Impact) {
	lastFailures := map[felt.Hash][]*felt.Interaction{} // several when they ended at the same moment
	for _, r := range rows {
		if r.Outcome != felt.OutcomeFailed || r.Customer.IsZero() {
			continue
		}
		old := lastFailures[r.Customer]
		switch {
		case len(old) == 0 || r.End > old[0].End:
			lastFailures[r.Customer] = []*felt.Interaction{r}
		case r.End == old[0].End:
			lastFailures[r.Customer] = append(old, r)
		}
	}
	asOf := q.AsOf
	if asOf == 0 {
		asOf = s.logTime()
	}
	for _, failures := range lastFailures {
		until := failures[0].End + s.opts.Recovery
		again := slices.ContainsFunc(failures, func(f *felt.Interaction) bool { return s.again(f, until, q.AsOf) })
		switch {
		case again:
			im.Recovered++
		case asOf >= until:
			im.Lost++
		default:
			im.Undecided++
		}
	}
}

// again tells whether the customer succeeded with the same thing after the failure.
func (s *Store) again(failure *felt.Interaction, until, asOf felt.Instant) bool {
	for i := range s.interactions.rows {
		r := &s.interactions.rows[i]
		if r.Customer != failure.Customer || scopeOf(r) != scopeOf(failure) || r.Traffic != failure.Traffic {
			continue
		}
		if r.Outcome != felt.OutcomeSuccess && r.Outcome != felt.OutcomeDegraded {
			continue
		}
		if r.End > failure.End && r.End <= until && (asOf == 0 || r.End <= asOf) {
			return true
		}
	}
	return false
}

// logTime is how far the rows have come on the log's clock.
func (s *Store) logTime() felt.Instant {
	newest := felt.Tick(0)
	for _, t := range s.ticks {
		newest = max(newest, t)
	}
	for _, c := range s.cursors {
		newest = max(newest, c.Tick)
	}
	return newest.Instant()
}
