package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

// CommandHeaders say who gives a command and make it safe to repeat.
type CommandHeaders struct {
	Key   string `header:"Idempotency-Key" maxLength:"128" doc:"The same command with the same key does nothing; another one with it is refused"`
	Actor string `header:"X-Felt-Actor" maxLength:"128" doc:"A name to show where no tokens are needed; otherwise the token's"`
	Via   string `header:"X-Felt-Via" maxLength:"32" doc:"page, slack, cli; default page for the page, else api"`
	Site  string `header:"Sec-Fetch-Site" hidden:"true"` // only browsers send it
	Auth  string `header:"Authorization" hidden:"true"`
}

type acknowledgeInput struct {
	ID string `path:"id" maxLength:"256"`
	CommandHeaders
}

type resolveInput struct {
	ID string `path:"id" maxLength:"256"`
	CommandHeaders
	Body *resolveBody
}

type resolveBody struct {
	Reason string `json:"reason,omitempty" maxLength:"1000" doc:"Why; needed until customers were seen to recover"`
}

// acknowledge says that somebody works on it.
func (a *API) acknowledge(ctx context.Context, in *acknowledgeInput) (*incidentOutput, error) {
	i, err := a.incidentByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	switch i.Status {
	case felt.IncidentResolved:
		return nil, resolvedAlready()
	case felt.IncidentAcknowledged:
		return a.incidentAnswer(ctx, i)
	case felt.IncidentOpen:
	}
	return a.command(ctx, in.CommandHeaders, felt.Command{What: felt.CommandAcknowledge, Target: i.ID},
		func(i *felt.Incident) bool { return i.Status >= felt.IncidentAcknowledged })
}

// resolve closes it. Before customers were seen to recover that needs a reason.
func (a *API) resolve(ctx context.Context, in *resolveInput) (*incidentOutput, error) {
	i, err := a.incidentByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	reason := ""
	if in.Body != nil {
		reason = strings.TrimSpace(in.Body.Reason)
	}
	switch {
	case i.Status == felt.IncidentResolved:
		return a.incidentAnswer(ctx, i)
	case needsReason(&i) && reason == "":
		return nil, huma.Error409Conflict(refusal(&i) + `: give a reason ({"reason": "..."}) to resolve it all the same`)
	}
	return a.command(ctx, in.CommandHeaders, felt.Command{What: felt.CommandResolve, Target: i.ID, Reason: reason},
		func(i *felt.Incident) bool { return i.Status >= felt.IncidentResolved })
}

// refusal says what speaks against closing it.
func refusal(i *felt.Incident) string {
	switch {
	case i.FindingActive:
		return "customers are still failing"
	case i.Recovery.Text != "":
		return "customers have not been seen to recover (" + strings.TrimSuffix(i.Recovery.Text, ".") + ")"
	}
	return "customers have not been seen to recover"
}

func resolvedAlready() error { return huma.Error409Conflict("it is resolved already") }

// command puts it on the log and waits until the incident shows it. When that takes
// too long the answer is 202 with the incident as it is: the command is not lost.
func (a *API) command(ctx context.Context, h CommandHeaders, c felt.Command, shown func(*felt.Incident) bool) (*incidentOutput, error) {
	wait, cancel := context.WithTimeout(ctx, a.opts.CommandWait)
	defer cancel()
	seq, err := a.send(ctx, wait, h, &c)
	if err != nil {
		return nil, err
	}
	i, taken, err := a.waitFor(wait, ctx, c.Target, seq, shown)
	if err != nil {
		return nil, err
	}
	out, err := a.incidentAnswer(ctx, i)
	if err == nil && !taken {
		out.Status = http.StatusAccepted
	}
	return out, err
}

// send puts a command on the log, with who gave it.
func (a *API) send(ctx, wait context.Context, h CommandHeaders, c *felt.Command) (felt.Seq, error) {
	c.Time, c.Actor, c.Via, c.IdempotencyKey = a.now(), a.actor(h), via(h), h.Key
	data, err := json.Marshal(c)
	if err != nil {
		return 0, a.problemOf(ctx, err)
	}
	place, err := a.opts.Commands.Append(wait, felt.Record{Kind: felt.KindCommand, Part: felt.Control, Data: data})
	if err != nil {
		return 0, a.notAppended(wait, err)
	}
	return place.Seq, nil
}

// notAppended says why a command is not on the log; ctx is the one it was appended with.
func (a *API) notAppended(ctx context.Context, err error) error {
	if errors.Is(err, felt.ErrFull) || errors.Is(err, felt.ErrUnavailable) || ctx.Err() != nil {
		return huma.ErrorWithHeaders(
			huma.Error503ServiceUnavailable("the log cannot take the command now; try again"), http.Header{"Retry-After": {"2"}})
	}
	return a.problemOf(ctx, err)
}

// waitFor waits until the rows include a place of the log and the incident shows what was
// asked; it returns the incident as it is in the end. The store is asked with
// ctx, so that the end of wait does not take the answer away. One that was just declared is not
// there at first; then its ID is empty.
func (a *API) waitFor(wait, ctx context.Context, id string, seq felt.Seq, shown func(*felt.Incident) bool) (i felt.Incident, taken bool, err error) {
	for {
		changed := a.opts.Engine.Changed() // before looking, so that no move is missed
		over := wait.Err() != nil
		if past := a.opts.Engine.Progress().Seq >= seq; past || over {
			i, err = ask(ctx, a, func(ctx context.Context) (felt.Incident, error) {
				i, err := a.opts.Store.Incident(ctx, id)
				if errors.Is(err, felt.ErrNotFound) {
					return felt.Incident{}, nil
				}
				return i, err
			})
			if err != nil {
				return i, false, err
			}
			if taken = past && i.ID != "" && shown(&i); taken || over {
				return i, taken, nil
			}
		}
		select {
		case <-changed:
		case <-wait.Done():
		}
	}
}

// noted tells whether the timeline shows what somebody said since a moment.
func noted(since felt.Instant, text string) func(*felt.Incident) bool {
	since = since.Floor(felt.Second) // a tick's moment has no fractions
	return func(i *felt.Incident) bool {
		return slices.ContainsFunc(i.Timeline, func(e felt.TimelineEntry) bool { return e.At >= since && strings.Contains(e.Text, text) })
	}
}

// via is through what the command came.
func via(h CommandHeaders) string {
	switch {
	case h.Via != "":
		return h.Via
	case h.Site == "same-origin":
		return "page"
	}
	return "api"
}

// actor is the token's name; without tokens whoever they say they are.
func (a *API) actor(h CommandHeaders) string {
	if a.opts.Bearer != nil {
		if name, ok := a.opts.Bearer(bearer(h.Auth), scopeAct); ok {
			return name
		}
		return "anonymous"
	}
	if h.Actor != "" {
		return h.Actor
	}
	return "anonymous"
}
