package mem

import (
	"context"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/estimate"
)

// countable tells whether a question is answered from the interactions: they are few
// enough, and none of its window was forgotten. What was never seen has none.
func (s *Store) countable(q felt.Question, rows int) bool {
	return !s.known(q) || int64(rows) <= s.opts.ExactLimit && q.From >= s.gone
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
	q = s.ofOneKind(q)
	rows := s.matching(q)
	if !s.countable(q, len(rows)) {
		return s.estimateImpact(q)
	}
	t, again := newTally(), s.repeated(q)
	for _, r := range rows {
		if again(scopeOf(r.Interaction)) {
			t.addWho(r)
		} else {
			t.add(r)
		}
	}
	im := felt.Impact{
		Customers: t.customers.distinct(), Sessions: t.sessions.distinct(), Accounts: t.accounts.distinct(),
		Counts: t.counts, Method: felt.MethodExact, Identity: identity(rows),
	}
	im.Interval = [2]int64{im.Customers.Failed, im.Customers.Failed}
	if t.weights.Sampled() {
		im.Sampled, im.Method, im.Adjusted = true, felt.MethodLowerBound, t.weights.Sums()
		im.Estimated = estimated(rows)
		im.Interval[1] = im.Estimated.Failed.High
	}
	for _, fate := range s.fates(q, rows) {
		switch fate {
		case felt.FateRecovered:
			im.Recovered++
		case felt.FateLost:
			im.Lost++
		case felt.FateUndecided:
			im.Undecided++
		case felt.FateNone:
		}
	}
	return im, nil
}

// identity counts customers by their strongest level.
func identity(rows []hit) felt.Identity {
	strongest := map[felt.Hash]felt.IdentityLevel{}
	for _, r := range rows {
		if r.who.IsZero() || r.strength == felt.LevelNone || !r.decided() {
			continue
		}
		if old, ok := strongest[r.who]; !ok || r.strength < old {
			strongest[r.who] = r.strength
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

// estimated says how many customers there were behind sampled interactions.
func estimated(rows []hit) felt.EstimatedDistinct {
	of := func(outcomes ...felt.Outcome) felt.EstimatedCount {
		var seen estimate.Crowd[felt.Hash]
		for _, r := range rows {
			if !r.who.IsZero() && slices.Contains(outcomes, r.Outcome) {
				seen.Add(r.who, r.Draw, r.Weight)
			}
		}
		return estimate.Customers(seen.Seen())
	}
	return felt.EstimatedDistinct{
		Total:    of(felt.OutcomeSuccess, felt.OutcomeDegraded, felt.OutcomeFailed, felt.OutcomeAbandoned),
		Failed:   of(felt.OutcomeFailed),
		Degraded: of(felt.OutcomeDegraded),
	}
}

// fates says what came of each customer's last failure in scope. Of two things that
// failed at the same moment, either may succeed.
func (s *Store) fates(q felt.Question, rows []hit) map[felt.Hash]felt.Fate {
	lastFailures := map[felt.Hash][]hit{} // several when they ended at the same moment
	for _, r := range rows {
		if r.Outcome != felt.OutcomeFailed || r.who.IsZero() {
			continue
		}
		old := lastFailures[r.who]
		switch {
		case len(old) == 0 || r.End > old[0].End:
			lastFailures[r.who] = []hit{r}
		case r.End == old[0].End:
			lastFailures[r.who] = append(old, r)
		}
	}
	asOf := q.AsOf
	if asOf == 0 {
		asOf = s.logTime()
	}
	successes := s.successes(lastFailures)
	fates := map[felt.Hash]felt.Fate{}
	for who, failures := range lastFailures {
		until := failures[0].End + s.opts.Recovery
		again := slices.ContainsFunc(failures, func(f hit) bool { return recovered(f, successes[who], until, q.AsOf) })
		switch {
		case again:
			fates[who] = felt.FateRecovered
		case asOf >= until:
			fates[who] = felt.FateLost
		default:
			fates[who] = felt.FateUndecided
		}
	}
	return fates
}

// successes are all that the customers reached, in any scope.
func (s *Store) successes(of map[felt.Hash][]hit) map[felt.Hash][]*felt.Interaction {
	list := map[felt.Hash][]*felt.Interaction{}
	for i := range s.interactions.rows {
		r := &s.interactions.rows[i]
		if r.Outcome != felt.OutcomeSuccess && r.Outcome != felt.OutcomeDegraded {
			continue
		}
		if who, _ := s.who(r); len(of[who]) > 0 {
			list[who] = append(list[who], r)
		}
	}
	return list
}

// recovered tells whether the customer succeeded with the same thing after the failure.
func recovered(failure hit, successes []*felt.Interaction, until, asOf felt.Instant) bool {
	return slices.ContainsFunc(successes, func(r *felt.Interaction) bool {
		return scopeOf(r) == scopeOf(failure.Interaction) && r.Traffic == failure.Traffic &&
			r.End > failure.End && r.End <= until && (asOf == 0 || r.End <= asOf)
	})
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
