package httpapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzQuery: whatever stands after the question mark, the answer is an answer or a
// problem of the asker's, in valid JSON, and never the server's fault.
func FuzzQuery(f *testing.F) {
	for _, q := range []string{
		"", "of=pay", "of=shop/pay&from=1772632080&to=1772632200&step=10s&by=region", "of=journey:checkout&window=7d",
		"of=pay&where=plan%3Dpro&where=region!%3Dus&where=outcome+in+(failed,degraded)&traffic=test", "of=login", "of=a/b/c/d/e/f/g/h/i/j",
		"of=pay&from=NaN", "of=pay&from=1e308", "of=pay&to=9999-12-31T23:59:59Z", "of=%ff%00", "of=pay&from=%zz", "a=b;c=d", "&&==&?",
		"of=pay&where=in", "of=pay&where=+in+", "of=pay&where=x+in+()", "of=pay&where=%3D", "of=pay&step=0s", "limit=-1", "limit=1e3", "status=all", "cursor=00",
		"of=pay&step=9223372036854775807ns", "window=0.0001d", "outcome=failed&limit=2&of=pay", "service=pay-api", "of=pay&as_of=0",
	} {
		for path := range fuzzed {
			f.Add(uint8(path), q)
		}
	}
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, path uint8, query string) {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/"+fuzzed[int(path)%len(fuzzed)], nil)
		r.URL.RawQuery, r.Host = query, "localhost"
		rec := httptest.NewRecorder()
		w.api.ServeHTTP(rec, r)
		body := rec.Body.Bytes()
		if !utf8.Valid(body) || !json.Valid(body) {
			t.Fatalf("not JSON: %q", body)
		}
		switch {
		case rec.Code == 200:
			if ct := rec.Header().Get("Content-Type"); ct != "application/json" {
				t.Fatalf("content type %q", ct)
			}
		case rec.Code < 400 || rec.Code >= 500:
			t.Fatalf("%d %s", rec.Code, body)
		case rec.Header().Get("Content-Type") != "application/problem+json" || !strings.Contains(string(body), `"detail":"`):
			t.Fatalf("%v %s", rec.Header(), body)
		}
		// What was asked is what was answered: no parameter is dropped in silence.
		if values, err := url.ParseQuery(query); rec.Code == 200 && (err != nil || len(values["of"]) > 1) {
			t.Fatalf("%q is answered: %s", query, body)
		}
	})
}

var fuzzed = [...]string{"journeys", "series", "impact", "interactions", "operations", "edges", "findings", "detectors", "incidents", "incidents/inc-1", "health", "funnel", "signals", "changes", "unmapped", "inventory"}
