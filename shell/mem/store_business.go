package mem

import (
	"cmp"
	"context"
	"slices"

	"github.com/felt-cx/felt"
)

// businessEvent adds one, unless one with its ID is there.
func (s *Store) businessEvent(batch felt.BatchID, i int, r *felt.BusinessEvent) {
	if s.eventIDs[r.ID] {
		return
	}
	s.eventIDs[r.ID] = true
	s.business.add(batch, i, *r)
}

// fact adds one, or puts it in place of the one with its customer, account, key and time.
func (s *Store) fact(batch felt.BatchID, i int, r *felt.Fact) {
	key := *r
	key.Value = ""
	if at, ok := s.factAt[key]; ok {
		s.customers.rows[at] = *r
		return
	}
	s.factAt[key] = len(s.customers.rows)
	s.customers.add(batch, i, *r)
}

// Changes implements [felt.BusinessReader].
func (s *Store) Changes(_ context.Context, env string, w felt.Window) ([]felt.Change, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []felt.Change
	for _, c := range s.changes {
		if c.Env == env && c.Started >= w.From && c.Started < w.To {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b felt.Change) int {
		return cmp.Or(cmp.Compare(b.Started, a.Started), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}
