package duckdb_test

import (
	"context"
	"os"
	"strconv"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/duckdb"
)

// BenchmarkTrace looks for a trace among FELT_BENCH_ROWS kept spans, ten to a trace, of
// fourteen days.
func BenchmarkTrace(b *testing.B) {
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
	const start = 20_000 * felt.Day
	gap := strconv.FormatInt(int64(14*felt.Day)/int64(rows), 10)
	first := strconv.FormatInt(int64(start), 10)
	for _, text := range []string{
		`INSERT INTO spans SELECT md5((row // 10)::VARCHAR)::UUID, row, 0, 'production', 'api', 'v1', 'GET /', 2, 0, '',
			` + first + ` + row * ` + gap + `, ` + first + ` + row * ` + gap + ` + 1000000, '', '[{"key":"http.route","value":"/pay"}]', '', '', ''
			FROM range(0, ` + strconv.Itoa(rows) + `) r(row)`,
		`INSERT INTO traces SELECT trace, min(started), max(ended) FROM spans GROUP BY trace ORDER BY 2`,
		`INSERT INTO scopes VALUES (1, 'production', 'shop', 'pay', 1, 0, 0)`,
		`INSERT INTO interactions SELECT uuid(), 1, 0, 0, 3, 1, '', '', first, last, 3, 0, '', '', 1, '', false, 0, 5, 0, NULL, 1,
			NULL, 0, NULL, NULL, NULL, 1, trace, 1, 'web', '', '', '', 0, '', NULL, 0, NULL FROM traces`,
		"CHECKPOINT",
	} {
		if err := s.Exec(ctx, text); err != nil {
			b.Fatal(err)
		}
	}
	var id felt.TraceID
	kept, err := s.KeptTraces(ctx, -1, 0, 1)
	if err != nil || len(kept) == 0 {
		b.Fatal(len(kept), err)
	}
	id = kept[len(kept)/2].Trace
	used, n := cpu(), 0
	for b.Loop() {
		spans, list, err := s.Trace(ctx, id)
		if err != nil || len(spans) != 10 || len(list) != 1 {
			b.Fatalf("%d spans, %d interactions, %v", len(spans), len(list), err)
		}
		n++
	}
	b.ReportMetric(float64(cpu()-used)/1e6/float64(n), "CPU-ms")
}
