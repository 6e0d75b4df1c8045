package app

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/keys"
)

const iPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"

// page sends what a browser sends: JSON, with the key that stands in the page.
type page struct {
	s           *server
	key, origin string
	app         string
}

// resource is what the page's SDK says of itself.
func (p *page) resource() string {
	return fmt.Sprintf(`{"attributes":[{"key":"service.name","value":{"stringValue":"web"}},{"key":"service.namespace","value":{"stringValue":%q}},
	 {"key":"telemetry.sdk.language","value":{"stringValue":"webjs"}},{"key":"felt.sent_at","value":{"intValue":"%d"}}]}`, p.app, time.Now().UnixMilli())
}

func (p *page) post(t *testing.T, path, body string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, p.s.otlp+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{
		"Content-Type": "application/json", "Origin": p.origin, "Authorization": "Bearer " + p.key, "User-Agent": iPhone, "CF-IPCountry": "DE",
	} {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header
}

// attrs are attributes in JSON: key=value.
func attrs(list ...string) string {
	var out []string
	for _, kv := range list {
		k, v, _ := strings.Cut(kv, "=")
		out = append(out, fmt.Sprintf(`{"key":%q,"value":{"stringValue":%q}}`, k, v))
	}
	return strings.Join(out, ",")
}

func (p *page) span(t *testing.T, trace int, at time.Time, list ...string) (int, string, http.Header) {
	t.Helper()
	return p.post(t, "/v1/traces", fmt.Sprintf(`{"resourceSpans":[{"resource":%s,"scopeSpans":[{"spans":[{"traceId":"%032x","spanId":"%016x","name":"pay","kind":1,
	 "startTimeUnixNano":"%d","endTimeUnixNano":"%d","attributes":[%s]}]}]}]}`, p.resource(), trace, trace, at.Add(-time.Second).UnixNano(), at.UnixNano(), attrs(list...)))
}

func (p *page) hidden(t *testing.T, trace int, at time.Time, list ...string) {
	t.Helper()
	code, answer, _ := p.post(t, "/v1/logs", fmt.Sprintf(`{"resourceLogs":[{"resource":%s,"scopeLogs":[{"logRecords":[{"traceId":"%032x","spanId":"%016x",
	 "eventName":"felt.interaction.pending","timeUnixNano":"%d","severityNumber":9,"attributes":[%s,
	 {"key":"felt.interaction.started_ms","value":{"intValue":"%d"}}]}]}]}]}`, p.resource(), trace, trace, at.UnixNano(), attrs(list...), at.Add(-time.Second).UnixMilli()))
	if code != http.StatusOK || answer != "{}" {
		t.Fatalf("pending: %d %s", code, answer)
	}
}

type tryView struct {
	Version                                    int
	App, Name, Outcome, Reason, TraceID, Known string
	OutcomeRule                                string            `json:"outcome_rule"`
	Trace                                      string            `json:"trace_id"`
	Segments                                   map[string]string `json:"segments"`
	DurationMS                                 float64           `json:"duration_ms"`
}

// try waits until a try ended as it should.
func (s *server) try(t *testing.T, trace int, from time.Time, outcome string) (v tryView) {
	t.Helper()
	deadline := time.Now().Add(40 * time.Second)
	for {
		var list struct{ Interactions []tryView }
		s.get(t, "/api/v1/interactions?of=pay&"+window(from.Add(-time.Hour), time.Now())+"&env="+url.QueryEscape("production"), &list)
		for _, v = range list.Interactions {
			if v.Trace == fmt.Sprintf("%032x", trace) && v.Outcome == outcome {
				return v
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %s try of trace %d: %+v", outcome, trace, list.Interactions)
		}
		time.Sleep(50 * time.Millisecond) // between two looks
	}
}

// TestPages: pages send with a key of their own, from the door to the API: what they may and may not,
// a closed tab that comes back, and a key that is changed while the server runs.
func TestPages(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for tabs that are closed")
	}
	file := filepath.Join(t.TempDir(), "keys.yaml")
	put := func(entries string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(entries), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key, entry, err := keys.New("shop-web", []string{"https://*.shop.example"}, []string{"shop"}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	put(entry)
	cfg := testConfig(t.TempDir())
	cfg.IngestKeys, cfg.RegionHeaders = file, []string{"CF-IPCountry"}
	cfg.Settings.PendingAfter = 2 * felt.Second
	token, err := parseToken([]string{"api", "read", "0123456789abcdef"})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Tokens = []Token{token}
	s := serveApp(t, cfg)
	s.token = "0123456789abcdef"
	p := &page{s: s, key: key, origin: "https://www.shop.example", app: "shop"}
	began := time.Now().Truncate(time.Millisecond)
	names := []string{"felt.interaction.name=pay", "felt.interaction.key=o1", "session.id=s1"}

	// A tab that is closed, and its span that comes when the browser is started again.
	p.hidden(t, 1, began, names...)
	v := s.try(t, 1, began, "abandoned")
	if v.Reason != "tab_closed" || v.OutcomeRule != "pending" || v.Version != 1 || math.Abs(v.DurationMS-1000) > 1 || v.Segments["device"] != "mobile" ||
		v.Segments["browser"] != "Safari" || v.Segments["os"] != "iOS" || v.Segments["region"] != "DE" {
		t.Errorf("closed tab: %+v", v)
	}
	if code, answer, _ := p.span(t, 1, time.Now(), append(names, "felt.interaction.outcome=success")...); code != 200 || answer != "{}" {
		t.Fatalf("%d %s", code, answer)
	}
	if v = s.try(t, 1, began, "success"); v.Version != 2 {
		t.Errorf("corrected: %+v", v)
	}
	im := s.impactOf(t, "pay", began, time.Now())
	if im.Interactions.Success != 1 || im.Customers.Total != 1 {
		t.Errorf("counted as %+v", im)
	}

	// What the key is not for.
	bank := *p
	bank.app = "bank"
	if code, answer, _ := bank.span(t, 2, time.Now(), names...); code != 200 || !strings.Contains(answer, "may not speak for") {
		t.Errorf("another app: %d %s", code, answer)
	}
	evil := *p
	evil.origin = "https://shop.example.evil.example"
	if code, answer, h := evil.span(t, 2, time.Now(), names...); code != 403 || h.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("another page: %d %s %v", code, answer, h)
	}
	for _, path := range []string{"/api/v1/interactions", "/api/v1/health", "/metrics"} {
		mine := s.token
		s.token = key
		if code := s.call(t, http.MethodGet, path, "", nil); code != http.StatusUnauthorized {
			t.Errorf("GET %s with a page's key: %d", path, code)
		}
		s.token = mine
	}

	// Another key takes its place: both hold, then the new one alone.
	second, entry2, err := keys.New("shop-web", nil, []string{"shop"}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	next := *p
	next.key = second
	put(entry + entry2)
	awaitCode(t, &next, 200)
	awaitCode(t, p, 200)
	put(entry2)
	awaitCode(t, p, 401)
	awaitCode(t, &next, 200)
}

// awaitCode sends until it is answered so; nothing is in it.
func awaitCode(t *testing.T, p *page, want int) {
	t.Helper()
	deadline := time.Now().Add(10 * keys.Every)
	for {
		code, answer, _ := p.post(t, "/v1/traces", "{}")
		if code == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("answered %d %s, want %d", code, answer, want)
		}
		time.Sleep(100 * time.Millisecond) // between two looks
	}
}
