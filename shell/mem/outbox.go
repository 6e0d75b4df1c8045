package mem

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	felt "github.com/felt-cx/felt"
)

// OutboxOptions say how much an [Outbox] keeps. The zero value has no limits.
type OutboxOptions struct {
	MaxBytes int64         // of notifications and what came of them, as JSON; the oldest go first
	MaxAge   time.Duration // since they were posted

	// Fail, when set, is asked before each Post and Note. With an error the call fails; done says
	// whether it has been done nevertheless.
	Fail func() (done bool, err error)
}

// Outbox is a [felt.Outbox] in memory, safe for concurrent use.
type Outbox struct {
	opts OutboxOptions

	mu      sync.Mutex
	posted  []posted // by Seq
	notes   map[string]felt.Delivery
	keys    map[string]bool
	bytes   int64
	next    felt.Seq
	changed chan struct{}
	closed  bool
}

type posted struct {
	felt.Posted
	at    time.Time
	bytes int64
}

// NewOutbox makes an empty outbox.
func NewOutbox(opts OutboxOptions) *Outbox {
	return &Outbox{opts: opts, next: 1, notes: map[string]felt.Delivery{}, keys: map[string]bool{}, changed: make(chan struct{})}
}

// Post appends notifications whose Key is new.
func (o *Outbox) Post(ctx context.Context, list ...felt.Notification) error {
	return o.do(ctx, "post", func() error {
		for _, n := range list {
			if n.Key == "" {
				return fmt.Errorf("post: a notification without a key: %w", felt.ErrPermanent)
			}
			if o.keys[n.Key] {
				continue
			}
			b, err := json.Marshal(n)
			if err != nil {
				return fmt.Errorf("post: %w: %w", err, felt.ErrPermanent)
			}
			// A copy that shares nothing with what the caller may go on to change.
			p := posted{Posted: felt.Posted{Seq: o.next}, at: time.Now(), bytes: int64(len(b))}
			if err := json.Unmarshal(b, &p.Notification); err != nil {
				return fmt.Errorf("post: %w: %w", err, felt.ErrPermanent)
			}
			o.next++
			o.keys[n.Key] = true
			o.posted = append(o.posted, p)
			o.bytes += p.bytes
		}
		close(o.changed)
		o.changed = make(chan struct{})
		return nil
	})
}

// Note keeps what came of a notification.
func (o *Outbox) Note(ctx context.Context, d felt.Delivery) error {
	return o.do(ctx, "note", func() error {
		if d.Key == "" {
			return fmt.Errorf("note: a delivery without a key: %w", felt.ErrPermanent)
		}
		if o.keys[d.Key] { // else it has been let go of
			o.notes[d.Key] = d
		}
		return nil
	})
}

// do changes something, and forgets what is over the limits.
func (o *Outbox) do(ctx context.Context, what string, change func() error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	var failure error
	if o.opts.Fail != nil {
		var done bool
		if done, failure = o.opts.Fail(); failure != nil && !done {
			return failure
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return fmt.Errorf("%s: %w", what, errOutboxClosed())
	}
	if err := change(); err != nil {
		return err
	}
	o.forget()
	return failure
}

// forget lets go of the oldest, but never of the newest. o.mu is held.
func (o *Outbox) forget() {
	n := 0
	for n < len(o.posted)-1 {
		p := o.posted[n]
		old := o.opts.MaxAge > 0 && time.Since(p.at) > o.opts.MaxAge
		if !old && (o.opts.MaxBytes <= 0 || o.bytes <= o.opts.MaxBytes) {
			break
		}
		o.bytes -= p.bytes
		delete(o.keys, p.Key)
		delete(o.notes, p.Key)
		n++
	}
	o.posted = slices.Delete(o.posted, 0, n)
}

// Posted yields what was posted after a place, and waits for more until ctx ends.
func (o *Outbox) Posted(ctx context.Context, after felt.Seq) iter.Seq2[felt.Posted, error] {
	return func(yield func(felt.Posted, error) bool) {
		for {
			o.mu.Lock()
			closed, changed := o.closed, o.changed
			at, found := slices.BinarySearchFunc(o.posted, after, func(p posted, s felt.Seq) int {
				return cmp.Compare(p.Seq, s)
			})
			if found {
				at++
			}
			rest := slices.Clone(o.posted[at:])
			o.mu.Unlock()
			for _, p := range rest {
				after = p.Seq
				if ctx.Err() != nil || !yield(p.Posted, nil) {
					return
				}
			}
			if closed && len(rest) == 0 {
				yield(felt.Posted{}, errOutboxClosed())
				return
			}
			if len(rest) > 0 {
				continue
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}
}

// All is what is there now.
func (o *Outbox) All() []felt.Posted {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := make([]felt.Posted, len(o.posted))
	for i, p := range o.posted {
		list[i] = p.Posted
	}
	return list
}

// Deliveries are those noted, of notifications that are kept, in order of Key.
func (o *Outbox) Deliveries(ctx context.Context) ([]felt.Delivery, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil, errOutboxClosed()
	}
	var list []felt.Delivery
	for key, d := range o.notes {
		if o.keys[key] {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b felt.Delivery) int { return strings.Compare(a.Key, b.Key) })
	return list, nil
}

// Close ends every Posted with [felt.ErrUnavailable].
func (o *Outbox) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.closed = true
		close(o.changed)
	}
	return nil
}

func errOutboxClosed() error { return fmt.Errorf("outbox is closed: %w", felt.ErrUnavailable) }
