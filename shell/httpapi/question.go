package httpapi

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

// windowInput is the part of a question that every endpoint with a window shares.
type windowInput struct {
	Window string `query:"window" doc:"Length up to now, such as 5m, 1h, 7d. Not together with from." example:"5m"`
	From   string `query:"from" doc:"RFC 3339, or Unix seconds"`
	To     string `query:"to" doc:"RFC 3339, or Unix seconds; may lie in the future; default now"`
	Env    string `query:"env" doc:"Environment" default:"production"`
	AsOf   string `query:"as_of" doc:"Judge what is still open as of this moment; default now"`
}

// scopeInput is a question about one name.
type scopeInput struct {
	windowInput
	Of      string   `query:"of" required:"true" minLength:"1" doc:"NAME, APP/NAME or journey:NAME" example:"shop/checkout"`
	Where   []string `query:"where,explode" doc:"KEY=VALUE, KEY!=VALUE or KEY in (A,B); all must hold" example:"plan=pro"`
	Traffic string   `query:"traffic" enum:"customer,test,bot" default:"customer"`
}

// asked is the question as every answer repeats it.
type asked struct {
	ID      string   `json:"id" doc:"Stable name of the question"`
	Of      string   `json:"of,omitempty"`
	Env     string   `json:"env"`
	App     string   `json:"app,omitempty"`
	Name    string   `json:"name,omitempty"`
	From    string   `json:"from"`
	To      string   `json:"to"`
	Where   []string `json:"where,omitempty"`
	Traffic string   `json:"traffic"`
}

// stamp is what every answer carries.
type stamp struct {
	Question      *asked `json:"question,omitempty"`
	AsOf          string `json:"as_of" doc:"Log time of the newest rows in this answer"`
	AsOfSeq       uint64 `json:"as_of_seq" doc:"Place in the log"`
	CompleteUntil string `json:"complete_until" doc:"Every interaction that ended before this is in the answer, if its telemetry arrived within settle"`
}

func (a *API) stamp(q *asked) stamp {
	p := a.opts.Engine.Progress()
	return stamp{Question: q, AsOf: stampTime(p.Tick.Instant()), AsOfSeq: uint64(p.Seq), CompleteUntil: stampTime(p.CompleteUntil)}
}

// now is the present of the log: wall time, or, in an event log, the log's clock.
func (a *API) now() felt.Instant {
	if a.opts.Clock == felt.ClockEvent {
		if t := a.opts.Engine.Progress().Tick; t > 0 {
			return t.Instant()
		}
	}
	return felt.InstantOf(a.opts.Now())
}

const defaultWindow = 5 * felt.Minute

// window resolves the window of a question.
func (a *API) window(in windowInput) (felt.Window, error) {
	now := a.now()
	w := felt.Window{To: now}
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
		d, err := parseLength("window", in.Window)
		if err != nil {
			return w, err
		}
		w.From = w.To - d
	default:
		w.From = w.To - defaultWindow
	}
	if w.From >= w.To {
		return w, huma.Error400BadRequest(fmt.Sprintf("from (%s) is not before to (%s)", stampTime(w.From), stampTime(w.To)))
	}
	return w, nil
}

// question resolves a question about one name.
func (a *API) question(ctx context.Context, in scopeInput) (felt.Question, *asked, error) {
	q, err := a.unscoped(in.windowInput, in.Where, in.Traffic)
	if err != nil {
		return q, nil, err
	}
	scope, err := a.resolve1(ctx, in.Env, in.Of)
	if err != nil {
		return q, nil, err
	}
	q.Scope = scope
	return q, a.askedFor(q, in.Of, in.Where), nil
}

// unscoped is a question about everything in an environment.
func (a *API) unscoped(in windowInput, where []string, traffic string) (felt.Question, error) {
	w, err := a.window(in)
	if err != nil {
		return felt.Question{}, err
	}
	q := felt.Question{Scope: felt.Scope{Env: in.Env}, Window: w, AsOf: a.now()}
	if in.AsOf != "" {
		if q.AsOf, err = parseInstant("as_of", in.AsOf); err != nil {
			return q, err
		}
	}
	for _, s := range where {
		c, err := parseCondition(s)
		if err != nil {
			return q, err
		}
		q.Where = append(q.Where, c)
	}
	switch traffic {
	case "test":
		q.Traffic = felt.TrafficTest
	case "bot":
		q.Traffic = felt.TrafficBot
	}
	return q, nil
}

func (a *API) askedFor(q felt.Question, of string, where []string) *asked {
	stable := q
	stable.AsOf = 0 // the moment of asking is in as_of
	return &asked{
		ID: stable.ID(), Of: of, Env: q.Env, App: q.App, Name: q.Name,
		From: stampTime(q.From), To: stampTime(q.To), Where: where, Traffic: q.Traffic.String(),
	}
}

// resolve1 finds the one scope that of means. A name may contain slashes itself, so a
// whole name is tried before APP/NAME. A name never seen is a scope of its own.
func (a *API) resolve1(ctx context.Context, env, of string) (felt.Scope, error) {
	rest, isJourney := strings.CutPrefix(of, "journey:")
	kind := felt.InteractionKind(0)
	if isJourney {
		kind = felt.KindJourney
	}
	found, err := a.scopesNamed(ctx, env, rest, kind)
	if err != nil {
		return felt.Scope{}, err
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
	default:
		return felt.Scope{}, ambiguous(of, found)
	}
	for i, c := range rest {
		if c != '/' || i == 0 || i == len(rest)-1 {
			continue
		}
		app, name := rest[:i], rest[i+1:]
		found, err := a.scopesNamed(ctx, env, name, kind)
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

// scopesNamed lists the scopes of one name; a step and a journey of the same app count
// as one place to ask about, the journey first.
func (a *API) scopesNamed(ctx context.Context, env, name string, kind felt.InteractionKind) ([]felt.Scope, error) {
	all, err := ask(ctx, a, func(ctx context.Context) ([]felt.Scope, error) { return a.opts.Store.Scopes(ctx, env, name) })
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

// parseCondition reads KEY=VALUE, KEY!=VALUE, KEY in (A,B).
func parseCondition(s string) (felt.Condition, error) {
	bad := func() (felt.Condition, error) {
		return felt.Condition{}, huma.Error400BadRequest(fmt.Sprintf("where=%q: want KEY=VALUE, KEY!=VALUE or KEY in (A,B)", s))
	}
	if key, list, ok := strings.Cut(s, " in "); ok && !strings.ContainsAny(key, "=!") {
		list = strings.TrimSpace(list)
		if inner, ok := strings.CutPrefix(list, "("); ok {
			if list, ok = strings.CutSuffix(inner, ")"); !ok {
				return bad()
			}
		}
		c := felt.Condition{Key: strings.TrimSpace(key), Op: felt.OpIn}
		for _, v := range strings.Split(list, ",") {
			c.Values = append(c.Values, strings.TrimSpace(v))
		}
		if c.Key == "" || strings.TrimSpace(list) == "" {
			return bad()
		}
		return c, nil
	}
	op := felt.OpEquals
	key, value, ok := strings.Cut(s, "=")
	if !ok {
		return bad()
	}
	if k, not := strings.CutSuffix(key, "!"); not {
		key, op = k, felt.OpNotEquals
	}
	if key = strings.TrimSpace(key); key == "" {
		return bad()
	}
	return felt.Condition{Key: key, Op: op, Values: []string{strings.TrimSpace(value)}}, nil
}

// parseInstant reads RFC 3339 or Unix seconds (with a fraction, if need be).
func parseInstant(param, s string) (felt.Instant, error) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return felt.InstantOf(t), nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 && n < 1e11 {
		return felt.Instant(n) * felt.Second, nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f >= 0 && f < 9e9 {
		whole, frac := math.Modf(f)
		return felt.Instant(whole)*felt.Second + felt.Instant(math.Round(frac*1e6)*1e3), nil
	}
	return 0, huma.Error400BadRequest(fmt.Sprintf("%s=%q: want RFC 3339 (2026-01-31T14:23:00Z; a + must be sent as %%2B) or Unix seconds", param, s))
}

// maxLength is the longest window: what is kept longest.
const maxLength = 400 * felt.Day

// parseLength reads 90s, 5m, 1h, 7d.
func parseLength(param, s string) (felt.Instant, error) {
	var d felt.Instant
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n > 0 && n <= 400 {
			d = felt.Instant(n * float64(felt.Day))
		}
	} else if t, err := time.ParseDuration(s); err == nil {
		d = felt.Instant(t)
	}
	if d < felt.Second || d > maxLength {
		return 0, huma.Error400BadRequest(fmt.Sprintf("%s=%q: want a length from 1s to 400d, such as 5m, 1h or 7d", param, s))
	}
	return d, nil
}

func stampTime(i felt.Instant) string {
	if i == 0 {
		return ""
	}
	return i.Time().Format(time.RFC3339Nano)
}

// ask asks the store, bounded in time and in how many ask at once.
func ask[T any](ctx context.Context, a *API, f func(context.Context) (T, error)) (T, error) {
	var zero T
	ctx, cancel := context.WithTimeout(ctx, a.opts.QuestionTimeout)
	defer cancel()
	select {
	case a.asking <- struct{}{}:
	case <-ctx.Done():
		a.counts.busy.Add(1)
		return zero, huma.ErrorWithHeaders(
			huma.Error503ServiceUnavailable("too many questions are being asked at once; ask again in a second"),
			http.Header{"Retry-After": {"1"}})
	}
	defer func() { <-a.asking }()
	v, err := f(ctx)
	if err != nil {
		return zero, a.problemOf(ctx, err)
	}
	return v, nil
}

// problemOf turns a store's error into an answer without its insides.
func (a *API) problemOf(ctx context.Context, err error) error {
	var status huma.StatusError
	switch {
	case errors.As(err, &status):
		return status
	case errors.Is(err, felt.ErrNotFound):
		return huma.Error404NotFound("not found")
	case errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil:
		a.counts.timeouts.Add(1)
		return huma.Error504GatewayTimeout(fmt.Sprintf("no answer within %s: ask for a shorter window or fewer conditions", a.opts.QuestionTimeout))
	}
	a.counts.errors.Add(1)
	a.opts.Logger.Error("question failed", "err", err)
	return huma.Error500InternalServerError("the store could not answer; the server's log says why")
}
