package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rollup"
)

// Write stores the batches in one transaction, as [felt.Writer] says. An error may come
// from a commit that took place: write the same batches again.
func (s *Store) Write(ctx context.Context, batches ...felt.Batch) error {
	err := s.write(ctx, batches)
	if err == nil {
		return nil
	}
	if s.damaged(err) {
		if e := s.reopen(ctx); e != nil {
			return errors.Join(err, e)
		}
	} else if !wantsRoom(err) {
		return err
	}
	// More than the memory of a write is needed: a checkpoint, a large import.
	s.moreToWrite()
	done, e := s.makeRoom(ctx)
	if e != nil {
		return errors.Join(err, e)
	}
	defer done()
	return s.write(ctx, batches)
}

// write is one attempt of Write.
func (s *Store) write(ctx context.Context, batches []felt.Batch) error {
	began := time.Now()
	if err := s.lock(ctx, "write"); err != nil {
		return err
	}
	defer s.mu.Unlock()
	w := writing{s: s, stats: map[string]int64{}}
	if err := w.plan(batches); err != nil {
		return err
	}
	if w.empty() {
		return nil
	}
	if err := s.transact(ctx, w.as(began), w.rows); err != nil {
		return err
	}
	s.lasts.move(w.moved, s.known.last)
	s.stats.wrote(w.stats, time.Since(began))
	return nil
}

// writing is one call of Write.
type writing struct {
	s       *Store
	batches []*felt.Batch          // those not seen before
	ticks   map[line]felt.Tick     // to be written
	newest  felt.Tick              // of them
	cursors map[string]felt.Cursor // to be written
	stats   map[string]int64       // rows by table
	nr      int64                  // of business rows, in order

	newScopes []scope
	moved     map[int32]bool // scopes whose newest interaction is newer now

	windows map[rollup.Window]bool // to be written; whether table windows has it
	touched rollup.Window          // the last one
}

// plan decides what is new. It changes nothing.
func (w *writing) plan(batches []felt.Batch) error {
	w.ticks, w.cursors = map[line]felt.Tick{}, map[string]felt.Cursor{}
	for i := range batches {
		b := &batches[i]
		if err := w.planCursor(b.Cursor); err != nil {
			return fmt.Errorf("duckdb: batch %s: %w", b.ID, err)
		}
		l := lineOf(b.ID)
		tick, seen := w.ticks[l]
		if !seen {
			tick, seen = w.s.known.ticks[l]
		}
		if seen && b.ID.Tick <= tick {
			continue
		}
		w.ticks[l] = b.ID.Tick
		w.newest = max(w.newest, b.ID.Tick)
		w.batches = append(w.batches, b)
	}
	return nil
}

// planCursor takes a cursor that is not behind the one in the file. A cursor that is
// behind comes from a worker that replays what is written; of it only the epoch counts.
func (w *writing) planCursor(c felt.Cursor) error {
	if c.Name == "" {
		return nil
	}
	old, seen := w.cursors[c.Name]
	if !seen {
		old, seen = w.s.known.cursors[c.Name]
	}
	switch {
	case !seen:
	case c.Epoch < old.Epoch:
		return fmt.Errorf("cursor %q of epoch %d, but epoch %d has written: %w", c.Name, c.Epoch, old.Epoch, felt.ErrStale)
	case c == old:
		return nil
	case c.Seq < old.Seq:
		old.Epoch = c.Epoch
		c = old
	}
	w.cursors[c.Name] = c
	return nil
}

// as is what it counts as, at that time.
func (w *writing) as(now time.Time) width {
	if w.newest.Instant() < felt.InstantOf(now.Add(-importAge)) {
		return imports
	}
	return writes
}

func (w *writing) empty() bool { return len(w.ticks) == 0 && len(w.cursors) == 0 }

// transact runs do in a transaction of the writer's connection, or leaves the file as it
// was, with the memory of such work. The caller holds the lock; what it remembers of the file is read again after an error.
func (s *Store) transact(ctx context.Context, as width, do func(context.Context) error) (err error) {
	defer func() { s.dirty = s.dirty || err != nil }()
	if err := s.at(0); err != nil {
		return err
	}
	done, err := s.roomToWrite(ctx, s.conn, as)
	if err != nil {
		return err
	}
	defer done()
	if _, err := s.conn.ExecContext(ctx, "BEGIN TRANSACTION"); err != nil {
		return fmt.Errorf("duckdb: begin: %w", err)
	}
	err = s.at(1)
	if err == nil {
		err = do(ctx)
	}
	if err == nil {
		err = s.at(2)
	}
	if err == nil {
		if _, err = s.conn.ExecContext(ctx, "COMMIT"); err == nil {
			return s.at(3)
		}
		err = fmt.Errorf("duckdb: commit: %w", err)
		s.broken = true
	}
	// The caller's context may have ended; the transaction must end all the same. After
	// a failed commit there is none, and saying so again helps nobody.
	if _, e := s.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); e != nil && ctx.Err() == nil {
		err = errors.Join(err, fmt.Errorf("duckdb: roll back: %w", e))
	}
	return err
}

// lock takes the writer's connection, with what is remembered of the file up to date; the
// caller calls unlock, unless there is an error.
func (s *Store) lock(ctx context.Context, what string) error {
	s.mu.Lock()
	err := error(nil)
	if s.conn == nil && !s.closed && !s.opening {
		err = s.again(ctx)
	}
	if s.conn == nil && err == nil {
		err = fmt.Errorf("duckdb: %s: the store is closed: %w", what, felt.ErrUnavailable)
	} else if err == nil && s.dirty {
		err = s.remember(ctx)
	}
	if err != nil {
		s.mu.Unlock()
	}
	return err
}

// rows writes all rows, ticks and cursors into the open transaction.
func (w *writing) rows(ctx context.Context) error {
	if err := w.interactions(ctx); err != nil {
		return err
	}
	if err := w.buckets(); err != nil {
		return err
	}
	for _, table := range tables() {
		if err := w.append(ctx, table); err != nil {
			return err
		}
	}
	for _, take := range []func(context.Context) error{w.links, w.business, w.cohort} {
		if err := take(ctx); err != nil {
			return err
		}
	}
	if err := w.traces(); err != nil {
		return err
	}
	if err := w.states(ctx); err != nil {
		return err
	}
	if err := w.saveScopes(ctx); err != nil {
		return err
	}
	if err := w.saveWindows(ctx); err != nil {
		return err
	}
	return w.saveProgress(ctx)
}

func (w *writing) exec(ctx context.Context, what, query string, args ...any) error {
	if _, err := w.s.conn.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("duckdb: write %s: %w", what, err)
	}
	return nil
}

// query asks inside the open transaction.
func (w *writing) query(ctx context.Context, what, query string, args []any, scan func(*sql.Rows) error) error {
	if err := each(ctx, w.s.conn, query, args, scan); err != nil {
		return fmt.Errorf("duckdb: write %s: %w", what, err)
	}
	return nil
}

// at gives a test the chance to fail this step of a write.
func (s *Store) at(step int) error {
	if s.fault == nil {
		return nil
	}
	return s.fault(step)
}
