package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// asked is what came back over a real connection, as it was sent.
type asked struct {
	header http.Header
	status int
	body   []byte
}

func overWire(t *testing.T, url, accept string) asked {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if accept != "" {
		r.Header.Set("Accept-Encoding", accept)
	}
	res, err := (&http.Transport{DisableCompression: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return asked{header: res.Header, status: res.StatusCode, body: body}
}

func unzip(t *testing.T, body []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestLargeAnswersAreCompressed(t *testing.T) {
	t.Parallel()
	script := strings.Repeat("let a = 1;\n", 1000)
	w := newWorld(t, func(w *world) {
		w.opts.UI = fstest.MapFS{
			"index.html":     {Data: []byte("<!doctype html>")},
			"assets/a.js":    {Data: []byte(script)},
			"assets/a.woff2": {Data: []byte(script)},
		}
	})
	srv := httptest.NewServer(w.api)
	defer srv.Close()
	for _, c := range []struct {
		path, accept string
		zipped       bool
	}{
		{"/api/openapi.json", "gzip", true},
		{"/api/v1/inventory/schema", "br, gzip;q=0.5", true},
		{"/api/openapi.json", "*", true},
		{"/api/openapi.json", "", false},
		{"/api/openapi.json", "br", false},
		{"/api/openapi.json", "gzip;q=0, *", false},
		{"/api/openapi.json", "gzip; q = 0.000", false},
		{"/api/v1/incidents?status=resolved", "gzip", false}, // small
		{"/assets/a.js", "gzip", true},
		{"/assets/a.woff2", "gzip", false}, // compressed by nature
		{"/healthz", "gzip", false},
	} {
		plain := overWire(t, srv.URL+c.path, "identity")
		got := overWire(t, srv.URL+c.path, c.accept)
		if got.status != 200 || got.header.Get("Content-Type") != plain.header.Get("Content-Type") {
			t.Errorf("%s %q: %d %v", c.path, c.accept, got.status, got.header)
		}
		if (got.header.Get("Content-Encoding") == "gzip") != c.zipped {
			t.Errorf("%s %q: Content-Encoding %q", c.path, c.accept, got.header.Get("Content-Encoding"))
			continue
		}
		if c.zipped {
			if len(got.body) >= len(plain.body)/2 || got.header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s: %d bytes of %d, Vary %q", c.path, len(got.body), len(plain.body), got.header.Get("Vary"))
			}
			got.body = unzip(t, got.body)
		}
		if !bytes.Equal(got.body, plain.body) && !strings.HasPrefix(c.path, "/api/v1/incidents") {
			t.Errorf("%s %q: another answer", c.path, c.accept)
		}
	}
}

func TestPartsOfFilesStayAsTheyAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.opts.UI = fstest.MapFS{"index.html": {}, "assets/a.js": {Data: bytes.Repeat([]byte("0123456789"), 2000)}}
	})
	a := w.get("/assets/a.js", func(r *http.Request) {
		r.Header.Set("Accept-Encoding", "gzip")
		r.Header.Set("Range", "bytes=10-9999")
	})
	if a.status != 206 || a.header.Get("Content-Encoding") != "" || len(a.raw) != 9990 {
		t.Errorf("%d %v, %d bytes", a.status, a.header, len(a.raw))
	}
}

func TestLiveStreamIsNotCompressed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	srv := httptest.NewUnstartedServer(w.api)
	srv.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	srv.Start()
	defer srv.Close()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/api/v1/events", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	res, err := (&http.Transport{DisableCompression: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	first := make([]byte, len("retry: 2000\n"))
	if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != "retry: 2000\n" || res.Header.Get("Content-Encoding") != "" {
		t.Errorf("%q %v, encoding %q", first, err, res.Header.Get("Content-Encoding"))
	}
	stop()
}

func TestAHandlerThatPanicsIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.opts.Extra = map[string]http.Handler{"GET /demo/broken": http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = rw.Write([]byte("half"))
			panic("broken")
		})}
	})
	a := w.get("/demo/broken", func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") })
	if a.status != 500 || strings.Contains(a.raw, "half") {
		t.Errorf("%d %s", a.status, a.raw)
	}
}
