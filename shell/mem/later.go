package mem

import (
	"context"

	"github.com/felt-cx/felt"
)

// Compact implements [felt.Compactor].
func (s *Store) Compact(ctx context.Context, before felt.Instant, segmentMax int) (int64, error) {
	return 0, felt.ErrUnanswerable
}

// Trace implements [felt.TraceReader].
func (s *Store) Trace(ctx context.Context, id felt.TraceID) ([]felt.Span, []felt.Interaction, error) {
	return nil, nil, felt.ErrUnanswerable
}

// KeptTraces implements [felt.TraceReader].
func (s *Store) KeptTraces(ctx context.Context, after, upTo felt.Tick, share float64) ([]felt.KeptTrace, error) {
	return nil, felt.ErrUnanswerable
}

// Changes implements [felt.BusinessReader].
func (s *Store) Changes(ctx context.Context, env string, w felt.Window) ([]felt.Change, error) {
	return nil, felt.ErrUnanswerable
}
