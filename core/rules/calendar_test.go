package rules_test

import (
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

func TestCalendar(t *testing.T) {
	set, problems := rules.Load(felt.Inventory{Files: []felt.InventoryFile{{Name: "felt.yaml", Text: `
journeys: [{name: checkout}, {name: search}]
calendar:
  - {name: night work, from: "2026-11-22T01:00+01:00", to: "2026-11-22T04:00+01:00", every: week, expect: anything, journeys: [checkout]}
  - {name: Black Friday, from: 2026-11-27, to: 2026-11-30, every: year, expect: more, factor: 3}
  - {name: pay day, from: 2026-01-31, to: 2026-01-31, every: month, expect: more, factor: 1.5}
  - {name: strike, from: 2026-12-01, to: 2026-12-01, expect: fewer, factor: 0.2}
`}}})
	if set == nil {
		t.Fatal(problems)
	}
	for _, c := range []struct {
		at, journey string
		want        float64
	}{
		{"2026-11-21T23:59:59Z", "checkout", 1},
		{"2026-11-22T00:00:00Z", "checkout", rules.NotJudged},
		{"2026-11-22T02:59:59Z", "checkout", rules.NotJudged},
		{"2026-11-22T03:00:00Z", "checkout", 1},
		{"2026-11-22T00:00:00Z", "search", 1},
		{"2026-11-22T00:00:00Z", "", 1},
		{"2026-11-29T00:30:00Z", "checkout", rules.NotJudged}, // the first that holds
		{"2026-11-15T00:30:00Z", "checkout", 1},               // before the first
		{"2026-11-29T00:30:00Z", "search", 3},
		{"2026-11-26T23:59:59Z", "", 1},
		{"2026-11-27T00:00:00Z", "", 3},
		{"2026-11-30T23:59:59Z", "", 3},
		{"2026-12-01T00:00:00Z", "", 0.2},
		{"2026-12-02T00:00:00Z", "", 1},
		{"2027-12-01T00:00:00Z", "", 1},
		{"2027-11-28T12:00:00Z", "", 3},
		{"2025-11-28T12:00:00Z", "", 1},
		{"2026-01-31T12:00:00Z", "", 1.5},
		{"2026-03-31T12:00:00Z", "", 1.5},
		{"2026-03-30T12:00:00Z", "", 1},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := set.Expected(felt.InstantOf(at), c.journey); got != c.want {
			t.Errorf("%s of %q: %g, want %g", c.at, c.journey, got, c.want)
		}
	}
}
