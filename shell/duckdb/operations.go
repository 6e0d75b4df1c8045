package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"sort"
	"strconv"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
)

// bucketWidth is the width of the buckets of operations and edges.
const bucketWidth = 10 * felt.Second

// span writes the window of buckets: from the one that holds From on.
func span(w felt.Window) []string {
	return []string{
		"{{from}}", strconv.FormatInt(int64(w.From.Floor(bucketWidth)), 10),
		"{{to}}", strconv.FormatInt(int64(w.To), 10),
	}
}

// Operations implements [felt.OperationReader]. Its window begins with the 10-second
// bucket that holds From. Equal errors and calls are in order of service, operation,
// kind and release.
func (s *Store) Operations(ctx context.Context, env, service string, w felt.Window) ([]felt.OperationStat, error) {
	args := []any{sql.Named("env", clean(env)), sql.Named("service", clean(service))}
	var list []felt.OperationStat
	var latency sketch.Latency
	finish := func() {
		if len(list) > 0 {
			o := &list[len(list)-1]
			o.P50, o.P95, o.P99 = latency.Quantile(.5), latency.Quantile(.95), latency.Quantile(.99)
		}
		latency.Reset()
	}
	err := ask(ctx, s.db, "operations", filter{args: args}, span(w), func(rows *sql.Rows) error {
		o := felt.OperationStat{Env: env}
		var enc sql.RawBytes
		if err := rows.Scan(&o.Service, &o.Operation, &o.Kind, &o.Release, &o.Count, &o.Errors, &enc); err != nil {
			return err
		}
		if len(list) == 0 || !sameOperation(list[len(list)-1], o) {
			finish()
			list = append(list, o)
		} else {
			to := &list[len(list)-1]
			to.Count += o.Count
			to.Errors += o.Errors
		}
		return merge(&latency, enc)
	})
	if err != nil {
		return nil, err
	}
	finish()
	sort.SliceStable(list, func(i, j int) bool {
		if list[i].Errors != list[j].Errors {
			return list[i].Errors > list[j].Errors
		}
		return list[i].Count > list[j].Count
	})
	return list, nil
}

func sameOperation(a, b felt.OperationStat) bool {
	return a.Service == b.Service && a.Operation == b.Operation && a.Kind == b.Kind && a.Release == b.Release
}

// merge adds an encoded sketch; none is an empty one.
func merge(to *sketch.Latency, enc []byte) error {
	if len(enc) == 0 {
		return nil
	}
	if err := to.MergeBinary(enc); err != nil {
		return fmt.Errorf("column latency: %w", err)
	}
	return nil
}

// Edges implements [felt.OperationReader]. Start is that of the first bucket with a
// call, Known that of the newest delta.
func (s *Store) Edges(ctx context.Context, env string, w felt.Window) ([]felt.EdgeBucket, error) {
	var list []felt.EdgeBucket
	var latency sketch.Latency
	finish := func() {
		if len(list) > 0 && latency.Count() > 0 {
			list[len(list)-1].Latency = latency.AppendBinary(nil)
		}
		latency.Reset()
	}
	args := []any{sql.Named("env", clean(env))}
	err := ask(ctx, s.db, "edges", filter{args: args}, span(w), func(rows *sql.Rows) error {
		e := felt.EdgeBucket{Env: env}
		var enc sql.RawBytes
		if err := rows.Scan(&e.Caller, &e.Callee, &e.Peer, &e.ThirdParty, &e.Start, &e.Known, &e.Count, &e.Errors, &enc); err != nil {
			return err
		}
		if len(list) == 0 || !sameEdge(list[len(list)-1], e) {
			finish()
			list = append(list, e)
		} else {
			to := &list[len(list)-1]
			to.Start, to.Known = min(to.Start, e.Start), max(to.Known, e.Known)
			to.Count += e.Count
			to.Errors += e.Errors
		}
		return merge(&latency, enc)
	})
	if err != nil {
		return nil, err
	}
	finish()
	return list, nil
}

func sameEdge(a, b felt.EdgeBucket) bool {
	return a.Caller == b.Caller && a.Callee == b.Callee && a.Peer == b.Peer && a.ThirdParty == b.ThirdParty
}
