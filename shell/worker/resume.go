package worker

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
)

// WarmUp bounds what is read of stored interactions when the engine's state is lost. Zero values
// take the defaults named here.
type WarmUp struct {
	Span felt.Instant // before the newest row; 14 days
	Rows int64        // the newest; 20,000,000
	Log  felt.Instant // how far the log is read back at least, for what is still open; 1 hour
	// Within is about how long it may take. When it turns out to be too much, it begins anew with
	// as much of the newest as there is time for; 5 minutes.
	Within time.Duration
}

func (o *WarmUp) defaults() {
	if o.Span <= 0 {
		o.Span = 14 * felt.Day
	}
	if o.Rows <= 0 {
		o.Rows = 20_000_000
	}
	if o.Within <= 0 {
		o.Within = 5 * time.Minute
	}
	if o.Log <= 0 {
		o.Log = felt.Hour
	}
}

// warmth is how far a worker is that begins without its state.
type warmth struct {
	known felt.Tick // up to which everything is stored; 0: the state was there
	left  string    // what was left out; "" nothing
	rows  bool      // the rows are being read
}

// Warming says, for people, what a worker without its state is doing; "" when it had its state,
// or has made up for it.
func (w *Worker) Warming() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.warm.known == 0:
		return ""
	case w.warm.rows:
		return fmt.Sprintf("the engine's state is gone: learning what is usual from stored interactions, %d of %d", w.count.warmRows.Load(), w.count.warmOf.Load())
	case w.progress.Tick < w.warm.known:
		return fmt.Sprintf("the engine's state is gone: reading the log again for what is still open, %s to go", time.Duration(w.warm.known.Instant()-w.progress.Tick.Instant()))
	}
	return ""
}

// resume gives the machine an engine that knows what is stored, because no snapshot can be used:
// the process was upgraded to an engine that reads none of them, or they are lost. What is usual
// comes from stored interactions, what is still open from the log, as far as both reach.
func (w *Worker) resume(ctx context.Context, m *machine, cur felt.Cursor) error {
	h, ok := w.opts.Store.(felt.HistoryReader)
	if !ok || cur.Tick == 0 {
		m.eng = engine.New(w.opts.Settings)
		if cur.Seq > 0 {
			w.opts.Logger.Warn("no usable snapshot: reading the log from its beginning; rows are not doubled")
		}
		return nil
	}
	w.opts.Logger.Warn("no usable snapshot: what is usual is learned from stored interactions, what is open from the log; rows are not doubled")
	w.setWarm(warmth{known: cur.Tick, rows: true})
	m.known = cur.Tick
	known := engine.Known{Tick: cur.Tick, Inventory: w.opts.Inventory()}
	settings := w.opts.Settings
	if w.opts.Clock != 0 {
		settings.Clock = w.opts.Clock
	}
	var err error
	if known.Findings, known.Incidents, err = h.Lasting(ctx); err != nil {
		return fmt.Errorf("what lasts: %w", err)
	}
	if _, _, err := engine.Resume(settings, known); err != nil { // the log may have one that is good
		w.opts.Logger.Error("the inventory that was in force cannot be read", "err", err)
		known.Inventory = felt.Inventory{}
	}
	var left string
	began, span := w.opts.Now(), w.opts.WarmUp.Span
	for span > 0 {
		var past *engine.Past
		if m.eng, past, err = engine.Resume(settings, known); err != nil {
			return fmt.Errorf("engine without a state: %w", err)
		}
		if left, span, err = w.learn(ctx, h, past, cur.Tick, span, began.Add(w.opts.WarmUp.Within)); err != nil {
			return fmt.Errorf("stored interactions: %w", err)
		}
	}
	m.reach = cur.Tick.Instant() - max(w.opts.WarmUp.Log, m.eng.Reach())
	w.setWarm(warmth{known: cur.Tick, left: left})
	w.opts.Logger.Info("what is usual is learned", "rows", w.count.warmRows.Load(), "left_out", left, "findings", len(known.Findings), "incidents", len(known.Incidents))
	return nil
}

func (w *Worker) setWarm(now warmth) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.warm = now
}

// enoughKnown is how long it is looked how fast learning goes.
const enoughKnown = 10 * time.Second

// errTooSlow: it would take too long.
var errTooSlow = errors.New("too slow")

// learn lets the engine see stored interactions of a span up to tick t, the newest that the bounds
// allow, and says what it left out. When it will not be done by then, it stops early and returns the
// span for which there is time, to begin anew.
func (w *Worker) learn(ctx context.Context, h felt.HistoryReader, past *engine.Past, t felt.Tick, span felt.Instant, by time.Time) (left string, shorter felt.Instant, err error) {
	from := t - felt.Tick(span/felt.Second)
	counts, err := h.HistoryCounts(ctx, t-felt.Tick(w.opts.WarmUp.Span/felt.Second), t)
	if err != nil {
		return "", 0, fmt.Errorf("count: %w", err)
	}
	all := sumOf(counts)
	counts = slices.DeleteFunc(counts, func(c felt.HistoryCount) bool { return c.Last() <= from })
	after, rows := newest(counts, w.opts.WarmUp.Rows)
	from = max(from, after)
	if len(counts) > 0 {
		from = max(from, counts[0].From-1) // nothing is known of before
	}
	if rows < all {
		left = fmt.Sprintf("interactions that became known before %s: %d of %d rows are read", time.Unix(int64(from), 0).UTC().Format(time.RFC3339), rows, all)
	}
	w.count.warmOf.Store(rows)
	w.count.warmRows.Store(0)
	began := w.opts.Now()
	err = through(ctx, h, past, from, t, func(_ []felt.Finding, batch []felt.Interaction) error {
		w.count.warmRows.Add(int64(len(batch)))
		took, at := w.opts.Now().Sub(began), batch[len(batch)-1].Known
		if took < enoughKnown || at >= t {
			return nil
		}
		speed := float64(at-from) / took.Seconds()
		time := max(by.Sub(w.opts.Now()).Seconds(), 1)
		if less := max(felt.Tick(0.8*speed*time), 60); float64(t-at) > 1.2*speed*time && less < t-from {
			shorter = felt.Instant(less) * felt.Second
			return errTooSlow
		}
		return nil
	})
	if errors.Is(err, errTooSlow) {
		return left, shorter, nil
	}
	if err != nil {
		return "", 0, err
	}
	past.End(t)
	return left, 0, nil
}

// through takes the past through the history of ticks (after, upTo], values of signals in front of the
// interactions of the same time, and tells what was found with each batch.
func through(ctx context.Context, h felt.HistoryReader, past *engine.Past, after, upTo felt.Tick, step func([]felt.Finding, []felt.Interaction) error) error {
	next, stop := iter.Pull2(h.SignalHistory(ctx, after, upTo))
	defer stop()
	read := after // values up to here are given
	signals := func(to felt.Tick) error {
		for read < to {
			values, err, ok := next()
			if err != nil {
				return fmt.Errorf("read signals: %w", err)
			}
			if !ok {
				read = upTo
				return nil
			}
			past.Signals(values)
			read = values[len(values)-1].Known - 1 // more of that tick may follow
		}
		return nil
	}
	for batch, err := range h.History(ctx, after, upTo) {
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if err := signals(batch[len(batch)-1].Known); err != nil {
			return err
		}
		if err := step(past.Add(batch), batch); err != nil {
			return err
		}
	}
	return signals(upTo)
}

// newest finds the tick after which at most so many interactions became known, and how many:
// whole minutes, one at least. 0 when all of them are.
func newest(counts []felt.HistoryCount, limit int64) (after felt.Tick, rows int64) {
	for i := len(counts) - 1; i >= 0; i-- {
		if n := rows + counts[i].N; n > limit && rows > 0 {
			return counts[i].Last(), rows
		}
		rows += counts[i].N
	}
	return 0, rows
}

func sumOf(counts []felt.HistoryCount) (n int64) {
	for _, c := range counts {
		n += c.N
	}
	return n
}
