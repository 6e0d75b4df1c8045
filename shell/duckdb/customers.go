package duckdb

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/felt-cx/felt"
)

// Affected implements [felt.CustomerReader].
func (s *Store) Affected(ctx context.Context, q felt.Question, limit int, page string) ([]felt.Affected, string, error) {
	if limit < 1 {
		limit = defaultLimit
	}
	after, err := affectedPage(page)
	if err != nil {
		return nil, "", err
	}
	var list []felt.Affected
	err = s.read(ctx, func(tx *sql.Tx) error {
		in, f, err := summed(ctx, tx, q)
		if err != nil || len(in) == 0 {
			return err
		}
		if err := kept(ctx, tx, q); err != nil {
			return err
		}
		r, err := s.recoveryOf(ctx, tx, q, in)
		if err != nil {
			return err
		}
		copied, err := s.copies(ctx, tx, f)
		if err != nil {
			return err
		}
		marks := append(r.marks(), "{{successes}}", f.hits(r.successes(q.From)),
			"{{page}}", after, "{{limit}}", strconv.Itoa(limit+1), "{{copy}}", copied, "{{told}}", scopeIDs(told(in)))
		return ask(ctx, tx, "affected", f, marks, func(rows *sql.Rows) error {
			var a felt.Affected
			err := rows.Scan(nullHash{&a.Customer}, &a.Level, nullHash{&a.Account}, &a.Failed, &a.Degraded, &a.Tries,
				&a.First, &a.Last, &a.Fate, &a.ValueMinor, &a.Currency)
			list = append(list, a)
			return err
		})
	})
	if err != nil || len(list) <= limit {
		return list, "", err
	}
	end := list[limit-1]
	return list[:limit], fmt.Sprintf("%016x%s", uint64(end.Failed), end.Customer), nil
}

// copies says whether a question makes a copy of its interactions.
func (s *Store) copies(ctx context.Context, tx *sql.Tx, f filter) (string, error) {
	n, err := countRows(ctx, tx, f)
	if n > s.copyLimit {
		return "NOT MATERIALIZED", err
	}
	return "MATERIALIZED", err
}

// affectedPage returns what a customer behind a page is.
func affectedPage(page string) (string, error) {
	if page == "" {
		return "true", nil
	}
	raw, err := hex.DecodeString(page)
	if err != nil || len(raw) != 24 {
		return "", fmt.Errorf("duckdb: page %q is not one that an earlier answer gave: %w", page, felt.ErrUnanswerable)
	}
	failed := int64(binary.BigEndian.Uint64(raw))
	return fmt.Sprintf("(failed < %d OR failed = %d AND who > %s)", failed, failed, uuid(felt.Hash(raw[8:]))), nil
}

// uuid writes a hash into SQL.
func uuid(h felt.Hash) string { return "'" + hex.EncodeToString(h[:]) + "'::UUID" }
