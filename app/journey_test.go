package app

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const checkoutInventory = `
journeys:
  - name: checkout
    title: Check out
    app: shop
    team: payments
    criticality: 5
    correlate: session
    timeout: 3s
    steps:
      - name: cart
        match: {span: {service: web, kind: server, name: POST /cart}}
      - name: pay
        match: {span: {service: web, kind: server, name: POST /pay}}
`

// plain adds a server span as any instrumentation sends it: nothing in it is Felt's.
func plain(td ptrace.Traces, trace uint64, name string, failed bool, end time.Time, ids map[string]string) {
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "web")
	sp := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	sp.SetTraceID(traceID(trace))
	sp.SetSpanID(pcommon.SpanID{1})
	sp.SetName(name)
	sp.SetKind(ptrace.SpanKindServer)
	sp.SetStartTimestamp(pcommon.NewTimestampFromTime(end.Add(-50 * time.Millisecond)))
	sp.SetEndTimestamp(pcommon.NewTimestampFromTime(end))
	if failed {
		sp.Status().SetCode(ptrace.StatusCodeError)
	}
	for k, v := range ids {
		sp.Attributes().PutStr(k, v)
	}
}

type inventoryAnswer struct {
	Version  int64
	Edited   *time.Time
	By       string
	Newest   bool
	Errors   int
	Journeys []struct{ Name string }
	Problems []struct{ File, Severity, Message string }
}

// awaitInventory waits until the inventory is as wanted.
func (s *server) awaitInventory(t *testing.T, what string, good func(inventoryAnswer) bool) inventoryAnswer {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		var in inventoryAnswer
		s.get(t, "/api/v1/inventory", &in)
		if good(in) {
			return in
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %+v", what, in)
		}
		time.Sleep(50 * time.Millisecond) // between two looks
	}
}

func inForce(version int64) func(inventoryAnswer) bool {
	return func(in inventoryAnswer) bool { return in.Version == version && in.Newest }
}

// unmapped are the names that the inventory does not know.
func (s *server) unmapped(t *testing.T) (names []string) {
	t.Helper()
	var h struct {
		Unmapped struct{ Names []struct{ Name string } }
	}
	s.get(t, "/api/v1/health", &h)
	for _, n := range h.Unmapped.Names {
		names = append(names, n.Name)
	}
	return names
}

type funnelAnswer struct {
	Steps []struct {
		Name               string
		Entered, Completed int64
		Outcomes           struct{ Failed, Success int64 }
	}
	Outcomes   struct{ Success, Degraded, Failed, Abandoned, Open int64 }
	Open       int64
	Completion *float64 `json:"completion_rate"`
	Abandoned  struct {
		AfterFailure int64 `json:"after_failure"`
		Voluntarily  int64
	}
}

func inventoryConfig(t *testing.T, text string) Config {
	t.Helper()
	cfg := testConfig(t.TempDir())
	cfg.ConfigDir = t.TempDir()
	if text != "" {
		writeFiles(t, cfg.ConfigDir, map[string]string{"shop.yaml": text})
	}
	return cfg
}

// TestJourney: spans that say nothing of Felt become a journey by the inventory alone. A bad
// edit changes nothing and shows; a good one is taken; both over a restart.
func TestJourney(t *testing.T) {
	t.Parallel()
	cfg := inventoryConfig(t, checkoutInventory)
	s := serveApp(t, cfg)
	first := s.awaitInventory(t, "at the start", inForce(1))
	if len(first.Journeys) != 1 || first.Journeys[0].Name != "checkout" {
		t.Errorf("%+v", first)
	}
	from := time.Now()
	td := ptrace.NewTraces()
	trace := uint64(0)
	step := func(session int, name string, failed bool) {
		trace++
		plain(td, trace, name, failed, time.Now(), map[string]string{"session.id": fmt.Sprint("s", session)})
	}
	for c := range 10 { // 6 pay, 2 fail and leave, 2 leave after the cart
		step(c, "POST /cart", false)
		switch {
		case c < 6:
			step(c, "POST /pay", false)
		case c < 8:
			step(c, "POST /pay", true)
		}
	}
	s.send(t, tries{td})
	sent := time.Now()
	funnel := func() (f funnelAnswer) {
		s.get(t, "/api/v1/funnel?of=checkout&"+window(from, sent.Add(10*time.Second)), &f)
		return f
	}
	s.awaitComplete(t, sent.Add(4*time.Second)) // past the journey's time-out
	f := funnel()
	if len(f.Steps) != 2 || f.Steps[0].Name != "cart" || f.Steps[0].Entered != 10 || f.Steps[0].Completed != 10 ||
		f.Steps[1].Entered != 8 || f.Steps[1].Completed != 6 || f.Steps[1].Outcomes.Failed != 2 {
		t.Errorf("steps %+v", f.Steps)
	}
	if f.Outcomes.Success != 6 || f.Outcomes.Abandoned != 4 || f.Open != 0 || f.Abandoned.AfterFailure != 2 || f.Abandoned.Voluntarily != 2 ||
		f.Completion == nil || *f.Completion != 0.6 {
		t.Errorf("%+v", f)
	}

	if names := s.unmapped(t); len(names) != 0 {
		t.Errorf("steps of a journey are told as unmapped: %v", names)
	}

	edited := time.Now()
	writeFiles(t, cfg.ConfigDir, map[string]string{"shop.yaml": strings.Replace(checkoutInventory, "name: pay", "nam: pay", 1)})
	bad := s.awaitInventory(t, "a bad edit", func(in inventoryAnswer) bool { return !in.Newest })
	if bad.Version != 1 || bad.Errors == 0 || len(bad.Journeys) != 1 || !strings.Contains(bad.Problems[0].File, "shop.yaml") {
		t.Errorf("a bad edit: %+v", bad)
	}
	if first.Edited == nil || !first.Edited.Before(edited) || bad.Edited == nil || bad.Edited.Before(edited.Truncate(time.Millisecond)) {
		t.Errorf("edited: %v at the start, then %v, want from %v on", first.Edited, bad.Edited, edited)
	}
	var ready struct {
		Ready  bool
		Errors []string `json:"config_errors"`
	}
	if s.get(t, "/readyz", &ready); !ready.Ready || len(ready.Errors) == 0 || !strings.Contains(ready.Errors[0], "shop.yaml:") {
		t.Errorf("readyz: %+v", ready)
	}
	s.stop()
	s = serveApp(t, cfg) // the last good one goes on to rule
	s.awaitInventory(t, "a bad text at the start", func(in inventoryAnswer) bool { return in.Version == 1 && !in.Newest && len(in.Journeys) == 1 })
	if again := funnel(); again.Outcomes != f.Outcomes {
		t.Errorf("after a restart %+v, before %+v", again, f)
	}

	writeFiles(t, cfg.ConfigDir, map[string]string{"shop.yaml": checkoutInventory + "  - name: signup\n"})
	if in := s.awaitInventory(t, "a good edit", inForce(2)); len(in.Journeys) != 2 {
		t.Errorf("%+v", in)
	}
	s.stop()
	s = serveApp(t, cfg)
	s.awaitInventory(t, "after a restart", inForce(2)) // and not 3: the text is the same
	if err := os.RemoveAll(cfg.ConfigDir); err != nil {
		t.Fatal(err)
	}
	gone := s.awaitInventory(t, "the directory is gone", func(in inventoryAnswer) bool { return in.Errors > 0 })
	if gone.Version != 2 || len(gone.Journeys) != 2 {
		t.Errorf("a directory that is gone takes the inventory away: %+v", gone)
	}
	if err := os.MkdirAll(cfg.ConfigDir, 0o700); err != nil {
		t.Fatal(err)
	}
	if in := s.awaitInventory(t, "an empty directory", inForce(3)); len(in.Journeys) != 0 {
		t.Errorf("%+v", in)
	}
}

// TestInventorySurvives: the inventory in force outlives its snapshots.
func TestInventorySurvives(t *testing.T) {
	t.Parallel()
	cfg := inventoryConfig(t, checkoutInventory)
	s := serveApp(t, cfg)
	s.awaitInventory(t, "at the start", inForce(1))
	s.stop()
	if err := os.RemoveAll(filepath.Join(cfg.Data, "snapshots")); err != nil {
		t.Fatal(err)
	}
	s = serveApp(t, cfg)
	s.awaitInventory(t, "without snapshots", inForce(1))
}

type identityImpact struct {
	impact
	Identity struct{ User, Session, Installation int64 }
	Coverage struct{ User *float64 } `json:"identity_coverage"`
}

// TestOneCustomer: anonymous, then logged in, then on another device is one customer; a bot
// that tries ten times as often is none.
func TestOneCustomer(t *testing.T) {
	t.Parallel()
	cfg := inventoryConfig(t, checkoutInventory)
	s := serveApp(t, cfg)
	s.awaitInventory(t, "at the start", inForce(1))
	from := time.Now()
	td := ptrace.NewTraces()
	trace := uint64(0)
	add := func(ids map[string]string) {
		trace++
		plain(td, trace, "POST /pay", false, time.Now(), ids)
	}
	for c := range 5 {
		user, session := fmt.Sprint("u", c), fmt.Sprint("s", c)
		add(map[string]string{"session.id": session})
		add(map[string]string{"session.id": session, "user.id": user})
		add(map[string]string{"session.id": session + "-phone", "user.id": user})
	}
	add(map[string]string{"session.id": "stranger"})
	for i := range 160 {
		add(map[string]string{"session.id": fmt.Sprint("bot", i), "user_agent.synthetic.type": "bot"})
	}
	s.send(t, tries{td})
	to := time.Now()
	s.awaitComplete(t, to.Add(2*time.Second))
	var im identityImpact
	s.get(t, "/api/v1/impact?of=step:pay&"+window(from, to), &im)
	if im.Customers.Total != 6 || im.Interactions.Success != 16 || im.Identity.User != 5 || im.Identity.Session != 1 ||
		im.Coverage.User == nil || *im.Coverage.User < 0.83 || *im.Coverage.User > 0.84 {
		t.Errorf("5 people on 2 devices, a stranger and a bot: %+v", im)
	}
	s.get(t, "/api/v1/impact?of=step:pay&traffic=bot&"+window(from, to), &im)
	if im.Interactions.Success != 160 {
		t.Errorf("the bot: %+v", im)
	}

	var way struct {
		Customer     string
		Level        string `json:"identity_level"`
		Linked       []struct{ Level string }
		Interactions []struct{ Name, Kind string }
	}
	if code := s.call(t, http.MethodPost, "/api/v1/customers/lookup?window=1h", `{"id":"u3"}`, &way); code != 200 {
		t.Fatalf("lookup: %d", code)
	}
	steps := 0
	for _, i := range way.Interactions {
		if i.Kind == "step" {
			steps++
		}
	}
	if way.Level != "user" || len(way.Linked) != 2 || steps != 3 {
		t.Errorf("one customer's way: %+v", way)
	}
	if code := s.call(t, http.MethodPost, "/api/v1/customers/lookup", `{"id":"nobody"}`, nil); code != 404 {
		t.Errorf("nobody: %d", code)
	}
}

// TestAffected: who was hit is told to who may act, and that it was is kept for ever.
func TestAffected(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	file := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(file, []byte("sender ingest sender-0123456789\nwall read reader-0123456789\nana read,act actor-00123456789\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if cfg.Tokens, err = ReadTokens(file); err != nil {
		t.Fatal(err)
	}
	s := serveApp(t, cfg)
	from := time.Now()
	r := newTries()
	for c := range 7 {
		r.add(uint64(c+1), "pay", fmt.Sprint("c", c), []string{"failed", "success"}[c%2], time.Now())
	}
	s.token = "sender-0123456789"
	s.send(t, r)
	to := time.Now()
	s.token = "reader-0123456789"
	s.awaitComplete(t, to)
	path := "/api/v1/affected?of=pay&reason=refunds&" + window(from, to)
	if code := s.call(t, http.MethodGet, path, "", nil); code != 401 {
		t.Errorf("a reader takes the list: %d", code)
	}
	s.token = "actor-00123456789"
	if code := s.call(t, http.MethodGet, strings.Replace(path, "reason=refunds&", "", 1), "", nil); code != 422 {
		t.Errorf("without a reason: %d", code)
	}
	req, err := http.NewRequest(http.MethodGet, s.page+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Customers []struct {
			Customer, Fate string
			Failed         int64
		}
	}
	err = json.NewDecoder(resp.Body).Decode(&list)
	_ = resp.Body.Close()
	if err != nil || len(list.Customers) != 4 || list.Customers[0].Failed != 1 || list.Customers[0].Fate != "undecided" {
		t.Errorf("%v %+v", err, list)
	}
	s.awaitComplete(t, time.Now())
	s.stop()
	db, err := sql.Open("duckdb", filepath.Join(cfg.Data, "felt.duckdb")+"?access_mode=read_only")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.Query("SELECT actor, reason, target FROM commands WHERE what = 'customers.disclose'")
	if err != nil {
		t.Fatal(err)
	}
	var audit []string
	for rows.Next() {
		var actor, reason, target string
		if err := rows.Scan(&actor, &reason, &target); err != nil {
			t.Fatal(err)
		}
		audit = append(audit, actor+" "+reason+" "+target)
	}
	if err := rows.Close(); err != nil || len(audit) != 1 || !strings.HasPrefix(audit[0], "ana refunds ") || !strings.Contains(audit[0], `name="pay"`) {
		t.Errorf("audit %v %q", err, audit)
	}
}
