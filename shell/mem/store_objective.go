package mem

import (
	"context"
	"math"

	"github.com/felt-cx/felt"
)

// Objective implements [felt.ObjectiveReader].
func (s *Store) Objective(_ context.Context, q felt.Question, slower felt.Instant) (felt.ObjectiveCounts, error) {
	if err := check(q); err != nil {
		return felt.ObjectiveCounts{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	q = s.ofOneKind(q)
	if err := s.kept(q); err != nil {
		return felt.ObjectiveCounts{}, err
	}
	if slower <= 0 {
		slower = math.MaxInt64
	}
	var out felt.ObjectiveCounts
	by := map[felt.Hash]felt.ObjectiveCount{}
	for _, r := range s.tries(q) {
		if !r.decided() && !r.Failing() {
			continue
		}
		out.Sampled = out.Sampled || r.Weight > 1
		if out.First == 0 || r.End < out.First {
			out.First = r.End
		}
		promise(&out.Tries, r, slower)
		if !r.who.IsZero() {
			c := by[r.who]
			promise(&c, r, slower)
			by[r.who] = c
		}
	}
	for _, c := range by {
		out.Customers.Decided++
		out.Customers.Reached += min(c.Reached, 1)
		out.Customers.Slow += min(c.Slow, 1)
		out.Customers.Failed += min(c.Failed, 1)
		out.Customers.Unfinished += min(c.Unfinished, 1)
	}
	return out, nil
}

// promise adds one try that was decided, or is failing.
func promise(c *felt.ObjectiveCount, r hit, slower felt.Instant) {
	c.Decided++
	switch r.Outcome {
	case felt.OutcomeSuccess, felt.OutcomeDegraded:
		c.Reached++
		if felt.Instant(r.Duration) > slower {
			c.Slow++
		}
	case felt.OutcomeFailed, felt.OutcomeAbandoned, felt.OutcomeNone:
		c.Unfinished++
		if r.Failing() {
			c.Failed++
		}
	case felt.OutcomeCancelled:
	}
}
