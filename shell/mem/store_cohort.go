package mem

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/felt-cx/felt"
)

func inCohort(a, b felt.IncidentCustomer) int {
	return cmp.Or(cmp.Compare(a.First, b.First), bytes.Compare(a.Customer[:], b.Customer[:]))
}

// Cohort implements [felt.IncidentReader].
func (s *Store) Cohort(_ context.Context, incident string, limit int, page string) ([]felt.IncidentCustomer, string, error) {
	if limit < 1 {
		limit = 100
	}
	var after *felt.IncidentCustomer
	if page != "" {
		raw, err := hex.DecodeString(page)
		if err != nil || len(raw) != 24 {
			return nil, "", fmt.Errorf("mem: page %q is not one that an earlier answer gave: %w", page, felt.ErrUnanswerable)
		}
		after = &felt.IncidentCustomer{First: felt.Instant(binary.BigEndian.Uint64(raw)), Customer: felt.Hash(raw[8:])}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []felt.IncidentCustomer
	for k, c := range s.harmed {
		if k.incident == incident && (after == nil || inCohort(c, *after) > 0) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, inCohort)
	if len(list) <= limit {
		return list, "", nil
	}
	end := list[limit-1]
	return list[:limit], fmt.Sprintf("%016x%s", uint64(end.First), end.Customer), nil
}
