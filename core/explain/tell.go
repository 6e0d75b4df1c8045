package explain

import (
	"cmp"
	"strconv"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/measure"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/rules"
)

// look notes the event at hand, and which rules come near it: its attributes are there
// only now.
func (x *explainer) look(ev *otlp.Event) {
	text := func(t otlp.Text) string { return string(x.reader.Text(t)) }
	e := event{at: ev.End, env: cmp.Or(text(ev.Fields[otlp.FieldEnv]), otlp.DefaultEnv)}
	e.Span = Span{
		Signal: "span", Trace: ev.Trace, ID: ev.Span, Parent: ev.Parent,
		Service: text(ev.Fields[otlp.FieldService]), Name: text(ev.Name),
		Customer: level(&ev.IDs).String(), Traffic: ev.Traffic.String(),
	}
	if ev.Type == otlp.TypeLog {
		e.Signal = "log"
	} else {
		e.Kind, e.Status = ev.Kind.String(), felt.SpanStatus(ev.Status).String()
	}
	if ev.Fields[otlp.FieldInteraction] == 0 {
		e.Near = x.near(ev, &e)
	}
	x.events = append(x.events, e)
}

func level(ids *otlp.IDs) felt.IdentityLevel {
	switch {
	case !ids.User.IsZero():
		return felt.LevelUser
	case !ids.Pseudonym.IsZero():
		return felt.LevelPseudonym
	case !ids.Installation.IsZero():
		return felt.LevelInstallation
	case !ids.Session.IsZero():
		return felt.LevelSession
	}
	return felt.LevelNone
}

// ruleEvent is the event at hand as rules look at it.
func (x *explainer) ruleEvent(ev *otlp.Event, e *event) *rules.Event {
	attrs := map[string]string{}
	take := func(k otlp.Text, v otlp.Value) {
		key := string(x.reader.Text(k))
		if _, ok := attrs[key]; !ok {
			attrs[key] = v.Format(x.reader.Text)
		}
	}
	x.reader.Attributes(take)
	x.reader.ResourceAttributes(take)
	for key, n := range otlp.IdentityKeys() {
		if !ev.IDs.Level(n).IsZero() {
			attrs[key] = "" // hashed: it can only be asked whether it is there
		}
	}
	status := felt.SpanStatus(ev.Status)
	if ev.Failed {
		status = felt.SpanStatusError
	}
	return &rules.Event{
		Log: ev.Type == otlp.TypeLog, Env: e.env, Service: e.Service, Name: e.Name, Kind: ev.Kind,
		Status: status, HTTPStatus: ev.HTTPCode, Duration: ev.End - ev.Start,
		Attribute: func(key string) (string, bool) { v, ok := attrs[key]; return v, ok },
	}
}

// claimed says what an event is to its interaction; false when it is none.
func (x *explainer) claimed(e *event) bool {
	at := spot{e.Trace, e.ID, e.Signal == "log", e.at}
	list := x.claims[at]
	if len(list) == 0 && e.Name == measure.PendingEvent {
		e.Near, e.Why = nil, "a page was hidden: of the same try a later record is here, or its end; or this names no interaction, trace or span, so that nothing could answer it"
		return false
	}
	if len(list) == 0 {
		e.Why = "no felt.interaction.name, and no rule of the inventory holds for it"
		if len(x.set.Journeys) == 0 {
			e.Why = "no felt.interaction.name, and there is no inventory whose rules could hold for it"
		}
		return false
	}
	c := list[0]
	x.claims[at] = list[1:]
	e.Near = nil
	e.Interaction, e.App, e.By = c.Name, c.App, "felt.interaction.name, or what an alias makes of it"
	if c.Rule != "" {
		e.By = "rule " + c.Rule
	}
	e.Verdict, e.Why = x.verdict(e, &c)
	return true
}

func (x *explainer) verdict(e *event, c *measure.Claimed) (Verdict, string) {
	row, counted := x.rows[c.ID]
	mine := counted && row.Span == c.Span && row.End == c.At
	switch {
	case c.Pending && mine:
		return VerdictInteraction, "its page was hidden while it was open. It is " + row.Outcome.String() + " (" + row.Reason + ") when for " +
			time.Duration(x.pendingAfter).String() + " neither another such record comes nor its end: a span of the same name, trace and key with an outcome, or without a parent. One that comes later corrects it"
	case c.Pending:
		return VerdictPart, "its page was hidden while it was open; its end came, and that decides it"
	case !mine && c.Above != "" && !c.Same:
		return VerdictStep, "it has no outcome of its own and lies within " + c.Above + ": it is a step of that"
	case !mine && c.Above != "":
		return VerdictPart, "a span above it is the same interaction and decides it"
	case !mine:
		return VerdictPart, "another span of the same interaction decides it"
	}
	why := "it decides " + c.Name + ": " + row.Outcome.String() + ", by " + rule(&row)
	if c.Open && x.waited[c.ID] {
		why += "; its parent " + e.Parent.String() + " is not here: it waits " + time.Duration(x.settle).String() + " for it, and this holds if that does not come"
	}
	if row.Traffic != felt.TrafficCustomer {
		why += "; as " + row.Traffic.String() + " traffic it is in no number unless asked for"
	}
	return VerdictInteraction, why
}

// rule says in words which rule decided.
func rule(d *measure.Decision) string {
	switch d.OutcomeRule {
	case "explicit":
		return "the outcome that was sent"
	case "status":
		return "its status"
	case "pending":
		return "the record of its hidden page"
	case "threshold":
		return "a threshold on how long it took"
	}
	return "error class " + strconv.Quote(d.OutcomeRule)
}
