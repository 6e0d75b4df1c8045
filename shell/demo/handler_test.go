package demo

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
)

func get(t *testing.T, h http.Handler, query url.Values) (int, map[string]any) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/demo/truth?"+query.Encode(), nil))
	var body map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return w.Code, body
}

func TestHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &received{t: t}
		d := mustNew(t, Options{Client: s.client()})
		h := d.Handler()
		if _, before := get(t, h, nil); before["sending"] != true || before["complete"] != false {
			t.Errorf("before Run: %v", before)
		}
		ended := make(chan error)
		go func() { ended <- d.Run(t.Context()) }()
		time.Sleep(30 * time.Second) // the bubble's clock: nothing is left to luck
		if _, early := get(t, h, nil); early["fault"] != nil || early["next_fault"] == nil {
			t.Errorf("before the fault: %v, %v", early["fault"], early["next_fault"])
		}
		time.Sleep(45 * time.Second)
		_, during := get(t, h, nil)
		fault, _ := during["fault"].(map[string]any)
		want := map[string]any{
			"app": "shop", "name": "checkout", "where": "region=eu", "text": "payments time out for customers in eu",
			"from": "2000-01-01T00:00:45Z", "to": "2000-01-01T00:02:45Z", "active": true,
		}
		if diff := cmp.Diff(want, fault); diff != "" {
			t.Errorf("(-want +fault)\n%s", diff)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/demo/stop", nil))
		if w.Code != http.StatusAccepted {
			t.Errorf("stop: %d %s", w.Code, w.Body)
		}
		if err := <-ended; err != nil {
			t.Fatal(err)
		}

		from := "2000-01-01T00:00:45Z"
		code, body := get(t, h, url.Values{"app": {"shop"}, "name": {"checkout"}, "from": {from}})
		truth := recount(s.decided(), "checkout", felt.Window{From: felt.InstantOf(time.Date(2000, 1, 1, 0, 0, 45, 0, time.UTC))})
		wantCustomers := map[string]any{
			"total": float64(truth.Customers.Total), "failed": float64(truth.Customers.Failed), "degraded": float64(truth.Customers.Degraded),
		}
		if diff := cmp.Diff(wantCustomers, body["customers"]); diff != "" || code != 200 || truth.Customers.Failed < 20 {
			t.Errorf("%d, %d failed; (-recount +answer)\n%s", code, truth.Customers.Failed, diff)
		}
		counts, _ := body["interactions"].(map[string]any)
		if counts["failed"] != float64(truth.Counts[felt.OutcomeFailed]) || len(counts) != 5 {
			t.Errorf("interactions %v, want %v", counts, truth.Counts)
		}
		if body["sending"] != false || body["complete"] != true || body["from"] != from {
			t.Errorf("sending %v, complete %v, from %v", body["sending"], body["complete"], body["from"])
		}
	})
}

func TestHandlerRefuses(t *testing.T) {
	h := mustNew(t, Options{}).Handler()
	for _, q := range []url.Values{{"of": {"checkout"}}, {"from": {"yesterday"}}, {"to": {"-5"}}, {"to": {"1e3"}}} {
		if code, body := get(t, h, q); code != http.StatusBadRequest || body["detail"] == "" {
			t.Errorf("%v: %d %v", q, code, body)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/demo/stop", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET /demo/stop: %d", w.Code)
	}
}

func TestMoment(t *testing.T) {
	for in, want := range map[string]felt.Instant{
		"":                               0,
		"1700000000":                     1_700_000_000 * felt.Second,
		"1700000000.5":                   1_700_000_000*felt.Second + felt.Second/2,
		"1700000000.123456789":           1_700_000_000_123_456_789,
		"1700000000.1234567891":          1_700_000_000_123_456_789,
		"1700000000123":                  1_700_000_000_123_000_000,
		"2023-11-14T22:13:20.000000001Z": 1_700_000_000_000_000_001,
		"2023-11-14T23:13:20+01:00":      1_700_000_000 * felt.Second,
	} {
		got, err := moment(in)
		if err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"x", "-1", "1.x", "1.-1", "1.2.3", "99999999999999999999", "18446744073709551", "0x10"} {
		if got, err := moment(in); err == nil {
			t.Errorf("%q was taken as %d", in, got)
		}
	}
}

func TestLedgerForgets(t *testing.T) {
	var l ledger
	l.begin(1)
	for i := range remembered + 1 {
		l.add([]entry{{name: checkout, end: felt.Instant(i + 1), customer: uint64(i + 1), outcome: felt.OutcomeSuccess}}, totals{})
	}
	all := l.truth(felt.Scope{}, felt.Window{From: 1})
	if all.Complete || all.Customers.Total != int64(len(l.entries)) || len(l.entries) > remembered {
		t.Errorf("complete %v, %d customers of %d entries", all.Complete, all.Customers.Total, len(l.entries))
	}
	since := felt.Instant(remembered + 2 - len(l.entries))
	if got := l.truth(felt.Scope{}, felt.Window{From: since}); !got.Complete || got.Customers.Total != int64(len(l.entries)) {
		t.Errorf("what is remembered is not complete: %+v", got)
	}
	if got := l.truth(felt.Scope{}, felt.Window{From: since - 1}); got.Complete {
		t.Error("what is forgotten counts as complete")
	}
}
