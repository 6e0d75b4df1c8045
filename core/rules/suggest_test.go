package rules_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/rules"
)

func TestSuggest(t *testing.T) {
	want := "journeys:\n  - name: get cart id\n    match:\n      span:\n        service: frontend\n        name: \"GET /cart/{id}\"\n        kind: server\n"
	if got := rules.Suggest("frontend", "GET /cart/{id}", felt.SpanServer, false); got != want {
		t.Errorf("got\n%s", got)
	}
	if got := rules.SuggestInteraction("shop", "Checkout/Pay"); got != "journeys:\n  - name: checkout pay\n    app: shop\n    match:\n      interaction: \"Checkout/Pay\"\n" {
		t.Errorf("got\n%s", got)
	}
	if got := rules.SuggestInteraction("", "login"); got != "journeys:\n  - name: login\n" {
		t.Errorf("got\n%s", got)
	}
	if rules.Suggest("", "", 0, false) != "" || rules.SuggestInteraction("a", "") != "" {
		t.Error("suggested something for nothing")
	}
}

// Whatever an operation is called: what is suggested is a valid inventory, and maps it.
func TestSuggestIsValid(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]{0,30}`), rapid.SampledFrom([]string{"true", "null", "~", "1", "- a", "a: b", "#", "'", "\"\\", "\t", "x ", "*", "&a", "🙂", "\u2028"}))
	rapid.Check(t, func(t *rapid.T) {
		service, name, log := text.Draw(t, "service"), text.Draw(t, "name"), rapid.Bool().Draw(t, "log")
		kind := felt.SpanKind(rapid.IntRange(0, 5).Draw(t, "kind"))
		if !utf8.ValidString(service) || !utf8.ValidString(name) {
			return
		}
		if yaml := rules.Suggest(service, name, kind, log); yaml != "" {
			set := loaded(t, yaml)
			if len(set.Select(log, service, name, kind)) != 1 {
				t.Errorf("%q does not map %q %q", yaml, service, name)
			}
		}
		if yaml := rules.SuggestInteraction("", name); yaml != "" {
			if set := loaded(t, yaml); len(set.Steps("any", name)) != 1 {
				t.Errorf("%q does not map %q", yaml, name)
			}
		}
	})
}

func loaded(t *rapid.T, yaml string) *rules.Set {
	set, problems := rules.Load(felt.Inventory{Files: []felt.InventoryFile{{Name: "a.yaml", Text: yaml}}})
	if set == nil || len(problems) > 0 {
		t.Fatalf("%q: %v", yaml, problems)
	}
	return set
}

func TestNear(t *testing.T) {
	set := load(t, `journeys:
  - {name: pay, match: {span: {service: payment, name: POST /pay, kind: server, attributes: {card: {exists: true}}}}}
  - {name: slow, match: {span: {service: payment, longer_than: 2s, status: error, http_status: {prefix: 5}}}}
  - {name: other, match: {span: {service: unrelated, name: nothing}}}
  - {name: logged, match: {log: {service: payment}}}
`)
	got := set.Near(&rules.Event{
		Service: "paymnt", Name: "POST /pay", Kind: felt.SpanServer, Duration: felt.Second,
		Attribute: func(string) (string, bool) { return "", false },
	})
	want := []rules.Miss{
		{Rule: "pay/pay", Journey: "pay", Step: "pay", Held: 2, Failures: []rules.MissFailure{
			{What: "service", Want: `"payment"`, Actual: "paymnt"}, {What: "attributes.card", Want: "present", Absent: true},
		}},
		{Rule: "slow/slow", Journey: "slow", Step: "slow", Failures: []rules.MissFailure{
			{What: "service", Want: `"payment"`, Actual: "paymnt"},
			{What: "status", Want: "error", Actual: "unset"},
			{What: "http_status", Want: `prefix "5"`, Absent: true},
			{What: "longer_than", Want: "2s", Actual: "1s"},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := set.Near(&rules.Event{Service: "zzz", Name: "yyy"}); len(got) != 0 {
		t.Errorf("nothing is near, but %v", got)
	}
	var many strings.Builder
	many.WriteString("journeys:\n")
	for i := range 20 {
		fmt.Fprintf(&many, "  - {name: j%d, match: {span: {service: a, name: n%d}}}\n", i, i)
	}
	if got := load(t, many.String()).Near(&rules.Event{Service: "a", Name: "b"}); len(got) != 5 || got[0].Rule != "j0/j0" {
		t.Errorf("got %d, want the first five", len(got))
	}
}

func TestIdentityKeys(t *testing.T) {
	if diff := cmp.Diff(slices.Sorted(maps.Keys(otlp.IdentityKeys())), rules.IdentityKeys()); diff != "" {
		t.Errorf("core/otlp hashes other attributes (-otlp +rules):\n%s", diff)
	}
}
