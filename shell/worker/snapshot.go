package worker

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
)

// snapshot is the engine's state right after a tick.
type snapshot struct {
	version uint16
	seq     felt.Seq // the last record that is in it
	tick    felt.Tick
	state   []byte
	file    []byte // the whole file, of which state is the end
}

// File format: magic, format, engine version, seq, tick, SHA-256 of all the rest, state.
const (
	snapMagic  = "FELTSNAP"
	snapFormat = 1
	snapHeader = len(snapMagic) + 1 + 2 + 8 + 8 + sha256.Size
	snapSuffix = ".snap"
	snapKept   = 2
)

func (s *snapshot) name() string { return fmt.Sprintf("engine-%020d%s", s.seq, snapSuffix) }

// newSnapshot lets state append itself behind the header, so that it is not copied.
func newSnapshot(version uint16, seq felt.Seq, tick felt.Tick, room int, state func([]byte) []byte) *snapshot {
	b := make([]byte, 0, snapHeader+room)
	b = append(b, snapMagic...)
	b = append(b, snapFormat)
	b = binary.LittleEndian.AppendUint16(b, version)
	b = binary.LittleEndian.AppendUint64(b, uint64(seq))
	b = binary.LittleEndian.AppendUint64(b, uint64(tick))
	b = state(b[:snapHeader])
	copy(b[snapHeader-sha256.Size:], checksum(b))
	return &snapshot{version: version, seq: seq, tick: tick, state: b[snapHeader:], file: b}
}

// checksum is over everything but itself: a wrong place would be as bad as a wrong state.
func checksum(file []byte) []byte {
	h := sha256.New()
	h.Write(file[:snapHeader-sha256.Size])
	h.Write(file[snapHeader:])
	return h.Sum(nil)
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
	if !bytes.Equal(checksum(b), b[snapHeader-sha256.Size:snapHeader]) {
		return nil, fmt.Errorf("snapshot is damaged (checksum): %w", felt.ErrCorrupt)
	}
	if s.version != engine.Version {
		return nil, fmt.Errorf("snapshot of engine version %d, this is %d: %w", s.version, engine.Version, felt.ErrCorrupt)
	}
	return s, nil
}

// Files is what snapshots need of a file system; tests make it fail.
type Files interface {
	// WriteSynced writes the file and syncs it before it returns.
	WriteSynced(name string, data []byte) error
	// Rename puts the file in the place of to, and syncs the directory.
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
	room := int(m.w.count.snapshotBytes.Load())
	s := newSnapshot(engine.Version, m.seq, m.tick, room+room/8, m.eng.AppendSnapshot)
	m.w.count.snapshotBytes.Store(int64(len(s.file)))
	return s
}

// savedSnapshot is a whole file that a cursor may name.
type savedSnapshot struct {
	name      string
	seq       felt.Seq
	tick      felt.Tick
	confirmed bool // the store has everything that made it
}

// saveSnapshot writes the file so that its name is only ever that of a whole one.
func (w *Worker) saveSnapshot(s *snapshot) error {
	final := filepath.Join(w.opts.Dir, s.name())
	if err := w.opts.Files.WriteSynced(final+".tmp", s.file); err != nil {
		return err
	}
	if err := w.opts.Files.Rename(final+".tmp", final); err != nil {
		return err
	}
	w.mu.Lock()
	if n := len(w.saved); n > 0 && w.saved[n-1].name == s.name() {
		w.saved = w.saved[:n-1] // the same place again
	}
	w.saved = append(w.saved, savedSnapshot{name: s.name(), seq: s.seq, tick: s.tick})
	w.mu.Unlock()
	w.count.snapshots.Add(1)
	return nil
}

// confirmSnapshots is called when the store has everything that was given to it: of the
// files whose rows are there it keeps the newest two.
func (w *Worker) confirmSnapshots() {
	w.mu.Lock()
	fresh := false
	for i := range w.saved {
		fresh = fresh || !w.saved[i].confirmed
		w.saved[i].confirmed = true
	}
	var old []savedSnapshot
	if n := len(w.saved) - snapKept; n > 0 {
		old = append(old, w.saved[:n]...)
		w.saved = append(w.saved[:0], w.saved[n:]...)
	}
	w.mu.Unlock()
	for _, s := range old {
		w.removeSnapshot(s.name)
	}
	if fresh {
		select {
		case w.trim <- struct{}{}:
		default:
		}
	}
}

// removeSnapshot may fail: a leftover is cleared away by the next start.
func (w *Worker) removeSnapshot(name string) {
	if err := w.opts.Files.Remove(filepath.Join(w.opts.Dir, name)); err != nil {
		w.opts.Logger.Warn("old snapshot not removed", "err", err)
	}
}

// trimmable is the place up to which neither of two snapshots needs the log; 0 while
// there are not two whose rows are stored.
func (w *Worker) trimmable() felt.Seq {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.saved) < snapKept || !w.saved[snapKept-1].confirmed {
		return 0
	}
	return w.saved[0].seq
}

// newestSnapshot is the place of the newest file; 0 without one.
func (w *Worker) newestSnapshot() felt.Seq {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.saved) == 0 {
		return 0
	}
	return w.saved[len(w.saved)-1].seq
}

// cursor is the worker's place with the newest whole snapshot at or before it.
func (w *Worker) cursor(seq felt.Seq, t felt.Tick) felt.Cursor {
	c := felt.Cursor{Name: CursorName, Seq: seq, Tick: t, Epoch: w.epoch}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.saved {
		if s.seq <= seq && s.tick <= t {
			c.Snapshot = s.name
		}
	}
	return c
}
