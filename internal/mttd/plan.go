package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/shell/simulate"
)

// kind is a kind of fault as it is planned, in turn.
type kind struct {
	name    string
	harmful bool     // customers are hurt by it, so somebody should be told
	apps    []string // that can have it; nil: any of the fleet
	more    string   // further keys of its YAML; APP is its app
}

// kinds are all that a world knows. Late and skewed data hurt nobody, and one noisy customer is not the
// news: those must wake nobody.
func kinds() []kind {
	return []kind{
		{name: "bad_release", harmful: true, more: "service: APP-api"},
		{name: "region_down", harmful: true, more: "segment: {region: REGION}"},
		{name: "slow_third_party", harmful: true, more: "peer: postgresql"},
		{name: "silent_outage", harmful: true},
		{name: "frontend_error", harmful: true, more: "segment: {browser: BROWSER}"},
		{name: "noisy_customer", more: "interactions: [open order]"},
		{name: "flapping", harmful: true, more: "period: 1m"},
		{name: "creeping_saturation", harmful: true, more: "service: APP-api"},
		{name: "paper_cuts", harmful: true, more: "share: 0.15"},
		{name: "async_failures", harmful: true, apps: []string{"deploy", "dns", "media"}},
		{name: "late_and_duplicated"},
		{name: "clock_skew"},
	}
}

// harmful tells whether somebody should be told of a fault of that kind.
func harmful(name string) bool {
	for _, k := range kinds() {
		if k.name == name {
			return k.harmful
		}
	}
	return false
}

// world is the scenario: who is there, and one fault after the other, each in an app of its own among the
// busier ones of the fleet. What no app of a fleet can have strikes the shop or the hosting platform.
func world(o options) (simulate.Scenario, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "title: time to detect\nrate: %g\nshape: flat\napps:\n", o.rate)
	fmt.Fprintf(&b, "  - {kind: fleet, share: 0.86, apps: %d, interactions: %d}\n  - {kind: shop, share: 0.08}\n  - {kind: hosting, share: 0.06}\nfaults:\n", o.apps, o.interactions)
	rng := rand.New(rand.NewPCG(o.seed, 5)) //nolint:gosec // a simulation
	ranks := rng.Perm(min(o.apps, max(o.faults+o.faults/2, 1)))
	regions, browsers := []string{"eu-west", "eu-central", "us-east", "ap-south"}, []string{"chrome", "safari", "firefox"}
	all := kinds()
	turns := make([]kind, o.faults)
	for i := range turns {
		turns[i] = all[i%len(all)]
	}
	// That customers stay away is told by those who know for half an hour how many come: it is last.
	slices.SortStableFunc(turns, func(a, b kind) int {
		return cmp.Compare(strings.Count(a.name, "silent"), strings.Count(b.name, "silent"))
	})
	for i, k := range turns {
		app := fmt.Sprintf("app-%03d", ranks[i%len(ranks)]+1)
		if len(k.apps) > 0 {
			app = k.apps[i*len(k.apps)/len(turns)]
		}
		at := o.warm + time.Duration(i)*o.every
		fmt.Fprintf(&b, "  - name: f%02d %s\n    kind: %s\n    app: %s\n    start: %s\n    duration: %s\n", i+1, k.name, k.name, app, at, o.lasts)
		if k.more != "" {
			b.WriteString("    " + strings.NewReplacer("APP", app, "REGION", regions[i%len(regions)], "BROWSER", browsers[i%len(browsers)]).Replace(k.more) + "\n")
		}
	}
	s, problems := simulate.Parse("plan.yaml", b.String())
	if rules.Failed(problems) {
		return s, fmt.Errorf("the plan is wrong: %v", problems)
	}
	return s, nil
}
