package duckdb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rollup"
)

// chunkRows is about how many rows are read for one transaction of Compact: its sketches take
// some 15 MB, and a write waits for a fraction of a second.
const chunkRows = 30_000

// Compact implements [felt.Compactor]. It makes one hour or day after the other, each in
// chunks of scopes: rows are read on a connection of their own, so that writes wait only
// while a chunk is written. Until the last chunk is, the window stays stale, and no answer is
// made of it; so a Compact that was cut short loses nothing and begins the window again.
func (s *Store) Compact(ctx context.Context, before felt.Instant, segmentMax int) (int64, error) {
	s.compacting.Lock()
	defer s.compacting.Unlock()
	defer giveBack() // also what writing left behind: this comes once a minute
	began, total := time.Now(), int64(0)
	for _, width := range []felt.Instant{felt.Hour, felt.Day} {
		list, err := s.due(ctx, width, before)
		if err != nil {
			return total, err
		}
		for _, w := range list {
			n, err := s.compactWithRoom(ctx, w, before, segmentMax)
			total += n
			if err != nil {
				return total, fmt.Errorf("duckdb: compact %s of %s: %w", widthName(w.Width), w.Start.Time().Format("2006-01-02 15:04"), err)
			}
		}
	}
	s.stats.compacted(total, time.Since(began), before)
	return total, nil
}

// compactWithRoom makes a window within the memory of a history, and with that of a question only
// when it has to: it comes by itself every hour, and then a third of the process' memory would be
// in buffers.
func (s *Store) compactWithRoom(ctx context.Context, w rollup.Window, before felt.Instant, segmentMax int) (int64, error) {
	n, err := s.compactAsWriter(ctx, w, before, segmentMax)
	if err == nil {
		return n, nil
	}
	if s.damaged(err) {
		if e := s.reopen(ctx); e != nil {
			return n, errors.Join(err, e)
		}
	} else if !wantsRoom(err) {
		return n, err
	}
	done, err := s.makeRoom(ctx)
	if err != nil {
		return n, err
	}
	defer done()
	more, err := s.compactWindow(ctx, w, before, segmentMax)
	return n + more, err
}

func (s *Store) compactAsWriter(ctx context.Context, w rollup.Window, before felt.Instant, segmentMax int) (int64, error) {
	done, err := s.roomToWrite(ctx, s.db, compacts)
	if err != nil {
		return 0, err
	}
	defer done()
	return s.compactWindow(ctx, w, before, segmentMax)
}

func widthName(width felt.Instant) string {
	if width == felt.Day {
		return "day"
	}
	return "hour"
}

// due lists the windows of a width to be made, in order of time.
func (s *Store) due(ctx context.Context, width, before felt.Instant) ([]rollup.Window, error) {
	if err := s.lock(ctx, "compact"); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var list []rollup.Window
	for w, st := range s.known.windows {
		if w.Width == width && st.stale && rollup.Due(w, s.opts.Recovery, st.made, before) && s.ready(w) {
			list = append(list, w)
		}
	}
	slices.SortFunc(list, func(a, b rollup.Window) int { return cmp.Compare(a.Start, b.Start) })
	return list, nil
}

// ready tells whether the hours that a day needs have been made.
func (s *Store) ready(w rollup.Window) bool {
	if w.Width < felt.Day {
		return true
	}
	return !slices.ContainsFunc(rollup.Needs(w, s.opts.Recovery), func(h rollup.Window) bool {
		st, there := s.known.windows[h]
		return there && st.made == 0
	})
}

// compacting makes one window.
type compacting struct {
	s          *Store
	tx         *sql.Tx // reads the rows as they were when it began
	w          rollup.Window
	before     felt.Instant
	segmentMax int
	marks      marks
	seen       uint64 // how often the window had changed by then
	first      bool   // it was never made before
	scopes     map[int32]felt.Series
	admitted   rollup.Admitted
	rows       int64 // written
}

func (s *Store) compactWindow(ctx context.Context, w rollup.Window, before felt.Instant, segmentMax int) (int64, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("begin reading: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it only read
	c := compacting{s: s, tx: tx, w: w, before: before, segmentMax: segmentMax}
	if err := c.begin(ctx); err != nil {
		return 0, err
	}
	if w.Width == felt.Day {
		err = c.day(ctx)
	} else {
		err = c.hour(ctx)
	}
	if err == nil {
		err = c.end(ctx)
	}
	return c.rows, err
}

// begin takes a snapshot of the rows, and notes how often the window has changed by then.
func (c *compacting) begin(ctx context.Context) error {
	if err := c.s.lock(ctx, "compact"); err != nil {
		return err
	}
	c.seen, c.first = c.s.changes[c.w], c.s.known.windows[c.w].made == 0
	var err error
	c.marks, err = readMarks(ctx, c.tx) // the snapshot begins with the first read
	c.s.mu.Unlock()
	if err != nil {
		return err
	}
	if c.s.read0 != nil {
		c.s.read0()
	}
	c.scopes = map[int32]felt.Series{}
	err = each(ctx, c.tx, "SELECT id, env, app, name, kind, traffic FROM scopes", nil, func(rows *sql.Rows) error {
		var id int32
		var of felt.Series
		err := rows.Scan(&id, &of.Env, &of.App, &of.Name, &of.Kind, &of.Traffic)
		c.scopes[id] = of
		return err
	})
	if err != nil {
		return err
	}
	c.admitted, err = readAdmitted(ctx, c.tx)
	return err
}

func readAdmitted(ctx context.Context, db asker) (rollup.Admitted, error) {
	var a rollup.Admitted
	err := each(ctx, db, "SELECT env, app, name, key, value, overflow FROM admitted", nil, func(rows *sql.Rows) error {
		var v rollup.Value
		err := rows.Scan(&v.Env, &v.App, &v.Name, &v.Key.Key, &v.Value, &v.Overflow)
		a.Put(v)
		return err
	})
	if err != nil {
		return a, fmt.Errorf("duckdb: read table admitted: %w", err)
	}
	return a, nil
}

// end notes that the window is made; stale still, when rows have come in the meantime.
func (c *compacting) end(ctx context.Context) error {
	return c.write(ctx, func(ctx context.Context, w *writing) error {
		w.window(c.w, window{stale: c.s.changes[c.w] != c.seen, made: c.before}, true)
		if c.w.Width == felt.Hour {
			for _, day := range rollup.Days(c.w, c.s.opts.Recovery) {
				w.stale(day)
			}
		}
		return w.saveWindows(ctx)
	})
}

// tooLate notes that rows of which the interactions are gone are never made.
func (c *compacting) tooLate(ctx context.Context, mark string) error {
	if !c.first {
		return nil // they are there from before
	}
	return c.write(ctx, func(ctx context.Context, w *writing) error {
		return w.exec(ctx, "marks", "UPDATE marks SET value = greatest(value, ?) WHERE what = ?", int64(c.w.End()), mark)
	})
}

// write runs do in a transaction of the writer's connection.
func (c *compacting) write(ctx context.Context, do func(context.Context, *writing) error) error {
	if err := c.s.lock(ctx, "compact"); err != nil {
		return err
	}
	defer c.s.mu.Unlock()
	w := writing{s: c.s, stats: map[string]int64{}}
	return c.s.transact(ctx, writes, func(ctx context.Context) error { return do(ctx, &w) })
}

// sizes are the rows of each scope, of those that have any.
func (c *compacting) sizes(ctx context.Context, what ...string) (map[int32]int64, error) {
	sizes := map[int32]int64{}
	for _, from := range what {
		err := each(ctx, c.tx, "SELECT scope, count(*) FROM "+from+" GROUP BY scope", nil, func(rows *sql.Rows) error {
			var scope int32
			var n int64
			err := rows.Scan(&scope, &n)
			sizes[scope] += n
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return sizes, nil
}

// chunks calls do with scopes that have about so many rows together. Scopes of one
// app and name stay together: they admit values together.
func (c *compacting) chunks(sizes map[int32]int64, most int64, do func(ids []int32, rows int64) error) error {
	ids := make([]int32, 0, len(sizes))
	for id := range sizes {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b int32) int {
		x, y := c.scopes[a], c.scopes[b]
		return cmp.Or(cmp.Compare(x.Env, y.Env), cmp.Compare(x.App, y.App), cmp.Compare(x.Name, y.Name), cmp.Compare(a, b))
	})
	for len(ids) > 0 {
		n, rows := 0, int64(0)
		for n < len(ids) {
			x, y := c.scopes[ids[max(n-1, 0)]], c.scopes[ids[n]]
			if rows+sizes[ids[n]] > most && n > 0 && (x.Env != y.Env || x.App != y.App || x.Name != y.Name) {
				break
			}
			rows += sizes[ids[n]]
			n++
		}
		if err := do(ids[:n], rows); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// within is the condition of a window on a column.
func (c *compacting) within(column string) string {
	return fmt.Sprintf("%s >= %d AND %s < %d", column, c.w.Start, column, c.w.End())
}

func inScopes(ids []int32) string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = strconv.Itoa(int(id))
	}
	return "scope IN (" + strings.Join(list, ",") + ")"
}
