package mem

import (
	"fmt"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
)

// cell is what an estimate is grouped by; a part of it may be left zero.
type cell struct {
	felt.Scope
	start felt.Instant
}

// sketched is a tally from buckets.
type sketched struct {
	counts                        felt.Counts
	customers, sessions, accounts crowd
	latency                       sketch.Latency
}

// crowd is a population as sketches.
type crowd struct{ total, failed, degraded sketch.Distinct }

func (c *crowd) add(h felt.Hash, o felt.Outcome) {
	if h.IsZero() || o == felt.OutcomeNone || o == felt.OutcomeCancelled {
		return
	}
	c.total.Add(h)
	if o == felt.OutcomeFailed {
		c.failed.Add(h)
	}
	if o == felt.OutcomeDegraded {
		c.degraded.Add(h)
	}
}

func (c *crowd) merge(s felt.Sketches) error {
	for _, part := range []struct {
		to   *sketch.Distinct
		from []byte
	}{
		{&c.total, s.Success},
		{&c.total, s.Degraded},
		{&c.total, s.Failed},
		{&c.total, s.Abandoned},
		{&c.failed, s.Failed},
		{&c.degraded, s.Degraded},
	} {
		if len(part.from) == 0 {
			continue
		}
		if err := part.to.MergeBinary(part.from); err != nil {
			return fmt.Errorf("mem: customers of a bucket: %w", err)
		}
	}
	return nil
}

func (c *crowd) distinct() felt.Distinct {
	return felt.Distinct{Total: int64(c.total.Count()), Failed: int64(c.failed.Count()), Degraded: int64(c.degraded.Count())}
}

func (t *sketched) interaction(r *felt.Interaction) {
	t.counts.Add(r.Outcome, 1)
	t.customers.add(r.Customer, r.Outcome)
	t.sessions.add(r.Session, r.Outcome)
	t.accounts.add(r.Account, r.Outcome)
	if r.Outcome >= felt.OutcomeSuccess && r.Outcome <= felt.OutcomeFailed {
		t.latency.Add(r.Duration, 1)
	}
}

func (t *sketched) bucket(b *felt.Bucket) error {
	c := &t.counts
	c.Success += b.Counts.Success
	c.Degraded += b.Counts.Degraded
	c.Failed += b.Counts.Failed
	c.Abandoned += b.Counts.Abandoned
	c.Cancelled += b.Counts.Cancelled
	c.Open += b.Counts.Open
	for _, p := range []struct {
		to   *crowd
		from felt.Sketches
	}{{&t.customers, b.Customers}, {&t.sessions, b.Sessions}, {&t.accounts, b.Accounts}} {
		if err := p.to.merge(p.from); err != nil {
			return err
		}
	}
	for _, enc := range [][]byte{b.Latency.Success, b.Latency.Degraded, b.Latency.Failed} {
		if err := merge(&t.latency, enc); err != nil {
			return err
		}
	}
	return nil
}

// estimate answers from whole buckets of one width inside the window. The edges of the
// window, and what became known after the newest of those buckets, come from the
// interactions. Of the widths that can do it, the one that accounts for most
// interactions is taken, and of equals the widest. step is 0, or what widths must divide.
func (s *Store) estimate(q felt.Question, step felt.Instant, by string, group func(felt.Scope, felt.Instant) cell) (map[cell]*sketched, error) {
	if len(q.Where) > 0 || by != "" {
		return nil, s.unanswerable("buckets are not kept by condition or segment")
	}
	var best map[cell]*sketched
	most := int64(-1)
	for _, width := range []felt.Instant{felt.Day, felt.Hour, felt.Minute, 10 * felt.Second} {
		if step%width != 0 || step > 0 && q.From%width != 0 {
			continue
		}
		inner := felt.Window{From: -(-q.From).Floor(width), To: q.To.Floor(width)}
		if inner.From >= inner.To || q.From < inner.From && q.From < s.gone || inner.To < q.To && inner.To < s.gone {
			continue
		}
		cells, n, err := s.estimateBy(q, width, inner, group)
		if err != nil {
			return nil, err
		}
		if n > most {
			best, most = cells, n
		}
	}
	if best == nil {
		return nil, s.unanswerable("no buckets that fit the window")
	}
	return best, nil
}

func (s *Store) unanswerable(why string) error {
	return fmt.Errorf("mem: interactions in scope are too many (over %d) or forgotten, and %s: %w", s.opts.ExactLimit, why, felt.ErrUnanswerable)
}

// estimateBy returns the cells and how many interactions are in them; -1 when there
// is no bucket, or too many interactions outside of them.
func (s *Store) estimateBy(q felt.Question, width felt.Instant, inner felt.Window, group func(felt.Scope, felt.Instant) cell) (map[cell]*sketched, int64, error) {
	cells := map[cell]*sketched{}
	at := func(sc felt.Scope, t felt.Instant) *sketched {
		c := group(sc, t)
		if cells[c] == nil {
			cells[c] = &sketched{}
		}
		return cells[c]
	}
	buckets, known := 0, felt.Tick(0)
	for i := range s.buckets.rows {
		b := &s.buckets.rows[i]
		sc := felt.Scope{Env: b.Env, App: b.App, Name: b.Name, Kind: b.Kind}
		if felt.Instant(b.Width)*felt.Second != width || b.SegmentKey != "" || !inScope(sc, b.Traffic, q) ||
			b.Start < inner.From || b.Start >= inner.To {
			continue
		}
		buckets++
		known = max(known, b.Known)
		if err := at(sc, b.Start).bucket(b); err != nil {
			return nil, 0, err
		}
	}
	rows := slices.DeleteFunc(s.matching(q), func(r *felt.Interaction) bool {
		return r.End >= inner.From && r.End < inner.To && r.Known <= known
	})
	if buckets == 0 || int64(len(rows)) > s.opts.ExactLimit {
		return nil, -1, nil
	}
	for _, r := range rows {
		at(scopeOf(r), r.End).interaction(r)
	}
	n := int64(0)
	for _, t := range cells {
		n += t.counts.Decided() + t.counts.Cancelled + t.counts.Open
	}
	return cells, n, nil
}

func (s *Store) estimateImpact(q felt.Question) (felt.Impact, error) {
	cells, err := s.estimate(q, 0, "", func(felt.Scope, felt.Instant) cell { return cell{} })
	if err != nil {
		return felt.Impact{}, err
	}
	t := cells[cell{}]
	low, high := t.customers.failed.Interval(0.95)
	return felt.Impact{
		Customers: t.customers.distinct(), Sessions: t.sessions.distinct(), Accounts: t.accounts.distinct(),
		Counts: t.counts, Method: felt.MethodEstimate, Interval: [2]int64{int64(low), int64(high)},
	}, nil
}

func (s *Store) estimateStats(q felt.Question, list []felt.ScopeStat) ([]felt.ScopeStat, error) {
	cells, err := s.estimate(q, 0, "", func(sc felt.Scope, _ felt.Instant) cell { return cell{Scope: sc} })
	if err != nil {
		return nil, err
	}
	for i := range list {
		if t := cells[cell{Scope: list[i].Scope}]; t != nil {
			list[i].Counts, list[i].Customers, list[i].Sessions = t.counts, t.customers.distinct(), t.sessions.distinct()
		}
	}
	slices.SortFunc(list, func(a, b felt.ScopeStat) int { return byScope(a.Scope, b.Scope) })
	return list, nil
}

func (s *Store) estimatePoints(q felt.Question, step felt.Instant, by string) ([]felt.Point, error) {
	cells, err := s.estimate(q, step, by, func(_ felt.Scope, at felt.Instant) cell {
		return cell{start: q.From + (at-q.From)/step*step}
	})
	if err != nil {
		return nil, err
	}
	var list []felt.Point
	for c, t := range cells {
		list = append(list, felt.Point{
			Start: c.start, Counts: t.counts, Customers: t.customers.distinct(), Sessions: t.sessions.distinct(),
			P50: t.latency.Quantile(.5), P95: t.latency.Quantile(.95), P99: t.latency.Quantile(.99),
		})
	}
	slices.SortFunc(list, func(a, b felt.Point) int { return int(a.Start/felt.Second - b.Start/felt.Second) })
	return list, nil
}
