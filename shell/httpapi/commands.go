package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

// commandHeaders say who gives a command and make it safe to repeat.
type commandHeaders struct {
	Key   string `header:"Idempotency-Key" maxLength:"128" doc:"A second command with the same key does nothing"`
	Actor string `header:"X-Felt-Actor" maxLength:"128" doc:"A name to show where no tokens are needed; otherwise the token's"`
	Via   string `header:"X-Felt-Via" maxLength:"32" doc:"page, slack, cli; default api"`
	Auth  string `header:"Authorization" hidden:"true"`
}

type acknowledgeInput struct {
	ID string `path:"id"`
	commandHeaders
}

type resolveInput struct {
	ID string `path:"id"`
	commandHeaders
	Body struct {
		Reason string `json:"reason,omitempty" maxLength:"1000" doc:"Why; needed while the finding lasts"`
	} `required:"false"`
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
	return a.command(ctx, i, in.commandHeaders, felt.CommandAcknowledge, "")
}

// resolve closes it. While the finding lasts that needs a reason: customers are still failing.
func (a *API) resolve(ctx context.Context, in *resolveInput) (*incidentOutput, error) {
	i, err := a.incidentByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	reason := strings.TrimSpace(in.Body.Reason)
	switch {
	case i.Status == felt.IncidentResolved:
		return a.incidentAnswer(ctx, i)
	case i.FindingActive && reason == "":
		return nil, huma.Error409Conflict(`customers are still failing: give a reason ({"reason": "..."}) to resolve it all the same`)
	}
	return a.command(ctx, i, in.commandHeaders, felt.CommandResolve, reason)
}

// command puts it on the log and waits until the engine has taken it. When that takes
// too long the answer is 202 with the incident as it is: the command is not lost.
func (a *API) command(ctx context.Context, i felt.Incident, h commandHeaders, what, reason string) (*incidentOutput, error) {
	c := felt.Command{
		Time: a.now(), Actor: a.actor(h), Via: h.Via, What: what, Target: i.ID, Reason: reason, IdempotencyKey: h.Key,
	}
	if c.Via == "" {
		c.Via = "api"
	}
	data, err := json.Marshal(c)
	if err != nil {
		return nil, a.problemOf(ctx, err)
	}
	place, err := a.opts.Commands.Append(ctx, felt.Record{Kind: felt.KindCommand, Part: felt.Control, Data: data})
	if errors.Is(err, felt.ErrFull) || errors.Is(err, felt.ErrUnavailable) {
		return nil, huma.ErrorWithHeaders(huma.Error503ServiceUnavailable("the log cannot take the command now; try again"), http.Header{"Retry-After": {"2"}})
	}
	if err != nil {
		return nil, a.problemOf(ctx, err)
	}
	taken := a.waitFor(ctx, place.Seq)
	if i, err = a.incidentByID(ctx, i.ID); err != nil {
		return nil, err
	}
	out, err := a.incidentAnswer(ctx, i)
	if err == nil && !taken {
		out.Status = http.StatusAccepted
	}
	return out, err
}

// waitFor waits until the rows include a place of the log.
func (a *API) waitFor(ctx context.Context, seq felt.Seq) bool {
	timeout := time.NewTimer(a.opts.CommandWait)
	defer timeout.Stop()
	for {
		changed := a.opts.Engine.Changed() // before looking, so that no move is missed
		if a.opts.Engine.Progress().Seq >= seq {
			return true
		}
		select {
		case <-changed:
		case <-timeout.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// actor is the token's name; without tokens whoever they say they are.
func (a *API) actor(h commandHeaders) string {
	if a.opts.Bearer != nil {
		if name, ok := a.opts.Bearer(bearer(h.Auth), scopeAct); ok {
			return name
		}
	}
	if h.Actor != "" {
		return h.Actor
	}
	return "anonymous"
}
