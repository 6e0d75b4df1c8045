package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// bodyLimit is how large a request to a path may be, in bytes.
func bodyLimit(path string) int64 {
	if path == pathCheck || path == pathExplain {
		return 1 << 20
	}
	return 64 << 10
}

// What is still read of a body that is too large: whoever sends it reads the answer only when
// all of it is gone. Beyond that the connection is cut.
const (
	drainBytes = 32 << 20
	drainTime  = 10 * time.Second
)

// bounded tells whether the body is within the limit of its path. One that is not is read and
// thrown away, so that the answer arrives; one whose length nobody said is read to know it.
func bounded(w http.ResponseWriter, r *http.Request) bool {
	limit := bodyLimit(r.URL.Path)
	if r.ContentLength >= 0 && r.ContentLength <= limit {
		return true
	}
	if r.ContentLength < 0 {
		head, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
		if int64(len(head)) <= limit {
			r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(head), broken{err}))
			return true
		}
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(drainTime)) // a test's writer has none
	_, _ = io.CopyN(io.Discard, r.Body, drainBytes)
	return false
}

// broken is where a body broke off, or its end.
type broken struct{ err error }

// Read implements [io.Reader].
func (b broken) Read([]byte) (int, error) {
	if b.err == nil {
		return 0, io.EOF
	}
	return 0, b.err
}

// What an answer repeats of what was wrong: enough to find it.
const (
	shownErrors = 20
	shownText   = 200 // characters
)

// shorten keeps a problem from sending back megabytes.
func shorten(p *huma.ErrorModel) {
	if n := len(p.Errors); n > shownErrors {
		p.Errors = append(p.Errors[:shownErrors:shownErrors], &huma.ErrorDetail{Message: fmt.Sprintf("and %d more", n-shownErrors)})
	}
	for _, e := range p.Errors {
		e.Message, e.Location = short(e.Message), short(e.Location)
		switch v := e.Value.(type) {
		case nil, bool, float64, int, int64:
		case string:
			e.Value = short(v)
		default:
			if text, err := json.Marshal(v); err != nil || len(text) > shownText {
				e.Value = short(string(text))
			}
		}
	}
}

// short is a text cut to what is shown of it.
func short(s string) string {
	n := 0
	for i := range s {
		if n++; n > shownText {
			return s[:i] + "…"
		}
	}
	return s
}
