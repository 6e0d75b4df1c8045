package rules_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// docs/inventory.schema.json is what Schema says: go test ./core/rules -run Schema -update
func TestSchema(t *testing.T) {
	const file = "../../docs/inventory.schema.json"
	golden(t, file, string(rules.Schema()))
	var doc map[string]any
	if err := json.Unmarshal(rules.Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	defs := doc["$defs"].(map[string]any)
	// Every reference leads somewhere, every key is described, every map of keys is closed.
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case []any:
			for _, i := range v {
				walk(path, i)
			}
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				if _, ok := defs[strings.TrimPrefix(ref, "#/$defs/")]; !ok {
					t.Errorf("%s: %s leads nowhere", path, ref)
				}
			}
			if props, ok := v["properties"].(map[string]any); ok {
				if v["additionalProperties"] != false {
					t.Errorf("%s takes further keys", path)
				}
				for k, p := range props {
					if d, _ := p.(map[string]any)["description"].(string); len(d) < 5 {
						t.Errorf("%s.%s has no description", path, k)
					}
				}
			}
			for k, i := range v {
				walk(path+"."+k, i)
			}
		}
	}
	walk("", doc)
}

// What a number may be is written as decoding reads it.
func TestRanges(t *testing.T) {
	for _, want := range []string{`"minimum": 1,`, `"exclusiveMaximum": 1,`, `"exclusiveMinimum": 0,`, `"maxItems": 8,`} {
		if !strings.Contains(string(rules.Schema()), want) {
			t.Errorf("the schema lacks %s", want)
		}
	}
}

// The reference for people has a section of its own for every check, and its tables are
// made of the schema's tags.
func TestReference(t *testing.T) {
	const file = "../../docs/inventory.md"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for name, want := range rules.ReferenceTables() {
		begin, end := "<!-- "+name+" -->\n", "<!-- end -->"
		at := strings.Index(text, begin)
		if at < 0 {
			t.Errorf("%s has no place for the table %s", file, name)
			continue
		}
		at += len(begin)
		stop := at + strings.Index(text[at:], end)
		if text[at:stop] == want {
			continue
		}
		if !*update {
			t.Errorf("the table %s is not what the schema says: go test ./core/rules -run Reference -update", name)
			continue
		}
		text = text[:at] + want + text[stop:]
	}
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	names := []string{}
	for name := range rules.ReferenceTables() {
		names = append(names, name)
	}
	if !slices.Contains(names, "checks") || !slices.Contains(names, "Journey") {
		t.Errorf("tables %v", names)
	}
}

// The examples of the reference are what they say: right.
func TestReferenceExamples(t *testing.T) {
	for file, least := range map[string]int{"inventory.md": 6, "sinks.md": 3, "incidents.md": 1} {
		b, err := os.ReadFile("../../docs/" + file)
		if err != nil {
			t.Fatal(err)
		}
		blocks := strings.Split(string(b), "```yaml\n")[1:]
		if len(blocks) < least {
			t.Fatalf("%s: only %d examples", file, len(blocks))
		}
		for _, block := range blocks {
			text, _, _ := strings.Cut(block, "```")
			if strings.HasPrefix(text, "#") {
				continue
			}
			whole := slices.ContainsFunc([]string{"journeys:", "sinks:", "maintenance:", "impact_score:"}, func(key string) bool { return strings.HasPrefix(text, key) })
			if !whole { // a part of a journey
				text = "journeys:\n  - name: a\n    " + strings.ReplaceAll(text, "\n", "\n    ")
				if strings.Contains(text, "action_plan") {
					text += "\n    steps: [{name: pay}]"
				}
			}
			for _, p := range rules.Check(felt.Inventory{Files: []felt.InventoryFile{{Name: file, Text: text}}}, rules.Options{}) {
				t.Errorf("%v in\n%s", p, text)
			}
		}
	}
}
