package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/shell/simulate"
)

// monday is 2026-06-01 00:00 UTC.
const monday felt.Instant = 1_780_272_000 * felt.Second

// harmless is so small a share of tries that none is harmed in a month.
const harmless = "0.000000000001"

// The apps of the fleet, and the interactions of each.
const (
	fleetApps         = 6
	fleetInteractions = 10
)

// fault is a name: that of the fault which tests let strike.
const fault = "payments fail"

// world is a scenario in which much happens and nothing is wrong.
func world(o options) (simulate.Scenario, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "title: a quiet month\nrate: %g\napps:\n", o.rate)
	b.WriteString("  - {kind: shop, share: 2}\n  - {kind: hosting}\n")
	fmt.Fprintf(&b, "  - {kind: fleet, apps: %d, interactions: %d}\n", fleetApps, fleetInteractions)
	b.WriteString("faults:\n")
	// What is released is another version in telemetry, and fails as rarely as the one before.
	for i, r := range []struct {
		app, service string
		more         string
		start, every int // hours
	}{
		{"shop", "checkout-api", "", 9, 48},
		{"shop", "web", "share: 0.2", 34, 72},
		{"identity", "auth", "quiet: true", 58, 120},
		{"deploy", "builder", "", 14, 96},
		{"panel", "panel-web", "", 40, 168},
		{"app-001", "app-001-api", "", 11, 48},
		{"app-002", "app-002-core", "quiet: true", 64, 96},
	} {
		fmt.Fprintf(&b, "  - name: release %d\n    kind: bad_release\n    app: %s\n    service: %s\n    version: 2026.12.%d\n    strength: %s\n    start: %dh\n    duration: %dh\n    every: %dh\n",
			i, r.app, r.service, i, harmless, r.start, r.every/3, r.every)
		if r.more != "" {
			fmt.Fprintf(&b, "    %s\n", r.more)
		}
	}
	b.WriteString("  - {name: late, kind: late_and_duplicated, start: 20h, duration: 10m, every: 60h}\n")
	b.WriteString("  - {name: skewed, kind: clock_skew, app: panel, start: 30h, duration: 12h, every: 96h}\n")
	// What would be a fault does not strike, unless somebody says so.
	fmt.Fprintf(&b, "  - {name: %s, kind: bad_release, app: shop, service: payment, strength: 0.6}\n", fault)
	b.WriteString("changes:\n")
	for _, c := range campaigns() {
		fmt.Fprintf(&b, "  - {kind: campaign, app: shop, version: newsletter, author: marketing, start: %s}\n", time.Duration(c))
	}
	fmt.Fprintf(&b, "  - {kind: launch, app: app-001, version: open to everybody, start: %s}\n", time.Duration(launch))
	s, problems := simulate.Parse("quiet.yaml", b.String())
	if rules.Failed(problems) {
		return s, fmt.Errorf("the plan is wrong: %v", problems)
	}
	return s, nil
}

// launch is after how long more customers come for good.
const launch = 12*felt.Day + 10*felt.Hour

// campaigns are after how long a newsletter brings customers.
func campaigns() []felt.Instant {
	return []felt.Instant{
		felt.Day + 17*felt.Hour, 3*felt.Day + 18*felt.Hour, 8*felt.Day + 12*felt.Hour, 16*felt.Day + 19*felt.Hour,
		23*felt.Day + 9*felt.Hour, 25*felt.Day + 20*felt.Hour,
	}
}

// crowd is by how much more customers come than on another day at this hour.
func crowd(after felt.Instant) float64 {
	const rises, falls = 6 * felt.Minute, felt.Hour
	more := 1.0
	for _, c := range campaigns() {
		if since := float64(after - c); since > 0 {
			more += (1 - math.Exp(-since/float64(rises))) * math.Exp(-since/float64(falls))
		}
	}
	if since := float64(after - launch); since > 0 {
		more *= 1 + 0.3*(1-math.Exp(-since/float64(2*felt.Hour)))
	}
	return more
}
