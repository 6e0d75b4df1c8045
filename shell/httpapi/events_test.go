package httpapi

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
)

// browser is one that notes what the stream says, and when.
type browser struct {
	mu     sync.Mutex
	header http.Header
	status int
	said   []string
	since  time.Time
	broken bool
}

func (b *browser) Header() http.Header { return b.header }
func (b *browser) WriteHeader(s int)   { b.status = s }
func (b *browser) Flush()              {}

func (b *browser) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken {
		return 0, errBroken
	}
	b.said = append(b.said, time.Since(b.since).String()+" "+strings.TrimSpace(strings.ReplaceAll(string(p), "\n", " ")))
	return len(p), nil
}

// heard returns what was said since the last call.
func (b *browser) heard() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	said := b.said
	b.said = nil
	return said
}

// watch opens a stream; leave it with the returned function, which waits for its end.
func (w *world) watch(query string) (*browser, func()) {
	b := &browser{header: http.Header{}, since: time.Now()}
	ctx, cancel := context.WithCancel(w.t.Context())
	r := httptest.NewRequest(http.MethodGet, "/api/v1/events"+query, nil).WithContext(ctx)
	r.Host = "localhost"
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.api.ServeHTTP(b, r)
	}()
	return b, func() {
		cancel()
		<-done
	}
}

func (w *world) incident(id string, change func(*felt.Incident)) {
	w.t.Helper()
	i, err := w.store.Incident(context.Background(), "inc-1")
	if err != nil {
		w.t.Fatal(err)
	}
	i.ID = id
	i.Version++
	change(&i)
	w.putIncident(i)
	w.engine.move(w.engine.Progress().Seq + 1)
}

func TestEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		b, leave := w.watch("")
		hears := func(when string, want ...string) {
			t.Helper()
			synctest.Wait()
			if diff := cmp.Diff(want, b.heard()); diff != "" {
				t.Errorf("%s: %s", when, diff)
			}
		}
		hears("at first", "0s retry: 2000",
			`0s event: tick data: {"as_of":"2026-03-04T13:50:00Z","complete_until":"2026-03-04T13:49:45Z"}`)
		time.Sleep(10 * time.Second)
		hears("while nothing moves")
		w.engine.move(4712)
		hears("when the rows move", `10s event: tick data: {"as_of":"2026-03-04T13:50:01Z","complete_until":"2026-03-04T13:49:46Z"}`)
		for range 5 {
			time.Sleep(100 * time.Millisecond)
			w.engine.move(4713)
		}
		hears("at most once a second")
		time.Sleep(500 * time.Millisecond)
		hears("a second later", `11s event: tick data: {"as_of":"2026-03-04T13:50:06Z","complete_until":"2026-03-04T13:49:51Z"}`)
		time.Sleep(5 * time.Second)
		hears("kept alive", "15s : keep-alive")
		w.incident("inc-2", func(i *felt.Incident) { i.Version = 1 })
		hears("a new incident", `16s event: tick data: {"as_of":"2026-03-04T13:50:07Z","complete_until":"2026-03-04T13:49:52Z"}`,
			`16s event: incident data: {"id":"inc-2","status":"open"}`)
		time.Sleep(time.Second)
		w.incident("inc-1", func(i *felt.Incident) { i.Status = felt.IncidentAcknowledged })
		hears("a changed one", `17s event: tick data: {"as_of":"2026-03-04T13:50:08Z","complete_until":"2026-03-04T13:49:53Z"}`,
			`17s event: incident data: {"id":"inc-1","status":"acknowledged"}`)
		time.Sleep(time.Second)
		w.incident("inc-1", func(i *felt.Incident) { i.Status = felt.IncidentResolved })
		hears("a resolved one", `18s event: tick data: {"as_of":"2026-03-04T13:50:09Z","complete_until":"2026-03-04T13:49:54Z"}`,
			`18s event: incident data: {"id":"inc-1","status":"resolved"}`)
		leave()
		if n := len(w.api.streams); n != 0 {
			t.Errorf("%d streams are still open", n)
		}
	})
}

// An old incident with a high score must not hide a new one with a low score, however
// many there are.
func TestEventsSeeEveryOpenIncident(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for n := range 60 {
			w.incident("old-"+string(rune('A'+n)), func(i *felt.Incident) { i.Status, i.Score = felt.IncidentResolved, 100 })
		}
		b, leave := w.watch("")
		defer leave()
		synctest.Wait()
		b.heard()
		time.Sleep(time.Second)
		w.incident("new", func(i *felt.Incident) { i.Score = 1 })
		synctest.Wait()
		if said := b.heard(); !slices.Contains(said, `1s event: incident data: {"id":"new","status":"open"}`) {
			t.Errorf("said %q", said)
		}
	})
}

// Many live pages cost one question a tick; a page of another environment its own.
func TestEventsShareTheQuestion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for range 20 {
			_, leave := w.watch("")
			defer leave()
		}
		b, leave := w.watch("?env=staging")
		defer leave()
		synctest.Wait()
		if n := w.spy.asked["incidents"]; n != 2 {
			t.Errorf("%d questions at first, want 2", n)
		}
		b.heard()
		time.Sleep(2 * time.Second)
		w.incident("inc-2", func(*felt.Incident) {})
		synctest.Wait()
		if n := w.spy.asked["incidents"]; n != 4 {
			t.Errorf("%d questions after a tick, want 4", n)
		}
		if said := strings.Join(b.heard(), "\n"); strings.Contains(said, "incident") {
			t.Errorf("staging hears of production: %s", said)
		}
	})
}

// A store in trouble ends no stream; when it is well again the changes are told.
func TestEventsOutliveTheStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		b, leave := w.watch("")
		defer leave()
		synctest.Wait()
		b.heard()
		w.spy.fail = func(context.Context, string) error { return errBroken }
		time.Sleep(2 * time.Second)
		w.incident("inc-2", func(*felt.Incident) {})
		synctest.Wait()
		if said := b.heard(); len(said) != 1 || !strings.Contains(said[0], "tick") {
			t.Errorf("in trouble: %q", said)
		}
		w.spy.fail = nil
		time.Sleep(2 * time.Second)
		w.engine.move(9999)
		synctest.Wait()
		if said := strings.Join(b.heard(), "\n"); !strings.Contains(said, `{"id":"inc-2","status":"open"}`) {
			t.Errorf("afterwards: %q", said)
		}
	})
}

// Streams are bounded, and a page that is gone gives its place back.
func TestEventsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(w *world) { w.opts.Streams = 2 })
		first, leave := w.watch("")
		_, leave2 := w.watch("")
		defer leave()
		defer leave2()
		synctest.Wait()
		a := w.get("/api/v1/events")
		problem(t, a, 503, "2 live pages are open")
		if a.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		first.mu.Lock()
		first.broken = true
		first.mu.Unlock()
		time.Sleep(2 * time.Second)
		w.engine.move(4712)
		synctest.Wait()
		if n := len(w.api.streams); n != 1 {
			t.Errorf("%d streams are open, want 1", n)
		}
	})
}

// Over a real connection: the first events come at once, and the server's end ends it.
func TestEventsOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	srv := httptest.NewUnstartedServer(w.api)
	srv.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	srv.Start()
	defer srv.Close()
	res, err := http.Get(srv.URL + "/api/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	for k, v := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"} {
		if got := res.Header.Get(k); got != v {
			t.Errorf("%s: %q", k, got)
		}
	}
	lines := bufio.NewScanner(res.Body)
	var got []string
	for len(got) < 4 && lines.Scan() {
		got = append(got, lines.Text())
	}
	if got[0] != "retry: 2000" || got[2] != "event: tick" || !strings.HasPrefix(got[3], `data: {"as_of":"2026-03-04T13:50:00Z"`) {
		t.Errorf("%q", got)
	}
	stop()
	if _, err := io.ReadAll(res.Body); err != nil {
		t.Errorf("the stream did not end cleanly: %v", err)
	}
}

func TestEventsHead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if a := w.ask(http.MethodHead, "/api/v1/events", ""); a.status != 200 || a.header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("%d %v", a.status, a.header)
	}
}

// changes tells the difference between any two lists, and nothing else.
func TestChanges(t *testing.T) {
	t.Parallel()
	seen := map[string]openIncident{}
	step := func(open []openIncident, want ...openIncident) {
		t.Helper()
		got := changes(seen, open)
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	a, b, c := openIncident{"a", 1, felt.IncidentOpen}, openIncident{"b", 1, felt.IncidentOpen}, openIncident{"c", 1, felt.IncidentOpen}
	step([]openIncident{b, a}, b, a)
	step([]openIncident{a, b})
	b2 := openIncident{"b", 2, felt.IncidentAcknowledged}
	step([]openIncident{a, b2, c}, b2, c)
	step(nil, openIncident{"a", 1, felt.IncidentResolved}, openIncident{"b", 2, felt.IncidentResolved}, openIncident{"c", 1, felt.IncidentResolved})
	step([]openIncident{a}, a)
}
