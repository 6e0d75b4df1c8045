package httpapi

import (
	"context"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

// What people say and decide while they work on an incident. Each is a command on the log, as
// acknowledge and resolve are.

// The kinds of notes.
const (
	noteUpdate = "update"
)

type commanderInput struct {
	ID string `path:"id" maxLength:"256"`
	CommandHeaders
	Body *commanderBody
}

type commanderBody struct {
	Commander *string `json:"commander,omitempty" maxLength:"128" doc:"Who takes command; empty gives it back; left out: whoever asks"`
}

// commander takes command, hands it on, or gives it back.
func (a *API) commander(ctx context.Context, in *commanderInput) (*incidentOutput, error) {
	i, err := a.unresolved(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	who := a.actor(in.CommandHeaders)
	if in.Body != nil && in.Body.Commander != nil {
		who = strings.TrimSpace(*in.Body.Commander)
	}
	if i.Commander == who {
		return a.incidentAnswer(ctx, i)
	}
	return a.command(ctx, in.CommandHeaders, felt.Command{What: felt.CommandCommander, Target: i.ID, Args: map[string]string{"commander": who}},
		func(i *felt.Incident) bool { return i.Commander == who })
}

// unresolved is an incident that people still work on.
func (a *API) unresolved(ctx context.Context, id string) (felt.Incident, error) {
	i, err := a.incidentByID(ctx, id)
	if err == nil && i.Status == felt.IncidentResolved {
		return i, resolvedAlready()
	}
	return i, err
}

// heldFor is how long the engine holds an incident after it was resolved: until then it can come back,
// and what people say of it is written down.
const heldFor = 2 * felt.Hour

// remembered is an incident of which something can still be said.
func (a *API) remembered(ctx context.Context, id string) (felt.Incident, error) {
	i, err := a.incidentByID(ctx, id)
	if err == nil && i.Status == felt.IncidentResolved && a.now() >= i.Resolved+heldFor {
		return i, huma.Error409Conflict("it was resolved more than 2 h ago, and is closed for good")
	}
	return i, err
}

type noteInput struct {
	ID string `path:"id" maxLength:"256"`
	CommandHeaders
	Body noteBody
}

type noteBody struct {
	Text string `json:"text" minLength:"1" maxLength:"4000" doc:"A line for the timeline"`
	Kind string `json:"kind,omitempty" enum:"note,marker,update,decision" doc:"Default note. marker: something happened now; update: what people were told; decision: what was decided"`
}

// note writes into the timeline, also for a while after the incident is over.
func (a *API) note(ctx context.Context, in *noteInput) (*incidentOutput, error) {
	text := strings.TrimSpace(in.Body.Text)
	if text == "" {
		return nil, huma.Error422UnprocessableEntity("text: a line for the timeline is needed")
	}
	i, err := a.remembered(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	c := felt.Command{What: felt.CommandNote, Target: i.ID, Reason: text}
	if in.Body.Kind != "" {
		c.Args = map[string]string{"kind": in.Body.Kind}
	}
	return a.command(ctx, in.CommandHeaders, c, noted(a.now(), text))
}

type reasonInput struct {
	ID string `path:"id" maxLength:"256"`
	CommandHeaders
	Body *reasonBody
}

type reasonBody struct {
	Reason string `json:"reason,omitempty" maxLength:"1000" doc:"How"`
}

// mitigated says that what hurts customers is stopped.
func (a *API) mitigated(ctx context.Context, in *reasonInput) (*incidentOutput, error) {
	i, err := a.unresolved(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if i.Mitigated > 0 {
		return nil, huma.Error409Conflict("it is mitigated since " + exactTime(i.Mitigated) + "; say more in a note")
	}
	c := felt.Command{What: felt.CommandMitigated, Target: i.ID}
	if in.Body != nil {
		c.Reason = strings.TrimSpace(in.Body.Reason)
	}
	return a.command(ctx, in.CommandHeaders, c, func(i *felt.Incident) bool { return i.Mitigated > 0 })
}

type causeInput struct {
	ID string `path:"id" maxLength:"256"`
	CommandHeaders
	Body causeBody
}

type causeBody struct {
	Change  string `json:"change,omitempty" maxLength:"256" doc:"Id of a change"`
	Service string `json:"service,omitempty" maxLength:"256"`
	Note    string `json:"note,omitempty" maxLength:"1000" doc:"In words"`
}

// cause says that the incident is understood; what was said before is replaced.
func (a *API) cause(ctx context.Context, in *causeInput) (*incidentOutput, error) {
	b := causeBody{strings.TrimSpace(in.Body.Change), strings.TrimSpace(in.Body.Service), strings.TrimSpace(in.Body.Note)}
	if b == (causeBody{}) {
		return nil, huma.Error422UnprocessableEntity("change, service or note is needed: what caused it?")
	}
	i, err := a.remembered(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	args := map[string]string{}
	for name, v := range map[string]string{"change": b.Change, "service": b.Service} {
		if v != "" {
			args[name] = v
		}
	}
	return a.command(ctx, in.CommandHeaders, felt.Command{What: felt.CommandCause, Target: i.ID, Reason: b.Note, Args: args},
		func(i *felt.Incident) bool {
			return i.Cause.Change == b.Change && i.Cause.Service == b.Service && i.Cause.Note == b.Note
		})
}

type priorityInput struct {
	ID string `path:"id" maxLength:"256"`
	CommandHeaders
	Body priorityBody
}

type priorityBody struct {
	Priority string `json:"priority" enum:",P1,P2,P3,P4,P5" doc:"Empty: by the score again"`
	Reason   string `json:"reason,omitempty" maxLength:"1000"`
}

// priority sets it by hand, or lets the score decide again.
func (a *API) priority(ctx context.Context, in *priorityInput) (*incidentOutput, error) {
	i, err := a.unresolved(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	want, version := in.Body.Priority, i.Version
	return a.command(ctx, in.CommandHeaders,
		felt.Command{What: felt.CommandPriority, Target: i.ID, Reason: strings.TrimSpace(in.Body.Reason), Args: map[string]string{"priority": want}},
		func(i *felt.Incident) bool {
			return want == "" && i.Version > version || want != "" && i.Priority == want
		})
}

type verdictInput struct {
	ID string `path:"id" maxLength:"256"`
	CommandHeaders
	Body verdictBody
}

type verdictBody struct {
	Verdict string `json:"verdict" enum:"real,noise,duplicate"`
	Of      string `json:"of,omitempty" maxLength:"256" doc:"Of a duplicate: the incident that it repeats"`
	Reason  string `json:"reason,omitempty" maxLength:"1000"`
}

// verdict says whether it was one. Detectors are judged by it.
func (a *API) verdict(ctx context.Context, in *verdictInput) (*incidentOutput, error) {
	i, err := a.remembered(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	c := felt.Command{What: felt.CommandVerdict, Target: i.ID, Reason: strings.TrimSpace(in.Body.Reason), Args: map[string]string{"verdict": in.Body.Verdict}}
	switch of := strings.TrimSpace(in.Body.Of); {
	case in.Body.Verdict != "duplicate" && of != "":
		return nil, huma.Error422UnprocessableEntity("of is only for a duplicate")
	case in.Body.Verdict != "duplicate":
	case of == "":
		return nil, huma.Error422UnprocessableEntity("of is needed: which incident does it repeat?")
	case of == i.ID:
		return nil, huma.Error409Conflict("it cannot be a duplicate of itself")
	default:
		if _, err := a.incidentByID(ctx, of); err != nil {
			return nil, err
		}
		c.Args["of"] = of
	}
	want := in.Body.Verdict
	return a.command(ctx, in.CommandHeaders, c, func(i *felt.Incident) bool { return i.Verdict == want })
}
