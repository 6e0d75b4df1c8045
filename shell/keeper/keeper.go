package keeper

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"sync"
	"time"

	"github.com/felt-cx/felt"
)

const (
	// stepTicks is how much of a backlog is taken at once, at least. Where little is kept, steps grow: a
	// month that is imported is a minute forty thousand times.
	stepTicks = 60
	// fewTraces and fewBytes are what a step brings and leaves held at most, so that the next one is larger.
	fewTraces = 2_000
	fewBytes  = 8 << 20
	// mostTicks is how much of a backlog is taken at once, at most. The store is asked once a step, and what a
	// question costs hardly depends on how little is found.
	mostTicks = 86_400
	// mostPiece is the longest time that the store is asked about at once: an event log begins in 1970 and
	// goes on half a century later.
	mostPiece = felt.Tick(1) << 40
	// slack is how far a trace's spans may have arrived before its interaction began:
	// clocks differ, and events of the future are set to some seconds ahead.
	slack = 10 * felt.Second
	// cursorEvery is how often the place is written when there is nothing else to write.
	cursorEvery = 10 * time.Second
	// writeEvery is how often spans are written at most, unless many are held.
	writeEvery = time.Second
)

// Keeper is one reader of the log. Make it with [New], run it once.
type Keeper struct {
	opts  Options
	epoch uint64

	// Of the goroutine that runs.
	log     source
	pos     felt.Place // last record read
	asked   felt.Tick  // the store was asked for traces up to here
	step    felt.Tick  // of a backlog; grows and shrinks
	learned int        // traces, in the last step
	piece   felt.Tick  // the store is asked for at a time
	known   *known
	held    *collector
	waiting map[felt.TraceID]late // traces decided late; the first pass leaves them alone
	rescan  *rescan               // under way
	paused  time.Time             // no further rescan before
	batch   felt.Tick             // of the last batch written
	wrote   time.Time             // the cursor
	marks   []felt.Place          // places to begin a second look at, a minute apart
	seen    felt.Progress         // of the engine, at the last look
	still   time.Time             // since when it has not moved

	count counters
	mu    sync.Mutex
	state state
}

// late is a trace that waits for a second look at the log.
type late struct {
	start felt.Instant // its spans are from here on
	read  felt.Instant // what had arrived until here was read when it became known
	since felt.Tick    // it was not known at this tick
}

// state is what others may ask for.
type state struct {
	moved       time.Time // when a round was last gone through
	safe        felt.Seq  // after a crash the keeper goes on from here
	tick        felt.Tick // of the last record read
	target      felt.Tick // of the engine
	traces      int
	late, bytes int
}

// source reads the log one record at a time. It never waits for records: whoever calls
// knows that there is one.
type source struct {
	next func() (felt.Record, error, bool)
	stop func()
	peek *felt.Record
	last felt.Seq // newest record taken from the log
}

func openSource(ctx context.Context, log felt.Log, after felt.Seq) source {
	next, stop := iter.Pull2(log.Read(ctx, felt.All, after))
	return source{next: next, stop: stop, last: after}
}

// look is the next record up to a place, without taking it; nil when there is none.
func (s *source) look(upTo felt.Seq) (*felt.Record, error) {
	if s.peek == nil && s.last < upTo {
		rec, err, ok := s.next()
		if err != nil {
			return nil, fmt.Errorf("keeper: reading the log after %d: %w", s.last, err)
		}
		if !ok {
			return nil, nil //nolint:nilnil // the context has ended
		}
		s.peek, s.last = &rec, rec.Seq
	}
	if s.peek == nil || s.peek.Seq > upTo {
		return nil, nil //nolint:nilnil // nothing up to there
	}
	return s.peek, nil
}

// Hold is how far the log may be trimmed for the keeper: up to the place from which it
// would go on after a crash. A keeper that is too far behind, or does not get on at all,
// does not hold the log any longer.
func (k *Keeper) Hold() felt.Seq {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.state
	lag := time.Duration((s.target - s.tick).Instant())
	if time.Since(s.moved) > k.opts.HoldLog || s.tick > 0 && lag > k.opts.Behind+k.opts.HoldTrace+k.opts.HoldLog {
		return math.MaxUint64
	}
	return s.safe
}

// Seq is how far the keeper has read for good.
func (k *Keeper) Seq() felt.Seq {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state.safe
}

// Run keeps traces until ctx ends, and then returns nil. Any other return is an error
// after which the process should stop: [felt.ErrStale] when another keeper has taken
// over, or a log that cannot be read. A store that fails is asked again for ever.
func (k *Keeper) Run(ctx context.Context) error {
	if err := k.restore(ctx); err != nil || ctx.Err() != nil {
		return k.ended(ctx, err)
	}
	defer func() { k.log.stop() }()
	defer k.endRescan()
	for {
		more, err := k.round(ctx)
		if err != nil || ctx.Err() != nil {
			return k.ended(ctx, err)
		}
		if more {
			continue
		}
		select {
		case <-time.After(k.opts.Every):
		case <-ctx.Done():
		}
	}
}

func (k *Keeper) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // asked to stop; what is not written is read again
	}
	return err
}

// restore finds the place where the last run ended, and what it knew.
func (k *Keeper) restore(ctx context.Context) error {
	var at, late felt.Cursor
	err := k.retry(ctx, "asking the store where to go on", func() (err error) {
		if at, err = k.cursor(ctx, CursorName); err == nil {
			late, err = k.cursor(ctx, LateCursorName)
		}
		return err
	})
	if err != nil {
		return err
	}
	k.epoch = max(at.Epoch, late.Epoch) + 1
	k.batch = max(at.Tick, late.Tick) + 1 // one more than any that may be there without its cursor
	k.pos.Seq, k.asked = at.Seq, late.Tick
	k.log = openSource(ctx, k.opts.Log, at.Seq)
	if err := k.begin(ctx); err != nil {
		return err
	}
	if k.asked > 0 {
		if err := k.ask(ctx, k.remembered(), k.asked, func(t felt.KeptTrace) { k.remember(t, late.Tick) }); err != nil {
			return err
		}
	}
	k.mu.Lock()
	k.state.safe = at.Seq
	k.mu.Unlock()
	k.opts.Logger.Info("keeper starts", "after", at.Seq, "traces", len(k.known.m), "epoch", k.epoch)
	return nil
}

// begin finds out when the last record that was read arrived, and from when on traces
// can be had at all.
func (k *Keeper) begin(ctx context.Context) error {
	last, err := k.opts.Log.Last(ctx)
	if err != nil {
		return fmt.Errorf("keeper: end of the log: %w", err)
	}
	if last.Seq < k.pos.Seq {
		return fmt.Errorf("keeper: the log ends at %d, but it has been read up to %d: it was replaced or cut", last.Seq, k.pos.Seq)
	}
	if k.pos.Seq == 0 {
		return nil
	}
	at, err := k.first(ctx, k.pos.Seq-1)
	k.pos.At = at.At
	return err
}

func (k *Keeper) cursor(ctx context.Context, name string) (felt.Cursor, error) {
	c, err := k.opts.Store.Cursor(ctx, name)
	if err != nil && !errors.Is(err, felt.ErrNotFound) {
		return c, fmt.Errorf("cursor %s: %w", name, err)
	}
	return c, nil
}

// engine is how far the engine's rows have come.
func (k *Keeper) engine(ctx context.Context) (p felt.Progress, err error) {
	if k.opts.Progress != nil {
		return k.opts.Progress(), nil
	}
	err = k.retry(ctx, "asking the store for the engine's place", func() error {
		c, err := k.cursor(ctx, "engine")
		p.Seq, p.Tick = c.Seq, c.Tick
		return err
	})
	return p, err
}

// round does what there is to do, and reports whether there is more at once.
func (k *Keeper) round(ctx context.Context) (more bool, err error) {
	p, err := k.engine(ctx)
	if err != nil || p.Tick == 0 {
		return false, err
	}
	if p != k.seen {
		k.seen, k.still = p, time.Now()
	}
	// In a log where nothing happens any more the engine's clock stands still, and what it
	// has decided by now it will not decide otherwise.
	drain := time.Since(k.still) >= k.opts.Behind
	behind := felt.Tick(k.opts.Behind / time.Second)
	now, err := k.horizon(p, behind)
	if err != nil {
		return false, err
	}
	if err := k.learn(ctx, now); err != nil {
		return false, err
	}
	k.pace()
	limit := (now - behind).Instant()
	if drain && now == p.Tick {
		limit = math.MaxInt64
	}
	if err := k.pass(ctx, p.Seq, limit); err != nil {
		return false, err
	}
	end := drain && k.pos.Seq >= p.Seq
	if err := k.writeDue(ctx, end); err != nil {
		return false, err
	}
	again, err := k.lookAgain(ctx, end)
	k.publish(p)
	return again || now < p.Tick, err
}

// horizon is the tick up to which the store is asked now: that of the engine, but in a
// backlog no further ahead of what has been read than always.
func (k *Keeper) horizon(p felt.Progress, behind felt.Tick) (felt.Tick, error) {
	next, err := k.log.look(p.Seq)
	if err != nil {
		return 0, err
	}
	if next == nil {
		return max(p.Tick, k.asked), nil
	}
	return max(min(p.Tick, felt.TickOf(next.At)+behind+k.step), k.asked), nil
}

// pace decides how large the next step of a backlog is.
func (k *Keeper) pace() {
	if k.learned <= fewTraces && k.held.bytes <= fewBytes {
		k.step = min(2*k.step, mostTicks)
	} else {
		k.step = max(k.step/2, stepTicks)
	}
}

// ask asks the store, in pieces that grow while little comes, so that no list gets long
// and no time without anything takes long either.
func (k *Keeper) ask(ctx context.Context, after, upTo felt.Tick, each func(felt.KeptTrace)) error {
	const few, many = 1_000, 10_000
	for after < upTo {
		to := min(after+k.piece, upTo)
		var list []felt.KeptTrace
		err := k.retry(ctx, "asking the store for traces", func() (err error) {
			list, err = k.opts.Store.KeptTraces(ctx, after, to, k.opts.Share)
			if err != nil {
				err = fmt.Errorf("traces to keep: %w", err)
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, t := range list {
			each(t)
		}
		after = to
		if len(list) < few {
			k.piece = min(2*k.piece, mostPiece)
		} else if len(list) > many {
			k.piece = max(k.piece/2, 1)
		}
	}
	return nil
}

// remember takes a trace into those that are kept.
func (k *Keeper) remember(t felt.KeptTrace, tick felt.Tick) (fresh bool) {
	fresh, evicted := k.known.add(t.Trace, tick, t.Start-slack)
	k.count.evicted.Add(int64(evicted))
	return fresh
}

// learn finds out which traces became worth keeping. Those whose spans may have been
// passed already wait for a second look.
func (k *Keeper) learn(ctx context.Context, now felt.Tick) error {
	before := k.asked
	k.learned = 0
	err := k.ask(ctx, before, now, func(t felt.KeptTrace) {
		fresh := k.remember(t, now)
		k.learned++
		if !fresh || k.pos.Seq == 0 || t.Start-slack > k.pos.At {
			return
		}
		if old, ok := k.waiting[t.Trace]; ok {
			old.start = min(old.start, t.Start)
			k.waiting[t.Trace] = old
			return
		}
		if len(k.waiting) >= k.opts.Late {
			k.count.missed.Add(1)
			return
		}
		k.waiting[t.Trace] = late{start: t.Start, read: k.pos.At, since: before}
		k.count.late.Add(1)
	})
	if err != nil {
		return err
	}
	k.asked = now
	k.known.expire(k.remembered())
	return nil
}

// remembered is since when traces are known. In a backlog the store is asked far ahead of what was read, and
// what is read next may be of any of them.
func (k *Keeper) remembered() felt.Tick {
	return max(min(k.asked, felt.TickOf(k.pos.At))-felt.TickOf(felt.Instant(k.opts.Remember)), 0)
}

// pass reads records that arrived up to the limit, and writes when much is held.
func (k *Keeper) pass(ctx context.Context, upTo felt.Seq, limit felt.Instant) error {
	for ctx.Err() == nil {
		rec, err := k.log.look(upTo)
		if err != nil || rec == nil || rec.At > limit {
			return err
		}
		k.log.peek = nil
		k.mark(rec)
		if rec.Kind == felt.KindTelemetry {
			if err := k.held.read(*rec, k.wants); err != nil {
				k.count.bad.Add(1)
				k.opts.Logger.Error("keeper: telemetry record passed over", "err", err)
			}
		}
		k.pos = felt.Place{Seq: rec.Seq, At: rec.At}
		if k.held.bytes >= k.opts.HeldBytes {
			k.count.forced.Add(1)
			half := k.held.bytes / 2
			spans := k.held.take(func(h *heldTrace) bool { return k.held.bytes > half })
			if err := k.write(ctx, spans); err != nil {
				return err
			}
		}
	}
	return nil
}

// wants reports whether the first pass takes a trace.
func (k *Keeper) wants(t felt.TraceID) bool {
	if !k.known.has(t) {
		return false
	}
	_, waits := k.waiting[t]
	return !waits
}

// mark remembers places about a minute apart.
func (k *Keeper) mark(rec *felt.Record) {
	const most = 48 * 60
	if n := len(k.marks); n > 0 && rec.At < k.marks[n-1].At+felt.Minute {
		return
	}
	if len(k.marks) >= most {
		k.marks = append(k.marks[:0], k.marks[most/2:]...)
	}
	k.marks = append(k.marks, felt.Place{Seq: rec.Seq - 1, At: rec.At})
}

// writeDue writes the traces of which nothing came for a while.
func (k *Keeper) writeDue(ctx context.Context, all bool) error {
	if !all && time.Since(k.wrote) < writeEvery && k.held.bytes < k.opts.HeldBytes/2 {
		return nil // the steps of a backlog are many and small
	}
	quiet, hold := k.pos.At-felt.Instant(k.opts.Quiet), k.pos.At-felt.Instant(k.opts.HoldTrace)
	spans := k.held.take(func(h *heldTrace) bool { return all || h.last <= quiet || h.first <= hold })
	// How many spans there were of each trace is worth knowing as long as it is known.
	for t := range k.held.counts {
		if !k.known.has(t) {
			delete(k.held.counts, t)
		}
	}
	if len(spans) == 0 && time.Since(k.wrote) < cursorEvery {
		return nil
	}
	if len(spans) == 0 && k.safe() == k.Seq() && k.lateTick() == k.count.lateTick {
		return nil
	}
	return k.write(ctx, spans)
}

// safe is the place in front of all that is held.
func (k *Keeper) safe() felt.Seq {
	if seq, ok := k.held.oldest(); ok {
		return seq - 1
	}
	return k.pos.Seq
}

// lateTick is the tick up to which no trace waits for a second look.
func (k *Keeper) lateTick() felt.Tick {
	tick := k.asked
	for _, w := range k.waiting {
		tick = min(tick, w.since)
	}
	if k.rescan != nil {
		tick = min(tick, k.rescan.since)
	}
	return tick
}

func (k *Keeper) publish(p felt.Progress) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.state.moved = time.Now()
	k.state.target, k.state.traces = p.Tick, len(k.known.m)
	k.state.late, k.state.bytes = len(k.waiting), k.held.bytes
	if k.pos.At > 0 {
		k.state.tick = felt.TickOf(k.pos.At)
	}
}
