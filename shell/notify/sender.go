package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/tell"
)

// Sender reads the outbox and tells the sinks. Make it with [New], run it once.
type Sender struct {
	opts   Options
	client *http.Client

	mu      sync.Mutex
	entries map[string]*entry // by key, of what the outbox keeps
	lanes   map[string]*lane  // by sink
	beats   map[string]*beat  // of heartbeats, by sink
	harm    map[[2]string]bool
	count   counters
	trouble string // why the outbox cannot be read; "" it can

	wg sync.WaitGroup
}

// entry is one notification and what came of it. Guarded by Sender.mu.
type entry struct {
	felt.Told
	due     time.Time // not before
	sending bool
}

// lane is one sink's notifications that wait. Guarded by Sender.mu.
type lane struct {
	name    string
	works   bool     // its goroutine runs
	waiting []*entry // by place in the outbox
	paused  time.Time
	wake    chan struct{}

	lastOK, lastTry felt.Instant
	lastErr         string
}

// New returns a sender that has not started.
func New(opts Options) (*Sender, error) {
	if err := opts.defaults(); err != nil {
		return nil, err
	}
	s := &Sender{
		opts: opts, entries: map[string]*entry{}, lanes: map[string]*lane{}, beats: map[string]*beat{},
		harm: map[[2]string]bool{}, count: newCounters(),
	}
	s.client = &http.Client{Transport: opts.Transport, CheckRedirect: stayThere}
	return s, nil
}

// Run delivers until ctx ends. An outbox that cannot be read is tried again for ever. What is being
// sent when ctx ends has a few seconds to be answered.
func (s *Sender) Run(ctx context.Context) {
	s.wg.Go(func() { s.heart(ctx) })
	pause := time.Second
	for ctx.Err() == nil {
		began := s.opts.Now()
		err := s.read(ctx)
		if err == nil || ctx.Err() != nil {
			break
		}
		s.mu.Lock()
		s.trouble = err.Error()
		s.mu.Unlock()
		s.opts.Logger.Error("the outbox cannot be read; trying again", "err", err)
		if s.opts.Now().Sub(began) > time.Minute {
			pause = time.Second
		}
		sleep(ctx, pause)
		pause = min(2*pause, 30*time.Second)
	}
	s.wg.Wait()
}

// read takes in what came of everything, and then what is posted, until ctx ends or it fails.
func (s *Sender) read(ctx context.Context) error {
	noted, err := s.opts.Outbox.Deliveries(ctx)
	if err != nil {
		return fmt.Errorf("what came of notifications: %w", err)
	}
	deliveries := make(map[string]felt.Delivery, len(noted))
	for _, d := range noted {
		deliveries[d.Key] = d
	}
	for p, err := range s.opts.Outbox.Posted(ctx, 0) {
		if err != nil {
			return fmt.Errorf("what is posted: %w", err)
		}
		s.take(ctx, p, deliveries[p.Key])
		delete(deliveries, p.Key)
	}
	return nil
}

// take puts one into the index, and into its sink's lane when it is to be delivered.
func (s *Sender) take(ctx context.Context, p felt.Posted, d felt.Delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = ""
	if _, ok := s.entries[p.Key]; ok {
		return // the outbox is read again
	}
	i := &p.Incident
	e := &entry{Told: felt.Told{
		Seq: p.Seq, Key: p.Key, Sink: p.Sink, Kind: p.Kind, At: p.At, Why: p.Why, Policy: p.Policy,
		Env: i.Env, App: i.App, Incident: i.ID, Title: tell.Title(i), Delivery: d,
	}}
	if e.Delivery.State == "" {
		e.Delivery = felt.Delivery{Key: p.Key, Sink: p.Sink, State: felt.DeliveryWaiting}
	}
	s.entries[p.Key] = e
	l := s.lane(e.Sink)
	if !l.works {
		l.works = true
		s.wg.Go(func() { s.work(ctx, l) })
	}
	switch e.Delivery.State {
	case felt.DeliveryDelivered:
		if e.Kind == felt.NotifyDetected {
			s.harm[[2]string{e.Incident, e.Sink}] = true
		}
		l.lastOK, l.lastTry = max(l.lastOK, e.Delivery.Last), max(l.lastTry, e.Delivery.Last)
	case felt.DeliveryWaiting:
		if e.Delivery.Next > 0 {
			e.due = e.Delivery.Next.Time()
		}
		l.queue(e)
	case felt.DeliveryDead:
	}
	if len(s.entries)%1000 == 0 {
		s.forget()
	}
}

// forget lets go of what the outbox keeps no longer. s.mu is held.
func (s *Sender) forget() {
	old := felt.InstantOf(s.opts.Now().Add(-s.opts.Keep))
	for key, e := range s.entries {
		if e.At.Instant() < old && e.Delivery.State != felt.DeliveryWaiting {
			delete(s.entries, key)
			delete(s.harm, [2]string{e.Incident, e.Sink})
		}
	}
}

// queue puts an entry into its lane. s.mu is held.
func (l *lane) queue(e *entry) {
	at, found := slices.BinarySearchFunc(l.waiting, e.Seq, func(o *entry, seq felt.Seq) int { return cmp.Compare(o.Seq, seq) })
	if !found {
		l.waiting = slices.Insert(l.waiting, at, e)
	}
	l.call()
}

// lane is the one of a sink. s.mu is held.
func (s *Sender) lane(sink string) *lane {
	l := s.lanes[sink]
	if l == nil {
		l = &lane{name: sink, wake: make(chan struct{}, 1)}
		s.lanes[sink] = l
	}
	return l
}

// call makes the lane look again.
func (l *lane) call() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Reloaded is called when the inventory or what it points to has changed: what waits because of
// that is tried at once.
func (s *Sender) Reloaded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lanes {
		for _, e := range l.waiting {
			if !e.sending && e.Delivery.Attempts == 0 {
				e.due = time.Time{}
			}
		}
		l.call()
	}
}

// load reads a notification whole again: of those that wait only the heads are in memory.
func (s *Sender) load(ctx context.Context, e *entry) (felt.Notification, error) {
	for p, err := range s.opts.Outbox.Posted(ctx, e.Seq-1) {
		if err != nil {
			return felt.Notification{}, fmt.Errorf("reading it from the outbox: %w", err)
		}
		if p.Key != e.Key {
			break
		}
		return p.Notification, nil
	}
	if err := ctx.Err(); err != nil {
		return felt.Notification{}, err
	}
	return felt.Notification{}, fmt.Errorf("the outbox has let go of it: %w", felt.ErrPermanent)
}

// sleep waits; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// errConfig: nothing is wrong with the notification or the receiver, but with what is said of the sink.
var errConfig = errors.New("the sink cannot be used")
