package app

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/felt-cx/felt"
)

// childDir names the data directory of a server that a test kills, childConfig its inventory's; "" none.
const (
	childDir    = "FELT_APP_TEST_DIR"
	childConfig = "FELT_APP_TEST_CONFIG"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

// testConfig listens on free ports and settles quickly.
func testConfig(dir string) Config {
	cfg := Config{Data: dir, Listen: "127.0.0.1:0", OTLPGRPC: Off, OTLPHTTP: "127.0.0.1:0", SnapshotEvery: time.Second}
	cfg.Settings.Settle = 2 * felt.Second
	return cfg
}

// child runs a server until it is killed.
func child(dir string) int {
	cfg := testConfig(dir)
	cfg.ConfigDir = os.Getenv(childConfig)
	a, err := New(context.Background(), cfg)
	if err == nil {
		fmt.Println(a.Addr(), a.HTTPAddr())
		err = a.Run(context.Background(), nil)
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// server is a Felt that a test talks to.
type server struct {
	page, otlp string // http://...
	token      string
	stop       func() // idempotent; waits
}

// serve runs a server until the test ends.
func serveApp(t *testing.T, cfg Config, made ...func(*App)) *server {
	t.Helper()
	a, err := New(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range made {
		f(a)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, nil) }()
	stopped := false
	s := &server{page: "http://" + a.Addr(), otlp: "http://" + a.HTTPAddr()}
	s.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error("run:", err)
			}
		case <-time.After(time.Minute):
			t.Error("the server does not stop")
		}
		if err := a.Close(); err != nil {
			t.Error("close:", err)
		}
	}
	t.Cleanup(s.stop)
	s.awaitReady(t, time.Now())
	return s
}

// awaitReady fails when the server is not ready 10 s after its start.
func (s *server) awaitReady(t *testing.T, started time.Time) {
	t.Helper()
	limit := 10 * time.Second
	for {
		resp, err := http.Get(s.page + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Since(started) > limit {
			t.Fatalf("not ready %v after the start: %v %v", limit, err, resp)
		}
		time.Sleep(20 * time.Millisecond) // between two looks
	}
}

// tries is a request of tries that can be sent more than once.
type tries struct{ td ptrace.Traces }

func newTries() tries { return tries{ptrace.NewTraces()} }

// add adds one that ended at end.
func (r tries) add(trace uint64, name, customer, outcome string, end time.Time) {
	var spans ptrace.SpanSlice
	if r.td.ResourceSpans().Len() == 0 {
		rs := r.td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.namespace", "shop")
		rs.Resource().Attributes().PutStr("service.name", "web")
		rs.ScopeSpans().AppendEmpty()
	}
	spans = r.td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	sp := spans.AppendEmpty()
	sp.SetTraceID(traceID(trace))
	sp.SetSpanID(pcommon.SpanID{1})
	sp.SetName(name)
	sp.SetKind(ptrace.SpanKindServer)
	sp.SetStartTimestamp(pcommon.NewTimestampFromTime(end.Add(-50 * time.Millisecond)))
	sp.SetEndTimestamp(pcommon.NewTimestampFromTime(end))
	if name == "" {
		return
	}
	sp.Attributes().PutStr("felt.interaction.name", name)
	sp.Attributes().PutStr("felt.interaction.outcome", outcome)
	sp.Attributes().PutStr("user.id", customer)
}

func traceID(n uint64) (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[:], n*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(id[8:], n+1)
	return id
}

func (r tries) body() []byte {
	b, err := ptraceotlp.NewExportRequestFromTraces(r.td).MarshalProto()
	if err != nil {
		panic(err)
	}
	return b
}

// post sends a request and returns the status; 0 when there was no answer.
func (s *server) post(body []byte) int {
	req, err := http.NewRequest(http.MethodPost, s.otlp+"/v1/traces", bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	_, err = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return 0
	}
	return resp.StatusCode
}

// send posts and expects 200.
func (s *server) send(t *testing.T, r tries) {
	t.Helper()
	if code := s.post(r.body()); code != http.StatusOK {
		t.Fatalf("POST /v1/traces: %d", code)
	}
}

// call asks the API.
func (s *server) call(t *testing.T, method, path, body string, into any) int {
	t.Helper()
	req, err := http.NewRequest(method, s.page+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if into != nil && resp.StatusCode < 300 {
		if err := json.Unmarshal(b, into); err != nil {
			t.Fatalf("%s %s: %v in %.500s", method, path, err, b)
		}
	}
	return resp.StatusCode
}

func (s *server) get(t *testing.T, path string, into any) {
	t.Helper()
	if code := s.call(t, http.MethodGet, path, "", into); code != http.StatusOK {
		t.Fatalf("GET %s: %d", path, code)
	}
}

type impact struct {
	Customers struct {
		Total, Failed, Degraded, Recovered, Lost, Undecided int64
	}
	Interactions struct{ Success, Failed int64 }
	Method       string
	Interval     [2]int64
	Complete     time.Time `json:"complete_until"`
}

// window is a question's from and to, with a second around.
func window(from, to time.Time) string {
	return "from=" + url.QueryEscape(from.Add(-time.Second).Format(time.RFC3339Nano)) +
		"&to=" + url.QueryEscape(to.Add(time.Second).Format(time.RFC3339Nano))
}

// impactOf asks once everything that ended up to then is counted.
func (s *server) impactOf(t *testing.T, name string, from, to time.Time) (im impact) {
	t.Helper()
	s.awaitComplete(t, to)
	s.get(t, "/api/v1/impact?of="+name+"&"+window(from, to), &im)
	return im
}

// awaitComplete waits until complete_until has passed an instant.
func (s *server) awaitComplete(t *testing.T, at time.Time) {
	t.Helper()
	deadline := time.Now().Add(40 * time.Second)
	for {
		var h struct {
			Complete *time.Time `json:"complete_until"`
		}
		s.get(t, "/api/v1/health", &h)
		if h.Complete != nil && h.Complete.After(at) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("complete_until is %v and does not pass %v", h.Complete, at)
		}
		time.Sleep(50 * time.Millisecond) // between two looks
	}
}
