package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"sort"
	"strconv"

	"github.com/felt-cx/felt"
)

// Scopes implements [felt.CountReader], for every kind of traffic.
func (s *Store) Scopes(ctx context.Context, env, name string) ([]felt.Scope, error) {
	const text = `SELECT DISTINCT app, name, kind FROM scopes
		WHERE env = ? AND (? = '' OR name = ?) ORDER BY app, name, kind`
	var list []felt.Scope
	env, name = clean(env), clean(name)
	err := each(ctx, s.db, text, []any{env, name, name}, func(rows *sql.Rows) error {
		sc := felt.Scope{Env: env}
		err := rows.Scan(&sc.App, &sc.Name, &sc.Kind)
		list = append(list, sc)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("duckdb: list scopes: %w", err)
	}
	return list, nil
}

// ScopeStats implements [felt.CountReader]. It lists the scopes in which the question's
// kind of traffic was ever seen.
func (s *Store) ScopeStats(ctx context.Context, q felt.Question) ([]felt.ScopeStat, error) {
	var list []felt.ScopeStat
	err := s.read(ctx, func(tx *sql.Tx) error {
		in, f, err := subject(ctx, tx, q)
		if err != nil || len(in) == 0 {
			return err
		}
		list = make([]felt.ScopeStat, len(in))
		place := make(map[int32]*felt.ScopeStat, len(in))
		for i, sc := range in {
			list[i] = felt.ScopeStat{Scope: sc.Scope, Last: s.lasts.get(sc.id)}
			place[sc.id] = &list[i]
		}
		e, copied, err := s.estimates(ctx, tx, q, in, f)
		if err != nil {
			return err
		}
		if e != nil {
			return e.stats(ctx, place)
		}
		return ask(ctx, tx, "stats", f, copied, func(rows *sql.Rows) error {
			var id int32
			var st felt.ScopeStat
			err := rows.Scan(append([]any{&id}, numbers(&st.Counts, &st.Customers, &st.Sessions, &st.Sampled)...)...)
			if to := place[id]; to != nil {
				to.Counts, to.Customers, to.Sessions = st.Counts, st.Customers, st.Sessions
				to.Sampled = st.Sampled
			}
			return err
		})
	})
	return list, err
}

// estimates returns what estimates, when the interactions cannot be counted, and else
// the mark that says whether the question makes a copy of them.
func (s *Store) estimates(ctx context.Context, tx *sql.Tx, q felt.Question, in []scopeRow, f filter) (*estimating, []string, error) {
	n, err := countRows(ctx, tx, f)
	if err != nil {
		return nil, nil, err
	}
	copied, identity := "MATERIALIZED", "customer, level, session"
	if n > s.copyLimit {
		copied = "NOT MATERIALIZED"
	}
	if f.linked {
		identity += ", installation"
	}
	e, err := s.countable(ctx, tx, q, in, f, n)
	return e, []string{"{{copy}}", copied, "{{identity}}", identity, "{{people}}", f.people("hit")}, err
}

// numbers are the places of what stats and points have in common: twelve numbers, and whether
// something stands for more than one.
func numbers(c *felt.Counts, customers, sessions *felt.Distinct, sampled *bool) []any {
	return []any{
		&c.Success, &c.Degraded, &c.Failed, &c.Abandoned, &c.Cancelled, &c.Open,
		&customers.Total, &customers.Failed, &customers.Degraded,
		&sessions.Total, &sessions.Failed, &sessions.Degraded, sampled,
	}
}

// Points implements [felt.CountReader]. Besides segments it splits by the fields that
// a condition may name. A quantile is the least duration that at least that share of
// the successes, degraded and failed ones does not exceed.
func (s *Store) Points(ctx context.Context, q felt.Question, step felt.Instant, by string) ([]felt.Point, error) {
	if step < felt.Second || step%felt.Second != 0 {
		return nil, fmt.Errorf("duckdb: points: the step must be a whole number of seconds, at least one: %w", felt.ErrUnanswerable)
	}
	var list []felt.Point
	err := s.read(ctx, func(tx *sql.Tx) error {
		in, f, err := tried(ctx, tx, q)
		if err != nil || len(in) == 0 {
			return err
		}
		e, copied, err := s.estimates(ctx, tx, q, in, f)
		if err != nil {
			return err
		}
		if e != nil {
			list, err = e.points(ctx, step, by)
			return err
		}
		split := f.splitBy(by)
		marks := append(copied, "{{from}}", strconv.FormatInt(int64(q.From), 10),
			"{{step}}", strconv.FormatInt(int64(step), 10), "{{by}}", split)
		return ask(ctx, tx, "points", f, marks, func(rows *sql.Rows) error {
			p, err := scanPoint(rows, by)
			p.Start = q.From + p.Start*step
			list = append(list, p)
			return err
		})
	})
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if a.Start != b.Start || by == "" {
			return a.Start < b.Start
		}
		return a.Segment[0].Value < b.Segment[0].Value
	})
	return list, err
}

// scanPoint reads one row; Start is the number of the step.
func scanPoint(rows *sql.Rows, by string) (felt.Point, error) {
	var p felt.Point
	var value string
	var p50, p95, p99 sql.NullInt64
	to := append([]any{&p.Start, &value}, numbers(&p.Counts, &p.Customers, &p.Sessions, &p.Sampled)...)
	err := rows.Scan(append(to, &p50, &p95, &p99)...)
	p.P50, p.P95, p.P99 = float64(p50.Int64), float64(p95.Int64), float64(p99.Int64)
	if by != "" {
		p.Segment = []felt.Segment{{Key: by, Value: unescaped(value)}}
	}
	return p, err
}
