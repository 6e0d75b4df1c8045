package httpapi

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt/core/explain"
)

type explainInput struct {
	RawBody []byte `contentType:"application/json" doc:"OTLP as JSON or protobuf: a request, a resource, a scope, a span or log record, lines of them, or a list"`
}

type explainOutput struct {
	Body struct {
		Stamp
		RulesVersion int64             `json:"rules_version" doc:"Of the inventory asked; 0: there is none"`
		Spans        []explainedSpan   `json:"spans" doc:"Spans and log records, as they came"`
		Interactions []explainedResult `json:"interactions" doc:"What comes of them, in order of their ends"`
		Notes        []string          `json:"notes"`
	}
}

type explainedSpan struct {
	Signal      string          `json:"signal" enum:"span,log"`
	TraceID     string          `json:"trace_id"`
	SpanID      string          `json:"span_id"`
	ParentID    string          `json:"parent_id,omitempty"`
	Service     string          `json:"service"`
	Name        string          `json:"name"`
	Kind        string          `json:"kind,omitempty"`
	Status      string          `json:"status,omitempty"`
	Level       string          `json:"identity_level" doc:"Its own; user, pseudonym, installation, session or none"`
	Traffic     string          `json:"traffic"`
	Verdict     string          `json:"verdict" enum:"interaction,part,step,nothing" doc:"It decides an interaction, belongs to one, is a step of another, or counts as nothing"`
	Interaction string          `json:"interaction,omitempty"`
	App         string          `json:"app,omitempty"`
	By          string          `json:"by,omitempty" doc:"felt.interaction.name, or the rule"`
	Why         string          `json:"why"`
	Near        []explainedNear `json:"near" doc:"Rules that came near, and what kept them from holding"`
}

type explainedNear struct {
	Rule   string   `json:"rule" doc:"JOURNEY/STEP"`
	Failed []string `json:"failed"`
}

type explainedResult struct {
	ID            string            `json:"id"`
	Env           string            `json:"env"`
	App           string            `json:"app"`
	Name          string            `json:"name"`
	Steps         []string          `json:"steps" doc:"Of journeys, as JOURNEY/STEP"`
	Outcome       string            `json:"outcome"`
	ClientOutcome string            `json:"client_outcome,omitempty" doc:"The outcome that was sent"`
	OutcomeRule   string            `json:"outcome_rule"`
	Reason        string            `json:"reason,omitempty"`
	ErrorClass    string            `json:"error_class,omitempty"`
	Recoverable   bool              `json:"recoverable"`
	AbandonedHow  string            `json:"abandoned_how,omitempty"`
	DurationMS    float64           `json:"duration_ms"`
	VisibleMS     float64           `json:"visible_ms,omitempty"`
	Level         string            `json:"identity_level"`
	Traffic       string            `json:"traffic"`
	Segments      map[string]string `json:"segments,omitempty"`
	ValueMinor    int64             `json:"value_minor,omitempty"`
	Currency      string            `json:"currency,omitempty"`
	SpanID        string            `json:"span_id" doc:"The span that decided"`
	Waited        bool              `json:"waited" doc:"It would wait for a parent until its trace settles"`
}

// explain says what pasted telemetry counts as, under the inventory in force. Nothing of it
// is kept.
func (a *API) explain(ctx context.Context, in *explainInput) (*explainOutput, error) {
	stamp, set := a.stamp(nil), a.opts.Rules().Set
	r, err := ask(ctx, a, func(context.Context) (*explain.Result, error) {
		r, err := explain.Explain(in.RawBody, set, a.opts.Explain)
		var bad *explain.InputError
		if errors.As(err, &bad) {
			return nil, huma.Error422UnprocessableEntity(bad.Error())
		}
		return r, err
	})
	if err != nil {
		return nil, err
	}
	out := &explainOutput{}
	b := &out.Body
	b.Stamp, b.RulesVersion, b.Notes = stamp, r.RulesVersion, nonNil(r.Notes)
	b.Spans, b.Interactions = make([]explainedSpan, 0, len(r.Spans)), make([]explainedResult, 0, len(r.Interactions))
	for i := range r.Spans {
		b.Spans = append(b.Spans, explainedSpanOf(&r.Spans[i]))
	}
	for i := range r.Interactions {
		x := &r.Interactions[i]
		b.Interactions = append(b.Interactions, explainedResult{
			ID: x.ID.String(), Env: x.Env, App: x.App, Name: x.Name, Steps: nonNil(x.Steps), Outcome: x.Outcome.String(), ClientOutcome: x.Sent.String(),
			OutcomeRule: x.Rule, Reason: x.Reason, ErrorClass: x.ErrorClass, Recoverable: x.Recoverable, AbandonedHow: x.Left,
			DurationMS: float64(x.Duration) / 1e6, VisibleMS: float64(x.Visible) / 1e6, Level: x.Customer, Traffic: x.Traffic,
			Segments: x.Segments, ValueMinor: x.ValueMinor, Currency: x.Currency, SpanID: x.Span.String(), Waited: x.Waited,
		})
	}
	return out, nil
}

func explainedSpanOf(s *explain.Span) explainedSpan {
	v := explainedSpan{
		Signal: s.Signal, TraceID: s.Trace.String(), SpanID: s.ID.String(), Service: s.Service, Name: s.Name, Kind: s.Kind, Status: s.Status,
		Level: s.Customer, Traffic: s.Traffic, Verdict: string(s.Verdict), Interaction: s.Interaction, App: s.App, By: s.By, Why: s.Why,
		Near: make([]explainedNear, 0, len(s.Near)),
	}
	if !s.Parent.IsZero() {
		v.ParentID = s.Parent.String()
	}
	for _, n := range s.Near {
		v.Near = append(v.Near, explainedNear{n.Rule, nonNil(n.Failed)})
	}
	return v
}
