package rules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

func TestSinksAreCompiled(t *testing.T) {
	set := load(t, `
sinks:
  - {name: sre, kind: slack_webhook, url: {env: FELT_SLACK}, mention: "@here", link: "https://felt.example.com/"}
  - {name: hook, kind: webhook, url: https://example.com/felt, secret: {file: /run/secrets/felt}, every: 30s, when: {events: [detected], min_score: 40}}
  - {name: alive, kind: heartbeat, url: {env: FELT_ALIVE}}
`)
	all := []string{"detected", "reported", "resolved"}
	want := []rules.Sink{
		{Name: "sre", Kind: rules.SinkSlack, URL: rules.Secret{Env: "FELT_SLACK"}, Every: 5 * felt.Minute, Mention: "@here", Link: "https://felt.example.com", When: rules.SinkWhen{Events: all}},
		{Name: "hook", Kind: rules.SinkWebhook, URL: rules.Secret{Text: "https://example.com/felt"}, Secret: rules.Secret{File: "/run/secrets/felt"}, Every: 30 * felt.Second, When: rules.SinkWhen{Events: []string{"detected"}, MinScore: 40}},
		{Name: "alive", Kind: rules.SinkHeartbeat, URL: rules.Secret{Env: "FELT_ALIVE"}, Every: felt.Minute, When: rules.SinkWhen{Events: all}},
	}
	if diff := cmp.Diff(want, set.Sinks); diff != "" {
		t.Error(diff)
	}
	if set.Sink("hook") != &set.Sinks[1] || set.Sink("none") != nil {
		t.Error("a sink is not found by its name")
	}
	for s, want := range map[rules.Secret]string{
		{Env: "A"}: "the environment variable A", {File: "/a"}: "the file /a", {Text: "swordfish"}: "the text in the inventory", {}: "nowhere",
	} {
		if got := s.String(); got != want || s.Given() != (want != "nowhere") {
			t.Errorf("%+v is %q, given %v", s, got, s.Given())
		}
	}
}

// What is wrong with a secret does not say it again: problems are shown and kept.
func TestSecretsAreNotRepeated(t *testing.T) {
	for _, sink := range []string{
		"kind: slack_webhook, url: 'https://hooks.slack.com/services/swordfish'", "kind: webhook, url: 'https://ann:swordfish@example.com'",
		"kind: webhook, url: {env: '$swordfish'}", "kind: webhook, url: 'swordfish'", "kind: webhook, url: {file: 'https://swordfish'}",
		"kind: webhook, url: {env: A}, secret: swordfish", "kind: slack_webhook, url: {env: A}, secret: swordfish", "kind: heartbeat, url: 'http://example.com/swordfish'",
	} {
		in := felt.Inventory{Files: []felt.InventoryFile{{Name: "a.yaml", Text: "sinks: [{name: a, " + sink + "}]\n"}}}
		problems := rules.Check(in, rules.Options{})
		if len(problems) == 0 {
			t.Errorf("nothing is wrong with %s", sink)
		}
		for _, p := range problems {
			if strings.Contains(p.String(), "swordfish") {
				t.Error(p)
			}
		}
	}
}

func TestScoreAndTargets(t *testing.T) {
	set := load(t, "journeys: [{name: a}]\n")
	if diff := cmp.Diff(rules.DefaultScore(), set.Score); diff != "" || set.Targets != rules.DefaultTargets() || set.Targets.Detect != 3*felt.Minute {
		t.Error(diff, set.Targets)
	}
	set = load(t, "impact_score: {segment: 0, p1: 80.5, segments: {plan: {gold: 1, basic: 0}}}\ntargets: {detect: 30s}\n")
	want := rules.DefaultScore()
	want.Segment, want.P1, want.SegmentValues = 0, 80.5, map[string]map[string]float64{"plan": {"gold": 1, "basic": 0}}
	if diff := cmp.Diff(want, set.Score); diff != "" || set.Targets.Detect != 30*felt.Second {
		t.Error(diff, set.Targets)
	}
	if empty, _ := rules.Load(felt.Inventory{}); empty.Score.P1 != 70 || empty.Targets.Detect == 0 {
		t.Error("an empty inventory has no defaults")
	}
}

func TestGivenTwice(t *testing.T) {
	in := felt.Inventory{Files: []felt.InventoryFile{
		{Name: "b.yaml", Text: "impact_score: {p1: 90}\ntargets: {detect: 1m}\n"}, {Name: "a.yaml", Text: "targets: {detect: 2m}\nimpact_score: {p1: 80}\n"},
	}}
	var got []string
	for _, p := range rules.Check(in, rules.Options{}) {
		got = append(got, p.String())
	}
	if diff := cmp.Diff([]string{
		"b.yaml:1:15: error: impact_score is there twice; first in a.yaml:2 (say it in one file) [given-twice]",
		"b.yaml:2:10: error: targets is there twice; first in a.yaml:1 (say it in one file) [given-twice]",
	}, got); diff != "" {
		t.Error(diff)
	}
}

func TestMaintenance(t *testing.T) {
	set := load(t, `
journeys: [{name: checkout, app: shop}, {name: search, app: shop}]
maintenance:
  - {name: move, from: 2026-12-05, to: 2026-12-05, reason: to the new rack}
  - {name: night work, from: "2026-11-22T01:00+01:00", to: "2026-11-22T04:00+01:00", every: week, envs: [production], apps: [shop], journeys: [checkout]}
`)
	if len(set.Maintenance) != 2 || set.Maintenance[0].Reason != "to the new rack" {
		t.Fatalf("%+v", set.Maintenance)
	}
	for at, want := range map[string]string{
		"2026-12-04T23:59:59Z": "", "2026-12-05T00:00:00Z": "move", "2026-12-05T23:59:59Z": "move", "2026-12-06T00:00:00Z": "night work",
		"2026-11-22T00:00:00Z": "night work", "2026-11-22T03:00:00Z": "", "2026-11-15T01:00:00Z": "", "2027-11-28T01:00:00Z": "night work",
	} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i := range set.Maintenance {
			if set.Maintenance[i].Holds(felt.InstantOf(moment)) {
				got = append(got, set.Maintenance[i].Name)
			}
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %v, want %q", at, got, want)
		}
	}
	work := &set.Maintenance[1]
	for _, c := range []struct {
		env, app string
		journeys []string
		want     bool
	}{
		{"production", "shop", []string{"checkout"}, true},
		{"staging", "shop", []string{"checkout"}, false},
		{"production", "desk", []string{"checkout"}, false},
		{"production", "shop", []string{"checkout", "search"}, false},
		{"production", "shop", nil, false},
	} {
		if got := work.Covers(c.env, c.app, c.journeys...); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if !set.Maintenance[0].Covers("any", "any") {
		t.Error("a maintenance without lists is about everything")
	}
}
