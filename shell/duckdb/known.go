package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rollup"
)

// known is what the writer remembers of the file, so that a write reads nothing: read
// when the store opens, and again after a transaction failed.
type known struct {
	ticks   map[line]felt.Tick
	cursors map[string]felt.Cursor
	scopes  map[scope]int32
	last    map[int32]felt.Instant // end of a scope's newest interaction
	moved   map[int32]bool         // those whose last is newer than the file's
	saved   felt.Tick              // when the file's were written
	windows map[rollup.Window]window
	marks   marks
}

// line is what ticks grow along.
type line struct {
	stage uint8
	part  felt.Part
}

func lineOf(id felt.BatchID) line { return line{id.Stage, id.Part} }

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
		scopes: map[scope]int32{}, last: map[int32]felt.Instant{}, moved: map[int32]bool{},
	}
	err := each(ctx, s.conn, "SELECT stage, part, tick FROM ticks", nil, func(rows *sql.Rows) error {
		var l line
		var tick felt.Tick
		err := rows.Scan(&l.stage, &l.part, &tick)
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
	if err := k.newest(ctx, s.conn); err != nil {
		return err
	}
	if k.windows, err = readWindows(ctx, s.conn, "true"); err != nil {
		return err
	}
	if k.marks, err = readMarks(ctx, s.conn); err != nil {
		return err
	}
	s.known, s.dirty = k, false
	s.lasts.publish(k.last)
	return nil
}

// behind is how far a partition may be behind another one: what became known up to so
// many ticks before the newest ends were saved may have been written after it.
const behind = felt.Tick(3600)

// newest brings last up to date with what was written since it was saved.
func (k *known) newest(ctx context.Context, db asker) error {
	err := each(ctx, db, "SELECT value FROM marks WHERE what = 'scopes'", nil, func(rows *sql.Rows) error {
		return rows.Scan(&k.saved)
	})
	if err != nil {
		return fmt.Errorf("duckdb: read table marks: %w", err)
	}
	text := fmt.Sprintf("SELECT scope, max(ended) FROM interactions WHERE known > %d GROUP BY scope", k.saved-behind)
	err = each(ctx, db, text, nil, func(rows *sql.Rows) error {
		var id int32
		var end felt.Instant
		err := rows.Scan(&id, &end)
		if end > k.last[id] {
			k.last[id], k.moved[id] = end, true
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("duckdb: read newest interactions: %w", err)
	}
	return nil
}

// lasts are the ends of newest interactions as questions see them.
type lasts struct {
	mu sync.RWMutex
	of map[int32]felt.Instant
}

func (l *lasts) publish(from map[int32]felt.Instant) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of = maps.Clone(from)
}

// move publishes those that a write has moved.
func (l *lasts) move(ids map[int32]bool, from map[int32]felt.Instant) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range ids {
		l.of[id] = from[id]
	}
}

func (l *lasts) get(id int32) felt.Instant {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.of[id]
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
