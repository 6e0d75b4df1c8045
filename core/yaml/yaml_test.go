package yaml_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/felt-cx/felt/core/yaml"
)

// dump writes a node with its places: what a test wants to see of it.
func dump(n *yaml.Node) string {
	if n == nil {
		return "-"
	}
	at := fmt.Sprintf("%d:%d ", n.Pos.Line, n.Pos.Column)
	switch n.Kind {
	case yaml.Map:
		var parts []string
		for _, e := range n.Entries {
			parts = append(parts, fmt.Sprintf("%d:%d %s=%s", e.Pos.Line, e.Pos.Column, e.Key, dump(e.Value)))
		}
		return at + "{" + strings.Join(parts, ", ") + "}"
	case yaml.List:
		var parts []string
		for _, i := range n.Items {
			parts = append(parts, dump(i))
		}
		return at + "[" + strings.Join(parts, ", ") + "]"
	case yaml.Null, yaml.Text, yaml.Number, yaml.Bool:
	}
	return fmt.Sprintf("%s%s %q", at, n.Kind, n.Text)
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", "-"},
		{"a comment", "# nothing\n\n", "-"},
		{"only a mark", "---\n", "-"},
		{"a map", "a: 1\nb: two\n", `1:1 {1:1 a=1:4 a number "1", 2:1 b=2:4 text "two"}`},
		{"one key", "a: true", `1:1 {1:1 a=1:4 a flag "true"}`},
		{"nested", "a:\n  - b: 1.5\n    c: ~\n  - d:\n", `1:1 {1:1 a=2:3 [2:5 {2:5 b=2:8 a number "1.5", 3:5 c=3:8 nothing "~"}, 4:5 {4:5 d=4:5 nothing ""}]}`},
		{"flow", "a: {b: [x, 'y'], c: \"z\"}", `1:1 {1:1 a=1:4 {1:5 b=1:8 [1:9 text "x", 1:12 text "y"], 1:18 c=1:21 text "z"}}`},
		{"letters beyond ASCII", "ä: {ö: ü, x: y}", `1:1 {1:1 ä=1:4 {1:5 ö=1:8 text "ü", 1:11 x=1:14 text "y"}}`},
		{"block text", "a: |\n  b\n  c\nd: 1", `1:1 {1:1 a=1:4 text "b\nc\n", 4:1 d=4:4 a number "1"}`},
		{"carriage returns", "a: 1\r\nb: 2\r\n", `1:1 {1:1 a=1:4 a number "1", 2:1 b=2:4 a number "2"}`},
		{"byte order mark", "\ufeffa: 1", `1:1 {1:1 a=1:4 a number "1"}`},
		{"words that are no flags in YAML 1.2", "a: yes\nb: no\nc: on", `1:1 {1:1 a=1:4 text "yes", 2:1 b=2:4 text "no", 3:1 c=3:4 text "on"}`},
		{"a date is text", "a: 2026-10-01", `1:1 {1:1 a=1:4 text "2026-10-01"}`},
		{"numbers as written", "a: 0x1F\nb: 007\nc: 1e3\nd: 1_000", `1:1 {1:1 a=1:4 a number "0x1F", 2:1 b=2:4 a number "007", 3:1 c=3:4 text "1e3", 4:1 d=4:4 a number "1_000"}`},
		{"keys that are no text", "404: a\ntrue: b", `1:1 {1:1 404=1:6 text "a", 2:1 true=2:7 text "b"}`},
		{"a scalar", "x", `1:1 text "x"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, errs := yaml.Parse(c.in)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			if got := dump(n); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"anchor and alias", "a: &x 1\nb: *x", "1:4: anchors, 2:4: anchors"},
		{"merge key", "a:\n  <<: {b: 1}", "2:3: anchors"},
		{"tag", "a: !!str 1", "1:4: tags"},
		{"directive", "%YAML 1.2\n---\na: 1", "1:1: directives"},
		{"two documents", "a: 1\n---\nb: 1", "3:2: a second document"},
		{"keys given twice, all of them", "a: 1\nb: {c: 1, c: 2}\na: 3", `2:11: the key "c" is given twice; first on line 2, 3:1: the key "a" is given twice; first on line 1`},
		{"not YAML", "a: [1", "1:4: "},
		{"tab", "a:\n\tb: 1", "2:1: indent with spaces"},
		{"tab further on", "a:\n  b: 1\n\tc: 2\n", "3:1: indent with spaces"},
		{"tab in a list", "a:\n  - x: 1\n\t- y: 1\n", "3:1: indent with spaces"},
		{"tab behind spaces", "a:\n  b:\n  \tc: 1\n", "3:3: indent with spaces"},
		{"tab elsewhere", "a:\n  b: 1\nc: [1", "3:4: "},
		{"not UTF-8", "a: 1\nb: \xff", "2:4: this is not UTF-8"},
		{"control character", "a: \x00", "1:4: the control character U+0000"},
		{"a map as key", "? {a: 1}\n: b", "2:1: found an invalid key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, errs := yaml.Parse(c.in)
			if n != nil || len(errs) == 0 {
				t.Fatalf("taken as %s", dump(n))
			}
			wants := strings.Split(c.want, ", ")
			if len(wants) != len(errs) {
				t.Fatalf("errors %v, want %q", errs, c.want)
			}
			for i, w := range wants {
				if !strings.HasPrefix(errs[i].Error(), w) {
					t.Errorf("error %q, want %q", errs[i], w)
				}
			}
		})
	}
}

// What is small to send must be cheap to refuse.
func TestHostile(t *testing.T) {
	const n = 200_000
	var deep strings.Builder
	for i := range 400 {
		deep.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for name, in := range map[string]string{
		"lists in lists":        strings.Repeat("[", n),
		"maps in maps":          strings.Repeat("{a: ", n),
		"dashes":                strings.Repeat("- ", n),
		"question marks":        strings.Repeat("? ", n),
		"keys on one line":      strings.Repeat("a: ", n),
		"deep blocks":           deep.String(),
		"closed again":          strings.Repeat("[", n) + strings.Repeat("]", n),
		"colons":                strings.Repeat(":", n),
		"anchors":               strings.Repeat("&a ", n),
		"tags":                  strings.Repeat("!a ", n),
		"quotes":                strings.Repeat(`"`, n),
		"a wide map":            "a: {" + strings.Repeat("b: 1, ", n/8) + "}",
		"a wide list":           "a: [" + strings.Repeat("b, ", n/4) + "b]",
		"a long text":           "a: " + strings.Repeat("b", n),
		"many lines of one key": strings.Repeat("a: 1\n", n/8),
		"many lines of text":    "a: |\n" + strings.Repeat("  b\n", n/4),
		"lines without a key":   strings.Repeat("b\n", n/4),
		"comments":              strings.Repeat("# c\n", n/4),
		"billion laughs":        "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n",
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			yaml.Parse(in)
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("took %v", took)
			} else {
				t.Log(took)
			}
		})
	}
	if _, errs := yaml.Parse(strings.Repeat("x", yaml.MaxBytes+1)); len(errs) != 1 {
		t.Errorf("too large: %v", errs)
	}
	keys := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for _, format := range []string{"a%d: 1\n", "a%d:\n  b: 1\n", "a%d: {b: 1, c: 1}\n"} {
		if _, errs := yaml.Parse(keys(yaml.MaxKeys, format)); len(errs) != 0 {
			t.Errorf("%d keys: %v", yaml.MaxKeys, errs)
		}
		if _, errs := yaml.Parse(keys(yaml.MaxKeys+1, format)); len(errs) != 1 {
			t.Errorf("%d keys: %v, want one error", yaml.MaxKeys+1, errs)
		}
	}
	if _, errs := yaml.Parse("- {" + keys(yaml.MaxKeys+1, "a%d: 1,") + "}"); len(errs) != 1 {
		t.Errorf("%d keys in braces: %v, want one error", yaml.MaxKeys+1, errs)
	}
	if n, errs := yaml.Parse(keys(3*yaml.MaxKeys, "- {a%d: 1, b: 2}\n")); len(errs) != 0 || len(n.Items) != 3*yaml.MaxKeys {
		t.Errorf("a long list of maps: %v", errs)
	}
	if _, errs := yaml.Parse(keys(3*yaml.MaxKeys, "- a%d: 1\n  b: 2\n")); len(errs) != 0 {
		t.Errorf("a long list of block maps: %v", errs)
	}
	within := strings.Repeat("[", yaml.MaxDepth) + strings.Repeat("]", yaml.MaxDepth)
	if _, errs := yaml.Parse(within); len(errs) != 0 {
		t.Errorf("%d deep: %v", yaml.MaxDepth, errs)
	}
	if _, errs := yaml.Parse("[" + within + "]"); len(errs) != 1 {
		t.Errorf("%d deep: %v, want one error", yaml.MaxDepth+1, errs)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "a: b", "a: [b, {c: d}]", "- x", "a: &x 1\nb: *x", "\x00", "a:\n\t- b", "? a\n: b", "a: |\n b", "---\n---\n", "'", "a: \"\\u00e4\"", "a: >-\n  b\n\n  c\n", "&a", "!", "{a", "%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, errs := yaml.Parse(s)
		if n != nil && len(errs) > 0 {
			t.Fatal("a node and errors")
		}
		lines := strings.Split(strings.TrimPrefix(s, "\ufeff"), "\n")
		inside := func(p yaml.Pos) {
			if p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > utf8.RuneCountInString(lines[p.Line-1])+1 {
				t.Errorf("%v is outside of the text", p)
			}
		}
		for _, e := range errs {
			inside(e.Pos)
		}
		var walk func(n *yaml.Node)
		walk = func(n *yaml.Node) {
			inside(n.Pos)
			for _, i := range n.Items {
				walk(i)
			}
			for _, e := range n.Entries {
				inside(e.Pos)
				walk(e.Value)
			}
		}
		if n != nil {
			walk(n)
		}
	})
}
