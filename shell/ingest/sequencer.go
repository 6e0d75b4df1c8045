package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

const (
	// idleClose is how long an event log waits for more before it closes what is open.
	idleClose = 3 * time.Second
	// jump is by how much the system's clock may move on between two looks, a second
	// apart, before it is worth a warning.
	jump = time.Hour
	// slack is how far the clock may stand still without a warning: clocks are
	// disciplined by fractions of a second all the time.
	slack = felt.Second
)

// sequencer is the one goroutine that stamps and appends.
type sequencer struct {
	d        *Door
	clock    clock
	seen     time.Time // the system's clock at the last look
	idle     time.Time // since when no telemetry came
	standing bool      // the clock stands still and it has been said
	ahead    bool      // an event from the future has been warned of
}

// Run appends what requests bring until ctx ends or [Door.Close] is called; it then
// appends what has been taken in and returns. It returns an error when the log does
// not tell where it ends, or when it runs already.
func (d *Door) Run(ctx context.Context) error {
	d.mu.Lock()
	if d.running {
		d.mu.Unlock()
		return errors.New("ingest: Run is called twice")
	}
	d.running = true
	d.mu.Unlock()
	defer close(d.finished)
	stop := context.AfterFunc(ctx, d.shut)
	defer stop()

	q := &sequencer{d: d, clock: clock{mode: d.opt.Settings.Clock, settle: d.opt.Settings.Settle}}
	if err := q.resume(ctx); err != nil {
		d.shut()
		q.refuse(err)
		return err
	}
	q.loop(context.WithoutCancel(ctx))
	return nil
}

// resume finds out where the log ends, so that time goes on from there.
func (q *sequencer) resume(ctx context.Context) error {
	last, err := q.d.opt.Log.Last(ctx)
	if err != nil {
		return fmt.Errorf("ingest: ask the log for its end: %w", err)
	}
	tick := false
	if last.Seq > 0 && q.clock.mode == felt.ClockEvent {
		ctx, cancel := context.WithTimeout(ctx, q.d.limits.Append)
		defer cancel()
		for rec, err := range q.d.opt.Log.Read(ctx, felt.All, last.Seq-1) {
			if err != nil {
				return fmt.Errorf("ingest: read the log's last record: %w", err)
			}
			tick = rec.Kind == felt.KindTick
			break
		}
	}
	q.clock.resume(last.At, tick)
	q.d.last.Store(int64(last.At))
	q.seen, q.idle = q.d.opt.Now(), time.Now()
	return nil
}

func (q *sequencer) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		groups, wait, over := q.look()
		if groups != nil || wait <= 0 {
			q.commit(ctx, groups)
			continue
		}
		if over {
			return
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-q.d.wake:
		}
	}
}

// look collects the groups that should be appended now; without any it says how long
// to wait at most, where zero means that a tick is due. Over says that the door is
// closed and empty.
func (q *sequencer) look() (groups []group, wait time.Duration, over bool) {
	d := q.d
	wait = min(q.untilTick(q.readClock()), time.Second)
	d.mu.Lock()
	defer d.mu.Unlock()
	linger := d.limits.Linger - time.Since(d.since)
	// When all requests in flight wait here, nobody is left to wait for.
	complete := int64(d.pending) >= d.requests.Load()
	if len(d.ready) > 0 || wait <= 0 || d.pending > 0 && (complete || linger <= 0 || d.closing) {
		groups = d.collect()
	}
	switch {
	case groups != nil:
		return groups, 0, false
	case d.closing:
		return nil, time.Second, d.packing == 0
	case d.pending > 0:
		wait = min(wait, linger)
	}
	return nil, max(wait, 0), false
}

// collect takes all that waits. What is in a slot that is in use comes as soon as the
// slot is free. Called with the lock held.
func (d *Door) collect() []group {
	groups := d.ready
	d.ready, d.pending = nil, 0
	for _, s := range d.free {
		if len(s.waiters) == 0 {
			continue
		}
		groups = append(groups, group{waiters: s.waiters, full: s.packer})
		s.packer, s.waiters = d.spare(), nil
	}
	for _, s := range d.busy {
		s.flush = true
	}
	return groups
}

// spare returns an empty packer, one that has seen traffic when there is one.
func (d *Door) spare() *otlp.Packer {
	n := len(d.spares)
	if n == 0 {
		return d.newPacker()
	}
	p := d.spares[n-1]
	d.spares = d.spares[:n-1]
	return p
}

// commit stamps the groups, appends them and tells who waits. Without groups it appends
// the tick that is due.
func (q *sequencer) commit(ctx context.Context, groups []group) {
	q.fill(groups)
	now := felt.InstantOf(q.d.opt.Now())
	before := q.clock
	done := q.stamp(ctx, groups, now)
	control := done
	full := errors.Is(done.err, felt.ErrFull)
	if full && slices.ContainsFunc(groups, func(g group) bool { return !g.control }) {
		// None of it is there. The tick and the commands that shared the append have a
		// reserve in the log, and time must pass, so that the log can be trimmed.
		q.clock = before
		control = q.stamp(ctx, slices.DeleteFunc(slices.Clone(groups), func(g group) bool { return !g.control }), now)
	}
	requests := 0
	for i := range groups {
		told := done
		if groups[i].control {
			told = control
		}
		for _, w := range groups[i].waiters {
			w.finish(told)
		}
		if !groups[i].control {
			requests += len(groups[i].waiters)
			if !full { // senders that come back all the time do not keep an event log open
				q.idle = time.Now()
			}
		}
	}
	if requests > 0 {
		q.d.stats.groups.Add(1)
		q.d.stats.grouped.Add(int64(requests))
	}
}

// stamp gives the groups their arrival and appends them with the ticks that are due.
// For no groups at all, nil, an event log is closed.
func (q *sequencer) stamp(ctx context.Context, groups []group, now felt.Instant) (done outcome) {
	var recs []felt.Record // a new one each time: a log that was given up on may still read the last
	if groups == nil && q.clock.mode == felt.ClockEvent {
		recs = append(recs, q.clock.finish())
	} else {
		recs = q.clock.stamp(recs, groups, now)
	}
	q.d.last.Store(int64(q.clock.last))
	q.d.mode.Store(uint32(q.clock.mode))
	if len(recs) > 0 {
		done = q.append(ctx, recs)
	}
	return done
}

// append gives the stamped records to the log. After an error the clock stays where it
// is: what was appended may be there, and time never goes back.
func (q *sequencer) append(ctx context.Context, recs []felt.Record) outcome {
	d := q.d
	ctx, cancel := context.WithTimeout(ctx, d.limits.Append)
	defer cancel()
	start := time.Now()
	place, err := d.opt.Log.Append(ctx, recs...)
	d.stats.appendTime.Add(int64(time.Since(start)))
	d.stats.appends.Add(1)
	if err != nil {
		d.stats.appendErrors.Add(1)
		d.opt.Logger.Warn("ingest: append to the log failed; senders are asked to come back", "records", len(recs), "error", err)
		return outcome{err: err}
	}
	for i := range recs {
		d.stats.records.Add(1)
		d.stats.recordBytes.Add(int64(recs[i].EncodedLen()))
	}
	return outcome{place: place}
}

// fill takes the records out of full packers, and keeps the packers for others.
func (q *sequencer) fill(groups []group) {
	var empty []*otlp.Packer
	for i := range groups {
		g := &groups[i]
		if g.full != nil {
			g.newest = g.full.Newest()
			g.recs = g.full.Take(nil)
			empty = append(empty, g.full)
			g.full = nil
		}
		if ahead := felt.InstantOf(q.d.opt.Now()) + felt.Day; g.newest > ahead && q.clock.mode == felt.ClockEvent && !q.ahead {
			q.ahead = true
			q.d.opt.Logger.Warn("ingest: an event is more than a day ahead of the wall clock; this event log's clock now stands there",
				"event", g.newest.Time())
		}
	}
	q.d.mu.Lock()
	q.d.spares = append(q.d.spares, empty...)
	q.d.mu.Unlock()
}

// refuse tells those who wait that there will be no append.
func (q *sequencer) refuse(err error) {
	for {
		groups, _, over := q.look()
		for i := range groups {
			for _, w := range groups[i].waiters {
				w.finish(outcome{err: err})
			}
		}
		if over {
			return
		}
		<-q.d.wake
	}
}

// untilTick is how long until the next tick is due; not positive when it is.
func (q *sequencer) untilTick(now felt.Instant) time.Duration {
	if q.clock.mode == felt.ClockWall {
		return time.Duration(q.clock.nextTick() - max(now, q.clock.last))
	}
	if !q.clock.waits() {
		return time.Hour
	}
	return q.d.untilClosed(q.idle)
}

// readClock reads the system's clock, and says so when it moved in a way that a person
// should know of.
func (q *sequencer) readClock() felt.Instant {
	now := q.d.opt.Now()
	at := felt.InstantOf(now)
	if q.clock.mode != felt.ClockWall {
		return at
	}
	// Without their monotonic part, since that is what a jump does not move.
	if by := now.Round(0).Sub(q.seen.Round(0)); by > jump {
		q.d.opt.Logger.Warn("ingest: the system's clock jumped ahead; check it, since the log's clock cannot go back", "by", by)
		q.d.stats.jumps.Add(1)
	}
	q.seen = now
	behind := q.clock.last - at
	q.d.stats.standing.Store(int64(max(behind, 0)))
	if behind > slack && !q.standing {
		q.d.opt.Logger.Warn("ingest: the system's clock is behind the log's; the log's clock stands still until it is caught up with",
			"behind", time.Duration(behind), "until", q.clock.last.Time())
		q.standing = true
		q.d.stats.jumps.Add(1)
	}
	if behind <= 0 {
		q.standing = false
	}
	return at
}
