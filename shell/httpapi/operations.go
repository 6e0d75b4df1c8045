package httpapi

import (
	"context"
	"fmt"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
)

type operationsInput struct {
	WindowInput
	Service string `query:"service" maxLength:"512" doc:"service.name; empty: all"`
}

type operationsOutput struct {
	Body struct {
		Stamp
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
	Duration  Quantiles `json:"duration_ms"`
}

// operations lists what the services did, most errors first.
func (a *API) operations(ctx context.Context, in *operationsInput) (*operationsOutput, error) {
	q, asked, err := a.unscoped(ManyInput{WindowInput: in.WindowInput})
	if err != nil {
		return nil, err
	}
	asked.Service = in.Service
	out := &operationsOutput{}
	out.Body.Stamp = a.stamp(asked)
	list, err := ask(ctx, a, func(ctx context.Context) ([]felt.OperationStat, error) {
		return a.opts.Store.Operations(ctx, in.Env, in.Service, q.Window)
	})
	if err != nil {
		return nil, err
	}
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
		Stamp
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
	Duration   Quantiles `json:"duration_ms"`
}

type edgesInput struct{ WindowInput }

// edges lists who called whom.
func (a *API) edges(ctx context.Context, in *edgesInput) (*edgesOutput, error) {
	q, asked, err := a.unscoped(ManyInput{WindowInput: in.WindowInput})
	if err != nil {
		return nil, err
	}
	out := &edgesOutput{}
	out.Body.Stamp = a.stamp(asked)
	list, err := ask(ctx, a, func(ctx context.Context) ([]felt.EdgeBucket, error) { return a.opts.Store.Edges(ctx, in.Env, q.Window) })
	if err != nil {
		return nil, err
	}
	out.Body.Edges = make([]edgeView, 0, len(list))
	for _, e := range list {
		var l sketch.Latency
		if len(e.Latency) > 0 { // else nothing was measured
			if l, err = sketch.ParseLatency(e.Latency); err != nil {
				return nil, a.problemOf(ctx, fmt.Errorf("edge %s to %s: %w", e.Caller, e.Callee, err))
			}
		}
		out.Body.Edges = append(out.Body.Edges, edgeView{
			Caller: e.Caller, Callee: e.Callee, Peer: e.Peer, ThirdParty: e.ThirdParty,
			Count: e.Count, Errors: e.Errors, ErrorRate: share(e.Errors, e.Count),
			Duration: quantilesOf(int64(l.Count()), l.Quantile(0.5), l.Quantile(0.95), l.Quantile(0.99)),
		})
	}
	return out, nil
}
