package otlp_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

const now = felt.Instant(1_760_000_000_000_000_000)

var testKey = otlp.HashKey{ID: 7, Secret: []byte("0123456789abcdef0123456789abcdef")} // nobody's secret

func testPacker(change ...func(*otlp.Options)) *otlp.Packer {
	o := otlp.Options{Partitions: 4, Clock: felt.ClockWall, LateMax: felt.Day, Key: testKey}
	for _, f := range change {
		f(&o)
	}
	return otlp.NewPacker(o)
}

// seen is an event with its texts, as a test likes to compare it.
type seen struct {
	Event      otlp.Event
	Part       felt.Part
	Name       string
	Fields     map[otlp.Field]string
	Segments   map[string]string
	Flags      map[string]string
	Attributes map[string]any
	Resource   map[string]any
	Scope      [2]string
	ScopeAttrs map[string]any
	Events     []seenSub
	Links      []seenSub
	State      string
	Severity   otlp.Severity
	Word       string
	Body       any
}

type seenSub struct {
	Time       felt.Instant
	Name       string // of an event; the state of a link
	Trace      felt.TraceID
	Span       felt.SpanID
	Attributes map[string]any
}

func plain(r *otlp.Reader, v otlp.Value) any {
	switch v.Kind {
	case otlp.ValueText:
		return string(r.Text(v.Text))
	case otlp.ValueInt:
		return v.Int
	case otlp.ValueBool:
		return v.Bool
	case otlp.ValueDouble:
		return v.Double
	case otlp.ValueBytes:
		return append([]byte{}, v.Bytes...)
	case otlp.ValueJSON:
		var x any
		if err := json.Unmarshal(r.Text(v.Text), &x); err != nil {
			return fmt.Sprintf("not JSON: %s", r.Text(v.Text))
		}
		return x
	case otlp.ValueEmpty:
	}
	return nil
}

func collect(r *otlp.Reader, walk func(func(otlp.Text, otlp.Value))) map[string]any {
	m := map[string]any{}
	walk(func(k otlp.Text, v otlp.Value) { m[string(r.Text(k))] = plain(r, v) })
	return m
}

func look(r *otlp.Reader, ev *otlp.Event, part felt.Part) seen {
	s := seen{Event: *ev, Part: part, Name: string(r.Text(ev.Name)), Fields: map[otlp.Field]string{}, Segments: map[string]string{}, Flags: map[string]string{}}
	s.Event.Segments, s.Event.Flags = nil, nil
	for f, t := range ev.Fields {
		if t != 0 {
			s.Fields[otlp.Field(f)] = string(r.Text(t))
		}
	}
	for _, a := range ev.Segments {
		s.Segments[string(r.Text(a.Key))] = string(r.Text(a.Value))
	}
	for _, a := range ev.Flags {
		s.Flags[string(r.Text(a.Key))] = string(r.Text(a.Value))
	}
	s.Attributes = collect(r, r.Attributes)
	s.Resource = collect(r, r.ResourceAttributes)
	name, version := r.Scope()
	s.Scope = [2]string{string(r.Text(name)), string(r.Text(version))}
	s.ScopeAttrs = collect(r, r.ScopeAttributes)
	state := r.Details(func(e otlp.SpanEvent) {
		s.Events = append(s.Events, seenSub{Time: e.Time, Name: string(r.Text(e.Name)), Attributes: collect(r, e.Attributes)})
	}, func(l otlp.SpanLink) {
		s.Links = append(s.Links, seenSub{Trace: l.Trace, Span: l.Span, Name: string(r.Text(l.State)), Attributes: collect(r, l.Attributes)})
	})
	s.State = string(r.Text(state))
	severity, word, body := r.Log()
	s.Severity, s.Word, s.Body = severity, string(r.Text(word)), plain(r, body)
	return s
}

// readAll reads every event of the records, in order.
func readAll(tb testing.TB, recs []felt.Record) []seen {
	tb.Helper()
	var r otlp.Reader
	var ev otlp.Event
	var list []seen
	for _, rec := range recs {
		if err := r.Reset(rec.Data); err != nil {
			tb.Fatal(err)
		}
		for r.NextBlock() {
			for r.Next(&ev) {
				list = append(list, look(&r, &ev, rec.Part))
			}
		}
		if r.Err() != nil {
			tb.Fatal(r.Err())
		}
	}
	return list
}
