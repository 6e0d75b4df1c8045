package score_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/score"
)

const inventory = `
journeys:
  - name: checkout
    app: shop
    criticality: 5
    revenue_class: direct
    segment_by: [plan, region]
    steps: [{name: cart}, {name: address}, {name: pay, weight: 6}]
  - {name: help, app: shop, criticality: 2, revenue_class: none}
  - {name: report, app: desk, criticality: 1, exposure: indirect}
  - {name: browse, criticality: 3, revenue_class: supporting, steps: [{name: search}]}
impact_score:
  segments:
    plan: {gold: 1, basic: 0.2}
    region: {home: 0.9}
`

func load(t *testing.T) *rules.Set {
	t.Helper()
	set, problems := rules.Load(felt.Inventory{Files: []felt.InventoryFile{{Name: "felt.yaml", Text: inventory}}})
	if set == nil {
		t.Fatal(problems)
	}
	return set
}

const began = 1_700_000_000 * felt.Second

// shop is an incident in the checkout of a shop, as a whole.
func shop(change func(i *felt.Incident)) *felt.Incident {
	i := &felt.Incident{
		Kind: "failed", Env: "production", App: "shop", Journeys: []string{"checkout"}, Status: felt.IncidentOpen, FirstBad: began,
		Scopes: []felt.Scope{{Env: "production", App: "shop", Name: "checkout", Kind: felt.KindJourney}},
		Impact: felt.Impact{Customers: felt.Distinct{Total: 13_290, Failed: 412, Degraded: 1000}, Recovered: 100, Lost: 300, Undecided: 12},
	}
	if change != nil {
		change(i)
	}
	return i
}

func step(name string) func(i *felt.Incident) {
	return func(i *felt.Incident) {
		i.Journeys, i.Scopes = []string{name}, []felt.Scope{{Env: "production", App: "shop", Name: name, Kind: felt.KindStep}}
	}
}

func share(key, value string, customers int64) felt.SegmentShare {
	return felt.SegmentShare{Where: []felt.Segment{{Key: key, Value: value}}, Customers: customers}
}

func TestGather(t *testing.T) {
	const lived = "300 lost, 12 undecided, 100 recovered"
	whole := score.Input{
		Criticality: 5, Hit: 412, Reached: 13_290, Stage: 1, Duration: 10 * felt.Minute, Segment: .75, SegmentName: "they are about to pay",
		Harm: (312 + 40) / 412., HarmText: lived,
	}
	with := func(change func(in *score.Input)) score.Input {
		in := whole
		change(&in)
		return in
	}
	kind := func(k felt.FindingKind, f ...felt.Finding) func(i *felt.Incident) {
		return func(i *felt.Incident) {
			i.Kind, i.Impact = string(k), felt.Impact{Customers: felt.Distinct{Total: 900, Degraded: 200}}
			for _, one := range f {
				one.Kind = k
				i.Findings = append(i.Findings, one)
			}
		}
	}
	for name, c := range map[string]struct {
		change func(i *felt.Incident)
		want   score.Input
	}{
		"a journey as a whole": {nil, whole},
		"a step":               {step("address"), with(func(in *score.Input) { in.Stage, in.StageName = 2./6, "address" })},
		"the last step":        {step("pay"), with(func(in *score.Input) { in.StageName = "pay" })},
		"the only step of a journey is the journey": {step("search"), with(func(in *score.Input) {
			in.Criticality, in.Segment, in.SegmentName = 3, .5, "the journey helps to earn"
		})},
		"a journey without steps": {step("help"), with(func(in *score.Input) {
			in.Criticality, in.Segment, in.SegmentName = 2, .25, "the journey earns nothing"
		})},
		"a step and a journey that matters less": {func(i *felt.Incident) {
			step("address")(i)
			i.Scopes = append(i.Scopes, felt.Scope{App: "shop", Name: "help", Kind: felt.KindJourney})
		}, whole},
		"what the inventory does not know": {step("wish list"), with(func(in *score.Input) { in.Criticality, in.Segment, in.SegmentName = 0, .5, "" })},
		"customers do not meet it": {func(i *felt.Incident) {
			i.App, i.Scopes = "desk", []felt.Scope{{App: "desk", Name: "report", Kind: felt.KindJourney}}
		}, with(func(in *score.Input) {
			in.Criticality, in.Segment, in.SegmentName = 1, .5, ""
			in.Harm, in.HarmText = in.Harm*.6, lived+"; customers do not meet it themselves"
		})},
		"resolved: until they had recovered": {func(i *felt.Incident) {
			i.Status, i.Recovered, i.Resolved = felt.IncidentResolved, began+5*felt.Minute, began+9*felt.Minute
		}, with(func(in *score.Input) { in.Duration = 5 * felt.Minute })},
		"by the segment by which they are dearest": {func(i *felt.Incident) {
			i.SegmentsHit = []felt.SegmentShare{share("plan", "gold", 30), share("plan", "basic", 10), share("region", "home", 5), share("region", "far", 35)}
		}, with(func(in *score.Input) { in.Segment, in.SegmentName = .8, "30 customers by plan, most of gold" })},
		"segments that nothing is said of": {func(i *felt.Incident) {
			i.SegmentsHit = []felt.SegmentShare{share("release", "5.2", 30), {Where: []felt.Segment{{Key: "plan", Value: "gold"}, {Key: "release", Value: "5.2"}}, Customers: 9}}
		}, whole},
		"degraded customers count half": {kind(felt.FindingDegraded), with(func(in *score.Input) {
			in.Hit, in.Reached, in.Harm, in.HarmText = 100, 900, .25, "200 served badly, 0 failed"
		})},
		"slow, and nobody counted": {func(i *felt.Incident) { kind(felt.FindingSlow)(i); i.Impact = felt.Impact{} }, with(func(in *score.Input) {
			in.Hit, in.Reached, in.Harm, in.HarmText = 0, 0, .25, "served badly"
		})},
		"degraded, and then they fail": {func(i *felt.Incident) {
			i.Kind, i.Findings = "degraded", []felt.Finding{{Kind: felt.FindingFailed, Paging: true}}
		}, whole},
		"who is missing": {kind(felt.FindingDrop, felt.Finding{Hit: 920, N: 920, Expected: 1400.4}), with(func(in *score.Input) {
			in.Hit, in.Reached, in.Harm, in.HarmText = 480, 1400, .8, "customers who do not come where they were expected"
		})},
		"silence": {kind(felt.FindingSilent, felt.Finding{Expected: 700}), with(func(in *score.Input) {
			in.Hit, in.Reached, in.Harm, in.HarmText = 700, 700, .6, "what customers do is not known"
		})},
		"a journey that is left": {kind(felt.FindingFunnel, felt.Finding{Hit: 300, N: 500, Expected: 50}), with(func(in *score.Input) {
			in.Hit, in.Reached, in.Harm, in.HarmText = 300, 500, 1, "what became of them is not known yet"
		})},
		"a budget": {kind(felt.FindingBurn), with(func(in *score.Input) {
			in.Hit, in.Reached, in.Harm, in.HarmText = 0, 900, .3, "nobody has failed yet"
		})},
		"sampled input": {func(i *felt.Incident) {
			i.Impact.Method = felt.MethodLowerBound
			i.Impact.Estimated = felt.EstimatedDistinct{Total: felt.EstimatedCount{Estimate: 130_000}, Failed: felt.EstimatedCount{Estimate: 4100}}
		}, with(func(in *score.Input) { in.Hit, in.Reached = 4100, 130_000 })},
		"declared, with nothing counted": {func(i *felt.Incident) { i.Source, i.Kind, i.Impact = "declared", "", felt.Impact{} }, with(func(in *score.Input) {
			in.Hit, in.Reached, in.Harm, in.HarmText = 0, 0, 1, "what became of them is not known yet"
		})},
	} {
		t.Run(name, func(t *testing.T) {
			got := score.Gather(load(t), shop(c.change), began+10*felt.Minute)
			if diff := cmp.Diff(c.want, got, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Without an inventory an incident has a score, too, and every part says what it does not know.
func TestGatherWithoutAnInventory(t *testing.T) {
	in := score.Gather(nil, &felt.Incident{}, began)
	total, parts := score.Of(in, rules.ScoreWeights{})
	var unknown []string
	for _, p := range parts {
		if strings.Contains(p.Input, "not known") || strings.Contains(p.Input, "not said") {
			unknown = append(unknown, p.Name)
		}
	}
	if diff := cmp.Diff([]string{"criticality", "reach", "segment", "harm"}, unknown); diff != "" || total < 20 {
		t.Errorf("score %g: %s", total, diff)
	}
}
