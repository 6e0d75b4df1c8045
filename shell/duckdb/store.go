package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rollup"
)

// FileName is the database's file in its directory; DuckDB puts FileName.wal and
// FileName.tmp beside it.
const FileName = "felt.duckdb"

// Options say where the rows are and how much of the machine they may use. Zero
// values take the defaults named here.
type Options struct {
	Dir                 string       // directory of the file; made when missing. Required
	MemoryLimit         string       // of DuckDB while questions are asked, such as "384MB", the default; larger ones spill to disk
	QuietLimit          string       // of DuckDB when nobody asks; default MemoryLimit
	WriteLimit          string       // of DuckDB while a write or a checkpoint is under way that nobody's question raised it for; default MemoryLimit
	ImportLimit         string       // the same while what is written is of more than an hour ago, a history; default WriteLimit
	Threads             int          // for questions; 2. One when nobody asks, unless memory does not change either
	CheckpointThreshold string       // size of the WAL at which it is folded into the file; "64MB"; a checkpoint takes time and memory in proportion
	ImportThreshold     string       // the same while a history is written; default CheckpointThreshold
	Readers             int          // questions at a time; 4
	ExactLimit          int64        // most interactions in scope for an exact count of customers; 20,000,000
	Recovery            felt.Instant // the recovery window; 30 minutes
}

func (o Options) withDefaults() Options {
	if o.MemoryLimit == "" {
		o.MemoryLimit = "384MB"
	}
	if o.QuietLimit == "" {
		o.QuietLimit = o.MemoryLimit
	}
	if o.WriteLimit == "" {
		o.WriteLimit = o.MemoryLimit
	}
	if o.ImportLimit == "" {
		o.ImportLimit = o.WriteLimit
	}
	if o.Threads == 0 {
		o.Threads = 2
	}
	if o.CheckpointThreshold == "" {
		o.CheckpointThreshold = "64MB"
	}
	if o.ImportThreshold == "" {
		o.ImportThreshold = o.CheckpointThreshold
	}
	if o.Readers == 0 {
		o.Readers = 4
	}
	if o.ExactLimit == 0 {
		o.ExactLimit = 20_000_000
	}
	if o.Recovery == 0 {
		o.Recovery = 30 * felt.Minute
	}
	return o
}

// Store is a [felt.Store] in one file. Safe for concurrent use.
type Store struct {
	opts Options
	path string
	door *door
	db   *sql.DB   // its connections come through door
	conn *sql.Conn // the writer's; nil while the file is opened again

	mu      sync.Mutex // held while writing
	known   known      // what the writer remembers of the file
	dirty   bool       // known may differ from the file: a transaction failed
	broken  bool       // what DuckDB has in memory is not to be used any more
	closed  bool
	opening bool // somebody opens the file again
	stats   stats
	lasts   lasts
	room    room
	fault   func(step int) error // of tests; nil otherwise

	copyLimit int64  // less in tests
	read0     func() // of tests: Compact has its snapshot

	compacting sync.Mutex               // held by Compact
	changes    map[rollup.Window]uint64 // how often rows of a window have changed, since the store was opened
}

var _ felt.Store = (*Store)(nil)

// Open opens the file in o.Dir, makes it when missing, and brings its tables up to
// this build's version. It fails when another process has it open, and when a newer
// build has written it.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Dir == "" {
		return nil, errors.New("duckdb: Options.Dir is empty: name the directory for the rows")
	}
	o = o.withDefaults()
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("duckdb: make directory: %w", err)
	}
	path := filepath.Join(o.Dir, FileName)
	if strings.ContainsAny(path, "?%") {
		return nil, fmt.Errorf("duckdb: %s: DuckDB reads '?' and '%%' in a path as options: choose a directory without them", path)
	}
	fewArenas()
	d := &door{path: path, opts: o}
	if err := d.open(); err != nil {
		return nil, openError(path, err)
	}
	s := &Store{opts: o, path: path, copyLimit: copyLimit, door: d, db: sql.OpenDB(d), room: room{after: quietAfter, fold: o.CheckpointThreshold, kept: -1}, changes: map[rollup.Window]uint64{}}
	s.db.SetMaxOpenConns(o.Readers + 1)
	s.db.SetMaxIdleConns(o.Readers + 1)
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// openError says what to do about the two errors that people meet.
func openError(path string, err error) error {
	if strings.Contains(err.Error(), "lock") {
		return fmt.Errorf("duckdb: %s: the data directory is in use by another process: stop it, or name another directory with --data: %w", path, err)
	}
	return fmt.Errorf("duckdb: open %s: %w", path, err)
}

func (s *Store) start(ctx context.Context) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("duckdb: connect: %w", err)
	}
	s.conn = conn
	if err := s.settings(ctx); err != nil {
		return err
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	return s.remember(ctx)
}

// settings are set in SQL, but for those of [door.open]. Without external access, which cannot be given back while the
// database is open, no question can read a file or load an extension. They are locked as
// well, unless the memory limit changes (see room).
func (s *Store) settings(ctx context.Context) error {
	threads, locked := quietThreads, s.opts.QuietLimit == s.opts.MemoryLimit
	if locked {
		threads = s.opts.Threads
	}
	for _, set := range []struct {
		name  string
		value any
	}{
		{"memory_limit", s.opts.QuietLimit},
		{"threads", threads},
		{"checkpoint_threshold", s.opts.CheckpointThreshold},
		{"preserve_insertion_order", false},
		{"autoinstall_known_extensions", false},
		{"autoload_known_extensions", false},
		{"enable_external_access", false},
		{"lock_configuration", locked},
	} {
		if _, err := s.conn.ExecContext(ctx, fmt.Sprintf("SET GLOBAL %s = %s", set.name, literal(set.value))); err != nil {
			return fmt.Errorf("duckdb: set %s to %v: %w", set.name, set.value, err)
		}
	}
	return nil
}

// literal writes an option as SQL; only options of this process come here.
func literal(v any) string {
	if text, ok := v.(string); ok {
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	return fmt.Sprint(v)
}

// Close waits for a write that is under way, folds the WAL into the file and closes it.
func (s *Store) Close() error {
	s.closeRoom()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
		s.conn = nil
	}
	errs = append(errs, s.db.Close())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("duckdb: close: %w", err)
	}
	return nil
}
