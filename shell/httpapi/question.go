package httpapi

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

// The parts that requests and answers share are embedded. Their names are exported
// because huma reads parameters and schemas of exported types only; they are of no use
// outside of this package.

// WindowInput is the part of a question that every endpoint with a window shares.
type WindowInput struct {
	Window string `query:"window" doc:"Length up to to (or now), such as 5m, 1h, 7d. Not together with from. Default 5m" example:"5m"`
	From   string `query:"from" doc:"RFC 3339, or Unix seconds or milliseconds"`
	To     string `query:"to" doc:"RFC 3339, or Unix seconds or milliseconds; may lie in the future; default now"`
	Env    string `query:"env" doc:"Environment" default:"production" maxLength:"256"`
	AsOf   string `query:"as_of" doc:"Judge what is still open as of this moment; default now"`
}

// ManyInput is a question about everything that the conditions leave.
type ManyInput struct {
	WindowInput
	Where   []string `query:"where,explode" maxItems:"20" doc:"KEY=VALUE, KEY!=VALUE or KEY in (A,B); all must hold" example:"plan=pro"`
	Traffic string   `query:"traffic" enum:"customer,test,bot" default:"customer"`
	Except  []string `query:"except,explode" maxItems:"60" doc:"FROM/TO, each RFC 3339, or Unix seconds or milliseconds: nothing that ended then counts" example:"[\"2026-03-04T14:30:00Z/2026-03-04T15:10:00Z\"]"`
}

// ScopeInput is a question about one name, or about several at once.
type ScopeInput struct {
	ManyInput
	Of []string `query:"of,explode" required:"true" minItems:"1" maxItems:"60" doc:"NAME, APP/NAME, journey:NAME or step:NAME; of a journey and a step of one name the journey is meant. app:APP is all steps of an app; incident:ID is all that an incident is about. Given several times, the answer is about all of them together: customers are distinct over all" example:"[\"shop/checkout\"]"`
}

// Asked is the question as every answer repeats it.
type Asked struct {
	ID       string   `json:"id" doc:"Stable name of the question"`
	Of       string   `json:"of,omitempty"`
	Also     []string `json:"also,omitempty" doc:"What it is about besides: each is given as one more of"`
	Env      string   `json:"env"`
	App      string   `json:"app,omitempty"`
	Name     string   `json:"name,omitempty"`
	Kind     string   `json:"kind,omitempty" doc:"step or journey, when the name is known as one"`
	Service  string   `json:"service,omitempty"`
	Incident string   `json:"incident,omitempty"`
	Status   string   `json:"status,omitempty"`
	From     string   `json:"from,omitempty"`
	To       string   `json:"to,omitempty"`
	Except   []string `json:"except,omitempty" doc:"FROM/TO: what is left out of it"`
	Where    []string `json:"where,omitempty"`
	Traffic  string   `json:"traffic,omitempty"`
	AsOf     string   `json:"as_of,omitempty" doc:"When it was given"`
}

// Stamp is what every answer carries.
type Stamp struct {
	Question      *Asked  `json:"question,omitempty"`
	AsOf          *string `json:"as_of" doc:"Log time up to which the rows are in this answer; null before the first"`
	AsOfSeq       uint64  `json:"as_of_seq" doc:"Place in the log"`
	CompleteUntil *string `json:"complete_until" doc:"Every interaction that ended before this is in the answer, if its telemetry arrived within settle; null before the first"`
}

// stamp says how far the rows are. It is taken before the store is asked, so that an
// answer never claims rows that came while it was being made.
func (a *API) stamp(q *Asked) Stamp {
	p := a.opts.Engine.Progress()
	return Stamp{
		Question: q, AsOf: optionalTime(p.Tick.Instant()), AsOfSeq: uint64(p.Seq),
		CompleteUntil: optionalTime(max(0, p.CompleteUntil)),
	}
}

// now is the present of the log: wall time, or, in an event log, the log's clock.
func (a *API) now() felt.Instant {
	if a.opts.Clock() == felt.ClockEvent {
		if t := a.opts.Engine.Progress().Tick; t > 0 {
			return t.Instant()
		}
	}
	return felt.InstantOf(a.opts.Now())
}

const defaultWindow = 5 * felt.Minute

// window resolves the window of a question.
func (a *API) window(in WindowInput) (felt.Window, error) {
	w := felt.Window{To: a.now()}
	var err error
	if in.To != "" {
		if w.To, err = parseInstant("to", in.To); err != nil {
			return w, err
		}
	}
	switch {
	case in.From != "" && in.Window != "":
		return w, huma.Error400BadRequest("window and from are both given: leave one out")
	case in.From != "":
		if w.From, err = parseInstant("from", in.From); err != nil {
			return w, err
		}
	case in.Window != "":
		length, err := parseLength("window", in.Window)
		if err != nil {
			return w, err
		}
		w.From = w.To - length
	default:
		w.From = w.To - defaultWindow
	}
	if w.From >= w.To {
		return w, huma.Error400BadRequest(fmt.Sprintf("from (%s) is not before to (%s)", exactTime(w.From), exactTime(w.To)))
	}
	return w, nil
}

// scoped resolves a question about one name or several.
func (a *API) scoped(ctx context.Context, in ScopeInput) (felt.Question, *Asked, error) {
	q, asked, err := a.unscoped(in.ManyInput)
	if err != nil {
		return q, nil, err
	}
	return a.about(ctx, q, asked, in.Of)
}

// unscoped resolves a question about everything in an environment.
func (a *API) unscoped(in ManyInput) (felt.Question, *Asked, error) {
	w, err := a.window(in.WindowInput)
	if err != nil {
		return felt.Question{}, nil, err
	}
	q := felt.Question{Scope: felt.Scope{Env: in.Env}, Window: w, AsOf: a.now()}
	asked := &Asked{Where: in.Where}
	if in.AsOf != "" {
		if q.AsOf, err = parseInstant("as_of", in.AsOf); err != nil {
			return q, nil, err
		}
		asked.AsOf = exactTime(q.AsOf)
	}
	for _, s := range in.Except {
		w, err := parseExcept(s)
		if err != nil {
			return q, nil, err
		}
		q.Except = append(q.Except, w)
	}
	for _, s := range in.Where {
		c, err := parseCondition(s)
		if err != nil {
			return q, nil, err
		}
		q.Where = append(q.Where, c)
	}
	switch in.Traffic {
	case felt.TrafficTest.String():
		q.Traffic = felt.TrafficTest
	case felt.TrafficBot.String():
		q.Traffic = felt.TrafficBot
	}
	a.describe(asked, q)
	return q, asked, nil
}

// describe repeats a question in words; of are the names that it is about.
func (a *API) describe(asked *Asked, q felt.Question, of ...string) {
	stable := q
	if asked.AsOf == "" {
		stable.AsOf = 0 // the moment of asking is in the answer's as_of
	}
	asked.ID = stable.ID()
	if len(of) > 0 {
		asked.Of, asked.Also = of[0], of[1:]
	}
	asked.Env, asked.App, asked.Name, asked.Kind = q.Env, q.App, q.Name, q.Kind.String()
	asked.From, asked.To, asked.Traffic = exactTime(q.From), exactTime(q.To), q.Traffic.String()
	asked.Except = spansOf(q.Gaps())
}

// spansOf are windows as questions take them.
func spansOf(list []felt.Window) (out []string) {
	for _, w := range list {
		out = append(out, exactTime(w.From)+"/"+exactTime(w.To))
	}
	return out
}

// parseExcept reads a part of the window that is left out.
func parseExcept(s string) (w felt.Window, err error) {
	from, to, ok := strings.Cut(s, "/")
	if !ok {
		return w, huma.Error400BadRequest(fmt.Sprintf("except=%.64q: want FROM/TO", s))
	}
	if w.From, err = parseInstant("except", from); err != nil {
		return w, err
	}
	if w.To, err = parseInstant("except", to); err != nil {
		return w, err
	}
	if w.From >= w.To {
		return w, huma.Error400BadRequest(fmt.Sprintf("except=%.64q: it ends before it begins", s))
	}
	return w, nil
}

// maxSlashes bounds the places at which an APP/NAME may be cut in two, each of which
// costs a look at the store.
const maxSlashes = 8

// scopeOf finds the one scope that of means. A name may contain slashes itself, so the
// whole is tried as a name before APP/NAME, and the shortest app first. A name never
// seen is a scope of its own, which has nothing.
func (a *API) scopeOf(ctx context.Context, env, of string) (felt.Scope, error) {
	return readScope(env, of, func(name string) ([]felt.Scope, error) {
		return ask(ctx, a, func(ctx context.Context) ([]felt.Scope, error) { return a.opts.Store.Scopes(ctx, env, name) })
	})
}

// readScope is scopeOf with what tells the scopes of a name.
func readScope(env, of string, known func(name string) ([]felt.Scope, error)) (felt.Scope, error) {
	if app, ok := strings.CutPrefix(of, appOf); ok && app != "" {
		return felt.Scope{Env: env, App: app, Kind: felt.KindStep}, nil
	}
	rest, kind := of, felt.InteractionKind(0)
	for _, k := range []felt.InteractionKind{felt.KindJourney, felt.KindStep} {
		if name, ok := strings.CutPrefix(of, k.String()+":"); ok {
			rest, kind = name, k
		}
	}
	if rest == "" || strings.Count(rest, "/") > maxSlashes {
		return felt.Scope{}, huma.Error400BadRequest(fmt.Sprintf("of=%q: want NAME, APP/NAME, journey:NAME or step:NAME, with %d slashes at most", of, maxSlashes))
	}
	found, err := scopesNamed(rest, kind, known)
	if err != nil {
		return felt.Scope{}, err
	}
	if s, ok := theOne(found); ok {
		return s, nil
	}
	if len(found) > 0 {
		return felt.Scope{}, ambiguous(of, found)
	}
	for i, c := range rest {
		if c != '/' || i == 0 || i == len(rest)-1 {
			continue
		}
		app, name := rest[:i], rest[i+1:]
		found, err := scopesNamed(name, kind, known)
		if err != nil {
			return felt.Scope{}, err
		}
		for _, s := range found {
			if s.App == app {
				return s, nil
			}
		}
	}
	s := felt.Scope{Env: env, Name: rest, Kind: kind}
	if app, name, ok := strings.Cut(rest, "/"); ok && app != "" && name != "" {
		s.App, s.Name = app, name
	}
	return s, nil
}

// theOne is the only scope, or the only journey: a journey's steps may have its name in
// other apps.
func theOne(found []felt.Scope) (felt.Scope, bool) {
	if len(found) == 1 {
		return found[0], true
	}
	journeys := slices.DeleteFunc(slices.Clone(found), func(s felt.Scope) bool { return s.Kind != felt.KindJourney })
	if len(journeys) == 1 {
		return journeys[0], true
	}
	return felt.Scope{}, false
}

// scopesNamed lists the scopes of one name; a step and a journey of the same app are
// one place to ask about, the journey first.
func scopesNamed(name string, kind felt.InteractionKind, known func(name string) ([]felt.Scope, error)) ([]felt.Scope, error) {
	all, err := known(name)
	if err != nil {
		return nil, err
	}
	var found []felt.Scope
	for _, s := range all {
		switch {
		case kind != 0 && s.Kind != kind:
		case len(found) > 0 && found[len(found)-1].App == s.App:
			if s.Kind == felt.KindJourney {
				found[len(found)-1] = s
			}
		default:
			found = append(found, s)
		}
	}
	return found, nil
}
