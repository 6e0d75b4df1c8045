package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
)

// An estimate is made of whole buckets of one width inside the window. The edges of the
// window, and what became known after the newest of those buckets, come from the
// interactions, whose hashes go into the same sketches. Of the widths that can do it,
// the one that accounts for most interactions is taken, and of equals the widest, which
// has the fewest sketches to merge. Sketches know neither levels of identity nor what
// came of a failure: those numbers are zero.

// plan is how one width would answer.
type plan struct {
	width, from, to felt.Instant // of the buckets
	known           felt.Tick    // newest bucket
	buckets         string       // condition
	n               int64        // interactions accounted for
}

// cell is what an estimate is grouped by; a part of it may be left zero.
type cell struct {
	scope int32
	start felt.Instant
}

// estimating is one question.
type estimating struct {
	s      *Store
	tx     *sql.Tx
	q      felt.Question
	in     []scopeRow
	filter filter
	step   felt.Instant // 0, or what widths must divide
	group  func(scope int32, at felt.Instant) cell
	gone   felt.Instant
	cells  map[cell]*sketched
}

// sketched is a tally of buckets and interactions.
type sketched struct {
	counts  felt.Counts
	crowds  [3]crowd // customers, sessions, accounts
	latency sketch.Latency
}

// crowd is a population as sketches.
type crowd struct{ total, failed, degraded sketch.Distinct }

func (c *crowd) distinct() felt.Distinct {
	return felt.Distinct{Total: int64(c.total.Count()), Failed: int64(c.failed.Count()), Degraded: int64(c.degraded.Count())}
}

func (s *Store) unanswerable(why string) error {
	return fmt.Errorf("duckdb: interactions in scope are too many (over %d) or forgotten, and %s: %w",
		s.opts.ExactLimit, why, felt.ErrUnanswerable)
}

// run fills the cells.
func (e *estimating) run(ctx context.Context) error {
	if len(e.q.Where) > 0 {
		return e.s.unanswerable("buckets are not kept by condition or segment")
	}
	best := plan{n: -1}
	for _, width := range []felt.Instant{felt.Day, felt.Hour, felt.Minute, bucketWidth} {
		p, err := e.plan(ctx, width)
		if err != nil {
			return err
		}
		if p.n > best.n {
			best = p
		}
	}
	if best.n < 0 {
		return e.s.unanswerable("no buckets that fit the window")
	}
	e.cells = map[cell]*sketched{}
	if err := e.mergeBuckets(ctx, best); err != nil {
		return err
	}
	return e.addOutside(ctx, best)
}

// plan says how a width would do; n is -1 when it cannot.
func (e *estimating) plan(ctx context.Context, width felt.Instant) (plan, error) {
	p := plan{width: width, from: -(-e.q.From).Floor(width), to: e.q.To.Floor(width), n: -1}
	switch {
	case e.step%width != 0 || e.step > 0 && e.q.From%width != 0: // a bucket would lie in two steps
		return p, nil
	case p.from >= p.to: // no whole bucket
		return p, nil
	case e.q.From < p.from && e.q.From < e.gone, p.to < e.q.To && p.to < e.gone: // no interactions for an edge
		return p, nil
	}
	p.buckets = fmt.Sprintf("width = %d AND started >= %d AND started < %d AND segment_key = '' AND scope IN (%s)",
		width/felt.Second, p.from, p.to, scopeIDs(e.in))
	var buckets, inside, outside int64
	err := ask(ctx, e.tx, "coverage", filter{}, []string{"{{buckets}}", p.buckets}, func(rows *sql.Rows) error {
		return rows.Scan(&buckets, &inside, &p.known)
	})
	if err != nil || buckets == 0 {
		return p, err
	}
	err = ask(ctx, e.tx, "outside", e.filter, p.outside("count(*)"), func(rows *sql.Rows) error { return rows.Scan(&outside) })
	if err != nil || outside > e.s.opts.ExactLimit {
		return p, err
	}
	p.n = inside + outside
	return p, nil
}

// outside fills the marks of outside.sql.
func (p plan) outside(columns string) []string {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	return []string{
		"{{columns}}", columns, "{{inner_from}}", number(int64(p.from)), "{{inner_to}}", number(int64(p.to)),
		"{{known}}", number(int64(p.known)),
	}
}

func (e *estimating) at(scope int32, at felt.Instant) *sketched {
	c := e.group(scope, at)
	t := e.cells[c]
	if t == nil {
		t = &sketched{}
		e.cells[c] = t
	}
	return t
}

func (e *estimating) mergeBuckets(ctx context.Context, p plan) error {
	return ask(ctx, e.tx, "buckets", filter{}, []string{"{{buckets}}", p.buckets}, func(rows *sql.Rows) error {
		var scope int32
		var start felt.Instant
		var c felt.Counts
		var enc [4]sql.RawBytes
		err := rows.Scan(&scope, &start, &c.Success, &c.Degraded, &c.Failed, &c.Abandoned, &c.Cancelled, &c.Open,
			&enc[0], &enc[1], &enc[2], &enc[3])
		if err != nil {
			return err
		}
		t := e.at(scope, start)
		t.counts = sum(t.counts, c)
		return t.merge(enc)
	})
}

// merge adds the sketches of customers, sessions, accounts and latency.
func (t *sketched) merge(enc [4]sql.RawBytes) error {
	for i := range t.crowds {
		if err := t.crowds[i].merge(enc[i]); err != nil {
			return err
		}
	}
	waits, err := decodeSketches(enc[3])
	if err != nil {
		return err
	}
	for _, b := range waits[:3] { // an abandoned one did not wait for an end
		if err := merge(&t.latency, b); err != nil {
			return err
		}
	}
	return nil
}

func sum(a, b felt.Counts) felt.Counts {
	return felt.Counts{
		Success: a.Success + b.Success, Degraded: a.Degraded + b.Degraded, Failed: a.Failed + b.Failed,
		Abandoned: a.Abandoned + b.Abandoned, Cancelled: a.Cancelled + b.Cancelled, Open: a.Open + b.Open,
	}
}

// merge adds the sketches of one column.
func (c *crowd) merge(enc []byte) error {
	parts, err := decodeSketches(enc)
	if err != nil {
		return err
	}
	for i, b := range parts {
		if b == nil {
			continue
		}
		into := []*sketch.Distinct{&c.total, nil}
		switch i {
		case 1:
			into[1] = &c.degraded
		case 2:
			into[1] = &c.failed
		}
		for _, d := range into {
			if d == nil {
				continue
			}
			if err := d.MergeBinary(b); err != nil {
				return fmt.Errorf("column of sketches: %w", err)
			}
		}
	}
	return nil
}

func (e *estimating) addOutside(ctx context.Context, p plan) error {
	const columns = "scope, ended, outcome, duration, customer, session, account"
	return ask(ctx, e.tx, "outside", e.filter, p.outside(columns), func(rows *sql.Rows) error {
		var scope int32
		var end felt.Instant
		var o felt.Outcome
		var duration int64
		var who [3]felt.Hash
		err := rows.Scan(&scope, &end, &o, &duration, nullHash{&who[0]}, nullHash{&who[1]}, nullHash{&who[2]})
		if err != nil {
			return err
		}
		t := e.at(scope, end)
		t.counts.Add(o, 1)
		if o == felt.OutcomeNone || o == felt.OutcomeCancelled {
			return nil
		}
		for i, h := range who {
			t.crowds[i].add(h, o)
		}
		if o != felt.OutcomeAbandoned {
			t.latency.Add(duration, 1)
		}
		return nil
	})
}

// add counts one of a decided interaction.
func (c *crowd) add(h felt.Hash, o felt.Outcome) {
	if h.IsZero() {
		return
	}
	c.total.Add(h)
	switch o {
	case felt.OutcomeFailed:
		c.failed.Add(h)
	case felt.OutcomeDegraded:
		c.degraded.Add(h)
	default:
	}
}

func (e *estimating) impact(ctx context.Context) (felt.Impact, error) {
	e.group = func(int32, felt.Instant) cell { return cell{} }
	if err := e.run(ctx); err != nil {
		return felt.Impact{}, err
	}
	t := e.cells[cell{}]
	low, high := t.crowds[0].failed.Interval(0.95)
	return felt.Impact{
		Customers: t.crowds[0].distinct(), Sessions: t.crowds[1].distinct(), Accounts: t.crowds[2].distinct(),
		Counts: t.counts, Method: felt.MethodEstimate, Interval: [2]int64{int64(low), int64(high)},
	}, nil
}

func (e *estimating) stats(ctx context.Context, place map[int32]*felt.ScopeStat) error {
	e.group = func(scope int32, _ felt.Instant) cell { return cell{scope: scope} }
	if err := e.run(ctx); err != nil {
		return err
	}
	for c, t := range e.cells {
		to := place[c.scope]
		to.Counts, to.Customers, to.Sessions = t.counts, t.crowds[0].distinct(), t.crowds[1].distinct()
	}
	return nil
}

func (e *estimating) points(ctx context.Context, step felt.Instant) ([]felt.Point, error) {
	e.step = step
	e.group = func(_ int32, at felt.Instant) cell { return cell{start: e.q.From + (at-e.q.From)/step*step} }
	if err := e.run(ctx); err != nil {
		return nil, err
	}
	list := make([]felt.Point, 0, len(e.cells))
	for c, t := range e.cells {
		list = append(list, felt.Point{
			Start: c.start, Counts: t.counts, Customers: t.crowds[0].distinct(), Sessions: t.crowds[1].distinct(),
			P50: t.latency.Quantile(.5), P95: t.latency.Quantile(.95), P99: t.latency.Quantile(.99),
		})
	}
	slices.SortFunc(list, func(a, b felt.Point) int { return int((a.Start - b.Start) / felt.Second) })
	return list, nil
}

// countable counts the interactions of a question and tells whether it is answered
// from them: they are few enough, and none of its window was forgotten. Otherwise it
// returns what estimates.
func (s *Store) countable(ctx context.Context, tx *sql.Tx, q felt.Question, in []scopeRow, f filter, rows int64) (*estimating, error) {
	var gone felt.Instant
	err := each(ctx, tx, "SELECT value FROM marks WHERE what = 'forgotten'", nil, func(rows *sql.Rows) error {
		return rows.Scan(&gone)
	})
	if err != nil {
		return nil, fmt.Errorf("duckdb: read what was forgotten: %w", err)
	}
	if rows <= s.opts.ExactLimit && q.From >= gone {
		return nil, nil
	}
	return &estimating{s: s, tx: tx, q: q, in: in, filter: f, gone: gone}, nil
}
