package duckdb_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/felt-cx/felt/shell/duckdb"
)

// BenchmarkHistory reads a day of interactions in the order in which they became known.
func BenchmarkHistory(b *testing.B) {
	s, err := duckdb.Open(context.Background(), duckdb.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	const rows = 2_000_000
	fill(b, s, rows)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n := 0
	for b.Loop() {
		for batch, err := range s.History(context.Background(), 0, 1<<33) {
			if err != nil {
				b.Fatal(err)
			}
			n += len(batch)
		}
	}
	runtime.ReadMemStats(&after)
	if n < rows {
		b.Fatalf("%d rows", n)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(after.HeapSys)/1e6, "heap-MB")
}
