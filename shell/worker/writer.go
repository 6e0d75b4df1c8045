package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/felt-cx/felt"
)

// rowsPerWrite bounds how many rows of waiting ticks share one transaction.
const rowsPerWrite = 50_000

// waiting is what stands in the queue.
type waiting struct {
	ticks, rows atomic.Int64
	room        chan struct{} // there may be
}

// queueSize is how many small ticks may wait for each of those that [Options.QueueTicks] allows. A transaction costs
// as much as some thousand rows, and of the ticks of a thin past few have more than two.
const queueSize = 2048

// full reports that no more may wait. The few ticks of a busy second and the thousands of an imported
// night are bounded alike, by their rows.
func (q *waiting) full(o *Options) bool {
	n := q.ticks.Load()
	return n >= int64(o.QueueTicks) && (q.rows.Load() >= int64(o.QueueRows) || n >= int64(o.QueueTicks)*queueSize)
}

func (q *waiting) add(ticks, rows int) {
	q.ticks.Add(int64(ticks))
	q.rows.Add(int64(rows))
	if ticks < 0 {
		select {
		case q.room <- struct{}{}:
		default:
		}
	}
}

// write stores queued ticks in order until the queue is closed. While the store is
// slower than the engine, all ticks that wait share one transaction. live ends when
// the process is asked to stop: from then on a failing store is given up on, since
// the log still has everything.
func (w *Worker) write(ctx, live context.Context, queue <-chan item) error {
	var first *item // taken and not written yet: what it tells was not in the outbox
	var last writeTime
	var group []item
	for {
		if first == nil {
			it, ok := <-queue
			if !ok {
				return nil
			}
			first = &it
		}
		if err := w.awaitPosted(ctx, *first); err != nil {
			w.dropSnapshot(first.snapshot)
			return err
		}
		if first.past {
			w.gatherPast(live, last)
		}
		rows := first.rows
		group = append(group, *first)
		for first = nil; rows < rowsPerWrite; {
			next, ok := tryReceive(queue)
			if !ok {
				break
			}
			if !next.posting.over() { // the ticks in front of it need not wait for that
				first = &next
				break
			}
			group = append(group, next)
			rows += next.rows
		}
		w.waiting.add(-len(group), -rows)
		began := time.Now()
		if err := w.writeGroup(ctx, live, group); err != nil {
			return err
		}
		last = writeTime{end: time.Now(), took: time.Since(began)}
		clear(group)
		group = group[:0]
	}
}

// writeTime is when the last write ended and how long it took.
type writeTime struct {
	end  time.Time
	took time.Duration
}

const (
	// pastRest is how much longer than it writes the writer lets ticks of an event log gather: a
	// transaction costs as much for one of them as for thousands.
	pastRest = 3
	// pastWait bounds that, so that progress is seen to move.
	pastWait = time.Second
	// pastLook is how often it looks whether enough has gathered.
	pastLook = 5 * time.Millisecond
	// pastStill is after how long without another tick no more is thought to come soon.
	pastStill = 50 * time.Millisecond
)

// gatherPast waits until a write is worth it again: nobody waits for the second that an event log's
// clock shows. It returns at once when enough rows wait, or when the process is to stop; and soon when
// no more come, for then somebody may wait for the end.
func (w *Worker) gatherPast(live context.Context, last writeTime) {
	until := last.end.Add(min(pastRest*last.took, pastWait))
	n, still := w.waiting.ticks.Load(), time.Now()
	for left := time.Until(until); left > 0 && !w.waiting.full(&w.opts) && live.Err() == nil; left = time.Until(until) {
		time.Sleep(min(left, pastLook))
		if now := w.waiting.ticks.Load(); now != n {
			n, still = now, time.Now()
		} else if time.Since(still) > pastStill {
			return
		}
	}
}

// drop lets go of what will not be written, until the queue is closed.
func (w *Worker) drop(queue <-chan item) {
	for it := range queue {
		w.dropSnapshot(it.snapshot)
	}
}

func tryReceive(queue <-chan item) (item, bool) {
	select {
	case it, ok := <-queue:
		return it, ok
	default:
		return item{}, false
	}
}

func rowCount(it item) int {
	n := 0
	for i := range it.batches {
		b := &it.batches[i]
		n += len(b.Interactions) + len(b.Buckets) + len(b.Operations) + len(b.Edges) + 1
	}
	return n
}

func (w *Worker) writeGroup(ctx, live context.Context, group []item) error {
	n := 0
	for i := range group {
		n += len(group[i].batches) + 1
	}
	batches := slices.Grow(w.batches[:0], n)
	defer func() {
		clear(batches) // what is written is nobody's any more
		w.batches = batches
	}()
	for _, it := range group {
		batches = append(batches, it.batches...)
		if it.snapshot == nil {
			continue
		}
		err := w.saveSnapshot(it.snapshot)
		w.snapshotWaits.Store(false)
		if err != nil {
			w.count.snapshotErrors.Add(1)
			w.opts.Logger.Error("snapshot not written; the next one will be tried", "err", err)
			continue
		}
		batches = append(batches, felt.Batch{ // a cursor of its own, so that the name is kept also when nothing happens
			ID:     felt.BatchID{Engine: it.snapshot.version, Stage: cursorStage, Tick: it.snapshot.tick},
			Cursor: w.cursor(it.snapshot.seq, it.snapshot.tick),
		})
	}
	if len(batches) > 0 {
		if err := w.writeBatches(ctx, live, batches); err != nil {
			return err
		}
		w.confirmSnapshots()
	}
	var all item
	for _, it := range group {
		all.ready = all.ready || it.ready
		if it.progress.Tick > 0 {
			all.progress = it.progress
		}
		if it.numbers != nil {
			all.numbers = it.numbers
		}
		if it.rules != nil {
			all.rules = it.rules
		}
	}
	w.publish(all)
	return nil
}

// cursorStage numbers batches that carry a cursor and no rows.
const cursorStage = 0

// writeBatches tries until the store has them. Writing twice is writing once, so a
// failure whose effect is unknown is simply tried again.
func (w *Worker) writeBatches(ctx, live context.Context, batches []felt.Batch) error {
	pause := 50 * time.Millisecond
	for {
		begin := w.opts.Now()
		err := w.opts.Store.Write(ctx, batches...)
		w.count.writeNanos.Add(int64(w.opts.Now().Sub(begin)))
		w.count.writes.Add(1)
		if err == nil {
			w.count.batches.Add(int64(len(batches)))
			return nil
		}
		w.count.writeErrors.Add(1)
		if errors.Is(err, felt.ErrStale) {
			return fmt.Errorf("another worker has taken over this store: %w", err)
		}
		if live.Err() != nil || ctx.Err() != nil {
			return fmt.Errorf("store failed while stopping; the log still has the rows: %w", err)
		}
		w.opts.Logger.Error("store write failed; trying again", "err", err, "pause", pause)
		select {
		case <-time.After(pause):
		case <-live.Done():
		}
		pause = min(2*pause, 5*time.Second)
	}
}

// housekeep lets log and store forget what is over their keep.
func (w *Worker) housekeep(ctx context.Context) {
	tick := time.NewTicker(w.opts.RetainEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.trim:
			w.trimLog(ctx)
		case <-tick.C:
			w.trimLog(ctx)
			w.retain(ctx)
		}
	}
}

// trimLog lets the log forget what is in both kept snapshots, needed by nobody else, and
// over its keep.
func (w *Worker) trimLog(ctx context.Context) {
	t, ok := w.opts.Log.(felt.Trimmer)
	if !ok {
		return
	}
	seq := w.trimmable()
	if w.opts.Hold != nil {
		seq = min(seq, w.opts.Hold())
	}
	if seq > 0 {
		if err := t.Trim(ctx, seq); err != nil && ctx.Err() == nil {
			w.opts.Logger.Error("log not trimmed", "err", err)
		}
	}
}

// retain lets the store forget by age, on the log's clock.
func (w *Worker) retain(ctx context.Context) {
	r, ok := w.opts.Store.(felt.Retainer)
	now := w.Progress().Tick.Instant()
	if !ok || now == 0 {
		return
	}
	if n, err := r.Retain(ctx, now, w.opts.Retention); err != nil && ctx.Err() == nil {
		w.opts.Logger.Error("old rows not removed", "err", err)
	} else if n > 0 {
		w.count.retained.Add(n)
	}
}
