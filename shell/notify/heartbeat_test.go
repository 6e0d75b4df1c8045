package notify

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// TestHeartbeat: it comes as long as Felt works, and not while it does not.
func TestHeartbeat(t *testing.T) {
	live(t, []rules.Sink{{Name: "beat", Kind: rules.SinkHeartbeat, URL: env("BEAT"), Every: felt.Minute}}, func(w *world) {
		w.end()
		ready, stands, behind := true, felt.Tick(0), time.Duration(0)
		w.opts.Alive = func() (tick felt.Tick, ok bool) {
			w.with(func() {
				if tick, ok = stands, ready; stands == 0 {
					tick = felt.TickOf(felt.InstantOf(time.Now().Add(-behind)))
				}
			})
			return tick, ok
		}
		w.start()
		beats := func() int { return len(w.requests("beat.example.com")) }
		during := func(what string, from, to int, d time.Duration) {
			t.Helper()
			before := beats()
			wait(d)
			if n := beats() - before; n < from || n > to {
				t.Errorf("%s: %d beats, want %d to %d", what, n, from, to)
			}
		}
		during("at work", 10, 11, 10*time.Minute)
		if r := w.requests("beat.example.com")[0]; r.path != "/ping/heartbeattoken" || r.method != "GET" {
			t.Errorf("%+v", r)
		}
		why := func() string { return w.sender.Sinks()[0].LastError }
		w.with(func() { ready = false })
		during("not ready", 0, 0, 10*time.Minute)
		if !strings.Contains(why(), "not ready") {
			t.Error(why())
		}
		w.with(func() { ready = true })
		during("ready again", 5, 6, 5*time.Minute)
		w.with(func() { stands = felt.TickOf(felt.InstantOf(time.Now())) })
		during("the engine stands", 0, 1, 10*time.Minute)
		if !strings.Contains(why(), "stands still") {
			t.Error(why())
		}
		w.with(func() { stands, behind = 0, time.Hour })
		wait(time.Hour) // past where it stood
		during("the engine is an hour behind", 0, 0, 10*time.Minute)
		if !strings.Contains(why(), "behind") {
			t.Error(why())
		}
		w.with(func() { behind = 0 })
		during("it has caught up", 4, 6, 5*time.Minute)
		w.answers("beat.example.com", status(500))
		during("nobody listens", 10, 25, 10*time.Minute)
		if w.metric("felt_notify_failed_total", "beat") < 5 || !strings.Contains(why(), "500") {
			t.Error(why())
		}
		w.answers("beat.example.com", nil)
		during("somebody does", 4, 6, 5*time.Minute)
		if why() != "" || w.metric("felt_notify_delivered_total", "beat") == 0 {
			t.Error(why())
		}
	})
}

// TestHarmToSink: how long it took from the harm to the sink, once an incident and sink, over restarts.
func TestHarmToSink(t *testing.T) {
	live(t, team(), func(w *world) {
		now := felt.InstantOf(time.Now())
		w.answers("team.example.com", status(500))
		a := of("a", "1")
		a.Incident.Twentieth = now - 7*felt.Second
		w.post(a)
		wait(3 * time.Second)
		w.answers("team.example.com", nil)
		wait(time.Minute)
		hist := func() *felt.Histogram {
			for _, m := range w.sender.Metrics() {
				if m.Name == "felt_notify_harm_to_sink_seconds" {
					return m.Histogram
				}
			}
			return nil
		}
		h := hist()
		if h == nil || h.Sum < 12.2 || h.Sum > 12.3 { // 7 and .75 + 1.5 + 3
			w.t.Fatalf("%+v", h)
		}
		w.end()
		w.start()
		again := of("a2", "1") // reopened
		again.Incident.Twentieth = now
		early := of("b", "2")
		report := of("c", "3")
		report.Kind, report.Incident.Twentieth = felt.NotifyReported, now
		w.post(again, early, report)
		wait(time.Second)
		if h := hist(); h != nil {
			t.Errorf("%+v", h)
		}
		if w.metric("felt_notify_before_twentieth_total") != 1 || w.metric("felt_notify_delivered_total", "team", "incident.detected") != 2 {
			t.Errorf("%+v", w.sender.Metrics())
		}
	})
}

// TestOutboxAway: an outbox that cannot be read for a while loses nothing.
func TestOutboxAway(t *testing.T) {
	live(t, team(), func(w *world) {
		w.end()
		w.post(of("a", "1"))
		var broken atomic.Bool
		broken.Store(true)
		inner := w.opts.Outbox
		w.opts.Outbox = &awayOutbox{Outbox: inner, broken: &broken}
		w.start()
		wait(time.Minute)
		if tr := w.sender.Troubles(); len(tr) != 1 || !strings.Contains(tr[0], "outbox: ") {
			t.Errorf("%v", tr)
		}
		broken.Store(false)
		wait(time.Minute)
		w.is("a", felt.DeliveryDelivered, 1)
		if tr := w.sender.Troubles(); len(tr) != 0 {
			t.Errorf("%v", tr)
		}
	})
}
