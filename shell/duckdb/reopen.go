package duckdb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/felt-cx/felt"
)

// leaveWithin is how long questions may go on with a database that is to be opened again.
const leaveWithin = 20 * time.Second

// damaged tells that the database in memory is of no use any more. A checkpoint that fails makes DuckDB
// refuse everything from then on; and a commit that fails, for want of memory say, leaves rows in a part of
// their columns, which the next checkpoint would find. The file and its WAL have neither: what they
// have is what was committed.
func (s *Store) damaged(err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		text := err.Error()
		s.broken = s.broken || strings.Contains(text, "FATAL Error") || strings.Contains(text, "has been invalidated")
	}
	return s.broken
}

// door is where connections come from: it can open the file again while questions and writes go on to use the
// same [database/sql.DB].
type door struct {
	path string
	opts Options

	mu   sync.Mutex
	to   *duck.Connector // nil while shut
	shut bool
}

// open opens the file. Its WAL is read within the memory of a question.
func (d *door) open() error {
	set := url.Values{"access_mode": {"READ_WRITE"}, "memory_limit": {d.opts.MemoryLimit}, "temp_directory": {d.path + ".tmp"}}
	to, err := duck.NewConnector(d.path+"?"+set.Encode(), nil)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	d.mu.Lock()
	d.to, d.shut = to, false
	d.mu.Unlock()
	return nil
}

// Connect implements [driver.Connector].
func (d *door) Connect(ctx context.Context) (driver.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut || d.to == nil {
		return nil, fmt.Errorf("the database is opened again: %w", felt.ErrUnavailable)
	}
	return d.to.Connect(ctx) //nolint:wrapcheck // database/sql looks at it
}

// Driver implements [driver.Connector].
func (*door) Driver() driver.Driver { return duck.Driver{} }

// Close closes the file, once no connection is left.
func (d *door) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut = true
	if d.to == nil {
		return nil
	}
	err := d.to.Close()
	d.to = nil
	return err //nolint:wrapcheck // its caller says what it did
}

// refuse lets nobody in any more.
func (d *door) refuse() {
	d.mu.Lock()
	d.shut = true
	d.mu.Unlock()
}

// reopen lets go of the database in memory and makes it again of the file and its WAL. Questions that
// are under way end with an error, and those that come meanwhile.
func (s *Store) reopen(ctx context.Context) error {
	s.mu.Lock()
	if s.conn == nil { // closed, or somebody else is at it
		s.mu.Unlock()
		return fmt.Errorf("duckdb: open again: %w", felt.ErrUnavailable)
	}
	s.opening = true
	s.leave()
	s.mu.Unlock() // who waits for it and holds a connection is told to leave

	for end := time.Now().Add(leaveWithin); s.db.Stats().OpenConnections > 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.opening = false
	return s.again(ctx)
}

// leave lets go of the writer's connection and of all that nobody uses, and lets nobody in any more.
func (s *Store) leave() {
	s.door.refuse()
	s.db.SetMaxIdleConns(0)
	if s.conn != nil {
		_ = s.conn.Close() // of a damaged database it says so
		s.conn = nil
	}
}

// again opens the file anew, whatever came of the last try. The caller holds the lock.
func (s *Store) again(ctx context.Context) error {
	if s.closed || s.opening {
		return fmt.Errorf("duckdb: open again: %w", felt.ErrUnavailable)
	}
	if n := s.db.Stats().OpenConnections; n > 0 { // DuckDB would wait for them
		return fmt.Errorf("duckdb: open again: %d questions have not ended yet: %w", n, felt.ErrUnavailable)
	}
	_ = s.door.Close() // likewise
	if err := s.door.open(); err != nil {
		return openError(s.path, err)
	}
	err := s.start(ctx)
	if err == nil {
		err = s.keepRoom(ctx)
	}
	if err != nil {
		s.leave()
		return fmt.Errorf("duckdb: open again: %w", err)
	}
	s.db.SetMaxIdleConns(s.opts.Readers + 1)
	s.broken = false
	s.stats.opened()
	return nil
}
