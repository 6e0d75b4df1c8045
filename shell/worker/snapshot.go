package worker

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
)

// snapshot is the engine's state right after a tick: in a file that is not synced and has
// no name to start from yet.
type snapshot struct {
	version uint16
	seq     felt.Seq // the last record that is in it
	tick    felt.Tick
	tmp     string
	file    File
	size    int64
	err     error // the file is not whole
}

// File format: magic, format, engine version, seq, tick; state; SHA-256 of all the rest.
const (
	snapMagic  = "FELTSNAP"
	snapFormat = 2
	snapHeader = len(snapMagic) + 1 + 2 + 8 + 8
	snapSuffix = ".snap"
	tempSuffix = snapSuffix + ".tmp"
	snapKept   = 2
)

func (s *snapshot) name() string { return fmt.Sprintf("engine-%020d%s", s.seq, snapSuffix) }

// write writes header, state and checksum. The checksum is over the place too: a wrong
// one would be as bad as a wrong state.
func (s *snapshot) write(to io.Writer, state func(io.Writer) error) error {
	b := make([]byte, 0, snapHeader)
	b = append(b, snapMagic...)
	b = append(b, snapFormat)
	b = binary.LittleEndian.AppendUint16(b, s.version)
	b = binary.LittleEndian.AppendUint64(b, uint64(s.seq))
	b = binary.LittleEndian.AppendUint64(b, uint64(s.tick))
	h := sha256.New()
	out := io.MultiWriter(to, h, (*size)(&s.size))
	if _, err := out.Write(b); err != nil {
		return fmt.Errorf("snapshot file: %w", err)
	}
	if err := state(out); err != nil {
		return err
	}
	if _, err := out.Write(h.Sum(nil)); err != nil {
		return fmt.Errorf("snapshot file: %w", err)
	}
	return nil
}

// size counts bytes.
type size int64

func (n *size) Write(b []byte) (int, error) {
	*n += size(len(b))
	return len(b), nil
}

// checkSnapshot reads all of a file of size bytes, and tells what its header says.
func checkSnapshot(r io.Reader, size int64) (*snapshot, error) {
	b := make([]byte, snapHeader)
	if size < int64(snapHeader+sha256.Size) {
		return nil, fmt.Errorf("not a snapshot file: %w", felt.ErrCorrupt)
	}
	if err := readWhole(r, b); err != nil {
		return nil, err
	}
	head := b[len(snapMagic):]
	if string(b[:len(snapMagic)]) != snapMagic {
		return nil, fmt.Errorf("not a snapshot file: %w", felt.ErrCorrupt)
	}
	if head[0] != snapFormat {
		return nil, fmt.Errorf("snapshot format %d, this build reads %d: %w", head[0], snapFormat, felt.ErrCorrupt)
	}
	s := &snapshot{
		version: binary.LittleEndian.Uint16(head[1:]),
		seq:     felt.Seq(binary.LittleEndian.Uint64(head[3:])),
		tick:    felt.Tick(binary.LittleEndian.Uint64(head[11:])),
		size:    size,
	}
	h := sha256.New()
	h.Write(b)
	if _, err := io.CopyN(h, r, size-int64(snapHeader+sha256.Size)); err != nil {
		return nil, readError(err)
	}
	sum := make([]byte, sha256.Size)
	if err := readWhole(r, sum); err != nil {
		return nil, err
	}
	if !bytes.Equal(h.Sum(nil), sum) {
		return nil, fmt.Errorf("snapshot is damaged (checksum): %w", felt.ErrCorrupt)
	}
	if s.version != engine.Version {
		return nil, fmt.Errorf("snapshot of engine version %d, this is %d: %w", s.version, engine.Version, felt.ErrCorrupt)
	}
	return s, nil
}

func readWhole(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	return readError(err)
}

// readError tells a file that ends too early, which is damaged, from one that cannot be read.
func readError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("snapshot is cut short: %w", felt.ErrCorrupt)
	}
	return fmt.Errorf("snapshot file: %w", err)
}

// takeSnapshot writes the engine's state, as far as the system's own memory: what is in the way of
// the next tick. The rest is [Worker.saveSnapshot]'s, in the writer's time.
func (m *machine) takeSnapshot() *snapshot {
	w := m.w
	s := &snapshot{version: engine.Version, seq: m.seq, tick: m.tick}
	w.taken++ // there may be another of the same place that is not saved yet
	s.tmp = filepath.Join(w.opts.Dir, fmt.Sprintf("engine-%020d.%d%s", s.seq, w.taken, tempSuffix))
	if s.file, s.err = w.opts.Files.Create(s.tmp); s.err == nil {
		s.err = s.write(s.file, m.eng.WriteSnapshot)
	}
	w.count.snapshotBytes.Store(s.size)
	return s
}

// dropSnapshot lets go of a snapshot that will not be saved.
func (w *Worker) dropSnapshot(s *snapshot) {
	if s == nil || s.file == nil {
		return
	}
	_ = s.file.Close() // nobody will read it
	w.removeSnapshot(filepath.Base(s.tmp))
}

// savedSnapshot is a whole file that a cursor may name.
type savedSnapshot struct {
	name      string
	seq       felt.Seq
	tick      felt.Tick
	confirmed bool // the store has everything that made it
}

// saveSnapshot syncs and names the file: a name is only ever that of a whole one.
func (w *Worker) saveSnapshot(s *snapshot) error {
	if err := w.sealSnapshot(s); err != nil {
		w.removeSnapshot(filepath.Base(s.tmp))
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

func (w *Worker) sealSnapshot(s *snapshot) error {
	if s.file == nil {
		return s.err
	}
	err := s.err
	if err == nil {
		err = s.file.Sync()
	}
	if err = errors.Join(err, s.file.Close()); err != nil {
		return err
	}
	return w.opts.Files.Rename(s.tmp, filepath.Join(w.opts.Dir, s.name()))
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
