package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

// CommandHeaders say who gives a command and make it safe to repeat.
type CommandHeaders struct {
	Key   string `header:"Idempotency-Key" maxLength:"128" doc:"A second command with the same key does nothing"`
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
	Reason string `json:"reason,omitempty" maxLength:"1000" doc:"Why; needed while the finding lasts"`
}

// acknowledge says that somebody works on it.
func (a *API) acknowledge(ctx context.Context, in *acknowledgeInput) (*incidentOutput, error) {
	i, err := a.incidentByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	switch i.Status {
	case felt.IncidentResolved:
		return nil, huma.Error409Conflict("it is resolved already")
	case felt.IncidentAcknowledged:
		return a.incidentAnswer(ctx, i)
	case felt.IncidentOpen:
	}
	return a.command(ctx, in.CommandHeaders, felt.Command{What: felt.CommandAcknowledge, Target: i.ID}, felt.IncidentAcknowledged)
}

// resolve closes it. While the finding lasts that needs a reason: customers are still failing.
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
	case i.FindingActive && reason == "":
		return nil, huma.Error409Conflict(`customers are still failing: give a reason ({"reason": "..."}) to resolve it all the same`)
	}
	return a.command(ctx, in.CommandHeaders, felt.Command{What: felt.CommandResolve, Target: i.ID, Reason: reason}, felt.IncidentResolved)
}

// command puts it on the log and waits until the incident shows it. When that takes
// too long the answer is 202 with the incident as it is: the command is not lost.
func (a *API) command(ctx context.Context, h CommandHeaders, c felt.Command, want felt.IncidentStatus) (*incidentOutput, error) {
	c.Time, c.Actor, c.Via, c.IdempotencyKey = a.now(), a.actor(h), via(h), h.Key
	data, err := json.Marshal(c)
	if err != nil {
		return nil, a.problemOf(ctx, err)
	}
	wait, cancel := context.WithTimeout(ctx, a.opts.CommandWait)
	defer cancel()
	place, err := a.opts.Commands.Append(wait, felt.Record{Kind: felt.KindCommand, Part: felt.Control, Data: data})
	if err != nil {
		return nil, a.notAppended(wait, err)
	}
	i, taken, err := a.waitFor(wait, ctx, c.Target, place.Seq, want)
	if err != nil {
		return nil, err
	}
	out, err := a.incidentAnswer(ctx, i)
	if err == nil && !taken {
		out.Status = http.StatusAccepted
	}
	return out, err
}

// notAppended says why a command is not on the log; ctx is the one it was appended with.
func (a *API) notAppended(ctx context.Context, err error) error {
	if errors.Is(err, felt.ErrFull) || errors.Is(err, felt.ErrUnavailable) || ctx.Err() != nil {
		return huma.ErrorWithHeaders(
			huma.Error503ServiceUnavailable("the log cannot take the command now; try again"), http.Header{"Retry-After": {"2"}})
	}
	return a.problemOf(ctx, err)
}

// waitFor waits until the rows include a place of the log and the incident has come as
// far as wanted; it returns the incident as it is in the end. The store is asked with
// ctx, so that the end of wait does not take the answer away.
func (a *API) waitFor(wait, ctx context.Context, id string, seq felt.Seq, want felt.IncidentStatus) (i felt.Incident, taken bool, err error) {
	for {
		changed := a.opts.Engine.Changed() // before looking, so that no move is missed
		over := wait.Err() != nil
		if past := a.opts.Engine.Progress().Seq >= seq; past || over {
			if i, err = a.incidentByID(ctx, id); err != nil {
				return i, false, err
			}
			if taken = past && i.Status >= want; taken || over {
				return i, taken, nil
			}
		}
		select {
		case <-changed:
		case <-wait.Done():
		}
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
