package ingest

import (
	"strings"
	"testing"
)

// TestBusinessInFlight: what a body unpacks to counts as in flight, not only what was sent.
func TestBusinessInFlight(t *testing.T) {
	d := run(t, newDoor(t, newLog(), func(o *Options) { o.Limits.InFlightBytes = 1 << 20 }))
	url := serveHTTP(t, d)
	rows := func(n int) string {
		return "kind,time,customer,category\n" + strings.Repeat("ticket,2026-05-04T10:00:00Z,a,"+strings.Repeat("x", 400)+"\n", n)
	}
	send := func(body string) sent {
		return sendBusiness(t, "POST", url+"/v1/import?kind=events", "text/csv", string(gzipOf(t, []byte(body))), "Content-Encoding", "gzip")
	}
	if s := send(rows(6000)); s.status != 503 && s.status != 429 || s.header.Get("Retry-After") == "" {
		t.Errorf("2.5 MiB of rows where 1 MiB may be in flight: %d %s", s.status, s.body)
	}
	if s := send(rows(100)); s.status != 200 {
		t.Errorf("a small one: %d %s", s.status, s.body)
	}
	if n := d.bytes.Load(); n != 0 {
		t.Errorf("%d bytes are still in flight", n)
	}
}
