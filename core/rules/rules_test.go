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
