package jetstream

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	felt "github.com/felt-cx/felt"
)

// Log is a [felt.Log], [felt.Trimmer] and [felt.Meter] in one directory. Make it
// with [Open]; it is safe for concurrent use.
type Log struct {
	opts  Options
	lock  *os.File
	srv   *server.Server
	nc    *nats.Conn // appends and their acknowledgements, purges
	rc    *nats.Conn // reads: the server answers them on the connection's own goroutine
	js    natsjs.JetStream
	inbox string // acknowledgements come to inbox.<number of the message>

	trimming   sync.Mutex // held by Trim
	publishing sync.Mutex // held from a call's first message to its last
	buf        []byte     // scratch of the publisher

	mu       sync.Mutex
	number   uint64 // of the last message published
	pending  map[uint64]*pending
	inflight int64         // bytes published and not acknowledged
	freed    chan struct{} // closed when inflight shrinks
	segments []*segment    // oldest first; the last one is written
	newest   felt.Place
	found    int64 // size when it was opened, less once trimmed: above MaxBytes when that was larger before
	tail     tail
	count    counters
	closed   bool
	outboxes []*Outbox // that end with the log

	done      chan struct{} // closed by Close
	closeOnce sync.Once
	closeErr  error
}

// counters are totals since Open.
type counters struct {
	bytes, records, appends, full, failed, trimmed uint64
	took                                           time.Duration
}

// Open starts the embedded server on the directory, and recovers what is there. It
// fails when another process has the directory open.
func Open(ctx context.Context, opts Options) (*Log, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	lock, err := takeDir(opts.Dir)
	if err != nil {
		return nil, err
	}
	l := &Log{
		opts: opts, lock: lock,
		pending: make(map[uint64]*pending),
		freed:   make(chan struct{}),
		done:    make(chan struct{}),
	}
	if err := l.start(ctx); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("log in %s: %w", opts.Dir, err)
	}
	return l, nil
}

func (l *Log) start(ctx context.Context) error {
	var err error
	if l.srv, err = startServer(l.opts); err != nil {
		return err
	}
	l.nc, err = l.connect("append",
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { l.lost(err) }),
		nats.ReconnectHandler(func(*nats.Conn) { l.refresh() }))
	if err != nil {
		return err
	}
	if l.rc, err = l.connect("read"); err != nil {
		return err
	}
	if l.js, err = natsjs.New(l.nc); err != nil {
		return fmt.Errorf("talking to the embedded log server: %w", err)
	}
	l.inbox = l.nc.NewInbox()
	sub, err := l.nc.Subscribe(l.inbox+".*", l.acknowledged)
	if err != nil {
		return fmt.Errorf("listening for acknowledgements: %w", err)
	}
	if err := sub.SetPendingLimits(-1, -1); err != nil { // bounded by maxInflight
		return fmt.Errorf("listening for acknowledgements: %w", err)
	}
	if err := l.recover(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.found = l.used()
	return nil
}

// connect opens a connection inside the process.
func (l *Log) connect(name string, more ...nats.Option) (*nats.Conn, error) {
	opts := append(more, nats.InProcessServer(l.srv), nats.Name("felt "+name),
		nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond), nats.ReconnectBufSize(-1),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			l.opts.Logger.Warn("connection to the embedded log server", "connection", name, "err", err)
		}))
	nc, err := nats.Connect("", opts...)
	if err != nil {
		return nil, fmt.Errorf("connecting to the embedded log server: %w", err)
	}
	return nc, nil
}

// lost fails every append that waits: its acknowledgement will not come.
func (l *Log) lost(err error) {
	if err == nil {
		err = errors.New("connection closed")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for n, p := range l.pending {
		l.settle(n, p)
		p.done <- outcome{err: fmt.Errorf("append: the log server has gone (%w): %w", err, felt.ErrUnavailable)}
	}
}

// Last returns the place of the newest acknowledged record.
func (l *Log) Last(context.Context) (felt.Place, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return felt.Place{}, errClosed()
	}
	return l.newest, nil
}

// Close ends every Read and waiting Append with [felt.ErrUnavailable], stops the
// server and frees the directory. What was acknowledged is on disk before it.
func (l *Log) Close() error {
	l.closeOnce.Do(func() { l.closeErr = l.close() })
	return l.closeErr
}

func (l *Log) close() error {
	l.mu.Lock()
	l.closed = true
	outboxes := l.outboxes
	l.mu.Unlock()
	close(l.done)
	for _, o := range outboxes {
		_ = o.Close() // never fails
	}
	for _, nc := range []*nats.Conn{l.nc, l.rc} {
		if nc != nil {
			nc.Close()
		}
	}
	if l.srv != nil {
		l.srv.Shutdown()
		l.srv.WaitForShutdown()
	}
	if err := l.lock.Close(); err != nil {
		return fmt.Errorf("closing the log's lock: %w", err)
	}
	return nil
}

func errClosed() error { return fmt.Errorf("log is closed: %w", felt.ErrUnavailable) }

// numberOf is the number at the end of an acknowledgement's subject.
func numberOf(subject string) (uint64, bool) {
	n, err := strconv.ParseUint(subject[strings.LastIndexByte(subject, '.')+1:], 10, 64)
	return n, err == nil
}
