package rulestest_test

import (
	"strings"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rulestest"
)

const watched = `
journeys:
  - name: buy
    app: shop
    criticality: 5
    steps: [{name: cart}, {name: pay}]
sinks:
  - {name: all, kind: webhook, url: {env: A}, secret: {env: K}}
  - {name: shop, kind: slack_webhook, url: {env: A}, when: {journeys: [buy], min_score: 30}}
  - {name: calm, kind: slack_webhook, url: {env: A}, when: {priorities: [P5]}}
  - {name: alive, kind: heartbeat, url: {env: A}}
`

// TestIncidents: an outage of a shop without a past opens an incident, and the test says of whom, how soon
// and who is told; the same shop without one opens none.
func TestIncidents(t *testing.T) {
	const good = `
      - {user: ann, session: s, count: 300, every: 2s, does: [{at: 0s, interaction: cart, app: shop}, {at: 5s, interaction: pay, app: shop}]}`
	const bad = good + `
      - {user: bob, session: b, count: 120, every: 1s, does: [{at: 660s, interaction: cart, app: shop}, {at: 665s, interaction: pay, app: shop, outcome: failed}]}`
	for _, c := range []struct{ name, customers, expect, want string }{
		{"a quiet day", good, `[]`, ""},
		{"nothing is wrong, and somebody expects it", good, `[{of: pay}]`, "no incident: of=pay"},
		{"an outage", bad, `[{app: shop, kind: failed, status: open, customers: 100, within: 14m, sinks: [shop, all]}]`, ""},
		{"nobody expects it", bad, `[]`, "incident not expected: failed of "},
		{"of something else", bad, `[{of: search}]`, `it is about `},
		{"of another kind", bad, `[{kind: slow}]`, `kind is "failed", want "slow"`},
		{"more customers", bad, `[{customers: 500}]`, "customers failed, want 500 at least"},
		{"sooner", bad, `[{within: 1m}]`, "after the test began, want 60s at most"},
		{"told to nobody", bad, `[{sinks: []}]`, "told was all, shop, want nobody"},
		{"told to others", bad, `[{sinks: [calm]}]`, "told was all, shop, want calm"},
		{"a word that is none", bad, `[{kind: broken}]`, `"broken" is not known`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rulestest.Run("buy_test.yaml", "tests:\n  - name: t\n    customers:"+c.customers+"\n    until: 2m\n    expect:\n      incidents: "+c.expect+"\n",
				felt.Inventory{Files: []felt.InventoryFile{{Name: "buy.yaml", Text: watched}}})
			var said []string
			for _, p := range r.Problems {
				said = append(said, p.String())
			}
			for _, f := range r.Failures {
				said = append(said, f.Message)
			}
			all := strings.Join(said, "\n")
			if (c.want == "") != r.OK() || !strings.Contains(all, c.want) {
				t.Errorf("want %q, got:\n%s", c.want, all)
			}
		})
	}
}
