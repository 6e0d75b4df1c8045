package duckdb

import (
	"context"
	"database/sql"
	"math"

	"github.com/felt-cx/felt"
)

// Objective implements [felt.ObjectiveReader].
func (s *Store) Objective(ctx context.Context, q felt.Question, slower felt.Instant) (felt.ObjectiveCounts, error) {
	if slower <= 0 {
		slower = math.MaxInt64
	}
	var out felt.ObjectiveCounts
	err := s.read(ctx, func(tx *sql.Tx) error {
		in, f, err := tried(ctx, tx, q)
		if err != nil || len(in) == 0 {
			return err
		}
		if err := kept(ctx, tx, q); err != nil {
			return err
		}
		return ask(ctx, tx, "objective", f, append(marksOf("{{slower}}", int64(slower)), "{{people}}", f.people("hit")), func(rows *sql.Rows) error {
			var line int
			var c felt.ObjectiveCount
			var first felt.Instant
			var sampled bool
			err := rows.Scan(&line, &c.Decided, &c.Reached, &c.Slow, &c.Failed, &c.Unfinished, &first, &sampled)
			if line == 0 {
				out.Tries, out.First, out.Sampled = c, first, sampled
			} else {
				out.Customers = c
			}
			return err
		})
	})
	if err != nil {
		return felt.ObjectiveCounts{}, err
	}
	return out, nil
}
