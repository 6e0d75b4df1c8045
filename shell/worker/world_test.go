package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/mem"
)

// mode is how an operation goes wrong.
type mode int

const (
	didNot    mode = iota // fails, nothing was done
	persisted             // fails, all of it was done
	half                  // fails, a part of it was done
	killed                // nothing was done, and the process is gone
	killedOn              // all of it was done, and then the process is gone
	modes
)

func (m mode) String() string {
	return [...]string{"did not", "persisted", "half", "killed before", "killed after"}[m]
}

var errInjected = errors.New("injected fault")

// world is what a worker touches. It counts operations and makes one of them fail.
type world struct {
	log   *mem.Log
	want  felt.Seq
	until felt.Tick // the last tick that is closed
	store *ledger
	files *memFiles

	ops  atomic.Int64
	at   int64 // operation that fails; 0 none
	mode mode
	dead atomic.Bool
	kill func() // ends the process
	trip atomic.Bool
	now  atomic.Int64
}

func newWorld(t testing.TB, recs []felt.Record) *world {
	t.Helper()
	w := &world{kill: func() {}}
	w.log, w.want = fill(t, recs)
	if len(recs) > 0 {
		w.until = felt.TickOf(recs[len(recs)-1].At) - 1
	}
	w.store = &ledger{world: w, ticks: map[line]felt.Tick{}, rows: map[string]string{}}
	w.files = &memFiles{world: w, files: map[string][]byte{}, synced: map[string]bool{}}
	return w
}

// op asks whether an operation is to go on: do says how much of it is to be done
// (0 nothing, 1 half, 2 all), err what to answer.
func (w *world) op() (do int, err error) {
	if w.dead.Load() {
		return 0, errInjected
	}
	if n := w.ops.Add(1); w.at == 0 || n != w.at {
		return 2, nil
	}
	w.trip.Store(true)
	if w.mode >= killed {
		w.dead.Store(true)
		w.kill()
	}
	switch w.mode {
	case persisted, killedOn:
		return 2, errInjected
	case half:
		return 1, errInjected
	}
	return 0, errInjected
}

// clock moves on by a second each time it is read, so that snapshots are due often.
func (w *world) clock() time.Time { return time.Unix(w.now.Add(1), 0) }

// Append, Read and Last make the world a log that fails as told.
func (w *world) Append(ctx context.Context, recs ...felt.Record) (felt.Place, error) {
	return w.log.Append(ctx, recs...)
}

func (w *world) Last(ctx context.Context) (felt.Place, error) {
	if _, err := w.op(); err != nil {
		return felt.Place{}, err
	}
	return w.log.Last(ctx)
}

func (w *world) Read(ctx context.Context, part felt.Part, after felt.Seq) iter.Seq2[felt.Record, error] {
	return func(yield func(felt.Record, error) bool) {
		n := 0
		for rec, err := range w.log.Read(ctx, part, after) {
			if n++; err == nil && n%16 == 0 {
				var do int
				if do, err = w.op(); do == 2 && err != nil && !yield(rec, nil) {
					return
				}
			}
			if err != nil {
				yield(felt.Record{}, err)
				return
			}
			if !yield(rec, nil) {
				return
			}
		}
	}
}

// options are those of a worker in this world.
func (w *world) options(dir string, clock felt.Clock) Options {
	return Options{
		Log: w, Store: w.store, Files: w.files, Settings: settings(clock), Dir: dir,
		Workers: 2, SnapshotEvery: 20 * time.Second, Now: w.clock, QueueRows: 1,
	}
}

// once runs a worker until everything is in the rows (true) or it ends.
func (w *world) once(t testing.TB, opts Options, stop func(felt.Progress) bool) (done bool, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.kill = cancel
	worker, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx) }()
	for {
		changed := worker.Changed()
		p := worker.Progress()
		done := p.Seq >= w.want && p.Tick >= w.until
		if done || stop != nil && stop(p) {
			cancel()
			err := <-ended
			return done && !w.dead.Load(), err
		}
		select {
		case <-changed:
		case err := <-ended:
			return false, err
		case <-time.After(time.Minute):
			t.Fatalf("no progress past %+v of %d", p, w.want)
		}
	}
}

// finish runs one worker after the other until everything is in the rows.
func (w *world) finish(t testing.TB, opts Options) {
	t.Helper()
	for range 20 {
		if done, _ := w.once(t, opts, nil); done {
			return
		}
		w.dead.Store(false)
	}
	t.Fatal("20 workers in a row ended before everything was in the rows")
}

// line is what ticks grow along.
type line struct {
	stage uint8
	part  felt.Part
}

// ledger is a store that keeps batches as they are, and complains when one that it has
// seen comes again with other rows.
type ledger struct {
	world *world

	mu      sync.Mutex
	ticks   map[line]felt.Tick
	rows    map[string]string
	cursor  felt.Cursor
	other   []string // batches that came again and were not the same
	written func(felt.Batch)
}

func (l *ledger) Write(_ context.Context, batches ...felt.Batch) error {
	do, err := l.world.op()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range batches {
		if b.Cursor.Epoch < l.cursor.Epoch {
			return fmt.Errorf("epoch %d after %d: %w", b.Cursor.Epoch, l.cursor.Epoch, felt.ErrStale)
		}
	}
	for _, b := range batches[:len(batches)*do/2] {
		if b.Cursor.Epoch < l.cursor.Epoch { // taken over in the middle of this call
			return fmt.Errorf("epoch %d after %d: %w", b.Cursor.Epoch, l.cursor.Epoch, felt.ErrStale)
		}
		l.batch(b)
	}
	return err
}

func (l *ledger) batch(b felt.Batch) {
	id := b.ID.String()
	at := line{b.ID.Stage, b.ID.Part}
	if b.ID.Tick > l.ticks[at] {
		l.ticks[at] = b.ID.Tick
		if !b.Empty() {
			l.rows[id] = encode(b)
		}
	} else if old, now := l.rows[id], encode(b); !b.Empty() && old != now {
		l.other = append(l.other, fmt.Sprintf("batch %s came again:\n%.2000s\nbefore:\n%.2000s", id, now, old))
	}
	if c := b.Cursor; c.Seq >= l.cursor.Seq {
		l.cursor = c
	}
	if l.written != nil {
		l.written(b)
	}
}

func (l *ledger) Cursor(context.Context, string) (felt.Cursor, error) {
	if _, err := l.world.op(); err != nil {
		return felt.Cursor{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cursor.Name == "" {
		return felt.Cursor{}, felt.ErrNotFound
	}
	return l.cursor, nil
}

// check compares what is there with what should be.
func (l *ledger) check(t testing.TB, want map[string]string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.other) > 0 {
		t.Error(l.other[0])
		return
	}
	l.world.files.check(t)
	differ(t, l.rows, want)
}

// memFiles is a directory in memory that survives its process.
type memFiles struct {
	world  *world
	mu     sync.Mutex
	files  map[string][]byte
	synced map[string]bool // all that was written survives
	open   int
	wrong  []string // names that were given to files that would not survive
}

// memFile is one of them while it is written or read.
type memFile struct {
	dir  *memFiles
	name string
	rest []byte // to read
}

func (f *memFiles) Create(name string) (File, error) {
	do, err := f.world.op()
	f.mu.Lock()
	defer f.mu.Unlock()
	if do > 0 {
		f.files[name] = nil
	}
	if err != nil {
		return nil, err
	}
	f.open++
	return &memFile{dir: f, name: name}, nil
}

func (f *memFile) Write(b []byte) (int, error) {
	do, err := f.dir.world.op()
	f.dir.mu.Lock()
	defer f.dir.mu.Unlock()
	n := len(b) * do / 2
	f.dir.files[f.name] = append(f.dir.files[f.name], b[:n]...)
	f.dir.synced[f.name] = false
	return n, err
}

func (f *memFile) Sync() error {
	do, err := f.dir.world.op()
	f.dir.mu.Lock()
	defer f.dir.mu.Unlock()
	f.dir.synced[f.name] = do == 2
	return err
}

func (f *memFile) Read(b []byte) (int, error) {
	if _, err := f.dir.world.op(); err != nil {
		return 0, err
	}
	n := copy(b, f.rest)
	f.rest = f.rest[n:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (f *memFile) Close() error {
	_, err := f.dir.world.op()
	f.dir.mu.Lock()
	defer f.dir.mu.Unlock()
	f.dir.open--
	return err
}

func (f *memFiles) Rename(from, to string) error {
	do, err := f.world.op()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.synced[from] {
		f.wrong = append(f.wrong, to)
	}
	if do == 2 {
		f.files[to] = f.files[from]
		delete(f.files, from)
	}
	return err
}

func (f *memFiles) Remove(name string) error {
	do, err := f.world.op()
	f.mu.Lock()
	defer f.mu.Unlock()
	if do == 2 {
		delete(f.files, name)
	}
	return err
}

func (f *memFiles) Open(name string) (io.ReadCloser, int64, error) {
	if _, err := f.world.op(); err != nil {
		return nil, 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	b, ok := f.files[name]
	if !ok {
		return nil, 0, fs.ErrNotExist
	}
	f.open++
	return &memFile{dir: f, name: name, rest: slices.Clone(b)}, int64(len(b)), nil
}

func (f *memFiles) List(string) ([]string, error) {
	if _, err := f.world.op(); err != nil {
		return nil, err
	}
	return f.names(), nil
}

// check is for when no worker runs.
func (f *memFiles) check(t testing.TB) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open != 0 || len(f.wrong) > 0 {
		t.Errorf("%d files are left open; not synced before they were named: %v", f.open, f.wrong)
	}
}

func (f *memFiles) names() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []string
	for name := range f.files {
		names = append(names, filepath.Base(name))
	}
	return slices.Sorted(slices.Values(names))
}
