package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// Told lists notifications, newest first: of a state, an incident, a sink ("" any), at most limit.
func (s *Sender) Told(state felt.DeliveryState, incident, sink string, limit int) []felt.Told {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []felt.Told
	for _, e := range s.entries {
		if (state == "" || e.Delivery.State == state) && (incident == "" || e.Incident == incident) && (sink == "" || e.Sink == sink) {
			list = append(list, e.Told)
		}
	}
	slices.SortFunc(list, func(a, b felt.Told) int { return cmp.Compare(b.Seq, a.Seq) })
	return list[:min(len(list), max(limit, 0))]
}

// Sinks says how each sink of the inventory is doing, in order of name; sinks that it has no longer,
// and for which something waits, too.
func (s *Sender) Sinks() []felt.SinkState {
	states := map[string]*felt.SinkState{}
	for _, sink := range s.sinks() {
		st := &felt.SinkState{Name: sink.Name, Kind: sink.Kind}
		if t, err := s.resolve(sink); err != nil {
			st.Trouble = trouble(err)
		} else {
			st.Host, st.URLSet = t.host(), true
		}
		states[sink.Name] = st
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		st := states[e.Sink]
		if st == nil {
			if e.Delivery.State != felt.DeliveryWaiting {
				continue
			}
			st = &felt.SinkState{Name: e.Sink, Trouble: noSuchSink}
			states[e.Sink] = st
		}
		switch e.Delivery.State {
		case felt.DeliveryWaiting:
			st.Waiting++
			if at := e.At.Instant(); st.Oldest == 0 || at < st.Oldest {
				st.Oldest = at
			}
		case felt.DeliveryDead:
			st.Dead++
		case felt.DeliveryDelivered:
			st.Delivered++
		}
	}
	list := make([]felt.SinkState, 0, len(states))
	for name, st := range states {
		if l := s.lanes[name]; l != nil {
			st.LastSuccess, st.LastAttempt, st.LastError = l.lastOK, l.lastTry, l.lastErr
			if l.paused.After(s.opts.Now()) {
				st.PausedUntil = felt.InstantOf(l.paused)
			}
		}
		if b := s.beats[name]; b != nil && st.Kind == rules.SinkHeartbeat {
			st.LastSuccess, st.LastAttempt, st.LastError = b.lastOK, b.lastTry, b.lastErr
		}
		list = append(list, *st)
	}
	slices.SortFunc(list, func(a, b felt.SinkState) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// noSuchSink is the trouble of one that the inventory has no longer.
const noSuchSink = "the inventory has no such sink, and something waits for it"

// trouble is an error of what is said of a sink, in words.
func trouble(err error) string {
	return strings.TrimPrefix(err.Error(), errConfig.Error()+": ")
}

// Troubles says what keeps people from being told, a line each; none when nothing does.
func (s *Sender) Troubles() []string {
	var list []string
	known := map[string]bool{}
	for _, sink := range s.sinks() {
		known[sink.Name] = true
		if _, err := s.resolve(sink); err != nil {
			list = append(list, "sink "+sink.Name+": "+trouble(err))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, l := range s.lanes {
		if !known[name] && len(l.waiting) > 0 {
			list = append(list, "sink "+name+": "+noSuchSink)
		}
	}
	slices.Sort(list)
	if s.trouble != "" {
		list = append(list, "outbox: "+s.trouble)
	}
	return list
}

// Retry has a dead notification tried again at once. [felt.ErrNotFound] when there is none of the key,
// [ErrNotDead] when it is not dead.
func (s *Sender) Retry(ctx context.Context, key, by string) error {
	s.mu.Lock()
	e := s.entries[key]
	if e == nil {
		s.mu.Unlock()
		return fmt.Errorf("notification %q: %w", key, felt.ErrNotFound)
	}
	d := e.Delivery
	s.mu.Unlock()
	if d.State != felt.DeliveryDead {
		return fmt.Errorf("notification %q is %s: %w", key, d.State, ErrNotDead)
	}
	d = felt.Delivery{Key: key, Sink: e.Sink, State: felt.DeliveryWaiting, Last: d.Last, Error: d.Error, By: by}
	if err := s.noteOnce(ctx, d); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Delivery.State == felt.DeliveryDead { // nobody else was faster
		e.Delivery, e.due = d, s.opts.Now()
		l := s.lane(e.Sink)
		l.paused = time.Time{} // somebody says that it works again
		l.queue(e)
	}
	return nil
}

// ErrNotDead means that a notification has not been given up, so that it cannot be tried again.
var ErrNotDead = errors.New("it has not been given up")

// Test sends a notification that says that it is a test, once and at once. The error says why the sink
// does not have it: [felt.ErrNotFound] when there is none of that name.
func (s *Sender) Test(ctx context.Context, sink string) error {
	found, err := s.sink(sink)
	if err != nil {
		return fmt.Errorf("sink %q: %w", sink, felt.ErrNotFound)
	}
	now := s.opts.Now()
	n := felt.Notification{
		Key: fmt.Sprintf("test-%s-%d", sink, now.UnixNano()), Sink: sink, Kind: felt.NotifyTest, At: felt.TickOf(felt.InstantOf(now)),
	}
	_, err = s.attempt(ctx, n, 0)
	s.mu.Lock()
	defer s.mu.Unlock()
	what := "delivered"
	if err != nil {
		what = "failed"
	}
	s.count.add(what, sink, felt.NotifyTest)
	if found.Kind == rules.SinkHeartbeat {
		return err
	}
	l := s.lane(sink)
	if l.lastTry = felt.InstantOf(now); err == nil {
		l.lastOK, l.lastErr, l.paused = felt.InstantOf(s.opts.Now()), "", time.Time{}
		l.call()
	} else {
		l.lastErr = err.Error()
	}
	return err
}
