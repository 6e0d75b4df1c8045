package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
)

// Impact implements [felt.CustomerReader]. A customer, session or account is in a total
// when it has at least one decided interaction in scope: cancelled ones are counted as
// interactions only. A customer seen on several levels of identity counts at the
// strongest.
func (s *Store) Impact(ctx context.Context, q felt.Question) (felt.Impact, error) {
	var im felt.Impact
	err := s.read(ctx, func(tx *sql.Tx) error {
		in, f, err := subject(ctx, tx, q)
		if err != nil {
			return err
		}
		im.Method = felt.MethodExact
		if len(in) == 0 {
			return nil
		}
		rows, err := countOutcomes(ctx, tx, f, &im)
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
		return s.exact(ctx, tx, q, in, f, rows, &im)
	})
	if err != nil {
		return felt.Impact{}, err
	}
	return im, nil
}

// countOutcomes fills in the interactions by outcome and returns how many there are.
func countOutcomes(ctx context.Context, tx *sql.Tx, f filter, im *felt.Impact) (int64, error) {
	total := int64(0)
	err := ask(ctx, tx, "counts", f, nil, func(rows *sql.Rows) error {
		var o felt.Outcome
		var n int64
		var weight float64
		err := rows.Scan(&o, &n, &weight)
		im.Counts.Add(o, n)
		total += n
		if weight > 1 {
			im.Method = felt.MethodLowerBound
		}
		return err
	})
	return total, err
}

// copyLimit is the most interactions of which a question makes a copy, to read them
// once for all it counts: 61 bytes each. More are read once for each population.
const copyLimit = 1_000_000

// exact counts from the interactions, of which there are so many in scope.
func (s *Store) exact(ctx context.Context, tx *sql.Tx, q felt.Question, in []scopeRow, f filter, rows int64, im *felt.Impact) error {
	marks, err := s.recoveryMarks(ctx, tx, q, in)
	if err != nil {
		return err
	}
	if rows <= copyLimit {
		err = fromCopy(ctx, tx, q, f, marks, im)
	} else {
		err = populations(ctx, tx, f, marks, im)
	}
	im.Interval = [2]int64{im.Customers.Failed, im.Customers.Failed}
	return err
}

// fromCopy reads the interactions in scope once.
func fromCopy(ctx context.Context, tx *sql.Tx, q felt.Question, f filter, marks []string, im *felt.Impact) error {
	again, err := query("again")
	if err != nil {
		return err
	}
	from := q.From
	if len(q.Where) == 0 {
		from = q.To
		again = "SELECT customer, scope, ended FROM hit WHERE outcome BETWEEN 1 AND 2 UNION ALL " + again
	}
	again = strings.NewReplacer(append([]string{"{{after}}", strconv.FormatInt(int64(from), 10)}, marks...)...).Replace(again)
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
func populations(ctx context.Context, tx *sql.Tx, f filter, marks []string, im *felt.Impact) error {
	var none felt.Identity
	for _, p := range []struct {
		population string
		to         *felt.Distinct
		id         *felt.Identity
	}{{"customer", &im.Customers, &im.Identity}, {"session", &im.Sessions, &none}, {"account", &im.Accounts, &none}} {
		err := ask(ctx, tx, "distinct", f, []string{"{{population}}", p.population}, func(rows *sql.Rows) error {
			return rows.Scan(&p.to.Total, &p.to.Failed, &p.to.Degraded,
				&p.id.User, &p.id.Pseudonym, &p.id.Installation, &p.id.Session)
		})
		if err != nil {
			return err
		}
	}
	if im.Customers.Failed == 0 {
		return nil
	}
	return ask(ctx, tx, "recovery", f, marks, func(rows *sql.Rows) error {
		return rows.Scan(&im.Recovered, &im.Lost, &im.Undecided)
	})
}

// recoveryMarks fills in what decides over recovered, lost and undecided.
func (s *Store) recoveryMarks(ctx context.Context, tx *sql.Tx, q felt.Question, in []scopeRow) ([]string, error) {
	asof, until := q.AsOf, add(q.To, s.opts.Recovery)
	if asof == 0 {
		var err error
		if asof, err = logTime(ctx, tx); err != nil {
			return nil, err
		}
	} else {
		until = min(until, asof)
	}
	text := func(i felt.Instant) string { return strconv.FormatInt(int64(i), 10) }
	return []string{
		"{{from}}", text(q.From), "{{until}}", text(until), "{{window}}", text(s.opts.Recovery),
		"{{asof}}", text(asof), "{{scopes}}", scopeIDs(in),
	}, nil
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
