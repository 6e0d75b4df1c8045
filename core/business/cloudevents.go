package business

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/felt-cx/felt"
)

// The ways in, as [felt.Business] names them.
const (
	ViaCloudEvents = "cloudevents"
	ViaCSV         = "csv"
)

// envelope are the attributes of a CloudEvent that Felt reads.
type envelope struct {
	version, id, source, typ, subject, time, contentType string
}

// Structured reads one CloudEvent with its attributes in JSON (application/cloudevents+json).
func Structured(o Options, body []byte) (Result, error) {
	o.Limits = o.Limits.orDefault()
	if err := checkText(body); err != nil {
		return Result{}, err
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return Result{}, jsonError(body)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Result{}, errorf("there is more behind the event: send several as application/cloudevents-batch+json")
	}
	var r Result
	r.Business.Via = ViaCloudEvents
	r.structured(&o, raw, 0)
	return r, nil
}

// Batch reads a list of CloudEvents (application/cloudevents-batch+json).
func Batch(o Options, body []byte) (Result, error) {
	o.Limits = o.Limits.orDefault()
	if err := checkText(body); err != nil {
		return Result{}, err
	}
	var r Result
	r.Business.Via = ViaCloudEvents
	dec := json.NewDecoder(bytes.NewReader(body))
	if t, err := dec.Token(); err != nil {
		return Result{}, jsonError(body)
	} else if t != json.Delim('[') {
		return Result{}, errorf("want a JSON list of events")
	}
	for i := 0; dec.More(); i++ {
		if i == o.Limits.Events {
			return Result{}, errorf("has more than %d events: send smaller batches", o.Limits.Events)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return Result{}, jsonError(body)
		}
		r.structured(&o, raw, i)
	}
	if _, err := dec.Token(); err != nil {
		return Result{}, jsonError(body)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Result{}, errorf("there is more behind the list of events")
	}
	return r, nil
}

// Binary reads one CloudEvent with its attributes in headers: attribute returns those
// without their prefix ce-, percent-decoded. The body is the event's data.
func Binary(o Options, attribute func(name string) string, contentType string, body []byte) (Result, error) {
	o.Limits = o.Limits.orDefault()
	if err := checkText(body); err != nil {
		return Result{}, err
	}
	var r Result
	r.Business.Via = ViaCloudEvents
	e := envelope{
		version: attribute("specversion"), id: attribute("id"), source: attribute("source"), typ: attribute("type"),
		subject: attribute("subject"), time: attribute("time"), contentType: contentType,
	}
	f := newForm(&o, 0)
	data := f.object("data", body)
	r.event(f, &e, data)
	return r, nil
}

// checkText refuses what is not UTF-8: the reader of JSON would put the same sign in the place
// of every wrong byte, and two customers would become one.
func checkText(body []byte) error {
	if at := invalidAt(body); at >= 0 {
		return errorf("is not UTF-8 at byte %d", at)
	}
	return nil
}

// invalidAt is the place of the first byte that is not UTF-8; -1 when there is none.
func invalidAt(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// jsonError says where a body stops being JSON. It looks at the whole of it once more: a
// decoder that gave out a part of it knows only places in what follows.
func jsonError(body []byte) error {
	var raw json.RawMessage
	err := json.NewDecoder(bytes.NewReader(body)).Decode(&raw)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return errorf("is not JSON near byte %d", syntax.Offset-1)
	}
	return errorf("the JSON ends in the middle, at byte %d", len(body))
}

func newForm(o *Options, index int) *form {
	return &form{o: o, place: func(string) Problem { return Problem{Index: index} }}
}

// object reads a JSON object within the bounds; nil with a problem when it is none.
func (f *form) object(name string, b []byte) map[string]any {
	if depth(b) > f.o.Limits.Depth {
		f.bad(name, fmt.Sprintf("is nested deeper than %d", f.o.Limits.Depth))
		return nil
	}
	if at := invalidAt(b); at >= 0 { // of data in base64; a body was looked at before
		f.bad(name, fmt.Sprintf("is not UTF-8 at byte %d", at))
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil || m == nil || dec.More() {
		f.bad(name, "want a JSON object")
		return nil
	}
	return m
}

// depth is how deep lists and objects are nested in b.
func depth(b []byte) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted:
			if c == '\\' {
				i++
			} else if c == '"' {
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

// structured reads one event of a batch.
func (r *Result) structured(o *Options, raw []byte, index int) {
	f := newForm(o, index)
	m := f.object("", raw)
	if m == nil {
		r.reject(o.Limits.Problems, f.problems...)
		return
	}
	attribute := func(name string) string {
		switch v := m[name].(type) {
		case nil:
		case string:
			return v
		default:
			f.bad(name, "want a text")
		}
		return ""
	}
	e := envelope{
		version: attribute("specversion"), id: attribute("id"), source: attribute("source"), typ: attribute("type"),
		subject: attribute("subject"), time: attribute("time"), contentType: attribute("datacontenttype"),
	}
	r.event(f, &e, f.data(m, attribute))
}

// data is the event's data, which may be JSON in base64.
func (f *form) data(m map[string]any, attribute func(string) string) map[string]any {
	switch v := m["data"].(type) {
	case map[string]any:
		return v
	case nil:
	default:
		f.bad("data", "want a JSON object")
		return nil
	}
	if _, ok := m["data_base64"]; !ok {
		return map[string]any{}
	}
	b, err := base64.StdEncoding.DecodeString(attribute("data_base64"))
	if err != nil {
		f.bad("data_base64", "want base64")
		return nil
	}
	return f.object("data_base64", b)
}

// event makes rows of an event that has been taken apart.
func (r *Result) event(f *form, e *envelope, data map[string]any) {
	f.envelope(e)
	if data == nil || len(f.problems) > 0 {
		r.reject(f.o.Limits.Problems, f.problems...)
		return
	}
	f.source, f.fallback = e.source, e.id
	f.get = getter(data)
	if rest, ok := strings.CutPrefix(e.typ, "dev.cdevents."); ok {
		r.cdevent(f, e, rest, data)
		return
	}
	limit := f.o.Limits.Problems
	family, kind, _ := strings.Cut(strings.TrimPrefix(e.typ, "felt."), ".")
	switch {
	case !strings.HasPrefix(e.typ, "felt."):
		f.bad("type", "is not known here: want felt.change.KIND, felt.business.KIND, felt.fact or one of dev.cdevents.")
	case family == "change":
		c := f.change(f.kind(kind, changeKinds()))
		r.add(f, limit, func(b *felt.Business) { b.Changes = append(b.Changes, c) })
		return
	case family == "business":
		v := f.event(f.kind(kind, eventKinds()))
		r.add(f, limit, func(b *felt.Business) { b.Events = append(b.Events, v) })
		return
	case e.typ == "felt.fact":
		list := f.facts()
		r.add(f, limit, func(b *felt.Business) { b.Facts = append(b.Facts, list...) })
		return
	default:
		f.bad("type", "is not known here: want felt.change.KIND, felt.business.KIND or felt.fact")
	}
	r.reject(limit, f.problems...)
}

// kind is the last part of our own types.
func (f *form) kind(kind string, list []string) string {
	if kind == "" {
		f.bad("type", "ends without a kind: want one of "+strings.Join(list, ", "))
		return ""
	}
	before := len(f.problems)
	f.oneOf("type", kind, list...)
	if len(f.problems) > before {
		return ""
	}
	return kind
}

// envelope checks the attributes and takes the time.
func (f *form) envelope(e *envelope) {
	before := len(f.problems)
	for _, a := range []struct{ name, value string }{
		{"specversion", e.version},
		{"id", e.id},
		{"source", e.source},
		{"type", e.typ},
		{"subject", e.subject},
		{"time", e.time},
		{"datacontenttype", e.contentType},
	} {
		if !utf8.ValidString(a.value) {
			f.bad(a.name, "is not UTF-8")
		}
	}
	if len(f.problems) > before {
		return
	}
	if e.version != "1.0" {
		f.bad("specversion", "want 1.0")
	}
	for _, a := range []struct{ name, value string }{{"id", e.id}, {"source", e.source}, {"type", e.typ}} {
		switch {
		case a.value == "":
			f.bad(a.name, "is needed")
		case len(a.value) > f.o.Limits.Text:
			f.bad(a.name, fmt.Sprintf("is longer than %d bytes", f.o.Limits.Text))
		}
	}
	f.time = f.o.Now
	if e.time != "" {
		t, ok := parseInstant(e.time)
		if !ok || !strings.Contains(e.time, "T") {
			f.bad("time", "want a time as in RFC 3339, such as 2026-05-04T10:00:00Z, of 1970 to 2116")
		}
		f.time = t
	}
	if e.contentType == "" {
		return
	}
	media, _, err := mime.ParseMediaType(e.contentType)
	if err != nil || media != "application/json" && !strings.HasSuffix(media, "+json") {
		f.bad("datacontenttype", "want application/json")
	}
}

// getter finds fields by name, also where a dot divides an object from its field.
func getter(m map[string]any) func(string) any {
	return func(name string) any {
		if v, ok := m[name]; ok {
			return v
		}
		outer, inner, ok := strings.Cut(name, ".")
		if sub, isObject := m[outer].(map[string]any); ok && isObject {
			return sub[inner]
		}
		return nil
	}
}
