package worker

import (
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/felt-cx/felt"
)

// spoiled makes one operation on one of the files that are written fail.
type spoiled struct {
	*memFiles
	file, op int // which; from 1
	created  int
	ops      int         // on that file, so far
	hit      atomic.Bool // it has failed
}

type spoiledFile struct {
	File
	s *spoiled
}

func (s *spoiled) Create(name string) (File, error) {
	f, err := s.memFiles.Create(name)
	if s.created++; s.created != s.file {
		return f, err
	}
	return &spoiledFile{f, s}, err
}

func (f *spoiledFile) fails() bool {
	f.s.ops++
	if f.s.ops == f.s.op {
		f.s.hit.Store(true)
	}
	return f.s.ops == f.s.op
}

func (f *spoiledFile) Write(b []byte) (int, error) {
	if f.fails() { // a full disk takes a part
		n, _ := f.File.Write(b[:len(b)/2])
		return n, errInjected
	}
	return f.File.Write(b)
}

func (f *spoiledFile) Sync() error {
	if f.fails() {
		return errInjected
	}
	return f.File.Sync()
}

// TestPieces: at whichever piece of a snapshot writing fails, the one before stays in force, nothing
// of the failed one is left, and the next is whole.
func TestPieces(t *testing.T) {
	recs := shopLog(21, felt.ClockWall, 30, 400)
	want := reference(t, felt.ClockWall, recs)
	const third = 3
	for op := 1; ; op++ {
		s := &spoiled{file: third, op: op}
		synctest.Test(t, func(t *testing.T) { spoil(t, s, recs, want) })
		if t.Failed() {
			t.Fatalf("operation %d", op)
		}
		if !s.hit.Load() { // it has no more of them
			if op < 5 {
				t.Errorf("only %d operations on a snapshot", op)
			}
			return
		}
	}
}

func spoil(t *testing.T, s *spoiled, recs []felt.Record, want map[string]string) {
	w := newWorld(t, recs)
	s.memFiles = w.files
	opts := w.options(t.TempDir(), felt.ClockWall)
	opts.QueueTicks = 1
	opts.Files = s
	// Stopping before the next one, the state is read from what is in force.
	_, err := w.once(t, opts, func(felt.Progress) bool { return s.hit.Load() })
	if err != nil {
		t.Fatalf("the worker ended: %v", err)
	}
	for _, name := range w.files.names() {
		if !strings.HasSuffix(name, snapSuffix) {
			t.Errorf("%s is left", name)
			continue
		}
		r, size, err := w.files.Open(filepath.Join(opts.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := checkSnapshot(r, size); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_ = r.Close()
	}
	w.finish(t, opts)
	w.store.check(t, want)
}
