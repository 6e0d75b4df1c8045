package httpapi

import (
	"context"
	"fmt"
	"strings"

	"github.com/felt-cx/felt"
)

type incidentsInput struct {
	Env    string `query:"env" default:"production"`
	Status string `query:"status" enum:"open,acknowledged,resolved,all" default:"open" doc:"open includes acknowledged"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

type incidentsOutput struct {
	Body struct {
		stamp
		Incidents []incidentView `json:"incidents"`
	}
}

type incidentView struct {
	ID            string            `json:"id"`
	Version       int64             `json:"version"`
	Journey       string            `json:"journey"`
	App           string            `json:"app"`
	Env           string            `json:"env"`
	Kind          string            `json:"kind"`
	Status        string            `json:"status" enum:"open,acknowledged,resolved"`
	Title         string            `json:"title"`
	Sentence      string            `json:"sentence" doc:"How many customers felt what, since when"`
	FirstBad      string            `json:"first_bad" doc:"Event time"`
	Opened        string            `json:"opened"`
	Acknowledged  *string           `json:"acknowledged"`
	Recovered     *string           `json:"recovered"`
	Resolved      *string           `json:"resolved"`
	FindingActive bool              `json:"finding_active"`
	Score         float64           `json:"score" doc:"0 to 100"`
	Impact        impactView        `json:"impact" doc:"Of the scope since first_bad, until resolved"`
	Question      *asked            `json:"impact_question" doc:"The question that impact answers"`
	Findings      []findingView     `json:"findings"`
	Timeline      []timelineView    `json:"timeline"`
	SegmentsHit   map[string]string `json:"segments_hit,omitempty"`
}

type timelineView struct {
	At    string `json:"at"`
	Kind  string `json:"kind"`
	Text  string `json:"text"`
	Actor string `json:"actor,omitempty"`
}

type findingView struct {
	ID          string  `json:"id"`
	Detector    string  `json:"detector"`
	Statistic   float64 `json:"statistic"`
	Threshold   float64 `json:"threshold"`
	N           int64   `json:"n" doc:"Customers judged"`
	Hit         int64   `json:"hit" doc:"Of them failed"`
	Share       float64 `json:"share"`
	Baseline    float64 `json:"baseline"`
	Since       string  `json:"since"`
	Ended       *string `json:"ended"`
	Explanation string  `json:"explanation"`
}

// incidents lists them, highest score first.
func (a *API) incidents(ctx context.Context, in *incidentsInput) (*incidentsOutput, error) {
	status := map[string][]felt.IncidentStatus{
		"open":         {felt.IncidentOpen, felt.IncidentAcknowledged},
		"acknowledged": {felt.IncidentAcknowledged},
		"resolved":     {felt.IncidentResolved},
	}[in.Status]
	list, err := ask(ctx, a, func(ctx context.Context) ([]felt.Incident, error) {
		return a.opts.Store.Incidents(ctx, in.Env, in.Limit, status...)
	})
	if err != nil {
		return nil, err
	}
	out := &incidentsOutput{}
	out.Body.stamp = a.stamp(nil)
	out.Body.Incidents = make([]incidentView, 0, len(list))
	for _, i := range list {
		v, err := a.incidentView(ctx, i)
		if err != nil {
			return nil, err
		}
		out.Body.Incidents = append(out.Body.Incidents, v)
	}
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
		stamp
		incidentView
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
	v, err := a.incidentView(ctx, i)
	if err != nil {
		return nil, err
	}
	out := &incidentOutput{Status: 200}
	out.Body.stamp, out.Body.incidentView = a.stamp(nil), v
	return out, nil
}

func (a *API) incidentByID(ctx context.Context, id string) (felt.Incident, error) {
	return ask(ctx, a, func(ctx context.Context) (felt.Incident, error) { return a.opts.Store.Incident(ctx, id) })
}

// incidentView is an incident with its impact as the interactions give it: distinct
// customers of its scope since first_bad, until it was resolved.
func (a *API) incidentView(ctx context.Context, i felt.Incident) (incidentView, error) {
	q := felt.Question{Scope: i.Scope(), Window: felt.Window{From: i.FirstBad, To: i.Resolved}, AsOf: a.now()}
	if q.To <= q.From {
		q.To = max(a.now(), a.opts.Engine.Progress().Tick.Instant()) + 5*felt.Second // the door lets events run ahead by so much
	}
	impact, err := ask(ctx, a, func(ctx context.Context) (felt.Impact, error) { return a.opts.Store.Impact(ctx, q) })
	if err != nil {
		return incidentView{}, err
	}
	v := incidentView{
		ID: i.ID, Version: i.Version, Journey: i.Scope().Name, App: i.App, Env: i.Env, Kind: i.Kind, Status: i.Status.String(),
		Title: title(i), Sentence: sentence(i, impact), FirstBad: stampTime(i.FirstBad), Opened: stampTime(i.Opened),
		Acknowledged: optionalTime(i.Acknowledged), Recovered: optionalTime(i.Recovered), Resolved: optionalTime(i.Resolved),
		FindingActive: i.FindingActive, Score: scoreOf(impact), Impact: impactOf(impact), Question: a.askedFor(q, "", nil),
		Findings: make([]findingView, 0, len(i.Findings)), Timeline: make([]timelineView, 0, len(i.Timeline)),
	}
	if len(i.SegmentsHit) > 0 {
		v.SegmentsHit = segmentsOf(i.SegmentsHit)
	}
	for _, f := range i.Findings {
		v.Findings = append(v.Findings, findingView{
			ID: f.ID, Detector: f.Detector, Statistic: f.Statistic, Threshold: f.Threshold, N: f.N, Hit: f.Hit,
			Share: f.Share, Baseline: f.Baseline, Since: stampTime(f.Since), Ended: optionalTime(f.Ended.Instant()), Explanation: f.Explanation,
		})
	}
	for _, e := range i.Timeline {
		v.Timeline = append(v.Timeline, timelineView{stampTime(e.At), e.Kind, e.Text, e.Actor})
	}
	return v, nil
}

// scoreOf is 100 times the share of customers that failed.
func scoreOf(i felt.Impact) float64 { return 100 * share(i.Customers.Failed, i.Customers.Total) }

func title(i felt.Incident) string {
	return i.App + "/" + strings.Join(i.Journeys, ", ") + " is failing"
}

// sentence says what the incident is in one line: customers first.
func sentence(i felt.Incident, im felt.Impact) string {
	c := im.Customers
	verb := "could not finish"
	if i.Status == felt.IncidentResolved {
		verb = "could not at first finish"
	}
	s := fmt.Sprintf("%d customers (%.1f %% of %d) %s %s since %s", c.Failed, scoreOf(im), c.Total, verb, i.Scope().Name, i.FirstBad.Time().Format("15:04:05 UTC"))
	if i.Status == felt.IncidentResolved {
		s = fmt.Sprintf("%d customers (%.1f %% of %d) %s %s between %s and %s", c.Failed, scoreOf(im), c.Total, verb, i.Scope().Name,
			i.FirstBad.Time().Format("15:04:05"), i.Resolved.Time().Format("15:04:05 UTC"))
	}
	return s + fmt.Sprintf("; %d have recovered, %d are lost, %d are undecided.", im.Recovered, im.Lost, im.Undecided)
}

func optionalTime(i felt.Instant) *string {
	if i == 0 {
		return nil
	}
	s := stampTime(i)
	return &s
}
