package service_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/felt-cx/felt/examples/shop/services/fault"
	"github.com/felt-cx/felt/examples/shop/services/service"
)

// world is the whole shop, and where its telemetry arrives.
type world struct {
	*service.Running
	switches *fault.Switches
	got      *spans
}

func open(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"shop.js", "shop-broken.js", "shop.css"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("/* "+name+" */"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := &spans{}
	sink := httptest.NewServer(got)
	t.Cleanup(sink.Close)
	w := &world{switches: &fault.Switches{}, got: got}
	running, err := service.Start(t.Context(), service.Options{
		Services: service.Names(), Switches: w.switches, Endpoint: sink.URL,
		Page: service.Page{Dir: dir, Endpoint: "http://127.0.0.1:4318", Key: "key-of-the-page"},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Running = running
	t.Cleanup(func() { _ = running.Stop(t.Context()) })
	return w
}

// span is what a test wants to know of one.
type span struct {
	service, name, trace string
	attributes           map[string]string
}

// spans is an OTLP receiver.
type spans struct {
	mu  sync.Mutex
	all []span
}

func (s *spans) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1/traces" {
		return
	}
	var from io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		from = z
	}
	text, _ := io.ReadAll(from)
	var in collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(text, &in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rs := range in.GetResourceSpans() {
		name := ""
		for _, a := range rs.GetResource().GetAttributes() {
			if a.GetKey() == "service.name" {
				name = a.GetValue().GetStringValue()
			}
		}
		for _, ss := range rs.GetScopeSpans() {
			for _, sp := range ss.GetSpans() {
				one := span{name, sp.GetName(), string(sp.GetTraceId()), map[string]string{}}
				for _, a := range sp.GetAttributes() {
					one.attributes[a.GetKey()] = a.GetValue().GetStringValue()
				}
				s.all = append(s.all, one)
			}
		}
	}
}

// until waits for a span that find takes.
func (s *spans) until(t *testing.T, what string, find func(span) bool) span {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		s.mu.Lock()
		for _, one := range s.all {
			if find(one) {
				s.mu.Unlock()
				return one
			}
		}
		s.mu.Unlock()
	}
	t.Fatalf("no span came: %s\ncame: %+v", what, s.all)
	return span{}
}

// customer is a browser's cookies.
type customer struct {
	t    *testing.T
	shop string
	http *http.Client
}

func (w *world) customer(t *testing.T) *customer {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &customer{t, w.Places.Shop, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// do asks the shop and gives status, header and text.
func (c *customer) do(method, path, body string, header ...string) (int, http.Header, string) {
	c.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = c.shop + path
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

// want asks, and fails unless the status is so.
func (c *customer) want(status int, method, path, body string, header ...string) string {
	c.t.Helper()
	got, _, text := c.do(method, path, body, header...)
	if got != status {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, got, status, text)
	}
	return text
}

func decode[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.NewDecoder(bytes.NewBufferString(text)).Decode(&v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// checkout fills a cart and begins to pay.
func (c *customer) checkout() service.Payment {
	c.t.Helper()
	c.want(200, "POST", "/api/cart/items", `{"sku":"mug"}`)
	c.want(200, "PUT", "/api/checkout/address", `{"address":"Tea Street 1"}`)
	return decode[service.Payment](c.t, c.want(201, "POST", "/api/checkout/pay", `{}`))
}

// bank decides on the bank's page and comes back to where the shop is told of it.
func (c *customer) bank(p service.Payment, form string) service.Payment {
	c.t.Helper()
	status, header, text := c.do("POST", p.Redirect, form, "Content-Type", "application/x-www-form-urlencoded")
	if status != http.StatusSeeOther {
		c.t.Fatalf("the bank: %d %s", status, text)
	}
	back := header.Get("Location")
	if want := c.shop + "/checkout/return?payment=" + p.ID + "&order=" + p.Order; back != want {
		c.t.Fatalf("the bank leads to %s, want %s", back, want)
	}
	c.want(200, "GET", back, "")
	return decode[service.Payment](c.t, c.want(200, "GET", "/api/checkout/result?payment="+p.ID, ""))
}
