package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"sync"
)

// keysKept are the idempotency keys of which is remembered what was asked under them: as many as the engine
// remembers of commands.
const keysKept = 10_000

// onceKeys remember what was asked under a key. The engine lets a second command of a key go, which is right
// for one that is sent again and hides a mistake when it is another one. They are of this process: after a
// restart the engine alone remembers.
type onceKeys struct {
	mu    sync.Mutex
	known map[string][sha256.Size]byte
	order []string // oldest first
}

// claim takes a key for a request; false when it is another one's. Fresh: it is the
// first; see free.
func (o *onceKeys) claim(key string, request [sha256.Size]byte) (fresh, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if was, there := o.known[key]; there {
		return false, was == request
	}
	if o.known == nil {
		o.known = map[string][sha256.Size]byte{}
	}
	if len(o.order) >= keysKept {
		delete(o.known, o.order[0])
		o.order = o.order[1:]
	}
	o.known[key] = request
	o.order = append(o.order, key)
	return true, true
}

// free gives a key back whose request was refused: it may be sent again, mended.
func (o *onceKeys) free(key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.known, key)
	for i := len(o.order) - 1; i >= 0; i-- {
		if o.order[i] == key {
			o.order = append(o.order[:i], o.order[i+1:]...)
			return
		}
	}
}

// once refuses a request whose Idempotency-Key was given with another one.
func (a *API) once(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		if key == "" || r.Method == http.MethodGet || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		fresh, ok := a.keys.claim(key, fingerprint(r))
		if !ok {
			a.refuse(w, http.StatusUnprocessableEntity, "this Idempotency-Key was given with another request: a key is of one command, and of the same one sent again; take a new one")
			return
		}
		out := &statusWriter{ResponseWriter: w}
		defer func() {
			if fresh && (out.status >= http.StatusBadRequest || out.status == 0) {
				a.keys.free(key)
			}
		}()
		next.ServeHTTP(out, r)
	})
}

// fingerprint tells requests apart: by method, path and body, as JSON whatever its spaces and order. The body
// can be read again. What is too long is refused by others.
func fingerprint(r *http.Request) [sha256.Size]byte {
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit(r.URL.Path)+1))
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), broken{err}))
	var v any
	if json.Unmarshal(body, &v) == nil {
		if same, err := json.Marshal(v); err == nil {
			body = same
		}
	}
	return sha256.Sum256([]byte(r.Method + " " + r.URL.RequestURI() + "\n" + string(body)))
}

// statusWriter notes the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (s *statusWriter) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
	s.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (s *statusWriter) Write(data []byte) (int, error) {
	if s.status == 0 {
		s.status = http.StatusOK
	}
	return s.ResponseWriter.Write(data) //nolint:wrapcheck // it is the writer itself
}

// Unwrap is for [http.ResponseController].
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }
