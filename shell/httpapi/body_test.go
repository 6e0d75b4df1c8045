package httpapi

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// TestLargeBodies: who sends too much reads why, and no answer repeats what was sent.
func TestLargeBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withRules(t))
	srv := httptest.NewServer(w.api)
	t.Cleanup(srv.Close)
	for _, path := range []string{pathCheck, pathExplain, pathLookup} {
		for _, chunked := range []bool{false, true} {
			var body io.Reader = bytes.NewReader(bytes.Repeat([]byte(" "), 12<<20))
			if chunked {
				body = io.MultiReader(body) // its length is not known
			}
			res, err := http.Post(srv.URL+path, "application/json", body)
			if err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			text, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err != nil || res.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(string(text), fmt.Sprint(bodyLimit(path))) {
				t.Errorf("%s: %d %s %v", path, res.StatusCode, text, err)
			}
		}
	}
	res, err := http.Post(srv.URL+pathCheck, "application/json", io.MultiReader(strings.NewReader(`{"files":[]}`)))
	if err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("a small body of unknown length: %v %v", res, err)
	}
	for _, body := range []string{
		`{"files":[{"name":"a","text":"","` + strings.Repeat("é", 400_000) + `":"x"}]}`, `{"files":"` + strings.Repeat("é", 400_000) + `"}`, `["` + strings.Repeat("x", 900_000) + `"]`,
		`{"files":[` + strings.Repeat(`1,`, 400_000) + `1]}`, `{"files":[1` + strings.Repeat(`,1`, 900) + `]}`,
	} {
		if a := w.ask(http.MethodPost, pathCheck, body); a.status < 400 || a.status >= 500 || len(a.raw) > 12000 {
			t.Errorf("%d with %d bytes: %.300s", a.status, len(a.raw), a.raw)
		}
	}
	if a := w.ask(http.MethodPost, pathLookup, `{"id":["`+strings.Repeat("x", 60_000)+`"]}`); a.status < 400 || len(a.raw) > 4000 {
		t.Errorf("%d with %d bytes: %.300s", a.status, len(a.raw), a.raw)
	}
}

// TestOneCheckAtATime: checking takes memory and time, so that a second one waits outside.
func TestOneCheckAtATime(t *testing.T) {
	t.Parallel()
	began, end := make(chan struct{}), make(chan struct{})
	w := newWorld(t, func(w *world) {
		w.opts.Check = func(felt.Inventory) []rules.Problem {
			began <- struct{}{}
			<-end
			return nil
		}
	})
	first := make(chan answer)
	go func() { first <- w.ask(http.MethodPost, pathCheck, `{"files":[]}`) }()
	<-began
	a := w.ask(http.MethodPost, pathCheck, `{"files":[]}`)
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Errorf("a second check: %d %s", a.status, a.raw)
	}
	close(end)
	if a := <-first; a.status != http.StatusOK {
		t.Errorf("the first: %d %s", a.status, a.raw)
	}
}
