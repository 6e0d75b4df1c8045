package httpapi

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

type interactionsInput struct {
	ManyInput
	Of      []string `query:"of,explode" maxItems:"60" doc:"NAME, APP/NAME, journey:NAME, step:NAME, app:APP or incident:ID; several times: what any of them names; left out: all"`
	Outcome string   `query:"outcome" doc:"success, degraded, failed, abandoned or cancelled; empty: any"`
	Limit   int      `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Cursor  string   `query:"cursor" maxLength:"512" doc:"next of the page before"`
}

type interactionsOutput struct {
	Body struct {
		Stamp
		Interactions []InteractionView `json:"interactions"`
		Next         string            `json:"next" doc:"Cursor of the next page; empty on the last"`
	}
}

// InteractionView is one try.
type InteractionView struct {
	ID            string            `json:"id"`
	Version       int32             `json:"version"`
	App           string            `json:"app"`
	Name          string            `json:"name"`
	Journey       string            `json:"journey,omitempty"`
	Step          string            `json:"step,omitempty"`
	Kind          string            `json:"kind"`
	Start         string            `json:"start"`
	End           string            `json:"end"`
	Known         string            `json:"known" doc:"Log time at which this version became known"`
	DurationMS    float64           `json:"duration_ms"`
	Outcome       string            `json:"outcome"`
	ClientOutcome string            `json:"client_outcome,omitempty"`
	OutcomeRule   string            `json:"outcome_rule"`
	Reason        string            `json:"reason,omitempty"`
	ErrorClass    string            `json:"error_class,omitempty"`
	Retries       int32             `json:"retries"`
	Weight        float64           `json:"weight"`
	Customer      string            `json:"customer,omitempty" doc:"Keyed hash"`
	IdentityLevel string            `json:"identity_level"`
	Account       string            `json:"account,omitempty"`
	Session       string            `json:"session,omitempty"`
	TraceID       string            `json:"trace_id,omitempty"`
	SpanID        string            `json:"span_id,omitempty"`
	Service       string            `json:"service,omitempty"`
	Release       string            `json:"release,omitempty"`
	Segments      map[string]string `json:"segments"`
	Flags         []string          `json:"flags,omitempty"`
	ValueMinor    int64             `json:"value_minor,omitempty"`
	Currency      string            `json:"currency,omitempty"`
}

// interactions lists single tries, newest first.
func (a *API) interactions(ctx context.Context, in *interactionsInput) (*interactionsOutput, error) {
	q, asked, err := a.unscoped(in.ManyInput)
	if err != nil {
		return nil, err
	}
	if len(in.Of) > 0 {
		if q, asked, err = a.about(ctx, q, asked, in.Of); err != nil {
			return nil, err
		}
	}
	outcome := felt.OutcomeNone
	if in.Outcome != "" {
		var ok bool
		if outcome, ok = felt.ParseOutcome(in.Outcome); !ok {
			return nil, huma.Error400BadRequest(fmt.Sprintf("outcome=%q: want success, degraded, failed, abandoned or cancelled", in.Outcome))
		}
	}
	out := &interactionsOutput{}
	out.Body.Stamp = a.stamp(asked)
	list, err := ask(ctx, a, func(ctx context.Context) (l []felt.Interaction, err error) {
		l, out.Body.Next, err = a.opts.Store.Interactions(ctx, q, outcome, in.Limit, in.Cursor)
		return l, err
	})
	if err != nil {
		return nil, err
	}
	out.Body.Interactions = make([]InteractionView, 0, len(list))
	for i := range list {
		out.Body.Interactions = append(out.Body.Interactions, interactionOf(&list[i]))
	}
	return out, nil
}

func interactionOf(i *felt.Interaction) InteractionView {
	v := InteractionView{
		ID: i.ID.String(), Version: i.Version, App: i.App, Name: i.Name, Journey: i.Journey, Step: i.Step,
		Kind: i.Kind.String(), Start: stampTime(i.Start), End: stampTime(i.End), Known: stampTime(i.Known.Instant()),
		DurationMS: float64(i.Duration) / 1e6, Outcome: i.Outcome.String(), ClientOutcome: i.ClientOutcome.String(),
		OutcomeRule: i.OutcomeRule, Reason: i.Reason, ErrorClass: i.ErrorClass, Retries: i.Retries, Weight: i.Weight,
		Customer: i.Customer.String(), IdentityLevel: i.IdentityLevel.String(),
		Account: i.Account.String(), Session: i.Session.String(),
		Service: i.Service, Release: i.Release, Segments: segmentsOf(i.Segments), Flags: i.Flags,
		ValueMinor: i.ValueMinor, Currency: i.Currency,
	}
	if !i.Trace.IsZero() {
		v.TraceID, v.SpanID = i.Trace.String(), i.Span.String()
	}
	return v
}
