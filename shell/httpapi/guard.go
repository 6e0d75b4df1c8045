package httpapi

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// The scopes of tokens that this package asks for.
const (
	scopeRead = "read"
	scopeAct  = "act"
)

// guard stands in front of page and API: it refuses names that are not ours (DNS
// rebinding), pages of others (cross-site requests), and, when there are tokens,
// whoever has none. /healthz and /readyz are open: they tell nothing of customers.
func (a *API) guard(next *http.ServeMux) http.Handler {
	answers := a.once(newZippers().compress(next))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.counts.requests.Add(1)
		_, pattern := next.Handler(r)
		defer a.recovered(w, r, pattern)
		securityHeaders(w.Header())
		if pattern != anyPage { // the page says itself how long its files keep
			w.Header().Set("Cache-Control", "no-store")
		}
		if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
			next.ServeHTTP(w, r)
			return
		}
		switch {
		case !a.hostAllowed(r.Host):
			a.refuse(w, http.StatusMisdirectedRequest, "this server is not known as "+r.Host+": add it to hosts (--hosts) if it is")
		case !a.originAllowed(r):
			a.refuse(w, http.StatusForbidden, "requests from other sites' pages are refused")
		case !a.tokenAllowed(r, pattern):
			w.Header().Set("WWW-Authenticate", `Bearer realm="felt"`)
			a.refuse(w, http.StatusUnauthorized, "a token with scope "+scopeFor(r.Method, pattern)+" is needed: Authorization: Bearer SECRET")
		case r.Method == http.MethodPost && !bounded(w, r):
			a.refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", bodyLimit(r.URL.Path)))
		default:
			answers.ServeHTTP(w, r)
		}
	})
}

func (a *API) refuse(w http.ResponseWriter, status int, detail string) {
	a.counts.refused.Add(1)
	writeProblem(w, status, detail)
}

// recovered keeps one broken handler from ending the process. The route is logged instead of
// the path, which may hold somebody's id.
func (a *API) recovered(w http.ResponseWriter, r *http.Request, pattern string) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler { //nolint:errorlint // the very value is the word for it
		panic(v) //nolint:forbidigo // net/http's own way to hang up
	}
	if r.Context().Err() != nil { // huma panics when an answer cannot be written
		return
	}
	a.counts.errors.Add(1)
	a.opts.Logger.Error("handler panicked", "route", pattern, "panic", v, "stack", string(debug.Stack()))
	writeProblem(w, http.StatusInternalServerError, "internal error; the server's log says more")
}

func securityHeaders(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'")
}

// hostAllowed: loopback names, the address listened on, and what was configured.
func (a *API) hostAllowed(hostport string) bool {
	host := hostOf(hostport)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	if ip := net.ParseIP(host); ip != nil {
		// An address cannot be rebound to another by DNS; on a loopback listener only
		// loopback addresses reach it anyway.
		return true
	}
	return host != "" && (host == hostOf(a.opts.Listen) || slices.ContainsFunc(a.opts.Hosts, func(h string) bool { return hostOf(h) == host }))
}

// hostOf is the name in NAME:PORT or NAME.
func hostOf(hostport string) string {
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		hostport = h
	}
	return strings.ToLower(strings.Trim(hostport, "[]"))
}

// originAllowed: a browser tells where a request comes from; only our own page may.
func (a *API) originAllowed(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		// A link from elsewhere may open the page, nothing more.
		return r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Method == http.MethodGet && !strings.HasPrefix(r.URL.Path, "/api/")
	case "same-origin": // also where a proxy in front has changed the host
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

// tokenAllowed: with tokens configured, everything but the page needs one. The page
// itself holds no data.
func (a *API) tokenAllowed(r *http.Request, pattern string) bool {
	if a.opts.Bearer == nil || pattern == anyPage {
		return true
	}
	_, ok := a.opts.Bearer(bearer(r.Header.Get("Authorization")), scopeFor(r.Method, pattern))
	return ok
}

// scopeFor is what a route asks of a token: read to ask, act for whatever changes
// something. Some questions have a body; and the list of who was hit leaves the house, so it
// takes more than reading.
func scopeFor(method, pattern string) string {
	switch pattern {
	case http.MethodGet + " " + pathAffected, http.MethodGet + " " + pathCohort:
		return scopeAct
	case http.MethodPost + " " + pathLookup, http.MethodPost + " " + pathExplain, http.MethodPost + " " + pathCheck:
		return scopeRead
	}
	if method == http.MethodGet || method == http.MethodHead {
		return scopeRead
	}
	return scopeAct
}

func bearer(header string) string {
	const scheme = "bearer "
	if len(header) > len(scheme) && strings.EqualFold(header[:len(scheme)], scheme) {
		return strings.TrimSpace(header[len(scheme):])
	}
	return ""
}

// writeProblem answers outside of huma with the same kind of document.
func writeProblem(w http.ResponseWriter, status int, detail string) {
	body, err := json.Marshal(huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail})
	if err != nil {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
