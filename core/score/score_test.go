package score_test

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/score"
)

// anyInput is whatever a caller might give, also nonsense.
func anyInput(t *rapid.T) score.Input {
	part := rapid.Float64Range(-.5, 1.5)
	in := score.Input{
		Criticality: rapid.IntRange(-1, 7).Draw(t, "criticality"), Reached: rapid.Int64Range(-5, 20_000_000).Draw(t, "reached"),
		Stage: part.Draw(t, "stage"), Segment: part.Draw(t, "segment"), Harm: part.Draw(t, "harm"),
		Duration: felt.Instant(rapid.Int64Range(-int64(felt.Minute), int64(3*felt.Day)).Draw(t, "duration")),
	}
	in.Hit = rapid.Int64Range(-5, max(in.Reached, 1)).Draw(t, "hit")
	return in
}

func anyWeights(t *rapid.T) rules.ScoreWeights {
	w := rules.DefaultScore()
	if rapid.Bool().Draw(t, "usual") {
		return w
	}
	one := rapid.Float64Range(0, 100)
	w.Criticality, w.Reach, w.Stage = one.Draw(t, "wc"), one.Draw(t, "wr"), one.Draw(t, "ws")
	w.Duration, w.Segment, w.Harm = one.Draw(t, "wd"), one.Draw(t, "wg"), one.Draw(t, "wh")
	return w
}

// The parts are the score: nothing else goes into it, and what is shown multiplies to the total.
func TestPartsMultiplyToTheTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total, parts := score.Of(anyInput(t), anyWeights(t))
		product, weights := 100., 0.
		names := ""
		for _, p := range parts {
			if !(p.Value > 0 && p.Value <= 1) || p.Weight < 0 || p.Input == "" {
				t.Fatalf("part %+v", p)
			}
			product *= math.Pow(p.Value, p.Weight)
			weights += p.Weight
			names += p.Name + " "
		}
		if math.Abs(product-total) > 1e-9 || math.Abs(weights-1) > 1e-9 || !(total > 0 && total <= 100) {
			t.Fatalf("parts multiply to %g and weigh %g, the score is %g", product, weights, total)
		}
		if names != "criticality reach stage duration segment harm " {
			t.Fatal(names)
		}
	})
}

// The score grows with each input, whatever the others are, and strictly where the input is within its
// scale and its part weighs something.
func TestItGrowsWithEachInput(t *testing.T) {
	grow := map[string]func(t *rapid.T, in *score.Input) (strictly bool){
		"criticality": func(t *rapid.T, in *score.Input) bool {
			in.Criticality = max(in.Criticality, 1) // 0 is not known
			in.Criticality += rapid.IntRange(1, 3).Draw(t, "more")
			return in.Criticality <= 5
		},
		"hit": func(t *rapid.T, in *score.Input) bool {
			in.Reached = max(in.Reached, 1)
			in.Hit += rapid.Int64Range(1, 1+max(in.Reached-in.Hit, 0)).Draw(t, "more")
			in.Hit = min(in.Hit, in.Reached)
			return false
		},
		"customers of the same share": func(t *rapid.T, in *score.Input) bool {
			k := rapid.Int64Range(2, 9).Draw(t, "times")
			in.Hit, in.Reached = max(in.Hit, 0)*k, max(in.Reached, 0)*k
			return false
		},
		"stage":   func(t *rapid.T, in *score.Input) bool { return more(t, &in.Stage) },
		"segment": func(t *rapid.T, in *score.Input) bool { return more(t, &in.Segment) },
		"harm":    func(t *rapid.T, in *score.Input) bool { return more(t, &in.Harm) },
		"duration": func(t *rapid.T, in *score.Input) bool {
			before := in.Duration
			in.Duration += felt.Instant(rapid.Int64Range(1e9, int64(felt.Day)).Draw(t, "more"))
			return before >= 0 && in.Duration <= 4*felt.Hour
		},
	}
	for name, f := range grow {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				w := anyWeights(t)
				in := anyInput(t)
				if name == "criticality" {
					in.Criticality = max(in.Criticality, 1)
				}
				if name == "hit" {
					in.Reached = max(in.Reached, 1)
				}
				before, _ := score.Of(in, w)
				strictly := f(t, &in) && usual(w)
				after, _ := score.Of(in, w)
				if after < before-1e-9 || strictly && after <= before {
					t.Fatalf("%g, and then %g with %+v", before, after, in)
				}
			})
		})
	}
}

// usual tells whether every part weighs something.
func usual(w rules.ScoreWeights) bool {
	return min(w.Criticality, w.Reach, w.Stage, w.Duration, w.Segment, w.Harm) >= 10
}

// more makes a share greater, and tells whether it stayed within its scale.
func more(t *rapid.T, v *float64) bool {
	before := *v
	*v += rapid.Float64Range(.01, .5).Draw(t, "more")
	return before >= 0 && *v <= 1
}

// A total outage of the most critical journey is worth waking for from its first tick on: in a shop with
// twenty customers wherever on the way it is, and in one with four; whatever its customers are worth.
func TestATotalOutageOfTheMostCriticalJourney(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(4, 10_000_000).Draw(t, "customers")
		in := score.Input{
			Criticality: 5, Hit: n, Reached: n, Stage: 1, Harm: 1,
			Segment:  rapid.Float64Range(0, 1).Draw(t, "segment"),
			Duration: felt.Instant(rapid.Int64Range(0, int64(10*felt.Second)).Draw(t, "duration")),
		}
		if n >= 20 { // with so many, wherever on the way it is
			in.Stage = rapid.Float64Range(0, 1).Draw(t, "stage")
		}
		if total, parts := score.Of(in, rules.DefaultScore()); total < 50 {
			t.Fatalf("%.1f of %+v: %+v", total, in, parts)
		}
	})
}

// The checkout down for 40 % of its sessions for 12 minutes outranks a background job that fails for
// everybody, however many that are and however long it has lasted.
func TestTheCheckoutOutranksABackgroundJob(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := rules.DefaultScore()
		came := rapid.Int64Range(20, 5_000_000).Draw(t, "customers")
		checkout := score.Input{
			Criticality: 5, Hit: came * 4 / 10, Reached: came, Stage: 1, Duration: 12 * felt.Minute,
			Segment: rapid.Float64Range(0, 1).Draw(t, "segment"), Harm: rapid.Float64Range(.6, 1).Draw(t, "harm"),
		}
		all := rapid.Int64Range(1, 50_000_000).Draw(t, "jobs")
		job := score.Input{
			Criticality: 1, Hit: all, Reached: all, Stage: 1, Duration: felt.Instant(rapid.Int64Range(0, int64(7*felt.Day)).Draw(t, "lasting")),
			Segment: rapid.Float64Range(0, 1).Draw(t, "jobs' segment"), Harm: 1,
		}
		a, _ := score.Of(checkout, w)
		b, _ := score.Of(job, w)
		if a <= b {
			t.Fatalf("checkout %.1f %+v\njob %.1f %+v", a, checkout, b, job)
		}
	})
}

// Incidents as people know them, and the priority that they would give.
func TestWorkedExamples(t *testing.T) {
	const known, unknown = 12 * felt.Minute, .5
	worked := map[string]bool{}
	for _, c := range []struct {
		name     string
		in       score.Input
		priority string
	}{
		{"checkout of a large shop is down for everybody, first seconds", score.Input{Criticality: 5, Hit: 300, Reached: 300, Stage: 1, Duration: 10 * felt.Second, Segment: .75, Harm: 1}, "P1"},
		{"the same, after 12 minutes", score.Input{Criticality: 5, Hit: 9000, Reached: 9000, Stage: 1, Duration: known, Segment: .75, Harm: 1}, "P1"},
		{"checkout of a small shop is down for all 20 customers of 12 minutes", score.Input{Criticality: 5, Hit: 20, Reached: 20, Stage: 1, Duration: known, Segment: .75, Harm: 1}, "P1"},
		{"checkout is down for 40 % for 12 minutes", score.Input{Criticality: 5, Hit: 5200, Reached: 13_000, Stage: 1, Duration: known, Segment: .75, Harm: 1}, "P1"},
		{"pay fails for 3 % on one browser for 12 minutes", score.Input{Criticality: 5, Hit: 412, Reached: 13_290, Stage: 1, StageName: "pay", Duration: known, Segment: .75, Harm: 1}, "P2"},
		{"the same, and nine of ten succeed when they try again", score.Input{Criticality: 5, Hit: 412, Reached: 13_290, Stage: 1, StageName: "pay", Duration: known, Segment: .75, Harm: .46}, "P2"},
		{"search is slow for a third of the customers for an hour", score.Input{Criticality: 3, Hit: 2000, Reached: 12_000, Stage: .5, StageName: "search", Duration: felt.Hour, Segment: unknown, Harm: .25}, "P3"},
		{"sign-up fails for 10 % for half an hour", score.Input{Criticality: 4, Hit: 60, Reached: 600, Stage: 1, Duration: 30 * felt.Minute, Segment: unknown, Harm: 1}, "P2"},
		{"help pages fail for 1 % for 10 minutes", score.Input{Criticality: 2, Hit: 20, Reached: 2000, Stage: 1, Duration: 10 * felt.Minute, Segment: .25, Harm: .8}, "P4"},
		{"a background job fails for everybody for two hours", score.Input{Criticality: 1, Hit: 40_000, Reached: 40_000, Stage: 1, Duration: 2 * felt.Hour, Segment: .25, Harm: .6}, "P3"},
		{"the same in its first minute", score.Input{Criticality: 1, Hit: 300, Reached: 300, Stage: 1, Duration: felt.Minute, Segment: .25, Harm: .6}, "P4"},
		{"four customers of a hundred thousand fail at something nobody needs", score.Input{Criticality: 1, Hit: 4, Reached: 100_000, Stage: .2, StageName: "rate us", Duration: 5 * felt.Minute, Segment: .25, Harm: .4}, "P5"},
		{"a journey that nobody has described fails for everybody for 12 minutes", score.Input{Hit: 500, Reached: 500, Stage: 1, Duration: known, Segment: unknown, Harm: 1}, "P2"},
		{"all that is dear fails in the checkout: 50 of 10,000, all on the dearest plan", score.Input{Criticality: 5, Hit: 50, Reached: 10_000, Stage: 1, Duration: known, Segment: 1, SegmentName: "plan", Harm: 1}, "P3"},
		{"nothing is heard of the checkout for 5 minutes", score.Input{Criticality: 5, Hit: 900, Reached: 900, Stage: 1, Duration: 5 * felt.Minute, Segment: .75, Harm: .6}, "P1"},
	} {
		total, parts := score.Of(c.in, rules.DefaultScore())
		got := score.Priority(total, rules.DefaultScore())
		worked[fmt.Sprintf("| %.0f | %s |", total, got)] = true
		if got != c.priority {
			t.Errorf("%s: %s (%.1f), want %s: %s", c.name, got, total, c.priority, said(parts))
		}
	}
	// The table of the manual is made of these.
	text, err := os.ReadFile("../../docs/incidents.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`\| \d+ \| P[1-5] \|`).FindAllString(string(text), -1)
	if len(rows) < 10 {
		t.Errorf("%d examples in the manual", len(rows))
	}
	for _, r := range rows {
		if !worked[r] {
			t.Errorf("the manual says %s, and no example does", r)
		}
	}
}

func said(parts []felt.ScorePart) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "%s %.2f^%.2f (%s); ", p.Name, p.Value, p.Weight, p.Input)
	}
	return b.String()
}

func TestPriority(t *testing.T) {
	w := rules.DefaultScore()
	for total, want := range map[float64]string{100: "P1", 70: "P1", 69.9: "P2", 50: "P2", 49.9: "P3", 35: "P3", 34: "P4", 20: "P4", 19.9: "P5", 0: "P5"} {
		if got := score.Priority(total, w); got != want || score.Priority(total, rules.ScoreWeights{}) != want {
			t.Errorf("%g is %s, want %s", total, got, want)
		}
	}
	w.P1, w.P2 = 90, 80
	if got := score.Priority(85, w); got != "P2" {
		t.Errorf("85 with bounds of its own is %s", got)
	}
}

// A weight of 0 leaves a part out of the score; it is shown all the same. No weights at all are those
// that are usual.
func TestWeights(t *testing.T) {
	in := score.Input{Criticality: 1, Hit: 1, Reached: 100, Stage: 1, Segment: 1, Harm: 1, Duration: felt.Day}
	w := rules.ScoreWeights{Harm: 2, Stage: 2}
	if total, parts := score.Of(in, w); math.Abs(total-100) > 1e-9 || len(parts) != 6 || parts[0].Weight != 0 || parts[5].Weight != .5 {
		t.Errorf("%g of %+v", total, parts)
	}
	a, _ := score.Of(in, rules.ScoreWeights{})
	b, _ := score.Of(in, rules.DefaultScore())
	if a != b || a == 0 {
		t.Errorf("without weights %g, with the usual ones %g", a, b)
	}
	if total, _ := score.Of(score.Input{Segment: math.NaN(), Harm: math.NaN(), Stage: math.Inf(1)}, w); math.IsNaN(total) {
		t.Error("no number went through")
	}
}
