package notify

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// TestDelivers: what is posted is sent at once, once, and never again after a restart.
func TestDelivers(t *testing.T) {
	live(t, team(), func(w *world) {
		w.post(of("a", "1"), of("b", "1"))
		synctest.Wait()
		w.end()
		w.start()
		wait(time.Hour)
		if got := w.ids("team.example.com"); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("sent %v", got)
		}
		d := w.is("a", felt.DeliveryDelivered, 1)
		if d.First != d.Last || d.Error != "" {
			t.Errorf("%+v", d)
		}
		if r := w.requests("team.example.com")[0]; r.path != secretPath || r.method != http.MethodPost || !strings.HasPrefix(r.header.Get("Content-Type"), "application/cloudevents+json") {
			t.Errorf("%+v", r)
		}
	})
}

// TestRetries: an answer that may change is asked for again, with growing pauses, under the same id and
// with the same body, also over a restart.
func TestRetries(t *testing.T) {
	for _, code := range []int{408, 425, 429, 500, 502, 503, 504} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			live(t, team(), func(w *world) {
				w.answers("team.example.com", status(code))
				w.post(of("a", "1"))
				wait(10 * time.Second) // .75, 1.5, 3 s: jitter is the middle
				d := w.is("a", felt.DeliveryWaiting, 4)
				if d.Next <= d.Last || !strings.Contains(d.Error, strconv.Itoa(code)) {
					t.Errorf("%+v", d)
				}
				w.end()
				w.start()
				synctest.Wait()
				w.is("a", felt.DeliveryWaiting, 4) // a restart is no reason to hurry
				w.answers("team.example.com", nil)
				wait(time.Minute)
				w.is("a", felt.DeliveryDelivered, 5)
				reqs := w.requests("team.example.com")
				for _, r := range reqs {
					if r.id != "a" || string(r.body) != string(reqs[0].body) {
						t.Errorf("not the same again: %+v", r)
					}
				}
				var pauses []string
				for i := range reqs[1:] {
					pauses = append(pauses, reqs[i+1].at.Sub(reqs[i].at).String())
				}
				if want := "[750ms 1.5s 3s 6s]"; fmt.Sprint(pauses) != want {
					t.Errorf("pauses %v, want %s", pauses, want)
				}
			})
		})
	}
}

// TestRefused: an answer that will not change is taken at its word.
func TestRefused(t *testing.T) {
	for _, code := range []int{400, 401, 403, 404, 410, 413, 422} {
		live(t, team(), func(w *world) {
			w.answers("team.example.com", func(rw http.ResponseWriter, r *http.Request) {
				rw.WriteHeader(code)
				fmt.Fprintf(rw, "invalid_payload\nfor %s", r.URL.Path)
			})
			w.post(of("a", "1"))
			wait(time.Hour)
			d := w.is("a", felt.DeliveryDead, 1)
			want := fmt.Sprintf("team.example.com answered %d %s: invalid_payload for ***: refused for good", code, http.StatusText(code))
			if d.Error != want {
				t.Errorf("%q, want %q", d.Error, want)
			}
		})
	}
}

// TestRetryAfter: a sink that asks to be left alone is left alone, all of it, in seconds or until a
// date.
func TestRetryAfter(t *testing.T) {
	for name, value := range map[string]func() string{
		"seconds": func() string { return "90" },
		"date":    func() string { return time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat) },
	} {
		t.Run(name, func(t *testing.T) {
			live(t, team(), func(w *world) {
				asked := false
				w.answers("team.example.com", func(rw http.ResponseWriter, _ *http.Request) {
					if !asked {
						asked = true
						rw.Header().Set("Retry-After", value())
						rw.WriteHeader(http.StatusTooManyRequests)
					}
				})
				w.post(of("a", "1"))
				synctest.Wait()
				w.post(of("b", "2")) // of another incident: the same sink
				wait(88 * time.Second)
				if n := len(w.requests("team.example.com")); n != 1 {
					t.Errorf("%d requests while it wanted none", n)
				}
				if st := w.sender.Sinks()[0]; st.PausedUntil == 0 || st.Waiting != 2 || st.Oldest == 0 {
					t.Errorf("%+v", st)
				}
				wait(5 * time.Second)
				w.is("a", felt.DeliveryDelivered, 2)
				w.is("b", felt.DeliveryDelivered, 1)
			})
		})
	}
}

// TestRetryAfterTooLong: one that asks for more than the limit is given up on now, and says so.
func TestRetryAfterTooLong(t *testing.T) {
	live(t, team(), func(w *world) {
		w.answers("team.example.com", func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Retry-After", "200000")
			rw.WriteHeader(http.StatusServiceUnavailable)
		})
		w.post(of("a", "1"))
		synctest.Wait()
		if d := w.is("a", felt.DeliveryDead, 1); !strings.Contains(d.Error, "given up") {
			t.Error(d.Error)
		}
	})
}

// TestHang: no answer is one after 10 s, and another sink does not wait for it.
func TestHang(t *testing.T) {
	sinks := append(team(), rules.Sink{Name: "other", Kind: rules.SinkWebhook, URL: env("OTHER")})
	live(t, sinks, func(w *world) {
		hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		w.answers("team.example.com", hang)
		began := time.Now()
		w.post(of("a", "1"))
		n := of("b", "1")
		n.Sink = "other"
		w.post(n)
		synctest.Wait()
		if took := w.requests("other.example.com")[0].at.Sub(began); took != 0 {
			t.Errorf("the other sink waited %s", took)
		}
		wait(10 * time.Second)
		d := w.is("a", felt.DeliveryWaiting, 1)
		if d.Error != "team.example.com did not answer within 10s" {
			t.Error(d.Error)
		}
		w.answers("team.example.com", nil)
		wait(time.Minute)
		w.is("a", felt.DeliveryDelivered, 2)
	})
}

// TestLateAnswer: a 2xx that comes after the timeout is not known; it is sent again under the same id.
func TestLateAnswer(t *testing.T) {
	live(t, team(), func(w *world) {
		n := 0
		w.answers("team.example.com", func(rw http.ResponseWriter, _ *http.Request) {
			first := false
			w.with(func() { n++; first = n == 1 })
			if first {
				time.Sleep(11 * time.Second) // fake time
			}
			rw.WriteHeader(http.StatusNoContent)
		})
		w.post(of("a", "1"))
		wait(time.Minute)
		w.is("a", felt.DeliveryDelivered, 2)
		if got := w.ids("team.example.com"); !slices.Equal(got, []string{"a", "a"}) {
			t.Error(got)
		}
	})
}

// TestClosedInTheMiddle: a connection that ends without an answer is tried again; one that ends in the
// middle of an answer that began with 2xx was heard.
func TestClosedInTheMiddle(t *testing.T) {
	live(t, team(), func(w *world) {
		n := 0
		w.answers("team.example.com", func(rw http.ResponseWriter, _ *http.Request) {
			conn, out, err := http.NewResponseController(rw).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			try := 0
			w.with(func() { n++; try = n })
			switch try {
			case 1: // nothing
			case 2:
				_, _ = out.WriteString("HTTP/1.1 20")
			case 3:
				_, _ = out.WriteString("HTTP/1.1 200 OK\r\nContent-Le")
			default:
				_, _ = out.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
			}
			_ = out.Flush()
			_ = conn.Close()
		})
		w.post(of("a", "1"))
		wait(time.Second / 10)
		if d := w.is("a", felt.DeliveryWaiting, 1); !strings.Contains(d.Error, "closed the connection") {
			t.Error(d.Error)
		}
		wait(time.Minute)
		w.is("a", felt.DeliveryDelivered, 4)
		if got := w.ids("team.example.com"); !slices.Equal(got, []string{"a", "a", "a", "a"}) {
			t.Error(got)
		}
	})
}

// TestRedirects: on the same host, keeping the request, one is followed; to anywhere else nothing is
// carried.
func TestRedirects(t *testing.T) {
	live(t, team(), func(w *world) {
		to, code := "/new", http.StatusTemporaryRedirect
		w.answers("team.example.com", func(rw http.ResponseWriter, r *http.Request) {
			var where string
			var how int
			w.with(func() { where, how = to, code })
			if r.URL.Path == secretPath {
				http.Redirect(rw, r, where, how)
			}
		})
		w.post(of("a", "1"))
		synctest.Wait()
		w.is("a", felt.DeliveryDelivered, 1)
		if r := w.requests("team.example.com")[1]; r.path != "/new" || r.method != http.MethodPost || len(r.body) == 0 {
			t.Errorf("%+v", r)
		}
		for i, c := range []struct {
			to   string
			code int
		}{
			{"http://other.example.com/stolen/secretquery", 307}, {"https://team.example.com/x", 308}, {"/as-get", 302}, {"/as-get", 303}, {"", 304},
		} {
			w.with(func() { to, code = c.to, c.code })
			key := fmt.Sprint("r", i)
			w.post(of(key, "1"))
			synctest.Wait()
			d := w.is(key, felt.DeliveryDead, 1)
			if strings.Contains(d.Error, "secretquery") || !strings.Contains(d.Error, "moved") {
				t.Error(d.Error)
			}
		}
		if n := len(w.requests("other.example.com")); n != 0 {
			t.Errorf("%d requests went to another host", n)
		}
		w.with(func() { to, code = secretPath, 307 }) // for ever
		w.post(of("loop", "1"))
		synctest.Wait()
		w.is("loop", felt.DeliveryDead, 1)
	})
}

// TestHugeAnswer: of an answer without an end a little is read.
func TestHugeAnswer(t *testing.T) {
	for _, code := range []int{200, 500} {
		live(t, team(), func(w *world) {
			w.answers("team.example.com", func(rw http.ResponseWriter, _ *http.Request) {
				rw.WriteHeader(code)
				for {
					if _, err := rw.Write([]byte(strings.Repeat("verysecrettoken \x00", 100))); err != nil {
						return
					}
				}
			})
			w.post(of("a", "1"))
			wait(time.Second / 2)
			if code == 200 {
				w.is("a", felt.DeliveryDelivered, 1)
			} else if d := w.is("a", felt.DeliveryWaiting, 1); len(d.Error) > 400 || strings.Contains(d.Error, "verysecret") {
				t.Error(d.Error)
			}
		})
	}
}

// TestGiveUp: after a day of trying it is dead, with the reason; tried again by hand it is delivered.
func TestGiveUp(t *testing.T) {
	live(t, team(), func(w *world) {
		w.answers("team.example.com", status(500))
		w.post(of("a", "1"))
		wait(23 * time.Hour)
		if d := w.told("a").Delivery; d.State != felt.DeliveryWaiting || d.Attempts < 200 || d.Attempts > 400 {
			t.Errorf("%+v", d)
		}
		wait(2 * time.Hour)
		d := w.told("a").Delivery
		if d.State != felt.DeliveryDead || !strings.HasPrefix(d.Error, "given up after 23 h") {
			t.Errorf("%+v", d)
		}
		if got := w.sender.Told(felt.DeliveryDead, "1", "team", 10); len(got) != 1 || w.metric("felt_notify_dead_total") != 1 || w.sender.Sinks()[0].Dead != 1 {
			t.Errorf("%+v", got)
		}
		wait(100 * time.Hour)
		n := len(w.requests("team.example.com"))

		w.end() // the dead stay dead over a restart
		w.start()
		wait(time.Hour)
		if len(w.requests("team.example.com")) != n {
			t.Error("a dead one is sent again")
		}
		if err := w.sender.Retry(w.t.Context(), "a", "ann"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if d := w.is("a", felt.DeliveryWaiting, 1); d.By != "ann" {
			t.Errorf("%+v", d)
		}
		if err := w.sender.Retry(w.t.Context(), "a", "ann"); !errors.Is(err, ErrNotDead) {
			t.Error(err)
		}
		w.answers("team.example.com", nil)
		wait(time.Minute)
		if d := w.is("a", felt.DeliveryDelivered, 2); d.By != "ann" {
			t.Errorf("%+v", d)
		}
		if err := errors.Join(w.sender.Retry(w.t.Context(), "a", "ann")); !errors.Is(err, ErrNotDead) {
			t.Error(err)
		}
		if err := w.sender.Retry(w.t.Context(), "nobody", "ann"); !errors.Is(err, felt.ErrNotFound) {
			t.Error(err)
		}
	})
}

// TestTooOld: what is more than a day old when it is first seen wakes nobody, unless somebody wants it.
func TestTooOld(t *testing.T) {
	live(t, team(), func(w *world) {
		old := of("old", "1")
		old.At = felt.TickOf(felt.InstantOf(time.Now().Add(-26 * time.Hour)))
		late := of("late", "2")
		late.At = felt.TickOf(felt.InstantOf(time.Now().Add(-3 * time.Hour)))
		w.post(old, late)
		wait(time.Minute)
		w.is("late", felt.DeliveryDelivered, 1)
		if d := w.is("old", felt.DeliveryDead, 0); !strings.Contains(d.Error, "1 d 1 h old") {
			t.Error(d.Error)
		}
		if err := w.sender.Retry(w.t.Context(), "old", "ann"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.is("old", felt.DeliveryDelivered, 1)
	})
}

// TestOrder: of one incident everything comes in order, also when the first is held up; another
// incident does not wait for it.
func TestOrder(t *testing.T) {
	live(t, team(), func(w *world) {
		w.answers("team.example.com", func(rw http.ResponseWriter, r *http.Request) {
			if r.Header.Get(headerID) == "a1" {
				rw.WriteHeader(500)
			}
		})
		w.post(of("a1", "A"), of("a2", "A"), of("b1", "B"), of("a3", "A"), of("b2", "B"))
		wait(time.Second / 2)
		if got := w.ids("team.example.com"); !slices.Equal(got, []string{"a1", "b1", "b2"}) {
			t.Error(got)
		}
		w.answers("team.example.com", nil)
		wait(time.Minute)
		if got := w.ids("team.example.com"); !slices.Equal(got, []string{"a1", "b1", "b2", "a1", "a2", "a3"}) {
			t.Error(got)
		}
	})
}

// TestDeadDoesNotBlock: what has been given up stands in nobody's way.
func TestDeadDoesNotBlock(t *testing.T) {
	live(t, team(), func(w *world) {
		w.answers("team.example.com", func(rw http.ResponseWriter, r *http.Request) {
			if r.Header.Get(headerID) == "a1" {
				rw.WriteHeader(400)
			}
		})
		w.post(of("a1", "A"), of("a2", "A"))
		synctest.Wait()
		w.is("a1", felt.DeliveryDead, 1)
		w.is("a2", felt.DeliveryDelivered, 1)
	})
}

// TestNoteFails: a sink that has it is not told again because the outbox is away for a while.
func TestNoteFails(t *testing.T) {
	live(t, team(), func(w *world) {
		w.answers("team.example.com", func(http.ResponseWriter, *http.Request) {
			w.mu.Lock()
			w.down = errors.New("no disk")
			w.mu.Unlock()
		})
		w.post(of("a", "1"), of("b", "1"))
		wait(10 * time.Minute)
		if got := w.ids("team.example.com"); !slices.Equal(got, []string{"a"}) {
			t.Error(got)
		}
		if n := w.metric("felt_notify_note_errors_total"); n < 10 {
			t.Error(n)
		}
		w.answers("team.example.com", nil)
		w.mu.Lock()
		w.down = nil
		w.mu.Unlock()
		wait(time.Minute)
		if got := w.ids("team.example.com"); !slices.Equal(got, []string{"a", "b"}) {
			t.Error(got)
		}
		w.is("a", felt.DeliveryDelivered, 1)
	})
}

// TestStopInTheMiddle: what is being sent when Felt stops may still be answered; when it is not, it is
// sent again after the start, under the same id.
func TestStopInTheMiddle(t *testing.T) {
	for _, slow := range []time.Duration{2 * time.Second, 5 * time.Second} {
		live(t, team(), func(w *world) {
			w.answers("team.example.com", func(http.ResponseWriter, *http.Request) { time.Sleep(slow) })
			w.post(of("a", "1"))
			wait(time.Second / 10)
			began := time.Now()
			w.end()
			if took := time.Since(began); took > stopGrace {
				t.Errorf("stopping took %s", took)
			}
			w.start()
			wait(time.Minute)
			want := 1
			if slow > stopGrace {
				want = 2
			}
			if n := len(w.requests("team.example.com")); n != want {
				t.Errorf("%s: sent %d times, want %d", slow, n, want)
			}
			w.is("a", felt.DeliveryDelivered, 1)
		})
	}
}
