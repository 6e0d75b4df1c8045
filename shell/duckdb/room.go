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
	writes int // transactions of the writer and compactions that are under way
	wide   width
	fold   string        // size of the WAL at which it is folded into the file, as it is set
	kept   time.Duration // how long the allocator keeps what was freed; negative: as it began
	raised bool
	closed bool
	timer  *time.Timer
	idle   *time.Timer   // since the last write
	after  time.Duration // quietAfter, less in tests
}

// width is which limit of the writer is in force.
type width uint8

const (
	narrow   width = iota // none
	writes                // that of writes
	compacts              // that of a history, but all else as for writes: what compacting reads takes memory beside the writer
	imports               // that of writes of long ago
)

// terms are the memory limit, the size of the WAL at which it is folded into the file, and how long what is freed is
// kept.
func (w width) terms(o *Options) (limit, fold string, kept time.Duration) {
	switch w {
	case compacts:
		return o.ImportLimit, o.CheckpointThreshold, 0
	case imports:
		return o.ImportLimit, o.ImportThreshold, keepLong
	case narrow, writes:
	}
	return o.WriteLimit, o.CheckpointThreshold, 0
}

// importAge is how old the newest rows of a write are when they are taken for a part of a history: those come as fast
// as they can be written, and each checkpoint that is left out is time won.
const importAge = time.Hour

// keepLong is how long what DuckDB frees is kept while somebody asks or a history is written; else not at all.
const keepLong = time.Second

// keep has the allocator keep what is freed for so long. The caller holds the lock.
func (r *room) keep(long time.Duration) {
	if r.kept != long {
		r.kept = long
		keepFreed(long)
	}
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
		r.raised, r.wide = true, narrow
	}
	if r.users == 0 {
		if err := s.threads(ctx, s.opts.Threads); err != nil {
			return nil, err
		}
		r.keep(keepLong)
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
	if r.writes > 0 { // their end lowers it
		r.raised = false
		return
	}
	// What cannot be given back now, because somebody holds it, is with the next time.
	if err := s.limit(context.Background(), s.opts.QuietLimit); err == nil {
		r.raised = false
	}
	r.keep(0)
	giveBack()
}

// roomToWrite raises the limit for a transaction of the writer or a compaction, whose commits may fold the WAL
// into the file: the more, the more what is done needs. With less room DuckDB writes to its temporary file
// what it could hold, with much of it every checkpoint fills it.
func (s *Store) roomToWrite(ctx context.Context, by execer, to width) (done func(), err error) {
	if s.opts.QuietLimit == s.opts.MemoryLimit {
		return func() {}, nil
	}
	r := &s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	limit, fold, long := to.terms(&s.opts)
	if !r.raised {
		r.keep(long)
	}
	if !r.raised && (to > r.wide || to < r.wide && r.writes == 0) {
		// What it cannot give back at once is with the next write.
		if err := limitBy(ctx, by, limit); err != nil && to > r.wide {
			return nil, err
		}
		r.wide = to
	}
	if fold != r.fold {
		if _, err := by.ExecContext(ctx, "SET GLOBAL checkpoint_threshold = "+literal(fold)); err != nil {
			return nil, fmt.Errorf("duckdb: set checkpoint_threshold to %s: %w", fold, err)
		}
		r.fold = fold
	}
	r.writes++
	return s.wrote, nil
}

// moreToWrite lets writes have as much as those of a history from now on, and all that a question has when that is
// too little as well: a checkpoint that fails is tried again with each write, and each time the file is opened again.
func (s *Store) moreToWrite() {
	r, o := &s.room, &s.opts
	r.mu.Lock()
	defer r.mu.Unlock()
	if o.WriteLimit == o.ImportLimit {
		o.ImportLimit = o.MemoryLimit
	}
	o.WriteLimit = o.ImportLimit
}

// wrote lets the limit be lowered when no further write comes soon.
func (s *Store) wrote() {
	r := &s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.writes--; r.writes > 0 || r.raised || r.closed {
		return
	}
	if r.idle == nil {
		r.idle = time.AfterFunc(idleAfter, s.makeNarrow)
	} else {
		r.idle.Reset(idleAfter)
	}
}

// makeNarrow takes the memory of writes back.
func (s *Store) makeNarrow() {
	r := &s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.writes > 0 || r.raised || r.closed {
		return
	}
	// What it cannot give back now is with the next write.
	if err := s.limit(context.Background(), s.opts.QuietLimit); err == nil {
		r.wide = narrow
	}
}

// keepRoom gives a database that was opened again the limit that the last one had.
func (s *Store) keepRoom(ctx context.Context) error {
	r := &s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wide, r.fold = narrow, s.opts.CheckpointThreshold
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

// execer is a connection, or whatever has some.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func limitBy(ctx context.Context, db execer, limit string) error {
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
