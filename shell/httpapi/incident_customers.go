package httpapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

const pathCohort = "/api/v1/incidents/{id}/customers"

type cohortInput struct {
	ID string `path:"id" maxLength:"256"`
	DiscloseInput
}

// harmedView is one customer whom an incident harmed; its fields are the columns of the CSV.
type harmedView struct {
	Customer    string  `json:"customer" doc:"Keyed hash"`
	Account     string  `json:"account,omitempty"`
	Failed      int64   `json:"failed"`
	Degraded    int64   `json:"degraded"`
	First       string  `json:"first" doc:"Of those that failed or were degraded"`
	Last        string  `json:"last"`
	RecoveredAt *string `json:"recovered_at" doc:"When the same thing worked again; null: it has not"`
	ValueMinor  int64   `json:"value_minor" doc:"Of the failed ones, in minor units"`
}

type cohortAnswer disclosed[harmedView]

func (a *API) cohortRoute(api huma.API) {
	discloseRoute[cohortAnswer](api, huma.Operation{
		OperationID: "incident-customers", Path: pathCohort,
		Summary:     "The customers whom an incident harmed, as CSV or JSON",
		Description: "In order of their first harm. Needs a token with scope act, and is kept for audit: who took which list, and why. With Accept: application/json it is JSON.",
	}, a.cohort)
}

// cohort lists whom an incident harmed.
func (a *API) cohort(ctx context.Context, in *cohortInput) (*huma.StreamResponse, error) {
	i, err := a.incidentByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	id := "incident-customers-" + i.ID
	return disclose(ctx, a, in.DiscloseInput, &disclosure[felt.IncidentCustomer, harmedView]{
		stamp: a.stamp(&Asked{ID: id, Incident: i.ID, Env: i.Env}), target: "incident " + i.ID, file: id, view: harmedOf,
		columns: []string{"customer", "account", "failed", "degraded", "first", "last", "recovered_at", "value_minor"},
		row: func(c *felt.IncidentCustomer) []string {
			v := harmedOf(c)
			return []string{v.Customer, v.Account, decimal(v.Failed), decimal(v.Degraded), v.First, v.Last, stampTime(c.RecoveredAt), decimal(v.ValueMinor)}
		},
		load: func(ctx context.Context, page string) ([]felt.IncidentCustomer, string, error) {
			return a.opts.Store.Cohort(ctx, i.ID, disclosedPage, page)
		},
	})
}

func harmedOf(c *felt.IncidentCustomer) harmedView {
	return harmedView{
		Customer: c.Customer.String(), Account: c.Account.String(), Failed: c.Failed, Degraded: c.Degraded,
		First: stampTime(c.First), Last: stampTime(c.Last), RecoveredAt: optionalTime(c.RecoveredAt), ValueMinor: c.ValueMinor,
	}
}
