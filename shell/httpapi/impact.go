package httpapi

import (
	"context"

	"github.com/felt-cx/felt"
)

type impactInput struct{ ScopeInput }

type impactOutput struct {
	Body struct {
		Stamp
		ImpactView
	}
}

// impact counts the distinct customers hit.
func (a *API) impact(ctx context.Context, in *impactInput) (*impactOutput, error) {
	q, asked, err := a.scoped(ctx, in.ScopeInput)
	if err != nil {
		return nil, err
	}
	stamp := a.stamp(asked)
	i, err := ask(ctx, a, func(ctx context.Context) (felt.Impact, error) { return a.opts.Store.Impact(ctx, q) })
	if err != nil {
		return nil, err
	}
	out := &impactOutput{}
	out.Body.Stamp, out.Body.ImpactView = stamp, impactOf(i)
	return out, nil
}
