package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
	"github.com/felt-cx/felt/core/otlp"
)

const testBatch = `[
	{"specversion":"1.0","id":"1","source":"/ci","type":"felt.change.deploy","time":"2026-05-04T10:00:00Z","data":{"services":["checkout"],"version":"2.4"}},
	{"specversion":"1.0","id":"2","source":"/crm","type":"felt.business.churned","time":"2026-05-04T10:00:00Z","data":{"customer":"ann@example.com"}},
	{"specversion":"1.0","id":"3","source":"/crm","type":"felt.fact","time":"2026-05-04T10:00:00Z","data":{"customer":"ann@example.com","facts":{"plan":"pro"}}},
	{"specversion":"1.0","id":"4","source":"/ci","type":"dev.cdevents.build.finished.0.2.0","time":"2026-05-04T10:00:00Z","data":{}}
]`

type sent struct {
	status int
	answer businessAnswer
	body   string
	header http.Header
}

func sendBusiness(t *testing.T, method, url, typ, body string, head ...string) (s sent) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", typ)
	for i := 0; i+1 < len(head); i += 2 {
		req.Header.Set(head[i], head[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal(b, &s.answer) // other answers are looked at as text
	s.status, s.body, s.header = res.StatusCode, string(b), res.Header
	return s
}

// businessOn is all business data on a log, in order.
func businessOn(t *testing.T, log *testLog) (all []felt.Business) {
	t.Helper()
	for _, r := range log.all() {
		if r.Kind != felt.KindBusiness {
			continue
		}
		if r.Part != felt.Control {
			t.Errorf("business data in partition %d", r.Part)
		}
		var b felt.Business
		if err := json.Unmarshal(r.Data, &b); err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

func TestBusinessReachesTheLog(t *testing.T) {
	log := newLog()
	d := run(t, newDoor(t, log, func(o *Options) { o.Actor = func(token string) string { return "name of " + token } }))
	url := serveHTTP(t, d)
	s := sendBusiness(t, "POST", url+"/v1/events", typeBatch, testBatch, "Authorization", "Bearer ci")
	if s.status != 200 || s.answer.Accepted != 3 || s.answer.Ignored != 1 || s.answer.Rejected != 0 {
		t.Fatalf("%d %s", s.status, s.body)
	}
	got := businessOn(t, log)
	if len(got) != 1 || got[0].Actor != "name of ci" || got[0].Via != "cloudevents" || len(got[0].Changes) != 1 || len(got[0].Events) != 1 || len(got[0].Facts) != 1 {
		t.Fatalf("on the log: %+v", got)
	}
	want := otlp.Hash(otlp.HashKey{ID: 1, Secret: []byte("secret")}, otlp.LevelUser, otlp.DefaultEnv, "ann@example.com")
	if got[0].Events[0].Customer != want || got[0].Facts[0].Customer != want {
		t.Errorf("customer %s and %s, want %s", got[0].Events[0].Customer, got[0].Facts[0].Customer, want)
	}
	for _, r := range log.all() {
		if bytes.Contains(r.Data, []byte("ann@")) {
			t.Errorf("an id is on the log: %s", r.Data)
		}
	}
	if n := metric(t, d, "felt_ingest_business_items_total", "fact"); n != 1 {
		t.Errorf("%v facts counted", n)
	}
}

func TestBusinessWaysIn(t *testing.T) {
	log := newLog()
	url := serveHTTP(t, run(t, newDoor(t, log)))
	one := strings.TrimSuffix(strings.Split(testBatch, "\n")[1], ",")
	rows := "kind,time,customer,category\nticket,2026-05-04T10:00:00Z,a,x\n"
	bad := rows + "ticket,soon,a,x\n"
	for _, c := range []struct {
		name, path, typ, body string
		head                  []string
		status, accepted      int
		says                  string
	}{
		{"structured", "/v1/events", typeEvent + "; charset=UTF-8", one, nil, 200, 1, ""},
		{
			"binary", "/v1/events", typeJSON, `{"services":["checkout"]}`,
			[]string{"ce-specversion", "1.0", "ce-id", "1", "ce-source", "/a%20b", "ce-type", "felt.change.flag"},
			200, 1, "",
		},
		{"gzip", "/v1/events", typeBatch, string(gzipOf(t, []byte(testBatch))), []string{"Content-Encoding", "gzip"}, 200, 3, ""},
		{"zstd CSV", "/v1/import?kind=events", "text/csv", string(zstdOf(t, []byte(rows))), []string{"Content-Encoding", "zstd"}, 200, 1, ""},
		{"one wrong event", "/v1/events", typeBatch, "[" + one + ",{}]", nil, 200, 1, `{"index":1,"field":"specversion","message":"want 1.0"}`},
		{"only wrong events", "/v1/events", typeBatch, "[{}]", nil, 400, 0, `"index":0`},
		{"no events", "/v1/events", typeBatch, "[]", nil, 200, 0, ""},
		{"CSV with a wrong row", "/v1/import?kind=events", "text/csv", bad, nil, 400, 0, `"line":3,"col":8`},
		{"keep going", "/v1/import?kind=events&keep_going=true&line=102", "text/csv", bad, nil, 200, 1, `"line":103,"col":8`},
		{"unknown columns", "/v1/import?kind=events", "text/csv", "Kind,Time,Colour\norder,1777888000,red\n", nil, 200, 1, `"unknown_columns":["Colour"]`},
		{"column missing", "/v1/import?kind=events", "text/csv", "kind\n", nil, 400, 0, "column time is missing"},
		{"kind missing", "/v1/import", "text/csv", rows, nil, 400, 0, "parameter kind"},
		{"bad line", "/v1/import?kind=events&line=x", "text/csv", rows, nil, 400, 0, "parameter line"},
		{"bad keep_going", "/v1/import?kind=events&keep_going=oui", "text/csv", rows, nil, 400, 0, "parameter keep_going"},
		{"a header that is not UTF-8", "/v1/events", typeJSON, `{"services":["checkout"]}`, []string{"ce-specversion", "1.0", "ce-id", "a%ff", "ce-source", "/a", "ce-type", "felt.change.flag"}, 400, 0, `"field":"id","message":"is not UTF-8"`},
		{"not UTF-8", "/v1/events", typeBatch, "[" + strings.Replace(one, `"id":"`, "\"id\":\"\xff", 1) + "]", nil, 400, 0, "is not UTF-8 at byte "},
		{"not JSON", "/v1/events", typeEvent, "{]", nil, 400, 0, "is not JSON"},
		{"JSON without ce-", "/v1/events", typeJSON, one, nil, 415, 0, "with ce- headers"},
		{"what a page may send", "/v1/events", "text/plain", one, []string{"ce-specversion", "1.0"}, 415, 0, "text/plain"},
		{"what a page may send, CSV", "/v1/import?kind=events", "text/plain", rows, nil, 415, 0, "want content type text/csv"},
		{"other charset", "/v1/events", typeEvent + "; charset=latin1", one, nil, 415, 0, "send UTF-8"},
		{"too large", "/v1/events", typeBatch, strings.Repeat(" ", 9<<20), nil, 413, 0, "larger than 8388608"},
		{"bomb", "/v1/events", typeBatch, string(gzipOf(t, make([]byte, 9<<20))), []string{"Content-Encoding", "gzip"}, 413, 0, "unpacks to more than 8388608"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(businessOn(t, log))
			s := sendBusiness(t, "POST", url+c.path, c.typ, c.body, c.head...)
			if s.status != c.status || s.answer.Accepted != c.accepted || !strings.Contains(s.body, c.says) {
				t.Errorf("%d %s; want %d, %d accepted, %q", s.status, s.body, c.status, c.accepted, c.says)
			}
			if n := len(businessOn(t, log)) - before; (n > 0) != (c.accepted > 0) {
				t.Errorf("%d records for %d accepted", n, c.accepted)
			}
		})
	}
}

// TestBusinessIsNotForPages: a page gets no leave to send, whatever origins are allowed
// for telemetry, and nobody without a token.
func TestBusinessIsNotForPages(t *testing.T) {
	log := newLog()
	d := run(t, newDoor(t, log, func(o *Options) { o.Auth = func(token string) bool { return token == "good" } }))
	url := serveHTTP(t, d)
	for _, path := range []string{"/v1/events", "/v1/import?kind=facts"} {
		s := sendBusiness(t, "OPTIONS", url+path, "", "", "Origin", "https://shop.example", "Access-Control-Request-Method", "POST")
		if s.status != 405 || s.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("preflight: %d %v", s.status, s.header)
		}
		for _, token := range []string{"", "Bearer bad"} {
			if s := sendBusiness(t, "POST", url+path, typeBatch, testBatch, "Authorization", token); s.status != 401 || s.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("token %q: %d %v", token, s.status, s.header)
			}
		}
	}
	if s := sendBusiness(t, "POST", url+"/v1/events", typeBatch, testBatch, "Authorization", "Bearer good"); s.status != 200 {
		t.Errorf("%d %s", s.status, s.body)
	}
}

// TestBusinessFullLog: who is told 503 has nothing on the log; ticks go on.
func TestBusinessFullLog(t *testing.T) {
	log := newLog()
	d := run(t, newDoor(t, log))
	url := serveHTTP(t, d)
	log.misbehave(false, func(_ context.Context, recs []felt.Record) error {
		for _, r := range recs {
			if r.Kind != felt.KindTick {
				return fmt.Errorf("test: %w", felt.ErrFull)
			}
		}
		return nil
	})
	s := sendBusiness(t, "POST", url+"/v1/events", typeBatch, testBatch)
	if s.status != 503 || s.header.Get("Retry-After") == "" || len(businessOn(t, log)) != 0 {
		t.Errorf("%d %s", s.status, s.body)
	}
	ticks := len(log.all())
	eventually(t, "ticks of a full log", func() bool { return len(log.all()) > ticks })
	log.misbehave(false, nil)
	if s := sendBusiness(t, "POST", url+"/v1/events", typeBatch, testBatch); s.status != 200 {
		t.Errorf("%d %s", s.status, s.body)
	}
	if got := d.requests.Load(); got != 0 {
		t.Errorf("%d requests are still counted", got)
	}
}

// TestBusinessLeavesTheClock: in an event log a long import of business data is not time.
func TestBusinessLeavesTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog()
		d := newDoor(t, log, func(o *Options) { o.Settings = settings(felt.ClockEvent) })
		done := make(chan error, 1)
		go func() { done <- d.Run(t.Context()) }()
		send := func() {
			b := felt.Business{Events: []felt.BusinessEvent{{ID: "x", Time: felt.InstantOf(time.Now())}}}
			if err := d.Business(t.Context(), b); err != nil {
				t.Error(err)
			}
		}
		telemetry := func(end time.Time) {
			r := &request{signal: traces, body: protoOf(t, testTraces(1, end)), ticket: &ticket{door: d, moved: true}}
			if _, f := d.ingest(t.Context(), r); f != nil {
				t.Error(f.message)
			}
		}
		send() // into an empty log: no time at all yet
		time.Sleep(time.Minute)
		last := func() felt.Record { all := log.all(); return all[len(all)-1] }
		if r := last(); r.Kind != felt.KindBusiness || r.At != 0 {
			t.Errorf("business data in an empty event log: then %+v", r)
		}
		end := time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
		telemetry(end)
		for range 100 {
			send()
			time.Sleep(time.Second)
		}
		if r := last(); r.At != felt.InstantOf(end) {
			t.Errorf("100 s of business data moved the clock by %v", time.Duration(r.At-felt.InstantOf(end)))
		}
		time.Sleep(time.Minute)
		closed := felt.InstantOf(end) + 17*felt.Second
		if r := last(); r.Kind != felt.KindTick || r.At != closed {
			t.Errorf("idle log ends with %+v, want a tick at %v", r, closed)
		}
		for range 100 { // a closed log: one tick for all of it
			send()
		}
		time.Sleep(time.Minute)
		if r := last(); r.Kind != felt.KindTick || r.At != closed+felt.Second {
			t.Errorf("after more business data: %+v", r)
		}
		if err := errors.Join(d.Close(), <-done); err != nil {
			t.Error(err)
		}
		log.checkTime(t)
	})
}

// TestBusinessBecomesRows: what is sent is in the batch of its tick.
func TestBusinessBecomesRows(t *testing.T) {
	log := newLog()
	d := run(t, newDoor(t, log))
	url := serveHTTP(t, d)
	for range 2 { // sent twice, the rows have the same ids
		if s := sendBusiness(t, "POST", url+"/v1/events", typeBatch, testBatch); s.status != 200 {
			t.Fatalf("%d %s", s.status, s.body)
		}
	}
	eng := engine.New(settings(felt.ClockWall))
	var batches []felt.Batch
	byTick := map[felt.Tick][]felt.Record{}
	var order []felt.Tick
	for _, r := range log.all() {
		at := felt.TickOf(r.At)
		if byTick[at] == nil {
			order = append(order, at)
		}
		byTick[at] = append(byTick[at], r)
	}
	for _, at := range order {
		out, err := eng.Run(at, byTick[at])
		if err != nil {
			t.Fatal(err)
		}
		batches = append(batches, out...)
	}
	var changes, events, facts int
	ids := map[string]bool{}
	for _, b := range batches {
		changes, events, facts = changes+len(b.Changes), events+len(b.BusinessEvents), facts+len(b.CustomerFacts)
		for _, c := range b.Changes {
			ids[c.ID] = true
		}
	}
	if changes != 2 || events != 2 || facts != 2 || len(ids) != 1 {
		t.Errorf("%d changes with %d ids, %d events, %d facts", changes, len(ids), events, facts)
	}
}

func TestLargeBusinessIsDivided(t *testing.T) {
	log := newLog()
	url := serveHTTP(t, run(t, newDoor(t, log, func(o *Options) { o.Limits.Record = 20_000 })))
	var rows strings.Builder
	rows.WriteString("kind,time,customer\n")
	for i := range 2000 {
		fmt.Fprintf(&rows, "ticket,1777888000,%d\n", i)
	}
	if s := sendBusiness(t, "POST", url+"/v1/import?kind=events", typeCSV, rows.String()); s.status != 200 || s.answer.Accepted != 2000 {
		t.Fatalf("%d %.200s", s.status, s.body)
	}
	n := 0
	for _, b := range businessOn(t, log) {
		n += len(b.Events)
	}
	for _, r := range log.all() {
		if r.EncodedLen() > 20_000 {
			t.Errorf("a record of %d bytes", r.EncodedLen())
		}
	}
	if n != 2000 {
		t.Errorf("%d events on the log", n)
	}
}
