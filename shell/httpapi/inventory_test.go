package httpapi

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

const shopInventory = `
journeys:
  - name: checkout
    title: Check out
    purpose: purchase
    app: shop
    team: payments
    owners: [ana]
    criticality: 5
    steps:
      - name: cart
        match:
          span: {service: web, kind: server, name: {prefix: POST /cart}, attributes: {cart.size: {exists: true}}}
      - name: coupon
        optional: true
        match: {interaction: coupon}
      - name: pay
        match:
          any:
            - interaction: pay
            - log: {name: paid}
        thresholds: {degraded: 2s, failed: 10s}
        error_classes:
          - name: declined
            match: {http_status: 402}
            outcome: success
            consequence: the bank said no
    degraded_when: {slower_than: 15m}
    timeout: 20m
    objectives:
      - {name: orders, kind: success, target: 0.99, window: 28d}
    signals:
      - {name: p95, layer: application, source: http.server.request.duration, threshold: 1.5, endangers: conversion}
    kpis:
      - {name: conversion, numerator: orders, denominator: carts, direction: up}
    action_plan:
      - {step: pay, action: roll back, approver: ana}
    reviewed: 2026-03-01
  - name: signup
    title: Sign up
    criticality: 3
`

// load compiles an inventory.
func load(t testing.TB, version int64, text string) Rules {
	t.Helper()
	in := felt.Inventory{Version: version, Files: []felt.InventoryFile{{Name: "shop.yaml", Text: text}}}
	set, problems := rules.Load(in)
	if set == nil {
		t.Fatalf("%v", problems)
	}
	return Rules{Set: set, Files: in.Files, Dir: "/etc/felt", Loaded: now - felt.Hour, Edited: now - 2*felt.Hour, By: "files", Newest: true}
}

func withRules(t testing.TB) func(*world) {
	r := load(t, 7, shopInventory)
	return func(w *world) { w.opts.Rules = func() Rules { return r } }
}

func TestInventory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withRules(t))
	a := w.ok("/api/v1/inventory")
	for path, want := range map[string]any{
		"version": 7.0, "newest": true, "errors": 0.0, "dir": "/etc/felt", "loaded": "2026-03-04T12:50:00Z", "edited": "2026-03-04T11:50:00Z", "by": "files", "files.0.name": "shop.yaml",
		"journeys.0.name": "checkout", "journeys.0.title": "Check out", "journeys.0.team": "payments", "journeys.0.criticality": 5.0,
		"journeys.0.correlate": "session", "journeys.0.timeout_ms": 1200000.0, "journeys.0.owners.0": "ana",
		"journeys.0.steps.0.match":       `server span with service = "web", name starting with "POST /cart", cart.size there`,
		"journeys.0.success_when":        "the last required step, pay, succeeded",
		"journeys.0.degraded_when":       "a required step was degraded, or the whole took more than 15m0s, or a step failed and then worked, or an optional step failed",
		"journeys.0.objectives.0.target": 0.99, "journeys.0.kpis.0.name": "conversion", "journeys.0.signals.0.source": "http.server.request.duration",
		"journeys.0.action_plan.0.approver": "ana", "journeys.0.reviewed": "2026-03-01",
	} {
		if got := a.at(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	steps := a.doc["journeys"].([]any)[0].(map[string]any)["steps"].([]any)
	coupon, pay := steps[1].(map[string]any), steps[2].(map[string]any)
	if coupon["optional"] != true || coupon["match"] != "interaction coupon" {
		t.Errorf("coupon: %v", coupon)
	}
	if !strings.Contains(fmt.Sprint(pay["match"]), "interaction pay") || !strings.Contains(fmt.Sprint(pay["match"]), `or log record with name = "paid"`) ||
		!strings.Contains(fmt.Sprint(pay["error_classes"]), `HTTP status = "402"`) || !strings.Contains(fmt.Sprint(pay["thresholds"]), "degraded_ms:2000") {
		t.Errorf("pay: %v", pay)
	}
	signup := a.doc["journeys"].([]any)[1].(map[string]any)
	if list := signup["steps"].([]any); len(list) != 1 || list[0].(map[string]any)["match"] != "interaction signup" {
		t.Errorf("a journey without steps is one: %v", list)
	}
	golden(t, "inventory", a.raw)

	schema := w.get("/api/v1/inventory/schema")
	if schema.status != 200 || schema.header.Get("Content-Type") != "application/schema+json" || !strings.Contains(schema.raw, "criticality") {
		t.Errorf("schema: %d %.200s", schema.status, schema.raw)
	}
}

// The newest text has errors: what rules goes on to rule, and it shows.
func TestInventoryWithErrors(t *testing.T) {
	t.Parallel()
	r := load(t, 7, shopInventory)
	r.Newest = false
	r.Problems = []rules.Problem{
		{File: "shop.yaml", Line: 3, Column: 5, Severity: "error", Check: "unknown-key", Message: "nam is not known", Suggestion: "did you mean name?"},
		{File: "shop.yaml", Line: 9, Column: 1, Severity: "warning", Check: "unused", Message: "never used"},
	}
	w := newWorld(t, func(w *world) { w.opts.Rules = func() Rules { return r } })
	a := w.ok("/api/v1/inventory")
	for path, want := range map[string]any{
		"version": 7.0, "newest": false, "errors": 1.0, "warnings": 1.0, "journeys.0.name": "checkout",
		"problems.0.file": "shop.yaml", "problems.0.line": 3.0, "problems.0.column": 5.0, "problems.0.severity": "error",
		"problems.0.check": "unknown-key", "problems.0.message": "nam is not known", "problems.0.suggestion": "did you mean name?",
	} {
		if got := a.at(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	h := w.ok("/api/v1/health")
	if h.at("inventory.newest") != false || h.at("inventory.errors") != 1.0 || h.at("inventory.version") != 7.0 {
		t.Errorf("health: %s", h.raw)
	}
}

// TestInventoryCheck: a text is judged and changes nothing.
func TestInventoryCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	check := func(files string) answer { return w.ask(http.MethodPost, pathCheck, `{"files":[`+files+`]}`) }
	a := check(`{"name":"a.yaml","text":"journeys:\n  - name: buy\n"}`)
	if a.status != 200 || a.at("good") != true || a.at("journeys.0") != "buy" {
		t.Errorf("%d %s", a.status, a.raw)
	}
	a = check(`{"name":"a.yaml","text":"journeys:\n  - nam: buy\n"}`)
	if a.status != 200 || a.at("good") != false || a.at("problems.0.line") != 2.0 || a.at("problems.0.file") != "a.yaml" {
		t.Errorf("%d %s", a.status, a.raw)
	}
	if a := check(""); a.status != 200 || a.at("good") != true {
		t.Errorf("no files: %d %s", a.status, a.raw)
	}
	problem(t, check(`{"name":"a.yaml","text":""},{"name":"a.yaml","text":""}`), 400, "twice")
	problem(t, check(`{"name":"a.yaml","txt":""}`), 422, "txt")
	problem(t, check(`{"name":"a.yaml","text":"`+strings.Repeat("x", 1<<20)+`"}`), 413)
	if n := len(w.commands()); n != 0 {
		t.Errorf("%d records", n)
	}
}

// The list of journeys says what the inventory knows, and shows what was never seen.
func TestJourneysOfTheInventory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withRules(t))
	byName := map[string]map[string]any{}
	for _, x := range w.ok("/api/v1/journeys").doc["journeys"].([]any) {
		j := x.(map[string]any)
		byName[fmt.Sprint(j["app"], "/", j["name"], " ", j["kind"])] = j
	}
	for name, want := range map[string]map[string]any{
		"shop/checkout journey": { // nobody gets past a step on which a finding lasts
			"state": "failing", "state_reason": "step pay: 10 of 20 customers failed (1.0 % in the hour before)", "title": "Check out", "owner": "payments", "purpose": "purchase", "criticality": 5.0, "mapped": true,
		},
		"shop/pay step":    {"title": "pay", "owner": "payments", "criticality": 5.0, "mapped": true, "journeys": []any{"checkout"}},
		"shop/search step": {"title": "search", "owner": "", "criticality": 0.0, "mapped": false, "journeys": []any{}},
		"/signup journey":  {"title": "Sign up", "state": "no_data", "criticality": 3.0, "mapped": true, "completion_rate": nil},
	} {
		for k, v := range want {
			if diff := cmp.Diff(v, byName[name][k]); diff != "" {
				t.Errorf("%s: %s: %s", name, k, diff)
			}
		}
	}
	if !strings.Contains(fmt.Sprint(byName["/signup journey"]["state_reason"]), "session.id or user.id") {
		t.Errorf("signup: %v", byName["/signup journey"])
	}
}

// A name may be that of a journey and of steps in other apps: the journey is meant.
func TestOfPrefersTheJourney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var b felt.Batch
	b.ID = felt.BatchID{Engine: 1, Stage: 2, Tick: tick}
	for i, app := range []string{"web", "bank"} {
		x := try(byte(100+i), 9, now-5*felt.Second, felt.OutcomeSuccess)
		x.App, x.Name = app, "checkout"
		b.Interactions = append(b.Interactions, x)
	}
	if err := w.store.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	for of, want := range map[string]string{
		"checkout": "shop journey", "journey:checkout": "shop journey", "web/checkout": "web step", "step:web/checkout": "web step", "shop/checkout": "shop journey",
	} {
		a := w.ok("/api/v1/impact?of=" + url.QueryEscape(of))
		if got := fmt.Sprint(a.at("question.app"), " ", a.at("question.kind")); got != want {
			t.Errorf("of=%s is %s, want %s", of, got, want)
		}
	}
	a := w.get("/api/v1/impact?of=step:checkout")
	problem(t, a, 409, "2 things")
	if diff := cmp.Diff([]any{"step:bank/checkout", "step:web/checkout"}, a.doc["candidates"]); diff != "" {
		t.Error(diff)
	}
}

// Who comes in half-way makes no conversion of more than all.
func TestConversionIsAtMostOne(t *testing.T) {
	t.Parallel()
	got := funnelSteps([]felt.FunnelStep{
		{Name: "cart", Entered: 2, Completed: 2},
		{Name: "voucher", Entered: 1, Completed: 1, With: []int64{0}},
		{Name: "pay", Entered: 9, Completed: 9, With: []int64{1, 0}},
	}, nil)
	if c := got[2].Conversion; c.From != "voucher" || c.N != 1 || c.Passed != 0 || *c.Rate != 0 {
		t.Errorf("%+v", c)
	}
	if c := conversionOf([]felt.FunnelStep{{Completed: 2}, {Completed: 9, With: []int64{1}}}, 0, 1); c.Passed != 1 || *c.Rate != 0.5 {
		t.Errorf("%+v", c)
	}
}

// Every answer that counts says so when what it counts was sampled.
func TestSampledAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plain := w.ok("/api/v1/series?of=web/thin")
	if plain.at("sampled") != false || strings.Contains(plain.raw, "adjusted") {
		t.Errorf("nothing was sampled: %s", plain.raw)
	}
	thin := try(120, 9, now-30*felt.Second, felt.OutcomeFailed)
	thin.App, thin.Name, thin.Weight = "web", "thin", 8
	b := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 2, Tick: tick}, Interactions: []felt.Interaction{thin}}
	if err := w.store.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if a := w.ok("/api/v1/series?of=web/thin"); a.at("sampled") != true || a.at("buckets.0.sampled") != true || a.at("adjusted.failed") != 8.0 {
		t.Errorf("%s", a.raw)
	}
	for _, x := range w.ok("/api/v1/journeys").doc["journeys"].([]any) {
		if j := x.(map[string]any); j["sampled"] != (j["name"] == "thin") {
			t.Errorf("%v", j)
		}
	}
}

// What the store knows of optional steps is in the inventory.
func TestFunnel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withRules(t))
	a := w.ok("/api/v1/funnel?of=checkout")
	steps := a.doc["steps"].([]any)
	conversion := func(i int) string { return fmt.Sprint(steps[i].(map[string]any)["conversion"]) }
	if conversion(0) != "<nil>" || conversion(1) != "map[from:cart n:8 passed:1 rate:0.125]" || conversion(2) != "map[from:cart n:8 passed:0 rate:0]" {
		t.Errorf("conversions %s %s %s: an optional step is nobody's step before", conversion(0), conversion(1), conversion(2))
	}
	if a.at("completion_rate") != 0.5 || a.at("open") != 2.0 || a.at("abandoned.after_failure") != 1.0 || a.at("abandoned.voluntarily") != 2.0 {
		t.Errorf("%s", a.raw)
	}
	// Never seen: zeros, with the inventory's steps where it has them.
	never := w.ok("/api/v1/funnel?of=signup")
	if never.at("steps.0.name") != "signup" || never.at("steps.0.entered") != 0.0 || never.at("completion_rate") != nil || never.at("question.kind") != "journey" {
		t.Errorf("%s", never.raw)
	}
	if a := w.ok("/api/v1/funnel?of=nothing"); len(a.doc["steps"].([]any)) != 0 {
		t.Errorf("%s", a.raw)
	}
	problem(t, w.get("/api/v1/funnel?of=search"), 422, `of="search" is a step`, "checkout, signup")
}

// What is seen and in no journey, most first, each with YAML that takes it. Operations whose
// spans name their interaction are only counted: a rule would take nothing of them.
func TestUnmapped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withRules(t), func(w *world) {
		w.opts.Named = func(env string) map[Operation]bool {
			return map[Operation]bool{
				{"web", "POST /named", felt.SpanServer}: env == "production", {"web", "GET /search", felt.SpanClient}: true, {"gone", "x", felt.SpanServer}: true,
				{"app", "pay", felt.SpanInternal}: env == "production",
			}
		}
	})
	b := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 1, Tick: tick}}
	add := func(service, operation string, kind felt.SpanKind, release string, n, errors int64) {
		b.Operations = append(b.Operations, felt.OperationBucket{
			Env: "production", Service: service, Operation: operation, Kind: kind, Release: release,
			Start: (now - felt.Minute).Floor(10 * felt.Second), Known: tick, Count: n, Errors: errors,
		})
	}
	add("web", "POST /cart/add", felt.SpanServer, "1", 50, 0) // a step
	add("web", "GET /search", felt.SpanServer, "1", 20, 1)    // in two releases
	add("web", "GET /search", felt.SpanServer, "2", 20, 2)    //
	add("web", "POST /named", felt.SpanServer, "1", 900, 0)   // names its interaction
	add("web", "SELECT", felt.SpanClient, "1", 500, 0)        // inside
	add("worker", "orders process", felt.SpanConsumer, "", 7, 0)
	add("app", "pay", felt.SpanInternal, "", 20, 0)              // names its interaction
	add("app", "POST /pay", felt.SpanClient, "", 20, 0)          // is inside of that
	add("kiosk", "POST /door", felt.SpanClient, "", 5, 0)        // names none: that is all that is known of it
	add("browser", "documentLoad", felt.SpanInternal, "", 30, 0) // nobody calls it
	if err := w.store.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	a := w.ok("/api/v1/unmapped")
	var got []string
	for _, x := range a.doc["operations"].([]any) {
		o := x.(map[string]any)
		got = append(got, fmt.Sprint(o["service"], " ", o["operation"], " ", o["count"], " ", o["errors"]))
		text := "journeys:\n" + fmt.Sprint(o["suggested"])
		if strings.HasPrefix(fmt.Sprint(o["suggested"]), "journeys:") {
			text = fmt.Sprint(o["suggested"])
		}
		set, problems := rules.Load(felt.Inventory{Version: 1, Files: []felt.InventoryFile{{Name: "s.yaml", Text: text}}})
		if set == nil || len(set.Journeys) != 1 {
			t.Errorf("suggestion %s: %v", text, problems)
			continue
		}
		kind := map[string]felt.SpanKind{"server": felt.SpanServer, "consumer": felt.SpanConsumer, "client": felt.SpanClient, "internal": felt.SpanInternal}[fmt.Sprint(o["kind"])]
		if len(set.Select(false, fmt.Sprint(o["service"]), fmt.Sprint(o["operation"]), kind)) == 0 {
			t.Errorf("the suggestion does not take what it is for:\n%s", text)
		}
	}
	want := []string{"web GET /search 40 3", "browser documentLoad 30 0", "pay-api POST /pay 10 3", "worker orders process 7 0", "kiosk POST /door 5 0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := a.doc["named"]; got != 2.0 {
		t.Errorf("%v operations are left out, want 2", got)
	}
	var names []string
	for _, x := range a.doc["names"].([]any) {
		n := x.(map[string]any)
		names = append(names, fmt.Sprint(n["app"], "/", n["name"]))
		set, problems := rules.Load(felt.Inventory{Version: 1, Files: []felt.InventoryFile{{Name: "s.yaml", Text: fmt.Sprint(n["suggested"])}}})
		if set == nil || len(set.Steps(fmt.Sprint(n["app"]), fmt.Sprint(n["name"]))) == 0 {
			t.Errorf("suggestion %s: %v", n["suggested"], problems)
		}
	}
	if diff := cmp.Diff([]string{"bank/login", "shop/GET /cart", "shop/login", "shop/search"}, names); diff != "" {
		t.Error(diff)
	}
	if a := w.ok("/api/v1/unmapped?limit=1"); len(a.doc["operations"].([]any)) != 1 || len(a.doc["names"].([]any)) != 1 {
		t.Errorf("limit: %s", a.raw)
	}
}

// TestExplain: what pasted spans count as, under the inventory in force.
func TestExplain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withRules(t))
	span := `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"web"}}]},"scopeSpans":[{"spans":[
		{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"POST /cart/add","kind":2,
		 "startTimeUnixNano":"1772632100000000000","endTimeUnixNano":"1772632100200000000",
		 "attributes":[{"key":"cart.size","value":{"intValue":"3"}},{"key":"user.id","value":{"stringValue":"ana"}}]}]}]}]}`
	a := w.ask(http.MethodPost, pathExplain, span)
	for path, want := range map[string]any{
		"rules_version": 7.0, "spans.0.verdict": "interaction", "spans.0.trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "spans.0.identity_level": "user",
		"interactions.0.outcome": "success", "interactions.0.steps.0": "checkout/cart", "interactions.0.duration_ms": 200.0,
	} {
		if got := a.at(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if t.Failed() {
		t.Log(a.raw)
	}
	problem(t, w.ask(http.MethodPost, pathExplain, `{"resourceSpans":[`), 422, "JSON")
	problem(t, w.ask(http.MethodPost, pathExplain, `{"hello":"world"}`), 422)
	if a := w.ask(http.MethodPost, pathExplain, ""); a.status < 400 || a.status >= 500 {
		t.Errorf("no body: %d %s", a.status, a.raw)
	}
	problem(t, w.ask(http.MethodPost, pathExplain, `"`+strings.Repeat("x", 1<<20)+`"`), 413)
}

// A page hears when other journeys are in force, and when the newest text has errors.
func TestInventoryEvents(t *testing.T) {
	t.Parallel()
	r := load(t, 7, shopInventory)
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		w := newWorld(t, func(w *world) {
			w.opts.Rules = func() Rules { mu.Lock(); defer mu.Unlock(); return r }
		})
		b, leave := w.watch("")
		defer leave()
		inventory := func() (said []string) {
			time.Sleep(2 * time.Second)
			w.engine.move(w.engine.Progress().Seq + 1)
			synctest.Wait()
			for _, s := range b.heard() {
				if _, event, ok := strings.Cut(s, "event: inventory data: "); ok {
					said = append(said, event)
				}
			}
			return said
		}
		if said := inventory(); len(said) != 0 {
			t.Errorf("nothing has changed: %v", said)
		}
		mu.Lock()
		r.Newest, r.Problems = false, []rules.Problem{{Severity: "error"}}
		mu.Unlock()
		if diff := cmp.Diff([]string{`{"version":7,"newest":false,"errors":1,"warnings":0}`}, inventory()); diff != "" {
			t.Error(diff)
		}
		if said := inventory(); len(said) != 0 {
			t.Errorf("nothing further has changed: %v", said)
		}
	})
}
