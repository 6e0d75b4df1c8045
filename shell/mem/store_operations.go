package mem

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
)

// inWindow tells whether a 10-second bucket is in a window: from the one that holds
// From on.
func inWindow(start felt.Instant, w felt.Window) bool {
	return start >= w.From.Floor(10*felt.Second) && start < w.To
}

func merge(to *sketch.Latency, enc []byte) error {
	if len(enc) == 0 {
		return nil
	}
	if err := to.MergeBinary(enc); err != nil {
		return fmt.Errorf("mem: latency of a bucket: %w", err)
	}
	return nil
}

// Operations implements [felt.OperationReader].
func (s *Store) Operations(_ context.Context, env, service string, w felt.Window) ([]felt.OperationStat, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	type sum struct {
		count, errors int64
		latency       sketch.Latency
	}
	sums := map[felt.OperationStat]*sum{} // by what names an operation
	for i := range s.operations.rows {
		r := &s.operations.rows[i]
		if r.Env != env || service != "" && r.Service != service || !inWindow(r.Start, w) {
			continue
		}
		key := felt.OperationStat{Env: r.Env, Service: r.Service, Operation: r.Operation, Kind: r.Kind, Release: r.Release}
		if sums[key] == nil {
			sums[key] = &sum{}
		}
		sums[key].count += r.Count
		sums[key].errors += r.Errors
		if err := merge(&sums[key].latency, r.Latency); err != nil {
			return nil, err
		}
	}
	var list []felt.OperationStat
	for o, sum := range sums {
		o.Count, o.Errors = sum.count, sum.errors
		o.P50, o.P95, o.P99 = sum.latency.Quantile(.5), sum.latency.Quantile(.95), sum.latency.Quantile(.99)
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b felt.OperationStat) int {
		return cmp.Or(cmp.Compare(b.Errors, a.Errors), cmp.Compare(b.Count, a.Count),
			cmp.Compare(a.Service, b.Service), cmp.Compare(a.Operation, b.Operation),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Release, b.Release))
	})
	return list, nil
}

// Edges implements [felt.OperationReader]. Start is that of the first bucket with a
// call, Known that of the newest delta.
func (s *Store) Edges(_ context.Context, env string, w felt.Window) ([]felt.EdgeBucket, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	type key struct {
		caller, callee, peer string
		third                bool
	}
	var keys []key
	sums := map[key]*felt.EdgeBucket{}
	latencies := map[key]*sketch.Latency{}
	for i := range s.edges.rows {
		r := s.edges.rows[i]
		if r.Env != env || !inWindow(r.Start, w) {
			continue
		}
		k := key{r.Caller, r.Callee, r.Peer, r.ThirdParty}
		if sums[k] == nil {
			keys = append(keys, k)
			sums[k] = &felt.EdgeBucket{Env: env, Caller: r.Caller, Callee: r.Callee, Peer: r.Peer, ThirdParty: r.ThirdParty, Start: r.Start}
			latencies[k] = &sketch.Latency{}
		}
		to := sums[k]
		to.Start, to.Known = min(to.Start, r.Start), max(to.Known, r.Known)
		to.Count += r.Count
		to.Errors += r.Errors
		if err := merge(latencies[k], r.Latency); err != nil {
			return nil, err
		}
	}
	var list []felt.EdgeBucket
	for _, k := range keys {
		if latencies[k].Count() > 0 {
			sums[k].Latency = latencies[k].AppendBinary(nil)
		}
		list = append(list, *sums[k])
	}
	slices.SortFunc(list, func(a, b felt.EdgeBucket) int {
		third := 0
		if a.ThirdParty != b.ThirdParty {
			third = 1
			if b.ThirdParty {
				third = -1
			}
		}
		return cmp.Or(cmp.Compare(a.Caller, b.Caller), cmp.Compare(a.Callee, b.Callee), cmp.Compare(a.Peer, b.Peer), third)
	})
	return list, nil
}
