package rules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// Whatever the file: no panic, every problem is in the file and of a check that is
// listed, and loading it again gives the same.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/check/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal("no fixtures", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Add(shop)
	var checks []string
	for _, c := range rules.Checks() {
		checks = append(checks, c.Name)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in := felt.Inventory{Version: 1, Files: []felt.InventoryFile{{Name: "a.yaml", Text: text}}}
		lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
		problems := rules.Check(in, rules.Options{Today: felt.Day})
		for _, p := range problems {
			if p.File != "a.yaml" || p.Message == "" || !slices.Contains(checks, p.Check) {
				t.Errorf("%+v", p)
			}
			if p.Line == 0 && p.Column == 0 {
				continue
			}
			if p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > utf8.RuneCountInString(lines[p.Line-1])+1 {
				t.Errorf("%v is outside of the file", p)
			}
		}
		set, first := rules.Load(in)
		again, second := rules.Load(in)
		if !reflect.DeepEqual(first, second) || (set == nil) != rules.Failed(first) {
			t.Fatalf("problems %v, then %v", first, second)
		}
		if set != nil && !reflect.DeepEqual(set, again) {
			t.Error("compiled twice, it differs")
		}
		if set != nil {
			ev := rules.Event{Service: "pay", Name: "a", HTTPStatus: 404}
			for _, c := range set.Select(false, "pay", "a", felt.SpanServer) {
				c.Holds(&ev)
			}
			for _, j := range set.Journeys {
				for _, st := range j.Steps {
					st.Rule(&ev)
					st.Limits(nil)
				}
			}
			set.Near(&ev)
		}
	})
}

// many is an inventory of n journeys, each with a rule of its own.
func many(n int) string {
	var b strings.Builder
	b.WriteString("journeys:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {name: j%d, match: {span: {service: s%d, name: GET /%d, attributes: {a: b}}}}\n", i, i%50, i)
	}
	return b.String()
}

// What rules cost the spans that none matches: /select is asked once for an operation;
// /cached is every span of it.
func BenchmarkUnmatched(b *testing.B) {
	for _, n := range []int{20, 2000} {
		set := load(b, many(n))
		b.Run(fmt.Sprintf("%d/select", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if set.Select(false, "s1", "POST /other", felt.SpanServer) != nil {
					b.Fatal("selected")
				}
			}
		})
		b.Run(fmt.Sprintf("%d/cached", n), func(b *testing.B) {
			b.ReportAllocs()
			cached := [][]rules.Candidate{set.Select(false, "s1", "POST /other", felt.SpanServer)}
			ev := rules.Event{Service: "s1", Name: "POST /other"}
			for b.Loop() {
				for i := range cached[0] {
					cached[0][i].Holds(&ev)
				}
			}
		})
	}
}

func BenchmarkHolds(b *testing.B) {
	set := load(b, `journeys: [{name: a, match: {span: {service: s, http_status: {prefix: 4}, grpc_status: {not: OK}, attributes: {a: {regex: "^b+$"}, c: {one_of: [d, e]}}}}}]`)
	list := set.Select(false, "s", "n", felt.SpanServer)
	ev := rules.Event{Service: "s", HTTPStatus: 404, Attribute: func(k string) (string, bool) {
		switch k {
		case "a":
			return "bbb", true
		case "c":
			return "e", true
		}
		return "", false
	}}
	b.ReportAllocs()
	for b.Loop() {
		if !list[0].Holds(&ev) {
			b.Fatal("does not hold")
		}
	}
}

func BenchmarkLoad2000(b *testing.B) {
	in := felt.Inventory{Files: []felt.InventoryFile{{Name: "a.yaml", Text: many(2000)}}}
	for b.Loop() {
		if set, _ := rules.Load(in); set == nil {
			b.Fatal("not loaded")
		}
	}
}
