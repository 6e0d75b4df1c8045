package mem

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rollup"
)

// spanKey names a span for ever.
type spanKey struct {
	trace felt.TraceID
	id    felt.SpanID
}

// span adds one, unless it is there.
func (s *Store) span(batch felt.BatchID, i int, r *felt.Span) {
	key := spanKey{r.Trace, r.ID}
	if s.spanIDs[key] {
		return
	}
	s.spanIDs[key] = true
	s.spans.add(batch, i, *r)
}

// afterTrace is how long after the last span of a kept trace an interaction that names it
// may end.
const afterTrace = felt.Day

// Trace implements [felt.TraceReader].
func (s *Store) Trace(_ context.Context, id felt.TraceID) ([]felt.Span, []felt.Interaction, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var spans []felt.Span
	var first, last felt.Instant
	for _, r := range s.spans.rows {
		if r.Trace != id {
			continue
		}
		if len(spans) == 0 {
			first, last = r.Start, r.End
		}
		first, last = min(first, r.Start), max(last, r.Start, r.End)
		spans = append(spans, r)
	}
	slices.SortFunc(spans, func(a, b felt.Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), bytes.Compare(a.ID[:], b.ID[:]))
	})
	var list []felt.Interaction
	for _, r := range s.interactions.rows {
		if r.Trace == id && (len(spans) == 0 || r.End >= first-felt.Second && r.End <= last+afterTrace) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b felt.Interaction) int {
		return cmp.Or(cmp.Compare(b.End, a.End), bytes.Compare(b.ID[:], a.ID[:]))
	})
	if len(spans) == 0 && len(list) == 0 {
		return nil, nil, fmt.Errorf("mem: trace %s: %w", id, felt.ErrNotFound)
	}
	return spans, list, nil
}

// KeptTraces implements [felt.TraceReader]. Bots are left out. The order is that of start.
func (s *Store) KeptTraces(_ context.Context, after, upTo felt.Tick, share float64) ([]felt.KeptTrace, error) {
	limit, all := rollup.ShareLimit(share)
	s.mu.RLock()
	defer s.mu.RUnlock()
	found := map[felt.TraceID]felt.KeptTrace{}
	worst := map[felt.TraceID]felt.Outcome{}
	for _, r := range s.interactions.rows {
		if r.Known <= after || r.Known > upTo || r.Trace.IsZero() || r.Traffic == felt.TrafficBot {
			continue
		}
		hit := r.Outcome == felt.OutcomeFailed || r.Outcome == felt.OutcomeDegraded
		if !hit && !all && binary.BigEndian.Uint64(r.Trace[:8]) >= limit {
			continue
		}
		k, seen := found[r.Trace]
		if !seen {
			k = felt.KeptTrace{Trace: r.Trace, Start: r.Start, Reason: "sample"}
		}
		k.Start = min(k.Start, r.Start)
		if hit && r.Outcome > worst[r.Trace] {
			worst[r.Trace], k.Reason = r.Outcome, r.Outcome.String()
		}
		found[r.Trace] = k
	}
	list := make([]felt.KeptTrace, 0, len(found))
	for _, k := range found {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b felt.KeptTrace) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), bytes.Compare(a.Trace[:], b.Trace[:]))
	})
	return list, nil
}
