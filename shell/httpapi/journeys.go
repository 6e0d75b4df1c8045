package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/felt-cx/felt"
)

type journeysInput struct {
	windowInput
	Where   []string `query:"where,explode" doc:"KEY=VALUE, KEY!=VALUE or KEY in (A,B); all must hold"`
	Traffic string   `query:"traffic" enum:"customer,test,bot" default:"customer"`
}

type journeyView struct {
	Name        string        `json:"name"`
	App         string        `json:"app"`
	Title       string        `json:"title"`
	Owner       string        `json:"owner"`
	Kind        string        `json:"kind" enum:"step,journey"`
	State       string        `json:"state" enum:"ok,degraded,failing,no_data"`
	StateReason string        `json:"state_reason"`
	Outcomes    outcomes      `json:"outcomes"`
	Customers   felt.Distinct `json:"customers"`
	Sessions    felt.Distinct `json:"sessions"`
	Completion  *float64      `json:"completion_rate" doc:"(success + degraded) / (success + degraded + failed + abandoned); null when nothing was decided"`
	Last        string        `json:"last,omitempty" doc:"End of its newest interaction"`
}

type journeysOutput struct {
	Body struct {
		stamp
		Journeys  []journeyView `json:"journeys"`
		Customers felt.Distinct `json:"customers" doc:"Distinct over all journeys"`
	}
}

// journeys lists every known name with what happened in the window, worst first.
func (a *API) journeys(ctx context.Context, in *journeysInput) (*journeysOutput, error) {
	q, err := a.unscoped(in.windowInput, in.Where, in.Traffic)
	if err != nil {
		return nil, err
	}
	stats, err := ask(ctx, a, func(ctx context.Context) ([]felt.ScopeStat, error) { return a.opts.Store.ScopeStats(ctx, q) })
	if err != nil {
		return nil, err
	}
	open, err := a.openIncidents(ctx, q.Env)
	if err != nil {
		return nil, err
	}
	all, err := ask(ctx, a, func(ctx context.Context) (felt.Impact, error) { return a.opts.Store.Impact(ctx, q) })
	if err != nil {
		return nil, err
	}
	out := &journeysOutput{}
	out.Body.stamp = a.stamp(a.askedFor(q, "", in.Where))
	out.Body.Customers = all.Customers
	out.Body.Journeys = make([]journeyView, 0, len(stats))
	for _, s := range stats {
		state, why := stateOf(s, open, a.now())
		out.Body.Journeys = append(out.Body.Journeys, journeyView{
			Name: s.Name, App: s.App, Title: s.Name, Kind: s.Kind.String(),
			State: state, StateReason: why,
			Outcomes: outcomesOf(s.Counts), Customers: s.Customers, Sessions: s.Sessions,
			Completion: rateOf(s.Counts), Last: stampTime(s.Last),
		})
	}
	slices.SortStableFunc(out.Body.Journeys, worstFirst)
	return out, nil
}

// The states of a journey, worst first.
const (
	stateFailing  = "failing"
	stateDegraded = "degraded"
	stateNoData   = "no_data"
	stateOK       = "ok"
)

// What stateOf judges by.
const (
	degradedShare = 0.10
	silentAfter   = 60 * felt.Second
)

// stateOf is the state of one name and why. Unknown is never good: what was not heard
// of for a minute is no_data, unless a finding still lasts.
func stateOf(s felt.ScopeStat, open []felt.Incident, now felt.Instant) (state, why string) {
	for _, i := range open {
		if i.FindingActive && i.App == s.App && i.Scope().Name == s.Name {
			return stateFailing, i.Findings[len(i.Findings)-1].Explanation
		}
	}
	switch decided := s.Counts.Decided(); {
	case s.Last == 0:
		return stateNoData, "never seen"
	case now-s.Last > silentAfter:
		return stateNoData, fmt.Sprintf("nothing since %s", s.Last.Time().Format("15:04:05"))
	case decided > 0 && float64(s.Counts.Degraded) > degradedShare*float64(decided):
		return stateDegraded, fmt.Sprintf("%d of %d degraded", s.Counts.Degraded, decided)
	case decided == 0:
		return stateNoData, "nothing in this window"
	default:
		return stateOK, fmt.Sprintf("%d of %d failed", s.Counts.Failed, decided)
	}
}

func worstFirst(x, y journeyView) int {
	rank := map[string]int{stateFailing: 0, stateDegraded: 1, stateNoData: 2, stateOK: 3}
	return cmp.Or(
		cmp.Compare(rank[x.State], rank[y.State]),
		cmp.Compare(y.Customers.Failed, x.Customers.Failed),
		cmp.Compare(y.Customers.Total, x.Customers.Total),
		cmp.Compare(x.App, y.App),
		cmp.Compare(x.Name, y.Name),
	)
}
