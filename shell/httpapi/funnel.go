package httpapi

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

type funnelInput struct {
	ManyInput
	Of string `query:"of" required:"true" maxLength:"512" doc:"A journey: NAME or APP/NAME" example:"checkout"`
}

type funnelOutput struct {
	Body struct {
		Stamp
		Steps      []funnelStep  `json:"steps"`
		Outcomes   Outcomes      `json:"outcomes" doc:"Of the journeys"`
		Open       int64         `json:"open" doc:"Journeys under way: in no rate"`
		Abandoned  abandonedView `json:"abandoned" doc:"Journeys that were abandoned, by how"`
		Completion *float64      `json:"completion_rate" doc:"(success + degraded) / (success + degraded + failed + abandoned); null when nothing was decided"`
		Customers  felt.Distinct `json:"customers"`
		Sampled    bool          `json:"sampled" doc:"Telemetry was sampled before it came here: every number of journeys and customers is at least so"`
		Adjusted   *Adjusted     `json:"adjusted,omitempty" doc:"Of sampled telemetry: how many journeys there were"`
	}
}

type abandonedView struct {
	AfterFailure int64 `json:"after_failure"`
	WhileSlow    int64 `json:"while_slow"`
	Voluntarily  int64 `json:"voluntarily"`
}

type funnelStep struct {
	Name       string          `json:"name"`
	Optional   bool            `json:"optional" doc:"By the inventory in force"`
	Entered    int64           `json:"entered" doc:"Journeys in which it was tried"`
	Completed  int64           `json:"completed" doc:"Of them, success or degraded"`
	Outcomes   Outcomes        `json:"outcomes" doc:"Of the journeys in which it was tried, by the step's outcome"`
	Duration   StepQuantiles   `json:"duration_ms" doc:"From the step's first try to its completion"`
	Conversion *conversionView `json:"conversion,omitempty" doc:"From the last required step before; the first has none"`
}

// StepQuantiles are durations in milliseconds; null when nothing was completed.
type StepQuantiles struct {
	P50 *float64 `json:"p50"`
	P90 *float64 `json:"p90"`
	P99 *float64 `json:"p99"`
}

type conversionView struct {
	From   string   `json:"from" doc:"The step before"`
	N      int64    `json:"n" doc:"Journeys that completed it"`
	Passed int64    `json:"passed" doc:"Of them, those that completed this step too: who came in half-way is not among them"`
	Rate   *float64 `json:"rate" minimum:"0" maximum:"1" doc:"passed / n; null when n is 0"`
}

// funnel tells how customers get through a journey.
func (a *API) funnel(ctx context.Context, in *funnelInput) (*funnelOutput, error) {
	q, asked, err := a.unscoped(in.ManyInput)
	if err != nil {
		return nil, err
	}
	if q.Scope, err = a.journeyOf(ctx, in.Env, in.Of); err != nil {
		return nil, err
	}
	a.describe(asked, q, in.Of)
	out := &funnelOutput{}
	out.Body.Stamp = a.stamp(asked)
	f, err := ask(ctx, a, func(ctx context.Context) (felt.Funnel, error) { return a.opts.Store.Funnel(ctx, q) })
	if err != nil {
		return nil, err
	}
	out.Body.Steps = funnelSteps(f.Steps, journeyNamed(a.opts.Rules().Set, q.App, q.Name))
	out.Body.Outcomes, out.Body.Open, out.Body.Completion = outcomesOf(f.Counts), f.Counts.Open, rateOf(f.Counts)
	out.Body.Abandoned = abandonedView{
		f.Abandoned[felt.AbandonedAfterFailure], f.Abandoned[felt.AbandonedWhileSlow], f.Abandoned[felt.AbandonedVoluntarily],
	}
	out.Body.Customers, out.Body.Sampled = f.Customers, f.Sampled
	if f.Sampled {
		out.Body.Adjusted = adjustedOf(f.Adjusted)
	}
	return out, nil
}

// journeyOf finds the journey that of means. One that was never seen has a funnel of
// zeros; what is known as a step is a mistake.
func (a *API) journeyOf(ctx context.Context, env, of string) (felt.Scope, error) {
	if strings.HasPrefix(of, "step:") {
		return felt.Scope{}, a.noJourney(ctx, env, of)
	}
	name := strings.TrimPrefix(of, "journey:")
	s, err := a.scopeOf(ctx, env, "journey:"+name)
	if err != nil {
		return s, err
	}
	if journeyNamed(a.opts.Rules().Set, s.App, s.Name) != nil {
		return s, nil
	}
	known, err := a.scopeOf(ctx, env, name)
	if err != nil {
		return s, err
	}
	if known.Kind == felt.KindStep {
		return s, a.noJourney(ctx, env, of)
	}
	return s, nil
}

// maxNamed bounds how many names an error lists.
const maxNamed = 20

// noJourney says which journeys there are instead.
func (a *API) noJourney(ctx context.Context, env, of string) error {
	scopes, err := ask(ctx, a, func(ctx context.Context) ([]felt.Scope, error) { return a.opts.Store.Scopes(ctx, env, "") })
	if err != nil {
		return err
	}
	var names []string
	if set := a.opts.Rules().Set; set != nil {
		for _, j := range set.Journeys {
			names = append(names, j.Name)
		}
	}
	for _, s := range scopes {
		if s.Kind == felt.KindJourney {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 {
		return huma.Error422UnprocessableEntity(fmt.Sprintf(
			"of=%q is a step, and this is asked of a journey; there is none yet: write one into the inventory, with this as a step", of))
	}
	more := ""
	if len(names) > maxNamed {
		more, names = fmt.Sprintf(" and %d more", len(names)-maxNamed), names[:maxNamed]
	}
	return huma.Error422UnprocessableEntity(fmt.Sprintf("of=%q is a step, and this is asked of a journey: %s%s", of, strings.Join(names, ", "), more))
}

// funnelSteps are the steps as they were seen; of a journey never seen, those of the inventory.
func funnelSteps(seen []felt.FunnelStep, j *rules.CompiledJourney) []funnelStep {
	optional := map[string]bool{}
	if j != nil {
		never := make([]felt.FunnelStep, 0, len(j.Steps))
		for _, s := range j.Steps {
			optional[s.Name] = s.Optional
			never = append(never, felt.FunnelStep{Name: s.Name})
		}
		if len(seen) == 0 {
			seen = never
		}
	}
	out := make([]funnelStep, 0, len(seen))
	before := -1
	for i := range seen {
		s := &seen[i]
		v := funnelStep{
			Name: s.Name, Optional: optional[s.Name], Entered: s.Entered, Completed: s.Completed, Outcomes: outcomesOf(s.Outcomes),
		}
		if s.Completed > 0 {
			ms := func(ns float64) *float64 { v := ns / 1e6; return &v }
			v.Duration = StepQuantiles{ms(s.P50), ms(s.P90), ms(s.P99)}
		}
		if before >= 0 {
			v.Conversion = conversionOf(seen, before, i)
		}
		if !v.Optional {
			before = i
		}
		out = append(out, v)
	}
	return out
}

// conversionOf is how many got from one step to another, of those who completed the first.
func conversionOf(steps []felt.FunnelStep, from, to int) *conversionView {
	v := &conversionView{From: steps[from].Name, N: steps[from].Completed}
	if from < len(steps[to].With) { // those of the inventory, which nobody tried, have none
		v.Passed = steps[to].With[from]
	}
	if v.N > 0 {
		r := float64(v.Passed) / float64(v.N)
		v.Rate = &r
	}
	return v
}

// journeyNamed finds a journey of the inventory; app "" is any. Nil when there is none.
func journeyNamed(set *rules.Set, app, name string) *rules.CompiledJourney {
	if set == nil {
		return nil
	}
	for _, j := range set.Journeys {
		if j.Name == name && (app == "" || j.App == "" || j.App == app) {
			return j
		}
	}
	return nil
}
