package up_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/felt-cx/felt/examples/shop/services/up"
)

const root = "../../../.."

// running is a shop that was brought up.
type running struct {
	up.Addresses
	stop  func() error
	ended func() error // waits until it ended by itself
}

func felt() string {
	if binary := os.Getenv("FELT_BIN"); binary != "" {
		return binary
	}
	return filepath.Join(root, "bin", "felt")
}

func page(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "shop.js"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// begin brings a shop up on free ports.
func begin(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, to := io.Pipe()
	var said lockedBuffer
	ended := make(chan error, 1)
	go func() {
		all := append([]string{"--root", root, "--felt", felt(), "--page", page(t), "--ports", "auto", "--json"}, args...)
		err := up.Run(ctx, all, to, &said)
		ended <- err
		_ = to.CloseWithError(errors.Join(io.EOF, err))
	}()
	wait := sync.OnceValue(func() error { return <-ended })
	r := &running{ended: wait, stop: func() error { cancel(); return wait() }}
	t.Cleanup(func() { _ = r.stop() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &r.Addresses)
	}
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, line, said.String())
	}
	return r
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func send(t *testing.T, method, url, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

// TestThroughTheCollector and TestDirect are the way of one click, without a browser: what its SDK would
// send, and the requests it would make, are one customer in Felt with all services in one trace.
func TestThroughTheCollector(t *testing.T) { click(t, begin(t)) }
func TestDirect(t *testing.T)              { click(t, begin(t, "--direct")) }

func click(t *testing.T, r *running) {
	const trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	begun := time.Now()
	status, _, text := send(t, "POST", r.Shop+"/api/cart/items", `{"sku":"mug"}`,
		"traceparent", "00-"+trace+"-"+span+"-01", "baggage", "felt.interaction.name=cart,felt.journey.name=checkout")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	mayAsk(t, r)
	status, _, text = send(t, "POST", r.OTLP+"/v1/traces", browserSpan(trace, span, begun),
		"Content-Type", "application/json", "Origin", r.Shop, "X-Felt-Region", "eu-west")
	if status != http.StatusOK {
		t.Fatalf("the browser's span: %d %s", status, text)
	}
	var got struct {
		Interactions []struct {
			App, Name, Kind, Outcome, Journey, Step string
			Segments                                map[string]string
		}
	}
	eventually(t, func() error {
		got.Interactions = nil
		if err := ask(t, r.Felt+"/api/v1/interactions?of=step:shop/cart", &got); err != nil {
			return err
		}
		if len(got.Interactions) != 1 {
			return fmt.Errorf("want one interaction, got %+v", got)
		}
		return nil
	})
	i := got.Interactions[0]
	if i.App != "shop" || i.Name != "cart" || i.Outcome != "failed" || i.Journey != "checkout" || i.Step != "cart" {
		t.Errorf("%+v", i)
	}
	if region := i.Segments["region"]; !r.Direct && region != "eu-west" {
		t.Errorf("the region that the CDN told is %q in %+v", region, i)
	}
	var calls struct {
		Operations []struct{ Service string }
	}
	eventually(t, func() error {
		if err := ask(t, r.Felt+"/api/v1/operations", &calls); err != nil {
			return err
		}
		for _, s := range []string{"gateway", "cart", "catalogue", "inventory", "web"} {
			if !strings.Contains(fmt.Sprint(calls.Operations), s) {
				return fmt.Errorf("nothing came from %s: %v", s, calls.Operations)
			}
		}
		return nil
	})
	if err := r.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	for name, pid := range r.PIDs {
		if name != "shop" && syscall.Kill(pid, 0) == nil {
			t.Errorf("%s still runs", name)
		}
	}
	if _, err := os.Stat(r.Data); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was temporary is still there: %v", err)
	}
}

// mayAsk is what a browser asks before it sends from the shop's page, and from another's.
func mayAsk(t *testing.T, r *running) {
	t.Helper()
	for origin, may := range map[string]bool{r.Shop: true, "https://evil.example": false} {
		_, header, _ := send(t, "OPTIONS", r.OTLP+"/v1/traces", "", "Origin", origin,
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type")
		if got := header.Get("Access-Control-Allow-Origin") == origin; got != may {
			t.Errorf("may a page of %s send? %v: %v", origin, got, header)
		}
	}
}

// browserSpan is what the SDK sends of one try that failed.
func browserSpan(trace, span string, begun time.Time) string {
	return fmt.Sprintf(`{"resourceSpans":[{"resource":{"attributes":[
 {"key":"service.namespace","value":{"stringValue":"shop"}},{"key":"service.name","value":{"stringValue":"web"}}]},
 "scopeSpans":[{"spans":[{"traceId":%q,"spanId":%q,"name":"cart","kind":1,"startTimeUnixNano":"%d","endTimeUnixNano":"%d","status":{"code":2},"attributes":[
 {"key":"felt.interaction.name","value":{"stringValue":"cart"}},{"key":"felt.interaction.outcome","value":{"stringValue":"failed"}},
 {"key":"felt.journey.name","value":{"stringValue":"checkout"}},{"key":"session.id","value":{"stringValue":"s1"}}]}]}]}]}`,
		trace, span, begun.UnixNano(), time.Now().UnixNano())
}

func ask(t *testing.T, url string, into any) error {
	t.Helper()
	status, _, text := send(t, "GET", url, "")
	if status != http.StatusOK {
		return fmt.Errorf("%s: %d %s", url, status, text)
	}
	return json.Unmarshal([]byte(text), into)
}

func eventually(t *testing.T, try func() error) {
	t.Helper()
	for deadline := time.Now().Add(40 * time.Second); ; time.Sleep(250 * time.Millisecond) {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func TestTakenPorts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	taken := fmt.Sprintf("shop=%d,felt=%d,bank=0,faults=0,otlp=0,felt-otlp=0", port, port)
	err = up.Run(t.Context(), []string{"--root", root, "--felt", felt(), "--page", page(t), "--ports", taken}, io.Discard, io.Discard)
	for _, word := range []string{fmt.Sprintf("port %d (the shop's page) is taken", port), "(Felt's page) is taken", "SHOP_PORTS=felt="} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%q is not said: %v", word, err)
		}
	}
}

func TestWrongFlags(t *testing.T) {
	for _, test := range []struct{ args, word string }{
		{"--ports shop=x", "shop=x"},
		{"--ports chop=1", "chop"},
		{"--ports shop", "NAME=VALUE"},
		{"--felt /nowhere/felt", "make build"},
		{"--page /nowhere", "make shop-page"},
		{"--slow-payment 1h", "slow_payment"},
		{"--inventory /nowhere.yaml", "--root"},
	} {
		t.Run(test.args, func(t *testing.T) {
			args := append([]string{"--root", root, "--felt", felt(), "--page", page(t)}, strings.Fields(test.args)...)
			err := up.Run(t.Context(), args, io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.word) {
				t.Errorf("%q is not said: %v", test.word, err)
			}
		})
	}
}

// When Felt dies everything ends, and says what Felt said last.
func TestFeltDies(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := up.Run(ctx, []string{"--root", root, "--felt", felt(), "--page", page(t), "--ports", "auto", "--direct", "--json", "--", "--late-max", "nonsense"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "felt ended at once") || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("a flag that felt refuses: %v", err)
	}
	r := begin(t, "--direct")
	if err := syscall.Kill(r.PIDs["felt"], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := r.ended(); err == nil || !strings.Contains(err.Error(), "felt") || !strings.Contains(err.Error(), "killed") {
		t.Errorf("felt was killed: %v", err)
	}
}
