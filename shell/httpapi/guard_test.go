package httpapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func host(name string) func(*http.Request) {
	return func(r *http.Request) { r.Host = name }
}

// A page of another site must not reach the API by a name that its DNS points here.
func TestHosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.opts.Listen, w.opts.Hosts = "felt.lan:3358", []string{"Felt.example.com", "other.example.com:8443"}
	})
	for name, want := range map[string]int{
		"127.0.0.1:3358": 200, "[::1]:3358": 200, "localhost:3358": 200, "LOCALHOST": 200, "felt.localhost:3358": 200,
		"felt.lan:3358": 200, "felt.lan": 200, "felt.example.com": 200, "FELT.EXAMPLE.COM:443": 200, "other.example.com": 200,
		"192.168.1.7:3358": 200, // an address cannot be rebound
		"evil.example.com": 421, "localhost.evil.com": 421, "evil-felt.example.com": 421, "": 421, "xlocalhost": 421,
	} {
		for _, target := range []string{"/api/v1/journeys", "/", "/metrics", "/api/openapi.json"} {
			if a := w.get(target, host(name)); a.status != want {
				t.Errorf("%s as %q: %d, want %d", target, name, a.status, want)
			}
		}
		for _, target := range []string{"/healthz", "/readyz"} { // probes come by any name
			if a := w.get(target, host(name)); a.status != 200 {
				t.Errorf("%s as %q: %d", target, name, a.status)
			}
		}
	}
	problem(t, w.get("/api/v1/journeys", host("evil.example.com")), 421, "evil.example.com", "--hosts")
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const read, act = "/api/v1/journeys", "/api/v1/incidents/inc-1/acknowledge"
	for _, c := range []struct {
		method, target, origin, site, mode string
		status                             int
	}{
		{"GET", read, "", "", "", 200},
		{"GET", read, "http://127.0.0.1:3358", "", "", 200},
		{"GET", read, "http://127.0.0.1:3358", "same-origin", "cors", 200},
		{"GET", read, "", "none", "navigate", 200}, // typed in
		{"GET", read, "http://evil.example.com", "", "", 403},
		{"GET", read, "null", "", "", 403},
		{"GET", read, "http://127.0.0.1:8080", "", "", 403}, // another server on this machine
		{"GET", read, "http://localhost:3358.evil.com", "", "", 403},
		{"GET", read, "", "cross-site", "no-cors", 403},
		{"GET", read, "", "same-site", "cors", 403},
		{"GET", read, "", "cross-site", "navigate", 403},
		{"GET", "/", "", "cross-site", "navigate", 200}, // a link to the page
		{"GET", "/", "", "cross-site", "no-cors", 403},
		{"POST", "/", "", "cross-site", "navigate", 403},
		{"POST", act, "http://evil.example.com", "", "", 403},
		{"POST", act, "null", "", "", 403},
		{"POST", act, "", "cross-site", "navigate", 403},
		{"POST", act, "https://felt.example.com", "same-origin", "cors", 200}, // a proxy changed the host
	} {
		a := w.ask(c.method, c.target, "", func(r *http.Request) {
			for k, v := range map[string]string{"Origin": c.origin, "Sec-Fetch-Site": c.site, "Sec-Fetch-Mode": c.mode} {
				if v != "" {
					r.Header.Set(k, v)
				}
			}
		})
		if a.status != c.status {
			t.Errorf("%+v: %d %s", c, a.status, a.raw)
		}
		if a.status == 403 {
			problem(t, a, 403, "other sites")
		}
		if got := a.header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%+v: CORS on the API: %q", c, got)
		}
	}
	if n := len(w.commands()); n != 1 {
		t.Errorf("%d commands were taken, want 1", n)
	}
}

func TestPreflightIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ask(http.MethodOptions, "/api/v1/journeys", "", header("Origin", "http://evil.example.com"), header("Access-Control-Request-Method", "GET"))
	if a.status < 400 || a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%d %v", a.status, a.header)
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for target, cache := range map[string]string{
		"/": "no-cache", "/api/v1/journeys": "no-store", "/api/v1/nothing": "no-store", "/healthz": "no-store", "/metrics": "no-store",
	} {
		a := w.get(target)
		for k, v := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": cache,
		} {
			if a.header.Get(k) != v {
				t.Errorf("%s: %s: %q, want %q", target, k, a.header.Get(k), v)
			}
		}
		if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: %q", target, csp)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.opts.Extra = map[string]http.Handler{"/demo/{what}": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("truth")) })}
		w.opts.Bearer = func(secret, scope string) (string, bool) {
			switch secret {
			case "reader":
				return "wall screen", scope == "read"
			case "actor":
				return "ana", true
			}
			return "", false
		}
	})
	const act = "/api/v1/incidents/inc-1/acknowledge"
	for _, c := range []struct {
		method, target, token string
		status                int
	}{
		{"GET", "/", "", 200},
		{"GET", "/healthz", "", 200},
		{"GET", "/readyz", "", 200},
		{"GET", "/api/v1/journeys", "", 401},
		{"GET", "/api/v1/journeys", "Bearer wrong", 401},
		{"GET", "/api/v1/journeys", "Basic reader", 401},
		{"GET", "/api/v1/events", "", 401},
		{"GET", "/metrics", "", 401},
		{"GET", "/demo/truth", "", 401},
		{"GET", "/api/openapi.json", "", 401},
		{"GET", "/api/nothing", "", 401},
		{"GET", "/api/../api/v1/journeys", "", 401},
		{"GET", "//api/v1/journeys", "", 401},
		{"GET", "/api/v1/journeys", "Bearer reader", 200},
		{"GET", "/metrics", "bearer reader", 200},
		{"GET", "/demo/truth", "Bearer actor", 200},
		{"HEAD", "/api/v1/journeys", "Bearer reader", 200},
		{"POST", act, "", 401},
		{"POST", act, "Bearer reader", 401},
		{"POST", act, "Bearer actor", 200},
	} {
		a := w.ask(c.method, c.target, "", header("Authorization", c.token), header("X-Felt-Actor", "the boss"))
		if a.status != c.status {
			t.Errorf("%s %s with %q: %d, want %d: %s", c.method, c.target, c.token, a.status, c.status, a.raw)
		}
		if a.status == 401 {
			problem(t, a, 401, "Authorization: Bearer")
			if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("%s: WWW-Authenticate %q", c.target, a.header.Get("WWW-Authenticate"))
			}
		}
	}
	if got := w.commands(); len(got) != 1 || got[0].Actor != "ana" {
		t.Errorf("commands %+v: the actor is the token's name, whatever the header says", got)
	}
}

// The door has its own guards and CORS; ours must not stand in its way.
func TestOTLPIsNotGuarded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.opts.Bearer = func(string, string) (string, bool) { return "", false }
		w.opts.OTLP = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	})
	a := w.ask(http.MethodPost, "/v1/traces", "", host("collector.lan"), header("Origin", "https://shop.example.com"))
	if a.status != http.StatusTeapot {
		t.Errorf("%d %s", a.status, a.raw)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	if _, err := New(Options{}); err == nil || !strings.Contains(err.Error(), "needed") {
		t.Errorf("error %v", err)
	}
}

var errBroken = errors.New("broken pipe at /secret")
