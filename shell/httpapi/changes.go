package httpapi

import (
	"context"

	"github.com/felt-cx/felt"
)

type changesInput struct{ WindowInput }

type changesOutput struct {
	Body struct {
		Stamp
		Changes []changeView `json:"changes"`
	}
}

type changeView struct {
	ID       string   `json:"id"`
	Kind     string   `json:"kind" doc:"deploy, flag, launch, campaign, config, region, traffic_peak, maintenance or fix"`
	App      string   `json:"app,omitempty"`
	Services []string `json:"services,omitempty"`
	Version  string   `json:"version,omitempty"`
	Previous string   `json:"previous,omitempty"`
	Region   string   `json:"region,omitempty"`
	Started  string   `json:"started"`
	Ended    *string  `json:"ended"`
	Author   string   `json:"author,omitempty"`
	URL      string   `json:"url,omitempty"`
	Fixes    string   `json:"fixes,omitempty" doc:"An incident's id"`
	KPI      string   `json:"expects_kpi,omitempty"`
	Expects  string   `json:"expects_direction,omitempty"`
	Outcome  string   `json:"outcome,omitempty"`
}

// changes lists what people changed, newest first.
func (a *API) changes(ctx context.Context, in *changesInput) (*changesOutput, error) {
	q, asked, err := a.unscoped(ManyInput{WindowInput: in.WindowInput})
	if err != nil {
		return nil, err
	}
	out := &changesOutput{}
	out.Body.Stamp = a.stamp(asked)
	list, err := ask(ctx, a, func(ctx context.Context) ([]felt.Change, error) { return a.opts.Store.Changes(ctx, in.Env, q.Window) })
	if err != nil {
		return nil, err
	}
	out.Body.Changes = changesOf(list)
	return out, nil
}

func changesOf(list []felt.Change) []changeView {
	views := make([]changeView, 0, len(list))
	for _, c := range list {
		views = append(views, changeView{
			ID: c.ID, Kind: c.Kind, App: c.App, Services: c.Services, Version: c.Version, Previous: c.Previous, Region: c.Region,
			Started: stampTime(c.Started), Ended: optionalTime(c.Ended), Author: c.Author, URL: c.URL, Fixes: c.Fixes,
			KPI: c.ExpectsKPI, Expects: c.ExpectsDirection, Outcome: c.Outcome,
		})
	}
	return views
}
