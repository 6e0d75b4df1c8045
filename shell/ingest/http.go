package ingest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/felt-cx/felt/core/otlp"
)

const (
	typeProto = "application/x-protobuf"
	typeJSON  = "application/json"
	typeText  = "text/plain" // JSON from pages that avoid a preflight (sendBeacon)

	encodingGzip = "gzip"
	encodingZstd = "zstd"

	// drainBytes is how much of a refused body is read and thrown away, so that senders
	// that write all before they read still see the answer. It costs no memory, and no
	// more time than any body may take to come (Limits.Read).
	drainBytes = 256 << 20
)

// HTTP serves POST /v1/traces, /v1/logs and /v1/metrics, as OTLP/HTTP says, POST
// /v1/events for CloudEvents and POST /v1/import for CSV.
func (d *Door) HTTP() http.Handler { return http.HandlerFunc(d.serveHTTP) }

// HTTPServer is a server for [Door.HTTP] alone, with the time limits that keep slow
// senders from holding it.
func (d *Door) HTTPServer(addr string) *http.Server {
	return &http.Server{
		Addr: addr, Handler: d.HTTP(),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: d.limits.Read + 10*time.Second,
		WriteTimeout: d.limits.Read + d.limits.Append + 20*time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 32 << 10,
		ErrorLog:       slog.NewLogLogger(d.opt.Logger.Handler(), slog.LevelDebug),
	}
}

// exchange is one HTTP request and how to answer it.
type exchange struct {
	door   *Door
	w      http.ResponseWriter
	r      *http.Request
	signal signal
	json   bool // the answer's encoding
	typ    string
	key    PageKey // of the page that sends; nil none
}

func (d *Door) serveHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{door: d, w: w, r: r, json: true, typ: typeJSON}
	x.deadline(time.Now().Add(d.limits.Read))
	if r.URL.Path == pathEvents || r.URL.Path == pathImport {
		x.serveBusiness()
		return
	}
	d.cors(w.Header(), r)
	sig, found := signalOf(r.URL.Path)
	if !found {
		x.refuse(faultf(resultNoPath, "there is nothing at this path: send to /v1/traces, /v1/logs, /v1/metrics, /v1/events or /v1/import"))
		return
	}
	x.signal = sig
	if r.Method == http.MethodOptions {
		preflight(w.Header(), r)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	report, f := x.serve()
	d.stats.answer(sig, overHTTP, f)
	d.stats.keys.answer(x.key, &report, f)
	if f != nil {
		x.refuse(f)
		return
	}
	x.accept(&report)
}

func signalOf(path string) (signal, bool) {
	switch path {
	case "/v1/traces":
		return traces, true
	case "/v1/logs":
		return logs, true
	case "/v1/metrics":
		return metrics, true
	}
	return 0, false
}

// serve checks the request from the outside in, reads its body and hands it on.
func (x *exchange) serve() (report otlp.Report, f *fault) {
	d, r := x.door, x.r
	defer func() {
		if p := recover(); p != nil {
			d.stats.panics.Add(1)
			d.opt.Logger.Error("ingest: an HTTP request panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			f = faultf(resultPanicked, "Felt could not process this; its log says more")
		}
	}()
	typeFault := x.contentType()
	if r.Method != http.MethodPost {
		x.w.Header().Set("Allow", "POST, OPTIONS")
		return report, faultf(resultMethod, "telemetry is sent by POST, not %s", r.Method)
	}
	if x.key, f = x.authorise(); f != nil {
		return report, f
	}
	if typeFault != nil {
		return report, typeFault
	}
	packed, f := x.contentEncoding()
	if f != nil {
		return report, f
	}
	t, f := d.admit()
	if f != nil {
		return report, f
	}
	defer t.release()
	d.announce(r.Header.Get(moreHeader))
	body, f := d.readBody(t, r.Body, r.ContentLength, d.limits.Body)
	if f != nil {
		return report, f
	}
	defer d.bodies.Put(body)
	d.stats.bodyBytes.Add(int64(len(*body)))
	if x.key != nil && r.ContentLength < 0 {
		x.key.Spend(int64(len(*body)))
	}
	ctx, cancel := context.WithTimeout(r.Context(), d.limits.Append+d.limits.Read)
	defer cancel()
	return d.ingest(ctx, &request{signal: x.signal, json: x.json, packed: packed, body: *body, ticket: t, sender: x.sender(x.key)})
}

// deadline is by when the body must have come. The server that we are mounted on may
// have none, because of streams that it serves elsewhere. Once the body has been read,
// net/http takes the deadline away.
func (x *exchange) deadline(at time.Time) {
	if err := http.NewResponseController(x.w).SetReadDeadline(at); err != nil {
		x.door.opt.Logger.Debug("ingest: this connection takes no deadline", "error", err)
	}
}

func errDenied() *fault {
	return faultf(resultDenied, "a token that may send telemetry is needed: Authorization: Bearer TOKEN")
}

// allowed checks an Authorization header.
func (d *Door) allowed(header string) bool {
	if d.opt.Auth == nil {
		return true
	}
	token := bearer(header)
	return token != "" && d.opt.Auth(token)
}

// contentType also decides the encoding of the answer, errors included.
func (x *exchange) contentType() *fault {
	header := x.r.Header.Get("Content-Type")
	media, _, err := mime.ParseMediaType(header)
	if err == nil {
		switch media {
		case typeProto:
			x.json, x.typ = false, typeProto
			return nil
		case typeJSON, typeText:
			return nil
		}
	}
	x.w.Header().Set("Accept-Post", typeProto+", "+typeJSON)
	return faultf(resultType, "content type %q is not known here: use %s or %s", header, typeProto, typeJSON)
}

func (x *exchange) contentEncoding() (string, *fault) {
	switch e := strings.ToLower(strings.TrimSpace(strings.Join(x.r.Header.Values("Content-Encoding"), ","))); e {
	case "", "identity":
		return "", nil
	case encodingGzip, "x-gzip":
		return encodingGzip, nil
	case encodingZstd:
		return encodingZstd, nil
	default:
		x.w.Header().Set("Accept-Encoding", "gzip, zstd")
		return "", faultf(resultType, "content encoding %q is not known here: use gzip, zstd or none", e)
	}
}

// refuse answers with a google.rpc.Status in the encoding of the request.
func (x *exchange) refuse(f *fault) {
	a := f.answer()
	if x.r.Header.Get("Expect") == "" && f.result != resultDenied && f.result != resultSlow && f.result != resultGone {
		_, _ = io.CopyN(io.Discard, x.r.Body, drainBytes) // the answer goes out whatever the body does
	}
	if a.retry > 0 {
		x.w.Header().Set("Retry-After", strconv.Itoa(a.retry))
	}
	body := f.statusProto
	if x.json {
		body = f.statusJSON
	}
	x.write(a.http, body())
}

func (x *exchange) accept(r *otlp.Report) {
	rejected := r.RejectedSpans + r.RejectedLogs + r.RejectedPoints
	if x.json {
		x.write(http.StatusOK, x.signal.responseJSON(rejected, r.Reason))
		return
	}
	x.write(http.StatusOK, responseProto(rejected, r.Reason))
}

func (x *exchange) write(code int, body []byte) {
	h := x.w.Header()
	h.Set("Content-Type", x.typ)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	x.w.WriteHeader(code)
	if _, err := x.w.Write(body); err != nil {
		x.door.opt.Logger.Debug("ingest: the sender left before its answer", "error", err)
	}
}
