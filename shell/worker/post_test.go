package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/mem"
)

// line3 stands between engine and store: what closes ticks, the poster and the writer.
type line3 struct {
	t      *testing.T
	w      *Worker
	outbox *mem.Outbox
	queue  chan item
	store  *writes
	stop   context.CancelFunc // asks the process to stop
	ended  chan error         // of the writer
}

// writes is a store that remembers the ticks it was given, and fails or hangs as told.
type writes struct {
	before func() error // of each write
	ticks  []felt.Tick
	outbox *mem.Outbox
	early  []felt.Tick // written before what they tell was in the outbox
}

func (s *writes) Write(_ context.Context, batches ...felt.Batch) error {
	if err := s.before(); err != nil {
		return err
	}
	for _, b := range batches {
		s.ticks = append(s.ticks, b.ID.Tick)
		if !slices.Contains(posted(s.outbox), keyOf(b.ID.Tick)) && b.ID.Tick%3 == 0 {
			s.early = append(s.early, b.ID.Tick)
		}
	}
	return nil
}

func (s *writes) Cursor(context.Context, string) (felt.Cursor, error) {
	return felt.Cursor{}, felt.ErrNotFound
}

func keyOf(t felt.Tick) string { return fmt.Sprint("tick-", t) }

// posted are the keys in the outbox, in order.
func posted(o *mem.Outbox) []string {
	var keys []string
	for _, p := range o.All() {
		keys = append(keys, p.Key)
	}
	return keys
}

func newLine(t *testing.T, opts mem.OutboxOptions) *line3 {
	t.Helper()
	l := &line3{t: t, outbox: mem.NewOutbox(opts), queue: make(chan item, 1000), ended: make(chan error, 1)}
	l.store = &writes{before: func() error { return nil }, outbox: l.outbox}
	var err error
	l.w, err = New(Options{
		Log: mem.NewLog(mem.LogOptions{}), Store: l.store, Outbox: l.outbox, Settings: settings(felt.ClockWall), Dir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	var live context.Context
	live, l.stop = context.WithCancel(t.Context())
	writing, end := context.WithCancel(context.WithoutCancel(live))
	go l.w.post(writing, live)
	go func() {
		err := l.w.write(writing, live, l.queue)
		end()
		l.ended <- err
	}()
	return l
}

// tick closes one; every third tells something.
func (l *line3) tick(at felt.Tick) {
	b := felt.Batch{ID: felt.BatchID{Stage: 3, Tick: at}}
	it := item{batches: []felt.Batch{b}, rows: 1, progress: felt.Progress{Tick: at}}
	if at%3 == 0 {
		it.posting = l.w.hand([]felt.Notification{{Key: keyOf(at), Sink: "team"}})
	}
	l.queue <- it
}

func (l *line3) ticks(from, to felt.Tick) (told []string) {
	for at := from; at <= to; at++ {
		l.tick(at)
		if at%3 == 0 {
			told = append(told, keyOf(at))
		}
	}
	return told
}

// finish ends it as a worker does, and returns the writer's error.
func (l *line3) finish() error {
	close(l.queue)
	err := <-l.ended
	l.stop()
	return err
}

// TestPostedBeforeStored: notifications leave in order, each before the rows of its tick.
func TestPostedBeforeStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, mem.OutboxOptions{})
		want := l.ticks(1, 60)
		if err := l.finish(); err != nil {
			t.Fatal(err)
		}
		if got := posted(l.outbox); !slices.Equal(got, want) {
			t.Errorf("posted %v", got)
		}
		if len(l.store.ticks) != 60 || !slices.IsSorted(l.store.ticks) || len(l.store.early) > 0 {
			t.Errorf("stored %v; before they were posted %v", l.store.ticks, l.store.early)
		}
		if l.w.Posting() != "" || l.w.count.posted.Load() != 20 {
			t.Errorf("%q %d", l.w.Posting(), l.w.count.posted.Load())
		}
	})
}

// TestStoreHangsNotificationsLeave: a store that does not answer keeps nobody from being told.
func TestStoreHangsNotificationsLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, mem.OutboxOptions{})
		answer := make(chan struct{})
		l.store.before = func() error { <-answer; return nil }
		want := l.ticks(1, 300) // five minutes
		synctest.Wait()
		if got := posted(l.outbox); !slices.Equal(got, want) {
			t.Errorf("while the store hangs %d of %d have left", len(got), len(want))
		}
		if len(l.store.ticks) > 0 {
			t.Error("the store does not hang")
		}
		close(answer)
		if err := l.finish(); err != nil || len(l.store.ticks) != 300 {
			t.Fatalf("%v %d", err, len(l.store.ticks))
		}
	})
}

// TestOutboxFails: while the outbox fails the rows in front of what it does not take are stored, none
// behind, and nothing is lost or told twice.
func TestOutboxFails(t *testing.T) {
	for _, done := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var down atomic.Bool
			l := newLine(t, mem.OutboxOptions{Fail: func() (bool, error) {
				if down.Load() {
					return done, fmt.Errorf("no disk: %w", felt.ErrUnavailable)
				}
				return true, nil
			}})
			want := l.ticks(1, 10)
			synctest.Wait()
			down.Store(true)
			want = append(want, l.ticks(11, 20)...)
			time.Sleep(time.Minute)
			synctest.Wait()
			if last := l.store.ticks[len(l.store.ticks)-1]; last != 11 {
				t.Errorf("stored up to %d; want 11, in front of what cannot be posted", last)
			}
			if p := l.w.Posting(); !strings.Contains(p, "3 wait") || !strings.Contains(p, "no disk") {
				t.Errorf("health says %q", p)
			}
			if n := l.w.count.postErrors.Load(); n < 10 || n > 40 {
				t.Errorf("%d tries in a minute", n)
			}
			down.Store(false)
			if err := l.finish(); err != nil {
				t.Fatal(err)
			}
			if got := posted(l.outbox); !slices.Equal(got, want) {
				t.Errorf("posted %v, want %v", got, want)
			}
			if len(l.store.ticks) != 20 || len(l.store.early) > 0 || l.w.Posting() != "" {
				t.Errorf("stored %v; early %v; %q", l.store.ticks, l.store.early, l.w.Posting())
			}
		})
	}
}

// TestOutboxRefuses: one notification that can never be posted does not keep the others.
func TestOutboxRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		l := newLine(t, mem.OutboxOptions{Fail: func() (bool, error) {
			if n++; n == 2 {
				return false, fmt.Errorf("too large: %w", felt.ErrPermanent)
			}
			return true, nil
		}})
		l.ticks(1, 9)
		if err := l.finish(); err != nil {
			t.Fatal(err)
		}
		if got := posted(l.outbox); !slices.Equal(got, []string{"tick-3", "tick-9"}) || l.w.count.postRefused.Load() != 1 || l.w.Posting() != "" {
			t.Errorf("%v, refused %d, %q", got, l.w.count.postRefused.Load(), l.w.Posting())
		}
		if len(l.store.ticks) != 9 {
			t.Errorf("stored %v", l.store.ticks)
		}
	})
}

// TestStopWithOutboxDown: a worker that is stopped does not wait for an outbox that fails, and
// stores nothing of the ticks whose notifications it has not posted.
func TestStopWithOutboxDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		l := newLine(t, mem.OutboxOptions{Fail: func() (bool, error) {
			if tries++; tries <= 2 { // it works again when it is too late: what is behind must not overtake
				return false, errInjected
			}
			return true, nil
		}})
		l.ticks(1, 9)
		synctest.Wait()
		l.stop()
		if err := <-l.ended; !errors.Is(err, errInjected) {
			t.Fatalf("%v", err)
		}
		if last := l.store.ticks[len(l.store.ticks)-1]; last != 2 {
			t.Errorf("stored up to %d, want 2", last)
		}
		synctest.Wait()
		if got := posted(l.outbox); len(got) != 0 {
			t.Errorf("%v have overtaken", got)
		}
	})
}
