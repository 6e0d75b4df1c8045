package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
)

// notices are what tests were told.
type notices struct {
	told    []felt.Told
	retried []string
	tested  []string
	fail    error
}

func (n *notices) Told(state felt.DeliveryState, incident, sink string, limit int) (list []felt.Told) {
	for _, one := range n.told {
		if (state == "" || one.Delivery.State == state) && (incident == "" || one.Incident == incident) && (sink == "" || one.Sink == sink) {
			list = append(list, one)
		}
	}
	return list[:min(limit, len(list))]
}

func (n *notices) Sinks() []felt.SinkState {
	return []felt.SinkState{
		{Name: "beat", Kind: "heartbeat", Trouble: "url: the environment variable BEAT is not set"},
		{Name: "team", Kind: "slack_webhook", Host: "hooks.slack.com", URLSet: true, Waiting: 1, Dead: 2, Delivered: 3, LastSuccess: now, Oldest: now - 60*felt.Second, LastError: "500"},
	}
}

func (n *notices) Retry(_ context.Context, key, by string) error {
	if n.fail == nil {
		n.retried = append(n.retried, key+" by "+by)
	}
	return n.fail
}

func (n *notices) Test(_ context.Context, sink string) error {
	n.tested = append(n.tested, sink)
	return n.fail
}

func withNotices(n *notices) func(*world) {
	n.told = []felt.Told{
		{
			Seq: 3, Key: "inc-1/resolved/7/team", Sink: "team", Kind: felt.NotifyResolved, At: tick, Incident: "inc-1", Title: "Pay was failing", Env: "production", App: "shop",
			Delivery: felt.Delivery{State: felt.DeliveryWaiting, Attempts: 2, First: now - felt.Second, Last: now, Next: now + felt.Second, Error: "hooks.slack.com answered 500"},
		},
		{Seq: 2, Key: "inc-1/detected/1/team", Sink: "team", Kind: felt.NotifyDetected, At: tick - 60, Incident: "inc-1", Delivery: felt.Delivery{State: felt.DeliveryDead, Attempts: 9, Error: "given up"}},
		{Seq: 1, Key: "inc-0/detected/1/team", Sink: "team", Kind: felt.NotifyDetected, At: tick - 90, Incident: "inc-0", Delivery: felt.Delivery{State: felt.DeliveryDead}},
	}
	return func(w *world) {
		w.opts.Notices = n
		w.take = func(felt.Command) {} // for audit alone
	}
}

func TestNotifications(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withNotices(&notices{}))
	for query, want := range map[string]int{"": 3, "?state=dead": 2, "?state=dead&incident=inc-1": 1, "?limit=1": 1, "?sink=other": 0, "?state=delivered": 0} {
		list, _ := w.ok("/api/v1/notifications" + query).at("notifications").([]any)
		if len(list) != want {
			t.Errorf("%s: %d, want %d", query, len(list), want)
		}
	}
	a := w.ok("/api/v1/notifications")
	for field, want := range map[string]any{
		"key": "inc-1/resolved/7/team", "kind": "incident.resolved", "made": "2026-03-04T13:50:00Z", "state": "waiting", "attempts": 2.0,
		"next": "2026-03-04T13:50:01Z", "error": "hooks.slack.com answered 500", "title": "Pay was failing", "incident": "inc-1", "sink": "team",
	} {
		if got := a.at("notifications.0." + field); got != want {
			t.Errorf("%s: %v, want %v", field, got, want)
		}
	}
	if got := item(a, "notifications", 1, "next"); got != nil {
		t.Errorf("next of a dead one: %v", got)
	}
	problem(t, w.get("/api/v1/notifications?state=gone"), 422, "state")
	problem(t, w.get("/api/v1/notifications?limit=0"), 422, "limit")
}

// item is a field of one of a list.
func item(a answer, list string, n int, field string) any {
	all, _ := a.at(list).([]any)
	if n >= len(all) {
		return "there is no such item"
	}
	one, _ := all[n].(map[string]any)
	return one[field]
}

func TestSinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withNotices(&notices{}))
	a := w.ok("/api/v1/sinks")
	for n, fields := range []map[string]any{
		{"name": "beat", "url_set": false, "trouble": "url: the environment variable BEAT is not set", "last_success": nil},
		{"host": "hooks.slack.com", "url_set": true, "waiting": 1.0, "dead": 2.0, "last_success": "2026-03-04T13:50:00Z"},
	} {
		for field, want := range fields {
			if got := item(a, "sinks", n, field); got != want {
				t.Errorf("%d %s: %v, want %v", n, field, got, want)
			}
		}
	}
	none := newWorld(t)
	if list, _ := none.ok("/api/v1/sinks").at("sinks").([]any); list == nil || len(list) != 0 {
		t.Errorf("without sinks: %v", list)
	}
	problem(t, none.ask(http.MethodPost, "/api/v1/sinks/team/test", "{}"), 404, "no sink")
}

// TestSinkTest: who asked is on the log; what came of it is the answer, also when it is no.
func TestSinkTest(t *testing.T) {
	t.Parallel()
	n := &notices{}
	w := newWorld(t, withNotices(n))
	a := w.ask(http.MethodPost, "/api/v1/sinks/team/test", "", header("X-Felt-Actor", "ana"), header("X-Felt-Via", "cli"))
	if a.status != 200 || a.at("delivered") != true || a.at("host") != "hooks.slack.com" {
		t.Fatalf("%d %s", a.status, a.raw)
	}
	want := []felt.Command{{Time: now, Actor: "ana", Via: "cli", What: felt.CommandSinkTest, Target: "team"}}
	if diff := cmp.Diff(want, w.commands()); diff != "" {
		t.Error(diff)
	}
	n.fail = fmt.Errorf("hooks.slack.com answered 404 Not Found: no_service: %w", felt.ErrPermanent)
	a = w.ask(http.MethodPost, "/api/v1/sinks/team/test", "")
	if a.status != 200 || a.at("delivered") != false || a.at("error") != n.fail.Error() {
		t.Fatalf("%d %s", a.status, a.raw)
	}
	problem(t, w.ask(http.MethodPost, "/api/v1/sinks/other/test", ""), 404, "no sink", "other")
	if !slices.Equal(n.tested, []string{"team", "team"}) || len(w.commands()) != 2 {
		t.Errorf("%v %v", n.tested, w.commands())
	}
	w.full = felt.ErrFull
	problem(t, w.ask(http.MethodPost, "/api/v1/sinks/team/test", ""), 503, "try again")
	if len(n.tested) != 2 {
		t.Error("it was sent although nobody can say who wanted it")
	}
}

func TestRetry(t *testing.T) {
	t.Parallel()
	n := &notices{}
	w := newWorld(t, withNotices(n))
	retry := func(key string) answer {
		return w.ask(http.MethodPost, "/api/v1/notifications/"+url.PathEscape(key)+"/retry", "", header("X-Felt-Actor", "ana"))
	}
	if a := retry("inc-1/detected/1/team"); a.status != 200 || a.at("retried") != 1.0 {
		t.Fatalf("%d %s", a.status, a.raw)
	}
	want := []felt.Command{{Time: now, Actor: "ana", Via: "api", What: felt.CommandRetry, Target: "inc-1/detected/1/team", Args: map[string]string{"sink": "team"}}}
	if diff := cmp.Diff(want, w.commands()); diff != "" {
		t.Error(diff)
	}
	problem(t, retry("inc-1/resolved/7/team"), 409, "waiting")
	problem(t, retry("nothing"), 404, "nothing")
	if a := w.ask(http.MethodPost, "/api/v1/sinks/team/retry", "", header("X-Felt-Actor", "ana")); a.status != 200 || a.at("retried") != 2.0 {
		t.Fatalf("%d %s", a.status, a.raw)
	}
	if a := w.ask(http.MethodPost, "/api/v1/sinks/beat/retry", ""); a.status != 200 || a.at("retried") != 0.0 || len(w.commands()) != 2 {
		t.Fatalf("%d %s", a.status, a.raw)
	}
	problem(t, w.ask(http.MethodPost, "/api/v1/sinks/other/retry", ""), 404, "other")
	if want := []string{"inc-1/detected/1/team by ana", "inc-0/detected/1/team by ana", "inc-1/detected/1/team by ana"}; !slices.Equal(n.retried, want) {
		t.Errorf("%v", n.retried)
	}
	n.fail = errors.New("it has not been given up")
	problem(t, retry("inc-1/detected/1/team"), 409, "given up")
	n.fail = felt.ErrUnavailable
	problem(t, retry("inc-1/detected/1/team"), 503, "try again")
}

// TestNoticeScopes: reading takes read, telling takes act.
func TestNoticeScopes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withNotices(&notices{}), func(w *world) {
		w.opts.Bearer = func(secret, scope string) (string, bool) { return "reader", secret == "read" && scope == "read" }
	})
	reader := header("Authorization", "Bearer read")
	for path, want := range map[string]int{"/api/v1/sinks": 200, "/api/v1/notifications": 200} {
		if a := w.get(path, reader); a.status != want {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	for _, path := range []string{"/api/v1/sinks/team/test", "/api/v1/sinks/team/retry", "/api/v1/notifications/x/retry"} {
		if a := w.ask(http.MethodPost, path, "", reader); a.status != 401 && a.status != 403 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}
