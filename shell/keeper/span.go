package keeper

import (
	"strconv"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// spanOf is the row of the span that the reader stands at.
func spanOf(r *otlp.Reader, ev *otlp.Event) felt.Span {
	text := func(f otlp.Field) string { return string(r.Text(ev.Fields[f])) }
	s := felt.Span{
		Env: text(otlp.FieldEnv), Service: text(otlp.FieldService), Release: text(otlp.FieldRelease),
		Trace: ev.Trace, ID: ev.Span, Parent: ev.Parent,
		Name: string(r.Text(ev.Name)), Kind: ev.Kind, Status: status(ev.Status), Message: text(otlp.FieldStatusMessage),
		Start: ev.Start, End: ev.End, Interaction: text(otlp.FieldInteraction),
	}
	r.Attributes(adder(r, &s.Attributes))
	r.ResourceAttributes(adder(r, &s.Resource))
	r.Details(func(e otlp.SpanEvent) {
		note := felt.SpanNote{Time: e.Time, Name: string(r.Text(e.Name))}
		e.Attributes(adder(r, &note.Attributes))
		s.Events = append(s.Events, note)
	}, func(l otlp.SpanLink) { s.Links = append(s.Links, l.Trace) })
	return s
}

// noteOf is the log record that the reader stands at.
func noteOf(r *otlp.Reader, ev *otlp.Event) felt.SpanNote {
	note := felt.SpanNote{Time: ev.Start, Name: string(r.Text(ev.Name))}
	severity, word, body := r.Log()
	add := func(key, value string) {
		if value != "" {
			note.Attributes = append(note.Attributes, felt.Attribute{Key: key, Value: value})
		}
	}
	switch {
	case len(r.Text(word)) > 0:
		add("log.severity", string(r.Text(word)))
	case severity != 0:
		add("log.severity", strconv.Itoa(int(severity)))
	}
	add("log.body", body.Format(r.Text))
	r.Attributes(adder(r, &note.Attributes))
	if note.Name == "" {
		note.Name = "log"
	}
	return note
}

func adder(r *otlp.Reader, list *[]felt.Attribute) func(otlp.Text, otlp.Value) {
	return func(key otlp.Text, v otlp.Value) {
		*list = append(*list, felt.Attribute{Key: string(r.Text(key)), Value: v.Format(r.Text)})
	}
}

func status(s otlp.Status) felt.SpanStatus {
	switch s {
	case otlp.StatusOK:
		return felt.SpanStatusOK
	case otlp.StatusError:
		return felt.SpanStatusError
	case otlp.StatusUnset:
	}
	return felt.SpanStatusUnset
}

// attributeCost is about what an attribute takes in memory beside its text.
const attributeCost = 32

func attributesSize(list []felt.Attribute) int {
	n := 0
	for i := range list {
		n += len(list[i].Key) + len(list[i].Value) + attributeCost
	}
	return n
}

func noteSize(n *felt.SpanNote) int { return 64 + len(n.Name) + attributesSize(n.Attributes) }

// spanSize is about what a span takes in memory.
func spanSize(s *felt.Span) int {
	n := 320 + len(s.Env) + len(s.Service) + len(s.Release) + len(s.Name) + len(s.Message) + len(s.Interaction) +
		attributesSize(s.Attributes) + attributesSize(s.Resource) + 16*len(s.Links)
	for i := range s.Events {
		n += noteSize(&s.Events[i])
	}
	return n
}
