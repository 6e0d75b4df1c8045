package httpapi

import (
	"context"

	"github.com/felt-cx/felt"
)

type impactInput struct{ scopeInput }

type impactOutput struct {
	Body struct {
		stamp
		impactView
	}
}

// impact counts the distinct customers hit.
func (a *API) impact(ctx context.Context, in *impactInput) (*impactOutput, error) {
	q, asked, err := a.question(ctx, in.scopeInput)
	if err != nil {
		return nil, err
	}
	i, err := ask(ctx, a, func(ctx context.Context) (felt.Impact, error) { return a.opts.Store.Impact(ctx, q) })
	if err != nil {
		return nil, err
	}
	out := &impactOutput{}
	out.Body.stamp, out.Body.impactView = a.stamp(asked), impactOf(i)
	return out, nil
}
