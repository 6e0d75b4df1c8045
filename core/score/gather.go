package score

import (
	"fmt"
	"math"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/tell"
)

// What one customer suffers, where it is not the worst.
const (
	harmRecovered = .4  // failed, and then it worked
	harmDegraded  = .25 // slowly, or the long way round
	harmMissing   = .8  // did not come where they were expected
	harmUnknown   = .6  // nothing is heard of them
	harmWarned    = .3  // nobody has been counted: a limit, a budget, a business number
	indirect      = .6  // times as much where customers do not meet it themselves
)

// What customers of a journey are worth while no segment says it, by its revenue class.
const (
	worthUnknown    = .5
	worthDirect     = .75
	worthSupporting = .5
	worthNone       = .25
)

// Gather makes the input of an incident as it stands: from its scopes and what the inventory says
// of them, its impact, findings and segments. set may be nil.
func Gather(set *rules.Set, i *felt.Incident, now felt.Instant) Input {
	if set == nil {
		set = &rules.Set{}
	}
	in := Input{Duration: lasted(i, now)}
	var journeys []*rules.CompiledJourney
	in.Stage, in.StageName, journeys = stageOf(set, i)
	for _, j := range journeys {
		in.Criticality = max(in.Criticality, j.Criticality)
	}
	in.Hit, in.Reached = reached(i)
	in.Segment, in.SegmentName = worth(set.Score.SegmentValues, i, journeys)
	in.Harm, in.HarmText = harmOf(i)
	unmet := func(j *rules.CompiledJourney) bool { return j.Exposure == "indirect" }
	if len(journeys) > 0 && !slices.ContainsFunc(journeys, func(j *rules.CompiledJourney) bool { return !unmet(j) }) {
		in.Harm *= indirect
		in.HarmText += "; customers do not meet it themselves"
	}
	return in
}

// lasted is how long it hurts: until customers have recovered, or people said so.
func lasted(i *felt.Incident, now felt.Instant) felt.Instant {
	for _, end := range []felt.Instant{i.Recovered, i.Resolved} {
		if end != 0 && i.Status == felt.IncidentResolved {
			now = end
			break
		}
	}
	from := i.FirstBad
	if from == 0 {
		from = i.Opened
	}
	if from == 0 {
		return 0
	}
	return max(now-from, 0)
}

// stageOf is the greatest weight of the steps that are hit, of the greatest in their journeys, and the
// journeys. A journey as a whole weighs 1, and so does what the inventory does not know.
func stageOf(set *rules.Set, i *felt.Incident) (weight float64, name string, journeys []*rules.CompiledJourney) {
	scopes := i.Scopes
	if len(scopes) == 0 {
		scopes = []felt.Scope{i.Scope()}
	}
	whole, found := false, -1.
	for _, s := range scopes {
		if s.Name == "" { // the whole app
			for _, j := range set.Journeys {
				if j.App == s.App && s.App != "" {
					journeys, whole = append(journeys, j), true
				}
			}
			continue
		}
		steps := set.Steps(s.App, s.Name)
		if j := set.Journey(s.App, s.Name); j != nil && (s.Kind != felt.KindStep || len(steps) == 0) {
			journeys, whole = append(journeys, j), true
			continue
		}
		whole = whole || len(steps) == 0
		for _, st := range steps {
			journeys = append(journeys, st.Journey)
			if v := share(st); v > found {
				found, name = v, st.Name
			}
			// The only step of a journey is the journey.
			whole = whole || len(st.Journey.Steps) == 1
		}
	}
	if whole || found < 0 {
		return 1, "", journeys
	}
	return found, name, journeys
}

// share is the weight of a step, of the greatest in its journey.
func share(st *rules.CompiledStep) float64 {
	greatest := 0.
	for _, o := range st.Journey.Steps {
		greatest = max(greatest, o.Weight)
	}
	if greatest <= 0 {
		return 1
	}
	return st.Weight / greatest
}

// kind is what customers feel: that they fail, as soon as that stands out, else what it was opened for.
func kind(i *felt.Incident) felt.FindingKind {
	failed := slices.ContainsFunc(i.Findings, func(f felt.Finding) bool { return f.Paging && f.Kind == felt.FindingFailed })
	if failed || i.Kind == "" {
		return felt.FindingFailed
	}
	return felt.FindingKind(i.Kind)
}

// reached is how many customers are hit, and of how many who came, or would have.
func reached(i *felt.Incident) (hit, of int64) {
	c := i.Impact.Customers
	if e := i.Impact.Estimated; e.Total.Estimate > 0 {
		c = felt.Distinct{Total: e.Total.Estimate, Failed: e.Failed.Estimate, Degraded: e.Degraded.Estimate}
	}
	switch k := kind(i); k {
	case felt.FindingDegraded, felt.FindingSlow:
		return min(c.Failed+c.Degraded/2, c.Total), c.Total
	case felt.FindingDrop, felt.FindingSilent, felt.FindingFunnel:
		at := slices.IndexFunc(i.Findings, func(f felt.Finding) bool { return f.Kind == k && f.N+f.Hit+whole(f.Expected) > 0 })
		if at < 0 {
			return c.Failed, c.Total
		}
		f := &i.Findings[at]
		expected := whole(f.Expected)
		switch {
		case k == felt.FindingSilent:
			return expected, expected
		case f.N == f.Hit && expected > f.Hit:
			return max(expected-f.Hit, c.Failed), expected
		}
		return max(f.Hit, c.Failed), max(f.N, c.Failed)
	case felt.FindingFailed, felt.FindingBurn, felt.FindingKPI, felt.FindingSaturation:
	}
	if c.Failed == 0 && i.Source == "declared" {
		return c.Degraded / 2, c.Total
	}
	return c.Failed, c.Total
}

func whole(f float64) int64 { return int64(math.Round(min(max(f, 0), 1e15))) }

// worth is what the customers who are hit are worth: by the segment key by which they are dearest, else
// by the revenue class of the journeys.
func worth(values map[string]map[string]float64, i *felt.Incident, journeys []*rules.CompiledJourney) (float64, string) {
	best, name := -1., ""
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if v, n, ok := worthBy(key, values[key], i.SegmentsHit); ok && v > best {
			best, name = v, n
		}
	}
	if best >= 0 {
		return best, name
	}
	for _, j := range journeys {
		class, v := "", 0.
		switch j.RevenueClass {
		case "direct":
			class, v = "they are about to pay", worthDirect
		case "supporting":
			class, v = "the journey helps to earn", worthSupporting
		case "none":
			class, v = "the journey earns nothing", worthNone
		}
		if class != "" && v > best {
			best, name = v, class
		}
	}
	if best >= 0 {
		return best, name
	}
	return worthUnknown, ""
}

// worthBy weighs the values of one key with the customers hit.
func worthBy(key string, values map[string]float64, hit []felt.SegmentShare) (v float64, name string, ok bool) {
	sum, n := 0., int64(0)
	most := int64(-1)
	for _, s := range hit {
		if len(s.Where) != 1 || s.Where[0].Key != key || s.Customers <= 0 {
			continue
		}
		one, known := values[s.Where[0].Value]
		if !known {
			one = worthUnknown
		}
		sum, n = sum+one*float64(s.Customers), n+s.Customers
		if s.Customers > most {
			most, name = s.Customers, fmt.Sprintf("%s customers by %s, most of %s", tell.Count(s.Customers), key, s.Where[0].Value)
		}
	}
	if n == 0 {
		return 0, "", false
	}
	return sum / float64(n), name, true
}

// harmOf is what they suffer, on the average.
func harmOf(i *felt.Incident) (float64, string) {
	m := &i.Impact
	switch kind(i) {
	case felt.FindingDrop:
		return harmMissing, "customers who do not come where they were expected"
	case felt.FindingSilent:
		return harmUnknown, "what customers do is not known"
	case felt.FindingDegraded, felt.FindingSlow:
		if m.Customers.Failed+m.Customers.Degraded == 0 {
			return harmDegraded, "served badly"
		}
		failed, bad := float64(m.Customers.Failed), float64(m.Customers.Degraded)
		return (failed + harmDegraded*bad) / (failed + bad), fmt.Sprintf("%s served badly, %s failed", tell.Count(m.Customers.Degraded), tell.Count(m.Customers.Failed))
	case felt.FindingBurn, felt.FindingKPI, felt.FindingSaturation:
		if m.Customers.Failed == 0 {
			return harmWarned, "nobody has failed yet"
		}
	case felt.FindingFailed, felt.FindingFunnel:
	}
	all := m.Recovered + m.Lost + m.Undecided
	if all <= 0 {
		return 1, "what became of them is not known yet"
	}
	v := (float64(m.Lost+m.Undecided) + harmRecovered*float64(m.Recovered)) / float64(all)
	return v, fmt.Sprintf("%s lost, %s undecided, %s recovered", tell.Count(m.Lost), tell.Count(m.Undecided), tell.Count(m.Recovered))
}
