package duckdb

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"

	"github.com/felt-cx/felt"
)

// ScopePoints implements [felt.CountReader].
func (s *Store) ScopePoints(ctx context.Context, q felt.Question, step felt.Instant) ([]felt.ScopePoint, error) {
	if step < felt.Second || step%felt.Second != 0 {
		return nil, fmt.Errorf("duckdb: points of scopes: the step must be a whole number of seconds, at least one: %w", felt.ErrUnanswerable)
	}
	var list []felt.ScopePoint
	err := s.read(ctx, func(tx *sql.Tx) error {
		in, f, err := subject(ctx, tx, q)
		if err != nil || len(in) == 0 {
			return err
		}
		place := make(map[int32]int, len(in))
		for i, sc := range in {
			place[sc.id] = i
		}
		e, _, err := s.estimates(ctx, tx, q, in, f)
		if err != nil {
			return err
		}
		rows := make(map[cell]felt.Counts, len(in))
		if e != nil {
			err = e.scopePoints(ctx, step, rows)
		} else {
			marks := []string{"{{from}}", strconv.FormatInt(int64(q.From), 10), "{{step}}", strconv.FormatInt(int64(step), 10)}
			err = ask(ctx, tx, "scope_points", f, marks, func(r *sql.Rows) error {
				var at cell
				var c felt.Counts
				err := r.Scan(&at.scope, &at.start, &c.Success, &c.Degraded, &c.Failed, &c.Abandoned, &c.Cancelled, &c.Open)
				at.start = q.From + at.start*step
				rows[at] = c
				return err
			})
		}
		if err != nil {
			return err
		}
		list = make([]felt.ScopePoint, 0, len(rows))
		for at, c := range rows {
			list = append(list, felt.ScopePoint{Scope: in[place[at.scope]].Scope, Start: at.start, Counts: c})
		}
		slices.SortFunc(list, func(a, b felt.ScopePoint) int {
			return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Start, b.Start))
		})
		return nil
	})
	return list, err
}

// scopePoints are the counts of the steps of every scope.
func (e *estimating) scopePoints(ctx context.Context, step felt.Instant, to map[cell]felt.Counts) error {
	e.group = func(scope int32, at felt.Instant, _ string) cell {
		return cell{scope: scope, start: e.q.From + (at-e.q.From)/step*step}
	}
	if err := e.run(ctx, step, ""); err != nil {
		return err
	}
	for at, sum := range e.cells {
		to[at] = sum.Answer().Counts
	}
	return nil
}
