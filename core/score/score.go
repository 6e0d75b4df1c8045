package score

import (
	"fmt"
	"math"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/tell"
)

// Input is what a score is made of.
type Input struct {
	Criticality  int          // 1..5; 0 not said: as 3
	Hit, Reached int64        // distinct customers hit (failed; degraded ones by half), and all who came in the scope
	Stage        float64      // 0..1: weight of the step that is hit / the greatest weight in its journey; 1 of a journey as a whole
	StageName    string       // of the step; "" of a journey as a whole
	Duration     felt.Instant // since first_bad, until recovered
	Segment      float64      // 0..1: value of the customers hit (revenue class, plan); 0.5 not known
	SegmentName  string       // whose value it is; "" not known
	Harm         float64      // 0..1: failed and lost weigh 1, recovered less, degraded less, abandoned after failure 1
	HarmText     string       // how it was found, in words
}

// The least value of each part, so that none makes the others meaningless; and the ends of the scales.
const (
	leastCriticality = .1
	leastReach       = .01
	leastStage       = .5
	leastDuration    = .1
	leastSegment     = .2
	leastHarm        = .2

	fullReach    = 10_000        // customers, from which on more change nothing
	fullDuration = 4 * felt.Hour // from which on longer changes nothing
)

// Of returns the score, from 0 to 100, and its parts. Weights of zero altogether are those of
// [rules.DefaultScore]. Every part is there, also one whose weight is 0.
func Of(in Input, w rules.ScoreWeights) (total float64, parts []felt.ScorePart) {
	weights := []float64{w.Criticality, w.Reach, w.Stage, w.Duration, w.Segment, w.Harm}
	sum := 0.
	for _, v := range weights {
		sum += max(v, 0)
	}
	if sum <= 0 {
		return Of(in, defaults(w))
	}
	parts = []felt.ScorePart{
		criticality(in), reach(in), stage(in), duration(in), segment(in), harm(in),
	}
	product := 1.
	for i := range parts {
		parts[i].Weight = max(weights[i], 0) / sum
		product *= math.Pow(parts[i].Value, parts[i].Weight)
	}
	return 100 * product, parts
}

// defaults puts the weights in where there are none.
func defaults(w rules.ScoreWeights) rules.ScoreWeights {
	d := rules.DefaultScore()
	d.SegmentValues = w.SegmentValues
	return d
}

// Priority is P1 to P5, by the bounds of the inventory; with none at all, by those of
// [rules.DefaultScore].
func Priority(total float64, t rules.ScoreWeights) string {
	if t.P1 == 0 && t.P2 == 0 && t.P3 == 0 && t.P4 == 0 {
		t = rules.DefaultScore()
	}
	switch {
	case total >= t.P1:
		return "P1"
	case total >= t.P2:
		return "P2"
	case total >= t.P3:
		return "P3"
	case total >= t.P4:
		return "P4"
	}
	return "P5"
}

// within holds a share to least..1; what is no number is the least.
func within(v, least float64) float64 {
	if !(v > least) {
		return least
	}
	return min(v, 1)
}

func criticality(in Input) felt.ScorePart {
	values := [...]float64{leastCriticality, .25, .45, .7, 1}
	p := felt.ScorePart{Name: "criticality"}
	if in.Criticality == 0 {
		p.Value, p.Input = values[2], "not said in the inventory: counted as 3 of 5"
		return p
	}
	c := min(max(in.Criticality, 1), len(values))
	p.Value, p.Input = values[c-1], fmt.Sprintf("%d of 5", c)
	return p
}

func reach(in Input) felt.ScorePart {
	p := felt.ScorePart{Name: "reach", Value: leastReach}
	hit := max(in.Hit, 0)
	of := max(in.Reached, hit)
	if of == 0 {
		p.Value, p.Input = math.Sqrt(.5*size(0)), "how many customers is not known"
		return p
	}
	share := float64(hit) / float64(of)
	p.Value = within(math.Sqrt(share*size(hit)), leastReach)
	p.Input = fmt.Sprintf("%s of %s customers", tell.Count(hit), tell.Count(of))
	return p
}

// size is the logarithm of a number of customers, on a scale from nobody to very many.
func size(n int64) float64 {
	return within(math.Log1p(float64(n))/math.Log1p(fullReach), math.Ln2/math.Log1p(fullReach))
}

func stage(in Input) felt.ScorePart {
	v := within(in.Stage, 0)
	p := felt.ScorePart{Name: "stage", Value: leastStage + (1-leastStage)*v, Input: "the journey as a whole"}
	if in.StageName != "" {
		p.Input = fmt.Sprintf("step %s: %.2f of the weight of the last one", in.StageName, v)
	}
	return p
}

func duration(in Input) felt.ScorePart {
	d := min(max(in.Duration, 0), fullDuration)
	minutes := func(i felt.Instant) float64 { return math.Log1p(float64(i) / float64(felt.Minute)) }
	return felt.ScorePart{
		Name: "duration", Value: leastDuration + (1-leastDuration)*minutes(d)/minutes(fullDuration), Input: tell.Elapsed(max(in.Duration, 0)),
	}
}

func segment(in Input) felt.ScorePart {
	v := within(in.Segment, 0)
	p := felt.ScorePart{Name: "segment", Value: leastSegment + (1-leastSegment)*v}
	p.Input = fmt.Sprintf("%s: worth %.2f", in.SegmentName, v)
	if in.SegmentName == "" {
		p.Input = fmt.Sprintf("what they are worth is not known: counted as %.2f", v)
	}
	return p
}

func harm(in Input) felt.ScorePart {
	v := within(in.Harm, 0)
	p := felt.ScorePart{Name: "harm", Value: leastHarm + (1-leastHarm)*v, Input: in.HarmText}
	if p.Input == "" {
		p.Input = fmt.Sprintf("%.2f of the worst", v)
	}
	return p
}
