package duckdb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strings"
)

//go:embed sql/*.sql
var files embed.FS

// migrations are applied in this order, once each; the version of a file is how many
// of them it has. Never change one that was released: add the next.
func migrations() []string {
	return []string{
		"sql/0001_tables.sql", "sql/0002_coarse.sql", "sql/0003_first.sql", "sql/0004_signals.sql", "sql/0005_findings.sql",
		"sql/0006_incidents.sql", "sql/0007_draws.sql",
	}
}

// query returns the text of a question's file.
func query(name string) (string, error) {
	b, err := files.ReadFile("sql/" + name + ".sql")
	if err != nil {
		return "", fmt.Errorf("duckdb: embedded question %s: %w", name, err)
	}
	return string(b), nil
}

// migrate brings the tables up to this build, each step in a transaction.
func (s *Store) migrate(ctx context.Context) error {
	const make = `CREATE TABLE IF NOT EXISTS migrations (version INTEGER, file VARCHAR)`
	if _, err := s.conn.ExecContext(ctx, make); err != nil {
		return fmt.Errorf("duckdb: make table migrations: %w", err)
	}
	var have int
	err := s.conn.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM migrations").Scan(&have)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("duckdb: read table migrations: %w", err)
	}
	steps := migrations()
	if have > len(steps) {
		return fmt.Errorf("duckdb: %s has schema version %d, this build knows %d: run the newer felt that wrote it",
			s.path, have, len(steps))
	}
	for i := have; i < len(steps); i++ {
		if err := s.step(ctx, i+1, steps[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) step(ctx context.Context, version int, file string) error {
	text, err := files.ReadFile(file)
	if err != nil {
		return fmt.Errorf("duckdb: embedded migration %s: %w", file, err)
	}
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("duckdb: begin migration %s: %w", file, err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if _, err := tx.ExecContext(ctx, string(text)); err != nil {
		return fmt.Errorf("duckdb: migration %s: %w", file, err)
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO migrations VALUES (?, ?)", version, strings.TrimPrefix(file, "sql/")); err != nil {
		return fmt.Errorf("duckdb: note migration %s: %w", file, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("duckdb: commit migration %s: %w", file, err)
	}
	return nil
}
