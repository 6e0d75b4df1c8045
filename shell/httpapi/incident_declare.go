package httpapi

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// declaredMost is how long ago what is declared may have begun.
const declaredMost = 30 * felt.Day

type declareInput struct {
	CommandHeaders
	Body declareBody
}

type declareBody struct {
	Title    string `json:"title" minLength:"1" maxLength:"200" doc:"What is wrong, in a few words"`
	Reason   string `json:"reason,omitempty" maxLength:"1000" doc:"How you know; default the title"`
	Of       string `json:"of,omitempty" maxLength:"512" doc:"What customers try: NAME, APP/NAME, journey:NAME or step:NAME; left out: nobody can be counted"`
	Env      string `json:"env,omitempty" maxLength:"256" doc:"Default production"`
	FirstBad string `json:"first_bad,omitempty" doc:"When it began: RFC 3339, or Unix seconds or milliseconds; default now" example:"2026-03-04T14:23:00Z"`
	Priority string `json:"priority,omitempty" enum:",P1,P2,P3,P4,P5" doc:"Default by the score"`
}

// declare opens an incident because people say that there is one.
func (a *API) declare(ctx context.Context, in *declareInput) (*incidentOutput, error) {
	c, opened, err := a.declared(ctx, in)
	if err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, a.opts.CommandWait)
	defer cancel()
	seq, err := a.send(ctx, wait, in.CommandHeaders, &c)
	if err != nil {
		return nil, err
	}
	i, taken, err := a.waitFor(wait, ctx, c.Target, seq, func(*felt.Incident) bool { return true })
	if err != nil {
		return nil, err
	}
	if i.ID == "" {
		i = opened // not in the rows yet
	}
	out, err := a.incidentAnswer(ctx, i)
	if err != nil {
		return nil, err
	}
	out.Status = http.StatusCreated
	if !taken {
		out.Status = http.StatusAccepted
	}
	return out, nil
}

// declared is the command, and the incident that it will open.
func (a *API) declared(ctx context.Context, in *declareInput) (c felt.Command, i felt.Incident, err error) {
	b := in.Body
	title, reason := strings.TrimSpace(b.Title), strings.TrimSpace(b.Reason)
	if title == "" {
		return c, i, huma.Error422UnprocessableEntity("title: what is wrong, in a few words?")
	}
	if reason == "" {
		reason = title
	}
	if b.Env == "" {
		b.Env = "production"
	}
	now := a.now()
	first := now
	if b.FirstBad != "" {
		if first, err = parseInstant("first_bad", b.FirstBad); err != nil {
			return c, i, err
		}
		if first > now+felt.Minute {
			return c, i, huma.Error422UnprocessableEntity("first_bad lies in the future")
		}
		if first < now-declaredMost {
			return c, i, huma.Error422UnprocessableEntity("first_bad lies more than 30 days back: customers of then are not counted any more")
		}
	}
	scope := felt.Scope{Env: b.Env}
	if b.Of != "" {
		if scope, err = a.scopeOf(ctx, b.Env, b.Of); err != nil {
			return c, i, err
		}
		scope = placed(scope, a.opts.Rules().Set)
	}
	args := map[string]string{"env": b.Env, "title": title, "first_bad": exactTime(first)}
	for name, v := range map[string]string{"app": scope.App, "name": scope.Name, "priority": b.Priority} {
		if v != "" {
			args[name] = v
		}
	}
	if scope.Kind != 0 {
		args["kind"] = scope.Kind.String()
	}
	i = felt.Incident{
		ID: declaredID(in.Key), Kind: "declared", Source: "declared", Env: b.Env, App: scope.App, Title: title, Status: felt.IncidentOpen,
		FirstBad: first, Opened: now, Priority: b.Priority,
	}
	if scope.Name != "" {
		i.Journeys, i.Scopes = []string{scope.Name}, []felt.Scope{scope}
	}
	return felt.Command{What: felt.CommandDeclare, Target: i.ID, Reason: reason, Args: args}, i, nil
}

// placed gives a name of which no telemetry has come yet the app that the inventory says: what is counted
// later is that of an app.
func placed(s felt.Scope, set *rules.Set) felt.Scope {
	if set == nil || s.App != "" || s.Name == "" {
		return s
	}
	if s.Kind != felt.KindStep {
		for _, j := range set.Journeys {
			if j.Name == s.Name && j.App != "" {
				s.App, s.Kind = j.App, felt.KindJourney
				return s
			}
		}
	}
	s.App = set.App("", s.Name)
	return s
}

// declaredID is an incident's id: the same for the same idempotency key, so that repeating a request
// finds what it declared.
func declaredID(key string) string {
	if key == "" {
		key = rand.Text()
	}
	sum := sha256.Sum256([]byte("incident.declare " + key))
	return "d" + hex.EncodeToString(sum[:10])
}
