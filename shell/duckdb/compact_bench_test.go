package duckdb_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
	"github.com/felt-cx/felt/shell/duckdb"
)

// BenchmarkCompact compacts one hour of FELT_BENCH_ROWS interactions (7,200,000 are 2,000 a
// second) of 300 apps with 20 names each, by a key with 50 values and one with 4, and the
// buckets of 10 seconds that the engine makes of them. It says how long the hour and the
// day take and what Go and DuckDB hold at most.
func BenchmarkCompact(b *testing.B) {
	rows, err := strconv.Atoi(os.Getenv("FELT_BENCH_ROWS"))
	if err != nil {
		b.Skip("FELT_BENCH_ROWS is not a number of rows")
	}
	ctx := context.Background()
	s, err := duckdb.Open(ctx, duckdb.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	const hour = 20_000 * felt.Day
	began := time.Now()
	fillHour(b, s, hour, rows)
	b.Logf("made in %v", time.Since(began).Round(time.Second))
	for b.Loop() {
		var peak atomic.Uint64
		stop := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				select {
				case <-stop:
					return
				case <-time.After(20 * time.Millisecond):
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					peak.Store(max(peak.Load(), m.HeapInuse))
				}
			}
		}()
		for _, c := range []struct {
			what   string
			before felt.Instant
		}{{"hour", hour + felt.Hour}, {"day", hour + 26*felt.Hour}} {
			at, used := time.Now(), cpu()
			n, err := s.Compact(ctx, c.before, 100)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(time.Since(at).Seconds(), c.what+"-s")
			b.ReportMetric((cpu() - used).Seconds(), c.what+"-CPU-s")
			b.ReportMetric(float64(n), c.what+"-rows")
		}
		close(stop)
		<-done
		b.ReportMetric(float64(peak.Load())/1e6, "heap-MB")
		for _, m := range s.Metrics() {
			if m.Name == "felt_store_memory_bytes" {
				b.ReportMetric(m.Value/1e6, "duckdb-MB")
			}
		}
	}
}

// fillHour makes the hour: interactions in SQL, their buckets as the engine would.
func fillHour(b *testing.B, s *duckdb.Store, hour felt.Instant, rows int) {
	b.Helper()
	ctx := context.Background()
	const names = 6000
	first := felt.Batch{ID: felt.BatchID{Stage: 2, Tick: felt.TickOf(hour)}}
	for i := range names {
		first.Interactions = append(first.Interactions, felt.Interaction{
			ID: felt.InteractionID{1, byte(i), byte(i >> 8)}, Version: 1, Env: "production", App: fmt.Sprint("app", i/20), Name: fmt.Sprint("name", i),
			Kind: felt.KindStep, End: hour + 1, Outcome: felt.OutcomeSuccess, Weight: 1,
		})
	}
	if err := s.Write(ctx, first); err != nil {
		b.Fatal(err)
	}
	const chunk = 250_000
	for from := 0; from < rows; from += chunk {
		err := s.Exec(ctx, fmt.Sprintf(`INSERT INTO interactions
			SELECT uuid(), 1, ended // 1000000000, ended // 1000000000, outcome,
				1 + (hash(row + 1) %% %d)::INTEGER, '', '', ended - 300000000, ended, outcome, 0,
				'', 'status', 1, '', false, 0, (hash(row + 2) %% 900000000)::BIGINT, 0, NULL, 1,
				md5((hash(row + 3) %% 1000000)::VARCHAR)::UUID, 1, NULL, NULL, md5('s' || (hash(row + 4) %% 3000000))::UUID, 1, uuid(), 1, 'web', 'v1', '',
				chr(31) || 'plan' || chr(30) || 'p' || (hash(row + 6) %% 50) || chr(31) ||
				'region' || chr(30) || ['eu', 'us', 'ap', 'br'][1 + (hash(row + 7) %% 4)::INTEGER] || chr(31), 0, '', NULL, 0, NULL
			FROM (SELECT row, %d + row * %d AS ended, CASE WHEN hash(row + 9) %% 100 < 2 THEN 3 WHEN hash(row + 9) %% 100 < 5 THEN 2 ELSE 1 END AS outcome
				FROM range(%d, %d) r(row))`, names, hour, int64(felt.Hour)/int64(rows), from, min(from+chunk, rows)))
		if err != nil {
			b.Fatal(err)
		}
	}
	each := max(rows/360/names, 1)
	for i := range 360 {
		batch := felt.Batch{ID: felt.BatchID{Stage: 2, Tick: felt.TickOf(hour) + felt.Tick(10*i+10)}}
		for n := range min(names, max(rows/360, 1)) {
			var people sketch.Distinct
			var waits sketch.Latency
			for k := range each {
				people.Add(felt.Hash{byte(i), byte(n), byte(n >> 8), byte(k), 5: byte(i * n)})
				waits.Add(int64(i*n%1000+k)*1e6, 1)
			}
			row := felt.Bucket{
				Series: felt.Series{Env: "production", App: fmt.Sprint("app", n/20), Name: fmt.Sprint("name", n), Kind: felt.KindStep},
				Start:  hour + felt.Instant(i)*10*felt.Second, Width: 10, Known: batch.ID.Tick, Counts: felt.Counts{Success: int64(each)},
				Customers: felt.Sketches{Success: people.AppendBinary(nil)}, Latency: felt.Sketches{Success: waits.AppendBinary(nil)},
			}
			row.Adjusted[felt.OutcomeSuccess] = float64(each)
			row.Sessions = row.Customers
			batch.Buckets = append(batch.Buckets, row)
		}
		if err := s.Write(ctx, batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Exec(ctx, "CHECKPOINT"); err != nil {
		b.Fatal(err)
	}
}
