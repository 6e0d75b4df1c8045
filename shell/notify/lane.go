package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/tell"
)

// stopGrace is how long what is being sent may still be answered when Felt stops.
const stopGrace = 3 * time.Second

// work delivers a lane's notifications, one at a time, until ctx ends.
func (s *Sender) work(ctx context.Context, l *lane) {
	for {
		e, wait := s.pick(l)
		if e != nil {
			s.deliver(ctx, l, e)
		}
		if ctx.Err() != nil {
			return
		}
		if e != nil {
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-l.wake:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// idle is how long a lane sleeps that has nothing to do; it is woken when there is.
const idle = time.Hour

// pick chooses what is to be sent now: of each incident only the oldest is looked at, so that its
// order is kept. Else it tells how long to wait.
func (s *Sender) pick(l *lane) (*entry, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, wait := s.opts.Now(), idle
	if now.Before(l.paused) {
		return nil, min(wait, l.paused.Sub(now))
	}
	seen := map[string]bool{}
	for _, e := range l.waiting {
		if seen[e.Incident] && e.Incident != "" {
			continue
		}
		seen[e.Incident] = true
		if !now.Before(e.due) {
			e.sending = true
			return e, 0
		}
		wait = min(wait, e.due.Sub(now))
	}
	return nil, wait
}

// deliver makes one attempt and keeps what came of it.
func (s *Sender) deliver(ctx context.Context, l *lane, e *entry) {
	n, err := s.load(ctx, e)
	if ctx.Err() != nil {
		return
	}
	if err != nil && !errors.Is(err, felt.ErrPermanent) { // the outbox is away: no attempt has been made
		s.mu.Lock()
		e.due, e.sending = s.opts.Now().Add(s.opts.MaxPause/60), false
		s.mu.Unlock()
		return
	}
	now := s.opts.Now()
	late := now.Sub(e.At.Instant().Time())
	s.mu.Lock()
	d := e.Delivery
	s.mu.Unlock()
	var after time.Duration
	attempted := false
	switch {
	case err != nil:
	case d.First == 0 && d.By == "" && late > s.opts.GiveUp:
		err = fmt.Errorf("it is %s old, too old to wake anybody: %w", tell.Elapsed(felt.Instant(late)), felt.ErrPermanent)
	default:
		attempted = true
		after, err = s.attempt(ctx, n, late)
		if ctx.Err() != nil && err != nil && errors.Is(err, context.Canceled) {
			return // stopped in the middle: it is sent again, under the same id
		}
	}
	s.keep(ctx, l, e, outcome{n: n, began: now, attempted: attempted && !errors.Is(err, errConfig), after: after, err: err})
}

// outcome is what came of one look at a notification.
type outcome struct {
	n         felt.Notification
	began     time.Time
	attempted bool
	after     time.Duration // the sink asked to be left alone for so long; 0 it did not
	err       error
}

// keep notes the outcome in the outbox, and puts the entry where it belongs. What is over is noted
// before anything else happens in the lane: "delivered" must not be lost.
func (s *Sender) keep(ctx context.Context, l *lane, e *entry, o outcome) {
	now := s.opts.Now()
	s.mu.Lock()
	d := e.Delivery
	d.Key, d.Sink, d.Error, d.Next = e.Key, e.Sink, "", 0
	if o.attempted {
		d.Attempts++
		d.Last = felt.InstantOf(o.began)
		l.lastTry = d.Last
	}
	if d.First == 0 {
		d.First = felt.InstantOf(o.began)
	}
	s.judge(&d, l, o, now)
	s.mu.Unlock()

	s.note(ctx, d)

	s.mu.Lock()
	defer s.mu.Unlock()
	e.Delivery, e.sending = d, false
	switch d.State {
	case felt.DeliveryWaiting:
		e.due = d.Next.Time()
		if o.attempted {
			s.count.add("failed", e.Sink, e.Kind)
		}
		return
	case felt.DeliveryDelivered:
		l.lastOK, l.lastErr = felt.InstantOf(now), ""
		s.count.add("delivered", e.Sink, e.Kind)
		s.observe(e, &o.n, now)
	case felt.DeliveryDead:
		s.count.add("dead", e.Sink, e.Kind)
		s.opts.Logger.Error("notification given up", "sink", e.Sink, "key", e.Key, "attempts", d.Attempts, "err", d.Error)
	}
	for i := range l.waiting {
		if l.waiting[i] == e {
			l.waiting = append(l.waiting[:i], l.waiting[i+1:]...)
			break
		}
	}
}

// judge says how far the delivery has come by the outcome. s.mu is held.
func (s *Sender) judge(d *felt.Delivery, l *lane, o outcome, now time.Time) {
	if o.err == nil {
		d.State = felt.DeliveryDelivered
		return
	}
	d.Error = o.err.Error()
	l.lastErr = d.Error
	pause := max(s.pause(d.Attempts), o.after)
	if !o.attempted { // somebody has to mend something first
		pause = max(pause, min(s.opts.MaxPause, now.Sub(d.First.Time())/2))
	}
	if o.after > 0 {
		l.paused = now.Add(o.after)
	}
	next := now.Add(pause)
	end := d.First.Time().Add(s.opts.GiveUp)
	switch {
	case errors.Is(o.err, felt.ErrPermanent):
		d.State = felt.DeliveryDead
	case next.After(end):
		d.State = felt.DeliveryDead
		d.Error = fmt.Sprintf("given up after %s and %d attempts: %s", tell.Elapsed(felt.InstantOf(now)-d.First), d.Attempts, d.Error)
	default:
		d.State, d.Next = felt.DeliveryWaiting, felt.InstantOf(next)
	}
}

// pause is how long to wait after so many attempts: it doubles, and half of it is left to chance so
// that many that failed at once do not come back at once.
func (s *Sender) pause(attempts int) time.Duration {
	p := s.opts.MaxPause
	if attempts < 20 {
		p = min(p, s.opts.Backoff<<max(attempts-1, 0))
	}
	return p/2 + time.Duration(s.opts.Jitter()*float64(p/2))
}

// note keeps it in the outbox. What is over is tried until it is there, or Felt stops: then it may be
// sent once more, under the same id.
func (s *Sender) note(ctx context.Context, d felt.Delivery) {
	pause := 50 * time.Millisecond
	for {
		err := s.noteOnce(ctx, d)
		if err == nil {
			return
		}
		s.mu.Lock()
		s.count.noteErrors++
		s.mu.Unlock()
		s.opts.Logger.Error("what came of a notification is not noted", "key", d.Key, "state", d.State, "err", err)
		if d.State == felt.DeliveryWaiting || ctx.Err() != nil || !sleep(ctx, pause) {
			return
		}
		pause = min(2*pause, 5*time.Second)
	}
}

func (s *Sender) noteOnce(ctx context.Context, d felt.Delivery) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	if err := s.opts.Outbox.Note(ctx, d); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	return nil
}
