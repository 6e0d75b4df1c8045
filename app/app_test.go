package app

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/felt-cx/felt"
)

// TestCustomersNotTries: customers are counted once, however often they try.
func TestCustomersNotTries(t *testing.T) {
	t.Parallel()
	s := serveApp(t, testConfig(t.TempDir()))
	from := time.Now()
	trace := uint64(0)
	r := newTries()
	add := func(name, customer, outcome string) {
		trace++
		r.add(trace, name, customer, outcome, time.Now())
	}
	failures := int64(0)
	for c := range 100 {
		for range 2 + c%2 {
			failures++
			add("pay", fmt.Sprint("failing-", c), "failed")
		}
	}
	for c := range 400 {
		add("pay", fmt.Sprint("happy-", c), "success")
	}
	s.send(t, r)
	for range 10 {
		r = newTries()
		for range 1000 {
			add("login", "impatient", "failed")
		}
		s.send(t, r)
	}
	to := time.Now()
	im := s.impactOf(t, "pay", from, to)
	if im.Customers.Failed != 100 || im.Customers.Total != 500 || im.Interactions.Failed != failures || im.Interactions.Success != 400 ||
		im.Method != "exact" || im.Interval != [2]int64{100, 100} {
		t.Errorf("100 customers who failed 2 or 3 times, 400 who succeeded: %+v", im)
	}
	im = s.impactOf(t, "login", from, to)
	if im.Customers.Failed != 1 || im.Customers.Total != 1 || im.Interactions.Failed != 10_000 || im.Customers.Undecided != 1 {
		t.Errorf("one customer with 10,000 tries: %+v", im)
	}
}

// TestEventClock: old data is imported by its own time, and is complete without
// anything after it.
func TestEventClock(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	cfg.Clock, cfg.Settings.Settle = felt.ClockEvent, 15*felt.Second
	s := serveApp(t, cfg)
	begin := time.Date(2022, 3, 4, 5, 0, 0, 0, time.UTC)
	const minutes, each = 30, 20
	for m := range minutes {
		r := newTries()
		for c := range each {
			outcome := "success"
			if c < 5 {
				outcome = "failed"
			}
			r.add(uint64(m*each+c), "pay", fmt.Sprint("c", c+m), outcome, begin.Add(time.Duration(m)*time.Minute+time.Duration(c)*time.Second))
		}
		s.send(t, r)
	}
	last := begin.Add((minutes-1)*time.Minute + (each-1)*time.Second)
	im := s.impactOf(t, "pay", begin, last)
	if im.Customers.Total != each+minutes-1 || im.Customers.Failed != 5+minutes-1 || im.Interactions.Failed != 5*minutes || im.Interactions.Success != (each-5)*minutes {
		t.Errorf("imported: %+v", im)
	}
	s.stop()
	s = serveApp(t, cfg) // and it is still told after a restart
	again := s.impactOf(t, "pay", begin, last)
	if again.Complete, im.Complete = (time.Time{}), (time.Time{}); again != im {
		t.Errorf("after a restart %+v, before %+v", again, im)
	}
}

// TestDataDirectory: what is fixed when it is made stays so, and it has one owner.
func TestDataDirectory(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := t.TempDir()
	cfg := testConfig(dir)
	cfg.Clock, cfg.Partitions = felt.ClockEvent, 3
	a, err := New(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if a.Clock() != felt.ClockEvent {
		t.Errorf("clock %v", a.Clock())
	}
	refused := func(cfg Config, words ...string) {
		t.Helper()
		b, err := New(ctx, cfg)
		if err == nil {
			t.Fatalf("opened; want an error with %q", words)
		}
		if b != nil {
			t.Error("an App and an error")
		}
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("error %q does not say %q", err, w)
			}
		}
	}
	refused(testConfig(dir), "in use", dir)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}

	wall := testConfig(dir)
	wall.Clock = felt.ClockWall
	refused(wall, "--clock event", "fixed")
	more := testConfig(dir)
	more.Partitions = 4
	refused(more, "--partitions 3", "fixed")
	taken := serveApp(t, testConfig(t.TempDir()))
	port := testConfig(dir)
	port.Listen = strings.TrimPrefix(taken.page, "http://")
	refused(port, "listen", "--listen")

	key := filepath.Join(dir, "key.json")
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v %v", info, err)
	}
	before, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	refused(testConfig(dir), "key.json is missing", "backup")
	if err := os.WriteFile(key, []byte(`{"id":1,"secret":"short"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(testConfig(dir), "key.json", "secret")
	if err := os.WriteFile(key, before, 0o600); err != nil {
		t.Fatal(err)
	}
	a, err = New(ctx, testConfig(dir)) // all is well again, and as it was made
	if err != nil {
		t.Fatal(err)
	}
	if a.Clock() != felt.ClockEvent || a.settings.Partitions != 3 {
		t.Errorf("clock %v, %d partitions", a.Clock(), a.settings.Partitions)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestTokens: whoever can be reached from elsewhere asks for tokens, and each token is
// good for its scopes only.
func TestTokens(t *testing.T) {
	t.Parallel()
	for _, field := range []func(*Config) *string{
		func(c *Config) *string { return &c.Listen },
		func(c *Config) *string { return &c.OTLPHTTP },
		func(c *Config) *string { return &c.OTLPGRPC },
	} {
		for _, addr := range []string{"0.0.0.0:0", "[::]:0", ":0", "192.0.2.1:0", "example.com:0"} {
			cfg := testConfig(t.TempDir())
			*field(&cfg) = addr
			if _, err := New(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "--tokens") {
				t.Errorf("%s without tokens: %v", addr, err)
			}
		}
	}
	file := filepath.Join(t.TempDir(), "tokens")
	const ingest, read, act = "ingest-secret-0123456789", "read-secret-0123456789", "act-secret-0123456789"
	lines := "# who\nshop ingest " + ingest + "\nwall read " + read + "\nann act " + act + " # on call\n"
	if err := os.WriteFile(file, []byte(lines), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadTokens(file); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that others can read: %v", err)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	tokens, err := ReadTokens(file)
	if err != nil {
		t.Fatal(err)
	}
	cfg := testConfig(t.TempDir())
	cfg.Tokens = tokens
	cfg.Listen, cfg.OTLPHTTP = "0.0.0.0:0", "0.0.0.0:0"
	s := serveApp(t, cfg)
	_, port, _ := strings.Cut(strings.TrimPrefix(s.page, "http://"), "]:")
	s.page = "http://127.0.0.1:" + port
	_, port, _ = strings.Cut(strings.TrimPrefix(s.otlp, "http://"), "]:")
	s.otlp = "http://127.0.0.1:" + port

	r := newTries()
	r.add(1, "pay", "c1", "success", time.Now())
	for _, c := range []struct {
		token               string
		ingest, read, acted int
	}{
		{"", 401, 401, 401},
		{"no-such-secret-0123456789", 401, 401, 401},
		{ingest, 200, 401, 401},
		{read, 401, 200, 401},
		{act, 401, 401, 404}, // allowed; there is no such incident
	} {
		s.token = c.token
		if got := s.post(r.body()); got != c.ingest {
			t.Errorf("token %q: sending gives %d, want %d", c.token, got, c.ingest)
		}
		for _, path := range []string{"/api/v1/journeys", "/api/v1/health", "/api/v1/interactions", "/metrics", "/api/openapi.json"} {
			if got := s.call(t, http.MethodGet, path, "", nil); got != c.read {
				t.Errorf("token %q: GET %s gives %d, want %d", c.token, path, got, c.read)
			}
		}
		for _, path := range []string{"/api/v1/incidents/inc-0/acknowledge", "/api/v1/incidents/inc-0/resolve"} {
			if got := s.call(t, http.MethodPost, path, "", nil); got != c.acted {
				t.Errorf("token %q: POST %s gives %d, want %d", c.token, path, got, c.acted)
			}
		}
	}
}
