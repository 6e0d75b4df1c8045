package httpapi

import (
	"context"

	"github.com/felt-cx/felt"
)

type detectorsInput struct {
	Env string `query:"env" doc:"Environment" default:"production" maxLength:"256"`
	Of  string `query:"of" maxLength:"512" doc:"NAME or APP/NAME; default everything, the first 2,000 detectors; journey:NAME or step:NAME for one of them" example:"shop/checkout"`
}

type detectorsOutput struct {
	Body struct {
		Stamp
		Detectors []detectorView `json:"detectors"`
	}
}

type detectorView struct {
	App      string       `json:"app"`
	Name     string       `json:"name"`
	Of       string       `json:"of" doc:"step or journey"`
	Detector string       `json:"detector"`
	Kind     string       `json:"kind" doc:"Of the findings that it makes"`
	About    string       `json:"about,omitempty" doc:"The objective, KPI or signal that it is about"`
	Tries    float64      `json:"tries" doc:"In ten seconds, lately"`
	Usual    float64      `json:"usual,omitempty" doc:"The share that is usual; of burn_rate the share that is allowed, of slow_usual the p90 in seconds, of volume how many are expected in ten seconds, of step_ratio the share that comes on from the step before"`
	Known    float64      `json:"known,omitempty" doc:"Tries behind it"`
	Needs    float64      `json:"needs,omitempty" doc:"Tries that must be behind it before a smallest change can be told"`
	WaitMS   int64        `json:"wait_ms,omitempty" doc:"How long it must watch yet before a smallest change can be told"`
	Open     float64      `json:"open,omitempty" doc:"Evidence at which a finding opens, in nats"`
	Page     float64      `json:"page,omitempty" doc:"Evidence at which it is of paging class, over everything that is judged"`
	Lasting  bool         `json:"lasting" doc:"It has a finding now"`
	Smallest []effectView `json:"smallest" doc:"The smallest change that it would see, on the median, from now on"`
}

type effectView struct {
	Within string   `json:"within" example:"5m0s"`
	Size   *float64 `json:"size" doc:"Of shares what is added to the usual one, of volume and step_ratio the share that is lost, of burn_rate the rate, of value_band a lasting shift in its own unit; null: it sees nothing within this time"`
}

// detectors tells what the detectors know at this moment.
func (a *API) detectors(ctx context.Context, in *detectorsInput) (*detectorsOutput, error) {
	scope := felt.Scope{Env: in.Env}
	if in.Of != "" {
		var err error
		if scope, err = a.scopeOf(ctx, in.Env, in.Of); err != nil {
			return nil, err
		}
	}
	out := &detectorsOutput{}
	out.Body.Stamp = a.stamp(nil)
	list := a.opts.Sights(scope)
	out.Body.Detectors = make([]detectorView, 0, len(list))
	for i := range list {
		out.Body.Detectors = append(out.Body.Detectors, detectorOf(&list[i]))
	}
	return out, nil
}

func detectorOf(s *felt.Sight) detectorView {
	v := detectorView{
		App: s.Series.App, Name: s.Series.Name, Of: s.Series.Kind.String(), Detector: s.Detector, Kind: string(s.Kind), About: s.About,
		Tries: s.Window, Usual: s.Usual, Known: s.Known, Needs: s.Needs, WaitMS: int64(s.Wait) / 1_000_000, Open: s.Open, Page: s.Page, Lasting: s.Lasting,
		Smallest: make([]effectView, 0, len(s.Smallest)),
	}
	for _, e := range s.Smallest {
		x := effectView{Within: lengthWords(e.Within)}
		if e.OK {
			x.Size = &e.Size
		}
		v.Smallest = append(v.Smallest, x)
	}
	return v
}
