package httpapi

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

type silencesInput struct{}

type silencesOutput struct {
	Status int
	Body   struct {
		Stamp
		Silences []silenceView `json:"silences" doc:"That hold now or will, the one that ends first before"`
	}
}

// silenceView is a time in which nobody is told of incidents in a scope.
type silenceView struct {
	ID     string `json:"id"`
	Env    string `json:"env" doc:"Empty: any"`
	App    string `json:"app" doc:"Empty: any"`
	Name   string `json:"name" doc:"Empty: any"`
	From   string `json:"from"`
	Until  string `json:"until"`
	Reason string `json:"reason"`
	Actor  string `json:"actor"`
}

func silenceOf(s felt.Silence) silenceView {
	return silenceView{s.ID, s.Env, s.App, s.Name, stampTime(s.From), stampTime(s.Until), s.Reason, s.Actor}
}

// silences lists them.
func (a *API) silences(context.Context, *silencesInput) (*silencesOutput, error) {
	out := &silencesOutput{Status: http.StatusOK}
	out.Body.Stamp = a.stamp(&Asked{ID: "silences"})
	out.Body.Silences = a.silencesNow()
	return out, nil
}

func (a *API) silencesNow() []silenceView {
	list := slices.Clone(a.opts.Silences())
	slices.SortFunc(list, func(x, y felt.Silence) int {
		return cmp.Or(cmp.Compare(x.Until, y.Until), cmp.Compare(x.ID, y.ID))
	})
	out := make([]silenceView, 0, len(list))
	for _, s := range list {
		if s.Until > a.now() {
			out = append(out, silenceOf(s))
		}
	}
	return out
}

type silenceInput struct {
	CommandHeaders
	Body silenceBody
}

type silenceBody struct {
	Env    string `json:"env,omitempty" maxLength:"256" doc:"Default any"`
	Of     string `json:"of,omitempty" maxLength:"512" doc:"NAME, APP/NAME, journey:NAME or step:NAME; default any"`
	App    string `json:"app,omitempty" maxLength:"256" doc:"Everything of one app; not together with of"`
	For    string `json:"for,omitempty" doc:"How long, as 30m or 2h; not together with until" example:"1h"`
	Until  string `json:"until,omitempty" doc:"RFC 3339, or Unix seconds or milliseconds"`
	Reason string `json:"reason" minLength:"1" maxLength:"1000" doc:"Why"`
}

// A silence that is forgotten hides the next incident, so it has an end that is near.
const longestSilence = 7 * felt.Day

// silence keeps a scope's incidents to the pages for a while.
func (a *API) silence(ctx context.Context, in *silenceInput) (*silencesOutput, error) {
	b := in.Body
	reason := strings.TrimSpace(b.Reason)
	if reason == "" {
		return nil, huma.Error422UnprocessableEntity("reason is needed: why is nobody to be told?")
	}
	until, err := a.silenceEnd(b)
	if err != nil {
		return nil, err
	}
	scope := felt.Scope{Env: b.Env, App: b.App}
	if b.Of != "" {
		if b.App != "" {
			return nil, huma.Error422UnprocessableEntity("of and app are both given: leave one out")
		}
		if scope, err = a.scopeOf(ctx, cmp.Or(b.Env, "production"), b.Of); err != nil {
			return nil, err
		}
		scope.Env = b.Env
	}
	id := in.Key
	if id == "" {
		id = rand.Text()
	}
	sum := sha256.Sum256([]byte("silence.add " + id))
	c := felt.Command{
		What: felt.CommandSilence, Target: "s" + hex.EncodeToString(sum[:10]), Reason: reason,
		Args: map[string]string{"env": scope.Env, "app": scope.App, "name": scope.Name, "until": exactTime(until)},
	}
	return a.silenced(ctx, in.CommandHeaders, &c, true)
}

func (a *API) silenceEnd(b silenceBody) (felt.Instant, error) {
	now := a.now()
	var until felt.Instant
	switch {
	case (b.For == "") == (b.Until == ""):
		return 0, huma.Error422UnprocessableEntity(`one of for ("2h") and until is needed: a silence has an end`)
	case b.For != "":
		length, err := parseLength("for", b.For)
		if err != nil {
			return 0, err
		}
		until = now + length
	default:
		var err error
		if until, err = parseInstant("until", b.Until); err != nil {
			return 0, err
		}
	}
	switch {
	case until <= now:
		return 0, huma.Error422UnprocessableEntity("until has passed already")
	case until > now+longestSilence:
		return 0, huma.Error422UnprocessableEntity("a silence lasts 7d at most: what is to be quiet for longer is a maintenance window of the inventory, or a detector's matter")
	}
	return until, nil
}

type unsilenceInput struct {
	ID string `path:"id" maxLength:"256"`
	CommandHeaders
}

// unsilence ends one before its time.
func (a *API) unsilence(ctx context.Context, in *unsilenceInput) (*silencesOutput, error) {
	if !a.isSilence(in.ID) {
		return nil, huma.Error404NotFound(fmt.Sprintf("there is no silence %.64q; /api/v1/silences lists them", in.ID))
	}
	return a.silenced(ctx, in.CommandHeaders, &felt.Command{What: felt.CommandUnsilence, Target: in.ID}, false)
}

func (a *API) isSilence(id string) bool {
	return slices.ContainsFunc(a.silencesNow(), func(s silenceView) bool { return s.ID == id })
}

// silenced gives a command and waits until the list shows it; 202 when that takes too long.
func (a *API) silenced(ctx context.Context, h CommandHeaders, c *felt.Command, there bool) (*silencesOutput, error) {
	wait, cancel := context.WithTimeout(ctx, a.opts.CommandWait)
	defer cancel()
	if _, err := a.send(ctx, wait, h, c); err != nil {
		return nil, err
	}
	done := a.isSilence(c.Target) == there
	for !done && wait.Err() == nil {
		changed := a.opts.Engine.Changed() // before looking, so that no move is missed
		if done = a.isSilence(c.Target) == there; done {
			break
		}
		select {
		case <-changed:
		case <-wait.Done():
		}
	}
	out, err := a.silences(ctx, nil)
	switch {
	case err != nil:
		return nil, err
	case !done:
		out.Status = http.StatusAccepted
	case there:
		out.Status = http.StatusCreated
	}
	return out, nil
}
