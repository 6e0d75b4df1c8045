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
	l.trimming.Lock()
	defer l.trimming.Unlock()
	l.mu.Lock()
	first, newest, closed := l.first(), l.newest, l.closed
	l.mu.Unlock()
	if closed {
		return errClosed()
	}
	// The message that holds upTo may hold later records too: it stays.
	end := min(messageOf(upTo), messageOf(newest.Seq))
	if first >= end {
		return nil
	}
	cut, err := l.firstYoung(ctx, first, end, newest.At-felt.Instant(l.opts.MaxAge))
	if err == nil {
		err = l.dropBefore(ctx, cut)
	}
	if err == nil {
		err = l.shrink(ctx, end)
	}
	if err != nil {
		return fmt.Errorf("trimming the log: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.found = min(l.found, l.used())
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

// dropBefore lets go of the messages before cut: whole segments, and the beginning of
// the one that holds cut.
func (l *Log) dropBefore(ctx context.Context, cut uint64) error {
	for {
		l.mu.Lock()
		s, whole := l.segments[0], len(l.segments) > 1 && l.segments[1].begin <= cut
		first := s.first
		l.mu.Unlock()
		if !whole {
			if first >= cut {
				return nil
			}
			return l.purge(ctx, s, cut)
		}
		if err := l.drop(ctx, s); err != nil {
			return err
		}
	}
}

// shrink lets go of messages before end until KeepBytes are left. How large each is
// only the server knows: within a segment the distance is halved each time.
func (l *Log) shrink(ctx context.Context, end uint64) error {
	for range 1000 {
		l.mu.Lock()
		over := l.used() - l.opts.KeepBytes
		s, next := l.segments[0], l.tail.last+1
		if len(l.segments) > 1 {
			next = l.segments[1].begin
		}
		first, bytes := s.first, s.bytes
		l.mu.Unlock()
		cut := next
		if over < bytes {
			cut = first + 1 + uint64(float64(next-first)*float64(over)/float64(bytes)/2)
		}
		cut = min(cut, end)
		if over <= 0 || first >= cut {
			return nil
		}
		if err := l.dropBefore(ctx, cut); err != nil {
			return err
		}
	}
	return nil
}

// drop lets go of a whole segment that is not written any more.
func (l *Log) drop(ctx context.Context, s *segment) error {
	// Readers that are about to ask it are answered that it has nothing, and go on.
	l.mu.Lock()
	l.segments = l.segments[1:]
	l.count.trimmed += l.segments[0].begin - s.first
	l.tail.forget(l.segments[0].begin)
	l.mu.Unlock()
	err := l.js.DeleteStream(ctx, s.name)
	if err != nil && !errors.Is(err, natsjs.ErrStreamNotFound) {
		return fmt.Errorf("deleting %s: %w: %w", s.name, err, felt.ErrUnavailable)
	}
	return nil
}

// purge lets go of a segment's messages before cut.
func (l *Log) purge(ctx context.Context, s *segment, cut uint64) error {
	// In the segment that is written, no append between the server's answer and ours,
	// so that its size is exact.
	l.publishing.Lock()
	defer l.publishing.Unlock()
	if err := l.quiet(ctx); err != nil {
		return err
	}
	stream, err := l.js.Stream(ctx, s.name)
	if err == nil {
		err = stream.Purge(ctx, natsjs.WithPurgeSequence(cut))
	}
	if err != nil {
		return fmt.Errorf("purging %s before message %d: %w: %w", s.name, cut, err, felt.ErrUnavailable)
	}
	st, err := l.state(ctx, s)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count.trimmed += max(st.FirstSeq, s.first) - s.first
	s.update(st)
	l.tail.forget(s.first)
	return nil
}
