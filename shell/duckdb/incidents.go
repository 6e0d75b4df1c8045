package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
)

// Incidents implements [felt.IncidentReader]. A limit below 1 means all of them.
// Equal scores and times are in order of id.
func (s *Store) Incidents(ctx context.Context, env string, limit int, in ...felt.IncidentStatus) ([]felt.Incident, error) {
	text := "SELECT body FROM incidents WHERE (? = '' OR env = ?)"
	if len(in) > 0 {
		states := make([]string, len(in))
		for i, st := range in {
			states[i] = strconv.Itoa(int(st))
		}
		text += " AND status IN (" + strings.Join(states, ",") + ")"
	}
	text += " ORDER BY score DESC, opened DESC, id"
	if limit >= 1 {
		text += " LIMIT " + strconv.Itoa(limit)
	}
	env = clean(env)
	return s.incidents(ctx, text, env, env)
}

// Incident implements [felt.IncidentReader].
func (s *Store) Incident(ctx context.Context, id string) (felt.Incident, error) {
	list, err := s.incidents(ctx, "SELECT body FROM incidents WHERE id = ?", clean(id))
	if err != nil {
		return felt.Incident{}, err
	}
	if len(list) == 0 {
		return felt.Incident{}, fmt.Errorf("duckdb: incident %q: %w", id, felt.ErrNotFound)
	}
	return list[0], nil
}

func (s *Store) incidents(ctx context.Context, text string, args ...any) ([]felt.Incident, error) {
	var list []felt.Incident
	err := each(ctx, s.db, text, args, func(rows *sql.Rows) error {
		var body string
		if err := rows.Scan(&body); err != nil {
			return err
		}
		var in felt.Incident
		if err := json.Unmarshal([]byte(body), &in); err != nil {
			return fmt.Errorf("column body: %w", err)
		}
		list = append(list, in)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("duckdb: read incidents: %w", err)
	}
	return list, nil
}

// Cursor implements [felt.Writer].
func (s *Store) Cursor(ctx context.Context, name string) (felt.Cursor, error) {
	c, found := felt.Cursor{Name: name}, false
	err := each(ctx, s.db, "SELECT seq, tick, snapshot, epoch FROM cursors WHERE name = ?", []any{name}, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(&c.Seq, &c.Tick, &c.Snapshot, &c.Epoch)
	})
	if err != nil {
		return felt.Cursor{}, fmt.Errorf("duckdb: read cursor: %w", err)
	}
	if !found {
		return felt.Cursor{}, fmt.Errorf("duckdb: cursor %q: %w", name, felt.ErrNotFound)
	}
	return c, nil
}
