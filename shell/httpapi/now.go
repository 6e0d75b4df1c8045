package httpapi

import (
	"context"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/slo"
)

type nowInput struct {
	WindowInput
	Day bool `query:"day" default:"true" doc:"false leaves out what changes slowly: spark and changes"`
}

type nowOutput struct {
	Body nowBody
}

type nowBody struct {
	Stamp
	Journeys  []nowJourney   `json:"journeys" doc:"Worst first"`
	Customers *felt.Distinct `json:"customers" doc:"Distinct over all journeys in the window; null when the store cannot tell"`
	Hour      *Asked         `json:"hour" doc:"The question that hour, and what burns, answer"`
	Sparks    *sparkWindow   `json:"sparks,omitempty" doc:"What the steps of every spark are"`
	Changes   []changeView   `json:"changes,omitempty" doc:"Of the 24 hours before the window's end, newest first"`
	Health    string         `json:"health" enum:"ok,starting,degraded,silent" doc:"In a word; /api/v1/health has the rest. silent: no telemetry within the last minute"`
}

type nowJourney struct {
	JourneyView
	Hour  hourView   `json:"hour" doc:"Of the last hour of the window's end"`
	Burn  *nowBurn   `json:"burn" doc:"The objective whose budget burns fastest; null when it has none or nobody tried"`
	Spark *sparkView `json:"spark,omitempty"`
}

type hourView struct {
	Customers felt.Distinct `json:"customers"`
	Outcomes  Outcomes      `json:"outcomes"`
}

type nowBurn struct {
	Objective string  `json:"objective"`
	Rate      float64 `json:"rate" doc:"Share of bad ones in the last hour over the share allowed: at 1 the budget is used up when its window ends"`
	Bad       int64   `json:"bad"`
	N         int64   `json:"n" doc:"Of so many tries or customers, as count says"`
	Count     string  `json:"count" enum:"interactions,customers"`
	Fast      bool    `json:"fast" doc:"It has reached the factor that pages, with enough tries to tell"`
	At        string  `json:"at" doc:"End of the hour that it is counted in"`
}

type sparkWindow struct {
	From   string  `json:"from"`
	To     string  `json:"to"`
	StepMS float64 `json:"step_ms"`
}

// sparkView is a day of one name: two numbers a step, in order of time.
type sparkView struct {
	Bad []int64 `json:"bad" doc:"Failed and abandoned tries of each step"`
	N   []int64 `json:"n" doc:"Of so many decided; 0: nobody tried"`
}

// What a spark is made of.
const (
	sparkStep  = 30 * felt.Minute
	sparkSteps = 48
)

// atNow answers everything that the first page asks, in one go: what happened in the window, in
// the last hour and over the last day. What is asked again and again is made once: see [overview].
func (a *API) atNow(ctx context.Context, in *nowInput) (*nowOutput, error) {
	w, asked, err := a.unscoped(ManyInput{WindowInput: in.WindowInput})
	if err != nil {
		return nil, err
	}
	pinned := in.To != "" || in.From != "" || in.AsOf != ""
	key := overviewKey{env: in.Env, length: w.To - w.From}
	if pinned {
		key.to, key.asOf = w.To, in.AsOf
	}
	got, err := a.overview.of(ctx, a, key, w, asked)
	if err != nil {
		return nil, err
	}
	out := &nowOutput{Body: got.body}
	b := &out.Body
	b.Health = a.healthWord()
	if !in.Day {
		return out, nil
	}
	day, err := a.overview.day(ctx, a, key, w)
	if err != nil {
		return nil, err
	}
	b.Sparks, b.Changes = &day.window, day.changes
	b.Journeys = slices.Clone(b.Journeys)
	for i := range b.Journeys {
		j := &b.Journeys[i]
		s, ok := day.sparks[j.scope(in.Env)]
		if !ok {
			s = sparkView{make([]int64, sparkSteps), make([]int64, sparkSteps)}
		}
		j.Spark = &s
	}
	return out, nil
}

func (v *JourneyView) scope(env string) felt.Scope {
	s := felt.Scope{Env: env, App: v.App, Name: v.Name, Kind: felt.KindStep}
	if v.Kind == felt.KindJourney.String() {
		s.Kind = felt.KindJourney
	}
	return s
}

// healthWord is the state of the data in a word; what is not plainly well is not ok.
func (a *API) healthWord() string {
	h := a.opts.Health()
	switch {
	case !h.Ready:
		return "starting"
	case a.opts.Clock() == felt.ClockWall && (h.Last == 0 || felt.InstantOf(a.opts.Now())-h.Last > silentAfter):
		return "silent"
	case len(h.Config) > 0:
		return "degraded"
	}
	return "ok"
}

// burnOf is the objective of a journey that burns fastest in the hour; nil when nothing is known. The
// hour's stats do not tell who was slow, nor who left after a failure: asked is what was counted of each
// objective by itself. But what was asked some seconds ago does not hide what has failed since.
func burnOf(j *rules.CompiledJourney, st felt.ScopeStat, asked map[string]tallied, to felt.Instant) *nowBurn {
	if j == nil {
		return nil
	}
	var worst *nowBurn
	for i := range j.Objectives {
		o := &j.Objectives[i]
		b := nowBurn{Objective: o.Name, Count: "interactions", At: exactTime(to)}
		switch {
		case o.Kind == slo.KindLatency, o.Count == "customers" && o.Kind == slo.KindCompletion:
		case o.Count == "customers":
			b.Bad, b.N = st.Customers.Failed, st.Customers.Total
		default:
			b.Bad, b.N = slo.Tally(o.Kind, st.Counts, 0)
		}
		if t, ok := asked[objectiveKey(st.Env, j, o)]; ok && (b.N <= 0 || share(t.bad, t.n) >= share(b.Bad, b.N)) {
			b.Bad, b.N = t.bad, t.n
		}
		if o.Count == "customers" {
			b.Count = "customers"
		}
		if b.N <= 0 || o.Target >= 1 {
			continue
		}
		allowed := 1 - o.Target
		b.Rate = float64(b.Bad) / float64(b.N) / allowed
		b.Fast = b.Rate >= slo.Pairs()[0].Factor && slo.Evidence(b.Bad, b.N, allowed)
		if worst == nil || b.Rate > worst.Rate {
			worst = &b
		}
	}
	return worst
}

// objectiveKey names an objective of a journey in an environment.
func objectiveKey(env string, j *rules.CompiledJourney, o *rules.Objective) string {
	return env + "\x00" + j.Name + "\x00" + j.App + "\x00" + o.Name
}

// sparksOf sorts the steps of a day by scope.
func sparksOf(points []felt.ScopePoint, from felt.Instant) map[felt.Scope]sparkView {
	all := map[felt.Scope]sparkView{}
	for _, p := range points {
		s, ok := all[p.Scope]
		if !ok {
			s = sparkView{make([]int64, sparkSteps), make([]int64, sparkSteps)}
			all[p.Scope] = s
		}
		if i := int((p.Start - from) / sparkStep); i >= 0 && i < sparkSteps {
			s.Bad[i] += p.Counts.Failed + p.Counts.Abandoned
			s.N[i] += p.Counts.Decided()
		}
	}
	return all
}

// dayOf is the window of the sparks: whole steps, the last of which has begun.
func dayOf(to felt.Instant) felt.Window {
	end := (to + sparkStep - 1).Floor(sparkStep)
	return felt.Window{From: end - sparkSteps*sparkStep, To: end}
}

// hourQuestion is about the last hour of a question.
func (a *API) hourQuestion(q felt.Question) (felt.Question, *Asked) {
	q.From = q.To - felt.Hour
	asked := &Asked{}
	a.describe(asked, q)
	return q, asked
}

// overviewKey names one view of the first page.
type overviewKey struct {
	env    string
	length felt.Instant
	to     felt.Instant // 0: now
	asOf   string
}
