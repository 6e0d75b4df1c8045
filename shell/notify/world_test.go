package notify

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/shell/mem"
)

// secretPath is the part of the receivers' addresses that nobody must see.
const secretPath = "/services/T0000/B1111/verysecrettoken"

// got is one request that a receiver had.
type got struct {
	host, path, method, id string
	at                     time.Time
	header                 http.Header
	body                   []byte
}

// world is a sender between an outbox in memory and receivers that are reached over pipes, so that
// time can be a fake one.
type world struct {
	t      *testing.T
	outbox *mem.Outbox
	set    *rules.Set
	sender *Sender
	opts   Options
	logs   bytes.Buffer
	stop   context.CancelFunc
	ended  chan struct{}

	mu     sync.Mutex
	answer map[string]http.HandlerFunc // by host
	reqs   []got
	down   error
	done   bool // with down: it is done all the same
}

// live runs a test on fake time.
func live(t *testing.T, sinks []rules.Sink, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sinks)
		w.start()
		test(w)
		w.end()
	})
}

func newWorld(t *testing.T, sinks []rules.Sink) *world {
	t.Helper()
	w := &world{t: t, set: &rules.Set{Sinks: sinks}, answer: map[string]http.HandlerFunc{}}
	w.outbox = mem.NewOutbox(mem.OutboxOptions{Fail: func() (bool, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.down == nil || w.done, w.down
	}})
	accept := make(chan net.Conn)
	closed := make(chan struct{})
	srv := &http.Server{Handler: http.HandlerFunc(w.receive), ReadHeaderTimeout: time.Hour, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	served := make(chan struct{})
	go func() { defer close(served); _ = srv.Serve(&pipes{accept, closed}) }()
	tr := &http.Transport{
		MaxResponseHeaderBytes: maxAnswer,
		DialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
			if strings.HasPrefix(addr, "nobody.") {
				return nil, fmt.Errorf("dial tcp: lookup %s: no such host", addr)
			}
			here, there := net.Pipe()
			accept <- there
			return here, nil
		},
	}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		_ = srv.Close()
		<-served
	})
	w.opts = Options{
		Outbox: w.outbox, Rules: func() *rules.Set { return w.set }, PublicURL: "https://felt.example.com",
		Transport: tr, Jitter: func() float64 { return .5 },
		Env: func(name string) (string, bool) {
			v, ok := map[string]string{
				"TEAM": "http://team.example.com" + secretPath, "OTHER": "http://other.example.com" + secretPath,
				"NOBODY": "http://nobody.example.com" + secretPath, "SLACK": "http://127.0.0.1" + secretPath,
				"BEAT": "http://beat.example.com/ping/heartbeattoken", "KEY": "a-key-of-sixteen-bytes-or-more",
			}[name]
			return v, ok
		},
		Logger: slog.New(slog.NewTextHandler(&w.logs, nil)),
	}
	return w
}

// pipes is a listener.
type pipes struct {
	accept chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accept:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// start runs a sender; again after end it is a restart of the process.
func (w *world) start() {
	w.t.Helper()
	var err error
	if w.sender, err = New(w.opts); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan struct{})
	w.stop, w.ended = cancel, ended
	s := w.sender
	go func() { defer close(ended); s.Run(ctx) }()
}

func (w *world) end() { w.stop(); <-w.ended }

// receive is every receiver.
func (w *world) receive(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	w.reqs = append(w.reqs, got{r.Host, r.URL.Path, r.Method, r.Header.Get(headerID), time.Now(), r.Header.Clone(), body})
	h := w.answer[r.Host]
	w.mu.Unlock()
	if h != nil {
		h(rw, r)
	}
}

// with changes or reads what a test and the sender's goroutines share.
func (w *world) with(do func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	do()
}

// answers sets what a receiver does from now on.
func (w *world) answers(host string, h http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer[host] = h
}

func status(code int) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(code) }
}

// requests are those that a host had.
func (w *world) requests(host string) []got {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.reqs), func(g got) bool { return g.host != host })
}

func (w *world) ids(host string) []string {
	var ids []string
	for _, g := range w.requests(host) {
		ids = append(ids, g.id)
	}
	return ids
}

// post posts notifications, as of now.
func (w *world) post(list ...felt.Notification) {
	w.t.Helper()
	for i := range list {
		if list[i].At == 0 {
			list[i].At = felt.TickOf(felt.InstantOf(time.Now()))
		}
	}
	if err := w.outbox.Post(w.t.Context(), list...); err != nil {
		w.t.Fatal(err)
	}
}

// told is the state of a notification as the sender and the outbox have it: they must agree.
func (w *world) told(key string) felt.Told {
	w.t.Helper()
	for _, n := range w.sender.Told("", "", "", 1000) {
		if n.Key == key {
			return n
		}
	}
	w.t.Fatalf("%s is not known", key)
	return felt.Told{}
}

// is checks how far a notification has come.
func (w *world) is(key string, state felt.DeliveryState, attempts int) felt.Delivery {
	w.t.Helper()
	d := w.told(key).Delivery
	if d.State != state || d.Attempts != attempts {
		w.t.Errorf("%s: %s after %d attempts (%s), want %s after %d", key, d.State, d.Attempts, d.Error, state, attempts)
	}
	list, err := w.outbox.Deliveries(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	at := slices.IndexFunc(list, func(d felt.Delivery) bool { return d.Key == key })
	if at >= 0 && list[at] != d {
		w.t.Errorf("%s: the outbox has %+v, the sender %+v", key, list[at], d)
	}
	if at < 0 && state != felt.DeliveryWaiting {
		w.t.Errorf("%s: not noted", key)
	}
	return d
}

// metric is the value of a counter or gauge, summed over what is not given.
func (w *world) metric(name string, labels ...string) float64 {
	sum := 0.0
	for _, m := range w.sender.Metrics() {
		all := m.Name == name
		for _, l := range labels {
			all = all && slices.ContainsFunc(m.Labels, func(s felt.Segment) bool { return s.Value == l })
		}
		if all {
			sum += m.Value
		}
	}
	return sum
}

// wait lets so much time pass.
func wait(d time.Duration) {
	time.Sleep(d) // of a bubble: nothing but the clock moves
	synctest.Wait()
}

func env(name string) rules.Secret { return rules.Secret{Env: name} }

// team is a webhook that all tests may use.
func team() []rules.Sink {
	return []rules.Sink{{Name: "team", Kind: rules.SinkWebhook, URL: env("TEAM")}}
}

// of is a notification about an incident.
func of(key, incident string) felt.Notification {
	return felt.Notification{Key: key, Sink: "team", Kind: felt.NotifyDetected, Incident: felt.Incident{ID: incident, Env: "production", App: "shop", Title: "Checkout"}}
}

// awayOutbox cannot be read while it is broken.
type awayOutbox struct {
	felt.Outbox
	broken *atomic.Bool
}

func (o *awayOutbox) Deliveries(ctx context.Context) ([]felt.Delivery, error) {
	if o.broken.Load() {
		return nil, fmt.Errorf("away: %w", felt.ErrUnavailable)
	}
	return o.Outbox.Deliveries(ctx)
}
