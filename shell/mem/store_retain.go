package mem

import (
	"context"
	"maps"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rollup"
)

// Retain implements [felt.Retainer]. Buckets of operations and edges are kept as long as
// buckets of 10 seconds, signals as long as those of a minute, links as
// long as interactions and customer days. Buckets go by whole hours, long
// ones by whole days, and none before all up to them have been made coarser.
func (s *Store) Retain(_ context.Context, now felt.Instant, keep felt.Retention) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := func(at, keep felt.Instant) bool { return keep > 0 && at < now-keep }
	n := s.interactions.drop(func(r *felt.Interaction) bool { return old(r.End, keep.Interactions) })
	if n > 0 {
		s.gone = max(s.gone, now-keep.Interactions)
	}
	maps.DeleteFunc(s.firsts, func(_ felt.InteractionID, r felt.Interaction) bool { return old(r.End, keep.Interactions) })
	n += s.retainBuckets(now, keep)
	n += s.operations.drop(func(r *felt.OperationBucket) bool { return old(r.Start, keep.Buckets10s) })
	n += s.edges.drop(func(r *felt.EdgeBucket) bool { return old(r.Start, keep.Buckets10s) })
	n += s.signals.drop(func(r *felt.SignalPoint) bool { return old(r.Time, keep.Buckets1m) })
	if days := s.days.drop(func(r *felt.CustomerDay) bool { return old(r.Day, keep.CustomerDays) }); days > 0 {
		s.coarse.days = max(s.coarse.days, now-keep.CustomerDays)
		n += days
	}
	n += s.spans.drop(func(r *felt.Span) bool {
		if old(r.End, keep.Spans) {
			delete(s.spanIDs, spanKey{r.Trace, r.ID})
			return true
		}
		return false
	})
	if keep.Interactions > 0 && keep.CustomerDays > 0 {
		for key, l := range s.links {
			if old(l.Since, max(keep.Interactions, keep.CustomerDays)) {
				delete(s.links, key)
				n++
			}
		}
	}
	return n, nil
}

func (s *Store) retainBuckets(now felt.Instant, keep felt.Retention) int64 {
	var stale []rollup.Window
	for w, st := range s.coarse.windows {
		if st.stale {
			stale = append(stale, w)
		}
	}
	n := int64(0)
	for _, r := range []struct{ width, keep felt.Instant }{
		{10 * felt.Second, keep.Buckets10s}, {felt.Minute, keep.Buckets1m}, {felt.Hour, keep.BucketsLong},
	} {
		cut := rollup.Cut(r.width, now, r.keep, stale)
		if cut <= s.coarse.from[r.width] {
			continue
		}
		rows := &s.coarse.rows
		if r.width < felt.Minute {
			rows = &s.buckets
		}
		gone := rows.drop(func(b *felt.Bucket) bool {
			width := felt.Instant(b.Width) * felt.Second
			return min(width, felt.Hour) == r.width && b.Start < cut
		})
		if gone > 0 {
			s.coarse.from[r.width] = cut
		}
		n += gone
	}
	return n
}
