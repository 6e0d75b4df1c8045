package fault_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/felt-cx/felt/examples/shop/services/fault"
)

func ask(t *testing.T, h http.Handler, method, path, body string, header ...string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:8082"+path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	text, _ := io.ReadAll(w.Body)
	return w.Code, string(text)
}

func TestSwitches(t *testing.T) {
	var s fault.Switches
	h := fault.Admin(&s)
	if code, text := ask(t, h, "POST", "/faults", `{"slow_payment":"6s","failing_region":"us-east"}`); code != 200 {
		t.Fatal(code, text)
	}
	if code, text := ask(t, h, "POST", "/faults", `{"rejected_card":true}`); code != 200 {
		t.Fatal(code, text)
	}
	want := fault.Faults{SlowPayment: fault.Duration(6 * time.Second), FailingRegion: "us-east", RejectedCard: true}
	if got := s.Get(); got != want {
		t.Errorf("what is left out must stay: %+v", got)
	}
	_, text := ask(t, h, "GET", "/faults", "")
	var got fault.Faults
	if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
		t.Errorf("%v %s", err, text)
	}
	if _, page := ask(t, h, "GET", "/", ""); !strings.Contains(page, `value="6s"`) || !strings.Contains(page, "<option selected>us-east") {
		t.Errorf("the page does not show what is broken: %s", page)
	}
	// The form has all switches: what is not in it is off.
	code, _ := ask(t, h, "POST", "/faults", "slow_payment=&failing_region=&browser_error=Firefox&broken_release=on&upload_limit=1000", "Content-Type", "application/x-www-form-urlencoded")
	if want := (fault.Faults{BrowserError: "Firefox", BrokenRelease: true, UploadLimit: 1000}); code != 303 || s.Get() != want {
		t.Errorf("%d %+v", code, s.Get())
	}
}

func TestWrongSwitches(t *testing.T) {
	var s fault.Switches
	h := fault.Admin(&s)
	for body, word := range map[string]string{
		`{`:                       "JSON",
		`{"slow":"1s"}`:           "slow",
		`{"slow_payment":"1"}`:    "6s",
		`{"slow_payment":"1h"}`:   "30s",
		`{"failing_region":"eu"}`: "eu-west",
		`{"upload_limit":-1}`:     "upload_limit",
	} {
		if code, text := ask(t, h, "POST", "/faults", body); code != 400 || !strings.Contains(text, word) {
			t.Errorf("%s: %d %s", body, code, text)
		}
	}
	if s.Get() != (fault.Faults{}) {
		t.Errorf("something was switched: %+v", s.Get())
	}
}

func TestStrangersSwitchNothing(t *testing.T) {
	var s fault.Switches
	h := fault.Admin(&s)
	for _, header := range [][]string{
		{"Host", "evil.example"}, {"Host", "192.0.2.1:8082"}, {"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://evil.example"},
	} {
		if code, _ := ask(t, h, "POST", "/faults", `{"broken_release":true}`, header...); code != 403 {
			t.Errorf("%v: %d", header, code)
		}
	}
	if s.Get().BrokenRelease {
		t.Error("a stranger broke the shop")
	}
}

func TestFollow(t *testing.T) {
	var there, here fault.Switches
	if err := there.Set(fault.Faults{RejectedCard: true}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(fault.Admin(&there))
	defer server.Close()
	go fault.Follow(t.Context(), &here, server.URL)
	for deadline := time.Now().Add(5 * time.Second); !here.Get().RejectedCard; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the switch was not taken over")
		}
	}
}
