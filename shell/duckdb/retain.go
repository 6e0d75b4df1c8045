package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/felt-cx/felt"
)

// chunk is the most rows that one transaction of Retain removes, so that a write waits
// for a fraction of a second at most.
const chunk = 200_000

// Retain implements [felt.Retainer]. Buckets of operations and edges are kept as long
// as buckets of 10 seconds, signals as long as those of a minute; states and what
// people did are kept for ever.
func (s *Store) Retain(ctx context.Context, now felt.Instant, keep felt.Retention) (int64, error) {
	total := int64(0)
	for _, r := range []struct {
		table, where string
		keep         felt.Instant
	}{
		{"interactions", "ended < %d", keep.Interactions},
		{"buckets", "width <= 10 AND started < %d", keep.Buckets10s},
		{"buckets", "width > 10 AND width <= 60 AND started < %d", keep.Buckets1m},
		{"buckets", "width > 60 AND started < %d", keep.BucketsLong},
		{"operations", "started < %d", keep.Buckets10s},
		{"edges", "started < %d", keep.Buckets10s},
		{"signals", "happened < %d", keep.Buckets1m},
		{"customer_days", "day < %d", keep.CustomerDays},
		{"spans", "ended < %d", keep.Spans},
		{"traces", "last < %d", keep.Spans},
	} {
		if r.keep <= 0 {
			continue
		}
		before := now - r.keep
		for {
			n, err := s.remove(ctx, r.table, fmt.Sprintf(r.where, before), before)
			total += n
			if err != nil {
				return total, err
			}
			if n < chunk {
				break
			}
		}
	}
	return total, nil
}

// remove deletes at most one chunk.
func (s *Store) remove(ctx context.Context, table, where string, before felt.Instant) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return 0, fmt.Errorf("duckdb: retain: the store is closed: %w", felt.ErrUnavailable)
	}
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("duckdb: retain %s: begin: %w", table, err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	n, err := removeRows(ctx, tx, table, where, before)
	if err != nil || n == 0 {
		return 0, err
	}
	if err := tx.Commit(); err != nil {
		return 0, fmt.Errorf("duckdb: retain %s: commit: %w", table, err)
	}
	return n, nil
}

func removeRows(ctx context.Context, tx *sql.Tx, table, where string, before felt.Instant) (int64, error) {
	res, err := tx.ExecContext(ctx, fmt.Sprintf(
		"DELETE FROM %s WHERE rowid IN (SELECT rowid FROM %s WHERE %s LIMIT %d)", table, table, where, chunk))
	if err != nil {
		return 0, fmt.Errorf("duckdb: retain %s: %w", table, err)
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 || table != "interactions" {
		return n, err
	}
	_, err = tx.ExecContext(ctx, "UPDATE marks SET value = ? WHERE what = 'forgotten'", int64(before))
	if err != nil {
		return 0, fmt.Errorf("duckdb: retain %s: note what is gone: %w", table, err)
	}
	return n, nil
}
