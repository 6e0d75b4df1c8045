package mem

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/felt-cx/felt"
)

func byScope(a, b felt.Scope) int {
	return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
}

// Scopes implements [felt.CountReader], for every kind of traffic.
func (s *Store) Scopes(_ context.Context, env, name string) ([]felt.Scope, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []felt.Scope
	for key := range s.last {
		if key.Env == env && (name == "" || key.Name == name) && !slices.Contains(list, key.Scope) {
			list = append(list, key.Scope)
		}
	}
	slices.SortFunc(list, byScope)
	return list, nil
}

// ScopeStats implements [felt.CountReader]. It lists the scopes in which the question's
// kind of traffic was ever seen.
func (s *Store) ScopeStats(_ context.Context, q felt.Question) ([]felt.ScopeStat, error) {
	if err := check(q); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	lines := map[felt.Scope]*tally{}
	var list []felt.ScopeStat
	for key, last := range s.last {
		if inScope(key.Scope, key.traffic, q) {
			lines[key.Scope] = newTally()
			list = append(list, felt.ScopeStat{Scope: key.Scope, Last: last})
		}
	}
	rows := s.matching(q)
	if !s.countable(q, len(rows)) {
		return s.estimateStats(q, list)
	}
	for _, r := range rows {
		lines[scopeOf(r.Interaction)].add(r)
	}
	for i := range list {
		t := lines[list[i].Scope]
		list[i].Counts, list[i].Customers, list[i].Sessions = t.counts, t.customers.distinct(), t.sessions.distinct()
		list[i].Sampled = t.weights.Sampled()
	}
	slices.SortFunc(list, func(a, b felt.ScopeStat) int { return byScope(a.Scope, b.Scope) })
	return list, nil
}

// check refuses a question that is none.
func check(q felt.Question) error {
	if err := q.Check(); err != nil {
		return fmt.Errorf("mem: %w", err)
	}
	return nil
}

// Points implements [felt.CountReader]. Besides segments it splits by the fields that
// a condition may name.
func (s *Store) Points(_ context.Context, q felt.Question, step felt.Instant, by string) ([]felt.Point, error) {
	if step < felt.Second || step%felt.Second != 0 {
		return nil, fmt.Errorf("mem: points: the step must be a whole number of seconds, at least one: %w", felt.ErrUnanswerable)
	}
	if err := check(q); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	q = s.ofOneKind(q)
	rows := s.tries(q)
	if !s.countable(q, len(rows)) {
		return s.estimatePoints(q, step, by)
	}
	type place struct {
		start felt.Instant
		value string
	}
	places := map[place]*tally{}
	for _, r := range rows {
		p := place{start: q.From + (r.End-q.From)/step*step}
		if by != "" {
			p.value, _ = field(r.Interaction, by)
		}
		if places[p] == nil {
			places[p] = newTally()
		}
		places[p].add(r)
	}
	var list []felt.Point
	for p, t := range places {
		point := felt.Point{
			Start: p.start, Counts: t.counts, Customers: t.customers.distinct(), Sessions: t.sessions.distinct(),
			P50: t.quantile(50), P95: t.quantile(95), P99: t.quantile(99),
			Sampled: t.weights.Sampled(),
		}
		if by != "" {
			point.Segment = []felt.Segment{{Key: by, Value: p.value}}
		}
		list = append(list, point)
	}
	slices.SortFunc(list, func(a, b felt.Point) int {
		c := cmp.Compare(a.Start, b.Start)
		if c == 0 && by != "" {
			c = cmp.Compare(a.Segment[0].Value, b.Segment[0].Value)
		}
		return c
	})
	return list, nil
}

func newestFirst(a, b hit) int {
	return cmp.Or(cmp.Compare(b.End, a.End), bytes.Compare(b.ID[:], a.ID[:]))
}

// Interactions implements [felt.InteractionReader]. [felt.OutcomeNone] asks for every
// outcome; a limit below 1 means 100.
func (s *Store) Interactions(_ context.Context, q felt.Question, outcome felt.Outcome, limit int, page string) ([]felt.Interaction, string, error) {
	if err := check(q); err != nil {
		return nil, "", err
	}
	if limit < 1 {
		limit = 100
	}
	after, err := parsePage(page)
	if err != nil {
		return nil, "", err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	rows := slices.DeleteFunc(s.matching(q), func(r hit) bool {
		return outcome != felt.OutcomeNone && r.Outcome != outcome || after != nil && newestFirst(r, hit{Interaction: after}) <= 0
	})
	slices.SortStableFunc(rows, newestFirst)
	var list []felt.Interaction
	for _, r := range rows {
		if len(list) == limit {
			end := list[limit-1]
			return list, fmt.Sprintf("%016x%s", uint64(end.End), end.ID), nil
		}
		list = append(list, *r.Interaction)
	}
	return list, "", nil
}

// parsePage returns the last interaction of the page before: its End and ID.
func parsePage(page string) (*felt.Interaction, error) {
	if page == "" {
		return nil, nil
	}
	bad := fmt.Errorf("mem: page %q is not one that an earlier answer gave: %w", page, felt.ErrUnanswerable)
	if len(page) != 48 {
		return nil, bad
	}
	end, errEnd := strconv.ParseUint(page[:16], 16, 64)
	id, errID := hex.DecodeString(page[16:])
	if errors.Join(errEnd, errID) != nil {
		return nil, bad
	}
	return &felt.Interaction{End: felt.Instant(end), ID: felt.InteractionID(id)}, nil
}

// Findings implements [felt.FindingReader].
func (s *Store) Findings(_ context.Context, q felt.FindingQuestion) ([]felt.Finding, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []felt.Finding
	for _, f := range s.findings {
		if q.In(&f) {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b felt.Finding) int {
		return cmp.Or(cmp.Compare(b.Opened, a.Opened), cmp.Compare(a.ID, b.ID))
	})
	return list[:min(q.Most(), len(list))], nil
}

// Incidents implements [felt.IncidentReader]. A limit below 1 means all of them.
func (s *Store) Incidents(_ context.Context, env string, limit int, in ...felt.IncidentStatus) ([]felt.Incident, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []felt.Incident
	for _, r := range s.incidents {
		if (env == "" || r.Env == env) && (len(in) == 0 || slices.Contains(in, r.Status)) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b felt.Incident) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Opened, a.Opened), cmp.Compare(a.ID, b.ID))
	})
	if limit >= 1 && len(list) > limit {
		list = list[:limit]
	}
	return list, nil
}

// Incident implements [felt.IncidentReader].
func (s *Store) Incident(_ context.Context, id string) (felt.Incident, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, ok := s.incidents[id]
	if !ok {
		return felt.Incident{}, fmt.Errorf("mem: incident %q: %w", id, felt.ErrNotFound)
	}
	return r, nil
}
