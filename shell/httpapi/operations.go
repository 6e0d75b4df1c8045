package httpapi

import (
	"context"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
)

type operationsInput struct {
	windowInput
	Service string `query:"service" doc:"service.name; empty: all"`
}

type operationsOutput struct {
	Body struct {
		stamp
		Operations []operationView `json:"operations"`
	}
}

type operationView struct {
	Service   string    `json:"service"`
	Operation string    `json:"operation"`
	Kind      string    `json:"kind"`
	Release   string    `json:"release,omitempty"`
	Count     int64     `json:"count"`
	Errors    int64     `json:"errors"`
	ErrorRate float64   `json:"error_rate"`
	Duration  quantiles `json:"duration_ms"`
}

// operations lists what the services did, most errors first.
func (a *API) operations(ctx context.Context, in *operationsInput) (*operationsOutput, error) {
	w, err := a.window(in.windowInput)
	if err != nil {
		return nil, err
	}
	list, err := ask(ctx, a, func(ctx context.Context) ([]felt.OperationStat, error) {
		return a.opts.Store.Operations(ctx, in.Env, in.Service, w)
	})
	if err != nil {
		return nil, err
	}
	out := &operationsOutput{}
	out.Body.stamp = a.stamp(a.askedFor(felt.Question{Scope: felt.Scope{Env: in.Env, Name: in.Service}, Window: w}, "", nil))
	out.Body.Operations = make([]operationView, 0, len(list))
	for _, o := range list {
		out.Body.Operations = append(out.Body.Operations, operationView{
			Service: o.Service, Operation: o.Operation, Kind: o.Kind.String(), Release: o.Release,
			Count: o.Count, Errors: o.Errors, ErrorRate: share(o.Errors, o.Count),
			Duration: quantilesOf(o.Count, o.P50, o.P95, o.P99),
		})
	}
	return out, nil
}

func share(part, whole int64) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

type edgesOutput struct {
	Body struct {
		stamp
		Edges []edgeView `json:"edges"`
	}
}

type edgeView struct {
	Caller     string    `json:"caller"`
	Callee     string    `json:"callee"`
	Peer       string    `json:"peer,omitempty"`
	ThirdParty bool      `json:"third_party"`
	Count      int64     `json:"count"`
	Errors     int64     `json:"errors"`
	ErrorRate  float64   `json:"error_rate"`
	Duration   quantiles `json:"duration_ms"`
}

type edgesInput struct{ windowInput }

// edges lists who called whom.
func (a *API) edges(ctx context.Context, in *edgesInput) (*edgesOutput, error) {
	w, err := a.window(in.windowInput)
	if err != nil {
		return nil, err
	}
	list, err := ask(ctx, a, func(ctx context.Context) ([]felt.EdgeBucket, error) { return a.opts.Store.Edges(ctx, in.Env, w) })
	if err != nil {
		return nil, err
	}
	out := &edgesOutput{}
	out.Body.stamp = a.stamp(a.askedFor(felt.Question{Scope: felt.Scope{Env: in.Env}, Window: w}, "", nil))
	out.Body.Edges = make([]edgeView, 0, len(list))
	for _, e := range list {
		l, err := sketch.ParseLatency(e.Latency)
		if err != nil {
			return nil, a.problemOf(ctx, err)
		}
		out.Body.Edges = append(out.Body.Edges, edgeView{
			Caller: e.Caller, Callee: e.Callee, Peer: e.Peer, ThirdParty: e.ThirdParty,
			Count: e.Count, Errors: e.Errors, ErrorRate: share(e.Errors, e.Count),
			Duration: quantilesOf(e.Count, l.Quantile(0.5), l.Quantile(0.95), l.Quantile(0.99)),
		})
	}
	return out, nil
}
