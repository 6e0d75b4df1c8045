package duckdb

import "context"

// FailWrites makes the store ask fail before each step of a write (0 before anything, 1
// before the rows, 2 before the commit) and after it (3).
func (s *Store) FailWrites(fail func(step int) error) { s.fault = fail }

// Exec runs SQL on the writer's connection, to make many rows quickly.
func (s *Store) Exec(ctx context.Context, text string) error {
	_, err := s.conn.ExecContext(ctx, text)
	return err
}
