package httpapi

import (
	"context"

	"github.com/felt-cx/felt"
)

type findingsInput struct {
	WindowInput
	Of     string `query:"of" maxLength:"512" doc:"NAME or APP/NAME; default everything; journey:NAME or step:NAME for one of them" example:"shop/checkout"`
	Kind   string `query:"kind" enum:"failed,degraded,slow,drop,funnel,silent,burn,kpi,saturation" doc:"Only findings of this kind"`
	Paging bool   `query:"paging" doc:"Only those that passed the threshold of the whole fleet"`
	Limit  int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
}

type findingsOutput struct {
	Body struct {
		Stamp
		Findings []findingView `json:"findings"`
	}
}

type findingView struct {
	ID          string         `json:"id"`
	Kind        string         `json:"kind" doc:"failed, degraded, slow, drop, funnel, silent, burn, kpi or saturation"`
	Env         string         `json:"env"`
	App         string         `json:"app"`
	Name        string         `json:"name"`
	Of          string         `json:"of" doc:"step or journey"`
	Segment     *segmentValue  `json:"segment,omitempty" doc:"When one value of a segment stands out alone"`
	Segments    []segmentValue `json:"segments,omitempty" doc:"Values that stand out in the whole, worst first"`
	About       string         `json:"about,omitempty" doc:"The step, objective, KPI, signal or source that it is about"`
	Detector    string         `json:"detector"`
	Version     int32          `json:"detector_version"`
	Statistic   float64        `json:"statistic" doc:"Of tests on counts: nats, the logarithm of odds"`
	Threshold   float64        `json:"threshold" doc:"What the statistic was held against"`
	N           int64          `json:"n" doc:"Tries judged since since; a customer counts once in ten seconds"`
	Hit         int64          `json:"hit" doc:"Of them failed, slow, ...; of a drop: those who came"`
	Share       float64        `json:"share"`
	Baseline    float64        `json:"baseline" doc:"The share it was held against; of a KPI the usual value"`
	BaselineN   int64          `json:"baseline_n" doc:"On how many tries the baseline rests; 0: it is assumed"`
	Expected    float64        `json:"expected" doc:"Hit, had all been as usual; of a drop: how many would have come"`
	Since       string         `json:"since" doc:"End of the first failure of the run"`
	Opened      string         `json:"opened"`
	Updated     string         `json:"updated"`
	Ended       *string        `json:"ended"`
	Paging      bool           `json:"paging" doc:"It passed the threshold of the whole fleet: worth waking somebody"`
	Explanation string         `json:"explanation"`
}

type segmentValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

func findingOf(f *felt.Finding) findingView {
	v := findingView{
		ID: f.ID, Kind: string(f.Kind), Env: f.Series.Env, App: f.Series.App, Name: f.Series.Name, Of: f.Series.Kind.String(),
		About: f.About, Detector: f.Detector, Version: f.DetectorVersion, Statistic: f.Statistic, Threshold: f.Threshold,
		N: f.N, Hit: f.Hit, Share: f.Share, Baseline: f.Baseline, BaselineN: f.BaselineN, Expected: f.Expected,
		Since: stampTime(f.Since), Opened: stampTime(f.Opened.Instant()), Updated: stampTime(f.Updated.Instant()),
		Ended: optionalTime(f.Ended.Instant()), Paging: f.Paging, Explanation: f.Explanation,
	}
	if f.Series.SegmentKey != "" {
		v.Segment = &segmentValue{f.Series.SegmentKey, f.Series.SegmentValue}
	}
	for _, s := range f.Segments {
		v.Segments = append(v.Segments, segmentValue{s.Key, s.Value})
	}
	return v
}

// findings lists what the detectors saw: a finding is no incident yet.
func (a *API) findings(ctx context.Context, in *findingsInput) (*findingsOutput, error) {
	q, asked, err := a.unscoped(ManyInput{WindowInput: in.WindowInput})
	if err != nil {
		return nil, err
	}
	if in.Of != "" {
		if q.Scope, err = a.scopeOf(ctx, in.Env, in.Of); err != nil {
			return nil, err
		}
		a.describe(asked, q, in.Of)
	}
	out := &findingsOutput{}
	out.Body.Stamp = a.stamp(asked)
	list, err := ask(ctx, a, func(ctx context.Context) ([]felt.Finding, error) {
		return a.opts.Store.Findings(ctx, felt.FindingQuestion{
			Scope: q.Scope, Window: q.Window, What: felt.FindingKind(in.Kind), Paging: in.Paging, Limit: in.Limit,
		})
	})
	if err != nil {
		return nil, err
	}
	out.Body.Findings = make([]findingView, 0, len(list))
	for i := range list {
		out.Body.Findings = append(out.Body.Findings, findingOf(&list[i]))
	}
	return out, nil
}
