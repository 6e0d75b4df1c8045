package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// beat is one heartbeat sink. Guarded by Sender.mu.
type beat struct {
	due     time.Time
	tick    felt.Tick // of the engine at the last look
	sending bool
	fails   int
	lastOK  felt.Instant
	lastTry felt.Instant
	lastErr string
}

// behindMax is how far the engine may be behind the wall clock for a heartbeat: one that reads
// yesterday's log moves too, and warns nobody of today's failures.
const behindMax = 5 * time.Minute

// heart sends heartbeats until ctx ends.
func (s *Sender) heart(ctx context.Context) {
	for {
		for _, sink := range s.sinks() {
			if sink.Kind == rules.SinkHeartbeat {
				s.beatOf(ctx, sink)
			}
		}
		if !sleep(ctx, time.Second) {
			return
		}
	}
}

func (s *Sender) sinks() []rules.Sink {
	if set := s.opts.Rules(); set != nil {
		return set.Sinks
	}
	return nil
}

// beatOf sends a heartbeat when one is due and Felt works. While it does not, nothing is sent, and the
// one that listens for it raises the alarm.
func (s *Sender) beatOf(ctx context.Context, sink rules.Sink) {
	tick, ready := s.opts.Alive()
	now := s.opts.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.beats[sink.Name]
	if b == nil {
		b = &beat{tick: tick}
		s.beats[sink.Name] = b
	}
	if b.sending || now.Before(b.due) {
		return
	}
	switch {
	case !ready:
		b.lastErr = "not sent: Felt is not ready"
		return
	case tick <= b.tick:
		b.lastErr = "not sent: the engine stands still"
		return
	case now.Sub(tick.Instant().Time()) > behindMax:
		b.lastErr = fmt.Sprintf("not sent: the engine is more than %s behind", behindMax)
		return
	}
	b.tick, b.sending = tick, true
	b.due = now.Add(time.Duration(sink.Every))
	s.wg.Go(func() { s.sendBeat(ctx, sink, b) })
}

// sendBeat sends one. After a failure the next one comes earlier: whoever listens may be patient for
// hardly more than one interval.
func (s *Sender) sendBeat(ctx context.Context, sink rules.Sink, b *beat) {
	began := s.opts.Now()
	t, err := s.resolve(sink)
	if err == nil {
		var m message
		if m, err = t.message(nil, 0, began); err == nil {
			_, err = s.send(ctx, t, m)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b.sending, b.lastTry = false, felt.InstantOf(began)
	if err == nil {
		b.fails, b.lastErr, b.lastOK = 0, "", felt.InstantOf(s.opts.Now())
		s.count.add("delivered", sink.Name, felt.NotifyHeartbeat)
		return
	}
	b.fails++
	b.lastErr = err.Error()
	b.due = s.opts.Now().Add(min(time.Duration(sink.Every), s.pause(b.fails)))
	s.count.add("failed", sink.Name, felt.NotifyHeartbeat)
	s.opts.Logger.Warn("heartbeat not delivered", "sink", sink.Name, "err", b.lastErr)
}
