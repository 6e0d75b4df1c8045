package httpapi

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// zipFrom is the size from which an answer is worth compressing, bytes: below it the
// answer fits into two or three packets whatever is done.
const zipFrom = 4096

// zippers holds compressors for reuse: each has some hundred kilobytes of tables.
type zippers struct{ pool sync.Pool }

func newZippers() *zippers {
	return &zippers{pool: sync.Pool{New: func() any {
		z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is one that there is
		return z
	}}}
}

// compress sends answers, and the page's files, that are larger than [zipFrom] compressed
// to whom asks for it. What is written in pieces that must leave at once, as the live
// stream, goes through as it is.
func (z *zippers) compress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Encoding")
		if r.Method == http.MethodHead || !takesGzip(r.Header.Values("Accept-Encoding")) {
			next.ServeHTTP(w, r)
			return
		}
		out := &zipped{w: w, pool: &z.pool, status: http.StatusOK}
		next.ServeHTTP(out, r) // a handler that panics sends nothing more: guard answers for it
		out.close()
	})
}

// takesGzip reads Accept-Encoding (RFC 9110, 12.5.3): gzip, or anything, and not with q=0.
func takesGzip(headers []string) bool {
	takes := false
	for coding := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(coding), ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name != "gzip" && name != "x-gzip" && name != "*" {
			continue
		}
		q, weighed := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		good := !weighed || (err == nil && weight > 0)
		if name != "*" {
			return good // what is said of gzip itself counts more than what is said of anything
		}
		takes = good
	}
	return takes
}

// zipped holds an answer back until it is known whether it is large.
type zipped struct {
	w      http.ResponseWriter
	pool   *sync.Pool
	status int
	held   []byte
	begun  bool         // the header has gone out
	z      *gzip.Writer // nil: as it is
}

// Header implements [http.ResponseWriter].
func (o *zipped) Header() http.Header { return o.w.Header() }

// WriteHeader implements [http.ResponseWriter].
func (o *zipped) WriteHeader(status int) {
	if !o.begun {
		o.status = status
	}
}

// Write implements [http.ResponseWriter].
func (o *zipped) Write(p []byte) (int, error) {
	if o.begun {
		return o.pass(p)
	}
	if len(o.held)+len(p) <= zipFrom {
		o.held = append(o.held, p...)
		return len(p), nil
	}
	if err := o.begin(o.fit()); err != nil {
		return 0, err
	}
	return o.pass(p)
}

// FlushError implements what [http.ResponseController] asks for: what a handler wants
// gone is not held back, and not compressed if nothing has been yet.
func (o *zipped) FlushError() error {
	if !o.begun {
		if err := o.begin(false); err != nil {
			return err
		}
	}
	if o.z != nil {
		if err := o.z.Flush(); err != nil {
			return fmt.Errorf("compressed answer: %w", err)
		}
	}
	if err := http.NewResponseController(o.w).Flush(); err != nil {
		return fmt.Errorf("compressed answer: %w", err)
	}
	return nil
}

// Unwrap leads [http.ResponseController] to deadlines.
func (o *zipped) Unwrap() http.ResponseWriter { return o.w }

// fit: what is encoded already, a part of a file, and what is no text stay as they are.
func (o *zipped) fit() bool {
	h := o.w.Header()
	kind := h.Get("Content-Type")
	if h.Get("Content-Encoding") != "" || o.status == http.StatusPartialContent || strings.HasPrefix(kind, "text/event-stream") {
		return false
	}
	return strings.HasPrefix(kind, "text/") || strings.Contains(kind, "json") || strings.Contains(kind, "yaml") ||
		strings.Contains(kind, "javascript") || strings.Contains(kind, "svg")
}

// begin sends the header and what was held.
func (o *zipped) begin(compressed bool) error {
	o.begun = true
	h := o.w.Header()
	if compressed {
		h.Set("Content-Encoding", "gzip")
		h.Del("Content-Length")
		if z, ok := o.pool.Get().(*gzip.Writer); ok {
			z.Reset(o.w)
			o.z = z
		}
	}
	o.w.WriteHeader(o.status)
	if len(o.held) == 0 {
		return nil
	}
	_, err := o.pass(o.held)
	o.held = nil
	return err
}

func (o *zipped) pass(p []byte) (int, error) {
	write := o.w.Write
	if o.z != nil {
		write = o.z.Write
	}
	n, err := write(p)
	if err != nil {
		return n, fmt.Errorf("answer: %w", err)
	}
	return n, nil
}

// close ends the answer. Whoever asked may be gone: then there is nobody to tell.
func (o *zipped) close() {
	if !o.begun {
		_ = o.begin(false)
	}
	if o.z == nil {
		return
	}
	_ = o.z.Close()
	o.z.Reset(nil)
	o.pool.Put(o.z)
	o.z = nil
}
