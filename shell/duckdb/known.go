package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/felt-cx/felt"
)

// known is what the writer remembers of the file, so that a write reads nothing: read
// when the store opens, and again after a transaction failed.
type known struct {
	ticks   map[line]felt.Tick
	cursors map[string]felt.Cursor
	scopes  map[scope]int32
	last    map[int32]felt.Instant // end of a scope's newest interaction
}

// line is what ticks grow along.
type line struct {
	engine uint16
	stage  uint8
	part   felt.Part
}

func lineOf(id felt.BatchID) line { return line{id.Engine, id.Stage, id.Part} }

// scope is what one row of table scopes stands for.
type scope struct {
	env, app, name string
	kind           felt.InteractionKind
	traffic        felt.Traffic
}

// remember reads known from the file.
func (s *Store) remember(ctx context.Context) error {
	k := known{
		ticks: map[line]felt.Tick{}, cursors: map[string]felt.Cursor{},
		scopes: map[scope]int32{}, last: map[int32]felt.Instant{},
	}
	err := each(ctx, s.conn, "SELECT engine, stage, part, tick FROM ticks", nil, func(rows *sql.Rows) error {
		var l line
		var tick felt.Tick
		err := rows.Scan(&l.engine, &l.stage, &l.part, &tick)
		k.ticks[l] = tick
		return err
	})
	if err != nil {
		return fmt.Errorf("duckdb: read table ticks: %w", err)
	}
	err = each(ctx, s.conn, "SELECT name, seq, tick, snapshot, epoch FROM cursors", nil, func(rows *sql.Rows) error {
		var c felt.Cursor
		err := rows.Scan(&c.Name, &c.Seq, &c.Tick, &c.Snapshot, &c.Epoch)
		k.cursors[c.Name] = c
		return err
	})
	if err != nil {
		return fmt.Errorf("duckdb: read table cursors: %w", err)
	}
	err = each(ctx, s.conn, "SELECT id, env, app, name, kind, traffic, last_end FROM scopes", nil, func(rows *sql.Rows) error {
		var id int32
		var sc scope
		var last felt.Instant
		err := rows.Scan(&id, &sc.env, &sc.app, &sc.name, &sc.kind, &sc.traffic, &last)
		k.scopes[sc], k.last[id] = id, last
		return err
	})
	if err != nil {
		return fmt.Errorf("duckdb: read table scopes: %w", err)
	}
	s.known, s.dirty = k, false
	return nil
}

// asker is a connection, a pool or a transaction.
type asker interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// each calls scan for every row of a question.
func each(ctx context.Context, db asker, query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	for rows.Next() {
		if err := scan(rows); err != nil {
			return errors.Join(fmt.Errorf("scan: %w", err), rows.Close())
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	return nil
}
