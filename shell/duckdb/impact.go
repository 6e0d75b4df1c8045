package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/estimate"
)

// Impact implements [felt.CustomerReader]. A customer, session or account is in a total
// when it has at least one decided interaction in scope: cancelled ones are counted as
// interactions only. A customer seen on several levels of identity counts at the
// strongest.
func (s *Store) Impact(ctx context.Context, q felt.Question) (felt.Impact, error) {
	var im felt.Impact
	err := s.read(ctx, func(tx *sql.Tx) error {
		in, f, err := summed(ctx, tx, q)
		if err != nil {
			return err
		}
		im.Method = felt.MethodExact
		if len(in) == 0 {
			return nil
		}
		rows, weights, err := countTries(ctx, tx, q, in, f, &im.Counts)
		if err != nil {
			return err
		}
		e, err := s.countable(ctx, tx, q, in, f, rows)
		if err != nil {
			return err
		}
		if e != nil {
			im, err = e.impact(ctx)
			return err
		}
		if err := s.exact(ctx, tx, q, in, f, rows, &im); err != nil || !weights.Sampled() {
			return err
		}
		return estimated(ctx, tx, f, &weights, &im)
	})
	if err != nil {
		return felt.Impact{}, err
	}
	return im, nil
}

// countTries is countOutcomes of the tries in scope; the number of interactions is that of all.
func countTries(ctx context.Context, tx *sql.Tx, q felt.Question, in []scopeRow, f filter, to *felt.Counts) (int64, estimate.Weights, error) {
	once := told(in)
	if len(once) == len(in) {
		return countOutcomes(ctx, tx, f, to)
	}
	tries, err := filterOf(once, q)
	if err != nil {
		return 0, estimate.Weights{}, err
	}
	_, weights, err := countOutcomes(ctx, tx, tries, to)
	if err != nil {
		return 0, weights, err
	}
	total, err := countRows(ctx, tx, f)
	return total, weights, err
}

// countRows is how many interactions are in scope.
func countRows(ctx context.Context, tx *sql.Tx, f filter) (n int64, err error) {
	err = ask(ctx, tx, "count", f, nil, func(rows *sql.Rows) error { return rows.Scan(&n) })
	return n, err
}

// countOutcomes fills in the interactions by outcome, and returns how many there are and
// what they stand for.
func countOutcomes(ctx context.Context, tx *sql.Tx, f filter, to *felt.Counts) (int64, estimate.Weights, error) {
	total := int64(0)
	var weights estimate.Weights
	err := ask(ctx, tx, "counts", f, nil, func(rows *sql.Rows) error {
		var o felt.Outcome
		var n int64
		var weight float64
		err := rows.Scan(&o, &weight, &n)
		to.Add(o, n)
		weights.Add(o, weight, n)
		total += n
		return err
	})
	return total, weights, err
}

// estimated fills in what is said of sampled input: what was counted is a lower bound.
func estimated(ctx context.Context, tx *sql.Tx, f filter, weights *estimate.Weights, im *felt.Impact) error {
	im.Sampled, im.Method, im.Adjusted = true, felt.MethodLowerBound, weights.Sums()
	var seen [3]estimate.Seen // of all decided, failed, degraded
	var draws [len(seen)]estimate.Draws
	err := ask(ctx, tx, "tries", f, nil, func(rows *sql.Rows) error {
		var line int
		var weight float64
		var n, sure, once, twice int64
		err := rows.Scan(&line, &weight, &n, &sure, &once, &twice)
		if of := line % len(seen); line < len(seen) {
			seen[of] = estimate.Seen{Customers: n, Sure: sure, Once: once, Twice: twice}
		} else {
			draws[of].Add(weight, n)
		}
		return err
	})
	if err != nil {
		return err
	}
	for i := range seen {
		seen[i].Draws, seen[i].Share = draws[i].Kept(), draws[i].Share()
	}
	im.Estimated = felt.EstimatedDistinct{
		Total: estimate.Customers(seen[0]), Failed: estimate.Customers(seen[1]), Degraded: estimate.Customers(seen[2]),
	}
	im.Interval[1] = im.Estimated.Failed.High
	return nil
}

// copyLimit is the most interactions of which a question makes a copy, to read them
// once for all it counts: 61 bytes each. More are read once for each population.
const copyLimit = 1_000_000

// exact counts from the interactions, of which there are so many in scope.
func (s *Store) exact(ctx context.Context, tx *sql.Tx, q felt.Question, in []scopeRow, f filter, rows int64, im *felt.Impact) error {
	r, err := s.recoveryOf(ctx, tx, q, in)
	if err != nil {
		return err
	}
	if rows <= s.copyLimit {
		err = fromCopy(ctx, tx, q, f, r, im)
	} else {
		err = populations(ctx, tx, q, f, r, im)
	}
	im.Interval = [2]int64{im.Customers.Failed, im.Customers.Failed}
	return err
}

// fromCopy reads the interactions in scope once.
func fromCopy(ctx context.Context, tx *sql.Tx, q felt.Question, f filter, r recovery, im *felt.Impact) error {
	again, err := query("again")
	if err != nil {
		return err
	}
	after := q.From
	if len(q.Where) == 0 && len(q.Except) == 0 { // those in the window are in the copy
		after = max(q.To, q.From) - 1
		again = "SELECT customer, scope, ended FROM hit WHERE outcome BETWEEN 1 AND 2 UNION ALL " + again
	}
	marks := r.marks()
	again = strings.ReplaceAll(again, "{{successes}}", f.hits(r.successes(after)))
	return ask(ctx, tx, "impact", f, append(marks, "{{again}}", again), func(rows *sql.Rows) error {
		var line int
		var d felt.Distinct
		var id felt.Identity
		err := rows.Scan(&line, &d.Total, &d.Failed, &d.Degraded, &id.User, &id.Pseudonym, &id.Installation, &id.Session)
		switch line {
		case 0:
			im.Customers, im.Identity = d, id
		case 1:
			im.Sessions = d
		case 2:
			im.Accounts = d
		case 3:
			im.Recovered, im.Lost, im.Undecided = d.Total, d.Failed, d.Degraded
		}
		return err
	})
}

// populations reads the interactions once for each.
func populations(ctx context.Context, tx *sql.Tx, q felt.Question, f filter, r recovery, im *felt.Impact) error {
	var none felt.Identity
	for _, p := range []struct {
		population string
		to         *felt.Distinct
		id         *felt.Identity
	}{{"who", &im.Customers, &im.Identity}, {"session", &im.Sessions, &none}, {"account", &im.Accounts, &none}} {
		if err := distinct(ctx, tx, f, p.population, p.to, p.id); err != nil {
			return err
		}
	}
	if im.Customers.Failed == 0 {
		return nil
	}
	marks := append(r.marks(), "{{successes}}", f.hits(r.successes(q.From)))
	return ask(ctx, tx, "recovery", f, marks, func(rows *sql.Rows) error {
		return rows.Scan(&im.Recovered, &im.Lost, &im.Undecided)
	})
}

// distinct counts one population: who, session or account.
func distinct(ctx context.Context, tx *sql.Tx, f filter, population string, to *felt.Distinct, id *felt.Identity) error {
	if population != "who" {
		f.linked = false // links do not touch it
	}
	marks := []string{"{{population}}", population, "{{people}}", f.hits(f.sql)}
	return ask(ctx, tx, "distinct", f, marks, func(rows *sql.Rows) error {
		return rows.Scan(&to.Total, &to.Failed, &to.Degraded, &id.User, &id.Pseudonym, &id.Installation, &id.Session)
	})
}

// recovery is what decides over recovered, lost and undecided.
type recovery struct {
	asOf, until, window felt.Instant
	scopes              string
}

func (s *Store) recoveryOf(ctx context.Context, tx *sql.Tx, q felt.Question, in []scopeRow) (recovery, error) {
	r := recovery{asOf: q.AsOf, until: add(q.To, s.opts.Recovery), window: s.opts.Recovery, scopes: scopeIDs(in)}
	if r.asOf != 0 {
		r.until = min(r.until, r.asOf)
		return r, nil
	}
	var err error
	r.asOf, err = logTime(ctx, tx)
	return r, err
}

func (r recovery) marks() []string {
	text := func(i felt.Instant) string { return strconv.FormatInt(int64(i), 10) }
	return []string{"{{until}}", text(r.until), "{{window}}", text(r.window), "{{asof}}", text(r.asOf)}
}

// successes is the condition of what may recover a failure, of all that ended after a time.
func (r recovery) successes(after felt.Instant) string {
	return fmt.Sprintf("outcome BETWEEN 1 AND 2 AND scope IN (%s) AND ended > %d AND ended <= %d", r.scopes, after, r.until)
}

// add does not overflow: a window may end at the end of time.
func add(at, more felt.Instant) felt.Instant {
	if at > math.MaxInt64-more {
		return math.MaxInt64
	}
	return at + more
}

// logTime is how far the rows have come on the log's clock.
func logTime(ctx context.Context, db asker) (felt.Instant, error) {
	var tick felt.Tick
	err := each(ctx, db, "SELECT coalesce(max(tick), 0) FROM (SELECT tick FROM ticks UNION ALL SELECT tick FROM cursors)", nil,
		func(rows *sql.Rows) error { return rows.Scan(&tick) })
	if err != nil {
		return 0, fmt.Errorf("duckdb: read log time: %w", err)
	}
	return tick.Instant(), nil
}
