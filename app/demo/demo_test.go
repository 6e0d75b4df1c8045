package demo_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/app"
	"github.com/felt-cx/felt/app/demo"
	"github.com/felt-cx/felt/core/rules"
)

// server is a Felt with a demo beside it.
type server struct {
	*app.App
	demo *demo.Demo
	page string
	end  func() // idempotent; waits
}

// start runs a demo on a directory until the test ends.
func start(t *testing.T, dir string, o demo.Options) *server {
	t.Helper()
	d, err := demo.New(o)
	if err != nil {
		t.Fatal(err)
	}
	own := demo.Inventory(time.Now())
	cfg := app.Config{
		Data: dir, Listen: "127.0.0.1:0", OTLPGRPC: app.Off, OTLPHTTP: "127.0.0.1:0", Inventory: &own, Extra: d.Routes(),
		SnapshotEvery: time.Second,
	}
	if o.History > 0 {
		cfg.Clock = felt.ClockEvent
	}
	cfg.Settings.Settle = 2 * felt.Second
	a, err := app.New(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- a.Run(ctx, func(ctx context.Context, a *app.App) error { return d.Run(ctx, a, "http://"+a.HTTPAddr()) })
	}()
	s := &server{App: a, demo: d, page: "http://" + a.Addr()}
	over := false
	s.end = func() {
		if over {
			return
		}
		over = true
		cancel()
		if err := <-ended; err != nil {
			t.Error("run:", err)
		}
		if err := a.Close(); err != nil {
			t.Error("close:", err)
		}
	}
	t.Cleanup(s.end)
	return s
}

// get asks the server.
func (s *server) get(t *testing.T, path string, into any) {
	t.Helper()
	resp, err := http.Get(s.page + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %d %.300s %v", path, resp.StatusCode, b, err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("GET %s: %v in %.300s", path, err, b)
	}
}

func (s *server) choose(t *testing.T, body string) int {
	t.Helper()
	resp, err := http.Post(s.page+"/demo/scenario", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

type state struct {
	Demo      bool
	Scenario  string
	Scenarios []struct{ Name, Title, Text string }
	Phase     string
	History   *struct {
		Done, Total int64
		From, To    time.Time
	}
	Fault *struct {
		Name     string
		From, To time.Time
		Active   bool
	}
}

func (s *server) state(t *testing.T) (st state) {
	t.Helper()
	s.get(t, "/demo/state", &st)
	return st
}

// await waits until a condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(4 * time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not within four minutes: ", what)
		}
	}
}

func (s *server) live() bool { return s.Clock() == felt.ClockWall }

// counts are a question's customers and interactions.
type counts struct {
	Customers    struct{ Total, Failed int64 }
	Interactions map[string]int64
	Complete     bool `json:"-"`
}

func (c counts) String() string { return fmt.Sprint(c.Customers, c.Interactions) }

// same compares what Felt says of an interaction in a window with what is true.
func (s *server) same(t *testing.T, app, name string, from, to time.Time) {
	t.Helper()
	window := "&from=" + url.QueryEscape(from.Format(time.RFC3339Nano)) + "&to=" + url.QueryEscape(to.Format(time.RFC3339Nano))
	var h struct {
		Until *time.Time `json:"complete_until"`
	}
	await(t, "complete", func() bool { s.get(t, "/api/v1/health", &h); return h.Until != nil && h.Until.After(to) })
	var said, truth counts
	s.get(t, "/api/v1/impact?of="+url.QueryEscape(app+"/"+name)+window, &said)
	s.get(t, "/demo/truth?app="+app+"&name="+url.QueryEscape(name)+window, &truth)
	for _, o := range []string{"open", "none"} {
		delete(said.Interactions, o)
		delete(truth.Interactions, o)
	}
	if said.String() != truth.String() || truth.Customers.Total == 0 {
		t.Errorf("%s: Felt says %v, true is %v", name, said, truth)
	}
}

// TestHistory: the past is taken in and the clock switched; what Felt says of it is true, with no
// incident; a demo that starts again has no second past, and goes on.
func TestHistory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := demo.Options{History: 3 * time.Hour, Past: 6000, Rate: 20, Customers: 500, FaultAfter: -1}
	s := start(t, dir, o)
	sawHistory, ready := false, false
	began := time.Now()
	await(t, "the history", func() bool {
		if s.live() {
			return true
		}
		if resp, err := http.Get(s.page + "/readyz"); err == nil {
			_ = resp.Body.Close()
			ready = ready || resp.StatusCode == http.StatusOK && time.Since(began) < 10*time.Second
		}
		st := s.state(t)
		sawHistory = sawHistory || st.Phase == "history" && st.History != nil && st.History.Total > 5000
		return false
	})
	if !ready {
		t.Error("not ready within 10 s, while the history is taken in")
	}
	began = time.Now()
	await(t, "the phase", func() bool { return s.state(t).Phase == "live" })
	st := s.state(t)
	if h := st.History; !sawHistory || h == nil || h.Done != h.Total || h.To.Sub(h.From).Round(time.Minute) != 3*time.Hour {
		t.Errorf("history %+v, seen while it was taken in: %v", h, sawHistory)
	}
	s.same(t, "shop", "pay", st.History.From.Add(time.Minute), began.Add(-20*time.Second))
	s.same(t, "identity", "login", began.Add(-8*time.Minute), began.Add(-20*time.Second))
	var all struct{ Incidents []struct{ ID, Title string } }
	// So short a past has no fault. One page a week for nothing is what detectors are set to, so that one comes once in
	// fifty runs by chance, two do not.
	if s.get(t, "/api/v1/incidents?status=all", &all); len(all.Incidents) > 1 {
		t.Errorf("incidents for nothing: %+v", all.Incidents)
	}
	s.end()

	s = start(t, dir, o)
	again := time.Now()
	var h struct {
		Last *time.Time `json:"last_event"`
	}
	await(t, "traffic again", func() bool { s.get(t, "/api/v1/health", &h); return h.Last != nil && h.Last.After(again) })
	if st := s.state(t); st.Phase != "live" || st.History != nil || !s.live() {
		t.Errorf("a second history: %+v", st)
	}
}

// TestHistoryCutOff: a demo that ends in the middle of its history goes on there, and reaches the
// present.
func TestHistoryCutOff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := demo.Options{History: 24 * time.Hour, Past: 20_000, Rate: 40, Customers: 500, FaultAfter: -1}
	s := start(t, dir, o)
	await(t, "a part of the history", func() bool { p := s.Progress().Tick; return s.live() || p > 0 })
	cut := s.live()
	s.end()
	if cut {
		t.Skip("it was over too soon to be cut off")
	}
	s = start(t, dir, o)
	await(t, "the present", s.live)
	var of counts
	await(t, "rows", func() bool {
		s.get(t, "/api/v1/impact?of=shop/search&from="+url.QueryEscape(time.Now().Add(-24*time.Hour).Format(time.RFC3339)), &of)
		return of.Customers.Total > 100
	})
	if st := s.state(t); st.History == nil || !st.History.From.After(time.Now().Add(-24*time.Hour)) {
		t.Errorf("the history did not go on: %+v", st.History)
	}
}

// TestScenario: what is chosen strikes at once and is told; nonsense is not.
func TestScenario(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), demo.Options{History: -1, FaultAfter: time.Hour, Customers: 500})
	await(t, "the start", func() bool { st := s.state(t); return st.Fault != nil && !st.Fault.Active })
	for _, bad := range []string{"", "{}", `{"name":"no such"}`, `{"scenario":"bad-release"}`, `{"name":` + strings.Repeat(" ", 9000) + `"bad-release"}`} {
		if code := s.choose(t, bad); code != http.StatusBadRequest {
			t.Errorf("%.30q: %d", bad, code)
		}
	}
	for _, name := range []string{"silent-outage", "bad-release"} {
		if code := s.choose(t, `{"name":"`+name+`"}`); code != http.StatusAccepted {
			t.Fatalf("%s: %d", name, code)
		}
		await(t, name, func() bool { st := s.state(t); return st.Scenario == name && st.Fault.Active && st.Fault.Name == name })
	}
	if st := s.state(t); !st.Demo || len(st.Scenarios) < 6 || st.History != nil || st.Fault.To.Sub(st.Fault.From) != 4*time.Minute {
		t.Errorf("%+v", st)
	}
	s.demo.Stop()
	await(t, "the end", func() bool { return !s.demo.Sending() })
}

// TestScenarios: all of them strike something in the shop, and its inventory has no mistakes.
func TestScenarios(t *testing.T) {
	set, problems := rules.Load(demo.Inventory(time.Now()))
	if set == nil || len(problems) > 0 {
		t.Errorf("%v", problems)
	}
	for _, c := range demo.Scenarios() {
		if _, err := demo.New(demo.Options{Scenario: c.Name}); err != nil || c.Title == "" || c.Text == "" {
			t.Errorf("%+v: %v", c, err)
		}
	}
	for _, bad := range []demo.Options{{Customers: -1}, {Rate: -1}, {Past: -1}, {Scenario: "no such"}, {For: -1}, {FaultFor: -1}} {
		if _, err := demo.New(bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}
