package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

// FuzzHTTP sends anything as anything: there is always an answer, it can be decoded,
// and nothing stays behind.
func FuzzHTTP(f *testing.F) {
	paths := []string{"/v1/traces", "/v1/logs", "/v1/metrics"}
	types := []string{typeProto, typeJSON, "text/plain", "", "image/png"}
	encodings := []string{"", "gzip", "zstd", "br"}
	at := time.Unix(1_700_000_000, 0)
	for i, r := range []marshaler{testTraces(2, at), testLogs(at), testMetrics(at)} {
		p, js := protoOf(f, r), jsonOf(f, r)
		f.Add(uint8(i), uint8(0), uint8(0), p)
		f.Add(uint8(i), uint8(1), uint8(0), js)
		f.Add(uint8(i), uint8(0), uint8(1), gzipOf(f, p))
		f.Add(uint8(i), uint8(2), uint8(1), gzipOf(f, js))
		f.Add(uint8(i), uint8(0), uint8(2), zstdOf(f, p))
		f.Add(uint8(i), uint8(0), uint8(0), p[:len(p)-1])
	}
	f.Add(uint8(0), uint8(3), uint8(3), []byte("hello"))
	log := newLog()
	log.keep = false
	d := newDoor(f, log, func(o *Options) { o.Limits.Body, o.Limits.Decoded = 64<<10, 256<<10 })
	done := make(chan error, 1)
	go func() { done <- d.Run(context.Background()) }()
	f.Cleanup(func() {
		if err := d.Close(); err != nil {
			f.Error(err)
		}
		if err := <-done; err != nil {
			f.Error(err)
		}
	})
	known := map[int]bool{200: true, 400: true, 413: true, 415: true}
	f.Fuzz(func(t *testing.T, path, typ, encoding uint8, body []byte) {
		r := httptest.NewRequest(http.MethodPost, paths[int(path)%len(paths)], bytes.NewReader(body))
		if v := types[int(typ)%len(types)]; v != "" {
			r.Header.Set("Content-Type", v)
		}
		if v := encodings[int(encoding)%len(encodings)]; v != "" {
			r.Header.Set("Content-Encoding", v)
		}
		answer := httptest.NewRecorder()
		d.HTTP().ServeHTTP(answer, r)
		if !known[answer.Code] {
			t.Fatalf("answer %d: %q", answer.Code, answer.Body)
		}
		if answer.Header().Get("Content-Type") == typeJSON {
			if !json.Valid(answer.Body.Bytes()) {
				t.Fatalf("not JSON: %q", answer.Body)
			}
		} else if answer.Code != 200 {
			if err := proto.Unmarshal(answer.Body.Bytes(), &spb.Status{}); err != nil {
				t.Fatalf("not a Status: %v", err)
			}
		}
		if d.requests.Load() != 0 || d.bytes.Load() != 0 {
			t.Fatalf("%d requests and %d bytes stay behind", d.requests.Load(), d.bytes.Load())
		}
	})
}
