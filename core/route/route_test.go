package route_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/route"
	"github.com/felt-cx/felt/core/rules"
)

const inventory = `
journeys:
  - {name: checkout, app: shop, steps: [{name: cart}, {name: pay}]}
  - {name: renew, app: shop, steps: [{name: choose}, {name: pay}]}
  - {name: help, app: desk}
sinks:
  - {name: zulu, kind: webhook, url: {env: A}, secret: {env: K}}
  - {name: all, kind: webhook, url: {env: A}, secret: {env: K}}
  - {name: alive, kind: heartbeat, url: {env: A}}
  - {name: begun, kind: webhook, url: {env: A}, secret: {env: K}, when: {events: [detected]}}
  - {name: over, kind: webhook, url: {env: A}, secret: {env: K}, when: {events: [resolved, reported]}}
  - {name: shop, kind: webhook, url: {env: A}, secret: {env: K}, when: {apps: [shop], envs: [production]}}
  - {name: desk, kind: webhook, url: {env: A}, secret: {env: K}, when: {apps: [desk, other]}}
  - {name: test, kind: webhook, url: {env: A}, secret: {env: K}, when: {envs: [staging]}}
  - {name: checkout, kind: webhook, url: {env: A}, secret: {env: K}, when: {journeys: [checkout]}}
  - {name: slow, kind: webhook, url: {env: A}, secret: {env: K}, when: {kinds: [slow, degraded]}}
  - {name: people, kind: webhook, url: {env: A}, secret: {env: K}, when: {kinds: [declared]}}
  - {name: pager, kind: webhook, url: {env: A}, secret: {env: K}, when: {priorities: [P1, P2], min_score: 60}}
maintenance:
  - {name: move, from: 2026-12-05, to: 2026-12-05, reason: to the new rack}
  - {name: pay day, from: 2026-12-07, to: 2026-12-07, journeys: [checkout], apps: [shop], envs: [production]}
`

func load(t *testing.T) *rules.Set {
	t.Helper()
	set, problems := rules.Load(felt.Inventory{Files: []felt.InventoryFile{{Name: "felt.yaml", Text: inventory}}})
	if set == nil {
		t.Fatal(problems)
	}
	return set
}

func at(t *testing.T, text string) felt.Instant {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return felt.InstantOf(moment)
}

func journey(app, name string) felt.Scope {
	return felt.Scope{Env: "production", App: app, Name: name, Kind: felt.KindJourney}
}

func step(app, name string) felt.Scope {
	return felt.Scope{Env: "production", App: app, Name: name, Kind: felt.KindStep}
}

func incident(scopes ...felt.Scope) *felt.Incident {
	i := &felt.Incident{Kind: "failed", Env: "production", App: scopes[0].App, Scopes: scopes, Priority: "P3", Score: 40}
	for _, s := range scopes {
		i.Journeys = append(i.Journeys, s.Name)
	}
	return i
}

func TestTo(t *testing.T) {
	set := load(t)
	with := func(i *felt.Incident, change func(i *felt.Incident)) *felt.Incident {
		change(i)
		return i
	}
	checkout := incident(journey("shop", "checkout"))
	for name, c := range map[string]struct {
		i    *felt.Incident
		kind felt.NotificationKind
		want []string
	}{
		"it begins":             {checkout, felt.NotifyDetected, []string{"all", "begun", "checkout", "shop", "zulu"}},
		"it goes on":            {checkout, felt.NotifyReported, []string{"all", "checkout", "over", "shop", "zulu"}},
		"it is over":            {checkout, felt.NotifyResolved, []string{"all", "checkout", "over", "shop", "zulu"}},
		"a test is of one sink": {checkout, felt.NotifyTest, nil},
		"a heartbeat":           {checkout, felt.NotifyHeartbeat, nil},
		"a step of the journey": {incident(step("shop", "pay")), felt.NotifyDetected, []string{"all", "begun", "checkout", "shop", "zulu"}},
		"a step of another":     {incident(step("shop", "choose")), felt.NotifyDetected, []string{"all", "begun", "shop", "zulu"}},
		"the second of two":     {incident(journey("desk", "help"), journey("shop", "checkout")), felt.NotifyDetected, []string{"all", "begun", "checkout", "desk", "shop", "zulu"}},
		"another environment": {
			with(incident(felt.Scope{Env: "staging", App: "shop", Name: "renew"}), func(i *felt.Incident) { i.Env = "staging" }),
			felt.NotifyDetected,
			[]string{"all", "begun", "test", "zulu"},
		},
		"nothing but an app":      {&felt.Incident{Kind: "silent", Env: "production", App: "other"}, felt.NotifyDetected, []string{"all", "begun", "desk", "zulu"}},
		"slow":                    {with(incident(journey("shop", "renew")), func(i *felt.Incident) { i.Kind = "slow" }), felt.NotifyDetected, []string{"all", "begun", "shop", "slow", "zulu"}},
		"slow, and then it fails": {with(incident(journey("shop", "renew")), func(i *felt.Incident) { i.Findings = []felt.Finding{{Kind: "slow", Paging: true}, {Kind: "drop"}} }), felt.NotifyDetected, []string{"all", "begun", "shop", "slow", "zulu"}},
		"declared":                {with(incident(journey("shop", "renew")), func(i *felt.Incident) { i.Source, i.Kind = "declared", "" }), felt.NotifyDetected, []string{"all", "begun", "people", "shop", "zulu"}},
		"worth a call":            {with(incident(journey("shop", "renew")), func(i *felt.Incident) { i.Priority, i.Score = "P2", 60 }), felt.NotifyDetected, []string{"all", "begun", "pager", "shop", "zulu"}},
		"P2, and just below":      {with(incident(journey("shop", "renew")), func(i *felt.Incident) { i.Priority, i.Score = "P2", 59.9 }), felt.NotifyDetected, []string{"all", "begun", "shop", "zulu"}},
		"P3 said by people":       {with(incident(journey("shop", "renew")), func(i *felt.Incident) { i.Score = 80 }), felt.NotifyDetected, []string{"all", "begun", "shop", "zulu"}},
	} {
		t.Run(name, func(t *testing.T) {
			for range 3 { // the same again and again
				if diff := cmp.Diff(c.want, toldOf(set, c.i, c.kind)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	if toldOf(nil, checkout, felt.NotifyDetected) != nil || toldOf(&rules.Set{}, checkout, felt.NotifyDetected) != nil {
		t.Error("somebody is told without an inventory")
	}
}

// Who was told that it has begun is told that it is over, whatever the score is by then.
func TestAgain(t *testing.T) {
	set := load(t)
	told := []string{"zulu", "pager", "begun", "alive", "gone", "pager"}
	if got := route.Again(set, told, felt.NotifyResolved); !slices.Equal(got, []string{"pager", "zulu"}) {
		t.Error(got)
	}
	if got := route.Again(set, told, felt.NotifyDetected); !slices.Equal(got, []string{"begun", "pager", "zulu"}) {
		t.Error(got)
	}
	if route.Again(set, told, felt.NotifyTest) != nil || route.Again(nil, told, felt.NotifyResolved) != nil {
		t.Error("somebody is told of what is no incident")
	}
}

func TestSilenced(t *testing.T) {
	set := load(t)
	day := at(t, "2026-12-06T12:00:00Z")
	silences := []felt.Silence{
		{ID: "s1", App: "desk", From: day, Until: day + felt.Hour, Reason: "we know", Actor: "ann"},
		{ID: "s2", Env: "production", App: "shop", Name: "renew", From: day, Until: day + felt.Hour, Actor: "bob"},
		{ID: "s3", Name: "pay", From: day, Until: day + 2*felt.Hour, Reason: "bank", Actor: "cat"},
	}
	const ann, bob, cat = "silenced by ann until 13:00 UTC on 6 Dec: we know", "silenced by bob until 13:00 UTC on 6 Dec", "silenced by cat until 14:00 UTC on 6 Dec: bank"
	for name, c := range map[string]struct {
		i    *felt.Incident
		at   string
		want string
	}{
		"nothing holds":                      {incident(journey("shop", "checkout")), "2026-12-06T12:30:00Z", ""},
		"maintenance of everything":          {incident(journey("shop", "checkout")), "2026-12-05T00:00:00Z", "maintenance move: to the new rack"},
		"it has ended":                       {incident(journey("shop", "checkout")), "2026-12-06T00:00:00Z", ""},
		"maintenance of a journey":           {incident(journey("shop", "checkout")), "2026-12-07T01:00:00Z", "maintenance pay day"},
		"and its step":                       {incident(step("shop", "cart")), "2026-12-07T01:00:00Z", "maintenance pay day"},
		"not of another":                     {incident(journey("shop", "renew")), "2026-12-07T01:00:00Z", ""},
		"not when another is hit, too":       {incident(journey("shop", "checkout"), journey("shop", "renew")), "2026-12-07T01:00:00Z", ""},
		"not in another environment":         {incident(felt.Scope{Env: "staging", App: "shop", Name: "checkout"}), "2026-12-07T01:00:00Z", ""},
		"a silence of an app":                {incident(journey("desk", "help")), "2026-12-06T12:00:00Z", ann},
		"before it":                          {incident(journey("desk", "help")), "2026-12-06T11:59:59Z", ""},
		"when it ends":                       {incident(journey("desk", "help")), "2026-12-06T13:00:00Z", ""},
		"a silence of a journey":             {incident(journey("shop", "renew")), "2026-12-06T12:30:00Z", bob},
		"a step of it, and the first counts": {incident(step("shop", "pay")), "2026-12-06T12:30:00Z", bob},
		"a silence of a step":                {incident(step("shop", "pay")), "2026-12-06T13:30:00Z", cat},
		"not of its journey":                 {incident(journey("shop", "renew")), "2026-12-06T13:30:00Z", ""},
		"two scopes, both silenced":          {incident(step("shop", "pay"), step("desk", "pay")), "2026-12-06T13:30:00Z", cat},
		"two scopes, each by its own":        {incident(journey("shop", "renew"), journey("desk", "help")), "2026-12-06T12:30:00Z", bob},
		"two scopes, one of them no more":    {incident(step("shop", "pay"), journey("desk", "help")), "2026-12-06T13:30:00Z", ""},
		"two scopes, one silenced":           {incident(step("shop", "pay"), step("shop", "cart")), "2026-12-06T13:30:00Z", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := route.Silenced(set, silences, c.i, at(t, c.at)); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	if got := route.Silenced(nil, silences, incident(journey("desk", "help")), day); got != ann {
		t.Errorf("without an inventory: %q", got)
	}
}

// toldOf are the sinks that are told of an incident as it stands.
func toldOf(set *rules.Set, i *felt.Incident, kind felt.NotificationKind) []string {
	return route.Again(set, route.Concerned(set, i), kind)
}
