package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	driver "github.com/duckdb/duckdb-go/v2"
)

// FailWrites makes the store ask fail before each step of a write (0 before anything, 1
// before the rows, 2 before the commit) and after it (3).
func (s *Store) FailWrites(fail func(step int) error) { s.fault = fail }

// CopyAtMost makes questions with more interactions in scope read them once for each population.
func (s *Store) CopyAtMost(n int64) { s.copyLimit = n }

// Exec runs SQL on the writer's connection, to make many rows quickly.
func (s *Store) Exec(ctx context.Context, text string) error {
	_, err := s.conn.ExecContext(ctx, text)
	return err
}

// AtRead makes Compact call do when it has taken its snapshot of a window.
func (s *Store) AtRead(do func()) { s.read0 = do }

// MakeOld makes a file as the version with the first schema left it, with rows by SQL.
func MakeOld(ctx context.Context, dir, rows string) (err error) {
	path := filepath.Join(dir, FileName)
	connector, err := driver.NewConnector(path, nil)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	db := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, db.Close()) }()
	tables, err := os.ReadFile("sql/0001_tables.sql")
	if err != nil {
		return fmt.Errorf("read the first schema: %w", err)
	}
	for _, text := range []string{
		"CREATE TABLE migrations (version INTEGER, file VARCHAR)", string(tables),
		"INSERT INTO migrations VALUES (1, '0001_tables.sql')", rows,
	} {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("make an old file: %w", err)
		}
	}
	return nil
}

// Text is the one value that SQL on the writer's connection gives.
func (s *Store) Text(ctx context.Context, text string) (string, error) {
	var out string
	err := s.conn.QueryRowContext(ctx, text).Scan(&out)
	return out, err
}
