package simulate

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/felt-cx/felt"
)

// peer is a server that takes what is sent, or not.
type peer struct {
	mu     sync.Mutex
	bodies map[string][][]byte
	types  map[string]string
	answer func(n int, w http.ResponseWriter, r *http.Request) bool // true: it has answered
	n      int
}

func (p *peer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		in = z
	}
	b, _ := io.ReadAll(in)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	if p.answer != nil && p.answer(p.n, w, r) {
		return
	}
	if p.bodies == nil {
		p.bodies, p.types = map[string][][]byte{}, map[string]string{}
	}
	p.bodies[r.URL.Path] = append(p.bodies[r.URL.Path], b)
	p.types[r.URL.Path] = r.Header.Get("Content-Type")
}

// does sets how it answers from now on.
func (p *peer) does(answer func(n int, w http.ResponseWriter, r *http.Request) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func (p *peer) sender(t *testing.T) *Sender {
	t.Helper()
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	o := RunnerOptions{To: s.URL}
	o.defaults()
	return &Sender{Client: o.Client, To: s.URL, Token: "secret", Logger: o.Logger, Now: o.Now}
}

// What is not accepted is sent again, byte by byte, until it is accepted or refused.
func TestSender(t *testing.T) {
	var first []byte
	p := &peer{answer: func(n int, w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != "Bearer secret" {
			t.Error("no token")
		}
		switch n {
		case 1:
			w.WriteHeader(http.StatusTooManyRequests)
		case 2:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3: // closes in the middle of the answer
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("x"))
		default:
			_, _ = w.Write([]byte{0x0a, 0x03, 0x08, 0x84, 0x02}) // 260 spans rejected
		}
		return n < 4
	}}
	s := p.sender(t)
	body := Body{Path: "/v1/traces", Data: []byte("abc"), Spans: 1}
	waits, rejected, err := s.Send(context.Background(), &body)
	if err != nil || waits != 3 || rejected != 260 {
		t.Errorf("waits %d, rejected %d, %v", waits, rejected, err)
	}
	if first = p.bodies["/v1/traces"][0]; !bytes.Equal(first, body.Data) {
		t.Errorf("%q was sent", first)
	}
	for code, want := range map[int]error{401: ErrDenied, 403: ErrDenied, 404: ErrDenied, 400: ErrRefused, 413: ErrRefused, 500: ErrRefused} {
		p.does(func(_ int, w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(code); return true })
		if _, _, err := s.Send(context.Background(), &body); !errors.Is(err, want) {
			t.Errorf("%d: %v", code, err)
		}
	}
	p.does(func(_ int, w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(503); return true })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := s.Send(ctx, &body); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a server that is away for good: %v", err)
	}
	s.To = "http://127.0.0.1:1"
	if err := s.Hello(context.Background()); err == nil || errors.Is(err, ErrDenied) {
		t.Errorf("nobody there: %v", err)
	}
	if got := retryAfter("Mon, 02 Nov 2026 12:00:10 GMT", time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)); got != 10*time.Second {
		t.Errorf("Retry-After a moment: %v", got)
	}
}

// clock is a clock that runs many times as fast.
func clock(factor int) func() time.Time {
	begin, start := time.Now(), monday.Time().Add(12*time.Hour)
	return func() time.Time { return start.Add(time.Since(begin) * time.Duration(factor)) }
}

func newRunner(t *testing.T, p *peer, yaml string, o RunnerOptions) *Runner {
	t.Helper()
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	o.To, o.Now = s.URL, clock(20)
	w := newWorld(t, yaml, Options{Rate: 40, Start: felt.InstantOf(o.Now())})
	r, err := NewRunner(w, NewLedger(w, 0), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What was sent is what the ledger has; changes are told; it ends when it should.
func TestRunner(t *testing.T) {
	p := &peer{}
	r := newRunner(t, p, "title: t\nfaults: [{name: f, kind: bad_release, app: shop, service: payment, start: 5s, duration: 10s}]\nchanges: [{kind: campaign, app: shop, start: 3s}]",
		RunnerOptions{For: 30 * time.Second, Gzip: true, Step: func(now felt.Instant, tries []Try) {
			for i := range tries {
				if tries[i].End > now {
					t.Error("a try is told of before its end")
				}
			}
		}})
	if err := r.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	d := newDoor(t)
	for _, b := range p.bodies["/v1/traces"] {
		if _, err := d.packer.Traces(b, r.World.Now()); err != nil {
			t.Fatal(err)
		}
	}
	got := r.Ledger.Totals()
	if got.Interactions < 500 || got.Points == 0 || got.Requests != int64(len(p.bodies["/v1/traces"])+len(p.bodies["/v1/logs"])+len(p.bodies["/v1/metrics"])+len(p.bodies["/v1/events"])) {
		t.Errorf("%+v, of %d requests", got, p.n)
	}
	var events []cloudEvent
	for _, b := range p.bodies["/v1/events"] {
		var some []cloudEvent
		if err := json.Unmarshal(b, &some); err != nil {
			t.Fatal(err)
		}
		events = append(events, some...)
	}
	var said []string
	for _, e := range events {
		v, _ := e.Data["version"].(string)
		said = append(said, strings.TrimPrefix(e.Type, "felt.change.")+" "+v)
	}
	if want := "campaign ,deploy 2026.11.2,deploy 2026.11.1"; strings.Join(said, ",") != want {
		t.Errorf("told %q, want %q", strings.Join(said, ","), want)
	}
	if p.types["/v1/events"] != "application/cloudevents-batch+json" || p.types["/v1/traces"] != "application/x-protobuf" {
		t.Errorf("types %v", p.types)
	}
	report := r.Ledger.Report(r.World.Now())
	b, err := json.Marshal(report)
	if err != nil || report.Customers == 0 || len(report.Faults) != 1 || !strings.Contains(string(b), `"shop","pay"]`) {
		t.Errorf("%v %.300s", err, b)
	}
}

func TestRunnerIsRefused(t *testing.T) {
	p := &peer{answer: func(_ int, w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(403); return true }}
	if err := newRunner(t, p, "title: t", RunnerOptions{}).Run(context.Background()); !errors.Is(err, ErrDenied) {
		t.Errorf("denied: %v", err)
	}
	p.does(func(_ int, w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(400); return true })
	r := newRunner(t, p, "title: t", RunnerOptions{For: 10 * time.Second})
	if err := r.Run(context.Background()); err != nil {
		t.Errorf("refused: %v", err)
	}
	if got := r.Ledger.Totals(); got.Refused == 0 || got.Interactions != 0 {
		t.Errorf("what was refused counts: %+v", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.does(nil)
	r = newRunner(t, p, "title: t", RunnerOptions{})
	time.AfterFunc(300*time.Millisecond, cancel)
	if err := r.Run(ctx); err != nil {
		t.Errorf("the end of ctx: %v", err)
	}
	r = newRunner(t, p, "title: t", RunnerOptions{})
	time.AfterFunc(500*time.Millisecond, func() { r.Stop(); r.Stop() })
	if err := r.Run(context.Background()); err != nil || r.Ledger.Totals().Interactions == 0 {
		t.Errorf("stopped: %v", err)
	}
	w := newWorld(t, "title: t", Options{})
	for _, o := range []RunnerOptions{{Connections: 1000}, {For: -1}, {HoldBack: -1}} {
		if _, err := NewRunner(w, NewLedger(w, 0), o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

// A ledger that forgets says so.
func TestLedgerForgets(t *testing.T) {
	w := newWorld(t, "title: t\nshape: flat", Options{Rate: 500})
	e, l := NewEncoder(w, EncoderOptions{Bulk: true, Lean: true}), NewLedger(w, chunk)
	for i := range felt.Instant(40) {
		e.Put(w.Advance(w.opt.Start + i*10*felt.Second))
		for _, b := range e.Flush() {
			l.Accept(&b)
		}
	}
	all := felt.Window{From: w.opt.Start}
	if got := l.Truth(felt.Scope{}, all); got.Complete {
		t.Error("it has forgotten, and says that it is complete")
	}
	if got := l.Truth(felt.Scope{}, felt.Window{From: w.Now() - felt.Minute}); !got.Complete || got.Customers.Total == 0 {
		t.Errorf("the last minute: %+v", got)
	}
	some := l.Within(felt.Scope{App: "shop"}, felt.Window{From: w.Now() - felt.Minute}, map[string]string{"region": "us-east", "device": "mobile"}, "search", "cart")
	more := l.Truth(felt.Scope{App: "shop"}, felt.Window{From: w.Now() - felt.Minute}, "search", "cart")
	near(t, "us-east on mobiles", float64(some.Customers.Total)/float64(more.Customers.Total), .22*.33, .02)
	last := felt.Window{From: w.Now() - felt.Minute}
	search, cart := felt.Scope{App: "shop", Name: "search"}, felt.Scope{App: "shop", Name: "cart"}
	if got := l.Union(last, nil, cart, search, cart); got != more || got.Customers.Total >= l.Union(last, nil, search).Customers.Total+l.Union(last, nil, cart).Customers.Total {
		t.Errorf("%+v of both, %+v by their names", got, more)
	}
	half := felt.Window{From: last.From, To: (last.From + l.world.Now()) / 2}
	if first, rest := l.Union(half, nil, cart, search), l.Union(last, []felt.Window{half}, cart, search); first.Counts[felt.OutcomeSuccess] == 0 ||
		first.Counts[felt.OutcomeSuccess]+rest.Counts[felt.OutcomeSuccess] != more.Counts[felt.OutcomeSuccess] {
		t.Errorf("a half %v and the rest %v are not the whole %v", first.Counts, rest.Counts, more.Counts)
	}
	if got := l.Union(last, nil, felt.Scope{App: "other", Name: "search"}); got.Customers.Total != 0 {
		t.Errorf("%+v of another app", got)
	}
	if got := l.Truth(felt.Scope{Env: "test"}, all); got.Customers.Total != 0 {
		t.Error("another environment has customers")
	}
}
