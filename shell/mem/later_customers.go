package mem

import (
	"context"

	"github.com/felt-cx/felt"
)

// Affected implements [felt.CustomerReader].
func (s *Store) Affected(ctx context.Context, q felt.Question, limit int, page string) ([]felt.Affected, string, error) {
	return nil, "", felt.ErrUnanswerable
}

// Customer implements [felt.CustomerReader].
func (s *Store) Customer(ctx context.Context, env string, id felt.Hash, w felt.Window, limit int) (felt.CustomerWay, error) {
	return felt.CustomerWay{}, felt.ErrUnanswerable
}

// Funnel implements [felt.JourneyReader].
func (s *Store) Funnel(ctx context.Context, q felt.Question) (felt.Funnel, error) {
	return felt.Funnel{}, felt.ErrUnanswerable
}
