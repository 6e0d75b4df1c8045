package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

type journeysInput struct{ ManyInput }

// JourneyView is a journey or step with what happened in the window.
type JourneyView struct {
	Name        string        `json:"name"`
	App         string        `json:"app"`
	Title       string        `json:"title"`
	Owner       string        `json:"owner"`
	Kind        string        `json:"kind" enum:"step,journey"`
	State       string        `json:"state" enum:"ok,degraded,failing,no_data"`
	StateReason string        `json:"state_reason"`
	Outcomes    Outcomes      `json:"outcomes"`
	Customers   felt.Distinct `json:"customers"`
	Sessions    felt.Distinct `json:"sessions"`
	Sampled     bool          `json:"sampled" doc:"Telemetry was sampled before it came here: outcomes, customers and sessions are at least so"`
	Completion  *float64      `json:"completion_rate" doc:"(success + degraded) / (success + degraded + failed + abandoned); null when nothing was decided"`
	Last        string        `json:"last,omitempty" doc:"End of its newest interaction"`
	Purpose     string        `json:"purpose,omitempty" doc:"By the inventory"`
	Criticality int           `json:"criticality" doc:"By the inventory: 1 (least) to 5 (most); 0: not said"`
	Journeys    []string      `json:"journeys" doc:"Of a step: the journeys of the inventory that it is in"`
	Mapped      bool          `json:"mapped" doc:"The inventory names it"`
}

type journeysOutput struct {
	Body struct {
		Stamp
		Journeys  []JourneyView  `json:"journeys"`
		Customers *felt.Distinct `json:"customers" doc:"Distinct over all journeys; null when the store cannot tell"`
	}
}

// journeys lists every known name with what happened in the window, worst first. It
// asks the store two things, and a third when customers of several names must be told
// apart.
func (a *API) journeys(ctx context.Context, in *journeysInput) (*journeysOutput, error) {
	q, asked, err := a.unscoped(in.ManyInput)
	if err != nil {
		return nil, err
	}
	out := &journeysOutput{}
	out.Body.Stamp = a.stamp(asked)
	out.Body.Journeys, out.Body.Customers, err = a.journeyRows(ctx, q)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// journeyRows are the names of a question, worst first, and how many customers there were in all.
func (a *API) journeyRows(ctx context.Context, q felt.Question) ([]JourneyView, *felt.Distinct, error) {
	stats, err := ask(ctx, a, func(ctx context.Context) ([]felt.ScopeStat, error) { return a.opts.Store.ScopeStats(ctx, q) })
	if err != nil {
		return nil, nil, err
	}
	open, err := a.openIncidents(ctx, q.Env)
	if err != nil {
		return nil, nil, err
	}
	everybody, err := a.everybody(ctx, q, stats)
	if err != nil {
		return nil, nil, err
	}
	set := a.opts.Rules().Set
	now := min(a.now(), q.To) // a window of the past has the state it had then
	rows := make([]JourneyView, 0, len(stats))
	for _, s := range stats {
		state, why := stateOf(s, open, now)
		if step, its := brokenStep(set, s, open, now); state != stateFailing && step != "" {
			state, why = stateFailing, "step "+step+": "+its
		}
		v := JourneyView{
			Name: s.Name, App: s.App, Title: s.Name, Kind: s.Kind.String(),
			State: state, StateReason: why,
			Outcomes: outcomesOf(s.Counts), Customers: s.Customers, Sessions: s.Sessions, Sampled: s.Sampled,
			Completion: rateOf(s.Counts), Last: stampTime(s.Last),
		}
		v.describe(set, s.Kind)
		rows = append(rows, v)
	}
	rows = append(rows, neverSeen(set, stats)...)
	slices.SortStableFunc(rows, worstFirst)
	return rows, everybody, nil
}

// describe adds what the inventory says of it.
func (v *JourneyView) describe(set *rules.Set, kind felt.InteractionKind) {
	v.Journeys = []string{}
	if set == nil {
		return
	}
	if kind == felt.KindJourney {
		v.say(journeyNamed(set, v.App, v.Name))
		return
	}
	for _, st := range set.Steps(v.App, v.Name) {
		j := st.Journey
		if !v.Mapped {
			v.say(j)
			v.Title = v.Name
		}
		v.Criticality = max(v.Criticality, j.Criticality)
		if !slices.Contains(v.Journeys, j.Name) {
			v.Journeys = append(v.Journeys, j.Name)
		}
	}
}

func (v *JourneyView) say(j *rules.CompiledJourney) {
	if j == nil {
		return
	}
	v.Mapped, v.Title, v.Purpose, v.Criticality = true, cmp.Or(j.Title, j.Name), j.Purpose, j.Criticality
	v.Owner = cmp.Or(j.Team, strings.Join(j.Owners, ", "))
}

// neverSeen are the journeys of the inventory without any interaction: unknown is never
// good, and a rule that matches nothing must not go unnoticed.
func neverSeen(set *rules.Set, stats []felt.ScopeStat) []JourneyView {
	if set == nil {
		return nil
	}
	var list []JourneyView
	for _, j := range set.Journeys {
		if slices.ContainsFunc(stats, func(s felt.ScopeStat) bool {
			return s.Kind == felt.KindJourney && journeyNamed(set, s.App, s.Name) == j
		}) {
			continue
		}
		v := JourneyView{
			Name: j.Name, App: j.App, Kind: felt.KindJourney.String(), State: stateNoData,
			StateReason: "no journey was told: " + untold(j) + "; /api/v1/unmapped lists the names that are no step of any", Journeys: []string{},
		}
		v.say(j)
		list = append(list, v)
	}
	return list
}

// untold is what a journey needs that is never told, by what ties its steps together.
func untold(j *rules.CompiledJourney) string {
	switch by := j.Correlate.By; {
	case by == "trace":
		return "none of its steps was seen"
	case j.Correlate.Attribute != "":
		return "its steps were not seen, or without " + j.Correlate.Attribute + ", which ties them together"
	case by == "instance":
		return "its steps were not seen, or without felt.journey.instance.id, which ties them together"
	default:
		return "its steps were not seen, or without session.id or user.id, which tie them together (correlate: trace does without)"
	}
}

// everybody counts the distinct customers over all names: those of the one name that
// has any, or else what the store says, or nothing (null) when it cannot say.
func (a *API) everybody(ctx context.Context, q felt.Question, stats []felt.ScopeStat) (*felt.Distinct, error) {
	one := felt.Distinct{}
	names := 0
	for _, s := range stats {
		if s.Customers.Total > 0 {
			one = s.Customers
			names++
		}
	}
	if names <= 1 {
		return &one, nil
	}
	return ask(ctx, a, func(ctx context.Context) (*felt.Distinct, error) {
		all, err := a.opts.Store.Impact(ctx, q)
		if errors.Is(err, felt.ErrUnanswerable) {
			return nil, nil // null is the answer: it is not known
		}
		return &all.Customers, err
	})
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
		if i.FindingActive && i.Opened <= now && i.Env == s.Env && i.App == s.App && slices.Contains(i.Journeys, s.Name) {
			return stateFailing, explanation(i, s.Name)
		}
	}
	switch decided := s.Counts.Decided(); {
	case s.Last == 0:
		return stateNoData, "never seen"
	case now-s.Last > silentAfter:
		return stateNoData, "nothing since " + s.Last.Time().Format("15:04:05 UTC")
	case decided == 0:
		return stateNoData, "nothing was decided in this window"
	case float64(s.Counts.Degraded) > degradedShare*float64(decided):
		return stateDegraded, fmt.Sprintf("%d of %d degraded", s.Counts.Degraded, decided)
	default:
		return stateOK, fmt.Sprintf("%d of %d failed", s.Counts.Failed, decided)
	}
}

// brokenStep is a required step of a journey on which a finding lasts, and why: who cannot do it
// cannot reach the journey's goal, long before that journey is given up and counted. "" none.
func brokenStep(set *rules.Set, s felt.ScopeStat, open []felt.Incident, now felt.Instant) (step, why string) {
	if set == nil || s.Kind != felt.KindJourney {
		return "", ""
	}
	j := journeyNamed(set, s.App, s.Name)
	for _, i := range open {
		if !i.FindingActive || i.Opened > now || i.Env != s.Env {
			continue
		}
		for _, name := range i.Journeys {
			for _, st := range set.Steps(i.App, name) {
				if st.Journey == j && !st.Optional {
					return st.Name, explanation(i, name)
				}
			}
		}
	}
	return "", ""
}

// explanation is what the newest finding that lasts says of one name.
func explanation(i felt.Incident, name string) string {
	for _, f := range slices.Backward(i.Findings) {
		if f.Ended == 0 && f.Series.Name == name && f.Explanation != "" {
			return f.Explanation
		}
	}
	return "incident " + i.ID + " is open and its finding lasts"
}

func worstFirst(x, y JourneyView) int {
	rank := map[string]int{stateFailing: 0, stateDegraded: 1, stateNoData: 2, stateOK: 3}
	return cmp.Or(
		cmp.Compare(rank[x.State], rank[y.State]),
		cmp.Compare(y.Customers.Failed, x.Customers.Failed),
		cmp.Compare(y.Criticality, x.Criticality),
		cmp.Compare(y.Customers.Total, x.Customers.Total),
		cmp.Compare(x.App, y.App),
		cmp.Compare(x.Name, y.Name),
	)
}
