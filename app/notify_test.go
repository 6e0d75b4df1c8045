package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/felt-cx/felt"
)

// receiver is a webhook's other end.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	events []toldEvent
	fail   bool
}

// toldEvent is what a webhook is sent.
type toldEvent struct {
	ID, Type string
	Data     struct {
		Subject struct {
			ID      string
			Content struct{ Description string }
		}
		CustomData struct {
			Journeys  []string
			Customers struct{ Failed, Total int64 }
			URL       string
		}
	}
	signed bool
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var e toldEvent
		b, err := io.ReadAll(req.Body)
		if err == nil {
			err = json.Unmarshal(b, &e)
		}
		e.signed = strings.HasPrefix(req.Header.Get("webhook-signature"), "v1,") && req.Header.Get("webhook-id") == e.ID
		r.mu.Lock()
		defer r.mu.Unlock()
		if err != nil {
			t.Error(err)
		}
		if r.fail {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.events = append(r.events, e)
	}))
	t.Cleanup(r.Close)
	return r
}

// got are the events about incidents, all or of a kind.
func (r *receiver) got(kind string) []toldEvent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.events), func(e toldEvent) bool { return !strings.Contains(e.Type, kind) })
}

func (r *receiver) failing(yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = yes
}

// sinkConfig is a server with one webhook, whose address and key are in files.
func sinkConfig(t *testing.T, url string) Config {
	t.Helper()
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"url": url + "/hook/topsecret\n", "key": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"})
	cfg := inventoryConfig(t, fmt.Sprintf(`
sinks:
  - name: team
    kind: webhook
    url: {file: %s}
    secret: {file: %s}
`, filepath.Join(dir, "url"), filepath.Join(dir, "key")))
	cfg.PublicURL = "https://felt.example.com/"
	return cfg
}

type toldAnswer struct {
	Notifications []struct {
		Key, State, Kind, Error string
		Attempts                int
	}
}

// TestTold: customers are hurt, and a webhook hears how many; it hears that it is over; a restart
// tells nothing again. How long it took is measured.
func TestTold(t *testing.T) {
	t.Parallel()
	hook := receive(t)
	cfg := sinkConfig(t, hook.URL)
	s := serveApp(t, cfg)
	s.awaitInventory(t, "sinks", inForce(1))
	trace := uint64(0)
	send := func(fault bool) {
		r := newTries()
		for range 8 {
			trace++
			outcome, c := "success", trace*37%400
			if trace%97 == 0 || fault && c%3 == 0 {
				outcome = "failed"
			}
			r.add(trace, "pay", fmt.Sprint("c", c), outcome, time.Now())
		}
		s.send(t, r)
	}
	pace := time.NewTicker(100 * time.Millisecond)
	defer pace.Stop()
	for range 60 {
		send(false)
		<-pace.C
	}
	for fault := time.Now(); len(hook.got("incident.detected")) == 0; <-pace.C {
		send(true)
		if time.Since(fault) > 60*time.Second {
			t.Fatal("nobody was told 60 s after the fault")
		}
	}
	e := hook.got("incident.detected")[0]
	if c := e.Data.CustomData; !e.signed || c.Customers.Failed < 10 || !slices.Contains(c.Journeys, "pay") ||
		!strings.Contains(e.Data.Subject.Content.Description, "customers") || c.URL != "https://felt.example.com/?id="+e.Data.Subject.ID+"&view=incident" {
		t.Errorf("%+v", e)
	}
	await(t, "the metric", 5*time.Second, func() bool {
		return s.metric(t, `felt_notify_harm_to_sink_seconds_count{sink="team"}`)+s.metric(t, "felt_notify_before_twentieth_total") >= 1
	})
	path := "/api/v1/incidents/" + e.Data.Subject.ID
	if code := s.call(t, http.MethodPost, path+"/resolve", `{"reason":"rolled back"}`, nil); code != http.StatusOK {
		t.Errorf("resolve: %d", code)
	}
	await(t, "that it is over", 10*time.Second, func() bool { return len(hook.got("incident.resolved")) == 1 })
	n := len(hook.got("incident."))
	s.stop()
	s = serveApp(t, cfg)
	var list toldAnswer
	await(t, "what was told", 10*time.Second, func() bool {
		s.get(t, "/api/v1/notifications?incident="+e.Data.Subject.ID, &list)
		return len(list.Notifications) == n
	})
	for _, one := range list.Notifications {
		if one.State != "delivered" || one.Attempts != 1 {
			t.Errorf("%+v", one)
		}
	}
	if again := hook.got("incident."); len(again) != n {
		t.Errorf("told again: %+v", again[n:])
	}
}

// TestSinksOverTheAPI: a sink that cannot be used says why and keeps nothing else from working; a test,
// a refusal, and a retry by hand.
func TestSinksOverTheAPI(t *testing.T) {
	t.Parallel()
	hook := receive(t)
	cfg := sinkConfig(t, hook.URL)
	text, err := os.ReadFile(filepath.Join(cfg.ConfigDir, "shop.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, cfg.ConfigDir, map[string]string{"shop.yaml": string(text) + "  - {name: other, kind: slack_webhook, url: {env: FELT_TEST_IS_NOT_SET}}\n"})
	s := serveApp(t, cfg)
	s.awaitInventory(t, "sinks", inForce(1))
	var ready struct {
		Ready bool
		Parts map[string]string
	}
	s.get(t, "/readyz", &ready)
	if !ready.Ready || ready.Parts["outbox"] != "ok" || !strings.Contains(ready.Parts["sinks"], "sink other: url: the environment variable FELT_TEST_IS_NOT_SET is not set") {
		t.Errorf("%+v", ready)
	}
	var tested struct {
		Delivered bool
		Error     string
	}
	if code := s.call(t, http.MethodPost, "/api/v1/sinks/team/test", "", &tested); code != 200 || !tested.Delivered || len(hook.got("cx.felt.test")) != 1 {
		t.Errorf("%d %+v", code, tested)
	}
	if code := s.call(t, http.MethodPost, "/api/v1/sinks/other/test", "", &tested); code != 200 || !strings.Contains(tested.Error, "is not set") {
		t.Errorf("%d %+v", code, tested)
	}
	hook.failing(true)
	if code := s.call(t, http.MethodPost, "/api/v1/incidents", `{"title":"nobody can pay"}`, nil); code != 201 && code != 202 {
		t.Fatalf("declare: %d", code)
	}
	var list toldAnswer
	await(t, "a refusal", 30*time.Second, func() bool {
		s.get(t, "/api/v1/notifications?state=dead&sink=team", &list)
		return len(list.Notifications) == 1
	})
	if d := list.Notifications[0]; !strings.Contains(d.Error, "400 Bad Request") || strings.Contains(d.Error, "topsecret") {
		t.Errorf("%+v", d)
	}
	hook.failing(false)
	var again struct{ Retried int }
	if code := s.call(t, http.MethodPost, "/api/v1/sinks/team/retry", "", &again); code != 200 || again.Retried != 1 {
		t.Errorf("%d %+v", code, again)
	}
	await(t, "the retry", 10*time.Second, func() bool { return len(hook.got("incident.detected")) == 1 })
}

// TestNotifyIsChecked: what makes no sense is told at the start.
func TestNotifyIsChecked(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Config){
		"public-url":       func(c *Config) { c.PublicURL = "felt.example.com" },
		"outbox-max-bytes": func(c *Config) { c.OutboxMaxBytes = 1 },
		"outbox-max-age":   func(c *Config) { c.OutboxMaxAge = -1 },
		"pending-after":    func(c *Config) { c.Settings.PendingAfter = 2 * felt.Hour },
		"open-pending":     func(c *Config) { c.Settings.OpenPending = -1 },
		"silent-after":     func(c *Config) { c.Settings.SilentAfter = felt.Second },
		"notify-timeout":   func(c *Config) { c.NotifyTimeout = time.Millisecond },
		"notify-give-up":   func(c *Config) { c.NotifyGiveUp = 20 * 24 * time.Hour },
	} {
		cfg := testConfig(t.TempDir())
		change(&cfg)
		if err := cfg.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
