package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/felt-cx/felt"
)

// problem holds an answer to be a problem document with a status and these words in it.
func problem(t *testing.T, a answer, status int, words ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d: %s", a.status, status, a.raw)
	}
	if ct := a.header.Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("content type %q", ct)
	}
	if a.doc["status"] != float64(status) || a.doc["title"] != http.StatusText(status) {
		t.Errorf("the problem says %v %v, the status is %d", a.doc["status"], a.doc["title"], status)
	}
	detail, _ := a.doc["detail"].(string)
	for _, word := range words {
		if !strings.Contains(detail, word) {
			t.Errorf("the problem does not say %q: %s", word, a.raw)
		}
	}
}

// Each mistake is told, and how to mend it.
func TestMistakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	where := func(s string) string { return "/api/v1/impact?of=pay&where=" + url.QueryEscape(s) }
	for _, c := range []struct {
		target string
		status int
		words  []string
	}{
		{"/api/v1/impact", 422, []string{"of", "required"}},
		{"/api/v1/impact?of=", 400, []string{"of is empty"}},
		{"/api/v1/impact?of=journey:", 400, []string{"want NAME, APP/NAME, journey:NAME or step:NAME"}},
		{"/api/v1/impact?of=step:", 400, []string{"want NAME, APP/NAME, journey:NAME or step:NAME"}},
		{"/api/v1/impact?of=" + strings.Repeat("a/", 200) + "b", 400, []string{"8 slashes at most"}},
		{"/api/v1/impact?of=" + strings.Repeat("a", 600), 422, []string{"of", "512"}},
		{"/api/v1/impact?of=pay&form=1772632080", 400, []string{`"form"`, `did you mean "from"?`}},
		{"/api/v1/impact?of=pay&From=1772632080", 400, []string{`did you mean "from"?`}},
		{"/api/v1/impact?of=pay&widnow=5m", 400, []string{`did you mean "window"?`}},
		{"/api/v1/impact?of=pay&zzzzzzz=1", 400, []string{`no parameter "zzzzzzz" (there are: as_of, env, except, from, of, to, traffic, where, window)`}},
		{"/api/v1/health?env=x", 400, []string{"takes none"}},
		{"/api/v1/incidents/inc-1?of=x", 400, []string{"takes none"}},
		{"/api/v1/events?evn=x", 400, []string{`did you mean "env"?`}},
		{"/api/v1/funnel?of=pay&of=search", 400, []string{"of is given 2 times"}},
		{"/api/v1/impact?" + strings.Repeat("of=pay&", 61) + "from=1", 422, []string{"of", "60"}},
		{"/api/v1/impact?of=incident:none", 404, []string{`no incident "none"`}},
		{"/api/v1/impact?of=pay&except=noon", 400, []string{"FROM/TO"}},
		{"/api/v1/impact?of=pay&except=1772632200/1772632200", 400, []string{"ends before it begins"}},
		{"/api/v1/impact?of=pay&except=1772632200/soon", 400, []string{"soon"}},
		{"/api/v1/impact?of=incident:inc-1&env=staging", 400, []string{`"production"`, `"staging"`}},
		{"/api/v1/impact?of=pay&from=%zz", 400, []string{"cannot be read"}},
		{"/api/v1/impact?of=pay;from=1", 400, []string{"cannot be read", "%3B"}},
		{"/api/v1/impact?of=%ff", 400, []string{"UTF-8"}},
		{"/api/v1/impact?of=a%00b", 400, []string{"printable"}},
		{"/api/v1/impact?of=pay&where=&where=plan%3Dpro", 400, []string{"where is empty"}},
		{"/api/v1/impact?of=pay&from=yesterday", 400, []string{`from="yesterday"`, "RFC 3339", "%2B"}},
		{"/api/v1/impact?of=pay&from=99999999999", 400, []string{"from 1970 to 2255"}},
		{"/api/v1/impact?of=pay&to=9999-12-31T00:00:00Z", 400, []string{"from 1970 to 2255"}},
		{"/api/v1/impact?of=pay&as_of=soon", 400, []string{`as_of="soon"`}},
		{"/api/v1/impact?of=pay&from=1772632200&to=1772632200", 400, []string{"is not before"}},
		{"/api/v1/impact?of=pay&from=1772632200&to=1772632100", 400, []string{"2026-03-04T13:50:00Z", "is not before", "2026-03-04T13:48:20Z"}},
		{"/api/v1/impact?of=pay&from=1772632000&window=5m", 400, []string{"leave one out"}},
		{"/api/v1/impact?of=pay&window=five", 400, []string{"5m, 1h or 7d"}},
		{"/api/v1/impact?of=pay&window=9999d", 400, []string{"400d"}},
		{"/api/v1/impact?of=pay&window=-5m", 400, []string{"1s to 400d"}},
		{"/api/v1/impact?of=pay&traffic=robots", 422, []string{"traffic", "customer"}},
		{"/api/v1/impact?of=pay&env=" + strings.Repeat("e", 300), 422, []string{"env", "256"}},
		{where("plan"), 400, []string{`where="plan"`, "KEY=VALUE, KEY!=VALUE or KEY in (A,B)"}},
		{where("=pro"), 400, []string{"KEY=VALUE"}},
		{where("plan==pro"), 400, []string{"one = is enough"}},
		{where("n>=5"), 400, []string{"KEY=VALUE"}},
		{where("plan in (pro,free"), 400, []string{"KEY in (A,B)"}},
		{where("plan in (pro,,free)"), 400, []string{"empty"}},
		{where("plan in ()"), 400, []string{"empty"}},
		{where("plan in " + strings.Repeat("a,", 100) + "a"), 400, []string{"101 values"}},
		{where("outcome=faild"), 400, []string{"success, degraded, failed, abandoned, cancelled"}},
		{where("identity in (user,users)"), 400, []string{"none, user, pseudonym, installation, session"}},
		{"/api/v1/impact?of=pay" + strings.Repeat("&where=a%3Db", 21), 422, []string{"where", "20"}},
		{"/api/v1/series?of=pay&step=500ms", 400, []string{"step", "from 1s"}},
		{"/api/v1/series?of=pay&step=1500ms", 400, []string{"whole seconds"}},
		{"/api/v1/series?of=pay&window=7d&step=1s", 400, []string{"604800 buckets; at most 10000", "longer step or a shorter window"}},
		{"/api/v1/interactions?outcome=faild", 400, []string{"success, degraded, failed, abandoned or cancelled"}},
		{"/api/v1/interactions?limit=0", 422, []string{"limit"}},
		{"/api/v1/interactions?limit=1001", 422, []string{"limit", "1000"}},
		{"/api/v1/interactions?limit=many", 422, []string{"limit", "integer"}},
		{"/api/v1/interactions?cursor=xyz", 422, []string{`page "xyz" is not one that an earlier answer gave`}},
		{"/api/v1/incidents?status=closed", 422, []string{"status", "resolved"}},
		{"/api/v1/incidents/none", 404, []string{`no incident "none"`, "status=all"}},
		{"/api/v1/funnel?of=pay", 422, []string{`of="pay" is a step`, "a journey: checkout"}},
		{"/api/v1/funnel?of=step:checkout", 422, []string{`"step:checkout" is a step`, "checkout"}},
		{"/api/v1/signals?of=pay", 422, []string{`of="pay" is a step, and this is asked of a journey: checkout`}},
		{"/api/v1/objectives?of=pay", 422, []string{`of="pay" is a step, and this is asked of a journey: checkout`}},
		{"/api/v1/funnel", 422, []string{"of", "required"}},
		{"/api/v1/affected?of=pay&limit=5", 400, []string{`no parameter "limit"`, "reason"}},
		{"/api/v1/traces/4bf92f", 400, []string{`"4bf92f"`, "32 hex digits"}},
		{"/api/v1/traces/" + strings.Repeat("0", 32), 400, []string{"not all zero"}},
		{"/api/v1/unmapped?of=pay", 400, []string{`no parameter "of"`}},
		{"/api/v1/unmapped?limit=0", 422, []string{"limit"}},
		{"/api/v1/changes?from=never", 400, []string{`from="never"`}},
		{"/api/v1/inventory?env=x", 400, []string{"takes none"}},
		{"/api/v1/inventory/check", 405, []string{"takes POST"}},
		{"/api/v1/customers/ana?limit=0", 422, []string{"limit"}},
		{"/api/v1/nothing", 404, []string{"/api/v1/nothing", "/api/openapi.json"}},
		{"/api/", 404, []string{"openapi.json"}},
	} {
		name := c.target
		if len(name) > 80 {
			name = name[:80]
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := w.get(c.target)
			problem(t, a, c.status, c.words...)
			for _, inside := range []string{"mem:", "goroutine", ".go:", felt.ErrUnanswerable.Error()} {
				if strings.Contains(a.raw, inside) {
					t.Errorf("the answer shows its insides (%q): %s", inside, a.raw)
				}
			}
		})
	}
}

func TestMethodNotAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ask(http.MethodDelete, "/api/v1/journeys", "")
	problem(t, a, 405, "takes GET, not DELETE")
	if got := a.header.Get("Allow"); got != "GET" {
		t.Errorf("Allow: %q", got)
	}
	a = w.get("/api/v1/incidents/inc-1/resolve")
	problem(t, a, 405, "takes POST, not GET")
}

// A store's trouble is told without the store's words, and logged.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		says   string
	}{
		{errors.New("duckdb: IO error at /secret/path"), 500, "the server's log says why"},
		{fmt.Errorf("duckdb: read: %w", felt.ErrCorrupt), 500, "the server's log says why"},
		{fmt.Errorf("duckdb: impact: older than 30 days: ask for a day: %w", felt.ErrUnanswerable), 422, "impact: older than 30 days: ask for a day"},
		{fmt.Errorf("only at: %w", felt.ErrUnanswerable), 422, "only at"},
		{fmt.Errorf("duckdb: %w", context.DeadlineExceeded), 504, "shorter window or fewer conditions"},
	} {
		w := newWorld(t)
		w.spy.fail = func(context.Context, string) error { return c.err }
		a := w.get("/api/v1/impact?of=pay")
		problem(t, a, c.status, c.says)
		for _, inside := range []string{"duckdb", "secret", "corrupt", "cannot be answered"} {
			if strings.Contains(a.raw, inside) {
				t.Errorf("%v: the answer shows %q: %s", c.err, inside, a.raw)
			}
		}
	}
}

// A handler that breaks takes neither the process nor its insides with it.
func TestPanicIsContained(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spy.fail = func(context.Context, string) error { panic("of the secret kind") }
	a := w.get("/api/v1/impact?of=pay")
	problem(t, a, 500, "the server's log says more")
	if strings.Contains(a.raw, "secret") {
		t.Errorf("the answer shows the panic: %s", a.raw)
	}
	if n := w.api.counts.errors.Load(); n != 1 {
		t.Errorf("%d errors counted, want 1", n)
	}
}

// Questions beyond the limit wait, and are turned away when that takes too long.
func TestQuestionsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(w *world) { w.opts.Questions, w.opts.QuestionTimeout = 2, 3*time.Second })
		release := make(chan struct{})
		w.spy.fail = func(ctx context.Context, _ string) error { // a store that does not look at ctx
			<-release
			return ctx.Err()
		}
		answers := make(chan answer, 3)
		for range 3 {
			go func() { answers <- w.get("/api/v1/impact?of=pay") }()
		}
		began := time.Now()
		a := <-answers
		problem(t, a, 503, "too many questions")
		if a.header.Get("Retry-After") == "" || time.Since(began) != 3*time.Second {
			t.Errorf("after %s: Retry-After %q", time.Since(began), a.header.Get("Retry-After"))
		}
		time.Sleep(time.Millisecond) // of the bubble's clock: the deadlines of the other two have passed as well
		close(release)
		for range 2 {
			problem(t, <-answers, 504, "no answer within 3s")
		}
	})
}

// An asker who leaves gives its place back and is neither an error nor a timeout.
func TestAskerLeaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.opts.Questions = 1 })
	asked := make(chan struct{})
	w.spy.fail = func(ctx context.Context, _ string) error {
		close(asked)
		<-ctx.Done()
		return ctx.Err()
	}
	ctx, leave := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.get("/api/v1/impact?of=pay", func(r *http.Request) { *r = *r.WithContext(ctx) })
	}()
	<-asked
	leave()
	<-done
	w.spy.fail = nil
	w.ok("/api/v1/impact?of=pay")
	if c := &w.api.counts; c.timeouts.Load()+c.errors.Load()+c.busy.Load() != 0 {
		t.Errorf("timeouts %d, errors %d, busy %d; want none", c.timeouts.Load(), c.errors.Load(), c.busy.Load())
	}
}
