package evidence_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/evidence"
)

var update = flag.Bool("update", false, "write the golden stories anew")

func deploy(id, service, version string, before felt.Instant) felt.Change {
	return felt.Change{ID: id, Kind: "deploy", Env: "production", App: "shop", Services: []string{service}, Version: version, Started: began - before}
}

// in tells whether a leaf is one of those, and gives its share.
func where(share float64, holds func(region, browser, release string) bool) func(string, string, string) float64 {
	return func(region, browser, release string) float64 {
		if holds(region, browser, release) {
			return share
		}
		return 0
	}
}

func worlds() map[string]*world {
	return map[string]*world{
		"a bad release of the browser app, rolled out to a fifth": {
			rollout: .2, rolledOut: began - 2*felt.Minute, changes: []felt.Change{deploy("chg-1", "web", "5.2", 2*felt.Minute)},
			bad: where(.4, func(_, _, release string) bool { return release == "5.2" }),
		},
		"a bad release that nobody announced": {
			rollout: .2, rolledOut: began - 2*felt.Minute,
			bad: where(.4, func(_, _, release string) bool { return release == "5.2" }),
		},
		"one region, while a good release is rolled out everywhere": {
			rollout: .3, rolledOut: began - 5*felt.Minute, changes: []felt.Change{deploy("chg-1", "web", "5.2", 5*felt.Minute)},
			bad: where(.9, func(region, _, _ string) bool { return region == "us-east" }),
		},
		"one browser": {
			bad: where(.5, func(_, browser, _ string) bool { return browser == "safari" }),
		},
		"a browser in a region": {
			bad: where(.7, func(region, browser, _ string) bool { return region == "ap" && browser == "chrome" }),
		},
		"what payments depends on is slow": {
			bad:     where(.1, func(string, string, string) bool { return true }),
			slow:    map[string]float64{"ledger": 6, "payments": 3, "api": 2, "web": 1.5, "payments>ledger": 6, "api>payments": 3, "web>api": 2},
			quiet:   map[string]felt.Instant{"ledger": began - felt.Minute},
			changes: []felt.Change{deploy("chg-1", "cart", "7", 4*felt.Minute), deploy("chg-2", "search", "3", felt.Minute)},
		},
		"a deploy to all of payments": {
			bad:     where(.2, func(string, string, string) bool { return true }),
			errs:    map[string]float64{"payments": .2, "api": .2, "web": .2, "api>payments": .2, "web>api": .2},
			changes: []felt.Change{deploy("chg-1", "payments", "9", felt.Minute)},
		},
		"a third party fails": {
			bad:  where(.3, func(string, string, string) bool { return true }),
			errs: map[string]float64{"payments>bank.example": .6, "payments": .5, "api": .4, "api>payments": .5, "web>api": .4},
		},
		"a deploy at the same time elsewhere": {
			bad:     where(.3, func(string, string, string) bool { return true }),
			changes: []felt.Change{deploy("chg-1", "billing", "3", felt.Minute), deploy("chg-2", "web", "5.1", -2*felt.Minute)},
		},
		"a region is down, and with it a part of several services": {
			bad:  where(.95, func(region, _, _ string) bool { return region == "ap" }),
			errs: map[string]float64{"cart": .2, "payments": .2, "api": .2, "web": .2, "api>payments": .2, "api>cart": .2},
		},
		"a service fails in one region": {
			bad:  where(.95, func(region, _, _ string) bool { return region == "ap" }),
			errs: map[string]float64{"payments": .2, "api": .2, "web": .2, "api>payments": .2, "web>api": .2},
		},
		"no past at all": {
			minutes: -1, bad: where(.4, func(_, browser, _ string) bool { return browser == "safari" }),
		},
		"no cause at all": {kind: ""},
		"two causes at once": {
			bad: func(region, browser, _ string) float64 {
				switch {
				case region == "us-east":
					return .4
				case browser == "safari":
					return .35
				}
				return 0
			},
		},
		"a region's customers stay away": {
			kind: "drop",
			come: func(region, _, _ string) float64 {
				if region == "us-east" {
					return .1
				}
				return 1
			},
		},
		"a flag for half of them": {
			flags: func(region, _, _ string) []string {
				if region == "eu-west" {
					return []string{"new-checkout=on"}
				}
				return []string{"new-checkout=off"}
			},
			bad:     where(.3, func(region, _, _ string) bool { return region == "eu-west" }),
			changes: []felt.Change{{ID: "chg-1", Kind: "flag", App: "shop", Version: "new-checkout=on", Started: began - felt.Minute}},
		},
	}
}

// TestStories holds what is said of worlds with a known cause to golden files.
func TestStories(t *testing.T) {
	for name, w := range worlds() {
		t.Run(name, func(t *testing.T) {
			v := evidence.Judge(w.input())
			got, file := story(&v), filepath.Join("testdata", name+".txt")
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
				t.Error(diff)
			}
		})
	}
}
