package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/felt-cx/felt"
)

// backtested is an answer with two findings in production, one of them of a segment, and one elsewhere.
func backtested(q felt.BacktestQuestion) felt.BacktestAnswer {
	s := felt.DefaultSettings()
	s.FalsePages = q.FalsePages
	pay := felt.Series{Env: "production", App: "shop", Name: "pay", Kind: felt.KindStep}
	eu := pay
	eu.SegmentKey, eu.SegmentValue = "region", "eu"
	other := pay
	other.Env = "staging"
	search := pay
	search.Name = "search"
	f := func(id string, of felt.Series) felt.Finding {
		return felt.Finding{
			ID: id, Kind: felt.FindingFailed, Series: of, Detector: "rate", Since: now - felt.Hour, Opened: tick - 3570, Ended: tick - 3000,
			N: 100, Hit: 30, Share: .3, Baseline: .01, Paging: true, Explanation: "30 of 100 customers failed",
		}
	}
	lasting := f("fnd-2", eu)
	lasting.Ended = 0
	return felt.BacktestAnswer{
		Window: felt.Window{From: max(q.From, now-7*felt.Day), To: q.To}, Rows: 1000, Settings: s,
		Findings: []felt.Finding{f("fnd-1", pay), lasting, f("fnd-3", other), f("fnd-4", search)},
	}
}

// lines reads the lines of an answer.
func lines(t *testing.T, raw string) (out []backtestLine) {
	t.Helper()
	for text := range strings.Lines(raw) {
		var l backtestLine
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		out = append(out, l)
	}
	return out
}

func TestBacktest(t *testing.T) {
	t.Parallel()
	var asked []felt.BacktestQuestion
	w := newWorld(t, func(w *world) {
		w.opts.Backtest = func(_ context.Context, q felt.BacktestQuestion, progress func(felt.BacktestProgress)) (felt.BacktestAnswer, error) {
			asked = append(asked, q)
			for i := range 100 {
				progress(felt.BacktestProgress{At: tick, Rows: int64(i), Of: 100})
			}
			return backtested(q), nil
		}
	})
	a := w.get("/api/v1/backtest?last=30d&of=pay&false_alarms=one+a+week")
	list := lines(t, a.raw)
	if a.status != 200 || a.header.Get("Content-Type") != "application/x-ndjson" || len(list) == 0 || list[len(list)-1].Backtest == nil {
		t.Fatalf("%d %v %s", a.status, a.header, a.raw)
	}
	if q := asked[0]; q.From != now-30*felt.Day || q.To != now || q.FalsePages != 1.0/7 {
		t.Errorf("asked %+v", q)
	}
	end := list[len(list)-1]
	got, err := json.Marshal(end)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "backtest", string(got))
	b := end.Backtest
	if len(b.Findings) != 2 || b.Findings[0].DetectSeconds != 30 || b.Findings[1].Ended != nil || b.Findings[1].Segment["region"] != "eu" ||
		b.Settings.FalseAlarms != 1.0/7 || b.Question.Of != "pay" || len(b.Notes) != 2 {
		t.Errorf("%s", got)
	}
	w.get("/api/v1/backtest")
	w.get("/api/v1/backtest?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z&env=staging&false_alarms=0.5")
	if asked[1].From != now-30*felt.Day || asked[2].To-asked[2].From != felt.Day || asked[2].FalsePages != .5 {
		t.Errorf("asked %+v", asked[1:])
	}
	for target, why := range map[string]string{
		"/api/v1/backtest?last=30d&from=5":           "last and from",
		"/api/v1/backtest?last=forever":              "want a length",
		"/api/v1/backtest?from=10&to=5":              "not before",
		"/api/v1/backtest?false_alarms=now+and+then": "how often",
		"/api/v1/backtest?days=3":                    "days",
	} {
		problem(t, w.get(target), 400, why)
	}
	if len(asked) != 3 {
		t.Errorf("%d were begun", len(asked))
	}
	problem(t, newWorld(t).get("/api/v1/backtest"), 404, "no backtests")
}

// One at a time; who goes away ends it, and then the next may begin.
func TestBacktestOneAtATime(t *testing.T) {
	t.Parallel()
	running, ended := make(chan bool), make(chan error)
	w := newWorld(t, func(w *world) {
		w.opts.Backtest = func(ctx context.Context, q felt.BacktestQuestion, progress func(felt.BacktestProgress)) (felt.BacktestAnswer, error) {
			if q.FalsePages > 0 {
				return backtested(q), nil
			}
			running <- true
			progress(felt.BacktestProgress{At: tick, Rows: 5, Of: 10})
			<-ctx.Done()
			ended <- ctx.Err()
			return felt.BacktestAnswer{}, ctx.Err()
		}
	})
	srv := httptest.NewServer(w.api)
	defer srv.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got := make(chan backtestLine, 1)
	go func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/api/v1/backtest", http.NoBody)
		if err != nil {
			panic(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return
		}
		defer func() { _ = resp.Body.Close() }()
		in := bufio.NewScanner(resp.Body)
		for in.Scan() {
			var l backtestLine
			if json.Unmarshal(in.Bytes(), &l) == nil && l.Progress != nil && l.Progress.Rows == 5 {
				got <- l
				return
			}
		}
	}()
	<-running
	if a := w.get("/api/v1/backtest"); a.status != 429 || a.header.Get("Retry-After") == "" {
		t.Errorf("a second one: %d %v", a.status, a.header)
	}
	select {
	case l := <-got:
		if l.Progress.Of != 10 || l.Progress.At == nil {
			t.Errorf("%+v", l.Progress)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("no progress is told")
	}
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the judging goes on although nobody waits for it")
	}
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		a := w.get("/api/v1/backtest?false_alarms=1")
		if a.status == 200 {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("%d: the place is not given back", a.status)
		}
	}
}

func TestBacktestFails(t *testing.T) {
	t.Parallel()
	var fails error
	w := newWorld(t, func(w *world) {
		w.opts.Backtest = func(context.Context, felt.BacktestQuestion, func(felt.BacktestProgress)) (felt.BacktestAnswer, error) {
			return felt.BacktestAnswer{}, fails
		}
	})
	for _, c := range []struct {
		err    error
		status int
		detail string
	}{{felt.ErrUnanswerable, 422, "question"}, {errors.New("secret insides"), 500, "the server's log says why"}} {
		fails = c.err
		list := lines(t, w.get("/api/v1/backtest").raw)
		if p := list[len(list)-1].Problem; p == nil || p.Status != c.status || !strings.Contains(p.Detail, c.detail) || strings.Contains(p.Detail, "secret") {
			t.Errorf("%v: %+v", c.err, p)
		}
	}
}
