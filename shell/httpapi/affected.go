package httpapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

type affectedInput struct {
	ScopeInput
	DiscloseInput
}

// affectedView is one line of the list; its fields are the columns of the CSV.
type affectedView struct {
	Customer   string `json:"customer" doc:"Keyed hash"`
	Level      string `json:"identity_level"`
	Account    string `json:"account,omitempty"`
	Failed     int64  `json:"failed"`
	Degraded   int64  `json:"degraded"`
	Tries      int64  `json:"tries"`
	First      string `json:"first" doc:"Of those that failed or were degraded"`
	Last       string `json:"last"`
	Fate       string `json:"fate" enum:",recovered,lost,undecided" doc:"Of the last failure; empty without one"`
	ValueMinor int64  `json:"value_minor" doc:"Of the failed ones, in minor units of currency"`
	Currency   string `json:"currency,omitempty"`
}

type affectedAnswer disclosed[affectedView]

func (a *API) affectedRoute(api huma.API) {
	discloseRoute[affectedAnswer](api, huma.Operation{
		OperationID: "affected", Path: pathAffected,
		Summary:     "The customers who were hit, as CSV or JSON",
		Description: "Needs a token with scope act, and is kept for audit: who took which list, and why. With Accept: application/json it is JSON. The headers X-Felt-Question, X-Felt-As-Of and X-Felt-Complete-Until carry what other answers have inside.",
	}, a.affected)
}

// affected lists who was hit.
func (a *API) affected(ctx context.Context, in *affectedInput) (*huma.StreamResponse, error) {
	q, asked, err := a.scoped(ctx, in.ScopeInput)
	if err != nil {
		return nil, err
	}
	return disclose(ctx, a, in.DiscloseInput, &disclosure[felt.Affected, affectedView]{
		stamp: a.stamp(asked), target: q.String(), file: "affected-" + asked.ID, view: affectedOf,
		columns: []string{"customer", "identity_level", "account", "failed", "degraded", "tries", "first", "last", "fate", "value_minor", "currency"},
		row: func(c *felt.Affected) []string {
			v := affectedOf(c)
			return []string{
				v.Customer, v.Level, v.Account, decimal(v.Failed), decimal(v.Degraded), decimal(v.Tries), v.First, v.Last, v.Fate,
				decimal(v.ValueMinor), harmless(v.Currency),
			}
		},
		load: func(ctx context.Context, page string) ([]felt.Affected, string, error) {
			return a.opts.Store.Affected(ctx, q, disclosedPage, page)
		},
	})
}

func affectedOf(c *felt.Affected) affectedView {
	return affectedView{
		Customer: c.Customer.String(), Level: c.Level.String(), Account: c.Account.String(),
		Failed: c.Failed, Degraded: c.Degraded, Tries: c.Tries, First: stampTime(c.First), Last: stampTime(c.Last),
		Fate: c.Fate.String(), ValueMinor: c.ValueMinor, Currency: c.Currency,
	}
}
