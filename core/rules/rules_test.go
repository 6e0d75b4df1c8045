package rules_test

import (
	"strings"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// load compiles one file that has no errors.
func load(t testing.TB, text string) *rules.Set {
	t.Helper()
	set, problems := rules.Load(felt.Inventory{Version: 7, Files: []felt.InventoryFile{{Name: "a.yaml", Text: text}}})
	if set == nil {
		t.Fatal(problems)
	}
	return set
}

const shop = `
journeys:
  - name: checkout
    app: shop
    services: [cart, pay]
    timeout: 10m
    thresholds: {degraded: 2s, failed: 10s}
    steps:
      - name: cart
      - name: pay
        timeout: 1m
        thresholds: {degraded: 1s}
        match:
          any:
            - interaction: payment
            - span: {service: pay, name: POST /pay, kind: server}
            - log: {service: pay, name: {prefix: pay.}, attributes: {result: {one_of: [ok, no]}}}
        error_classes:
          - name: declined
            match: {http_status: 402}
            outcome: success
            consequence: the bank said no
      - name: mail
        optional: true
    overrides:
      - where: {plan: pro}
        thresholds: {degraded: 500ms}
    error_classes:
      - match: {http_status: {prefix: 5}}
        outcome: failed
        recoverable: false
      - match: {grpc_status: {one_of: [6, not_found]}}
        outcome: success
    value: {currency: EUR, attribute: amount}
    correlate: {instance: order.id}
  - name: login
    match: {interaction: login}
`

func TestSteps(t *testing.T) {
	set := load(t, shop)
	names := func(app, interaction string) string {
		var list []string
		for _, s := range set.Steps(app, interaction) {
			list = append(list, s.Journey.Name+"/"+s.Name)
		}
		return strings.Join(list, " ")
	}
	for _, c := range []struct{ app, interaction, want string }{
		{"shop", "cart", "checkout/cart"},
		{"shop", "payment", "checkout/pay"},
		{"shop", "pay", "checkout/pay"},
		{"other", "pay", ""},
		{"other", "login", "login/login"},
		{"shop", "login", "login/login"},
		{"shop", "nothing", ""},
	} {
		if got := names(c.app, c.interaction); got != c.want {
			t.Errorf("Steps(%s, %s) = %q, want %q", c.app, c.interaction, got, c.want)
		}
	}
	j := set.Journeys[0]
	if j.Last != 1 || j.Timeout != 10*felt.Minute || j.Steps[1].Weight != 2 || j.Steps[1].Interaction != "payment" || !*j.DegradedWhen.Retried {
		t.Errorf("compiled %+v", j)
	}
	if set.Version != 7 || set.Journeys[1].Timeout != 30*felt.Minute || set.Journeys[1].SuccessWhen.Rule != "last_step" {
		t.Errorf("defaults %+v", set.Journeys[1])
	}
}

func TestSelect(t *testing.T) {
	set := load(t, shop)
	got := set.Select(false, "pay", "POST /pay", felt.SpanServer)
	if len(got) != 1 || got[0].Interaction != "pay" || got[0].App != "shop" || got[0].Rule != "checkout/pay" || got[0].Instance != "order.id" || got[0].Value != "amount" {
		t.Fatalf("got %+v", got)
	}
	if !got[0].Holds(&rules.Event{}) {
		t.Error("a rule without more conditions does not hold")
	}
	for _, none := range [][]rules.Candidate{
		set.Select(false, "pay", "POST /pay", felt.SpanClient),
		set.Select(true, "pay", "POST /pay", felt.SpanServer),
		set.Select(false, "cart", "POST /pay", felt.SpanServer),
	} {
		if none != nil {
			t.Errorf("selected %+v", none)
		}
	}
	log := set.Select(true, "pay", "pay.done", 0)
	if len(log) != 1 {
		t.Fatalf("got %+v", log)
	}
	for value, want := range map[string]bool{"ok": true, "maybe": false} {
		ev := rules.Event{Attribute: func(string) (string, bool) { return value, true }}
		if log[0].Holds(&ev) != want {
			t.Errorf("result=%s: want %v", value, want)
		}
	}
}

func TestRule(t *testing.T) {
	st := load(t, shop).Steps("shop", "pay")[0]
	grpc := func(key, value string) *rules.Event {
		return &rules.Event{Attribute: func(k string) (string, bool) { return value, k == key }}
	}
	for _, c := range []struct {
		name string
		ev   *rules.Event
		want rules.Ruling
	}{
		{"the step's", &rules.Event{HTTPStatus: 402}, rules.Ruling{Outcome: felt.OutcomeSuccess, Rule: "declined", Class: "declined", Recoverable: true, Consequence: "the bank said no"}},
		{"the journey's", &rules.Event{HTTPStatus: 503}, rules.Ruling{Outcome: felt.OutcomeFailed, Rule: "failed-1", Class: "failed-1"}},
		{"gRPC by number", grpc("rpc.grpc.status_code", "6"), rules.Ruling{Outcome: felt.OutcomeSuccess, Rule: "success-2", Class: "success-2", Recoverable: true}},
		{"gRPC by name", grpc("rpc.response.status_code", "NOT_FOUND"), rules.Ruling{Outcome: felt.OutcomeSuccess, Rule: "success-2", Class: "success-2", Recoverable: true}},
		{"none", &rules.Event{HTTPStatus: 404}, rules.Ruling{Recoverable: true}},
	} {
		if got := st.Rule(c.ev); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	set := load(t, shop)
	cart, pay := set.Journeys[0].Steps[0], set.Journeys[0].Steps[1]
	pro := []felt.Segment{{Key: "plan", Value: "pro"}}
	for _, c := range []struct {
		name string
		got  rules.Thresholds
		want rules.Thresholds
	}{
		{"the journey's", cart.Limits(nil), rules.Thresholds{Degraded: 2 * felt.Second, Failed: 10 * felt.Second}},
		{"the step's", pay.Limits(nil), rules.Thresholds{Degraded: felt.Second}},
		{"an override's", pay.Limits(pro), rules.Thresholds{Degraded: felt.Second / 2}},
		{"of a segment it is not about", pay.Limits([]felt.Segment{{Key: "plan", Value: "free"}}), rules.Thresholds{Degraded: felt.Second}},
	} {
		if c.got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, c.got, c.want)
		}
	}
}

func TestApp(t *testing.T) {
	set := load(t, shop+"  - {name: search, app: site}\n")
	for _, c := range []struct{ service, interaction, want string }{
		{"pay", "anything", "shop"},
		{"web", "search", "site"},
		{"web", "cart", ""}, // its journey says which services it has
		{"web", "login", ""},
	} {
		if got := set.App(c.service, c.interaction); got != c.want {
			t.Errorf("App(%s, %s) = %q, want %q", c.service, c.interaction, got, c.want)
		}
	}
}

// Conditions on a text, on one that is empty, and on one that is not there.
func TestConditions(t *testing.T) {
	for _, c := range []struct {
		condition string
		holds     []string
		fails     []string
		absent    bool
	}{
		{"abc", []string{"abc"}, []string{"", "ab", "abcd"}, false},
		{`""`, []string{""}, []string{"a"}, false},
		{"404", []string{"404"}, []string{"40"}, false},
		{"true", []string{"true"}, []string{"True", ""}, false},
		{"{equals: 1.50}", []string{"1.50"}, []string{"1.5"}, false},
		{"{prefix: ab}", []string{"ab", "abc"}, []string{"", "a", "cab"}, false},
		{"{regex: b+}", []string{"b", "abba"}, []string{"", "a"}, false},
		{"{regex: ^b+$}", []string{"b", "bb"}, []string{"", "abba"}, false},
		{"{one_of: [a, 2]}", []string{"a", "2"}, []string{"", "b"}, false},
		{"{exists: true}", []string{"", "a"}, nil, false},
		{"{exists: false}", nil, []string{"", "a"}, true},
		{"{not: a}", []string{"", "b"}, []string{"a"}, true},
		{"{not: {exists: false}}", []string{"", "a"}, nil, false},
		{"{not: {not: {prefix: a}}}", []string{"a"}, []string{"b", ""}, false},
	} {
		set := load(t, "journeys: [{name: j, match: {span: {service: s, attributes: {a: "+c.condition+"}}}}]")
		rule := set.Select(false, "s", "n", 0)[0]
		ask := func(text string, there bool) bool {
			return rule.Holds(&rules.Event{Attribute: func(string) (string, bool) { return text, there }})
		}
		for _, s := range c.holds {
			if !ask(s, true) {
				t.Errorf("%s does not hold for %q", c.condition, s)
			}
		}
		for _, s := range c.fails {
			if ask(s, true) {
				t.Errorf("%s holds for %q", c.condition, s)
			}
		}
		if ask("", false) != c.absent {
			t.Errorf("%s, absent: want %v", c.condition, c.absent)
		}
	}
}

func TestDurations(t *testing.T) {
	for in, want := range map[string]felt.Instant{
		"5ns": 5, "5us": 5e3, "5µs": 5e3, "300ms": 3e8, "2s": 2e9, "10m": 600e9, "1h30m": 5400e9, "1.5h": 5400e9,
		"28d": 28 * felt.Day, "2w": 14 * felt.Day, "1d12h": 36 * felt.Hour, ".5s": 5e8,
	} {
		if got := load(t, "journeys: [{name: j, timeout: "+in+"}]").Journeys[0].Timeout; got != want {
			t.Errorf("%s = %d, want %d", in, got, want)
		}
	}
	for _, in := range []string{"0", "0s", "-1s", "5", "5.5", "s", "5x", "5 s", "1h-5m", "1e3s", "1..5s", "1000000w", "[1s]", "true", "''", "1s1", "0x1s"} {
		set, problems := rules.Load(felt.Inventory{Files: []felt.InventoryFile{{Name: "a.yaml", Text: "journeys: [{name: j, timeout: " + in + "}]"}}})
		if set != nil || len(problems) != 1 || problems[0].Suggestion == "" {
			t.Errorf("%s is taken, or without a suggestion: %v", in, problems)
		}
	}
}

// Order is that of the files' names, then of the file; an index must not change it.
func TestPrecedence(t *testing.T) {
	set, problems := rules.Load(felt.Inventory{Files: []felt.InventoryFile{
		{Name: "b.yaml", Text: `journeys: [{name: exact, match: {span: {service: s, name: n, kind: server}}}]`},
		{Name: "a.yaml", Text: `journeys:
  - {name: loose, match: {span: {attributes: {x: y}}}}
  - {name: by name, match: {span: {name: n, attributes: {x: y}}}}
  - {name: by service, match: {span: {service: {one_of: [s, s, r]}, name: {prefix: n}, attributes: {x: z}}}}`},
	}})
	if set == nil {
		t.Fatal(problems)
	}
	var got []string
	for _, c := range set.Select(false, "s", "n", felt.SpanServer) {
		got = append(got, c.Interaction)
	}
	if want := "loose, by name, by service, exact"; strings.Join(got, ", ") != want {
		t.Errorf("order %q, want %q", got, want)
	}
}

// A status, a duration and an HTTP code beyond what is worked out beforehand.
func TestHolds(t *testing.T) {
	set := load(t, `journeys: [{name: j, match: {span: {service: s, status: error, longer_than: 1s, http_status: {not: {prefix: 4}}}}}]`)
	rule := set.Select(false, "s", "n", 0)[0]
	good := rules.Event{Status: felt.SpanStatusError, Duration: felt.Second + 1, HTTPStatus: 500}
	for name, c := range map[string]struct {
		change func(*rules.Event)
		want   bool
	}{
		"as it is":      {func(*rules.Event) {}, true},
		"status":        {func(e *rules.Event) { e.Status = felt.SpanStatusOK }, false},
		"just as long":  {func(e *rules.Event) { e.Duration = felt.Second }, false},
		"404":           {func(e *rules.Event) { e.HTTPStatus = 404 }, false},
		"no code":       {func(e *rules.Event) { e.HTTPStatus = 0 }, true},
		"no HTTP code":  {func(e *rules.Event) { e.HTTPStatus = 999 }, true},
		"a strange one": {func(e *rules.Event) { e.HTTPStatus = 4000 }, false},
	} {
		ev := good
		c.change(&ev)
		if rule.Holds(&ev) != c.want {
			t.Errorf("%s: want %v", name, c.want)
		}
	}
}

// An interaction may be a step of several journeys, of its app and of any.
func TestStepsOfSeveralJourneys(t *testing.T) {
	set := load(t, `journeys:
  - {name: anywhere, match: {interaction: pay}}
  - {name: in the shop, app: shop, steps: [{name: pay}]}
  - {name: of the shop, steps: [{name: money, match: {interaction: pay, app: shop}}]}
`)
	for app, want := range map[string]string{"shop": "anywhere, in the shop, of the shop", "till": "anywhere", "": "anywhere"} {
		var got []string
		for _, s := range set.Steps(app, "pay") {
			got = append(got, s.Journey.Name)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("Steps(%q, pay) is of %q, want %q", app, got, want)
		}
	}
}
