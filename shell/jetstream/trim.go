package jetstream

import (
	"context"
	"errors"
	"fmt"
	"sort"

	natsjs "github.com/nats-io/nats.go/jetstream"

	felt "github.com/felt-cx/felt"
)

// Trim lets go of whole messages, oldest first, that are older than MaxAge against
// the newest record, or that stand in the way of KeepBytes; none that holds a record
// after upTo, and never the newest one.
func (l *Log) Trim(ctx context.Context, upTo felt.Seq) error {
	l.mu.Lock()
	first, last, newest, closed := l.first, l.tail.last, l.newest, l.closed
	l.mu.Unlock()
	if closed {
		return errClosed()
	}
	// The message that holds upTo may hold later records too: it stays.
	end := min(messageOf(upTo), last)
	if first >= end || newest.Seq == 0 {
		return nil
	}
	cut, err := l.firstYoung(ctx, first, end, newest.At-felt.Instant(l.opts.MaxAge))
	if err != nil {
		return fmt.Errorf("trimming the log: %w", err)
	}
	st, err := l.purge(ctx, first, cut)
	if err != nil {
		return err
	}
	// How large each message is only the server knows: halve the distance each time.
	for range 16 {
		over := int64(st.Bytes) - l.opts.KeepBytes //nolint:gosec // bytes of a disk
		if over <= 0 || st.FirstSeq >= end || st.Msgs == 0 {
			return nil
		}
		share := float64(over) / float64(st.Bytes)
		step := uint64(float64(st.Msgs)*share/2) + 1
		if st, err = l.purge(ctx, st.FirstSeq, min(st.FirstSeq+step, end)); err != nil {
			return err
		}
	}
	return nil
}

// firstYoung finds the first message in [first, end) that arrived at or after the
// limit; end when there is none.
func (l *Log) firstYoung(ctx context.Context, first, end uint64, limit felt.Instant) (uint64, error) {
	var failed error
	n := sort.Search(int(end-first), func(i int) bool { //nolint:gosec // messages of one log
		if failed != nil {
			return true
		}
		e, err := l.message(ctx, first+uint64(i)) //nolint:gosec // not negative
		if errors.Is(err, felt.ErrNotFound) {
			return false // already gone: old
		}
		if err != nil {
			failed = err
			return true
		}
		return e.recs[len(e.recs)-1].At >= limit
	})
	return first + uint64(n), failed //nolint:gosec // not negative
}

// purge removes the messages before cut, and returns the state after it.
func (l *Log) purge(ctx context.Context, first, cut uint64) (natsjs.StreamState, error) {
	if cut > first {
		if err := l.stream.Purge(ctx, natsjs.WithPurgeSequence(cut)); err != nil {
			return natsjs.StreamState{}, fmt.Errorf("trimming the log before message %d: %w: %w", cut, err, felt.ErrUnavailable)
		}
	}
	// No append between the server's answer and ours, so that l.used is exact.
	l.publishing.Lock()
	defer l.publishing.Unlock()
	if err := l.quiet(ctx); err != nil {
		return natsjs.StreamState{}, err
	}
	info, err := l.stream.Info(ctx)
	if err != nil {
		return natsjs.StreamState{}, fmt.Errorf("asking for the state of the log: %w: %w", err, felt.ErrUnavailable)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if info.State.FirstSeq > first {
		l.count.trimmed += info.State.FirstSeq - first
	}
	l.setState(info.State)
	l.tail.forget(info.State.FirstSeq)
	return info.State, nil
}

// quiet waits until nothing is in flight. l.publishing is held.
func (l *Log) quiet(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.inflight > 0 && !l.closed {
		freed := l.freed
		l.mu.Unlock()
		select {
		case <-freed:
		case <-l.done:
		case <-ctx.Done():
		}
		l.mu.Lock()
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("trimming the log: %w", err)
		}
	}
	if l.closed {
		return errClosed()
	}
	return nil
}
