package jetstream

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	felt "github.com/felt-cx/felt"
)

const (
	// outboxStream is the name of the outbox's stream.
	outboxStream = "FELT-OUTBOX"
	// A notification has the subject felt.out.n.<hash of its key>, what came of it
	// felt.out.d.<the same hash>.
	postedPrefix = "felt.out.n."
	notedPrefix  = "felt.out.d."
	// outboxWait is how long the server has for an answer.
	outboxWait = 10 * time.Second
	// outboxLook is how often a reader that waits looks for what another process has posted; what this
	// one posts wakes it.
	outboxLook = time.Second
)

// The defaults of [OutboxOptions].
const (
	DefaultOutboxBytes = 256 << 20
	DefaultOutboxAge   = 14 * 24 * time.Hour
)

// OutboxOptions say how much an [Outbox] keeps. The zero value of a field means its default.
type OutboxOptions struct {
	// MaxBytes bounds notifications and what came of them on disk (default 256 MiB). The oldest go
	// first, delivered or not: one that has waited so long is about an incident nobody has in mind.
	MaxBytes int64
	// MaxAge is how long they are kept (default 14 days), so how long a notification that is
	// posted again is known.
	MaxAge time.Duration
	// Replicas on a cluster, for [ConnectOutbox] (default 1).
	Replicas int
}

// Outbox is a [felt.Outbox] in a stream of its own. Make it with [Log.Outbox] or [ConnectOutbox]; it
// is safe for concurrent use.
type Outbox struct {
	nc     *nats.Conn
	js     natsjs.JetStream
	stream natsjs.Stream

	mu      sync.Mutex
	changed chan struct{} // closed when something is posted
	posts   uint64
	again   uint64
	bad     uint64

	done chan struct{}
	once sync.Once
}

// Outbox opens the outbox beside the log: on the same server, synced as the log is. It ends with the
// log.
func (l *Log) Outbox(ctx context.Context, opts OutboxOptions) (*Outbox, error) {
	nc, err := l.connect("outbox")
	if err != nil {
		return nil, err
	}
	opts.Replicas = 1
	o, err := openOutbox(ctx, nc, opts)
	if err != nil {
		nc.Close()
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outboxes = append(l.outboxes, o)
	return o, nil
}

// ConnectOutbox opens an outbox on a NATS server or cluster with JetStream. How soon such a server
// syncs what it acknowledges is its own setting (jetstream sync_interval; "always" is as safe as the
// embedded one, and so are three replicas).
func ConnectOutbox(ctx context.Context, url string, opts OutboxOptions) (*Outbox, error) {
	nc, err := nats.Connect(url, nats.Name("felt outbox"), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1))
	if err != nil {
		return nil, fmt.Errorf("outbox: connecting: %w: %w", err, felt.ErrUnavailable)
	}
	o, err := openOutbox(ctx, nc, opts)
	if err != nil {
		nc.Close()
		return nil, err
	}
	return o, nil
}

func openOutbox(ctx context.Context, nc *nats.Conn, opts OutboxOptions) (*Outbox, error) {
	if opts.MaxBytes < 0 || opts.MaxAge < 0 || opts.Replicas < 0 {
		return nil, fmt.Errorf("outbox: keeps %d bytes for %v in %d replicas: want positive numbers", opts.MaxBytes, opts.MaxAge, opts.Replicas)
	}
	if opts.MaxBytes == 0 {
		opts.MaxBytes = DefaultOutboxBytes
	}
	if opts.MaxAge == 0 {
		opts.MaxAge = DefaultOutboxAge
	}
	js, err := natsjs.New(nc)
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, outboxWait)
	defer cancel()
	stream, err := js.CreateOrUpdateStream(ctx, natsjs.StreamConfig{
		Name:              outboxStream,
		Description:       "what Felt tells people, and what came of it",
		Subjects:          []string{postedPrefix + "*", notedPrefix + "*"},
		Storage:           natsjs.FileStorage,
		Retention:         natsjs.LimitsPolicy,
		Discard:           natsjs.DiscardOld,
		MaxBytes:          opts.MaxBytes,
		MaxAge:            opts.MaxAge,
		MaxMsgs:           -1,
		MaxMsgsPerSubject: 1, // a notification is posted once; of what came of it the last stands
		AllowDirect:       true,
		Duplicates:        min(100*time.Millisecond, opts.MaxAge), // no message has an id: the subject is one, for as long as it is kept
		Replicas:          max(opts.Replicas, 1),
	})
	if err != nil {
		return nil, fmt.Errorf("outbox: making the stream %s: %w: %w", outboxStream, err, felt.ErrUnavailable)
	}
	return &Outbox{nc: nc, js: js, stream: stream, changed: make(chan struct{}), done: make(chan struct{})}, nil
}

// subjectHash is a key as a part of a subject: keys may hold what subjects must not.
func subjectHash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// Post appends notifications, each in a message of its own that the server takes only when its
// subject has none.
func (o *Outbox) Post(ctx context.Context, list ...felt.Notification) error {
	for i := range list {
		n := &list[i]
		if n.Key == "" {
			return fmt.Errorf("post: a notification without a key: %w", felt.ErrPermanent)
		}
		fresh, err := o.send(ctx, postedPrefix+subjectHash(n.Key), n, natsjs.WithExpectLastSequencePerSubject(0))
		if err != nil {
			return fmt.Errorf("post %s: %w", n.Key, err)
		}
		o.mu.Lock()
		if fresh {
			o.posts++
			close(o.changed)
			o.changed = make(chan struct{})
		} else {
			o.again++
		}
		o.mu.Unlock()
	}
	return nil
}

// Note keeps what came of a notification.
func (o *Outbox) Note(ctx context.Context, d felt.Delivery) error {
	if d.Key == "" {
		return fmt.Errorf("note: a delivery without a key: %w", felt.ErrPermanent)
	}
	if _, err := o.send(ctx, notedPrefix+subjectHash(d.Key), d); err != nil {
		return fmt.Errorf("note %s: %w", d.Key, err)
	}
	return nil
}

// send publishes one message and waits until it is stored; false when the subject has one already.
func (o *Outbox) send(ctx context.Context, subject string, v any, opts ...natsjs.PublishOpt) (fresh bool, err error) {
	if err := o.open(ctx); err != nil {
		return false, err
	}
	data, err := json.Marshal(v)
	if err != nil {
		return false, fmt.Errorf("%w: %w", err, felt.ErrPermanent)
	}
	ctx, cancel := context.WithTimeout(ctx, outboxWait)
	defer cancel()
	_, err = o.js.Publish(ctx, subject, data, opts...)
	if err == nil {
		return true, nil
	}
	var refused *natsjs.APIError
	if errors.As(err, &refused) {
		if c := refused.ErrorCode; c == natsjs.JSErrCodeStreamWrongLastSequence || c == natsjs.JSErrCodeStreamWrongLastSequenceConstant {
			return false, o.there(ctx, subject)
		}
	}
	if errors.Is(err, nats.ErrMaxPayload) {
		return false, fmt.Errorf("it has %d bytes, more than the server takes: %w", len(data), felt.ErrPermanent)
	}
	return false, fmt.Errorf("%w: %w", err, felt.ErrUnavailable)
}

// there makes sure that a message that the server would not take twice is there once: another that
// was under way at the same time may have come to nothing.
func (o *Outbox) there(ctx context.Context, subject string) error {
	if _, err := o.stream.GetLastMsgForSubject(ctx, subject); err != nil {
		return fmt.Errorf("looking for what was posted before: %w: %w", err, felt.ErrUnavailable)
	}
	return nil
}

func (o *Outbox) open(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-o.done:
		return errOutboxClosed()
	default:
		return nil
	}
}

// next is the first message after a place, of those with a prefix; nil when there is none.
func (o *Outbox) next(ctx context.Context, after uint64, prefix string) (*natsjs.RawStreamMsg, error) {
	ctx, cancel := context.WithTimeout(ctx, outboxWait)
	defer cancel()
	m, err := o.stream.GetMsg(ctx, after+1, natsjs.WithGetMsgSubject(prefix+"*"))
	if errors.Is(err, natsjs.ErrMsgNotFound) {
		return nil, nil //nolint:nilnil // the end of what there is
	}
	if err != nil {
		return nil, fmt.Errorf("reading the outbox after %d: %w: %w", after, err, felt.ErrUnavailable)
	}
	return m, nil
}

// Posted yields what was posted after a place, and waits for more until ctx ends.
func (o *Outbox) Posted(ctx context.Context, after felt.Seq) iter.Seq2[felt.Posted, error] {
	return func(yield func(felt.Posted, error) bool) {
		for ctx.Err() == nil {
			o.mu.Lock()
			changed := o.changed // before looking, so that nothing is missed
			o.mu.Unlock()
			m, err := o.next(ctx, uint64(after), postedPrefix)
			switch {
			case ctx.Err() != nil:
				return
			case o.open(ctx) != nil:
				yield(felt.Posted{}, errOutboxClosed())
				return
			case err != nil:
				yield(felt.Posted{}, err)
				return
			case m != nil:
				after = felt.Seq(m.Sequence)
				p := felt.Posted{Seq: after}
				if json.Unmarshal(m.Data, &p.Notification) != nil {
					o.passOver() // it must not stand in the way of those behind it
					continue
				}
				if !yield(p, nil) {
					return
				}
				continue
			}
			o.wait(ctx, changed)
		}
	}
}

// passOver counts a message that cannot be read.
func (o *Outbox) passOver() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.bad++
}

// wait waits until something may have been posted.
func (o *Outbox) wait(ctx context.Context, changed <-chan struct{}) {
	look := time.NewTimer(outboxLook)
	defer look.Stop()
	select {
	case <-changed:
	case <-look.C:
	case <-o.done:
	case <-ctx.Done():
	}
}

// Deliveries are those noted, of notifications that are kept, in order of Key.
func (o *Outbox) Deliveries(ctx context.Context) ([]felt.Delivery, error) {
	if err := o.open(ctx); err != nil {
		return nil, err
	}
	info, err := o.stream.Info(ctx, natsjs.WithSubjectFilter(postedPrefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("asking what is in the outbox: %w: %w", err, felt.ErrUnavailable)
	}
	var list []felt.Delivery
	for after := uint64(0); ; {
		m, err := o.next(ctx, after, notedPrefix)
		if err != nil {
			return nil, err
		}
		if m == nil {
			break
		}
		after = m.Sequence
		if info.State.Subjects[postedPrefix+strings.TrimPrefix(m.Subject, notedPrefix)] == 0 {
			continue
		}
		var d felt.Delivery
		if json.Unmarshal(m.Data, &d) != nil {
			o.passOver()
			continue
		}
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b felt.Delivery) int { return strings.Compare(a.Key, b.Key) })
	return list, nil
}

// Metrics returns the outbox's own numbers.
func (o *Outbox) Metrics() []felt.Metric {
	o.mu.Lock()
	defer o.mu.Unlock()
	return []felt.Metric{
		counter("felt_outbox_posted_total", "Notifications posted and synced.", float64(o.posts)),
		counter("felt_outbox_posted_again_total", "Notifications that were posted before, as a replay does, and are told once.", float64(o.again)),
		counter("felt_outbox_unreadable_total", "Messages of the outbox that could not be read and were passed over.", float64(o.bad)),
	}
}

// Close ends every Posted with [felt.ErrUnavailable].
func (o *Outbox) Close() error {
	o.once.Do(func() {
		close(o.done)
		o.nc.Close()
	})
	return nil
}

func errOutboxClosed() error { return fmt.Errorf("outbox is closed: %w", felt.ErrUnavailable) }
