package worker

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
)

// snapshot is the engine's state right after a tick.
type snapshot struct {
	version uint16
	seq     felt.Seq // the last record that is in it
	tick    felt.Tick
	state   []byte
}

// File format: magic, format, engine version, seq, tick, SHA-256 of the state, state.
const (
	snapMagic  = "FELTSNAP"
	snapFormat = 1
	snapHeader = len(snapMagic) + 1 + 2 + 8 + 8 + sha256.Size
	snapSuffix = ".snap"
	snapKept   = 2
)

func (s *snapshot) name() string { return fmt.Sprintf("engine-%020d%s", s.seq, snapSuffix) }

func (s *snapshot) encode() []byte {
	b := make([]byte, 0, snapHeader+len(s.state))
	b = append(b, snapMagic...)
	b = append(b, snapFormat)
	b = binary.LittleEndian.AppendUint16(b, s.version)
	b = binary.LittleEndian.AppendUint64(b, uint64(s.seq))
	b = binary.LittleEndian.AppendUint64(b, uint64(s.tick))
	sum := sha256.Sum256(s.state)
	b = append(b, sum[:]...)
	return append(b, s.state...)
}

func decodeSnapshot(b []byte) (*snapshot, error) {
	if len(b) < snapHeader || string(b[:len(snapMagic)]) != snapMagic {
		return nil, fmt.Errorf("not a snapshot file: %w", felt.ErrCorrupt)
	}
	h := b[len(snapMagic):]
	if h[0] != snapFormat {
		return nil, fmt.Errorf("snapshot format %d, this build reads %d: %w", h[0], snapFormat, felt.ErrCorrupt)
	}
	s := &snapshot{
		version: binary.LittleEndian.Uint16(h[1:]),
		seq:     felt.Seq(binary.LittleEndian.Uint64(h[3:])),
		tick:    felt.Tick(binary.LittleEndian.Uint64(h[11:])),
		state:   b[snapHeader:],
	}
	if sha256.Sum256(s.state) != [sha256.Size]byte(h[19:19+sha256.Size]) {
		return nil, fmt.Errorf("snapshot is damaged (checksum): %w", felt.ErrCorrupt)
	}
	if s.version != engine.Version {
		return nil, fmt.Errorf("snapshot of engine version %d, this is %d: %w", s.version, engine.Version, felt.ErrCorrupt)
	}
	return s, nil
}

// Files is what snapshots need of a file system; tests make it fail.
type Files interface {
	// WriteSynced writes the file and syncs it and its directory before it returns.
	WriteSynced(name string, data []byte) error
	Rename(from, to string) error
	Remove(name string) error
	Read(name string) ([]byte, error)
	List(dir string) ([]string, error)
}

type osFiles struct{}

func (osFiles) WriteSynced(name string, data []byte) (err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("snapshot file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("snapshot file: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("snapshot file: %w", err)
	}
	return nil
}

func (osFiles) Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("snapshot file: %w", err)
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return fmt.Errorf("snapshot directory: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("snapshot directory: %w", err)
	}
	return nil
}

func (osFiles) Remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("snapshot file: %w", err)
	}
	return nil
}

func (osFiles) Read(name string) ([]byte, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("snapshot file: %w", err)
	}
	return b, nil
}

func (osFiles) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("snapshot directory: %w", err)
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}

// snapshot takes the engine's state; the file is written later, by the writer.
func (m *machine) snapshot() *snapshot {
	s := &snapshot{version: engine.Version, seq: m.seq, tick: m.tick, state: m.eng.AppendSnapshot(nil)}
	m.w.count.snapshotBytes.Store(int64(len(s.state)))
	return s
}

// saveSnapshot writes the file so that its name is only ever that of a whole one.
func (w *Worker) saveSnapshot(s *snapshot) error {
	final := filepath.Join(w.opts.Dir, s.name())
	if err := w.opts.Files.WriteSynced(final+".tmp", s.encode()); err != nil {
		return err
	}
	if err := w.opts.Files.Rename(final+".tmp", final); err != nil {
		return err
	}
	w.mu.Lock()
	w.saved = append(w.saved, savedSnapshot{name: s.name(), seq: s.seq})
	w.mu.Unlock()
	w.count.snapshots.Add(1)
	return nil
}

// savedSnapshot is a whole file that a cursor may name.
type savedSnapshot struct {
	name string
	seq  felt.Seq
}

// dropSnapshots keeps the newest two; called when the store has the name of the newest.
func (w *Worker) dropSnapshots() {
	w.mu.Lock()
	var old []savedSnapshot
	if n := len(w.saved) - snapKept; n > 0 {
		old = append(old, w.saved[:n]...)
		w.saved = append(w.saved[:0], w.saved[n:]...)
	}
	w.mu.Unlock()
	for _, s := range old {
		if err := w.opts.Files.Remove(filepath.Join(w.opts.Dir, s.name)); err != nil {
			w.opts.Logger.Warn("old snapshot not removed", "err", err)
		}
	}
}

// trimmable is the place up to which no kept snapshot needs the log.
func (w *Worker) trimmable() felt.Seq {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.saved) == 0 {
		return 0
	}
	return w.saved[0].seq
}

// cursor is the worker's place with the newest whole snapshot at or before it.
func (w *Worker) cursor(seq felt.Seq, t felt.Tick) felt.Cursor {
	c := felt.Cursor{Name: CursorName, Seq: seq, Tick: t, Epoch: w.epoch}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.saved {
		if s.seq <= seq {
			c.Snapshot = s.name
		}
	}
	return c
}

// restore finds the newest snapshot that can be read, and the engine in it; without
// one, a new engine at the beginning of the log.
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
	for _, name := range names { // newest first
		s, eng, err := w.load(name)
		if err == nil && s.seq > cur.Seq {
			err = errors.New("it is newer than the rows; the store was put back")
		}
		if err != nil {
			w.opts.Logger.Warn("snapshot passed over", "file", name, "err", err)
			_ = w.opts.Files.Remove(filepath.Join(w.opts.Dir, name)) // never tried again; a leftover does no harm
			continue
		}
		if m.eng == nil {
			m.eng, m.seq, m.tick = eng, s.seq, s.tick
			m.openSeq = s.seq
		}
		w.saved = append([]savedSnapshot{{name: name, seq: s.seq}}, w.saved...)
	}
	if m.eng == nil {
		m.eng = engine.New(w.opts.Settings)
		if cur.Seq > 0 {
			w.opts.Logger.Warn("no usable snapshot: reading the log from its beginning; rows are not doubled")
		}
	}
	w.opts.Logger.Info("engine starts", "after", m.seq, "rows_until", cur.Seq, "epoch", w.epoch)
	return m, nil
}

func (w *Worker) load(name string) (*snapshot, *engine.Engine, error) {
	b, err := w.opts.Files.Read(filepath.Join(w.opts.Dir, name))
	if err != nil {
		return nil, nil, err
	}
	s, err := decodeSnapshot(b)
	if err != nil {
		return nil, nil, err
	}
	eng, err := engine.Restore(w.opts.Settings, s.state)
	if err != nil {
		return nil, nil, err
	}
	return s, eng, nil
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
		case strings.HasSuffix(n, snapSuffix+".tmp"):
			_ = w.opts.Files.Remove(filepath.Join(w.opts.Dir, n)) // of a run that was killed
		}
	}
	sort.Sort(sort.Reverse(sort.StringSlice(names)))
	return names, nil
}
