package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/health"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// Door takes telemetry in and appends it to the log. It is safe for concurrent use.
type Door struct {
	opt    Options
	limits Limits
	stats  stats
	bodies bufferPool

	bytes    atomic.Int64  // of bodies in flight
	requests atomic.Int64  // in flight
	last     atomic.Int64  // newest stamp given, for the packers
	mode     atomic.Uint32 // felt.Clock, for the packers
	turn     chan struct{} // one token for each slot

	wake     chan struct{} // the sequencer should look again
	finished chan struct{} // closed when Run has ended

	mu      sync.Mutex
	free    []*slot        // not in use; may hold packed requests
	busy    []*slot        // in use
	spares  []*otlp.Packer // empty packers to change against full ones
	ready   []group        // to be appended next, in order
	packing int            // requests that will join soon
	pending int            // requests in slots, waiting for the next append
	since   time.Time      // since when
	more    time.Time      // until then a sender wants its event log left open
	running bool
	closing bool
	healths []*health.Server
}

// New makes a door. It takes requests at once and answers them once [Door.Run] runs.
func New(o Options) (*Door, error) {
	if o.Log == nil {
		return nil, errors.New("ingest: Options.Log is needed")
	}
	if p := o.Settings.Partitions; p < 1 || p > felt.MaxParts {
		return nil, fmt.Errorf("ingest: %d partitions: give 1 to %d", p, felt.MaxParts)
	}
	if c := o.Settings.Clock; c != felt.ClockWall && c != felt.ClockEvent {
		return nil, errors.New("ingest: Options.Settings.Clock must be wall or event")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	d := &Door{
		opt: o, limits: o.Limits.orDefault(),
		turn: make(chan struct{}, runtime.GOMAXPROCS(0)),
		wake: make(chan struct{}, 1), finished: make(chan struct{}),
	}
	d.mode.Store(uint32(o.Settings.Clock))
	for range cap(d.turn) {
		d.turn <- struct{}{}
		d.free = append(d.free, &slot{packer: d.newPacker(), mode: o.Settings.Clock})
	}
	return d, nil
}

// Append puts control records on the log: commands, settings, inventories, and the switch
// of an event log to the wall clock. They get their arrival here. The returned place is
// at or after the last of them. Errors are those of [felt.Log]. Business data goes in by
// [Door.Business]: there can be as much of it as of telemetry.
func (d *Door) Append(ctx context.Context, recs ...felt.Record) (felt.Place, error) {
	for i, r := range recs {
		if r.Kind == felt.KindTelemetry || r.Kind == felt.KindTick || r.Kind == felt.KindBusiness || r.Part != felt.Control {
			return felt.Place{}, fmt.Errorf("ingest: record %d of kind %d for partition %d: telemetry, ticks and business data do not enter here, and what does is for every partition",
				i, r.Kind, r.Part)
		}
	}
	if len(recs) == 0 {
		return felt.Place{}, nil
	}
	w := newWaiter(ticket{door: d, moved: true})
	d.mu.Lock()
	if d.closing {
		d.mu.Unlock()
		return felt.Place{}, fmt.Errorf("append control records: %w", errClosing)
	}
	d.ready = append(d.ready, group{recs: append([]felt.Record(nil), recs...), control: true, waiters: []*waiter{w}})
	d.mu.Unlock()
	d.signal()
	select {
	case done := <-w.done:
		if done.err != nil {
			return felt.Place{}, fmt.Errorf("append control records: %w", done.err)
		}
		return done.place, nil
	case <-ctx.Done():
		return felt.Place{}, fmt.Errorf("append control records (they may still be appended): %w", ctx.Err())
	}
}

// Close makes [Door.Run] append what was taken in, answer it and return, and waits for
// that. From its call on requests are refused as retryable.
func (d *Door) Close() error {
	d.shut()
	d.mu.Lock()
	running := d.running
	d.mu.Unlock()
	if running {
		<-d.finished
	}
	return nil
}

func (d *Door) shut() {
	d.mu.Lock()
	d.closing = true
	healths := d.healths
	d.mu.Unlock()
	for _, h := range healths {
		h.Shutdown()
	}
	d.signal()
}

func (d *Door) signal() {
	select {
	case d.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// ticket is what a request holds of the bounds on requests and bytes in flight. When a
// request has been packed its ticket goes over to the sequencer, so that what waits for
// the log stays counted also when its sender has left.
type ticket struct {
	door  *Door
	bytes int64
	moved bool
}

// admit counts a request in, or says why not. Whoever is admitted returns the ticket.
func (d *Door) admit() (*ticket, *fault) {
	if d.requests.Add(1) > int64(d.limits.Requests) {
		d.requests.Add(-1)
		return nil, faultf(resultBusy, "%d requests are in flight: send it again in a moment", d.limits.Requests)
	}
	return &ticket{door: d}, nil
}

// take reserves more bytes of the bound on bodies in flight.
func (t *ticket) take(n int64) *fault {
	if t.door.bytes.Add(n) > t.door.limits.InFlightBytes {
		t.door.bytes.Add(-n)
		return faultf(resultBusy, "requests of %d MiB are in flight: send it again in a moment", t.door.limits.InFlightBytes>>20)
	}
	t.bytes += n
	return nil
}

// move hands the ticket over.
func (t *ticket) move() ticket {
	t.moved = true
	return ticket{door: t.door, bytes: t.bytes}
}

// release gives back what is held; nothing after a move.
func (t *ticket) release() {
	if !t.moved {
		t.moved = true
		t.door.bytes.Add(-t.bytes)
		t.door.requests.Add(-1)
	}
}

// request is one body on its way.
type request struct {
	signal signal
	json   bool
	packed string // content encoding: "", gzip or zstd
	body   []byte
	ticket *ticket
	sender otlp.Sender
}

// ingest packs a body and returns when it is on the log. The body is not used after
// its return. When the sender leaves meanwhile, what was packed is appended all the same.
func (d *Door) ingest(ctx context.Context, r *request) (otlp.Report, *fault) {
	if len(r.body) == 0 { // an empty message: nothing was sent, and all of it accepted
		return otlp.Report{}, nil
	}
	report, w, f := d.pack(ctx, r)
	if f != nil || w == nil {
		return report, f
	}
	return report, d.await(ctx, w)
}

func (d *Door) await(ctx context.Context, w *waiter) *fault {
	select { // most often it is done within a few ms
	case done := <-w.done:
		return done.fault()
	case <-ctx.Done():
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return faultf(resultDown, "the log did not confirm in time that this is stored: send it again in a moment")
	}
	return faultf(resultGone, "the sender left before this was stored")
}
