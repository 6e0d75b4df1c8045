package detect

import (
	"slices"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/signal"
)

func inventory(t *testing.T, text string) *rules.Set {
	t.Helper()
	set, problems := rules.Load(felt.Inventory{Files: []felt.InventoryFile{{Name: "felt.yaml", Text: text}}})
	if set == nil {
		t.Fatal(problems)
	}
	return set
}

// TestTheWholeNamesItsValues: everybody suffers a little, one region wholly: one finding, of the
// whole, that names the region.
func TestTheWholeNamesItsValues(t *testing.T) {
	w := newWorld(nil)
	eu := func(r *felt.Interaction) { r.Segments, r.Release = region("eu"), "1.0" }
	us := func(r *felt.Interaction) { r.Segments, r.Release = region("us"), "1.0" }
	w.run(3600, func(int) {
		w.many("pay", 2, .01, eu)
		w.many("pay", 8, .01, us)
	})
	list := w.run(120, func(int) {
		w.many("pay", 2, .9, eu)
		w.many("pay", 8, .15, us)
	})
	last := list[len(list)-1]
	if first := opened(list); len(first) != 1 || first[0].Series.SegmentKey != "" {
		t.Fatalf("%+v", first)
	}
	if got := w.d.Apart(last.Series); !slices.Equal(got, region("eu")) || len(w.d.Apart(felt.Series{Name: "pay"})) != 0 {
		t.Errorf("apart: %v", got)
	}
	if !slices.Equal(last.Segments, region("eu")) || !strings.HasSuffix(last.Explanation, "; worst with region=eu") {
		t.Errorf("%+v", last)
	}
}

// TestWhoLeftAfterAFailureBurns: a whole journey does not fail, it is left; a promise of success is broken all
// the same when that is after a failure. Who leaves of their own accord breaks none.
func TestWhoLeftAfterAFailureBurns(t *testing.T) {
	for how, want := range map[felt.AbandonedHow]bool{felt.AbandonedAfterFailure: true, felt.AbandonedVoluntarily: false} {
		for _, count := range []string{"interactions", "customers"} {
			w := newWorld(inventory(t, "journeys: [{name: checkout, objectives: [{name: works, target: 0.99, count: "+count+"}]}]"))
			left := func(r *felt.Interaction) {
				if r.Kind = felt.KindJourney; r.Outcome == felt.OutcomeFailed {
					r.Outcome, r.AbandonedHow = felt.OutcomeAbandoned, how
				}
			}
			w.run(600, func(int) { w.many("checkout", 2, .002, left) })
			list := w.run(1200, func(int) { w.many("checkout", 2, .3, left) })
			got := slices.ContainsFunc(list, func(f felt.Finding) bool { return f.Kind == felt.FindingBurn && f.Paging })
			if got != want {
				t.Errorf("a third leaves %v, in %s: burns %v", how, count, got)
			}
		}
	}
}

// TestObjectivesBurn: an objective is a guard too, in tries or in customers, and pages by itself.
func TestObjectivesBurn(t *testing.T) {
	w := newWorld(inventory(t, `
journeys:
  - name: checkout
    objectives: [{name: works, target: 0.99}, {name: fast, kind: latency, target: 0.9, threshold: 2s, count: customers}]
`))
	journey := func(r *felt.Interaction) { r.Kind = felt.KindJourney }
	w.run(3600, func(int) { w.many("checkout", 2, .002, journey) })
	list := w.run(3000, func(int) { w.many("checkout", 2, .3, journey) })
	var burns []felt.Finding
	for _, f := range opened(list) {
		if f.Kind == felt.FindingBurn {
			burns = append(burns, f)
		}
	}
	if len(burns) == 0 || burns[0].About != "works" || burns[0].Threshold < 1 || !strings.Contains(burns[0].Explanation, "the error budget of works (99 %) burns") {
		t.Fatalf("%+v", burns)
	}
	if !slices.ContainsFunc(list, func(f felt.Finding) bool { return f.Kind == felt.FindingBurn && f.Paging }) {
		t.Error("a burn of a third of all never pages")
	}
	list = w.run(2*3600, func(int) {
		w.many("checkout", 2, .002, func(r *felt.Interaction) { journey(r); r.Duration = int64(3 * felt.Second) })
	})
	if !slices.ContainsFunc(list, func(f felt.Finding) bool { return f.Kind == felt.FindingBurn && f.About == "fast" }) {
		t.Error("everybody waits 3 s, and nothing is said of fast")
	}
	// The objective is gone: so is its finding.
	w.d.Rules(inventory(t, "journeys: [{name: checkout}]"))
	ended := 0
	for _, f := range w.run(10, nil) {
		if f.Kind == felt.FindingBurn && f.Ended > 0 {
			ended++
		}
	}
	if ended == 0 {
		t.Error("findings of objectives that are gone go on")
	}
}

// TestValues: a KPI that leaves its band towards where it is bad, and a signal on its way to its
// limit, are told and never page.
func TestValues(t *testing.T) {
	for _, c := range []struct {
		name  string
		bad   signal.Bad
		after func(i int) float64
		want  string
	}{
		{"as always", signal.BadUp, func(int) float64 { return 10 }, ""},
		{"worse", signal.BadUp, func(int) float64 { return 40 }, "kpi"},
		{"better", signal.BadDown, func(int) float64 { return 40 }, ""},
		{"on its way to the limit", signal.BadEither, func(i int) float64 { return 10 + float64(i)/40 }, "saturation"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(nil)
			give := func(value float64) {
				w.d.Sample(&signal.Sample{
					Env: "production", Journey: "checkout", Name: "db", Kind: felt.SignalTechnical, Time: w.now.Instant(), Value: value + w.rng.NormFloat64(),
					N: 3, Unit: "%", Limit: 100, HasLimit: c.name == "on its way to the limit", Bad: c.bad,
				})
			}
			quiet := w.run(24*3600, func(i int) {
				if i%10 == 9 {
					give(10)
				}
			})
			if len(quiet) > 0 {
				t.Fatal(quiet[0].Explanation)
			}
			list := w.run(3000, func(i int) {
				if i%10 == 9 {
					give(c.after(i))
				}
			})
			if c.want == "" {
				if len(list) > 0 {
					t.Fatal(list[0].Explanation)
				}
				return
			}
			i := slices.IndexFunc(list, func(f felt.Finding) bool { return string(f.Kind) == c.want })
			if i < 0 || list[i].About != "db" || list[i].Paging {
				t.Fatalf("%+v", list)
			}
			t.Log(list[i].Explanation)
		})
	}
}

// TestBounds: series beyond the bound are not judged until others have been silent for a day;
// segment values beyond theirs are other.
func TestBounds(t *testing.T) {
	s := felt.DefaultSettings()
	s.SeriesMax, s.SegmentMax = 1, 2
	w := newWorld(nil)
	w.d = New(s)
	for _, name := range []string{"a", "b", "c", "d"} {
		w.many("pay", 100, 0, func(r *felt.Interaction) { r.Segments = region(name) })
	}
	w.many("search", 100, 0, nil)
	if held, _, refused := w.d.Stats(); held != 1 || refused < 50 {
		t.Errorf("%d series, %d refused", held, refused)
	}
	var names []string
	for _, m := range w.d.order[0].dims {
		for i := range m.values {
			names = append(names, *m.values[i].name)
		}
	}
	if !slices.Equal(names, []string{"a", "b", otherValue}) {
		t.Errorf("%v", names)
	}
	w.run(10, nil)
	w.now += liveFor + 10
	w.run(int(reviewed), nil) // room is made when it is time for that
	w.many("search", 100, 0, nil)
	if held, _, _ := w.d.Stats(); held != 1 || w.d.series[key{"production", "shop", "search", felt.KindStep}] == nil || w.d.values != 0 {
		t.Errorf("a series silent for a day keeps others out: %d, %d values", held, w.d.values)
	}
}
