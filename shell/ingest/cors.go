package ingest

import (
	"net/http"
	"strings"
)

// allowHeaders are what browser SDKs send.
const allowHeaders = "content-type, content-encoding, authorization, traceparent, tracestate, baggage, x-requested-with"

// cors sets what a page may see of the answer, on every answer: a page that is not
// allowed to read an error sees a network failure instead of the reason.
func (d *Door) cors(h http.Header, r *http.Request) {
	origin := "*"
	if allowed := d.opt.CORS.Origins; len(allowed) > 0 {
		h.Add("Vary", "Origin")
		origin = r.Header.Get("Origin")
		if origin == "" || !d.mayOrigin(origin) {
			return
		}
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "Retry-After")
}

// preflight answers what a browser asks before it sends.
func preflight(h http.Header, r *http.Request) {
	h.Set("Allow", "POST, OPTIONS")
	if h.Get("Access-Control-Allow-Origin") == "" {
		return
	}
	headers := allowHeaders
	if asked := r.Header.Get("Access-Control-Request-Headers"); plainHeaders(asked) {
		headers += ", " + asked
	}
	h.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
	h.Set("Access-Control-Allow-Headers", headers)
	h.Set("Access-Control-Max-Age", "7200") // browsers keep it no longer
	h.Add("Vary", "Access-Control-Request-Headers")
	if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
}

// plainHeaders reports whether s is a short list of header names and nothing else.
func plainHeaders(s string) bool {
	if s == "" || len(s) > 1024 {
		return false
	}
	for _, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !strings.ContainsRune("-_., ", rune(c)) {
			return false
		}
	}
	return true
}
