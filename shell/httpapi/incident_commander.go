package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// CommanderView is what only the page of one incident needs.
type CommanderView struct {
	Now        *recentView       `json:"now" doc:"The last 5 minutes alone, or since first_bad when that is later; null once it is resolved, or when nobody can be counted"`
	Plan       []planView        `json:"plan" doc:"What the inventory says is to be done, journey by journey"`
	Budgets    []budgetOfJourney `json:"budgets" doc:"Objectives of its journeys, worst budget first"`
	Draft      string            `json:"draft_update" doc:"The next update in words, to be read before it is sent"`
	LastUpdate *string           `json:"last_update" doc:"When people last told something; null: never"`
	NextUpdate *string           `json:"next_update" doc:"When they should again; null once it is resolved"`
}

type recentView struct {
	_ struct{} `nullable:"true"`

	From   string     `json:"from"`
	Impact ImpactView `json:"impact"`
	Asked  *Asked     `json:"question"`
}

type planView struct {
	Journey string       `json:"journey"`
	App     string       `json:"app,omitempty"`
	Title   string       `json:"title"`
	Team    string       `json:"team,omitempty"`
	Owners  []string     `json:"owners"`
	Actions []actionView `json:"actions" doc:"In order"`
	Links   []planLink   `json:"links" doc:"Runbooks, dashboards"`
	Signals []signalView `json:"signals" doc:"Technical series that serve it, with what one typically does about them"`
}

type planLink struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

type budgetOfJourney struct {
	Of    string `json:"of" doc:"The journey, as other questions take it"`
	Title string `json:"title" doc:"Of the journey"`
	objectiveAnswer
}

// nowWindow is what people call now.
const nowWindow = 5 * felt.Minute

// updateEvery is how long people are left without an update.
const updateEvery = 15 * felt.Minute

// suspectFrom is the score from which a suspect is named: below it the time alone speaks.
const suspectFrom = .5

// maxPlans bounds the journeys whose plans and budgets are shown: an incident of a shared service may
// be about hundreds.
const maxPlans = 5

func (a *API) commanderView(ctx context.Context, i *felt.Incident, v *IncidentView) (CommanderView, error) {
	out := CommanderView{Plan: []planView{}, Budgets: []budgetOfJourney{}}
	journeys := a.journeysOf(i)
	journeys = journeys[:min(len(journeys), maxPlans)]
	for _, j := range journeys {
		out.Plan = append(out.Plan, planOf(j))
		list, err := a.budgets.of(ctx, a, i.Env, j)
		if err != nil {
			return out, err
		}
		out.Budgets = append(out.Budgets, list...)
	}
	slices.SortStableFunc(out.Budgets, func(x, y budgetOfJourney) int { return cmp.Compare(x.left, y.left) })
	if i.Status != felt.IncidentResolved {
		if err := a.nowOf(ctx, i, &out); err != nil {
			return out, err
		}
	}
	last := lastUpdate(i)
	out.LastUpdate = optionalTime(last)
	if i.Status != felt.IncidentResolved {
		out.NextUpdate = optionalTime(cmp.Or(last, i.Opened) + updateEvery)
	}
	out.Draft = draft(i, v, &out, a.now())
	return out, nil
}

// nowOf counts who is hit right now: never before the first harm, so that it is not more than
// all that were hit so far.
func (a *API) nowOf(ctx context.Context, i *felt.Incident, out *CommanderView) error {
	q := a.impactQuestion(*i)
	q.From = max(a.now()-nowWindow, q.From)
	q.To = a.ahead(q.From)
	im, _, err := a.counted(ctx, q)
	if err != nil || im == nil {
		return err
	}
	asked := &Asked{}
	a.describe(asked, q, ofScopes(q)...)
	out.Now = &recentView{From: exactTime(q.From), Impact: impactOf(*im), Asked: asked}
	return nil
}

func planOf(j *rules.CompiledJourney) planView {
	e := entryOf(j)
	v := planView{Journey: e.Name, App: e.App, Title: e.Title, Team: e.Team, Owners: e.Owners, Actions: e.ActionPlan, Signals: e.Signals, Links: []planLink{}}
	for _, name := range slices.Sorted(maps.Keys(e.Links)) {
		v.Links = append(v.Links, planLink{name, e.Links[name]})
	}
	return v
}

// budgets keeps what was told of a journey's objectives for a moment: their windows are weeks long, and
// a page asks every few seconds.
type budgets struct {
	mu    sync.Mutex
	known map[string]knownBudgets
}

type knownBudgets struct {
	at   felt.Instant
	list []budgetOfJourney
}

const (
	budgetsKeep = 30 * felt.Second
	budgetsMax  = 200
)

func (b *budgets) of(ctx context.Context, a *API, env string, j *rules.CompiledJourney) ([]budgetOfJourney, error) {
	now := felt.InstantOf(a.opts.Now())
	version := a.opts.Rules().Set.Version
	key := fmt.Sprintf("%q %q %q %d", env, j.App, j.Name, version)
	b.mu.Lock()
	got, ok := b.known[key]
	b.mu.Unlock()
	if ok && now-got.at < budgetsKeep && now >= got.at {
		return got.list, nil
	}
	scope := felt.Scope{Env: env, App: j.App, Name: j.Name, Kind: felt.KindJourney}
	q := felt.Question{Scope: scope, Window: felt.Window{To: a.now()}, AsOf: a.now()}
	list := make([]budgetOfJourney, 0, len(j.Objectives))
	for n := range j.Objectives {
		one, err := ask(ctx, a, func(ctx context.Context) (objectiveAnswer, error) { return a.objective(ctx, q, &j.Objectives[n]) })
		if err != nil {
			return nil, err
		}
		list = append(list, budgetOfJourney{ofScope(scope), cmp.Or(j.Title, j.Name), one})
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known == nil || len(b.known) >= budgetsMax {
		b.known = map[string]knownBudgets{}
	}
	b.known[key] = knownBudgets{now, list}
	return list, nil
}

// lastUpdate is when people last told what goes on.
func lastUpdate(i *felt.Incident) felt.Instant {
	last := felt.Instant(0)
	for _, e := range i.Timeline {
		if e.Kind == noteUpdate && e.Actor != "" {
			last = max(last, e.At)
		}
	}
	return last
}

// draft is the next update, made of what is known. Somebody reads it before it is sent.
func draft(i *felt.Incident, v *IncidentView, c *CommanderView, now felt.Instant) string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	head := v.Sentence
	if i.Priority != "" {
		head = i.Priority + ": " + head
	}
	lines = append(lines, strings.TrimSuffix(head, ".")+".")
	if c.Now != nil {
		d := c.Now.Impact.Customers
		add("In the last 5 minutes %s of %s failed.", grouped(d.Failed), people(d.Total))
	}
	switch {
	case i.Cause != (felt.Cause{}):
		add("Cause: %s.", strings.TrimSuffix(causeWords(i.Cause), "."))
	case len(i.Suspects) > 0 && i.Suspects[0].Score >= suspectFrom:
		add("Suspected, not confirmed: %s.", strings.TrimSuffix(cmp.Or(i.Suspects[0].Text, i.Suspects[0].What), "."))
	case i.EvidenceAt > 0:
		add("The cause is not known yet; no change nearby stands out.")
	default:
		add("The cause is not known yet.")
	}
	if i.Mitigated > 0 {
		add("Mitigated at %s UTC.", i.Mitigated.Time().Format("15:04"))
	}
	if i.Recovery.Text != "" {
		add("Recovery: %s.", strings.TrimSuffix(i.Recovery.Text, "."))
	}
	if i.Status == felt.IncidentResolved {
		add("Resolved at %s UTC.", i.Resolved.Time().Format("15:04"))
		return strings.Join(lines, "\n")
	}
	who := "Nobody has taken command yet."
	if i.Commander != "" {
		who = i.Commander + " is in command."
	}
	add("%s Next update by %s UTC.", who, (now + updateEvery).Time().Format("15:04"))
	return strings.Join(lines, "\n")
}

func causeWords(c felt.Cause) string {
	var parts []string
	for _, p := range []string{c.Change, c.Service, c.Note} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ", ")
}

func people(n int64) string {
	if n == 1 {
		return "1 customer"
	}
	return grouped(n) + " customers"
}
