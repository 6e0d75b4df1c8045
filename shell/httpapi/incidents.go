package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

type incidentsInput struct {
	Env    string `query:"env" default:"production" maxLength:"256"`
	Status string `query:"status" enum:"open,acknowledged,resolved,all" default:"open" doc:"open includes acknowledged"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

type incidentsOutput struct {
	Body struct {
		Stamp
		Incidents []IncidentView `json:"incidents"`
	}
}

// IncidentView is an incident, with the impact that the interactions tell now.
type IncidentView struct {
	ID            string              `json:"id"`
	Version       int64               `json:"version"`
	Journey       string              `json:"journey"`
	App           string              `json:"app"`
	Env           string              `json:"env"`
	Kind          string              `json:"kind"`
	Status        string              `json:"status" enum:"open,acknowledged,resolved"`
	Title         string              `json:"title"`
	Sentence      string              `json:"sentence" doc:"How many customers felt what, since when"`
	FirstBad      string              `json:"first_bad" doc:"Event time"`
	Opened        string              `json:"opened"`
	Acknowledged  *string             `json:"acknowledged"`
	Recovered     *string             `json:"recovered"`
	Resolved      *string             `json:"resolved"`
	FindingActive bool                `json:"finding_active"`
	Score         float64             `json:"score" doc:"0 to 100"`
	Impact        ImpactView          `json:"impact" doc:"Of the scope since first_bad, until resolved"`
	Asked         *Asked              `json:"impact_question" doc:"The question that impact answers; null when it is the impact that the incident itself keeps"`
	Findings      []findingView       `json:"findings"`
	Timeline      []timelineView      `json:"timeline"`
	SegmentsHit   []map[string]string `json:"segments_hit,omitempty"`
}

type timelineView struct {
	At    string `json:"at"`
	Kind  string `json:"kind"`
	Text  string `json:"text"`
	Actor string `json:"actor,omitempty"`
}

// incidents lists them, highest score first. Their impacts are counted afresh as long
// as there is time: half of what a question may take. What is left shows the impact
// that it keeps itself.
func (a *API) incidents(ctx context.Context, in *incidentsInput) (*incidentsOutput, error) {
	status := map[string][]felt.IncidentStatus{
		"open":         {felt.IncidentOpen, felt.IncidentAcknowledged},
		"acknowledged": {felt.IncidentAcknowledged},
		"resolved":     {felt.IncidentResolved},
	}[in.Status]
	out := &incidentsOutput{}
	out.Body.Stamp = a.stamp(&Asked{ID: "incidents-" + in.Status, Env: in.Env, Status: in.Status})
	list, err := ask(ctx, a, func(ctx context.Context) ([]felt.Incident, error) {
		return a.opts.Store.Incidents(ctx, in.Env, in.Limit, status...)
	})
	if err != nil {
		return nil, err
	}
	out.Body.Incidents = make([]IncidentView, 0, len(list))
	until := a.opts.Now().Add(a.opts.QuestionTimeout / 2)
	for _, i := range list {
		v, err := a.incidentView(ctx, i, a.opts.Now().Before(until))
		if err != nil {
			return nil, err
		}
		out.Body.Incidents = append(out.Body.Incidents, v)
	}
	slices.SortStableFunc(out.Body.Incidents, func(x, y IncidentView) int { return cmp.Compare(y.Score, x.Score) })
	return out, nil
}

// openIncidents are those that nobody has resolved.
func (a *API) openIncidents(ctx context.Context, env string) ([]felt.Incident, error) {
	return ask(ctx, a, func(ctx context.Context) ([]felt.Incident, error) {
		return a.opts.Store.Incidents(ctx, env, 500, felt.IncidentOpen, felt.IncidentAcknowledged)
	})
}

type incidentInput struct {
	ID string `path:"id"`
}

type incidentOutput struct {
	Status int
	Body   struct {
		Stamp
		IncidentView
	}
}

// incident is one.
func (a *API) incident(ctx context.Context, in *incidentInput) (*incidentOutput, error) {
	i, err := a.incidentByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return a.incidentAnswer(ctx, i)
}

func (a *API) incidentAnswer(ctx context.Context, i felt.Incident) (*incidentOutput, error) {
	stamp := a.stamp(nil)
	v, err := a.incidentView(ctx, i, true)
	if err != nil {
		return nil, err
	}
	stamp.Question = &Asked{ID: "incident-" + i.ID, Incident: i.ID, Env: i.Env}
	out := &incidentOutput{Status: http.StatusOK}
	out.Body.Stamp, out.Body.IncidentView = stamp, v
	return out, nil
}

func (a *API) incidentByID(ctx context.Context, id string) (felt.Incident, error) {
	return ask(ctx, a, func(ctx context.Context) (felt.Incident, error) {
		i, err := a.opts.Store.Incident(ctx, id)
		if errors.Is(err, felt.ErrNotFound) {
			return i, huma.Error404NotFound(fmt.Sprintf("there is no incident %.64q; /api/v1/incidents?status=all lists them", id))
		}
		return i, err
	})
}

// impactQuestion asks for an incident's scope since first_bad, until it was resolved or
// for ever: the door lets events run a little ahead of the clock.
func (a *API) impactQuestion(i felt.Incident) felt.Question {
	q := felt.Question{Scope: i.Scope(), Window: felt.Window{From: i.FirstBad, To: i.Resolved}, AsOf: a.now()}
	if q.To <= q.From {
		q.To = max(a.now(), a.opts.Engine.Progress().Tick.Instant(), q.From) + 5*felt.Second
	}
	return q
}

// incidentView is an incident with its impact: distinct customers as the interactions
// give them, or, when those are gone or afresh is false, as the incident keeps it.
func (a *API) incidentView(ctx context.Context, i felt.Incident, afresh bool) (IncidentView, error) {
	impact, asked := i.Impact, (*Asked)(nil)
	if afresh {
		q := a.impactQuestion(i)
		counted, err := ask(ctx, a, func(ctx context.Context) (*felt.Impact, error) {
			im, err := a.opts.Store.Impact(ctx, q)
			if errors.Is(err, felt.ErrUnanswerable) {
				return nil, nil // nothing to count from
			}
			return &im, err
		})
		if err != nil {
			return IncidentView{}, err
		}
		if counted != nil {
			impact, asked = *counted, &Asked{}
			a.describe(asked, q, "")
		}
	}
	v := IncidentView{
		ID: i.ID, Version: i.Version, Journey: i.Scope().Name, App: i.App, Env: i.Env, Kind: i.Kind, Status: i.Status.String(),
		Title: title(i), Sentence: sentence(i, impact), FirstBad: stampTime(i.FirstBad), Opened: stampTime(i.Opened),
		Acknowledged: optionalTime(i.Acknowledged), Recovered: optionalTime(i.Recovered), Resolved: optionalTime(i.Resolved),
		FindingActive: i.FindingActive, Score: scoreOf(impact), Impact: impactOf(impact), Asked: asked,
		Findings: make([]findingView, 0, len(i.Findings)), Timeline: make([]timelineView, 0, len(i.Timeline)),
	}
	for _, hit := range i.SegmentsHit {
		v.SegmentsHit = append(v.SegmentsHit, segmentsOf(hit.Where))
	}
	for n := range i.Findings {
		v.Findings = append(v.Findings, findingOf(&i.Findings[n]))
	}
	for _, e := range i.Timeline {
		v.Timeline = append(v.Timeline, timelineView{stampTime(e.At), e.Kind, e.Text, e.Actor})
	}
	return v, nil
}

// scoreOf is 100 times the share of customers that failed.
func scoreOf(i felt.Impact) float64 { return 100 * share(i.Customers.Failed, i.Customers.Total) }

// grouped writes 13290 as 13,290.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for at := len(s) - 3; at > 0 && s[at-1] != '-'; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}
