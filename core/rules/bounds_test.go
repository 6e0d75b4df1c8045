package rules

import (
	"fmt"
	"regexp/syntax"
	"runtime"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
)

// TestProgramSize: what is estimated is never less than what compiling gives, and not much more.
func TestProgramSize(t *testing.T) {
	for _, text := range []string{
		"", "a", "abc", "a*", "(a*)*", "a+", "a?", "a|b|cd", "abc|abd", "(a|b){3}", "(a|b){3,}", "(a|b){2,9}", "(a|b){0,9}", "a{0}", "(?:)|a", "(|a)*", "(|a)+",
		`^POST /v[12]/payments$`, `\pL{2,30}`, `(?i)hello`, `.*\bx\B`, `(?s).+`, `((a{9}){9}){9}`, `N(a|b){999}c{999}`, `[^a]{0,1000}`, `(a?){50}`, `(?U)a+?b*?`, `(x(y(z)?)?)?`,
	} {
		tree, err := syntax.Parse(text, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := programSize(tree)
		prog, err := syntax.Compile(tree.Simplify())
		if err != nil {
			t.Fatal(err)
		}
		if real := len(prog.Inst) - 2; got < real || got > 3*real+8 {
			t.Errorf("%s: %d instructions, estimated %d", text, real, got)
		}
	}
}

// TestCostlyRegexes: the largest text that the API takes takes no memory worth naming, and with it no time.
func TestCostlyRegexes(t *testing.T) {
	for name, regex := range map[string]string{
		"programs": "N(a|b){999}c{999}", "just below": "N(a|b){300}c{300}", "tables": strings.Repeat(`\pL`, 60), "repeated tables": `^\pL{1,990}$`,
	} {
		var b strings.Builder
		b.WriteString("journeys: [{name: a, match: {any: [")
		for b.Len() < 1<<20-700 {
			fmt.Fprintf(&b, "{span: {name: {regex: '%s'}}},", regex)
		}
		b.WriteString("]}}]")
		in := felt.Inventory{Files: []felt.InventoryFile{{Name: "a.yaml", Text: b.String()}}}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		problems := Check(in, Options{})
		set, _ := Load(in)
		runtime.ReadMemStats(&after)
		bytes := after.TotalAlloc - before.TotalAlloc
		if set != nil || !Failed(problems) || bytes > 1<<30 {
			t.Errorf("%s: %d MiB allocated by two reads, %d problems, set %v", name, bytes>>20, len(problems), set != nil)
		}
	}
}

// TestBounds: what is too much is said once, with its place.
func TestBounds(t *testing.T) {
	check := func(text string) string {
		in := felt.Inventory{Files: []felt.InventoryFile{{Name: "a.yaml", Text: text}}}
		if set, _ := Load(in); set != nil {
			t.Errorf("loaded: %.80s", text)
		}
		var lines []string
		for _, p := range Check(in, Options{}) {
			if p.Severity == SeverityError {
				lines = append(lines, p.String())
			}
		}
		return strings.Join(lines, "\n")
	}
	pattern := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "{span: {name: n%d}}, ", i)
		}
		return "match: {any: [" + b.String() + "]}"
	}
	if got := check("journeys:\n  - name: a\n    " + pattern(maxConditions+1)); !strings.Contains(got, "a.yaml:3:") || !strings.Contains(got, "201 conditions") || strings.Count(got, "too-many-conditions") != 1 {
		t.Error(got)
	}
	var many strings.Builder
	many.WriteString("journeys:\n")
	for i := range maxConditionsIn/maxConditions + 1 {
		fmt.Fprintf(&many, "  - {name: j%d, app: a%d, %s}\n", i, i, pattern(maxConditions))
	}
	if got := check(many.String()); !strings.Contains(got, "a.yaml:102:") || strings.Count(got, "more than 20000 conditions") != 1 {
		t.Errorf("%.300s", got)
	}
	long := strings.Repeat("a", maxRegex+1)
	if got := check("journeys: [{name: a, match: {span: {name: {regex: " + long + "}}}}]"); !strings.Contains(got, "513 bytes, more than 512") || strings.Contains(got, "aaa") {
		t.Error(got)
	}
}
