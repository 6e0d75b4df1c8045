package ingest

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/felt-cx/felt/core/otlp"
)

// pageKey is a key of a test.
type pageKey struct {
	expired bool
	origin  string
	wait    time.Duration
	apps    []string
	weight  float64
	took    int64
	spent   int64
}

func (k *pageKey) Name() string              { return "shop-web" }
func (k *pageKey) Expired() bool             { return k.expired }
func (k *pageKey) Origin(header string) bool { return k.origin == "" || k.origin == header }
func (k *pageKey) Take(n int64) time.Duration {
	k.took += n
	return k.wait
}
func (k *pageKey) Spend(n int64)                                   { k.spent += n }
func (k *pageKey) Scope() (apps, envs []string, maxWeight float64) { return k.apps, nil, k.weight }

func withKey(k *pageKey) func(*Options) {
	return func(o *Options) {
		o.PageKeys = PageKeys{
			Find:   func(secret string) (PageKey, bool) { return k, secret == "page" },
			Origin: func(header string) bool { return k.origin == header },
		}
		o.Auth = func(token string) bool { return token == "service" }
	}
}

// TestPageKey: each way in which the key of a page is refused, with an answer that the page can read.
func TestPageKey(t *testing.T) {
	const shop, evil = "https://shop.example", "https://evil.example"
	for name, c := range map[string]struct {
		key    pageKey
		token  string
		origin string
		code   int
		says   string
		retry  string
		result string // of the key's metric; "" not counted
	}{
		"its own page":           {pageKey{origin: shop}, "page", shop, 200, "{}", "", "ok"},
		"any page":               {pageKey{}, "page", evil, 200, "{}", "", "ok"},
		"no page":                {pageKey{}, "page", "", 200, "{}", "", "ok"},
		"another page":           {pageKey{origin: shop}, "page", evil, 403, `is not for pages of \"https://evil.example\"`, "", "origin"},
		"a page that hides":      {pageKey{origin: shop}, "page", "null", 403, "is not for pages of", "", "origin"},
		"a script without page":  {pageKey{origin: shop}, "page", "", 403, "names none", "", "origin"},
		"expired":                {pageKey{expired: true}, "page", shop, 401, `of \"shop-web\" has expired`, "", "expired"},
		"too much":               {pageKey{wait: 2100 * time.Millisecond}, "page", shop, 429, "more than the ingest key", "3", "rate"},
		"a little too much":      {pageKey{wait: time.Millisecond}, "page", shop, 429, "more than the ingest key", "1", "rate"},
		"unknown":                {pageKey{}, "else", shop, 401, "a token that may send telemetry is needed", "", ""},
		"none":                   {pageKey{}, "", shop, 401, "a token that may send telemetry is needed", "", ""},
		"a service beside it":    {pageKey{wait: time.Hour, origin: shop}, "service", "", 200, "{}", "", ""},
		"a key of another's app": {pageKey{apps: []string{"bank"}}, "page", shop, 200, `"rejectedSpans":"1"`, "", "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			d := run(t, newDoor(t, newLog(), withKey(&c.key)))
			url := serveHTTP(t, d)
			text, err := testTraces(1, time.Now()).MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			headers := []string{"Content-Type", "application/json"}
			if c.token != "" {
				headers = append(headers, "Authorization", "Bearer "+c.token)
			}
			if c.origin != "" {
				headers = append(headers, "Origin", c.origin)
			}
			resp, answer := post(t, url+"/v1/traces", bytes.NewReader(text), headers...)
			if resp.StatusCode != c.code || !strings.Contains(string(answer), c.says) {
				t.Errorf("%d %s, want %d and %q", resp.StatusCode, answer, c.code, c.says)
			}
			if got := resp.Header.Get("Retry-After"); got != c.retry {
				t.Errorf("Retry-After %q, want %q", got, c.retry)
			}
			if h := resp.Header; h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Expose-Headers") != "Retry-After" || h.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("the page cannot read it: %v", h)
			}
			if c.result != "" && metricOf(d, "felt_ingest_key_requests_total", c.result) != 1 {
				t.Errorf("not counted as %s: %v", c.result, keyMetrics(d))
			}
			if c.result == "" && len(d.stats.keys.metrics()) != 0 {
				t.Errorf("counted: %v", keyMetrics(d))
			}
		})
	}
}

func metricOf(d *Door, name, result string) (v float64) {
	for _, m := range d.Metrics() {
		if m.Name == name && m.Labels[len(m.Labels)-1].Value == result {
			v += m.Value
		}
	}
	return v
}

func keyMetrics(d *Door) string { return fmt.Sprint(d.stats.keys.metrics()) }

// TestPageKeyBounds: a page's key is good for telemetry over HTTP alone, and its bytes are counted
// whether or not their number was told.
func TestPageKeyBounds(t *testing.T) {
	key := &pageKey{}
	open := newDoor(t, newLog(), withKey(key), func(o *Options) { o.Auth = nil })
	url := serveHTTP(t, run(t, open))
	text := protoOf(t, testTraces(1, time.Now()))
	bearer := []string{"Authorization", "Bearer page", "Content-Type", "application/x-protobuf"}
	for range 2 {
		if resp, answer := post(t, url+"/v1/traces", bytes.NewReader(text), bearer...); resp.StatusCode != 200 {
			t.Fatalf("%d %s", resp.StatusCode, answer)
		}
	}
	if key.took != int64(2*len(text)) || key.spent != 0 {
		t.Errorf("took %d and %d, sent %d", key.took, key.spent, 2*len(text))
	}
	resp, _ := post(t, url+"/v1/traces", struct{ *bytes.Reader }{bytes.NewReader(text)}, bearer...)
	if resp.StatusCode != 200 || key.spent != int64(len(text)) {
		t.Errorf("%d, spent %d of a body of unknown length of %d", resp.StatusCode, key.spent, len(text))
	}
	for path, typ := range map[string]string{"/v1/events": "application/cloudevents+json", "/v1/import": "text/csv"} {
		if resp, answer := post(t, url+path, strings.NewReader("{}"), "Authorization", "Bearer page", "Content-Type", typ); resp.StatusCode != 401 {
			t.Errorf("%s with a page's key: %d %s", path, resp.StatusCode, answer)
		}
	}
	// Where no token is needed a wrong one is told all the same, and none is fine.
	if resp, _ := post(t, url+"/v1/traces", bytes.NewReader(text), "Authorization", "Bearer wrong", "Content-Type", "application/x-protobuf"); resp.StatusCode != 401 {
		t.Errorf("a wrong key where none is needed: %d", resp.StatusCode)
	}
	if resp, _ := post(t, url+"/v1/traces", bytes.NewReader(text), "Content-Type", "application/x-protobuf"); resp.StatusCode != 200 {
		t.Errorf("no key where none is needed: %d", resp.StatusCode)
	}
}

// TestPageWeights: what a page says that it left out is bounded by its key, and what anybody says by
// the server; it is taken, counted and told.
func TestPageWeights(t *testing.T) {
	log := newLog()
	d := run(t, newDoor(t, log, withKey(&pageKey{weight: 50}), func(o *Options) { o.MaxWeight = 2000 }))
	url := serveHTTP(t, d)
	attr := `"attributes":[{"key":"felt.tracestate","value":{"stringValue":"ot=th:fffff"}}]`
	for _, c := range []struct {
		path, body, token string
		want              float64
	}{
		{"/v1/traces", `"traceState":"ot=th:fffff"`, "page", 50},
		{"/v1/traces", attr, "page", 50},
		{"/v1/traces", `"traceState":"ot=th:fffff"`, "service", 2000},
		{"/v1/logs", attr, "page", 50},
		{"/v1/logs", attr, "service", 2000},
		{"/v1/traces", `"traceState":"ot=th:e"`, "page", 8},
	} {
		before := len(log.all())
		body := `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","startTimeUnixNano":"%[1]d","endTimeUnixNano":"%[1]d",%[2]s}]}]}]}`
		if c.path == "/v1/logs" {
			body = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"%[1]d",%[2]s}]}]}]}`
		}
		resp, answer := post(t, url+c.path, strings.NewReader(fmt.Sprintf(body, time.Now().UnixNano(), c.body)), "Content-Type", "application/json", "Authorization", "Bearer "+c.token)
		told := strings.Contains(string(answer), fmt.Sprintf("more than %v, which is the most here", c.want)) && strings.Contains(string(answer), `:"0"`)
		if resp.StatusCode != 200 || told != (c.want != 8) {
			t.Errorf("%s of %s as %s: %d %s", c.body, c.path, c.token, resp.StatusCode, answer)
		}
		for _, rec := range log.all()[before:] {
			var r otlp.Reader
			var ev otlp.Event
			if err := r.Reset(rec.Data); err != nil {
				t.Fatal(err)
			}
			for r.NextBlock() {
				for r.Next(&ev) {
					if ev.Weight != c.want {
						t.Errorf("%s of %s as %s weighs %v, want %v", c.body, c.path, c.token, ev.Weight, c.want)
					}
				}
			}
		}
	}
	cut, ofKey := 0.0, 0.0
	for _, m := range d.Metrics() {
		switch m.Name {
		case "felt_ingest_cut_weights_total":
			cut = m.Value
		case "felt_ingest_key_cut_weights_total":
			ofKey = m.Value
		}
	}
	if cut != 5 || ofKey != 3 {
		t.Errorf("%v cut, %v of the key; want 5 and 3", cut, ofKey)
	}
}

// TestPageOrigins: where origins are limited, those of keys are allowed too.
func TestPageOrigins(t *testing.T) {
	url := serveHTTP(t, run(t, newDoor(t, newLog(), withKey(&pageKey{origin: "https://shop.example"}), func(o *Options) {
		o.CORS.Origins = []string{"https://admin.example"}
	})))
	for origin, want := range map[string]string{"https://shop.example": "https://shop.example", "https://admin.example": "https://admin.example", "https://evil.example": ""} {
		resp, _ := send(t, http.MethodOptions, url+"/v1/logs", nil, "Origin", origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type")
		if got := resp.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("preflight of %s: %q, want %q", origin, got, want)
		}
		resp, _ = post(t, url+"/v1/logs", strings.NewReader("{}"), "Origin", origin, "Content-Type", "application/json", "Authorization", "Bearer page")
		if got := resp.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("answer to %s: %q, want %q", origin, got, want)
		}
	}
}

// TestSender: what a page's request says of the customer is in its telemetry; what a service's says is
// not, and no address is.
func TestSender(t *testing.T) {
	const agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
	for name, c := range map[string]struct {
		headers []string
		want    string
	}{
		"a page":             {[]string{"Origin", "https://shop.example", "X-Region", "DE"}, "browser=Safari device=mobile os=iOS region=DE"},
		"the first header":   {[]string{"Origin", "https://shop.example", "X-Region", "DE", "X-Country", "FR"}, "browser=Safari device=mobile os=iOS region=DE"},
		"the second":         {[]string{"Origin", "https://shop.example", "X-Country", "FR"}, "browser=Safari device=mobile os=iOS region=FR"},
		"one that is not on": {[]string{"Origin", "https://shop.example", "CF-IPCountry", "DE"}, "browser=Safari device=mobile os=iOS"},
		"an address":         {[]string{"Origin", "https://shop.example", "X-Region", "192.0.2.7", "X-Forwarded-For", "192.0.2.7"}, "browser=Safari device=mobile os=iOS"},
		"a service":          {[]string{"X-Region", "DE"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			log := newLog()
			url := serveHTTP(t, run(t, newDoor(t, log, func(o *Options) { o.RegionHeaders = []string{"X-Region", "X-Country"} })))
			headers := append([]string{"Content-Type", "application/x-protobuf", "User-Agent", agent}, c.headers...)
			if resp, answer := post(t, url+"/v1/traces", bytes.NewReader(protoOf(t, testTraces(1, time.Now()))), headers...); resp.StatusCode != 200 {
				t.Fatalf("%d %s", resp.StatusCode, answer)
			}
			if got := segmentsOf(t, log); got != c.want {
				t.Errorf("segments %q, want %q", got, c.want)
			}
			for _, r := range log.all() {
				if bytes.Contains(r.Data, []byte("192.0.2.7")) || bytes.Contains(r.Data, []byte("AppleWebKit")) {
					t.Error("an address, or the agent itself, is on the log")
				}
			}
		})
	}
}

// segmentsOf are those of the first span on the log, sorted.
func segmentsOf(t *testing.T, log *testLog) string {
	t.Helper()
	var list []string
	n := 0
	log.each(t, func(rd *otlp.Reader, ev *otlp.Event) {
		if n++; n > 1 {
			return
		}
		for _, a := range ev.Segments {
			list = append(list, string(rd.Text(a.Key))+"="+string(rd.Text(a.Value)))
		}
	})
	if n == 0 {
		t.Fatal("no span")
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}
