package app

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/felt-cx/felt"
)

// eventConfig is a directory that begins with the event clock.
func eventConfig(t *testing.T) Config {
	t.Helper()
	cfg := testConfig(t.TempDir())
	cfg.Clock = felt.ClockEvent
	return cfg
}

// history sends n tries of customers, one each ten seconds, that end now.
func history(t *testing.T, s *server, n int) (from time.Time) {
	t.Helper()
	end := time.Now()
	from = end.Add(-time.Duration(n) * 10 * time.Second)
	for i := range n {
		r := newTries()
		r.add(uint64(i+1), "login", fmt.Sprint("u", i), "success", from.Add(time.Duration(i+1)*10*time.Second))
		s.send(t, r)
	}
	return from
}

type clockAnswer struct {
	Clock string
	AsOf  *time.Time `json:"as_of"`
}

// awaitTick waits until the rows are at a moment.
func (s *server) awaitTick(t *testing.T, at time.Time) (h clockAnswer) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if s.get(t, "/api/v1/health", &h); h.AsOf != nil && !h.AsOf.Before(at) {
			return h
		}
		if time.Now().After(deadline) {
			t.Fatalf("the rows are at %v, not at %v", h.AsOf, at)
		}
	}
}

// TestSwitchClock: a log takes a history in, is switched to the wall clock, and goes on with what
// happens now; also over a restart, with and without the engine's state.
func TestSwitchClock(t *testing.T) {
	t.Parallel()
	cfg := eventConfig(t)
	var a *App
	s := serveApp(t, cfg, func(made *App) { a = made })
	from := history(t, s, 60)
	if h := s.awaitTick(t, time.Now().Add(-12*time.Second)); h.Clock != "event" {
		t.Errorf("at first the clock is %q", h.Clock)
	}
	for range 2 { // the second does nothing
		if err := a.SwitchClock(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if h := s.awaitTick(t, time.Now()); h.Clock != "wall" || a.Clock() != felt.ClockWall {
		t.Errorf("after the switch the clock is %q", h.Clock)
	}
	r := newTries()
	r.add(1000, "login", "u1", "failed", time.Now()) // one who came before
	r.add(1001, "login", "new", "success", time.Now())
	s.send(t, r)
	to := time.Now()
	want := s.impactOf(t, "login", from, to)
	if want.Customers.Total != 61 || want.Customers.Failed != 1 || want.Interactions.Success != 61 {
		t.Errorf("history and now: %+v", want)
	}
	for _, lost := range []bool{false, true} {
		s.stop()
		if lost {
			if err := os.RemoveAll(filepath.Join(cfg.Data, "snapshots")); err != nil {
				t.Fatal(err)
			}
		}
		s = serveApp(t, cfg) // it still says event: that is how it began
		if h := s.awaitTick(t, time.Now()); h.Clock != "wall" {
			t.Errorf("after a restart the clock is %q", h.Clock)
		}
		if got := s.impactOf(t, "login", from, to); got.Customers != want.Customers || got.Interactions != want.Interactions {
			t.Errorf("after a restart (lost state: %v): %+v, before %+v", lost, got, want)
		}
	}
}

// TestSwitchIsFinished: a process that ends between asking for the switch, putting it on the log and
// noting that it is there, has the wall clock after the next start.
func TestSwitchIsFinished(t *testing.T) {
	t.Parallel()
	for name, onLog := range map[string]bool{"asked for": false, "on the log": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := eventConfig(t)
			var a *App
			s := serveApp(t, cfg, func(made *App) { a = made })
			from := history(t, s, 20)
			s.awaitTick(t, time.Now().Add(-12*time.Second))
			if onLog {
				if err := a.SwitchClock(t.Context()); err != nil {
					t.Fatal(err)
				}
				s.awaitTick(t, time.Now())
			}
			s.stop()
			file := filepath.Join(cfg.Data, "felt.json")
			var m meta
			if err := readJSON(file, &m); err != nil {
				t.Fatal(err)
			}
			m.Clock, m.Began, m.Switching = "event", "", true
			if err := writeJSON(file, m); err != nil {
				t.Fatal(err)
			}
			s = serveApp(t, cfg)
			if h := s.awaitTick(t, time.Now()); h.Clock != "wall" {
				t.Errorf("the clock is %q", h.Clock)
			}
			if got := s.impactOf(t, "login", from, time.Now()); got.Customers.Total != 20 {
				t.Errorf("%+v", got)
			}
			m = meta{}
			b, err := os.ReadFile(file)
			if err == nil {
				err = json.Unmarshal(b, &m)
			}
			if err != nil || m.Clock != "wall" || m.Began != "event" || m.Switching {
				t.Errorf("felt.json: %s, %v", b, err)
			}
		})
	}
}
