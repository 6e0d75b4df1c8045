package rules_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

var update = flag.Bool("update", false, "write the golden files anew")

// options of the fixtures of one check: small limits, and a day only where it matters.
func options(check string) rules.Options {
	switch check {
	case "file-too-large":
		return rules.Options{MaxFile: 1000}
	case "too-many-journeys":
		return rules.Options{MaxJourneys: 2}
	case "too-many-days":
		return rules.Options{MaxDays: 1}
	case "too-many-sinks":
		return rules.Options{MaxSinks: 1}
	case "too-many-steps":
		return rules.Options{MaxSteps: 2}
	case "not-reviewed", "past-maintenance":
		return rules.Options{Today: felt.InstantOf(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))}
	}
	return rules.Options{}
}

func checkFile(t *testing.T, check, name string) []rules.Problem {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/check", name))
	if err != nil {
		t.Fatal(err)
	}
	return rules.Check(felt.Inventory{Files: []felt.InventoryFile{{Name: name, Text: string(text)}}}, options(check))
}

// Every check has a file that passes and a file that does not, with all that is said about it.
func TestChecks(t *testing.T) {
	for _, c := range rules.Checks() {
		if c.Name == "duplicate-file" || c.Name == "given-twice" { // need two: TestSeveralFiles, TestGivenTwice
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			if got := checkFile(t, c.Name, c.Name+"_good.yaml"); len(got) > 0 {
				t.Errorf("the good file has problems: %v", got)
			}
			var lines []string
			found := false
			for _, p := range checkFile(t, c.Name, c.Name+"_bad.yaml") {
				lines = append(lines, p.String()+"\n")
				if p.Check == c.Name {
					found = true
					if p.Severity != c.Severity {
						t.Errorf("%v: want severity %s", p, c.Severity)
					}
				}
			}
			if !found {
				t.Errorf("the bad file is not found: %v", lines)
			}
			golden(t, filepath.Join("testdata/check", c.Name+"_bad.golden"), strings.Join(lines, ""))
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// Fixtures without a check, and checks that nothing lists, are mistakes.
func TestChecksAreListed(t *testing.T) {
	var names []string
	for _, c := range rules.Checks() {
		names = append(names, c.Name)
		if c.About == "" || c.Severity != rules.SeverityError && c.Severity != rules.SeverityWarning {
			t.Errorf("%+v says too little", c)
		}
	}
	files, err := os.ReadDir("testdata/check")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		check, _, _ := strings.Cut(f.Name(), "_")
		if !slices.Contains(names, check) {
			t.Errorf("%s is of no check", f.Name())
			continue
		}
		for _, p := range checkFile(t, check, f.Name()) {
			if strings.HasSuffix(f.Name(), ".yaml") && !slices.Contains(names, p.Check) {
				t.Errorf("%v: the check is not listed", p)
			}
		}
	}
}

func TestSeveralFiles(t *testing.T) {
	in := felt.Inventory{Files: []felt.InventoryFile{
		{Name: "b.yaml", Text: "journeys: [{name: a, purpos: x}]"},
		{Name: "a.yaml", Text: "journeys: [{name: a}, {name: b, timeout: 5}]\n"},
		{Name: "b.yaml", Text: "journeys: []"},
	}}
	var got []string
	for _, p := range rules.Check(in, rules.Options{}) {
		got = append(got, p.String())
	}
	want := []string{
		`a.yaml:1:42: error: timeout: 5 has no unit (did you mean 5s or 5m?) [bad-duration]`,
		`b.yaml: error: the file is given twice [duplicate-file]`,
		`b.yaml:1:19: error: journey "a" is there twice; first in a.yaml:1 (give it another name or another app) [duplicate-journey]`,
		`b.yaml:1:22: error: a journey has no key "purpos" (did you mean "purpose"?) [unknown-key]`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	set, problems := rules.Load(in)
	if set != nil || !rules.Failed(problems) {
		t.Errorf("loaded %v", set)
	}
	if inv, _ := rules.Parse(in); len(inv.Journeys) != 3 || inv.Journeys[1].Name != "b" {
		t.Errorf("parsed %+v", inv)
	}
}

// What only warns is taken, and an inventory without files is an empty set.
func TestWarningsLoad(t *testing.T) {
	set, problems := rules.Load(felt.Inventory{Version: 3, Files: []felt.InventoryFile{{Name: "a.yaml", Text: "# soon\n"}}})
	if set == nil || len(problems) != 1 || set.Version != 3 || len(set.Journeys) != 0 {
		t.Errorf("got %v, %v", set, problems)
	}
	set, problems = rules.Load(felt.Inventory{})
	if set == nil || len(problems) != 0 || set.Steps("a", "b") != nil || set.Select(false, "a", "b", 0) != nil || set.App("a", "b") != "" {
		t.Errorf("got %v, %v", set, problems)
	}
}
