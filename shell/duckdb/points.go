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

// merging merges the latencies of rows that follow each other.
type merging struct{ latency sketch.Latency }

// take gives the quantiles of what was merged, and begins anew.
func (m *merging) take(p50, p95 *float64) {
	*p50, *p95 = m.latency.Quantile(.5), m.latency.Quantile(.95)
	m.latency.Reset()
}

// OperationPoints implements [felt.OperationReader].
func (s *Store) OperationPoints(ctx context.Context, env string, w felt.Window, step felt.Instant, services ...string) ([]felt.OperationPoint, error) {
	marks, err := steps(w, step)
	if err != nil {
		return nil, err
	}
	var list []felt.OperationPoint
	var m merging
	finish := func() {
		if n := len(list); n > 0 {
			m.take(&list[n-1].P50, &list[n-1].P95)
		}
	}
	from := w.From.Floor(bucketWidth)
	f := of("service", env, services)
	err = ask(ctx, s.db, "operation_points", f, marks, func(rows *sql.Rows) error {
		p := felt.OperationPoint{Env: env}
		var nr felt.Instant
		var enc sql.RawBytes
		if err := rows.Scan(&p.Service, &p.Operation, &p.Kind, &p.Release, &nr, &p.Count, &p.Errors, &p.SelfTime, &enc); err != nil {
			return err
		}
		p.Start = from + nr*step
		if n := len(list); n == 0 || !samePoint(&list[n-1], &p) {
			finish()
			list = append(list, p)
		} else {
			to := &list[n-1]
			to.Count += p.Count
			to.Errors += p.Errors
			to.SelfTime += p.SelfTime
		}
		return merge(&m.latency, enc)
	})
	finish()
	return list, err
}

func samePoint(a, b *felt.OperationPoint) bool {
	return a.Start == b.Start && a.Service == b.Service && a.Operation == b.Operation && a.Kind == b.Kind && a.Release == b.Release
}

// EdgePoints implements [felt.OperationReader].
func (s *Store) EdgePoints(ctx context.Context, env string, w felt.Window, step felt.Instant, callers ...string) ([]felt.EdgePoint, error) {
	marks, err := steps(w, step)
	if err != nil {
		return nil, err
	}
	var list []felt.EdgePoint
	var m merging
	finish := func() {
		if n := len(list); n > 0 {
			m.take(&list[n-1].P50, &list[n-1].P95)
		}
	}
	from := w.From.Floor(bucketWidth)
	f := of("caller", env, callers)
	err = ask(ctx, s.db, "edge_points", f, marks, func(rows *sql.Rows) error {
		p := felt.EdgePoint{Env: env}
		var nr felt.Instant
		var enc sql.RawBytes
		if err := rows.Scan(&p.Caller, &p.Callee, &p.Peer, &p.ThirdParty, &nr, &p.Count, &p.Errors, &enc); err != nil {
			return err
		}
		p.Start = from + nr*step
		if n := len(list); n == 0 || !sameEdgePoint(&list[n-1], &p) {
			finish()
			list = append(list, p)
		} else {
			to := &list[n-1]
			to.Count += p.Count
			to.Errors += p.Errors
		}
		return merge(&m.latency, enc)
	})
	finish()
	return list, err
}

func sameEdgePoint(a, b *felt.EdgePoint) bool {
	return a.Start == b.Start && a.Caller == b.Caller && a.Callee == b.Callee && a.Peer == b.Peer && a.ThirdParty == b.ThirdParty
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
