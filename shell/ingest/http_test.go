package ingest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/felt-cx/felt"
)

// post sends a body; headers are pairs.
func post(t testing.TB, url string, body io.Reader, headers ...string) (*http.Response, []byte) {
	t.Helper()
	return send(t, http.MethodPost, url, body, headers...)
}

func send(t testing.TB, method, url string, body io.Reader, headers ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, answer
}

func TestHTTPAccepts(t *testing.T) {
	log := newLog()
	d := run(t, newDoor(t, log))
	url := serveHTTP(t, d)
	now := time.Now()

	all := map[string]marshaler{"traces": testTraces(3, now), "logs": testLogs(now), "metrics": testMetrics(now)}
	for path, r := range all {
		for _, c := range []struct {
			name, typ, want string
			body            []byte
			headers         []string
		}{
			{"proto", "application/x-protobuf", "application/x-protobuf", protoOf(t, r), nil},
			{"json", "application/json", "application/json", jsonOf(t, r), nil},
			{"json with charset", "application/json; charset=utf-8", "application/json", jsonOf(t, r), nil},
			{"text", "text/plain;charset=UTF-8", "application/json", jsonOf(t, r), nil},
			{"gzip", "application/x-protobuf", "application/x-protobuf", gzipOf(t, protoOf(t, r)), []string{"Content-Encoding", "gzip"}},
			{"gzip json", "application/json", "application/json", gzipOf(t, jsonOf(t, r)), []string{"Content-Encoding", "GZIP"}},
			{"zstd", "application/x-protobuf", "application/x-protobuf", zstdOf(t, protoOf(t, r)), []string{"Content-Encoding", "zstd"}},
			{"identity", "application/x-protobuf", "application/x-protobuf", protoOf(t, r), []string{"Content-Encoding", "identity"}},
			{"empty", "application/x-protobuf", "application/x-protobuf", nil, nil},
			{"empty json", "application/json", "application/json", []byte("{}"), nil},
		} {
			t.Run(path+"/"+c.name, func(t *testing.T) {
				before := log.telemetry()
				resp, body := post(t, url+"/v1/"+path, bytes.NewReader(c.body), append(c.headers, "Content-Type", c.typ)...)
				if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != c.want {
					t.Fatalf("answer %d %s %q", resp.StatusCode, resp.Header.Get("Content-Type"), body)
				}
				if want := map[bool]string{true: "{}"}[c.want == "application/json"]; string(body) != want {
					t.Errorf("answer %q, want %q", body, want)
				}
				if resp.Header.Get("Access-Control-Allow-Origin") != "*" {
					t.Error("no CORS header")
				}
				if !strings.HasPrefix(c.name, "empty") && log.telemetry() == before {
					t.Error("it was accepted, but it is not on the log")
				}
			})
		}
	}
	log.checkTime(t)
	if got := metric(t, d, "felt_ingest_spans_total"); got != 3*8 {
		t.Errorf("%v spans counted, want 24", got)
	}
	if got := metric(t, d, "felt_ingest_requests_total", "traces", "http", "200"); got != 10 {
		t.Errorf("%v requests counted, want 10", got)
	}
}

func TestHTTPPartialSuccess(t *testing.T) {
	log := newLog()
	url := serveHTTP(t, run(t, newDoor(t, log)))
	r := badIDs(time.Now())

	_, body := post(t, url+"/v1/traces", bytes.NewReader(protoOf(t, r)), "Content-Type", "application/x-protobuf")
	got := ptraceotlp.NewExportResponse()
	if err := got.UnmarshalProto(body); err != nil {
		t.Fatal(err)
	}
	if p := got.PartialSuccess(); p.RejectedSpans() != 1 || p.ErrorMessage() == "" {
		t.Errorf("protobuf: %d rejected, %q", p.RejectedSpans(), p.ErrorMessage())
	}
	_, body = post(t, url+"/v1/traces", bytes.NewReader(jsonOf(t, r)), "Content-Type", "application/json")
	got = ptraceotlp.NewExportResponse()
	if err := got.UnmarshalJSON(body); err != nil {
		t.Fatal(err)
	}
	if p := got.PartialSuccess(); p.RejectedSpans() != 1 || p.ErrorMessage() == "" {
		t.Errorf("JSON: %d rejected, %q: %s", p.RejectedSpans(), p.ErrorMessage(), body)
	}
	if n := log.spans(t); n != 2 {
		t.Errorf("%d spans on the log, want the good one of each request", n)
	}
}

// Every signal has its own name for what was rejected.
func TestPartialSuccessEncodings(t *testing.T) {
	const reason = "bad \"ids\" é"
	l := plogotlp.NewExportResponse()
	m := pmetricotlp.NewExportResponse()
	tr := ptraceotlp.NewExportResponse()
	if err := l.UnmarshalJSON(logs.responseJSON(7, reason)); err != nil || l.PartialSuccess().RejectedLogRecords() != 7 || l.PartialSuccess().ErrorMessage() != reason {
		t.Errorf("logs JSON: %v %d", err, l.PartialSuccess().RejectedLogRecords())
	}
	if err := m.UnmarshalJSON(metrics.responseJSON(8, reason)); err != nil || m.PartialSuccess().RejectedDataPoints() != 8 || m.PartialSuccess().ErrorMessage() != reason {
		t.Errorf("metrics JSON: %v %d", err, m.PartialSuccess().RejectedDataPoints())
	}
	if err := l.UnmarshalProto(responseProto(300, reason)); err != nil || l.PartialSuccess().RejectedLogRecords() != 300 || l.PartialSuccess().ErrorMessage() != reason {
		t.Errorf("logs: %v", err)
	}
	if err := m.UnmarshalProto(responseProto(1, reason)); err != nil || m.PartialSuccess().RejectedDataPoints() != 1 {
		t.Errorf("metrics: %v", err)
	}
	if err := tr.UnmarshalProto(responseProto(1, "\xff")); err != nil {
		t.Errorf("a reason that is not UTF-8: %v", err)
	}
}

type refusal struct {
	name, method, path string
	body               []byte
	headers            []string
	http               int
	code               codes.Code
	says               string
}

func refusals(t *testing.T) []refusal {
	good := protoOf(t, testTraces(1, time.Now()))
	gz, zs := gzipOf(t, good), zstdOf(t, bytes.Repeat(good, 10))
	broken := bytes.Clone(gz)
	broken[len(broken)-6] ^= 0xff // its checksum
	zeros := make([]byte, 3<<20)
	p, enc := "application/x-protobuf", "Content-Encoding"
	return []refusal{
		{"not protobuf", "POST", "/v1/traces", []byte("hello, world"), []string{"Content-Type", p}, 400, codes.InvalidArgument, ""},
		{"truncated", "POST", "/v1/traces", good[:len(good)-3], []string{"Content-Type", p}, 400, codes.InvalidArgument, ""},
		{"not JSON", "POST", "/v1/traces", []byte(`{"resourceSpans":[`), []string{"Content-Type", "application/json"}, 400, codes.InvalidArgument, ""},
		{"text that is not JSON", "POST", "/v1/logs", []byte(`hello`), []string{"Content-Type", "text/plain"}, 400, codes.InvalidArgument, ""},
		{"no content type", "POST", "/v1/traces", good, nil, 415, codes.InvalidArgument, "application/x-protobuf"},
		{"content type", "POST", "/v1/traces", good, []string{"Content-Type", "application/xml"}, 415, codes.InvalidArgument, "application/xml"},
		{"odd content type", "POST", "/v1/traces", good, []string{"Content-Type", ";;"}, 415, codes.InvalidArgument, ""},
		{"encoding", "POST", "/v1/traces", good, []string{"Content-Type", p, enc, "br"}, 415, codes.InvalidArgument, "gzip"},
		{"two encodings", "POST", "/v1/traces", good, []string{"Content-Type", p, enc, "gzip, zstd"}, 415, codes.InvalidArgument, "gzip"},
		{"not gzip", "POST", "/v1/traces", good, []string{"Content-Type", p, enc, "gzip"}, 400, codes.InvalidArgument, "gzip"},
		{"truncated gzip", "POST", "/v1/traces", gz[:len(gz)-9], []string{"Content-Type", p, enc, "gzip"}, 400, codes.InvalidArgument, "truncated"},
		{"corrupt gzip", "POST", "/v1/traces", broken, []string{"Content-Type", p, enc, "gzip"}, 400, codes.InvalidArgument, "gzip"},
		{"not zstd", "POST", "/v1/traces", good, []string{"Content-Type", p, enc, "zstd"}, 400, codes.InvalidArgument, "zstd"},
		{"truncated zstd", "POST", "/v1/traces", zs[:len(zs)-3], []string{"Content-Type", p, enc, "zstd"}, 400, codes.InvalidArgument, "zstd"},
		{"too large", "POST", "/v1/traces", zeros, []string{"Content-Type", p}, 413, codes.ResourceExhausted, "1048576"},
		{"gzip bomb", "POST", "/v1/traces", gzipOf(t, zeros), []string{"Content-Type", p, enc, "gzip"}, 413, codes.ResourceExhausted, "2097152"},
		{"zstd bomb", "POST", "/v1/traces", zstdOf(t, zeros), []string{"Content-Type", p, enc, "zstd"}, 413, codes.ResourceExhausted, "2097152"},
		{"get", "GET", "/v1/traces", nil, []string{"Content-Type", p}, 405, codes.Unimplemented, "POST"},
		{"put", "PUT", "/v1/logs", good, []string{"Content-Type", "application/json"}, 405, codes.Unimplemented, "POST"},
		{"path", "POST", "/v1/profiles", good, []string{"Content-Type", p}, 404, codes.Unimplemented, "/v1/traces"},
		{"slash", "POST", "/v1/traces/", good, []string{"Content-Type", p}, 404, codes.Unimplemented, "/v1/traces"},
	}
}

func TestHTTPRefuses(t *testing.T) {
	log := newLog()
	d := run(t, newDoor(t, log, func(o *Options) { o.Limits.Body, o.Limits.Decoded = 1<<20, 2<<20 }))
	url := serveHTTP(t, d)
	for _, c := range refusals(t) {
		t.Run(c.name, func(t *testing.T) {
			resp, body := send(t, c.method, url+c.path, bytes.NewReader(c.body), append(c.headers, "Origin", "https://shop.example")...)
			code, message := statusOf(t, resp, body)
			if resp.StatusCode != c.http || code != c.code || message == "" || !strings.Contains(message, c.says) {
				t.Errorf("answer %d, %v %q; want %d, %v with %q", resp.StatusCode, code, message, c.http, c.code, c.says)
			}
			want := "application/json" // also for who speaks neither
			if len(c.headers) > 0 && c.headers[1] == "application/x-protobuf" && c.http != 404 {
				want = "application/x-protobuf"
			}
			if got := resp.Header.Get("Content-Type"); got != want {
				t.Errorf("the answer is %s, want %s", got, want)
			}
			if resp.Header.Get("Access-Control-Allow-Origin") != "*" || resp.Header.Get("Access-Control-Expose-Headers") != "Retry-After" {
				t.Error("no CORS headers: the page would see a network failure")
			}
			if c.http == 405 && resp.Header.Get("Allow") != "POST, OPTIONS" {
				t.Errorf("Allow is %q", resp.Header.Get("Allow"))
			}
			if resp.Header.Get("Retry-After") != "" {
				t.Error("Retry-After although it must not be sent again")
			}
		})
	}
	if n := log.telemetry(); n != 0 {
		t.Errorf("%d records on the log after refusals only", n)
	}
	if d.bytes.Load() != 0 || d.requests.Load() != 0 {
		t.Errorf("%d bytes and %d requests are still counted as in flight", d.bytes.Load(), d.requests.Load())
	}
	if n := metric(t, d, "felt_ingest_requests_total", "413"); n != 3 {
		t.Errorf("%v requests counted as too large, want 3", n)
	}
}

// statusOf decodes a google.rpc.Status in whichever encoding it came.
func statusOf(t testing.TB, resp *http.Response, body []byte) (codes.Code, string) {
	t.Helper()
	if resp.Header.Get("Content-Type") == "application/json" {
		var s statusJSON
		if err := json.Unmarshal(body, &s); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		return codes.Code(s.Code), s.Message
	}
	var s spb.Status
	if err := proto.Unmarshal(body, &s); err != nil {
		t.Fatalf("%v: %q", err, body)
	}
	return codes.Code(s.Code), s.Message
}

func TestBodyOfUnknownLength(t *testing.T) {
	log := newLog()
	d := run(t, newDoor(t, log, func(o *Options) { o.Limits.Body = 1 << 20 }))
	url := serveHTTP(t, d)
	good := protoOf(t, testTraces(2000, time.Now()))
	// A reader of no known type is sent in chunks.
	resp, body := post(t, url+"/v1/traces", io.MultiReader(bytes.NewReader(good)), "Content-Type", "application/x-protobuf")
	if resp.StatusCode != 200 {
		t.Fatalf("answer %d %q", resp.StatusCode, body)
	}
	if n := log.spans(t); n != 2000 {
		t.Errorf("%d spans on the log", n)
	}
	resp, body = post(t, url+"/v1/traces", io.MultiReader(bytes.NewReader(make([]byte, 3<<20))), "Content-Type", "application/x-protobuf")
	if resp.StatusCode != 413 {
		t.Errorf("answer %d %q", resp.StatusCode, body)
	}
}

func TestPreflight(t *testing.T) {
	url := serveHTTP(t, run(t, newDoor(t, newLog(), func(o *Options) {
		o.Auth = func(string) bool { return false }
	})))
	resp, body := send(t, http.MethodOptions, url+"/v1/traces", nil, "Origin", "https://shop.example",
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type,x-shop-key",
		"Access-Control-Request-Private-Network", "true")
	if resp.StatusCode != http.StatusNoContent || len(body) != 0 {
		t.Errorf("answer %d %q", resp.StatusCode, body)
	}
	h := resp.Header
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "POST, OPTIONS",
		"Access-Control-Allow-Private-Network": "true", "Access-Control-Max-Age": "7200",
		"Access-Control-Allow-Credentials": "",
	} {
		if h.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, h.Get(name), want)
		}
	}
	for _, name := range []string{"content-type", "content-encoding", "authorization", "traceparent", "x-shop-key"} {
		if !strings.Contains(h.Get("Access-Control-Allow-Headers"), name) {
			t.Errorf("%s is not allowed: %q", name, h.Get("Access-Control-Allow-Headers"))
		}
	}
	resp, _ = send(t, http.MethodOptions, url+"/v1/traces", nil, "Access-Control-Request-Headers", "a\tb")
	if strings.Contains(resp.Header.Get("Access-Control-Allow-Headers"), "\t") {
		t.Error("an odd list of headers is echoed")
	}
}

func TestOrigins(t *testing.T) {
	url := serveHTTP(t, run(t, newDoor(t, newLog(), func(o *Options) { o.CORS.Origins = []string{"https://shop.example"} })))
	for origin, want := range map[string]string{"https://shop.example": "https://shop.example", "https://evil.example": "", "": ""} {
		resp, _ := post(t, url+"/v1/traces", nil, "Origin", origin, "Content-Type", "application/json")
		if got := resp.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("origin %q is answered %q, want %q", origin, got, want)
		}
		if !strings.Contains(strings.Join(resp.Header.Values("Vary"), ","), "Origin") {
			t.Error("a cache would mix up origins: no Vary")
		}
	}
}

func TestHTTPAuth(t *testing.T) {
	log := newLog()
	url := serveHTTP(t, run(t, newDoor(t, log, func(o *Options) { o.Auth = func(token string) bool { return token == "tok" } })))
	body := protoOf(t, testTraces(1, time.Now()))
	for header, want := range map[string]int{"": 401, "Bearer nope": 401, "Basic tok": 401, "tok": 401, "Bearer tok": 200, "bearer tok": 200} {
		resp, _ := post(t, url+"/v1/traces", bytes.NewReader(body), "Content-Type", "application/x-protobuf", "Authorization", header)
		if resp.StatusCode != want {
			t.Errorf("%q: %d, want %d", header, resp.StatusCode, want)
		}
		if want == 401 && (resp.Header.Get("WWW-Authenticate") != "Bearer" || resp.Header.Get("Access-Control-Allow-Origin") != "*") {
			t.Errorf("%q: headers %v", header, resp.Header)
		}
	}
	if n := log.spans(t); n != 2 {
		t.Errorf("%d spans on the log, want 2", n)
	}
}

// A sender that trickles its body is told so, and holds next to nothing meanwhile.
func TestSlowBody(t *testing.T) {
	d := run(t, newDoor(t, newLog(), func(o *Options) { o.Limits.Read = 300 * time.Millisecond }))
	addr := strings.TrimPrefix(serveHTTP(t, d), "http://")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/traces HTTP/1.1\r\nHost: felt\r\nContent-Type: application/json\r\nContent-Length: 16000000\r\n\r\n{")
	eventually(t, "it is being read", func() bool { return d.bytes.Load() > 0 })
	if n := d.bytes.Load(); n > trustRead {
		t.Errorf("a promise of 16 MB holds %d bytes", n)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestTimeout {
		t.Errorf("answer %d", resp.StatusCode)
	}
	eventually(t, "nothing in flight", func() bool { return d.bytes.Load() == 0 && d.requests.Load() == 0 })
}

// A sender that leaves in the middle leaves nothing behind.
func TestBrokenBody(t *testing.T) {
	log := newLog()
	d := run(t, newDoor(t, log))
	addr := strings.TrimPrefix(serveHTTP(t, d), "http://")
	body := protoOf(t, testTraces(10, time.Now()))
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /v1/traces HTTP/1.1\r\nHost: felt\r\nContent-Type: application/x-protobuf\r\nContent-Length: %d\r\n\r\n", len(body))
	if _, err := conn.Write(body[:len(body)/2]); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	eventually(t, "counted as bad", func() bool { return metric(t, d, "felt_ingest_requests_total", "traces", "bad_data") == 1 })
	if n := log.telemetry(); n != 0 {
		t.Errorf("%d records on the log", n)
	}
	if d.bytes.Load() != 0 {
		t.Errorf("%d bytes in flight", d.bytes.Load())
	}
}

func TestHTTPBadRequestSaysWhere(t *testing.T) {
	f := &fault{result: resultBad, message: "invalid UTF-8", field: "resource_spans[0].scope_spans[0].spans[7].name"}
	var s spb.Status
	if err := proto.Unmarshal(f.statusProto(), &s); err != nil {
		t.Fatal(err)
	}
	if len(s.Details) != 1 || s.Details[0].TypeUrl != typeBadRequest {
		t.Fatalf("details %v", s.Details)
	}
	var js map[string]any
	if err := json.Unmarshal(f.statusJSON(), &js); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(f.statusJSON()), `"fieldViolations":[{"field":"resource_spans[0].scope_spans[0].spans[7].name"`) {
		t.Errorf("JSON: %s", f.statusJSON())
	}
}

func TestNewRefuses(t *testing.T) {
	for name, o := range map[string]Options{
		"no log":        {Settings: settings(felt.ClockWall)},
		"no partitions": {Log: newLog(), Settings: felt.Settings{Clock: felt.ClockWall}},
		"no clock":      {Log: newLog(), Settings: felt.Settings{Partitions: 1}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A client that writes all before it reads still sees why it was refused, and what it
// wrote is not kept.
func TestRefusalIsSeen(t *testing.T) {
	d := run(t, newDoor(t, newLog(), func(o *Options) { o.Limits.Body = 1 << 20 }))
	addr := strings.TrimPrefix(serveHTTP(t, d), "http://")
	for name, length := range map[string]string{"known length": "Content-Length: %d\r\n\r\n", "chunked": "Transfer-Encoding: chunked\r\n\r\n%x\r\n"} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			const size, piece = 200 << 20, 1 << 20
			fmt.Fprintf(conn, "POST /v1/traces HTTP/1.1\r\nHost: felt\r\nContent-Type: application/x-protobuf\r\n"+length, size)
			zeros := make([]byte, piece)
			for i := range size / piece {
				if _, err := conn.Write(zeros); err != nil {
					t.Fatalf("write %d MiB: %v", i, err)
				}
			}
			if name == "chunked" {
				fmt.Fprint(conn, "\r\n0\r\n\r\n")
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("answer %d", resp.StatusCode)
			}
			runtime.ReadMemStats(&after)
			if grew := after.TotalAlloc - before.TotalAlloc; grew > 16<<20 {
				t.Errorf("%d MiB were allocated to throw a body away", grew>>20)
			}
		})
	}
}

func TestHTTPServerHasLimits(t *testing.T) {
	s := newDoor(t, newLog()).HTTPServer("127.0.0.1:4318")
	if s.ReadHeaderTimeout == 0 || s.ReadTimeout == 0 || s.WriteTimeout == 0 || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 || s.Handler == nil {
		t.Errorf("%+v", s)
	}
}
