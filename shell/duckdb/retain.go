package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rollup"
)

// chunk is the most rows that one transaction of Retain removes, so that a write waits
// for a fraction of a second at most.
const chunk = 200_000

// Retain implements [felt.Retainer]. Buckets of operations and edges are kept as long
// as buckets of 10 seconds, signals as long as those of a minute, links as long as
// interactions and customer days; other states and what people did are kept for ever. Buckets go by whole hours, long ones by whole days, and none
// before all up to them have been made coarser.
func (s *Store) Retain(ctx context.Context, now felt.Instant, keep felt.Retention) (int64, error) {
	total := int64(0)
	for _, r := range []struct {
		table, where, mark string
		keep, width        felt.Instant // width: of buckets
	}{
		{"interactions", "ended < %d", "forgotten", keep.Interactions, 0},
		{"first_tries", "ended < %d", "", keep.Interactions, 0},
		{"buckets", "width = 10 AND started < %d", "b10", keep.Buckets10s, bucketWidth},
		{"buckets", "width = 60 AND started < %d", "b60", keep.Buckets1m, felt.Minute},
		{"buckets", "width > 60 AND started < %d", "b3600", keep.BucketsLong, felt.Hour},
		{"operations", "started < %d", "", keep.Buckets10s, 0},
		{"edges", "started < %d", "", keep.Buckets10s, 0},
		{"signals", "happened < %d", "", keep.Buckets1m, 0},
		{"customer_days", "day < %d", "days", keep.CustomerDays, 0},
		{"spans", "ended < %d", "", keep.Spans, 0},
		{"traces", "last < %d", "", keep.Spans, 0},
		{"links", "since < %d", "", linksKept(keep), 0},
	} {
		if r.keep <= 0 {
			continue
		}
		for {
			n, err := s.remove(ctx, forgetting{r.table, r.where, r.mark, now, r.keep, r.width})
			if r.table != "traces" && r.table != "first_tries" { // they belong to rows of others
				total += n
			}
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

// linksKept is as long as there may be rows under the weaker identity: 0, for ever, when one
// of them is kept for ever.
func linksKept(keep felt.Retention) felt.Instant {
	if keep.Interactions <= 0 || keep.CustomerDays <= 0 {
		return 0
	}
	return max(keep.Interactions, keep.CustomerDays)
}

// forgetting is what goes of one table.
type forgetting struct {
	table, where, mark string
	now, keep, width   felt.Instant
}

// before is the time before which rows go.
func (f forgetting) before(windows map[rollup.Window]window) felt.Instant {
	if f.width == 0 {
		return f.now - f.keep
	}
	var stale []rollup.Window
	for w, st := range windows {
		if st.stale {
			stale = append(stale, w)
		}
	}
	return rollup.Cut(f.width, f.now, f.keep, stale)
}

// remove deletes at most one chunk, and notes what is no longer all there.
func (s *Store) remove(ctx context.Context, f forgetting) (int64, error) {
	if err := s.lock(ctx, "retain"); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("duckdb: retain %s: begin: %w", f.table, err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	before := f.before(s.known.windows)
	n, err := removeRows(ctx, tx, f, before)
	if err != nil || n == 0 {
		return 0, err
	}
	if err := tx.Commit(); err != nil {
		s.dirty, s.broken = true, true
		return 0, fmt.Errorf("duckdb: retain %s: commit: %w", f.table, err)
	}
	if f.width > 0 {
		s.known.marks.from[f.width] = max(s.known.marks.from[f.width], before)
	}
	return n, nil
}

func removeRows(ctx context.Context, tx *sql.Tx, f forgetting, before felt.Instant) (int64, error) {
	res, err := tx.ExecContext(ctx, fmt.Sprintf("DELETE FROM %s WHERE rowid IN (SELECT rowid FROM %s WHERE %s LIMIT %d)",
		f.table, f.table, fmt.Sprintf(f.where, before), chunk))
	if err != nil {
		return 0, fmt.Errorf("duckdb: retain %s: %w", f.table, err)
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 || f.mark == "" {
		return n, err
	}
	also := f.mark
	if f.width == felt.Hour {
		also = "segments"
	}
	_, err = tx.ExecContext(ctx, "UPDATE marks SET value = greatest(value, ?) WHERE what IN (?, ?)", int64(before), f.mark, also)
	if err != nil {
		return 0, fmt.Errorf("duckdb: retain %s: note what is gone: %w", f.table, err)
	}
	return n, nil
}
