package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
)

// CursorName is the name under which the engine's worker keeps its place.
const CursorName = "engine"

// Options configure a Worker. Log, Store, Settings and Dir are needed; the rest has
// sane defaults.
type Options struct {
	Log      felt.Log
	Store    felt.Writer
	Outbox   felt.Outbox   // nil: nobody is told
	Settings felt.Settings // in force at the beginning of the log
	// Clock is the log's now, when it was switched since its beginning: for when the engine's state is
	// lost, and the log need not reach back to the switch. Default: that of Settings.
	Clock felt.Clock
	Dir   string // of the snapshot files; made when missing

	Workers       int           // goroutines for the partitions; default: processors, at most the partitions
	SnapshotEvery time.Duration // of wall time; default 30 s
	GatherBytes   int           // telemetry held before it is applied; default 8 MiB
	QueueTicks    int           // ticks that may wait for the store; default 8
	QueueRows     int           // more ticks than that may wait while all together have fewer rows; default 50,000
	Retention     felt.Retention
	Hold          func() felt.Seq // another reader needs the log after this; default nobody does
	RetainEvery   time.Duration   // default 10 min; the log is also trimmed with each snapshot
	StopWithin    time.Duration   // how long a stopping worker waits for a store that hangs; default 30 s
	WarmUp        WarmUp
	// Inventory is the one that the log was told last, for when the engine's state is lost and the
	// log does not reach back to where it says so itself; nil: not known.
	Inventory func() felt.Inventory

	Logger *slog.Logger
	Now    func() time.Time // default time.Now
	Files  Files            // default the operating system's
}

func (o *Options) defaults() {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	o.Workers = min(o.Workers, max(o.Settings.Partitions, 1))
	if o.SnapshotEvery <= 0 {
		o.SnapshotEvery = 30 * time.Second
	}
	if o.GatherBytes <= 0 {
		o.GatherBytes = 8 << 20
	}
	if o.QueueTicks <= 0 {
		o.QueueTicks = 8
	}
	if o.QueueRows <= 0 {
		o.QueueRows = rowsPerWrite
	}
	if o.RetainEvery <= 0 {
		o.RetainEvery = 10 * time.Minute
	}
	if o.StopWithin <= 0 {
		o.StopWithin = 30 * time.Second
	}
	o.WarmUp.defaults()
	if o.Inventory == nil {
		o.Inventory = func() felt.Inventory { return felt.Inventory{} }
	}
	if o.Retention == (felt.Retention{}) {
		o.Retention = felt.DefaultRetention()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Files == nil {
		o.Files = osFiles{}
	}
}

// Worker is one reader of the log that makes rows. Make it with [New], run it once.
type Worker struct {
	opts  Options
	epoch uint64
	start felt.Place // the log's end when the worker began: caught up once past it

	mu       sync.Mutex
	progress felt.Progress
	changed  chan struct{}
	stats    engine.Stats
	engine   []felt.Metric
	named    []engine.Operation
	settings felt.Settings // of the engine; the zero value before the first numbers
	rules    felt.Inventory
	saved    []savedSnapshot // oldest first

	machine atomic.Pointer[machine]
	waiting waiting
	batches []felt.Batch // of the goroutine that writes: taken again for each write
	poster  poster
	trim    chan struct{} // a snapshot is kept: older records may go
	ready   atomic.Bool
	// snapshotWaits: a snapshot has been taken and is not written yet.
	snapshotWaits atomic.Bool
	warm          warmth // guarded by mu
	taken         int    // snapshots, of the machine
	count         counters
}

// New returns a worker that has not started.
func New(opts Options) (*Worker, error) {
	if opts.Log == nil || opts.Store == nil || opts.Dir == "" {
		return nil, errors.New("worker: Log, Store and Dir are needed")
	}
	if p := opts.Settings.Partitions; p < 1 || p > felt.MaxParts {
		return nil, fmt.Errorf("worker: %d partitions; want 1 to %d", p, felt.MaxParts)
	}
	opts.defaults()
	return &Worker{opts: opts, changed: make(chan struct{}), trim: make(chan struct{}, 1), waiting: waiting{room: make(chan struct{}, 1)}, poster: poster{wake: make(chan struct{}, 1)}}, nil
}

// Progress is how far the rows have come.
func (w *Worker) Progress() felt.Progress {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.progress
}

// Changed returns a channel that is closed when Progress next moves.
func (w *Worker) Changed() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed
}

// Stats are the engine's counters, at most half a second older than Progress.
func (w *Worker) Stats() engine.Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stats
}

// Named are the operations that need no rule, because their spans name their interaction
// ([engine.Engine.Named]), as old as [Worker.Stats]. Do not write to it.
func (w *Worker) Named() []engine.Operation {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.named
}

// Inventory is the one under which the newest rows were made; its zero value before the first.
func (w *Worker) Inventory() felt.Inventory {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rules
}

// Sights lists what the detectors know now of the series of a scope, whose parts may be empty for
// any, and the smallest effect that they would see. nil before [Worker.Run] has begun.
func (w *Worker) Sights(of felt.Scope) []felt.Sight {
	m := w.machine.Load()
	if m == nil {
		return nil
	}
	return m.sights(of)
}

// Silences are those that hold: nobody is told of incidents in their scopes. nil before
// [Worker.Run] has begun.
func (w *Worker) Silences() []felt.Silence {
	m := w.machine.Load()
	if m == nil {
		return nil
	}
	return m.silences()
}

// Ready reports whether everything that was on the log when the worker began is in
// the rows, but for the tick that its last record left open.
func (w *Worker) Ready() bool { return w.ready.Load() }

// Run reads and writes until ctx ends, then writes what is finished, a last snapshot,
// and returns nil. Any other return is an error after which the process should stop:
// [felt.ErrStale] when another worker has taken over, or a log that cannot be read.
// A store that fails is tried again for ever, with growing pauses.
func (w *Worker) Run(ctx context.Context) error {
	m, err := w.restore(ctx)
	if err == nil {
		err = w.begin(ctx, m)
	}
	if err != nil {
		return err
	}

	// The writer outlives ctx so that finished ticks are not thrown away.
	writing, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	reading, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	patience := context.AfterFunc(ctx, func() { w.losePatience(writing, stop) })
	defer patience()

	queue := make(chan item, w.opts.QueueTicks*queueSize+1)
	written := make(chan error, 1)
	go func() {
		err := w.write(writing, ctx, queue)
		cancel(err)
		stop(err) // nobody takes from the queue any more
		w.drop(queue)
		written <- err
	}()
	var beside sync.WaitGroup
	posts, postNoMore := context.WithCancel(writing)
	defer postNoMore()
	beside.Go(func() { w.post(posts, ctx) })
	beside.Go(func() { w.housekeep(reading) })

	readErr := m.run(reading, writing, queue)
	close(queue)
	writeErr := <-written
	cancel(nil)
	postNoMore()
	beside.Wait()
	if writeErr != nil {
		return writeErr
	}
	return readErr
}

// begin says where the machine starts.
func (w *Worker) begin(ctx context.Context, m *machine) (err error) {
	if w.start, err = w.opts.Log.Last(ctx); err != nil {
		return fmt.Errorf("end of the log: %w", err)
	}
	if m.seq > w.start.Seq {
		return fmt.Errorf("the log ends at %d, but the engine has read it up to %d: it was replaced or cut; put it back, or remove the files in %s to go on with what is there",
			w.start.Seq, m.seq, w.opts.Dir)
	}
	if m.seq == w.start.Seq {
		w.ready.Store(true)
	}
	if w.trimmable() > 0 {
		w.trim <- struct{}{} // it may be full
	}
	if m.tick > 0 {
		in := m.eng.Inventory()
		w.publish(item{progress: felt.Progress{Seq: m.seq, Tick: m.tick, CompleteUntil: m.eng.CompleteUntil(m.tick)}, rules: &in})
	}
	return nil
}

// losePatience gives up on a store that hangs while the worker stops.
func (w *Worker) losePatience(writing context.Context, stop context.CancelCauseFunc) {
	late := time.NewTimer(w.opts.StopWithin)
	defer late.Stop()
	select {
	case <-late.C:
		stop(errors.New("the store did not answer while stopping"))
	case <-writing.Done():
	}
}

// publish makes progress visible and wakes whoever waits for it.
func (w *Worker) publish(it item) {
	w.mu.Lock()
	if it.progress.Tick > w.progress.Tick {
		w.progress = it.progress
	}
	if n := it.numbers; n != nil {
		w.stats, w.engine, w.named, w.settings = n.stats, n.metrics, n.named, n.settings
	}
	if it.rules != nil {
		w.rules = *it.rules
	}
	close(w.changed)
	w.changed = make(chan struct{})
	w.mu.Unlock()
	if it.ready {
		w.ready.Store(true)
	}
}
