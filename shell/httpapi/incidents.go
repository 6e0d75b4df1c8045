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
	"github.com/felt-cx/felt/core/tell"
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
	for n, i := range list {
		v, err := a.incidentView(ctx, i, n < afreshMost && a.opts.Now().Before(until))
		if err != nil {
			return nil, err
		}
		out.Body.Incidents = append(out.Body.Incidents, v)
	}
	slices.SortStableFunc(out.Body.Incidents, func(x, y IncidentView) int { return cmp.Compare(y.Score, x.Score) })
	return out, nil
}

// afreshMost are the incidents of a list whose impact is counted afresh, those with the highest score;
// each is some milliseconds, and the others keep a number of their own that is ten seconds old at most.
const afreshMost = 25

// openIncidents are those that nobody has resolved.
func (a *API) openIncidents(ctx context.Context, env string) ([]felt.Incident, error) {
	return ask(ctx, a, func(ctx context.Context) ([]felt.Incident, error) {
		return a.opts.Store.Incidents(ctx, env, 500, felt.IncidentOpen, felt.IncidentAcknowledged)
	})
}

type incidentInput struct {
	ID string `path:"id" maxLength:"256"`
}

type incidentOutput struct {
	Status int
	Body   struct {
		Stamp
		IncidentView
		CommanderView
	}
}

// incident is one, with everything that whoever commands it needs.
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
	more, err := a.commanderView(ctx, &i, &v)
	if err != nil {
		return nil, err
	}
	stamp.Question = &Asked{ID: "incident-" + i.ID, Incident: i.ID, Env: i.Env}
	out := &incidentOutput{Status: http.StatusOK}
	out.Body.Stamp, out.Body.IncidentView, out.Body.CommanderView = stamp, v, more
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

// impactQuestion asks for all that an incident is about, since first_bad, until it was resolved or
// for ever, without the time between two turns of it: the door lets events run a little ahead of the clock.
func (a *API) impactQuestion(i felt.Incident) felt.Question {
	about := scopesAbout(&i)
	q := felt.Question{Scope: about[0], Also: about[1:], Window: felt.Window{From: i.FirstBad, To: i.Resolved}, Except: i.Calm, AsOf: a.now()}
	if q.To <= q.From {
		q.To = a.ahead(q.From)
	}
	return q
}

// ahead is an end of a window that leaves nothing out that was told up to now.
func (a *API) ahead(from felt.Instant) felt.Instant {
	return max(a.now(), a.opts.Engine.Progress().Tick.Instant(), from) + 5*felt.Second
}

// counted asks how many customers a question is about; nil: the interactions cannot tell, for
// the reason given.
func (a *API) counted(ctx context.Context, q felt.Question) (im *felt.Impact, why string, err error) {
	if !countable(q.Scope) {
		return nil, "it names no journey, so nobody can be counted", nil
	}
	im, err = ask(ctx, a, func(ctx context.Context) (*felt.Impact, error) {
		got, err := a.opts.Store.Impact(ctx, q)
		if errors.Is(err, felt.ErrUnanswerable) {
			why = reasonOf(err)
			return nil, nil // nothing to count from
		}
		return &got, err
	})
	return im, why, err
}

// incidentView is an incident with its impact: distinct customers as the interactions
// give them, or, when those are gone or afresh is false, as the incident keeps it.
func (a *API) incidentView(ctx context.Context, i felt.Incident, afresh bool) (IncidentView, error) {
	asked, unknown := (*Asked)(nil), ""
	if afresh {
		q := a.impactQuestion(i)
		counted, why, err := a.counted(ctx, q)
		if err != nil {
			return IncidentView{}, err
		}
		if unknown = why; counted != nil {
			i.Impact, asked = *counted, &Asked{}
			a.describe(asked, q, ofScopes(q)...)
		}
	}
	if asked != nil || i.Impact.Method != "" {
		unknown = ""
	} else {
		unknown = cmp.Or(unknown, "nobody was counted yet")
	}
	s := i.Scope()
	v := IncidentView{
		ID: i.ID, Version: i.Version, Journey: s.Name, App: i.App, Env: i.Env, Of: ofScope(s), Journeys: a.scopesOf(&i), Kind: i.Kind,
		Source: i.Source, Status: i.Status.String(), Priority: filled(i.Priority), Commander: filled(i.Commander),
		Title: tell.Title(&i), Sentence: tell.Sentence(&i),
		FirstBad: stampTime(i.FirstBad), Detected: optionalTime(i.Detected), Opened: stampTime(i.Opened), Notified: optionalTime(i.Notified),
		Acknowledged: optionalTime(i.Acknowledged), Understood: optionalTime(i.Understood), Mitigated: optionalTime(i.Mitigated),
		Recovered: optionalTime(i.Recovered), Resolved: optionalTime(i.Resolved), Reopened: optionalTime(i.Reopened), ElapsedMS: millis(a.elapsed(&i)), Calm: spansOf(i.Calm),
		FindingActive: i.FindingActive, NeedsReason: needsReason(&i), Score: i.Score, ScoreParts: nonNil(i.ScoreParts),
		Impact: impactOf(i.Impact), Unknown: unknown, Asked: asked, Silenced: filled(i.Silenced),
		Findings: make([]findingView, 0, len(i.Findings)), Timeline: make([]timelineView, 0, len(i.Timeline)),
		RevenuePath: earns(&i, a.journeysOf(&i)), ChurnSensitivity: filled(i.ChurnSensitivity),
		TicketsBefore: filled(i.TicketsBefore), BudgetAtOpen: filled(i.BudgetAtOpen), RulesVersion: i.RulesVersion, Verdict: filled(i.Verdict),
	}
	v.Recovery = recoveryOf(i.Recovery)
	if m := i.RevenueAtRisk; m.Currency != "" {
		v.RevenueAtRisk = &moneyView{Low: m.Low, Mid: m.Mid, High: m.High, Currency: m.Currency, Method: m.Method}
	}
	if c := i.Cause; c != (felt.Cause{}) {
		v.Cause = &causeView{Change: c.Change, Service: c.Service, Note: c.Note, ConfirmedBy: c.ConfirmedBy}
	}
	if i.ReviewStatus != "" {
		v.Review = &reviewView{Status: i.ReviewStatus, Answers: i.ReviewAnswers}
	}
	for n := range i.Findings {
		v.Findings = append(v.Findings, findingOf(&i.Findings[n]))
	}
	for _, e := range i.Timeline {
		v.Timeline = append(v.Timeline, timelineView{stampTime(e.At), e.Kind, e.Text, e.Actor})
	}
	a.evidenceOf(&v, &i)
	return v, nil
}

// elapsed is how long customers have suffered.
func (a *API) elapsed(i *felt.Incident) felt.Instant {
	end := cmp.Or(i.Recovered, i.Resolved)
	if end < i.FirstBad { // it has come back since
		end = cmp.Or(i.Resolved, a.now())
	}
	return max(0, end-i.FirstBad-i.Calmed())
}

// needsReason: nobody may close what hurts customers without saying why. They are seen to have come
// back, or somebody says so. The engine holds to the same.
func needsReason(i *felt.Incident) bool {
	r := i.Recovery
	back := r.Holds && r.Outcomes >= r.Needs
	return i.Status != felt.IncidentResolved && (i.FindingActive || !back)
}

// grouped writes 13290 as 13,290.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for at := len(s) - 3; at > 0 && s[at-1] != '-'; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}
