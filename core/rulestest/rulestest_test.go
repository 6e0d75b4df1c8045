package rulestest_test

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rulestest"
)

// TestExamples runs the tests that ship with the examples.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/*_test.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("examples: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			r := rulestest.Run("x/test.yaml", read(t, file), felt.Inventory{Files: []felt.InventoryFile{
				{Name: "x/inventory.yaml", Text: read(t, filepath.Join(filepath.Dir(file), "inventory.yaml"))},
				{Name: "x/sinks.yaml", Text: read(t, filepath.Join(filepath.Dir(file), "sinks.yaml"))},
			}})
			for _, p := range r.Problems {
				t.Error(p)
			}
			for _, f := range r.Failures {
				t.Errorf("%s:%d: %s: %s", path.Base(file), f.Line, f.Case, f.Message)
			}
			if r.Cases == 0 {
				t.Error("nothing was run")
			}
		})
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const inventory = `
journeys:
  - name: buy
    steps: [{name: cart}, {name: pay}]
`

// TestRun holds the runner to what it says of tests that are right and wrong.
func TestRun(t *testing.T) {
	const acts = `
    customers:
      - user: ann
        session: s
        does: [{at: 0s, interaction: cart}, {at: 10s, interaction: pay, outcome: failed}, {at: 20s, interaction: pay}]
    expect:
`
	for _, c := range []struct{ name, expect, want string }{
		{"as expected", `      journeys: [{name: buy, outcome: degraded, reason: retried, customer: ann, steps: {cart: success, pay: success}}]`, ""},
		{"count", `      interactions: [{name: cart}, {name: pay, count: 2}]`, ""},
		{"the particular line first", `      interactions: [{name: pay}, {name: pay, outcome: failed}, {name: cart}]`, ""},
		{"another outcome", `      journeys: [{name: buy, outcome: success}]`, `outcome is "degraded", want "success"`},
		{"another step", `      journeys: [{name: buy, steps: {cart: failed}}]`, "step cart is success, want failed"},
		{"no such step", `      journeys: [{name: buy, steps: {box: failed}}]`, `it has no step "box"`},
		{"one too many", `      interactions: [{name: cart}, {name: pay}]`, "interaction not expected: pay"},
		{"one too few", `      interactions: [{name: cart}, {name: pay, count: 3}]`, "1 too few of: interaction name=pay"},
		{"none at all", `      journeys: []`, "journey not expected: buy"},
		{"customers", `      customers: [{of: pay, total: 1, failed: 0}]`, "failed customers of pay: 1, want 0"},
		{"nothing expected", `      {}`, "expects nothing"},
		{"unknown key", `      journey: []`, `no key "journey" (did you mean "journeys"?)`},
		{"unknown word", `      journeys: [{outcome: great}]`, `outcome: "great" is not known`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rulestest.Run("buy_test.yaml", "tests:\n  - name: t"+acts+c.expect+"\n", felt.Inventory{Files: []felt.InventoryFile{{Name: "buy.yaml", Text: inventory}}})
			var said []string
			for _, p := range r.Problems {
				said = append(said, p.String())
			}
			for _, f := range r.Failures {
				if f.Line == 0 {
					t.Errorf("no line: %+v", f)
				}
				said = append(said, f.Message)
			}
			all := strings.Join(said, "\n")
			if (c.want == "") != r.OK() || !strings.Contains(all, c.want) {
				t.Errorf("want %q, got:\n%s", c.want, all)
			}
		})
	}
}
