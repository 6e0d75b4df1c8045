package notify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/shell/mem"
)

// TestSecretsStaySecret: whatever goes wrong, nobody reads an address or a key anywhere.
func TestSecretsStaySecret(t *testing.T) {
	sinks := []rules.Sink{
		{Name: "team", Kind: rules.SinkWebhook, URL: env("TEAM"), Secret: env("KEY")},
		{Name: "nobody", Kind: rules.SinkWebhook, URL: env("NOBODY")},
		{Name: "slack", Kind: rules.SinkSlack, URL: env("SLACK")},
		{Name: "beat", Kind: rules.SinkHeartbeat, URL: env("BEAT"), Every: 10 * felt.Second},
	}
	live(t, sinks, func(w *world) {
		w.end()
		w.opts.Alive = func() (felt.Tick, bool) { return felt.TickOf(felt.InstantOf(time.Now())), true }
		w.start()
		for i, h := range []http.HandlerFunc{
			status(500), status(400),
			func(rw http.ResponseWriter, r *http.Request) {
				http.Redirect(rw, r, "https://elsewhere.example.com"+secretPath, http.StatusFound)
			},
			func(rw http.ResponseWriter, r *http.Request) {
				rw.WriteHeader(500)
				fmt.Fprint(rw, r.Host, r.URL, " token ", path.Base(r.URL.Path), ", ", r.URL.Path[1:])
			},
			func(rw http.ResponseWriter, _ *http.Request) {
				conn, _, _ := http.NewResponseController(rw).Hijack()
				_ = conn.Close()
			},
			func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			func(rw http.ResponseWriter, r *http.Request) {
				conn, out, _ := http.NewResponseController(rw).Hijack()
				_, _ = out.WriteString("HTTP/1.1 " + r.URL.Path + " nonsense\r\n\r\n")
				_ = out.Flush()
				_ = conn.Close()
			},
		} {
			for _, host := range []string{"team.example.com", "127.0.0.1", "beat.example.com"} {
				w.answers(host, h)
			}
			for _, s := range sinks[:3] {
				n := of(fmt.Sprint(s.Name, i), fmt.Sprint(i))
				n.Sink = s.Name
				w.post(n)
			}
			wait(15 * time.Second)
			for _, s := range sinks {
				if err := w.sender.Test(w.t.Context(), s.Name); err == nil {
					t.Errorf("%d: %s works", i, s.Name)
				} else {
					fmt.Fprintln(&w.logs, "test:", err)
				}
			}
		}
		fmt.Fprintf(&w.logs, "%+v\n%+v\n%+v\n%v\n", w.sender.Sinks(), w.sender.Told("", "", "", 100), w.sender.Metrics(), w.sender.Troubles())
		list, err := w.outbox.Deliveries(w.t.Context())
		fmt.Fprintf(&w.logs, "%+v %v\n", list, err)
		all := w.logs.String()
		for _, secret := range []string{"verysecret", "T0000", "/services", "sixteen", "heartbeattoken", "/ping"} {
			if at := strings.Index(all, secret); at >= 0 {
				t.Errorf("%q is told: ...%s", secret, all[max(0, at-200):min(len(all), at+100)])
			}
		}
		for _, host := range []string{"team.example.com", "nobody.example.com", "127.0.0.1", "beat.example.com"} {
			if !strings.Contains(all, host) {
				t.Errorf("the host %s is not told", host)
			}
		}
	})
}

// TestNotSet: a sink whose address is not there says which variable or file is missing, and what waits
// is sent as soon as it is.
func TestNotSet(t *testing.T) {
	var address atomic.Value
	address.Store("")
	sinks := []rules.Sink{
		{Name: "env", Kind: rules.SinkWebhook, URL: env("MISSING")},
		{Name: "file", Kind: rules.SinkWebhook, URL: rules.Secret{File: "/run/address"}},
		{Name: "nonsense", Kind: rules.SinkWebhook, URL: env("NONSENSE")},
		{Name: "plain", Kind: rules.SinkSlack, URL: env("TEAM")},
		{Name: "short", Kind: rules.SinkWebhook, URL: env("TEAM"), Secret: env("NONSENSE")},
	}
	live(t, sinks, func(w *world) {
		w.end()
		w.opts.ReadFile = func(name string) ([]byte, error) {
			if address.Load() == "" {
				return nil, &fs.PathError{Op: "open", Path: name, Err: os.ErrNotExist}
			}
			return []byte(address.Load().(string) + "\n"), nil
		}
		get := w.opts.Env
		w.opts.Env = func(name string) (string, bool) {
			if name == "NONSENSE" {
				return "http://%zz", true
			}
			return get(name)
		}
		w.start()
		for name, want := range map[string]string{
			"env": "url: the environment variable MISSING is not set", "file": "url: open /run/address: file does not exist",
			"nonsense": "url: what the environment variable NONSENSE says is no address",
			"plain":    "url: the environment variable TEAM has an address without TLS; that of a Slack webhook is a secret and begins with https://",
			"short":    "secret: it is shorter than 16 bytes; take one from: echo whsec_$(openssl rand -base64 32)",
		} {
			found := false
			for _, st := range w.sender.Sinks() {
				if found = st.Name == name; found {
					if st.Trouble != want || st.URLSet || st.Host != "" {
						t.Errorf("%+v", st)
					}
					break
				}
			}
			if !found || !strings.Contains(strings.Join(w.sender.Troubles(), "\n"), "sink "+name+": "+want) {
				t.Errorf("%s: %v", name, w.sender.Troubles())
			}
		}
		n := of("a", "1")
		n.Sink = "file"
		w.post(n)
		gone := of("b", "1")
		gone.Sink = "gone"
		w.post(gone)
		wait(time.Hour)
		if d := w.is("a", felt.DeliveryWaiting, 0); d.Error == "" {
			t.Errorf("%+v", d)
		}
		w.is("b", felt.DeliveryWaiting, 0)
		if n := strings.Count(w.logs.String(), "\n"); n > 5 {
			t.Errorf("%d lines are logged", n)
		}
		address.Store("http://team.example.com/x")
		w.sender.Reloaded()
		synctest.Wait()
		w.is("a", felt.DeliveryDelivered, 1)
		wait(25 * time.Hour)
		if d := w.is("b", felt.DeliveryDead, 0); !strings.Contains(d.Error, `has no sink "gone"`) {
			t.Error(d.Error)
		}
	})
}

// TestTLS: a receiver whose certificate nobody vouches for is not told.
func TestTLS(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was told") }))
	defer srv.Close()
	srv.Config.ErrorLog = nil
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte(srv.URL+"/secretpath\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	set := &rules.Set{Sinks: []rules.Sink{{Name: "team", Kind: rules.SinkSlack, URL: rules.Secret{File: file}}}}
	s, err := New(Options{Outbox: mem.NewOutbox(mem.OutboxOptions{}), Rules: func() *rules.Set { return set }})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Test(context.Background(), "team")
	if err == nil || !strings.Contains(err.Error(), "certificate") || strings.Contains(err.Error(), "secretpath") || errors.Is(err, felt.ErrPermanent) {
		t.Errorf("%v", err)
	}
}

// TestTest: a test goes out at once and is kept nowhere; who asks hears what became of it.
func TestTest(t *testing.T) {
	sinks := append(team(), rules.Sink{Name: "slack", Kind: rules.SinkSlack, URL: env("SLACK")})
	live(t, sinks, func(w *world) {
		for _, name := range []string{"team", "slack"} {
			if err := w.sender.Test(w.t.Context(), name); err != nil {
				t.Error(err)
			}
		}
		if err := w.sender.Test(w.t.Context(), "other"); !errors.Is(err, felt.ErrNotFound) {
			t.Error(err)
		}
		if r := w.requests("team.example.com"); len(r) != 1 || !strings.Contains(string(r[0].body), "cx.felt.test") {
			t.Errorf("%+v", r)
		}
		if r := w.requests("127.0.0.1"); len(r) != 1 || !strings.Contains(string(r[0].body), "Felt: a test of sink slack") {
			t.Errorf("%+v", r)
		}
		w.answers("team.example.com", status(404))
		if err := w.sender.Test(w.t.Context(), "team"); !errors.Is(err, felt.ErrPermanent) {
			t.Error(err)
		}
		if st := w.sender.Sinks(); st[1].LastSuccess == 0 || !strings.Contains(st[1].LastError, "404") || len(w.outbox.All()) != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// TestCutSecretStaysSecret: what a sink answers is cut where it is long, and never in the middle of what
// must not be seen.
func TestCutSecretStaysSecret(t *testing.T) {
	to := &target{url: &url.URL{Host: "team.example.com"}, hide: []string{secretPath}}
	for before := maxSaid - len(secretPath); before <= maxSaid; before++ {
		said := strings.Repeat("x", before) + secretPath + " and more"
		_, err := refused(to, &http.Response{StatusCode: 500, Header: http.Header{}}, []byte(said), time.Now())
		if err == nil || strings.Contains(err.Error(), secretPath[:4]) {
			t.Fatalf("%d before it: %v", before, err)
		}
	}
}
