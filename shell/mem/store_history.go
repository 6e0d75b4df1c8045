package mem

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/felt-cx/felt"
)

// replaced keeps the first version with an outcome of an interaction whose row goes.
func (s *Store) replaced(old *felt.Interaction) {
	if _, ok := s.firsts[old.ID]; !ok && old.Outcome != felt.OutcomeNone {
		s.firsts[old.ID] = *old
	}
}

// History implements [felt.HistoryReader].
func (s *Store) History(ctx context.Context, after, upTo felt.Tick) iter.Seq2[[]felt.Interaction, error] {
	return func(yield func([]felt.Interaction, error) bool) {
		for batch := range slices.Chunk(s.judged(after, upTo), felt.HistoryBatch) {
			if err := ctx.Err(); err != nil {
				yield(nil, fmt.Errorf("mem: history: %w", err))
				return
			}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

// judged lists what History yields.
func (s *Store) judged(after, upTo felt.Tick) []felt.Interaction {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []felt.Interaction
	take := func(r *felt.Interaction) {
		if r.Known > after && r.Known <= upTo && r.Traffic == felt.TrafficCustomer && r.Outcome != felt.OutcomeNone {
			list = append(list, asJudged(r))
		}
	}
	for i := range s.interactions.rows {
		r := &s.interactions.rows[i]
		if _, other := s.firsts[r.ID]; !other {
			take(r)
		}
	}
	for _, r := range s.firsts {
		take(&r)
	}
	slices.SortFunc(list, func(a, b felt.Interaction) int {
		return cmp.Or(cmp.Compare(a.Known, b.Known), cmp.Compare(a.End, b.End), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return list
}

// asJudged is what judging needs of a row.
func asJudged(r *felt.Interaction) felt.Interaction {
	return felt.Interaction{
		ID: r.ID, Known: r.Known, Env: r.Env, App: r.App, Name: r.Name, Journey: r.Journey, Step: r.Step, Kind: r.Kind, Traffic: r.Traffic,
		End: r.End, Outcome: r.Outcome, AbandonedHow: r.AbandonedHow, Duration: r.Duration, Customer: r.Customer,
		Service: r.Service, Release: r.Release, Segments: r.Segments,
	}
}

// SignalHistory implements [felt.HistoryReader].
func (s *Store) SignalHistory(ctx context.Context, after, upTo felt.Tick) iter.Seq2[[]felt.SignalPoint, error] {
	return func(yield func([]felt.SignalPoint, error) bool) {
		s.mu.RLock()
		var list []felt.SignalPoint
		for i := range s.signals.rows {
			if r := &s.signals.rows[i]; r.Known > after && r.Known <= upTo {
				list = append(list, *r)
			}
		}
		s.mu.RUnlock()
		slices.SortFunc(list, func(a, b felt.SignalPoint) int {
			return cmp.Or(cmp.Compare(a.Known, b.Known), cmp.Compare(a.Env, b.Env), cmp.Compare(a.App, b.App),
				cmp.Compare(a.Journey, b.Journey), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
		})
		for batch := range slices.Chunk(list, felt.HistoryBatch) {
			if err := ctx.Err(); err != nil {
				yield(nil, fmt.Errorf("mem: history of signals: %w", err))
				return
			}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

// HistoryCounts implements [felt.HistoryReader].
func (s *Store) HistoryCounts(_ context.Context, after, upTo felt.Tick) ([]felt.HistoryCount, error) {
	var out []felt.HistoryCount
	for _, r := range s.judged(after, upTo) {
		from := felt.Tick(felt.Instant(r.Known).Floor(60))
		if n := len(out); n == 0 || out[n-1].From != from {
			out = append(out, felt.HistoryCount{From: from})
		}
		out[len(out)-1].N++
	}
	return out, nil
}

// Silences implements [felt.HistoryReader].
func (s *Store) Silences(_ context.Context, after, upTo felt.Tick) (list []felt.Finding, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, id := range slices.Sorted(maps.Keys(s.findings)) {
		if f := s.findings[id]; f.Kind == felt.FindingSilent && f.Opened <= upTo && (f.Ended == 0 || f.Ended > after) {
			list = append(list, f)
		}
	}
	return list, nil
}

// Lasting implements [felt.HistoryReader].
func (s *Store) Lasting(context.Context) (findings []felt.Finding, incidents []felt.Incident, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, id := range slices.Sorted(maps.Keys(s.findings)) {
		if f := s.findings[id]; f.Ended == 0 {
			findings = append(findings, f)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.incidents)) {
		if in := s.incidents[id]; in.Status != felt.IncidentResolved {
			incidents = append(incidents, in)
		}
	}
	return findings, incidents, nil
}
