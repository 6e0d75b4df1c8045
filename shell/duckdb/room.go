package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"
)

// quietAfter is how long after the last large question memory goes back.
const quietAfter = 3 * time.Second

// quietThreads work when nobody asks: the one that writes.
const quietThreads = 1

// idleAfter is how long after a write its memory goes back: not between one and the next of an import, since
// to give it back and take it again costs as much as a small write.
const idleAfter = 300 * time.Millisecond

// room gives the database more memory while somebody asks or writes, and takes it back
// afterwards: left alone it would keep in memory whatever it once read, up to its limit. Likewise with
// threads, for questions only: a thread that waits for another one's part of a task does not sleep, and
// a write has little that two could do.
type room struct {
	mu     sync.Mutex
	users  int
	writes bool // a transaction of the writer is under way
	wide   bool // the limit is that of writes
	raised bool
	closed bool
	timer  *time.Timer
	idle   *time.Timer   // since the last write
	after  time.Duration // quietAfter, less in tests
}

// makeRoom raises the limit until the returned function is called.
func (s *Store) makeRoom(ctx context.Context) (done func(), err error) {
	if s.opts.QuietLimit == s.opts.MemoryLimit {
		return func() {}, nil
	}
	r := &s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.raised {
		if err := s.limit(ctx, s.opts.MemoryLimit); err != nil {
			return nil, err
		}
		r.raised, r.wide = true, false
	}
	if r.users == 0 {
		if err := s.threads(ctx, s.opts.Threads); err != nil {
			return nil, err
		}
	}
	r.users++
	if r.timer != nil {
		r.timer.Stop()
	}
	return s.leaveRoom, nil
}

func (s *Store) leaveRoom() {
	r := &s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.users--; r.users > 0 || r.closed {
		return
	}
	// When it cannot be, a write takes more of the processors than it need.
	_ = s.threads(context.Background(), quietThreads)
	if r.timer == nil {
		r.timer = time.AfterFunc(r.after, s.quiet)
	} else {
		r.timer.Reset(r.after)
	}
}

// quiet lowers the limit again, unless somebody has come meanwhile.
func (s *Store) quiet() {
	r := &s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.users > 0 || r.closed || !r.raised {
		return
	}
	if r.writes { // its end lowers it
		r.raised = false
		return
	}
	// What cannot be given back now, because somebody holds it, is with the next time.
	if err := s.limit(context.Background(), s.opts.QuietLimit); err == nil {
		r.raised = false
	}
	giveBack()
}

// roomToWrite raises the limit for a transaction of the writer, whose commit may fold the WAL into the
// file: with less room DuckDB writes to its temporary file what it could hold, with much of it
// every checkpoint fills it.
func (s *Store) roomToWrite(ctx context.Context) (done func(), err error) {
	if s.opts.QuietLimit == s.opts.MemoryLimit {
		return func() {}, nil
	}
	r := &s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.raised && !r.wide {
		if err := limitBy(ctx, s.conn, s.opts.WriteLimit); err != nil {
			return nil, err
		}
		r.wide = true
	}
	r.writes = true
	return s.wrote, nil
}

// wrote lets the limit be lowered when no further write comes soon.
func (s *Store) wrote() {
	r := &s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.writes = false; r.raised || r.closed {
		return
	}
	if r.idle == nil {
		r.idle = time.AfterFunc(idleAfter, s.narrow)
	} else {
		r.idle.Reset(idleAfter)
	}
}

// narrow takes the memory of writes back.
func (s *Store) narrow() {
	r := &s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.writes || r.raised || r.closed {
		return
	}
	// What it cannot give back now is with the next write.
	if err := s.limit(context.Background(), s.opts.QuietLimit); err == nil {
		r.wide = false
	}
}

// keepRoom gives a database that was opened again the limit that the last one had.
func (s *Store) keepRoom(ctx context.Context) error {
	r := &s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wide = false
	if r.users > 0 {
		if err := s.threads(ctx, s.opts.Threads); err != nil {
			return err
		}
	}
	if !r.raised {
		return nil
	}
	return s.limit(ctx, s.opts.MemoryLimit)
}

// wantsRoom tells that something failed for want of memory.
func wantsRoom(err error) bool {
	if err == nil {
		return false
	}
	// The appender passes on DuckDB's text, not the kind of its error.
	text := err.Error()
	return strings.Contains(text, "Out of Memory") || strings.Contains(text, "to allocate") || strings.Contains(text, "not allocate") ||
		strings.Contains(text, "failed to pin block")
}

// threads sets how many threads there are, that of the asker included.
func (s *Store) threads(ctx context.Context, n int) error {
	if _, err := s.db.ExecContext(ctx, fmt.Sprintf("SET GLOBAL threads = %d", n)); err != nil {
		return fmt.Errorf("duckdb: set threads to %d: %w", n, err)
	}
	return nil
}

func (s *Store) limit(ctx context.Context, limit string) error { return limitBy(ctx, s.db, limit) }

func limitBy(ctx context.Context, db interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}, limit string,
) error {
	if _, err := db.ExecContext(ctx, "SET GLOBAL memory_limit = "+literal(limit)); err != nil {
		return fmt.Errorf("duckdb: set memory_limit to %s: %w", limit, err)
	}
	return nil
}

// closeRoom ends it: nothing is lowered any more.
func (s *Store) closeRoom() {
	r := &s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.timer != nil {
		r.timer.Stop()
	}
	if r.idle != nil {
		r.idle.Stop()
	}
}
