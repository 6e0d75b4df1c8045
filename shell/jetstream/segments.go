package jetstream

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	natsjs "github.com/nats-io/nats.go/jetstream"

	felt "github.com/felt-cx/felt"
)

const (
	// streamPrefix begins the name of every segment's stream; its number follows.
	streamPrefix = "FELT-"
	// subjectPrefix begins every subject; the segment's number follows.
	subjectPrefix = "felt.log."
	// askWait is how long the server has for an answer about a stream; an answer that
	// takes longer was lost with a connection.
	askWait = 2 * time.Second
)

// segment is one stream of the log. Message numbers go on from segment to segment.
// All but name, number and begin is guarded by Log.mu.
type segment struct {
	name   string
	number uint64
	begin  uint64 // number of the first message it ever had
	first  uint64 // of the oldest message it still has
	bytes  int64  // on disk and in flight
}

// prefix begins the subjects of the segment's messages.
func (s *segment) prefix() string { return subjectPrefix + strconv.FormatUint(s.number, 10) + "." }

// used is the size of the log with what is in flight. l.mu is held.
func (l *Log) used() int64 {
	total := int64(0)
	for _, s := range l.segments {
		total += s.bytes
	}
	return total
}

// Crowded tells that the log is about to be full: over the size down to which it is trimmed by
// a fifth of what is left above it. A reader that can do without old records should not
// hold them then.
func (l *Log) Crowded() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.used() > l.opts.KeepBytes+(l.opts.MaxBytes-l.opts.KeepBytes)/5
}

// first is the oldest message. l.mu is held.
func (l *Log) first() uint64 { return l.segments[0].first }

// directGet is the subject to ask for a message, or the next one after it.
func (l *Log) directGet(message uint64) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := len(l.segments) - 1
	for i > 0 && l.segments[i].begin > message {
		i--
	}
	return "$JS.API.DIRECT.GET." + l.segments[i].name
}

// segmentAfter is where the first segment that begins after message does; end when
// there is none.
func (l *Log) segmentAfter(message, end uint64) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		if s.begin > message {
			return s.begin
		}
	}
	return end
}

// recover finds the segments and where the log ends.
func (l *Log) recover(ctx context.Context) error {
	list := l.js.ListStreams(ctx)
	for info := range list.Info() {
		if info.Config.Name == outboxStream {
			continue
		}
		number, err := strconv.ParseUint(strings.TrimPrefix(info.Config.Name, streamPrefix), 10, 64)
		if err != nil {
			return fmt.Errorf("the directory has a stream %q that is not the log's: choose another directory", info.Config.Name)
		}
		s := &segment{name: info.Config.Name, number: number, begin: max(info.Config.FirstSeq, 1)}
		s.update(info.State)
		l.segments = append(l.segments, s)
	}
	if err := list.Err(); err != nil {
		return fmt.Errorf("asking for the log's streams: %w", err)
	}
	slices.SortFunc(l.segments, func(a, b *segment) int { return cmp.Compare(a.number, b.number) })
	if len(l.segments) == 0 {
		s, err := l.create(ctx, 1, 1)
		if err != nil {
			return err
		}
		l.segments = append(l.segments, s)
	}
	return l.findEnd(ctx)
}

// findEnd reads the newest record.
func (l *Log) findEnd(ctx context.Context) error {
	for i := len(l.segments) - 1; i >= 0; i-- {
		st, err := l.state(ctx, l.segments[i])
		if err != nil {
			return err
		}
		if i == len(l.segments)-1 {
			l.tail = newTail(l.opts.TailBytes, max(st.LastSeq, l.segments[i].begin-1))
		}
		if st.Msgs == 0 {
			continue
		}
		last, err := l.message(ctx, st.LastSeq)
		if err != nil {
			return fmt.Errorf("reading the newest record: %w", err)
		}
		rec := last.recs[len(last.recs)-1]
		l.newest = felt.Place{Seq: rec.Seq, At: rec.At}
		return nil
	}
	return nil
}

// update takes over what the server says when nothing is in flight. l.mu is held.
func (s *segment) update(st natsjs.StreamState) {
	s.first = max(st.FirstSeq, s.begin)
	s.bytes = int64(st.Bytes) //nolint:gosec // bytes of a disk
}

// state asks the server about a segment.
func (l *Log) state(ctx context.Context, s *segment) (natsjs.StreamState, error) {
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	stream, err := l.js.Stream(ctx, s.name)
	if err != nil {
		return natsjs.StreamState{}, fmt.Errorf("asking for the state of %s: %w: %w", s.name, err, felt.ErrUnavailable)
	}
	return stream.CachedInfo().State, nil
}

// create makes the stream of a segment whose first message will be begin.
func (l *Log) create(ctx context.Context, number, begin uint64) (*segment, error) {
	s := &segment{name: streamPrefix + strconv.FormatUint(number, 10), number: number, begin: begin, first: begin}
	_, err := l.js.CreateStream(ctx, natsjs.StreamConfig{
		Name:        s.name,
		Description: "a segment of Felt's log",
		Subjects:    []string{s.prefix() + "*"},
		Storage:     natsjs.FileStorage,
		Retention:   natsjs.LimitsPolicy,
		Discard:     natsjs.DiscardNew,
		MaxBytes:    -1, // Append counts all segments together
		MaxMsgs:     -1,
		// No bound at all; but with one the server writes and reads in blocks of 4 MiB instead of 8, of
		// which it holds several in memory.
		MaxMsgsPerSubject: math.MaxInt64,
		MaxMsgSize:        maxRecord + 1<<20,
		FirstSeq:          begin,
		AllowDirect:       true,
		Duplicates:        100 * time.Millisecond, // the least; no message has an id
		Replicas:          1,
	})
	if err != nil {
		return nil, fmt.Errorf("making the log's stream %s: %w: %w", s.name, err, felt.ErrUnavailable)
	}
	return s, nil
}

// writable returns the segment for the next message, a new one when the last is full.
// l.publishing is held.
func (l *Log) writable(ctx context.Context) (*segment, error) {
	l.mu.Lock()
	s := l.segments[len(l.segments)-1]
	full := s.bytes >= l.opts.SegmentBytes
	l.mu.Unlock()
	if !full {
		return s, nil
	}
	if err := l.quiet(ctx); err != nil {
		return nil, err
	}
	st, err := l.state(ctx, s)
	if err != nil {
		return nil, err
	}
	next, err := l.create(ctx, s.number+1, st.LastSeq+1)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.segments = append(l.segments, next)
	return next, nil
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
			return fmt.Errorf("waiting for the disk (%w): %w", err, felt.ErrUnavailable)
		}
	}
	if l.closed {
		return errClosed()
	}
	return nil
}

// refresh asks where the log ends after a lost connection, so that readers see what
// was stored and never acknowledged.
func (l *Log) refresh() {
	l.publishing.Lock()
	defer l.publishing.Unlock()
	var err error
	for l.nc.IsConnected() { // when it is lost again, the next return asks
		if err = l.askEnd(); err == nil {
			return
		}
	}
	if err != nil && !l.nc.IsClosed() {
		l.opts.Logger.Warn("asking for the end of the log", "err", err)
	}
}

// askEnd takes over the state of the last segment. l.publishing is held.
func (l *Log) askEnd() error {
	ctx, cancel := context.WithTimeout(context.Background(), askWait)
	defer cancel()
	l.mu.Lock()
	s := l.segments[len(l.segments)-1]
	l.mu.Unlock()
	if err := l.quiet(ctx); err != nil {
		return err
	}
	st, err := l.state(ctx, s)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.update(st)
	if st.LastSeq > l.tail.last {
		l.tail.clear()
		l.tail.advance(st.LastSeq)
	}
	return nil
}
