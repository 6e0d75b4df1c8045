package ingest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

const (
	// soloBytes is from which size on a request gets records of its own, so that the
	// one that is too large for a record can be told.
	soloBytes = 1 << 20
	// sealBytes is the packed size at which a slot's records leave: larger ones gain
	// nothing more from their dictionary.
	sealBytes = 512 << 10
	// keepBytes is the largest buffer kept for the next request.
	keepBytes = 4 << 20
)

// waiter is told when the group that holds its request is on the log.
type waiter struct {
	done   chan outcome
	ticket ticket
}

type outcome struct {
	place felt.Place
	err   error
}

func newWaiter(t ticket) *waiter { return &waiter{done: make(chan outcome, 1), ticket: t} }

// finish tells the waiter; it never blocks.
func (w *waiter) finish(o outcome) {
	w.ticket.release()
	w.done <- o
}

func (o outcome) fault() *fault {
	if o.err == nil {
		return nil
	}
	return appendFault(o.err)
}

// slot is a place where a body is decompressed and packed. There are as many as cores.
// Requests that are packed in the same slot before the next append share dictionaries.
type slot struct {
	packer  *otlp.Packer
	mode    felt.Clock // of packer
	waiters []*waiter  // whose requests are in packer
	flush   bool       // the sequencer wants them as soon as the slot is free
	unpack  unpacker
}

func (d *Door) newPacker() *otlp.Packer {
	s := d.opt.Settings
	return otlp.NewPacker(otlp.Options{
		Limits: d.limits.Telemetry, Partitions: s.Partitions, Clock: felt.Clock(d.mode.Load()), //nolint:gosec // 1 or 2
		LateMax: s.LateMax, Slices: true, Key: d.opt.Key, Redact: d.opt.Redact, MaxWeight: d.opt.MaxWeight,
	})
}

// pack waits for a slot and packs the request there. Without a waiter there is nothing
// to wait for: nothing of the request was accepted.
func (d *Door) pack(ctx context.Context, r *request) (otlp.Report, *waiter, *fault) {
	s, f := d.waitTurn(ctx)
	if f != nil {
		return otlp.Report{}, nil, f
	}
	report, w, sealed, f := d.packIn(s, r)
	d.exit(s, w, sealed)
	if f == nil {
		d.stats.report(&report)
	}
	return report, w, f
}

// waitTurn waits for a slot, and counts as packing from then on: until exit.
func (d *Door) waitTurn(ctx context.Context) (*slot, *fault) {
	d.mu.Lock()
	if d.closing {
		d.mu.Unlock()
		return nil, appendFault(errClosing)
	}
	d.packing++
	d.mu.Unlock()

	select {
	case <-d.turn:
	case <-ctx.Done():
		d.mu.Lock()
		d.packing--
		d.mu.Unlock()
		d.signal()
		return nil, faultf(resultGone, "the sender left before this was stored")
	}
	return d.enter(), nil
}

// enter takes the slot that was used last: its dictionaries are the fullest.
func (d *Door) enter() *slot {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.free[len(d.free)-1]
	d.free = d.free[:len(d.free)-1]
	d.busy = append(d.busy, s)
	return s
}

// exit gives the slot back, and its groups to the sequencer where they should go now.
func (d *Door) exit(s *slot, w *waiter, sealed []group) {
	d.mu.Lock()
	flush := s.flush || d.closing
	d.mu.Unlock()
	// Taking the records is work; it is done outside of the lock, while the slot is ours.
	if len(s.waiters) > 0 && (flush || s.packer.Size() >= sealBytes) {
		sealed = append(sealed, s.seal())
	}
	d.mu.Lock()
	d.busy = slices.DeleteFunc(d.busy, func(o *slot) bool { return o == s })
	d.free = append(d.free, s)
	s.flush = false
	d.ready = append(d.ready, sealed...)
	if w != nil && len(s.waiters) > 0 {
		if d.pending == 0 {
			d.since = time.Now()
		}
		d.pending++
	}
	d.packing--
	look := len(d.ready) > 0 || d.pending == 1 || int64(d.pending) >= d.requests.Load() || d.closing
	d.mu.Unlock()
	d.turn <- struct{}{}
	if look {
		d.signal()
	}
}

// packIn packs r into the slot. Sealed are groups that should go to the log at once.
func (d *Door) packIn(s *slot, r *request) (report otlp.Report, w *waiter, sealed []group, f *fault) {
	defer func() {
		if p := recover(); p != nil {
			d.stats.panics.Add(1)
			d.opt.Logger.Error("ingest: packing panicked; the request was refused", "signal", r.signal.String(),
				"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			d.abandon(s)
			report, w = otlp.Report{}, nil
			f = faultf(resultPanicked, "Felt could not process this; its log says more")
		}
	}()
	body, f := s.unpack.open(r.packed, r.body, d.limits.Decoded)
	if f != nil {
		return report, nil, nil, f
	}
	if mode := felt.Clock(d.mode.Load()); mode != s.mode { //nolint:gosec // 1 or 2
		if len(s.waiters) > 0 {
			sealed = append(sealed, s.seal())
		}
		s.packer, s.mode = d.newPacker(), mode
	}
	solo := len(body) >= soloBytes || s.mode == felt.ClockEvent
	if solo && len(s.waiters) > 0 {
		sealed = append(sealed, s.seal())
	}
	report, err := s.packBody(r, body, d.arrival())
	s.unpack.tidy()
	if err != nil {
		return otlp.Report{}, nil, sealed, badFault(err)
	}
	if report.Spans+report.Logs+report.Points == 0 {
		return report, nil, sealed, nil
	}
	w = newWaiter(r.ticket.move())
	s.waiters = append(s.waiters, w)
	if !solo {
		return report, w, sealed, nil
	}
	own := s.sealed()
	for _, g := range own {
		for _, rec := range g.recs {
			if n := rec.EncodedLen(); n > d.limits.Record {
				w.ticket.release()
				return otlp.Report{}, nil, sealed, faultf(resultLarge,
					"this makes a record of %d bytes, the log takes %d: send smaller batches", n, d.limits.Record)
			}
		}
	}
	return report, w, append(sealed, own...), nil
}

func (s *slot) packBody(r *request, body []byte, now felt.Instant) (otlp.Report, error) {
	p := s.packer
	p.From(r.sender)
	switch {
	case r.signal == traces && r.json:
		return p.TracesJSON(body, now)
	case r.signal == traces:
		return p.Traces(body, now)
	case r.signal == logs && r.json:
		return p.LogsJSON(body, now)
	case r.signal == logs:
		return p.Logs(body, now)
	case r.json:
		return p.MetricsJSON(body, now)
	}
	return p.Metrics(body, now)
}

// seal takes what was packed out of the slot.
func (s *slot) seal() group {
	g := group{newest: s.packer.Newest(), recs: s.packer.Take(nil), waiters: s.waiters}
	s.waiters = nil
	return g
}

// sealed is seal for a request of its own, which in an event log may have come at several moments.
// All of it is appended together, and whoever waits for it is told with the last.
func (s *slot) sealed() []group {
	if s.mode != felt.ClockEvent {
		return []group{s.seal()}
	}
	slices := s.packer.TakeSlices()
	list := make([]group, len(slices))
	for i, at := range slices {
		list[i] = group{newest: at.Newest, recs: at.Records}
	}
	list[len(list)-1].waiters, s.waiters = s.waiters, nil
	return list
}

// abandon gives up what a slot holds after its packer broke: its requests are told to
// come again, since nothing of them is on the log.
func (d *Door) abandon(s *slot) {
	for _, w := range s.waiters {
		w.finish(outcome{err: errBroken})
	}
	d.mu.Lock()
	if !s.flush {
		d.pending -= len(s.waiters)
	}
	d.mu.Unlock()
	s.packer, s.mode, s.waiters = d.newPacker(), felt.Clock(d.mode.Load()), nil //nolint:gosec // 1 or 2
	s.unpack = unpacker{}
}

var errBroken = errors.New("packing broke off: nothing was stored")

// arrival is the time that packers hold event times against: that of the next stamp, or
// a little before.
func (d *Door) arrival() felt.Instant {
	return max(felt.Instant(d.last.Load()), felt.InstantOf(d.opt.Now()))
}
