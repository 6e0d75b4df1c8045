package duckdb

import (
	"context"
	"database/sql"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/felt-cx/felt"
)

// stats count what the store did since it was opened.
type stats struct {
	mu      sync.Mutex
	rows    map[string]int64
	writes  int64
	seconds float64
	slowest float64
	opens   int64 // again, after damage

	coarse        int64        // rows made by Compact
	coarseSeconds float64      // spent on them
	before        felt.Instant // of the last Compact
}

// compacted counts one Compact.
func (s *stats) compacted(rows int64, took time.Duration, before felt.Instant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.coarse += rows
	s.coarseSeconds += took.Seconds()
	s.before = max(s.before, before)
}

// opened counts that a damaged database was opened again.
func (s *stats) opened() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opens++
}

func (s *stats) wrote(rows map[string]int64, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil {
		s.rows = map[string]int64{}
	}
	for table, n := range rows {
		s.rows[table] += n
	}
	s.writes++
	s.seconds += took.Seconds()
	s.slowest = max(s.slowest, took.Seconds())
}

// Metrics implements [felt.Meter].
func (s *Store) Metrics() []felt.Metric {
	s.stats.mu.Lock()
	rows := maps.Clone(s.stats.rows)
	writes, seconds, slowest := s.stats.writes, s.stats.seconds, s.stats.slowest
	opens := s.stats.opens
	coarse, coarseSeconds, before := s.stats.coarse, s.stats.coarseSeconds, s.stats.before
	s.stats.mu.Unlock()

	out := []felt.Metric{
		{Name: "felt_store_writes_total", Help: "Transactions written.", Type: felt.MetricCounter, Value: float64(writes)},
		{Name: "felt_store_write_seconds_total", Help: "Time spent writing.", Type: felt.MetricCounter, Value: seconds},
		{Name: "felt_store_write_seconds_max", Help: "The slowest write.", Type: felt.MetricGauge, Value: slowest},
		{Name: "felt_store_reopened_total", Help: "Times that the database could not go on, and was opened again.", Type: felt.MetricCounter, Value: float64(opens)},
		{Name: "felt_store_compacted_rows_total", Help: "Coarse rows made of finer ones.", Type: felt.MetricCounter, Value: float64(coarse)},
		{Name: "felt_store_compact_seconds_total", Help: "Time spent making coarse rows.", Type: felt.MetricCounter, Value: coarseSeconds},
		{Name: "felt_store_bytes", Help: "Size of the database and its log on disk.", Type: felt.MetricGauge, Value: s.bytes()},
	}
	if n, ok := s.backlog(before); ok {
		out = append(out, felt.Metric{
			Name: "felt_store_compact_backlog", Help: "Hours and days that ended and whose coarse rows are to be made, or made again.",
			Type: felt.MetricGauge, Value: n,
		})
	}
	if memory, ok := s.memory(); ok {
		out = append(out, felt.Metric{
			Name: "felt_store_memory_bytes", Help: "Memory held by the database.", Type: felt.MetricGauge, Value: memory,
		})
	}
	for _, table := range slices.Sorted(maps.Keys(rows)) {
		out = append(out, felt.Metric{
			Name: "felt_store_rows_total", Help: "Rows written, by table.", Type: felt.MetricCounter,
			Labels: []felt.Segment{{Key: "table", Value: table}}, Value: float64(rows[table]),
		})
	}
	return out
}

// bytes is the size of the file and of its WAL.
func (s *Store) bytes() float64 {
	total := int64(0)
	for _, path := range []string{s.path, s.path + ".wal"} {
		if info, err := os.Stat(path); err == nil {
			total += info.Size()
		}
	}
	return float64(total)
}

// backlog counts the windows that had ended at the last Compact and are stale.
func (s *Store) backlog(before felt.Instant) (float64, bool) {
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	var n int64
	err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM windows WHERE stale AND started + width * 1000000000 <= ?", int64(before)).Scan(&n)
	return float64(n), err == nil
}

// memory asks DuckDB, but not for long: numbers about health must not hang.
func (s *Store) memory() (float64, bool) {
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	var n sql.NullInt64
	err := s.db.QueryRowContext(ctx, "SELECT sum(memory_usage_bytes)::BIGINT FROM duckdb_memory()").Scan(&n)
	return float64(n.Int64), err == nil && n.Valid
}
