package duckdb_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
	"github.com/felt-cx/felt/shell/duckdb"
)

// BenchmarkEvidence asks what stands behind an incident: of 2,000,000 interactions of a day in 200 names,
// and of an hour with 1,000 operations and 500 edges of each ten seconds.
func BenchmarkEvidence(b *testing.B) {
	ctx := context.Background()
	s, err := duckdb.Open(ctx, duckdb.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	fill(b, s, 2_000_000)
	calls(b, s, 360)
	hour := felt.Window{From: benchEnd - felt.Hour, To: benchEnd}
	day := felt.LeafQuestion{Question: felt.Question{Scope: felt.Scope{Env: "production", App: "app1"}, Window: felt.Window{From: benchEnd - felt.Day, To: benchEnd}}}
	for _, c := range []struct {
		name string
		ask  func() (int, error)
	}{
		{"operations", func() (int, error) {
			l, err := s.OperationPoints(ctx, "production", hour, felt.Minute)
			return len(l), err
		}},
		{"edges", func() (int, error) {
			l, err := s.EdgePoints(ctx, "production", hour, felt.Minute)
			return len(l), err
		}},
		{"leaves", func() (int, error) { l, err := s.Leaves(ctx, day); return len(l), err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if n, err := c.ask(); err != nil || n == 0 {
					b.Fatal(n, err)
				}
			}
		})
	}
	b.Run("cohort of 10,000 written", func(b *testing.B) {
		tick := felt.Tick(benchEnd / felt.Second)
		for b.Loop() {
			tick++
			batch := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 3, Tick: tick}}
			for i := range 10_000 {
				var c felt.Hash
				binary.BigEndian.PutUint64(c[:], uint64(i)*0x9E3779B97F4A7C15)
				batch.IncidentCustomers = append(batch.IncidentCustomers, felt.IncidentCustomer{Incident: "inc-1", Customer: c, First: felt.Instant(i), Failed: int64(tick)})
			}
			if err := s.Write(ctx, batch); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// calls makes the buckets of operations and edges of so many times ten seconds before benchEnd.
func calls(b *testing.B, s *duckdb.Store, windows int) {
	b.Helper()
	var l sketch.Latency
	for i := range 20 {
		l.Add(int64(i+1)*int64(felt.Second)/1000, 1)
	}
	enc := l.AppendBinary(nil)
	for w := range windows {
		start := benchEnd - felt.Instant(windows-w)*10*felt.Second
		batch := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 1, Tick: felt.Tick(start / felt.Second)}}
		for i := range 1000 {
			batch.Operations = append(batch.Operations, felt.OperationBucket{
				Env: "production", Service: fmt.Sprint("service", i/20), Operation: fmt.Sprint("op", i), Kind: felt.SpanServer,
				Release: "v1", Start: start, Count: 20, Errors: int64(i % 2), Latency: enc, SelfTime: 5,
			})
		}
		for i := range 500 {
			batch.Edges = append(batch.Edges, felt.EdgeBucket{
				Env: "production", Caller: fmt.Sprint("service", i/10), Callee: fmt.Sprint("service", i), Start: start, Count: 20, Latency: enc,
			})
		}
		if err := s.Write(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
}
