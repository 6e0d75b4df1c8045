package jetstream

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	felt "github.com/felt-cx/felt"
)

const (
	// fetchBytes is about how much a reader that is behind asks for at once.
	fetchBytes = 4 << 20
	// fetchMessages bounds the messages of one piece.
	fetchMessages = 1024
	// fetchWait is how long the server may be silent before it is asked again.
	fetchWait = 5 * time.Second
	// fetchPatience is how long a reader tries again before it gives up, fetchPause how
	// long it waits in between: a lost connection is back in less.
	fetchPatience = 30 * time.Second
	fetchPause    = 20 * time.Millisecond
)

// Read yields the records after the given place, from memory when the reader keeps
// up and else from the stream, and waits for more until ctx ends. It ends with
// [felt.ErrUnavailable] when the log is closed.
func (l *Log) Read(ctx context.Context, part felt.Part, after felt.Seq) iter.Seq2[felt.Record, error] {
	return func(yield func(felt.Record, error) bool) {
		r := &reader{l: l, part: part, after: after, next: max(messageOf(after), 1)}
		defer r.release()
		for {
			entries, err := r.more(ctx)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				yield(felt.Record{}, fmt.Errorf("reading the log after %d: %w", r.after, err))
				return
			}
			for _, e := range entries {
				if !r.pass(ctx, e, yield) {
					return
				}
			}
		}
	}
}

// reader is one iteration of Read.
type reader struct {
	l       *Log
	part    felt.Part
	after   felt.Seq // newest record passed
	next    uint64   // message to be looked at next
	entries []entry  // scratch
	sub     *nats.Subscription
	subject string
}

// pass yields an entry's records, and reports whether to go on.
func (r *reader) pass(ctx context.Context, e entry, yield func(felt.Record, error) bool) bool {
	for i := range e.recs {
		rec := e.recs[i]
		if rec.Seq <= r.after {
			continue
		}
		r.after = rec.Seq
		if r.part != felt.All && rec.Part != r.part && rec.Part != felt.Control {
			continue
		}
		if !yield(rec, nil) || ctx.Err() != nil {
			return false
		}
	}
	r.next = e.message + 1
	return true
}

// more returns the next messages, at least one, and waits for them.
func (r *reader) more(ctx context.Context) ([]entry, error) {
	for {
		clear(r.entries)
		r.l.mu.Lock()
		closed, changed := r.l.closed, r.l.tail.changed
		got, behind := r.l.tail.from(r.entries[:0], r.next)
		last := r.l.tail.last
		r.l.mu.Unlock()
		r.entries = got
		switch {
		case closed:
			return nil, errClosed()
		case len(got) > 0:
			r.release()
			return got, nil
		case behind:
			got, err := r.fetch(ctx)
			if err != nil || len(got) > 0 {
				return got, err
			}
			// Nothing from here on in this segment: it has been trimmed, or it ends here.
			r.next = r.l.segmentAfter(r.next, last+1)
			continue
		}
		select {
		case <-changed:
		case <-r.l.done:
			return nil, errClosed()
		case <-ctx.Done():
			return nil, nil
		}
	}
}

// fetch reads the next piece of the stream; none when there is nothing from next on.
func (r *reader) fetch(ctx context.Context) ([]entry, error) {
	for start := time.Now(); ; {
		got, err := r.piece(ctx)
		if err == nil || ctx.Err() != nil || errors.Is(err, felt.ErrCorrupt) || time.Since(start) > fetchPatience {
			return got, err
		}
		r.release() // what is still under way goes to a subject nobody hears
		select {
		case <-r.l.done:
			return nil, errClosed()
		case <-ctx.Done():
			return nil, nil
		case <-time.After(fetchPause):
		}
	}
}

// piece asks for messages once.
func (r *reader) piece(ctx context.Context) ([]entry, error) {
	if err := r.listen(); err != nil {
		return nil, err
	}
	ask := fmt.Sprintf(`{"seq":%d,"batch":%d,"max_bytes":%d}`, r.next, fetchMessages, fetchBytes)
	if err := r.l.rc.PublishRequest(r.l.directGet(r.next), r.subject, []byte(ask)); err != nil {
		return nil, fmt.Errorf("asking the log server: %w: %w", err, felt.ErrUnavailable)
	}
	r.entries = r.entries[:0]
	for {
		m, err := r.hear(ctx)
		if err != nil {
			return nil, fmt.Errorf("waiting for the log server: %w: %w", err, felt.ErrUnavailable)
		}
		switch status := m.Header.Get("Status"); status {
		case "":
		case "204", "404": // the end of the piece; nothing there
			return r.entries, nil
		default:
			return nil, fmt.Errorf("the log server answered %s %s: %w", status, m.Header.Get("Description"), felt.ErrUnavailable)
		}
		e, err := parseMessage(m)
		if err != nil {
			return nil, err
		}
		r.entries = append(r.entries, e)
	}
}

// hear waits for one answer.
func (r *reader) hear(ctx context.Context) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchWait)
	defer cancel()
	return r.sub.NextMsgWithContext(ctx) //nolint:wrapcheck // piece does
}

// listen makes the subject for answers. Its limits are off because a piece bounds
// itself, and a dropped message would be a hole.
func (r *reader) listen() error {
	if r.sub != nil {
		return nil
	}
	subject := r.l.rc.NewInbox()
	sub, err := r.l.rc.SubscribeSync(subject)
	if err == nil {
		err = sub.SetPendingLimits(-1, -1)
	}
	if err != nil {
		return fmt.Errorf("listening to the log server: %w: %w", err, felt.ErrUnavailable)
	}
	r.sub, r.subject = sub, subject
	return nil
}

func (r *reader) release() {
	if r.sub != nil {
		_ = r.sub.Unsubscribe() // fails only on a closed connection
		r.sub = nil
	}
}

// parseMessage turns an answer of a direct get into records.
func parseMessage(m *nats.Msg) (entry, error) {
	message, err := strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
	if err != nil {
		return entry{}, fmt.Errorf("answer of the log server without a sequence number: %w: %w", err, felt.ErrCorrupt)
	}
	recs, err := parseFrame(m.Data, message)
	return entry{message: message, recs: recs}, err
}

// message reads one message; [felt.ErrNotFound] when it is not there.
func (l *Log) message(ctx context.Context, number uint64) (entry, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchWait)
	defer cancel()
	ask := fmt.Sprintf(`{"seq":%d}`, number)
	m, err := l.rc.RequestWithContext(ctx, l.directGet(number), []byte(ask))
	if err != nil {
		return entry{}, fmt.Errorf("asking the log server for message %d: %w: %w", number, err, felt.ErrUnavailable)
	}
	switch status := m.Header.Get("Status"); status {
	case "":
		return parseMessage(m)
	case "404":
		return entry{}, fmt.Errorf("message %d of the log: %w", number, felt.ErrNotFound)
	default:
		return entry{}, fmt.Errorf("message %d of the log: the server answered %s: %w", number, status, felt.ErrUnavailable)
	}
}
