package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"

	"github.com/felt-cx/felt"
)

// Business rows come one at a time or a hundred thousand in a file. They are appended to
// a table of their own kind for what is new, and taken from there by one statement, in the
// same transaction.

func businessEventRow(w *writing, b *felt.Batch, i int, to []driver.Value) []driver.Value {
	r := &b.BusinessEvents[i]
	w.nr++
	return append(to, w.nr, clean(r.ID), int64(r.Time), clean(r.Kind), hash(r.Customer), hash(r.Account), clean(r.Journey),
		r.AmountMinor, clean(r.Currency), clean(r.Category))
}

func customerFactRow(w *writing, b *felt.Batch, i int, to []driver.Value) []driver.Value {
	r := &b.CustomerFacts[i]
	w.nr++
	return append(to, w.nr, hash(r.Customer), hash(r.Account), clean(r.Key), clean(r.Value), int64(r.ValidFrom))
}

// business takes what this write has appended to the tables of what is new.
func (w *writing) business(ctx context.Context) error {
	if w.stats["new_events"] > 0 {
		if err := w.take(ctx, "events_new"); err != nil {
			return err
		}
	}
	if w.stats["new_facts"] > 0 {
		if err := w.take(ctx, "facts_new"); err != nil {
			return err
		}
	}
	return nil
}

// take runs the statements of a file, its marks filled in.
func (w *writing) take(ctx context.Context, file string, marks ...string) error {
	text, err := query(file)
	if err != nil {
		return err
	}
	return w.exec(ctx, file, fill(text, marks))
}

// Changes implements [felt.BusinessReader].
func (s *Store) Changes(ctx context.Context, env string, w felt.Window) ([]felt.Change, error) {
	const text = `SELECT body FROM changes WHERE env = ? AND started >= ? AND started < ? ORDER BY started DESC, id`
	var list []felt.Change
	err := each(ctx, s.db, text, []any{clean(env), int64(w.From), int64(w.To)}, func(rows *sql.Rows) error {
		var body string
		var c felt.Change
		if err := rows.Scan(&body); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(body), &c); err != nil {
			return fmt.Errorf("change: %w", err)
		}
		list = append(list, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("duckdb: list changes: %w", err)
	}
	return list, nil
}
