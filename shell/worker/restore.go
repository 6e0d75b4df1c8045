package worker

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
)

// restore finds the newest snapshot that can be used, and the engine in it; without
// one, an engine that knows what is stored, at the beginning of the log.
func (w *Worker) restore(ctx context.Context) (*machine, error) {
	if err := os.MkdirAll(w.opts.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("snapshot directory: %w", err)
	}
	cur, err := w.opts.Store.Cursor(ctx, CursorName)
	if err != nil && !errors.Is(err, felt.ErrNotFound) {
		return nil, fmt.Errorf("cursor of the engine: %w", err)
	}
	w.epoch = cur.Epoch + 1
	names, err := w.snapshotNames()
	if err != nil {
		return nil, err
	}
	m := &machine{w: w, parts: make([][]felt.Record, w.opts.Settings.Partitions), lastSnap: w.opts.Now()}
	var unread error
	for _, name := range names { // newest first
		if len(w.saved) == snapKept {
			w.removeSnapshot(name) // left behind by a removal that failed
			continue
		}
		err := w.consider(m, name, cur)
		if err == nil {
			continue
		}
		w.opts.Logger.Warn("snapshot passed over", "file", name, "err", err)
		if errors.Is(err, felt.ErrCorrupt) || errors.Is(err, errAhead) {
			w.removeSnapshot(name) // it would be passed over every time
		} else if !errors.Is(err, fs.ErrNotExist) {
			unread = errors.Join(unread, err)
		}
	}
	if m.eng == nil {
		if unread != nil { // it may be good: the log need not reach back far enough to do without
			return nil, fmt.Errorf("no snapshot can be read (move the files away to read the log from its beginning instead): %w", unread)
		}
		if err := w.resume(ctx, m, cur); err != nil {
			return nil, err
		}
	}
	m.sent = w.cursor(m.seq, m.tick)
	w.opts.Logger.Info("engine starts", "after", m.seq, "rows_until", cur.Seq, "epoch", w.epoch)
	return m, nil
}

// errAhead: a snapshot of a state whose rows are not all stored. The process ended
// between the two, or the store was put back.
var errAhead = errors.New("it is ahead of the rows")

// consider keeps the snapshot as one to start from, and starts from the newest.
func (w *Worker) consider(m *machine, name string, cur felt.Cursor) error {
	path := filepath.Join(w.opts.Dir, name)
	var s *snapshot
	err := w.readFile(path, func(r io.Reader, size int64) (err error) {
		s, err = checkSnapshot(r, size)
		return err
	})
	if err != nil {
		return err
	}
	// With the same place a later tick is ahead too: ticks pass without a record.
	if s.seq > cur.Seq || s.tick > cur.Tick {
		return errAhead
	}
	if m.eng == nil {
		var eng *engine.Engine
		err := w.readFile(path, func(r io.Reader, size int64) (err error) {
			if _, err := io.CopyN(io.Discard, r, int64(snapHeader)); err != nil {
				return readError(err)
			}
			eng, err = engine.RestoreFrom(w.opts.Settings, r, size-int64(snapHeader+sha256.Size))
			if err != nil {
				return fmt.Errorf("state of the engine: %w", err)
			}
			return nil
		})
		if err != nil {
			return err
		}
		m.eng, m.seq, m.tick, m.openSeq = eng, s.seq, s.tick, s.seq
	}
	w.saved = append([]savedSnapshot{{name: name, seq: s.seq, tick: s.tick, confirmed: true}}, w.saved...)
	return nil
}

// readFile reads a file piece by piece: it may be large beside the memory of the process.
func (w *Worker) readFile(path string, read func(r io.Reader, size int64) error) error {
	f, size, err := w.opts.Files.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // nothing was written
	return read(f, size)
}

// snapshotNames lists snapshot files, newest first, and clears half-written ones away.
func (w *Worker) snapshotNames() ([]string, error) {
	all, err := w.opts.Files.List(w.opts.Dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, n := range all {
		switch {
		case strings.HasSuffix(n, snapSuffix):
			names = append(names, n)
		case strings.HasSuffix(n, tempSuffix):
			w.removeSnapshot(n) // of a run that was killed
		}
	}
	sort.Sort(sort.Reverse(sort.StringSlice(names)))
	return names, nil
}
