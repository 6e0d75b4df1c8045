package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/felt-cx/felt"
)

// hold makes appends wait until the returned function is called.
func hold(log *testLog) (release func()) {
	gate := make(chan struct{})
	log.misbehave(false, func(context.Context, []felt.Record) error {
		<-gate
		return nil
	})
	return sync.OnceFunc(func() {
		log.misbehave(false, nil)
		close(gate)
	})
}

func TestOverload(t *testing.T) {
	body := protoOf(t, testTraces(1, time.Now()))
	for name, limit := range map[string]func(*Options){
		"requests": func(o *Options) { o.Limits.Requests = 4 },
		"bytes":    func(o *Options) { o.Limits.InFlightBytes = int64(4 * len(body)) },
	} {
		t.Run(name, func(t *testing.T) {
			log := newLog()
			d := run(t, newDoor(t, log, limit))
			url, conn := serveHTTP(t, d), serveGRPC(t, d)
			release := hold(log)
			defer release()
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					if _, err := export(t.Context(), conn, body); err != nil {
						t.Error(err)
					}
				})
			}
			eventually(t, "four in flight", func() bool {
				return d.requests.Load() == 4 && (name == "requests" || d.bytes.Load() == int64(4*len(body)))
			})

			resp, answer := post(t, url+"/v1/traces", bytes.NewReader(body), "Content-Type", "application/x-protobuf")
			code, message := statusOf(t, resp, answer)
			if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "1" || code != codes.ResourceExhausted || message == "" {
				t.Errorf("answer %d, Retry-After %q, %v %q", resp.StatusCode, resp.Header.Get("Retry-After"), code, message)
			}
			if resp.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Error("no CORS header")
			}
			_, err := export(t.Context(), conn, body)
			if delay, ok := retryInfo(err); status.Code(err) != codes.ResourceExhausted || !ok || delay != time.Second {
				t.Errorf("gRPC: %v, RetryInfo %v %v", err, delay, ok)
			}
			release()
			wg.Wait()
			if n := log.spans(t); n != 4 {
				t.Errorf("%d spans on the log, want the 4 that were accepted", n)
			}
			if d.bytes.Load() != 0 || d.requests.Load() != 0 {
				t.Errorf("%d bytes and %d requests in flight at the end", d.bytes.Load(), d.requests.Load())
			}
			if n := metric(t, d, "felt_ingest_requests_total", "busy"); n != 2 {
				t.Errorf("%v refusals counted, want 2", n)
			}
		})
	}
}

func TestLogFails(t *testing.T) {
	body := protoOf(t, testTraces(1, time.Now()))
	for _, c := range []struct {
		name    string
		persist bool
		err     error
		retry   string
		after   time.Duration
		spans   int // on the log once the sender has come back
	}{
		{"full", false, fmt.Errorf("append: %w", felt.ErrFull), "5", 5 * time.Second, 2},
		{"unavailable", false, felt.ErrUnavailable, "1", time.Second, 2},
		{"some other error", false, errors.New("disk on fire"), "1", time.Second, 2},
		{"failed but persisted", true, felt.ErrUnavailable, "1", time.Second, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := newLog()
			d := run(t, newDoor(t, log))
			url, conn := serveHTTP(t, d), serveGRPC(t, d)
			log.misbehave(c.persist, func(context.Context, []felt.Record) error { return c.err })
			for _, typ := range []string{"application/x-protobuf", "application/json"} {
				b := body
				if typ == "application/json" {
					b = jsonOf(t, testTraces(1, time.Now()))
				}
				resp, answer := post(t, url+"/v1/traces", bytes.NewReader(b), "Content-Type", typ)
				code, _ := statusOf(t, resp, answer)
				if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != c.retry || code != codes.Unavailable {
					t.Errorf("%s: answer %d, Retry-After %q, %v", typ, resp.StatusCode, resp.Header.Get("Retry-After"), code)
				}
				if bytes.Contains(answer, []byte("fire")) {
					t.Error("the log's own words reach the sender")
				}
			}
			before := log.spans(t)
			_, err := export(t.Context(), conn, body)
			if delay, ok := retryInfo(err); status.Code(err) != codes.Unavailable || !ok || delay != c.after {
				t.Errorf("gRPC: %v, RetryInfo %v", err, delay)
			}
			log.misbehave(false, nil)
			if c.persist && before != 2 {
				t.Errorf("%d spans persisted, want 2", before)
			}
			if _, err := export(t.Context(), conn, body); err != nil {
				t.Error(err)
			}
			want := 1
			if c.persist {
				want = 4
			}
			if n := log.spans(t); n != want {
				t.Errorf("%d spans on the log, want %d", n, want)
			}
			log.checkTime(t)
		})
	}
}

// A log that hangs is given up on, and senders are told to come back.
func TestLogHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog()
		log.misbehave(false, func(ctx context.Context, _ []felt.Record) error {
			<-ctx.Done()
			return fmt.Errorf("%w: %w", felt.ErrUnavailable, ctx.Err())
		})
		d := newDoor(t, log)
		done := make(chan error, 1)
		go func() { done <- d.Run(t.Context()) }()
		synctest.Wait() // it hangs with its first tick
		start := time.Now()
		_, f := ingestOne(t.Context(), t, d)
		if f == nil || f.result != resultDown {
			t.Errorf("answered with %+v", f)
		}
		if took := time.Since(start); took > 61*time.Second {
			t.Errorf("answered after %v", took)
		}
		log.misbehave(false, nil)
		time.Sleep(time.Minute)
		if _, f := ingestOne(t.Context(), t, d); f != nil {
			t.Errorf("after it came back: %s", f.message)
		}
		if err := errors.Join(d.Close(), <-done); err != nil {
			t.Error(err)
		}
		log.checkTime(t)
	})
}

func ingestOne(ctx context.Context, t *testing.T, d *Door) (*ticket, *fault) {
	t.Helper()
	tk, f := d.admit()
	if f != nil {
		return tk, f
	}
	defer tk.release()
	_, f = d.ingest(ctx, &request{signal: traces, body: protoOf(t, testTraces(1, time.Now())), ticket: tk})
	return tk, f
}

// Requests that come while an append is under way leave together with the next one.
func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog()
		d := newDoor(t, log)
		done := make(chan error, 1)
		go func() { done <- d.Run(t.Context()) }()
		synctest.Wait()
		time.Sleep(100 * time.Millisecond)
		log.misbehave(false, func(context.Context, []felt.Record) error {
			time.Sleep(20 * time.Millisecond)
			return nil
		})
		calls := log.calls
		start := time.Now()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, f := ingestOne(t.Context(), t, d); f != nil {
					t.Error(f.message)
				}
			})
		}
		wg.Wait()
		if took := time.Since(start); took > 45*time.Millisecond {
			t.Errorf("50 requests took %v, two appends take 40 ms", took)
		}
		if n := log.calls - calls; n > 2 {
			t.Errorf("%d appends for 50 requests at once", n)
		}
		if n := log.spans(t); n != 50 {
			t.Errorf("%d spans on the log", n)
		}
		// Alone, a request does not wait for others.
		log.misbehave(false, nil)
		start = time.Now()
		if _, f := ingestOne(t.Context(), t, d); f != nil {
			t.Error(f.message)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("alone it waited for %v", took)
		}
		if err := errors.Join(d.Close(), <-done); err != nil {
			t.Error(err)
		}
	})
}

// The sender leaves while the append is under way: it goes on, and stays counted
// until it is done.
func TestSenderLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog()
		d := newDoor(t, log)
		done := make(chan error, 1)
		go func() { done <- d.Run(t.Context()) }()
		synctest.Wait()
		release := hold(log)
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan *fault, 1)
		go func() {
			_, f := ingestOne(ctx, t, d)
			left <- f
		}()
		synctest.Wait()
		cancel()
		if f := <-left; f == nil || f.result != resultGone {
			t.Errorf("told %+v", f)
		}
		if d.requests.Load() != 1 {
			t.Errorf("%d requests in flight, want the one that waits for the log", d.requests.Load())
		}
		release()
		synctest.Wait()
		if n := log.spans(t); n != 1 || d.requests.Load() != 0 {
			t.Errorf("%d spans on the log, %d requests in flight", n, d.requests.Load())
		}
		if err := errors.Join(d.Close(), <-done); err != nil {
			t.Error(err)
		}
	})
}

// What was taken in before Close is appended and answered; what comes after is refused.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog()
		d := newDoor(t, log)
		done := make(chan error, 1)
		go func() { done <- d.Run(t.Context()) }()
		synctest.Wait()
		release := hold(log)
		answers := make(chan *fault, 10)
		for range 10 {
			go func() {
				_, f := ingestOne(t.Context(), t, d)
				answers <- f
			}()
		}
		synctest.Wait()
		closed := make(chan error, 1)
		go func() { closed <- d.Close() }()
		synctest.Wait()
		if _, f := ingestOne(t.Context(), t, d); f == nil || f.result != resultDown {
			t.Errorf("a request to a closing door: %+v", f)
		}
		release()
		for range 10 {
			if f := <-answers; f != nil {
				t.Errorf("taken in and then refused: %s", f.message)
			}
		}
		if err := errors.Join(<-closed, <-done); err != nil {
			t.Error(err)
		}
		if n := log.spans(t); n != 10 {
			t.Errorf("%d spans on the log, want 10", n)
		}
		if err := d.Run(t.Context()); err == nil {
			t.Error("it ran twice")
		}
	})
}

// lostLog does not know where it ends.
type lostLog struct{ *testLog }

func (lostLog) Last(context.Context) (felt.Place, error) { return felt.Place{}, felt.ErrUnavailable }

func TestRunWithoutLog(t *testing.T) {
	d := newDoor(t, lostLog{newLog()})
	answered := make(chan *fault, 1)
	go func() {
		_, f := ingestOne(t.Context(), t, d)
		answered <- f
	}()
	if err := d.Run(t.Context()); !errors.Is(err, felt.ErrUnavailable) {
		t.Errorf("Run: %v", err)
	}
	if f := <-answered; f == nil || f.result != resultDown {
		t.Errorf("the request that waited: %+v", f)
	}
}

// A request that breaks the packer is refused for good; others that shared it are told
// to come again, and the door stays open.
func TestPanic(t *testing.T) {
	log := newLog()
	d := run(t, newDoor(t, log))
	url := serveHTTP(t, d)
	d.mu.Lock()
	for _, s := range d.free {
		s.packer = nil // the next use of it panics
	}
	n := len(d.free)
	d.mu.Unlock()
	body := protoOf(t, testTraces(1, time.Now()))
	for range n {
		resp, answer := post(t, url+"/v1/traces", bytes.NewReader(body), "Content-Type", "application/x-protobuf")
		if code, _ := statusOf(t, resp, answer); resp.StatusCode == 500 && code != codes.Internal {
			t.Errorf("answer %d %v", resp.StatusCode, code)
		}
	}
	if metric(t, d, "felt_ingest_panics_total") == 0 {
		t.Error("no panic counted")
	}
	resp, _ := post(t, url+"/v1/traces", bytes.NewReader(body), "Content-Type", "application/x-protobuf")
	if resp.StatusCode != 200 {
		t.Errorf("after the panic: %d", resp.StatusCode)
	}
	if d.requests.Load() != 0 || d.bytes.Load() != 0 {
		t.Error("a panic leaks what its request held")
	}
}

// A thousand clients at once, some of which leave in the middle: every request that
// was answered with success is on the log, and nothing is left running.
func TestManyClients(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("load", func(t *testing.T) {
		log := newLog()
		d := run(t, newDoor(t, log))
		url, conn := serveHTTP(t, d), serveGRPC(t, d)
		body := protoOf(t, testTraces(5, time.Now()))
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
		defer client.CloseIdleConnections()
		var accepted, left atomic.Int64
		var wg sync.WaitGroup
		for i := range 1000 {
			wg.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if i%10 == 0 {
					time.AfterFunc(time.Duration(i%7)*time.Millisecond, cancel)
				}
				var err error
				if i%4 == 0 {
					var req *http.Request
					if req, err = http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/traces", bytes.NewReader(body)); err == nil {
						req.Header.Set("Content-Type", "application/x-protobuf")
						var resp *http.Response
						if resp, err = client.Do(req); err == nil {
							if resp.StatusCode != 200 {
								t.Errorf("answer %s", resp.Status)
							}
							resp.Body.Close()
						}
					}
				} else {
					_, err = export(ctx, conn, body)
				}
				switch {
				case err == nil:
					accepted.Add(1)
				case ctx.Err() != nil:
					left.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		eventually(t, "nothing in flight", func() bool { return d.requests.Load() == 0 && d.bytes.Load() == 0 })
		n := int64(log.spans(t))
		if n < 5*accepted.Load() || n > 5*(accepted.Load()+left.Load()) {
			t.Errorf("%d spans on the log, %d requests of 5 were accepted and %d left", n, accepted.Load(), left.Load())
		}
		log.checkTime(t)
		t.Logf("%d accepted, %d left, %v requests an append", accepted.Load(), left.Load(),
			metric(t, d, "felt_ingest_grouped_requests_total")/metric(t, d, "felt_ingest_groups_total"))
	})
	http.DefaultClient.CloseIdleConnections()
	eventually(t, "no goroutine left over", func() bool { return runtime.NumGoroutine() <= before+2 })
}

// The switch of an event log reaches the packers: what is too old is then rejected.
func TestSwitchToWall(t *testing.T) {
	log := newLog()
	d := run(t, newDoor(t, log, func(o *Options) { o.Settings = settings(felt.ClockEvent) }))
	conn := serveGRPC(t, d)
	old := protoOf(t, testTraces(1, time.Now().AddDate(-1, 0, 0)))
	if answer, err := export(t.Context(), conn, old); err != nil || len(answer) != 0 {
		t.Errorf("event log: %v %q", err, answer)
	}
	if _, err := d.Append(t.Context(), felt.Record{Kind: felt.KindClock, Part: felt.Control}); err != nil {
		t.Fatal(err)
	}
	if answer, err := export(t.Context(), conn, old); err != nil || len(answer) == 0 {
		t.Errorf("wall log: %v %q", err, answer)
	}
	if answer, err := export(t.Context(), conn, protoOf(t, testTraces(1, time.Now()))); err != nil || len(answer) != 0 {
		t.Errorf("wall log, new data: %v %q", err, answer)
	}
	if n := metric(t, d, "felt_ingest_rejected_total", "late"); n != 1 {
		t.Errorf("%v late spans counted", n)
	}
	log.checkTime(t)
}

// packOne packs a request of n spans without waiting for the log.
func packOne(t *testing.T, d *Door, n int) (*waiter, *fault) {
	t.Helper()
	tk, f := d.admit()
	if f != nil {
		t.Fatal(f.message)
	}
	defer tk.release()
	_, w, f := d.pack(t.Context(), &request{signal: traces, body: protoOf(t, testTraces(n, time.Now())), ticket: tk})
	return w, f
}
