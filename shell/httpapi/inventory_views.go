package httpapi

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// entryOf is a journey of the inventory as answers show it.
func entryOf(j *rules.CompiledJourney) inventoryEntry {
	v := inventoryEntry{
		Name: j.Name, Title: cmp.Or(j.Title, j.Name), App: j.App, Purpose: j.Purpose, Criticality: j.Criticality,
		RevenueClass: j.RevenueClass, WorkflowType: j.WorkflowType, Exposure: j.Exposure, Team: j.Team, Owners: nonNil(j.Owners),
		PrimaryService: j.PrimaryService, Services: j.Services, Correlate: cmp.Or(j.Correlate.By, "session"),
		Success: successWords(j), Degraded: degradedWords(j.DegradedWhen),
		TimeoutMS: millis(j.Timeout), RecoveryMS: millis(j.RecoveryWindow), Thresholds: thresholdsOf(j.Thresholds),
		Expectation: expectationView{millis(j.Expectation.Latency), j.Expectation.Availability, j.Expectation.FailureTolerance},
		SegmentBy:   nonNil(j.SegmentBy),
		Value:       valueView{j.Value.Per, j.Value.AmountMinor, j.Value.Currency, j.Value.Attribute},
		Reviewed:    j.Reviewed, Links: j.Links,
		Steps: make([]inventoryStep, 0, len(j.Steps)), ErrorClasses: errorClasses(j.ErrorClasses),
		Objectives: []objectiveView{}, KPIs: []kpiView{}, Signals: []signalView{}, ActionPlan: []actionView{},
	}
	if j.Correlate.Attribute != "" {
		v.Correlate += " by " + j.Correlate.Attribute
	}
	for _, s := range j.Steps {
		v.Steps = append(v.Steps, stepOf(j, s))
	}
	for _, o := range j.Overrides {
		where := make(map[string]string, len(o.Where))
		for k, t := range o.Where {
			where[k] = textWords(&t)
		}
		v.Overrides = append(v.Overrides, overrideView{where, thresholdsOf(o.Thresholds)})
	}
	for _, o := range j.Objectives {
		v.Objectives = append(v.Objectives, objectiveView{o.Name, o.Kind, o.Target, millis(o.Window), millis(o.Threshold), o.Count})
	}
	for _, k := range j.KPIs {
		v.KPIs = append(v.KPIs, kpiOf(&k))
	}
	for _, s := range j.Signals {
		v.Signals = append(v.Signals, signalOf(&s))
	}
	for _, p := range j.ActionPlan {
		v.ActionPlan = append(v.ActionPlan, actionView(p))
	}
	return v
}

// stepOf is a step. What it matches is in the text of its journey; a journey without steps
// is one step.
func stepOf(j *rules.CompiledJourney, s *rules.CompiledStep) inventoryStep {
	v := inventoryStep{
		Name: s.Name, Interaction: s.Interaction, Optional: s.Optional, Async: s.Async, Weight: s.Weight,
		TimeoutMS: millis(s.Timeout), Thresholds: thresholdsOf(j.Thresholds),
	}
	match := j.Match
	if s.Place < len(j.Journey.Steps) {
		text := &j.Journey.Steps[s.Place]
		match, v.ErrorClasses = text.Match, errorClasses(text.ErrorClasses)
		if text.Thresholds != (rules.Thresholds{}) {
			v.Thresholds = thresholdsOf(text.Thresholds)
		}
	}
	if match == nil {
		match = &rules.Match{Interaction: s.Interaction}
	}
	v.Match = matchWords(match)
	return v
}

func thresholdsOf(t rules.Thresholds) thresholdsView {
	ms := func(i felt.Instant) *float64 {
		if i == 0 {
			return nil
		}
		v := millis(i)
		return &v
	}
	return thresholdsView{ms(t.Degraded), ms(t.Failed)}
}

func errorClasses(list []rules.ErrorClass) []errorClassView {
	out := make([]errorClassView, 0, len(list))
	for _, c := range list {
		v := errorClassView{Name: c.Name, Match: "anything", Outcome: c.Outcome, Recoverable: c.Recoverable, Consequence: c.Consequence}
		if c.Match != nil {
			v.Match = patternWords("event", c.Match)
		}
		out = append(out, v)
	}
	return out
}

func millis(i felt.Instant) float64 { return float64(i) / 1e6 }

func kpiOf(k *rules.KPI) kpiView {
	v := kpiView{
		Name: k.Name, Numerator: quantityWords(&k.Numerator), Denominator: quantityWords(&k.Denominator),
		Direction: k.Direction, Measured: k.Measured(),
	}
	if !v.Measured {
		v.Mend = k.Mend()
	}
	return v
}

func quantityWords(q *rules.Quantity) string {
	w := q.String()
	if q.Statistic == "sum" {
		w = "sum of " + w
	}
	if of := pointsWords(q.Service, q.Where); of != "" {
		w += " of " + of
	}
	return w
}

func signalOf(s *rules.Signal) signalView {
	return signalView{
		Name: s.Name, Layer: s.Layer, Source: s.Source, Of: pointsWords(s.Service, s.Where), Statistic: s.Statistic,
		Threshold: s.Threshold, Limit: s.Limit, Direction: s.Direction, Measured: s.Source != "",
		Endangers: s.Endangers, BusinessRisk: s.BusinessRisk, TypicalResponse: s.TypicalResponse, Owners: s.Owners,
	}
}

// pointsWords says which points of a metric are meant; "" all.
func pointsWords(service *rules.Text, where map[string]rules.Text) string {
	var parts []string
	if service != nil {
		parts = append(parts, "service "+textWords(service))
	}
	for _, k := range slices.Sorted(maps.Keys(where)) {
		t := where[k]
		parts = append(parts, k+" "+textWords(&t))
	}
	return strings.Join(parts, ", ")
}
