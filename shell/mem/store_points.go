package mem

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
)

func checkStep(step felt.Instant) error {
	if step < 10*felt.Second || step%(10*felt.Second) != 0 {
		return fmt.Errorf("mem: a step is a multiple of 10 s, at least one: %w", felt.ErrUnanswerable)
	}
	return nil
}

func among(names []string, name string) bool { return len(names) == 0 || slices.Contains(names, name) }

// busiest are the keys with most errors, and those with most calls, half of [felt.LinesMax] each.
func busiest[K comparable](errors, calls map[K]int64, compare func(a, b K) int) map[K]bool {
	keys := make([]K, 0, len(calls))
	for k := range calls {
		keys = append(keys, k)
	}
	top := map[K]bool{}
	for _, by := range [][2]map[K]int64{{errors, calls}, {calls, errors}} {
		slices.SortFunc(keys, func(a, b K) int {
			return cmp.Or(cmp.Compare(by[0][b], by[0][a]), cmp.Compare(by[1][b], by[1][a]), compare(a, b))
		})
		for _, k := range keys[:min(len(keys), felt.LinesMax/2)] {
			top[k] = true
		}
	}
	return top
}

type operationKey struct {
	service, operation string
	kind               felt.SpanKind
}

func compareOperations(a, b operationKey) int {
	return cmp.Or(cmp.Compare(a.service, b.service), cmp.Compare(a.operation, b.operation), cmp.Compare(a.kind, b.kind))
}

// OperationPoints implements [felt.OperationReader].
func (s *Store) OperationPoints(_ context.Context, env string, w felt.Window, step felt.Instant, services ...string) ([]felt.OperationPoint, error) {
	if err := checkStep(step); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	from := w.From.Floor(10 * felt.Second)
	errs, calls := map[operationKey]int64{}, map[operationKey]int64{}
	for i := range s.operations.rows {
		if r := &s.operations.rows[i]; r.Env == env && inWindow(r.Start, w) && among(services, r.Service) {
			k := operationKey{r.Service, r.Operation, r.Kind}
			errs[k] += r.Errors
			calls[k] += r.Count
		}
	}
	top := busiest(errs, calls, compareOperations)
	sums, latencies := map[felt.OperationPoint]*felt.OperationPoint{}, map[felt.OperationPoint]*sketch.Latency{}
	for i := range s.operations.rows {
		r := &s.operations.rows[i]
		if r.Env != env || !inWindow(r.Start, w) || !top[operationKey{r.Service, r.Operation, r.Kind}] {
			continue
		}
		k := felt.OperationPoint{Env: env, Service: r.Service, Operation: r.Operation, Kind: r.Kind, Release: r.Release, Start: from + (r.Start-from)/step*step}
		if sums[k] == nil {
			p := k
			sums[k], latencies[k] = &p, &sketch.Latency{}
		}
		sums[k].Count += r.Count
		sums[k].Errors += r.Errors
		sums[k].SelfTime += r.SelfTime
		if err := merge(latencies[k], r.Latency); err != nil {
			return nil, err
		}
	}
	var list []felt.OperationPoint
	for k, p := range sums {
		p.P50, p.P95 = latencies[k].Quantile(.5), latencies[k].Quantile(.95)
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b felt.OperationPoint) int {
		return cmp.Or(compareOperations(operationKey{a.Service, a.Operation, a.Kind}, operationKey{b.Service, b.Operation, b.Kind}),
			cmp.Compare(a.Release, b.Release), cmp.Compare(a.Start, b.Start))
	})
	return list, nil
}

type edgeKey struct {
	caller, callee, peer string
	third                bool
}

func compareEdges(a, b edgeKey) int {
	third := 0
	if a.third != b.third {
		third = 1
		if b.third {
			third = -1
		}
	}
	return cmp.Or(cmp.Compare(a.caller, b.caller), cmp.Compare(a.callee, b.callee), cmp.Compare(a.peer, b.peer), third)
}

// EdgePoints implements [felt.OperationReader].
func (s *Store) EdgePoints(_ context.Context, env string, w felt.Window, step felt.Instant, callers ...string) ([]felt.EdgePoint, error) {
	if err := checkStep(step); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	from := w.From.Floor(10 * felt.Second)
	errs, calls := map[edgeKey]int64{}, map[edgeKey]int64{}
	for i := range s.edges.rows {
		if r := &s.edges.rows[i]; r.Env == env && inWindow(r.Start, w) && among(callers, r.Caller) {
			k := edgeKey{r.Caller, r.Callee, r.Peer, r.ThirdParty}
			errs[k] += r.Errors
			calls[k] += r.Count
		}
	}
	top := busiest(errs, calls, compareEdges)
	sums, latencies := map[felt.EdgePoint]*felt.EdgePoint{}, map[felt.EdgePoint]*sketch.Latency{}
	for i := range s.edges.rows {
		r := &s.edges.rows[i]
		if r.Env != env || !inWindow(r.Start, w) || !top[edgeKey{r.Caller, r.Callee, r.Peer, r.ThirdParty}] {
			continue
		}
		k := felt.EdgePoint{Env: env, Caller: r.Caller, Callee: r.Callee, Peer: r.Peer, ThirdParty: r.ThirdParty, Start: from + (r.Start-from)/step*step}
		if sums[k] == nil {
			p := k
			sums[k], latencies[k] = &p, &sketch.Latency{}
		}
		sums[k].Count += r.Count
		sums[k].Errors += r.Errors
		if err := merge(latencies[k], r.Latency); err != nil {
			return nil, err
		}
	}
	var list []felt.EdgePoint
	for k, p := range sums {
		p.P50, p.P95 = latencies[k].Quantile(.5), latencies[k].Quantile(.95)
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b felt.EdgePoint) int {
		return cmp.Or(compareEdges(edgeKey{a.Caller, a.Callee, a.Peer, a.ThirdParty}, edgeKey{b.Caller, b.Callee, b.Peer, b.ThirdParty}),
			cmp.Compare(a.Start, b.Start))
	})
	return list, nil
}

// leafOf is what a try has in common with those of its leaf, and a text by which leaves are in order.
func leafOf(r *felt.Interaction) (felt.Leaf, string) {
	l := felt.Leaf{Service: r.Service, Release: r.Release, Flags: r.Flags, First: r.End}
	var text strings.Builder
	text.WriteString(r.Service + "\x00" + r.Release + "\x00" + strings.Join(r.Flags, "\x1f") + "\x00")
	for i, s := range r.Segments {
		same := func(o felt.Segment) bool { return o.Key == s.Key }
		if !slices.ContainsFunc(r.Segments[:i], same) {
			l.Segments = append(l.Segments, s)
			text.WriteString("\x1f" + s.Key + "\x1e" + s.Value)
		}
	}
	return l, text.String()
}

// leaf is a leaf under way.
type leaf struct {
	felt.Leaf
	text             string
	tries            int64
	failed, degraded map[felt.Hash]bool
}

func (l *leaf) add(h hit, slower int64) {
	l.tries++
	l.Counts.Add(h.Outcome, 1)
	l.First = min(l.First, h.End)
	known := !h.Customer.IsZero()
	switch {
	case h.Outcome == felt.OutcomeFailed && known:
		l.failed[h.Customer] = true
	case h.Outcome == felt.OutcomeDegraded && known:
		l.degraded[h.Customer] = true
	}
	if slower > 0 && (h.Outcome == felt.OutcomeSuccess || h.Outcome == felt.OutcomeDegraded) && h.Duration > slower {
		l.Slow++
	}
	l.Failed, l.Degraded = int64(len(l.failed)), int64(len(l.degraded))
}

// Leaves implements [felt.CountReader].
func (s *Store) Leaves(_ context.Context, q felt.LeafQuestion) ([]felt.Leaf, error) {
	if err := check(q.Question); err != nil {
		return nil, err
	}
	if q.Limit < 1 || q.Limit > felt.LeavesMax {
		q.Limit = felt.LeavesMax
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	q.Question = s.ofOneKind(q.Question)
	if err := s.kept(q.Question); err != nil {
		return nil, err
	}
	sums := map[string]*leaf{}
	var all []*leaf
	for _, h := range s.tries(q.Question) {
		of, text := leafOf(h.Interaction)
		if sums[text] == nil {
			sums[text] = &leaf{Leaf: of, text: text, failed: map[felt.Hash]bool{}, degraded: map[felt.Hash]bool{}}
			all = append(all, sums[text])
		}
		sums[text].add(h, q.Slower)
	}
	slices.SortFunc(all, func(a, b *leaf) int { return cmp.Or(cmp.Compare(b.tries, a.tries), strings.Compare(a.text, b.text)) })
	var list []felt.Leaf
	for i, l := range all {
		if i < q.Limit {
			list = append(list, l.Leaf)
			continue
		}
		if i == q.Limit {
			list = append(list, felt.Leaf{Rest: true, First: l.First})
		}
		join(&list[q.Limit], &l.Leaf)
	}
	return list, nil
}

// join adds a leaf's numbers to the rest.
func join(rest, l *felt.Leaf) {
	c, d := &rest.Counts, l.Counts
	c.Success, c.Degraded, c.Failed = c.Success+d.Success, c.Degraded+d.Degraded, c.Failed+d.Failed
	c.Abandoned, c.Cancelled, c.Open = c.Abandoned+d.Abandoned, c.Cancelled+d.Cancelled, c.Open+d.Open
	rest.Slow, rest.Failed, rest.Degraded = rest.Slow+l.Slow, rest.Failed+l.Failed, rest.Degraded+l.Degraded
	rest.First = min(rest.First, l.First)
}
