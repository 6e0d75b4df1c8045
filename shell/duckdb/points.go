package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
)

// steps are the marks of a question in steps; an error when the step is none.
func steps(w felt.Window, step felt.Instant) ([]string, error) {
	if step < bucketWidth || step%bucketWidth != 0 {
		return nil, fmt.Errorf("duckdb: a step is a multiple of 10 s, at least one: %w", felt.ErrUnanswerable)
	}
	return append(span(w), "{{step}}", strconv.FormatInt(int64(step), 10), "{{half}}", strconv.Itoa(felt.LinesMax/2)), nil
}

// of is an environment, and one of the names in a column; no names are all.
func of(column, env string, names []string) filter {
	f := filter{}
	f.sql = "env = " + f.bind(clean(env))
	if len(names) > 0 {
		in := make([]string, len(names))
		for i, n := range names {
			in[i] = f.bind(clean(n))
		}
		f.sql += " AND " + column + " IN (" + strings.Join(in, ",") + ")"
	}
	return f
}

// lines are the busiest operations or edges of a window and those with most errors, at most [felt.LinesMax], as a
// table for a join: DuckDB must know how few they are. Where it has to guess it takes the rows of the
// window with their latencies for the smaller side, and writes them to its temporary file.
func lines(ctx context.Context, tx asker, name string, f *filter, marks []string, columns int) (table string, err error) {
	var list []string
	err = ask(ctx, tx, name+"_lines", *f, marks, func(rows *sql.Rows) error {
		line, into := make([]sql.NullString, columns), make([]any, columns)
		for i := range line {
			into[i] = &line[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		bound := make([]string, columns)
		for i := range line {
			bound[i] = f.bind(line[i].String) + "::VARCHAR"
		}
		list = append(list, "("+strings.Join(bound, ",")+")")
		return nil
	})
	return strings.Join(list, ","), err
}

// pointsIn reads rows of buckets in order, and sums those that follow each other and are of one point; latencies
// are merged. Scan reads a row into a point, without its start: that is the number of its step. Of gives the point's
// start and quantiles, and add sums two, false when they are not one.
func pointsIn[P any](ctx context.Context, s *Store, name string, columns int, f filter, w felt.Window, step felt.Instant,
	scan func(rows *sql.Rows, nr *felt.Instant, latency *sql.RawBytes) (P, error), of func(*P) (start *felt.Instant, p50, p95 *float64), add func(to, p *P) bool,
) ([]P, error) {
	marks, err := steps(w, step)
	if err != nil {
		return nil, err
	}
	var list []P
	var merged sketch.Latency
	finish := func() {
		if n := len(list); n > 0 {
			_, p50, p95 := of(&list[n-1])
			*p50, *p95 = merged.Quantile(.5), merged.Quantile(.95)
			merged.Reset()
		}
	}
	from := w.From.Floor(bucketWidth)
	row := func(rows *sql.Rows) error {
		var nr felt.Instant
		var enc sql.RawBytes
		p, err := scan(rows, &nr, &enc)
		if err != nil {
			return err
		}
		start, _, _ := of(&p)
		*start = from + nr*step
		if n := len(list); n == 0 || !add(&list[n-1], &p) {
			finish()
			list = append(list, p)
		}
		return merge(&merged, enc)
	}
	err = s.read(ctx, func(tx *sql.Tx) error {
		table, err := lines(ctx, tx, name, &f, marks, columns)
		if err != nil || table == "" {
			return err
		}
		return ask(ctx, tx, name+"_points", f, append(marks, "{{lines}}", table), row)
	})
	finish()
	return list, err
}

// OperationPoints implements [felt.OperationReader].
func (s *Store) OperationPoints(ctx context.Context, env string, w felt.Window, step felt.Instant, services ...string) ([]felt.OperationPoint, error) {
	type point = felt.OperationPoint
	return pointsIn(ctx, s, "operation", 3, of("service", env, services), w, step,
		func(rows *sql.Rows, nr *felt.Instant, latency *sql.RawBytes) (point, error) {
			p := point{Env: env}
			err := rows.Scan(&p.Service, &p.Operation, &p.Kind, &p.Release, nr, &p.Count, &p.Errors, &p.SelfTime, latency)
			return p, err
		},
		func(p *point) (*felt.Instant, *float64, *float64) { return &p.Start, &p.P50, &p.P95 },
		func(to, p *point) bool {
			if to.Start != p.Start || to.Service != p.Service || to.Operation != p.Operation || to.Kind != p.Kind || to.Release != p.Release {
				return false
			}
			to.Count, to.Errors, to.SelfTime = to.Count+p.Count, to.Errors+p.Errors, to.SelfTime+p.SelfTime
			return true
		})
}

// EdgePoints implements [felt.OperationReader].
func (s *Store) EdgePoints(ctx context.Context, env string, w felt.Window, step felt.Instant, callers ...string) ([]felt.EdgePoint, error) {
	type point = felt.EdgePoint
	return pointsIn(ctx, s, "edge", 4, of("caller", env, callers), w, step,
		func(rows *sql.Rows, nr *felt.Instant, latency *sql.RawBytes) (point, error) {
			p := point{Env: env}
			err := rows.Scan(&p.Caller, &p.Callee, &p.Peer, &p.ThirdParty, nr, &p.Count, &p.Errors, latency)
			return p, err
		},
		func(p *point) (*felt.Instant, *float64, *float64) { return &p.Start, &p.P50, &p.P95 },
		func(to, p *point) bool {
			if to.Start != p.Start || to.Caller != p.Caller || to.Callee != p.Callee || to.Peer != p.Peer || to.ThirdParty != p.ThirdParty {
				return false
			}
			to.Count, to.Errors = to.Count+p.Count, to.Errors+p.Errors
			return true
		})
}

// Leaves implements [felt.CountReader].
func (s *Store) Leaves(ctx context.Context, q felt.LeafQuestion) ([]felt.Leaf, error) {
	if q.Limit < 1 || q.Limit > felt.LeavesMax {
		q.Limit = felt.LeavesMax
	}
	if q.Slower <= 0 {
		q.Slower = math.MaxInt64
	}
	var list []felt.Leaf
	err := s.read(ctx, func(tx *sql.Tx) error {
		in, f, err := tried(ctx, tx, q.Question)
		if err != nil || len(in) == 0 {
			return err
		}
		if err := kept(ctx, tx, q.Question); err != nil {
			return err
		}
		return ask(ctx, tx, "leaves", f, marksOf("{{slower}}", q.Slower, "{{limit}}", q.Limit), func(rows *sql.Rows) error {
			var l felt.Leaf
			var flags, segments string
			c := &l.Counts
			err := rows.Scan(&l.Service, &l.Release, &flags, &segments, &c.Success, &c.Degraded, &c.Failed, &c.Abandoned, &c.Cancelled, &c.Open,
				&l.Slow, &l.Failed, &l.Degraded, &l.First, &l.Rest)
			l.Flags, l.Segments = decodeList(flags), decodeSegments(segments)
			list = append(list, l)
			return err
		})
	})
	return list, err
}
