package app

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/felt-cx/felt"
)

// metric reads one number from /metrics; -1 when it is not there.
func (s *server) metric(t *testing.T, name string) float64 {
	t.Helper()
	resp, err := http.Get(s.page + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindSubmatch(b)
	if m == nil {
		return -1
	}
	v, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// await waits until something holds.
func await(t *testing.T, what string, limit time.Duration, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, limit)
		}
		time.Sleep(50 * time.Millisecond) // between two looks
	}
}

// TestBadInventoryAtTheStart: a first inventory with errors keeps nothing from being counted.
func TestBadInventoryAtTheStart(t *testing.T) {
	t.Parallel()
	cfg := inventoryConfig(t, "journeys:\n  - nam: checkout\n")
	s := serveApp(t, cfg)
	in := s.awaitInventory(t, "a bad first text", func(in inventoryAnswer) bool { return in.Errors > 0 })
	if in.Version != 0 || in.Newest || len(in.Journeys) != 0 {
		t.Errorf("%+v", in)
	}
	from := time.Now()
	r := newTries()
	r.add(1, "pay", "ana", "failed", time.Now())
	s.send(t, r)
	if im := s.impactOf(t, "pay", from, time.Now()); im.Customers.Failed != 1 {
		t.Errorf("%+v", im)
	}
	await(t, "what is unmapped", 5*time.Second, func() bool { return strings.Join(s.unmapped(t), ",") == "shop/pay" })
	for name, want := range map[string]float64{
		"felt_inventory_version":                     0,
		`felt_inventory_reloads_total{result="bad"}`: 1, `felt_inventory_reloads_total{result="good"}`: 0,
	} {
		if got := s.metric(t, name); got != want {
			t.Errorf("%s %v, want %v", name, got, want)
		}
	}
	if got := s.metric(t, `felt_inventory_problems{severity="error"}`); got < 1 {
		t.Errorf("errors %v", got)
	}
	writeFiles(t, cfg.ConfigDir, map[string]string{"shop.yaml": checkoutInventory})
	s.awaitInventory(t, "mended", inForce(1))
	await(t, "the metric", 5*time.Second, func() bool { return s.metric(t, "felt_inventory_version") == 1 })
}

// TestInventoryInstead: an inventory that stands in is in force as long as there are no files, gives
// way to them, and does not come back when their directory is lost.
func TestInventoryInstead(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	cfg.ConfigDir = filepath.Join(t.TempDir(), "config")
	cfg.Inventory = &felt.Inventory{Actor: "demo", Files: []felt.InventoryFile{{Name: "demo.yaml", Text: "journeys:\n  - name: buy\n"}}}
	s := serveApp(t, cfg)
	named := func(what, name string, version int64) inventoryAnswer {
		t.Helper()
		return s.awaitInventory(t, what, func(in inventoryAnswer) bool {
			return in.Version == version && in.Newest && len(in.Journeys) == 1 && in.Journeys[0].Name == name
		})
	}
	if in := named("at the start", "buy", 1); in.Edited == nil || in.By != "demo" || in.Errors != 0 {
		t.Errorf("%+v", in)
	}
	s.stop()
	s = serveApp(t, cfg)
	named("after a restart", "buy", 1)
	writeFiles(t, cfg.ConfigDir, map[string]string{"own.yaml": "journeys:\n  - name: own\n"})
	if in := named("with files", "own", 2); in.By != "files" {
		t.Errorf("%+v", in)
	}
	if err := os.RemoveAll(cfg.ConfigDir); err != nil {
		t.Fatal(err)
	}
	lost := s.awaitInventory(t, "the directory is lost", func(in inventoryAnswer) bool { return in.Errors > 0 })
	if lost.Version != 2 || lost.Journeys[0].Name != "own" {
		t.Errorf("%+v", lost)
	}
	if err := os.MkdirAll(cfg.ConfigDir, 0o700); err != nil {
		t.Fatal(err)
	}
	named("an empty directory", "buy", 3)
}

// TestReload: asked to, the server looks at the files at once.
func TestReload(t *testing.T) {
	t.Parallel()
	cfg := inventoryConfig(t, checkoutInventory)
	a, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		a.ReloadInventory() // before it runs, and more often than it can
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestKeptTrace: the spans of a failure can be seen, those of what went well cannot, and the
// answer says so; coarse rows are made meanwhile.
func TestKeptTrace(t *testing.T) {
	t.Parallel()
	cfg := inventoryConfig(t, checkoutInventory)
	cfg.KeeperBehind, cfg.KeepGoodTraces, cfg.CompactEvery = 5*time.Second, KeepNone, 100*time.Millisecond
	s := serveApp(t, cfg)
	s.awaitInventory(t, "at the start", inForce(1))
	td := ptrace.NewTraces()
	plain(td, 1, "POST /pay", true, time.Now(), map[string]string{"user.id": "ana"})
	plain(td, 2, "POST /pay", false, time.Now(), map[string]string{"user.id": "bob"})
	s.send(t, tries{td})
	type answer struct {
		Spans        []struct{ Name, Status string }
		Interactions []struct{ Name, Outcome string }
		Note         string
	}
	trace := func(n uint64) (a answer) {
		s.call(t, http.MethodGet, "/api/v1/traces/"+traceID(n).String(), "", &a)
		return a
	}
	await(t, "the spans of the failure", 3*time.Minute, func() bool { return len(trace(1).Spans) > 0 })
	if a := trace(1); a.Spans[0].Name != "POST /pay" || a.Spans[0].Status != "error" || len(a.Interactions) == 0 || a.Interactions[0].Outcome != "failed" {
		t.Errorf("%+v", a)
	}
	if a := trace(2); len(a.Spans) != 0 || len(a.Interactions) == 0 || !strings.Contains(a.Note, "0 % of the others") {
		t.Errorf("%+v", a)
	}
	if code := s.call(t, http.MethodGet, "/api/v1/traces/"+traceID(3).String(), "", nil); code != 404 {
		t.Errorf("a trace never sent: %d", code)
	}
	await(t, "coarse rows", 20*time.Second, func() bool { return s.metric(t, `felt_compact_runs_total{result="good"}`) > 0 })
	var h struct{ Parts map[string]string }
	if s.get(t, "/api/v1/health", &h); h.Parts["compaction"] != "ok" || h.Parts["keeper"] != "ok" {
		t.Errorf("%+v", h)
	}
}

// TestKeepingIsChecked: lengths and shares that make no sense are told at the start.
func TestKeepingIsChecked(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Config){
		"keep-good-traces": func(c *Config) { c.KeepGoodTraces = 1.5 },
		"keeper-behind":    func(c *Config) { c.KeeperBehind = -time.Second },
		"compact-every":    func(c *Config) { c.CompactEvery = -1 },
		"keep-spans":       func(c *Config) { c.Retention.Spans = -1 },
		"keeper-hold-log":  func(c *Config) { c.KeeperHoldLog = -1 },
		"keeper-traces":    func(c *Config) { c.KeeperTraces = -1 },
		"business-items":   func(c *Config) { c.BusinessItems = -1 },
		"max-weight":       func(c *Config) { c.MaxWeight = .5 },
	} {
		cfg := testConfig(t.TempDir())
		change(&cfg)
		for range 2 { // it is checked more than once
			if err := cfg.Check(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", want, err)
			}
		}
	}
	cfg := testConfig(t.TempDir())
	cfg.KeepGoodTraces = KeepNone
	for range 2 {
		if err := cfg.Check(); err != nil || cfg.keepShare() != 0 {
			t.Errorf("none: %v %v", err, cfg.keepShare())
		}
	}
	cfg = testConfig(t.TempDir())
	if err := cfg.Check(); err != nil || cfg.keepShare() != 0.01 || cfg.KeeperBehind != 90*time.Second {
		t.Errorf("defaults: %v %+v", err, cfg)
	}
}
