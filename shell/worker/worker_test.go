package worker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
	"github.com/felt-cx/felt/shell/mem"
)

// TestStale: when another worker has taken over, this one ends, and at once, however
// much waits to be written.
func TestStale(t *testing.T) {
	recs := shopLog(7, felt.ClockWall, 40, 6)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, recs)
		opts := w.options(t.TempDir(), felt.ClockWall)
		opts.QueueTicks = 1
		n := 0
		w.store.written = func(b felt.Batch) {
			if n++; n == 20 {
				w.store.cursor.Epoch = b.Cursor.Epoch + 1
			}
		}
		done, err := w.once(t, opts, nil)
		if done || !errors.Is(err, felt.ErrStale) {
			t.Fatalf("done %v, error %v; want %v", done, err, felt.ErrStale)
		}
		rows := len(w.store.rows)
		w.store.written = nil
		w.finish(t, opts) // the next one has a newer epoch
		w.store.check(t, reference(t, felt.ClockWall, recs))
		if rows >= len(w.store.rows) {
			t.Error("the stale worker wrote everything")
		}
	})
}

// TestStoreDown: a store that is away for a while delays and loses nothing; progress
// stands still meanwhile.
func TestStoreDown(t *testing.T) {
	recs := shopLog(8, felt.ClockWall, 40, 6)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, recs)
		var down atomic.Bool
		opts := w.options(t.TempDir(), felt.ClockWall)
		opts.QueueTicks = 2
		opts.Store = &gate{Writer: w.store, down: &down}
		worker, err := New(opts)
		if err != nil {
			t.Fatal(err)
		}
		w.store.written = func(b felt.Batch) {
			if b.ID.Tick == felt.TickOf(begin)+15 {
				down.Store(true)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- worker.Run(ctx) }()
		synctest.Wait()
		time.Sleep(time.Hour) // of the bubble
		was := worker.Progress()
		if was.Tick == 0 || was.Seq >= w.want {
			t.Fatalf("progress %+v while the store is down", was)
		}
		time.Sleep(time.Hour)
		if p := worker.Progress(); p != was {
			t.Errorf("progress went on to %+v", p)
		}
		if worker.Ready() {
			t.Error("ready, but the rows are not there")
		}
		w.store.mu.Lock()
		w.store.written = nil
		w.store.mu.Unlock()
		down.Store(false)
		time.Sleep(6 * time.Second) // the longest pause
		synctest.Wait()
		if p := worker.Progress(); p.Seq < w.want || !worker.Ready() {
			t.Errorf("progress %+v of %d, ready %v after the store came back", p, w.want, worker.Ready())
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		w.store.check(t, reference(t, felt.ClockWall, recs))
		if value(worker, "felt_worker_write_errors_total") == 0 {
			t.Error("failed writes are not counted")
		}
	})
}

// gate is a store that can be down, and can hang.
type gate struct {
	felt.Writer
	down *atomic.Bool
	hang bool
}

func (g *gate) Write(ctx context.Context, b ...felt.Batch) error {
	if !g.down.Load() {
		return g.Writer.Write(ctx, b...)
	}
	if g.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return errInjected
}

func value(w *Worker, name string) (v float64) {
	for _, m := range w.Metrics() {
		if m.Name == name {
			v += m.Value
		}
	}
	return v
}

// TestStopWithStoreDown: stopping ends soon although the queue is full and the store
// fails or hangs; the next worker makes up for it.
func TestStopWithStoreDown(t *testing.T) {
	recs := shopLog(9, felt.ClockWall, 40, 6)
	for _, hang := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, recs)
			var down atomic.Bool
			opts := w.options(t.TempDir(), felt.ClockWall)
			opts.QueueTicks = 1
			opts.Store = &gate{Writer: w.store, down: &down, hang: hang}
			w.store.written = func(b felt.Batch) {
				if b.ID.Tick == felt.TickOf(begin)+15 {
					down.Store(true)
				}
			}
			worker, err := New(opts)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- worker.Run(ctx) }()
			synctest.Wait()
			cancel()
			begun := time.Now()
			if err := <-ended; err == nil {
				t.Error("no error, but rows were not written")
			}
			if took := time.Since(begun); took > time.Minute {
				t.Errorf("stopping took %v", took)
			}
			w.store.written = nil
			opts.Store = w.store
			w.finish(t, opts)
			w.store.check(t, reference(t, felt.ClockWall, recs))
		})
	}
}

// TestProgress: it only grows, every move is announced, and CompleteUntil says no more
// than is true.
func TestProgress(t *testing.T) {
	recs := shopLog(10, felt.ClockWall, 40, 8)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.log = mem.NewLog(mem.LogOptions{})
		store := mem.NewStore(mem.StoreOptions{})
		opts := w.options(t.TempDir(), felt.ClockWall)
		opts.Store = store
		worker, err := New(opts)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- worker.Run(ctx) }()
		synctest.Wait()
		if !worker.Ready() {
			t.Error("an empty log: not ready")
		}
		q := felt.Question{Scope: felt.Scope{Env: "production"}, Window: felt.Window{From: begin - felt.Minute}}
		counted := map[felt.Instant]int64{} // complete until -> counted up to there
		for _, r := range recs {
			before, changed := worker.Progress(), worker.Changed()
			if _, err := w.log.Append(ctx, r); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			p := worker.Progress()
			if p.Seq < before.Seq || p.Tick < before.Tick || p.CompleteUntil < before.CompleteUntil {
				t.Fatalf("progress went back from %+v to %+v", before, p)
			}
			select {
			case <-changed:
			default:
				if p != before {
					t.Fatalf("moved from %+v to %+v, and nobody was told", before, p)
				}
			}
			if p == before {
				continue
			}
			if p.Tick < felt.TickOf(r.At)-1 {
				t.Fatalf("at %d the rows are at tick %d", felt.TickOf(r.At), p.Tick)
			}
			if q.To = p.CompleteUntil; q.To > q.From {
				im, err := store.Impact(ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				counted[q.To] = total(im.Counts)
			}
		}
		for until, n := range counted {
			q.To = until
			im, err := store.Impact(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			// Tries that arrive later than settle may come on top: the shop has some.
			if late := total(im.Counts) - n; late < 0 || late > 12 {
				t.Errorf("complete until %d with %d tries, in the end there are %d", until/felt.Second, n, total(im.Counts))
			}
		}
		if len(counted) < 40 || value(worker, "felt_worker_bad_records_total") != 3 || worker.Stats().Events == 0 || len(worker.Named()) == 0 {
			t.Errorf("%d moves, %v bad records (want 3), %+v, named %v", len(counted), value(worker, "felt_worker_bad_records_total"), worker.Stats(), worker.Named())
		}
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		// The next one knows where it stands before anything arrives.
		if worker, err = New(opts); err != nil {
			t.Fatal(err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		defer cancel()
		go func() { ended <- worker.Run(ctx) }()
		synctest.Wait()
		if p := worker.Progress(); p.CompleteUntil == 0 || !worker.Ready() && p.Seq < felt.Seq(len(recs)-1) {
			t.Errorf("after a restart: %+v", p)
		}
		cancel()
		<-ended
	})
}

func total(c felt.Counts) int64 { return c.Decided() + c.Cancelled + c.Open }

// TestReady: it is ready when all that was on the log has been read, also when no tick
// comes after the last record.
func TestReady(t *testing.T) {
	for _, clock := range clocks {
		recs := shopLog(11, clock, 20, 6)
		testReady(t, clock, recs[:len(recs)-45])
	}
}

func testReady(t *testing.T, clock felt.Clock, recs []felt.Record) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, recs)
		worker, err := New(w.options(t.TempDir(), clock))
		if err != nil {
			t.Fatal(err)
		}
		if worker.Ready() {
			t.Error("ready before it began")
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- worker.Run(ctx) }()
		synctest.Wait()
		if !worker.Ready() {
			t.Error("not ready")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// trimLog notes how far it may forget, and checks that two snapshots stay possible.
type trimLog struct {
	*world
	trims []felt.Seq
	check func(upTo felt.Seq)
}

func (l *trimLog) Trim(ctx context.Context, upTo felt.Seq) error {
	l.check(upTo)
	l.trims = append(l.trims, upTo)
	return l.log.Trim(ctx, upTo)
}

// TestTrim: the log is never trimmed past the older of two snapshots that are on disk
// and whose rows are stored; with the newer one damaged nothing is missing.
func TestTrim(t *testing.T) {
	recs := shopLog(12, felt.ClockWall, 60, 6)
	want := reference(t, felt.ClockWall, recs)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, recs)
		w.log = mem.NewLog(mem.LogOptions{KeepBytes: 1})
		dir := t.TempDir()
		opts := w.options(dir, felt.ClockWall)
		log := &trimLog{world: w}
		log.check = func(upTo felt.Seq) {
			var seqs []felt.Seq
			for _, name := range w.files.names() {
				if !strings.HasSuffix(name, snapSuffix) {
					continue
				}
				r, size, err := w.files.Open(dir + "/" + name)
				if errors.Is(err, fs.ErrNotExist) {
					continue // an older one, removed just now
				}
				s, err := checkSnapshot(r, size)
				_ = r.Close()
				if err != nil {
					t.Error(err)
					return
				}
				seqs = append(seqs, s.seq)
			}
			slices.Sort(seqs)
			if len(seqs) < 2 || upTo > seqs[len(seqs)-2] {
				t.Errorf("trimmed up to %d with snapshots at %d", upTo, seqs)
			}
			if cur, err := w.store.Cursor(t.Context(), CursorName); err != nil || cur.Seq < upTo {
				t.Errorf("trimmed up to %d, rows are at %d (%v)", upTo, cur.Seq, err)
			}
		}
		opts.Log = log
		worker, err := New(opts)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- worker.Run(ctx) }()
		for _, r := range recs[:len(recs)*2/3] {
			if _, err := w.log.Append(ctx, r); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if len(log.trims) < 3 {
			t.Errorf("trimmed %d times", len(log.trims))
		}
		names := w.files.names()
		if len(names) != snapKept {
			t.Fatalf("files %v", names)
		}
		w.files.files[dir+"/"+names[1]][snapHeader] ^= 1
		if _, err := w.log.Append(t.Context(), recs[len(recs)*2/3:]...); err != nil {
			t.Fatal(err)
		}
		w.finish(t, opts)
		w.store.check(t, want)
	})
}

// TestUnreadable: a snapshot that cannot be read for the moment is neither removed nor
// gone without; and a log that ends before the state was replaced.
func TestUnreadable(t *testing.T) {
	recs := shopLog(13, felt.ClockWall, 40, 6)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, recs)
		opts := w.options(t.TempDir(), felt.ClockWall)
		w.finish(t, opts)
		names := w.files.names()
		opts.Files = deaf{w.files}
		if _, err := w.once(t, opts, nil); err == nil || !errors.Is(err, errInjected) {
			t.Errorf("no snapshot can be read: %v", err)
		}
		if !slices.Equal(w.files.names(), names) || len(names) != snapKept {
			t.Errorf("files %v, before %v", w.files.names(), names)
		}
		opts.Files = w.files
		w.log, _ = fill(t, recs[:20])
		if _, err := w.once(t, opts, func(felt.Progress) bool { return false }); err == nil || !strings.Contains(err.Error(), "replaced or cut") {
			t.Errorf("a log that ends before the snapshot: %v", err)
		}
	})
}

type deaf struct{ *memFiles }

func (deaf) Open(string) (io.ReadCloser, int64, error) { return nil, 0, errInjected }

// TestOptions: what cannot work is said at once.
func TestOptions(t *testing.T) {
	w := newWorld(t, nil)
	for _, broken := range []func(*Options){
		func(o *Options) { o.Log = nil },
		func(o *Options) { o.Store = nil },
		func(o *Options) { o.Dir = "" },
		func(o *Options) { o.Settings.Partitions = 0 },
		func(o *Options) { o.Settings.Partitions = felt.MaxParts + 1 },
	} {
		opts := w.options(t.TempDir(), felt.ClockWall)
		broken(&opts)
		if _, err := New(opts); err == nil {
			t.Errorf("%+v is taken", opts)
		}
	}
}

// file is a whole snapshot file.
func file(t testing.TB, version uint16, state string) []byte {
	t.Helper()
	var b bytes.Buffer
	s := snapshot{version: version, seq: 7, tick: 8}
	err := s.write(&b, func(w io.Writer) error {
		_, err := io.WriteString(w, state)
		return err
	})
	if err != nil || s.size != int64(b.Len()) {
		t.Fatalf("%v, or %d bytes of %d", err, s.size, b.Len())
	}
	return b.Bytes()
}

func check(b []byte) (*snapshot, error) { return checkSnapshot(bytes.NewReader(b), int64(len(b))) }

// TestDamage: no flipped bit and no cut goes unnoticed.
func TestDamage(t *testing.T) {
	whole := file(t, engine.Version, "state")
	if s, err := check(whole); err != nil || s.seq != 7 || s.tick != 8 {
		t.Fatalf("%+v, %v", s, err)
	}
	for i := range len(whole) * 8 {
		b := slices.Clone(whole)
		b[i/8] ^= 1 << (i % 8)
		if _, err := check(b); !errors.Is(err, felt.ErrCorrupt) {
			t.Fatalf("bit %d flipped: %v", i, err)
		}
	}
	for n := range len(whole) {
		if _, err := check(whole[:n]); !errors.Is(err, felt.ErrCorrupt) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
		if _, err := checkSnapshot(bytes.NewReader(whole[:n]), int64(len(whole))); !errors.Is(err, felt.ErrCorrupt) {
			t.Fatalf("cut to %d bytes while it is read: %v", n, err)
		}
		broken := io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(errInjected))
		if _, err := checkSnapshot(broken, int64(len(whole))); !errors.Is(err, errInjected) || errors.Is(err, felt.ErrCorrupt) {
			t.Fatalf("not to be read after %d bytes: %v", n, err)
		}
	}
}

// FuzzSnapshot: no file makes the reader do anything but accept it or say that it is damaged.
func FuzzSnapshot(f *testing.F) {
	whole := file(f, 1, "state")
	f.Add(whole)
	f.Add(whole[:snapHeader])
	f.Add([]byte(snapMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := check(b)
		if (err == nil) == (s == nil) || err != nil && !errors.Is(err, felt.ErrCorrupt) {
			t.Errorf("%v, %v", s, err)
		}
	})
}
