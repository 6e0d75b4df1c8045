package httpapi

import (
	"context"
	"errors"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

type seriesInput struct {
	ScopeInput
	Step string `query:"step" default:"10s" doc:"Width of a bucket, whole seconds"`
	By   string `query:"by" maxLength:"256" doc:"Segment key to split by, such as region"`
}

type seriesOutput struct {
	Body struct {
		Stamp
		Step     string       `json:"step"`
		By       string       `json:"by,omitempty"`
		Buckets  []bucketView `json:"buckets"`
		Sampled  bool         `json:"sampled" doc:"Telemetry was sampled before it came here: the numbers of a bucket that is sampled are at least so"`
		Adjusted *Adjusted    `json:"adjusted,omitempty" doc:"Of sampled telemetry: how many interactions there were in the window; missing when the store cannot tell"`
	}
}

type bucketView struct {
	Start     string            `json:"start"`
	Segment   map[string]string `json:"segment"`
	Outcomes  Outcomes          `json:"outcomes"`
	Customers felt.Distinct     `json:"customers"`
	Sessions  felt.Distinct     `json:"sessions"`
	Duration  Quantiles         `json:"duration_ms"`
	Sampled   bool              `json:"sampled" doc:"Some of its interactions stand for more than one"`
}

// maxBuckets bounds how many steps a window is cut into.
const maxBuckets = 10_000

// series cuts a window into steps.
func (a *API) series(ctx context.Context, in *seriesInput) (*seriesOutput, error) {
	q, asked, err := a.scoped(ctx, in.ScopeInput)
	if err != nil {
		return nil, err
	}
	step, err := parseLength("step", in.Step)
	if err != nil {
		return nil, err
	}
	if step%felt.Second != 0 {
		return nil, huma.Error400BadRequest(fmt.Sprintf("step=%q: want whole seconds", in.Step))
	}
	if n := (q.To-q.From-1)/step + 1; n > maxBuckets {
		return nil, huma.Error400BadRequest(fmt.Sprintf("%d buckets; at most %d: ask for a longer step or a shorter window", n, maxBuckets))
	}
	stamp := a.stamp(asked)
	points, err := ask(ctx, a, func(ctx context.Context) ([]felt.Point, error) { return a.opts.Store.Points(ctx, q, step, in.By) })
	if err != nil {
		return nil, err
	}
	out := &seriesOutput{}
	out.Body.Stamp, out.Body.Step, out.Body.By = stamp, in.Step, in.By
	out.Body.Buckets = make([]bucketView, 0, len(points))
	for _, p := range points {
		out.Body.Buckets = append(out.Body.Buckets, bucketView{
			Start: stampTime(p.Start), Segment: segmentsOf(p.Segment), Outcomes: outcomesOf(p.Counts),
			Customers: p.Customers, Sessions: p.Sessions,
			Duration: quantilesOf(p.Counts.Success+p.Counts.Degraded+p.Counts.Failed, p.P50, p.P95, p.P99),
			Sampled:  p.Sampled,
		})
		out.Body.Sampled = out.Body.Sampled || p.Sampled
	}
	if out.Body.Sampled {
		if out.Body.Adjusted, err = a.adjusted(ctx, q); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// adjusted is how many interactions there were of sampled ones; nil when the store cannot say.
func (a *API) adjusted(ctx context.Context, q felt.Question) (*Adjusted, error) {
	return ask(ctx, a, func(ctx context.Context) (*Adjusted, error) {
		im, err := a.opts.Store.Impact(ctx, q)
		if errors.Is(err, felt.ErrUnanswerable) || err == nil && !im.Sampled {
			return nil, nil // missing is the answer: it is not known
		}
		return adjustedOf(im.Adjusted), err
	})
}
