package duckdb

// FailWrites makes the store ask fail before each step of a write (0 before anything, 1
// before the rows, 2 before the commit) and after it (3).
func (s *Store) FailWrites(fail func(step int) error) { s.fault = fail }
