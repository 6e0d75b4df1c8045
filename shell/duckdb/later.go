package duckdb

import (
	"context"

	"github.com/felt-cx/felt"
)

// Compact implements [felt.Compactor].
func (s *Store) Compact(ctx context.Context, before felt.Instant, segmentMax int) (int64, error) {
	return 0, felt.ErrUnanswerable
}
