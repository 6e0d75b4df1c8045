package mem

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/felt-cx/felt"
)

// ScopePoints implements [felt.CountReader].
func (s *Store) ScopePoints(_ context.Context, q felt.Question, step felt.Instant) ([]felt.ScopePoint, error) {
	if step < felt.Second || step%felt.Second != 0 {
		return nil, fmt.Errorf("mem: points of scopes: the step must be a whole number of seconds, at least one: %w", felt.ErrUnanswerable)
	}
	if err := check(q); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	type place struct {
		felt.Scope
		start felt.Instant
	}
	at := func(sc felt.Scope, when felt.Instant) place {
		return place{sc, q.From + (when-q.From)/step*step}
	}
	counts := map[place]felt.Counts{}
	rows := s.matching(q)
	if s.countable(q, len(rows)) {
		for _, r := range rows {
			p := at(scopeOf(r.Interaction), r.End)
			c := counts[p]
			c.Add(r.Outcome, 1)
			counts[p] = c
		}
	} else {
		cells, err := s.estimate(q, step, "", func(sc felt.Scope, when felt.Instant, _ string) cell {
			p := at(sc, when)
			return cell{Scope: p.Scope, start: p.start}
		})
		if err != nil {
			return nil, err
		}
		for c, sum := range cells {
			counts[place{c.Scope, c.start}] = sum.Answer().Counts
		}
	}
	list := make([]felt.ScopePoint, 0, len(counts))
	for p, c := range counts {
		list = append(list, felt.ScopePoint{Scope: p.Scope, Start: p.start, Counts: c})
	}
	slices.SortFunc(list, func(a, b felt.ScopePoint) int {
		return cmp.Or(byScope(a.Scope, b.Scope), cmp.Compare(a.Start, b.Start))
	})
	return list, nil
}
