package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/felt-cx/felt"
)

// posting is what one tick has to tell, on its way to the outbox.
type posting struct {
	list []felt.Notification
	done chan struct{} // closed when all of it is in the outbox, or err is set
	err  error         // given up while stopping: the log still has what makes it again
}

// over reports whether it is in the outbox, or given up.
func (p *posting) over() bool {
	if p == nil {
		return true
	}
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// poster posts notifications beside the writer, in order, so that they leave also when the store
// hangs. The writer waits for it: no row, cursor or snapshot is stored before what its tick tells is
// in the outbox, so that a crash between the two makes and posts it again, under the same keys. It
// holds no more than stands in the writer's queue.
type poster struct {
	mu    sync.Mutex
	list  []*posting
	wake  chan struct{}
	since time.Time // of the first failure in a row; zero: the last post went well
	err   error
}

// hand takes a tick's notifications; nil when there is nothing to post.
func (w *Worker) hand(list []felt.Notification) *posting {
	if len(list) == 0 || w.opts.Outbox == nil {
		return nil
	}
	p := &posting{list: list, done: make(chan struct{})}
	w.poster.mu.Lock()
	w.poster.list = append(w.poster.list, p)
	w.poster.mu.Unlock()
	select {
	case w.poster.wake <- struct{}{}:
	default:
	}
	return p
}

// post posts what is handed over until ctx ends; from the end of live on, which is when the process
// is asked to stop, a failing outbox is given up on.
func (w *Worker) post(ctx, live context.Context) {
	var over error // given up: what comes behind must not be there before it
	for {
		w.poster.mu.Lock()
		var p *posting
		if len(w.poster.list) > 0 {
			p = w.poster.list[0]
		}
		w.poster.mu.Unlock()
		if p == nil {
			select {
			case <-w.poster.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		if over == nil {
			over = w.postAll(ctx, live, p.list)
		}
		p.err = over
		close(p.done)
		w.poster.mu.Lock()
		w.poster.list = w.poster.list[1:]
		w.poster.mu.Unlock()
	}
}

// postAll tries until the outbox has all of them. Posting twice is posting once.
func (w *Worker) postAll(ctx, live context.Context, list []felt.Notification) error {
	pause := 50 * time.Millisecond
	for len(list) > 0 {
		err := w.opts.Outbox.Post(ctx, list[0])
		w.outcome(err)
		switch {
		case err == nil:
			w.count.posted.Add(1)
			list = list[1:]
			continue
		case errors.Is(err, felt.ErrPermanent): // it would be the same at every try, and hold up all others
			w.count.postRefused.Add(1)
			w.opts.Logger.Error("notification that the outbox does not take is passed over", "key", list[0].Key, "err", err)
			list = list[1:]
			continue
		case live.Err() != nil || ctx.Err() != nil:
			return fmt.Errorf("outbox failed while stopping; the log still has what it is to be told: %w", err)
		}
		w.count.postErrors.Add(1)
		w.opts.Logger.Error("notification not posted; trying again", "key", list[0].Key, "err", err, "pause", pause)
		select {
		case <-time.After(pause):
		case <-live.Done():
		}
		pause = min(2*pause, 5*time.Second)
	}
	return nil
}

// outcome remembers since when posting fails.
func (w *Worker) outcome(err error) {
	if errors.Is(err, felt.ErrPermanent) {
		err = nil // it is the notification that is wrong
	}
	w.poster.mu.Lock()
	defer w.poster.mu.Unlock()
	if err == nil {
		w.poster.since = time.Time{}
	} else if w.poster.since.IsZero() {
		w.poster.since = w.opts.Now()
	}
	w.poster.err = err
}

// Posting says what keeps notifications from the outbox, and since when; "" when nothing does.
func (w *Worker) Posting() string {
	w.poster.mu.Lock()
	defer w.poster.mu.Unlock()
	if w.poster.err == nil {
		return ""
	}
	return fmt.Sprintf("notifications are not posted since %s (%d wait): %v",
		w.opts.Now().Sub(w.poster.since).Round(time.Second), w.poster.waiting(), w.poster.err)
}

// waiting counts what is not posted. p.mu is held.
func (p *poster) waiting() int {
	n := 0
	for _, one := range p.list {
		n += len(one.list)
	}
	return n
}

// awaitPosted waits until what an item tells is in the outbox.
func (w *Worker) awaitPosted(ctx context.Context, it item) error {
	if it.posting == nil {
		return nil
	}
	select {
	case <-it.posting.done:
		return it.posting.err
	case <-ctx.Done():
		return fmt.Errorf("the outbox did not answer while stopping; the log still has what it is to be told: %w", context.Cause(ctx))
	}
}
