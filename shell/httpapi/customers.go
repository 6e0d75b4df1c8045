package httpapi

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

// CustomerInput is the part that both questions about one customer share.
type CustomerInput struct {
	Window string `query:"window" doc:"Length up to to (or now), such as 1h, 7d. Not together with from. Default 7d" example:"7d"`
	From   string `query:"from" doc:"RFC 3339, or Unix seconds or milliseconds"`
	To     string `query:"to" doc:"RFC 3339, or Unix seconds or milliseconds; may lie in the future; default now"`
	Env    string `query:"env" doc:"Environment" default:"production" maxLength:"256"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"200" doc:"Interactions, newest first"`
}

type customerInput struct {
	// What is wrong with an id is said here and not by the schema: that would repeat it.
	ID string `path:"id" doc:"Customer's hash (32 hex digits), or an id as the telemetry has it. Prefer POST /api/v1/customers/lookup for those: addresses get into the logs of proxies"`
	CustomerInput
}

type lookupInput struct {
	CustomerInput
	Body struct {
		ID string `json:"id" doc:"Customer's hash (32 hex digits), or a user.id, pseudonym, installation or session as the telemetry has it. It is hashed, and neither kept nor logged"`
	}
}

type customerOutput struct {
	Body struct {
		Stamp
		Customer     string             `json:"customer" doc:"Keyed hash, after links"`
		Level        string             `json:"identity_level" enum:"none,user,pseudonym,installation,session"`
		Account      string             `json:"account,omitempty"`
		Linked       []linkView         `json:"linked" doc:"Weaker identities that lead to this customer"`
		Outcomes     Outcomes           `json:"outcomes" doc:"Interactions in the window, journeys apart"`
		Interactions []wayView          `json:"interactions" doc:"Steps and journeys, newest first"`
		More         bool               `json:"more" doc:"There are further ones in the window: ask for a longer list or an earlier to"`
		Days         []customerDayView  `json:"days" doc:"Newest first"`
		Events       []businessView     `json:"events" doc:"Business events in the window"`
		Facts        []customerFactView `json:"facts" doc:"The newest of each key"`
	}
}

// wayView is an interaction of a customer's way; a journey shows its steps.
type wayView struct {
	InteractionView
	AbandonedHow string     `json:"abandoned_how,omitempty" enum:"after_failure,while_slow,voluntarily"`
	Steps        []stepView `json:"steps,omitempty" doc:"Of a journey, in order"`
}

type stepView struct {
	Name    string `json:"name"`
	Outcome string `json:"outcome" doc:"Empty: never tried, or open"`
	Tries   int32  `json:"tries"`
	Start   string `json:"start,omitempty"`
	End     string `json:"end,omitempty"`
}

type linkView struct {
	Level string `json:"level"`
	From  string `json:"from" doc:"Keyed hash"`
	Since string `json:"since"`
}

type customerDayView struct {
	Day        string   `json:"day"`
	Journey    string   `json:"journey"`
	First      string   `json:"first"`
	Last       string   `json:"last"`
	Sessions   int64    `json:"sessions"`
	Tries      int64    `json:"tries"`
	Outcomes   Outcomes `json:"outcomes"`
	Recovered  int64    `json:"recovered"`
	Retries    int64    `json:"retries"`
	Friction   int64    `json:"friction_points"`
	ValueMinor int64    `json:"value_minor,omitempty"`
	Platform   string   `json:"platform,omitempty"`
	Region     string   `json:"region,omitempty"`
	Plan       string   `json:"plan,omitempty"`
}

type businessView struct {
	ID          string `json:"id"`
	Time        string `json:"time"`
	Kind        string `json:"kind"`
	Journey     string `json:"journey,omitempty"`
	AmountMinor int64  `json:"amount_minor,omitempty"`
	Currency    string `json:"currency,omitempty"`
	Category    string `json:"category,omitempty"`
}

type customerFactView struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	Since string `json:"since"`
	Of    string `json:"of" enum:"customer,account"`
}

// customer tells one customer's way, by hash or id in the address.
func (a *API) customer(ctx context.Context, in *customerInput) (*customerOutput, error) {
	return a.wayOf(ctx, in.ID, in.CustomerInput)
}

// lookup is the same with the id in the body.
func (a *API) lookup(ctx context.Context, in *lookupInput) (*customerOutput, error) {
	return a.wayOf(ctx, in.Body.ID, in.CustomerInput)
}

// What an id may be, and how far back a customer's way is told.
const (
	maxCustomerID  = 1024
	customerWindow = "7d"
)

// wayOf asks for every hash that the id may have been kept as, until one is known. A raw id is
// in no error, log or answer.
func (a *API) wayOf(ctx context.Context, id string, in CustomerInput) (*customerOutput, error) {
	if id == "" || len(id) > maxCustomerID {
		return nil, huma.Error400BadRequest("id: want a customer's hash (32 hex digits), or an id as the telemetry has it, of at most 1024 bytes")
	}
	if in.Window == "" && in.From == "" {
		in.Window = customerWindow
	}
	w, err := a.window(WindowInput{Window: in.Window, From: in.From, To: in.To})
	if err != nil {
		return nil, err
	}
	var tries []felt.Hash
	if h, err := felt.ParseHash(id); err == nil && !h.IsZero() {
		tries = append(tries, h)
	}
	tries = append(tries, a.opts.Identify(in.Env, id)...) // an id may look like a hash
	stamp := a.stamp(nil)
	for _, h := range tries {
		way, err := ask(ctx, a, func(ctx context.Context) (*felt.CustomerWay, error) {
			way, err := a.opts.Store.Customer(ctx, in.Env, h, w, in.Limit)
			if errors.Is(err, felt.ErrNotFound) {
				return nil, nil // the next may be
			}
			return &way, err
		})
		if err != nil {
			return nil, err
		}
		if way != nil {
			q := felt.Question{Scope: felt.Scope{Env: in.Env, Name: "customer " + way.Customer.String()}, Window: w}
			stamp.Question = &Asked{ID: q.ID(), Env: in.Env, From: exactTime(w.From), To: exactTime(w.To)}
			return customerOf(stamp, way), nil
		}
	}
	return nil, huma.Error404NotFound("nobody is known by that id in this environment: neither as a hash nor as a user.id, pseudonym, installation or session; " +
		"ids are case sensitive, and env says where to look (default production)")
}

func customerOf(stamp Stamp, w *felt.CustomerWay) *customerOutput {
	out := &customerOutput{}
	b := &out.Body
	b.Stamp, b.Customer, b.Level, b.Account = stamp, w.Customer.String(), w.Level.String(), w.Account.String()
	b.Outcomes, b.More = outcomesOf(w.Counts), w.More
	b.Linked, b.Interactions = make([]linkView, 0, len(w.Linked)), make([]wayView, 0, len(w.Interactions))
	for _, l := range w.Linked {
		b.Linked = append(b.Linked, linkView{l.FromLevel.String(), l.From.String(), stampTime(l.Since)})
	}
	for i := range w.Interactions {
		b.Interactions = append(b.Interactions, wayViewOf(&w.Interactions[i]))
	}
	b.Days, b.Events, b.Facts = make([]customerDayView, 0, len(w.Days)), make([]businessView, 0, len(w.Events)), make([]customerFactView, 0, len(w.Facts))
	for _, d := range w.Days {
		b.Days = append(b.Days, customerDayView{
			Day: d.Day.Time().Format("2006-01-02"), Journey: d.Journey, First: stampTime(d.FirstSeen), Last: stampTime(d.Last),
			Sessions: d.Sessions, Tries: d.Tries, Outcomes: outcomesOf(d.Counts), Recovered: d.Recovered, Retries: d.Retries,
			Friction: d.FrictionPoints, ValueMinor: d.ValueMinor, Platform: d.Platform, Region: d.Region, Plan: d.Plan,
		})
	}
	for _, e := range w.Events {
		b.Events = append(b.Events, businessView{e.ID, stampTime(e.Time), e.Kind, e.Journey, e.AmountMinor, e.Currency, e.Category})
	}
	for _, f := range w.Facts {
		of := "customer"
		if f.Customer.IsZero() {
			of = "account"
		}
		b.Facts = append(b.Facts, customerFactView{f.Key, f.Value, stampTime(f.ValidFrom), of})
	}
	return out
}

func wayViewOf(i *felt.Interaction) wayView {
	v := wayView{InteractionView: interactionOf(i), AbandonedHow: i.AbandonedHow.String()}
	for _, s := range i.Steps {
		v.Steps = append(v.Steps, stepView{s.Name, s.Outcome.String(), s.Tries, stampTime(s.Start), stampTime(s.End)})
	}
	return v
}
