package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/felt-cx/felt"
)

// Compacted writes two days of history into stores a and b, lets both make coarse rows and
// forget at random times, and asks both random questions: they must agree. all is a store
// that counts exactly and is never made to forget: it must have the same counts wherever the
// others have an answer. It returns how many answers came from coarse rows, and the first
// difference.
func Compacted(ctx context.Context, all, a, b felt.Store, seed uint64) (estimates int, err error) {
	const gap = 73 * 60
	r := rand.New(rand.NewPCG(seed, 4))
	for batches := makeHistory(seed, 40, gap); len(batches) > 0; {
		n := min(1+r.IntN(15), len(batches))
		now := batches[n-1].ID.Tick.Instant()
		for _, s := range []felt.Store{all, a, b} {
			if err := s.Write(ctx, batches[:n]...); err != nil {
				return estimates, err
			}
		}
		batches = batches[n:]
		if r.IntN(3) > 0 {
			before := now - felt.Instant(r.IntN(7200))*felt.Second
			if err := compactBoth(ctx, a, b, before); err != nil {
				return estimates, err
			}
		}
		if r.IntN(4) == 0 {
			keep := felt.Retention{
				Interactions: 16 * felt.Hour, Buckets10s: 8 * felt.Hour, Buckets1m: 20 * felt.Hour, CustomerDays: 30 * felt.Hour,
			}
			if seed%3 == 2 {
				keep.BucketsLong = 40 * felt.Hour
			}
			for _, s := range []felt.Store{a, b} {
				if _, err := s.Retain(ctx, now, keep); err != nil {
					return estimates, err
				}
			}
		}
		for range 6 {
			n, err := sameCounts(ctx, r, all, a, b, now)
			estimates += n
			if err != nil {
				return estimates, err
			}
		}
		if err := sameDays(ctx, r, a, b); err != nil {
			return estimates, err
		}
	}
	return estimates, nil
}

func compactBoth(ctx context.Context, a, b felt.Store, before felt.Instant) error {
	n, errA := a.Compact(ctx, before, 3)
	m, errB := b.Compact(ctx, before, 3)
	if errA != nil || errB != nil || (n > 0) != (m > 0) {
		return fmt.Errorf("compact: %d rows, %w; %d rows, %w", n, errA, m, errB)
	}
	again, err := b.Compact(ctx, before, 3)
	if err != nil || again != 0 {
		return fmt.Errorf("compact again: %d rows, %w", again, err)
	}
	return nil
}

// coarseQuestion is one that coarse rows may answer.
func coarseQuestion(r *rand.Rand, now felt.Instant) (felt.Question, felt.Instant, string) {
	q := question(r, 10)
	unit := pick(r, []felt.Instant{felt.Second, felt.Minute, felt.Hour, felt.Hour, felt.Day})
	at := func() felt.Instant {
		return (day + felt.Instant(r.Int64N(int64(now-day)+1))).Floor(unit) + felt.Instant(r.IntN(2))*unit
	}
	x, y := at(), at()
	q.From, q.To = min(x, y), max(x, y)
	if r.IntN(2) == 0 {
		q.From = day - felt.Instant(r.IntN(2))*felt.Hour // before interactions are forgotten
	}
	q.Where, q.AsOf, q.Except = nil, 0, leftOut(q.Window)
	by := pick(r, []string{"", "", "plan", "region", "outcome"})
	if r.IntN(3) == 0 {
		q.Where = []felt.Condition{{Key: pick(r, []string{"plan", "region"}), Op: felt.OpIn, Values: []string{pick(r, plans()), pick(r, regions())}}}
	}
	step := pick(r, []felt.Instant{7 * felt.Second, 10 * felt.Minute, felt.Hour, felt.Hour, felt.Day})
	if (q.To-q.From)/step > 300 {
		step = felt.Day
	}
	return q, step, by
}

// sameCounts asks one random question.
func sameCounts(ctx context.Context, r *rand.Rand, all, a, b felt.Store, now felt.Instant) (estimates int, err error) {
	q, step, by := coarseQuestion(r, now)
	for _, ask := range []func(felt.Store) (any, error){
		func(s felt.Store) (any, error) { return s.Impact(ctx, q) },
		func(s felt.Store) (any, error) { return s.ScopeStats(ctx, q) },
		func(s felt.Store) (any, error) { return s.Points(ctx, q, step, by) },
	} {
		if err := compare(ask, a, b); err != nil {
			return estimates, fmt.Errorf("%s step=%d by=%q: %w", q, step/felt.Second, by, err)
		}
	}
	im, err := b.Impact(ctx, q)
	if errors.Is(err, felt.ErrUnanswerable) {
		return estimates, nil
	}
	want, errAll := all.Impact(ctx, q)
	if err != nil || errAll != nil || im.Counts != want.Counts {
		return estimates, fmt.Errorf("%s: counts %+v, %w; of all that was written %+v, %w", q, im.Counts, err, want.Counts, errAll)
	}
	if im.Method == felt.MethodEstimate {
		estimates++
	}
	points, err := b.Points(ctx, q, step, "")
	if errors.Is(err, felt.ErrUnanswerable) {
		return estimates, nil
	}
	whole, errAll := all.Points(ctx, q, step, "")
	if err != nil || errAll != nil {
		return estimates, fmt.Errorf("%s: %w, %w", q, err, errAll)
	}
	counts := map[felt.Instant]felt.Counts{}
	for _, p := range whole {
		counts[p.Start] = p.Counts
	}
	for _, p := range points {
		if p.Counts != counts[p.Start] {
			return estimates, fmt.Errorf("%s step=%d at %d: counts %+v; of all that was written %+v", q, step/felt.Second, p.Start, p.Counts, counts[p.Start])
		}
		delete(counts, p.Start)
	}
	for at, c := range counts {
		if c != (felt.Counts{}) {
			return estimates, fmt.Errorf("%s step=%d: no point at %d", q, step/felt.Second, at)
		}
	}
	return estimates, nil
}

// sameDays compares what a few customers did by day.
func sameDays(ctx context.Context, r *rand.Rand, a, b felt.Store) error {
	for range 3 {
		id := hash(1, 1+r.IntN(40))
		err := compare(func(s felt.Store) (any, error) {
			way, err := s.Customer(ctx, Env, id, whole().Window, 5)
			if errors.Is(err, felt.ErrNotFound) {
				return []felt.CustomerDay(nil), nil
			}
			return way.Days, err
		}, a, b)
		if err != nil {
			return fmt.Errorf("days of %s: %w", id, err)
		}
	}
	return nil
}
