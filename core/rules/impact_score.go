package rules

import "github.com/felt-cx/felt"

// ScoreWeights say how the impact score of an incident is made of its six parts, and which
// priority it means.
type ScoreWeights struct {
	Criticality float64 `yaml:"criticality" range:"0..1000" alt:"30" doc:"Weight of how much hangs on the journey."`
	Reach       float64 `yaml:"reach" range:"0..1000" alt:"25" doc:"Weight of how many customers are hit, as a share and as a number."`
	Stage       float64 `yaml:"stage" range:"0..1000" alt:"10" doc:"Weight of how far on the way the step is."`
	Duration    float64 `yaml:"duration" range:"0..1000" alt:"12" doc:"Weight of how long it lasts."`
	Segment     float64 `yaml:"segment" range:"0..1000" alt:"10" doc:"Weight of what the customers that are hit are worth, by segments."`
	Harm        float64 `yaml:"harm" range:"0..1000" alt:"13" doc:"Weight of what they suffer: lost weighs most, then failed, recovered, degraded."`

	P1 float64 `yaml:"p1" range:"0..100" alt:"70" doc:"From this score on it is P1."`
	P2 float64 `yaml:"p2" range:"0..100" alt:"50" doc:"From this score on it is P2."`
	P3 float64 `yaml:"p3" range:"0..100" alt:"35" doc:"From this score on it is P3."`
	P4 float64 `yaml:"p4" range:"0..100" alt:"20" doc:"From this score on it is P4; below it is P5."`

	SegmentValues map[string]map[string]float64 `yaml:"segments" range:"0..1" alt:"0.5 for everybody" doc:"Segment keys, their values, and what customers of that value are worth to the business, from 0 to 1."`
}

// Targets are what people want of themselves.
type Targets struct {
	Detect felt.Instant `yaml:"detect" alt:"3m" doc:"From the first harm until it is detected, and until the incident is open."`
}

// DefaultScore are the weights and bounds of an inventory that says nothing about them.
func DefaultScore() ScoreWeights {
	return ScoreWeights{Criticality: 30, Reach: 25, Stage: 10, Duration: 12, Segment: 10, Harm: 13, P1: 70, P2: 50, P3: 35, P4: 20}
}

// DefaultTargets are those of an inventory that says nothing about them.
func DefaultTargets() Targets { return Targets{Detect: 3 * felt.Minute} }

// numbers are the weights and the bounds, in order.
func (w *ScoreWeights) numbers() (weights, bounds []*float64) {
	return []*float64{&w.Criticality, &w.Reach, &w.Stage, &w.Duration, &w.Segment, &w.Harm}, []*float64{&w.P1, &w.P2, &w.P3, &w.P4}
}

// compileScore is what was said, with the defaults for the rest: a weight of 0 leaves its part out.
func (p *parsed) compileScore() ScoreWeights {
	w := DefaultScore()
	if p.score == nil {
		return w
	}
	said, saidBounds := p.score.numbers()
	weights, bounds := w.numbers()
	for i, n := range append(said, saidBounds...) {
		if _, given := p.at[n]; given {
			*append(weights[:len(weights):len(weights)], bounds...)[i] = *n
		}
	}
	w.SegmentValues = p.score.SegmentValues
	return w
}

func (p *parsed) compileTargets() Targets {
	t := DefaultTargets()
	if p.targets != nil && p.targets.Detect > 0 {
		t.Detect = p.targets.Detect
	}
	return t
}

// Journey is the journey of an app and name: one that names the app, else one that names none; nil
// when there is none.
func (s *Set) Journey(app, name string) *CompiledJourney {
	var found *CompiledJourney
	for _, j := range s.Journeys {
		switch {
		case j.Name != name:
		case j.App == app:
			return j
		case j.App == "" && found == nil:
			found = j
		}
	}
	return found
}
