package business

import (
	"net/url"
	"strings"

	"github.com/felt-cx/felt"
)

// cdevent makes rows of an event of the CDEvents vocabulary (v0.3 to v0.6): rest is its
// type behind "dev.cdevents.", such as service.deployed.0.2.0. What the vocabulary has
// no place for (app, services, customer, ...) comes in customData, under our names.
func (r *Result) cdevent(f *form, e *envelope, rest string, data map[string]any) {
	parts := strings.SplitN(rest, ".", 3)
	if len(parts) < 3 {
		f.bad("type", "want dev.cdevents.SUBJECT.PREDICATE.VERSION")
		r.reject(f.o.Limits.Problems, f.problems...)
		return
	}
	subject, predicate := parts[0], parts[1]
	kind, outcome, used := cdMeaning(subject, predicate)
	if !used {
		r.Ignored++
		return
	}
	doc := getter(data)
	about, _ := doc("subject").(map[string]any)
	id, _ := about["id"].(string)
	if id == "" {
		id = e.subject
	}
	if id == "" {
		f.bad("data.subject.id", "is needed")
		r.reject(f.o.Limits.Problems, f.problems...)
		return
	}
	content, _ := about["content"].(map[string]any)
	f.get = cdFields(data)
	if e.time == "" {
		if at, ok := doc("context.timestamp").(string); ok {
			if t, ok := parseInstant(at); ok {
				f.time = t
			}
		}
	}
	limit := f.o.Limits.Problems
	if kind == kindTicket {
		v := f.ticket(about, content, id)
		r.add(f, limit, func(b *felt.Business) { b.Events = append(b.Events, v) })
		return
	}
	f.cdPlace(subject, id, content)
	c := f.change(kind)
	if c.Outcome == "" {
		c.Outcome = outcome
	}
	r.add(f, limit, func(b *felt.Business) { b.Changes = append(b.Changes, c) })
}

// cdMeaning is what an event says of what customers meet.
func cdMeaning(subject, predicate string) (kind, outcome string, used bool) {
	switch subject + "." + predicate {
	case "service.deployed", "service.upgraded":
		return kindDeploy, "", true
	case "service.rolledback":
		return kindDeploy, "rolled_back", true
	case "service.removed":
		return kindDeploy, "removed", true
	case "service.published":
		return kindLaunch, "", true
	case "environment.created", "environment.modified", "environment.deleted":
		return kindConfig, "", true
	case "ticket.created", "ticket.updated", "ticket.closed":
		return kindTicket, "", true
	}
	return "", "", false
}

// cdFields are our own fields, in customData or in an object "felt" of it.
func cdFields(data map[string]any) func(string) any {
	custom, _ := data["customData"].(map[string]any)
	if own, ok := custom["felt"].(map[string]any); ok {
		custom = own
	}
	return getter(custom)
}

// cdPlace fills what customData leaves out from the subject: service, version, environment.
func (f *form) cdPlace(subject, id string, content map[string]any) {
	own := f.get
	field := getter(content)
	f.get = func(name string) any {
		if v := own(name); v != nil {
			return v
		}
		switch {
		case name == "env" && subject == "environment":
			if v, ok := field("name").(string); ok && v != "" {
				return v
			}
			return id
		case name == "env":
			if v, ok := field("environment.id").(string); ok && v != "" {
				return lastPart(v)
			}
		case name == "services" && subject == "service" && own("service") == nil:
			return []any{lastPart(id)}
		case name == "version":
			if v, ok := field("artifactId").(string); ok && v != "" {
				return purlVersion(v)
			}
		case name == "url" && subject == "environment":
			if v, ok := field("url").(string); ok {
				return v
			}
		}
		return nil
	}
}

// lastPart is "myapp" of "daemonset/myapp".
func lastPart(s string) string {
	s = strings.TrimRight(s, "/")
	return s[strings.LastIndexByte(s, '/')+1:]
}

// purlVersion is the version in a package URL, pkg:TYPE/NAME@VERSION?..., else all of it.
func purlVersion(s string) string {
	if !strings.HasPrefix(s, "pkg:") {
		return s
	}
	s, _, _ = strings.Cut(s, "#")
	s, query, _ := strings.Cut(s, "?")
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		if v, err := url.PathUnescape(s[at+1:]); err == nil && v != "" {
			return v
		}
	}
	if q, err := url.ParseQuery(query); err == nil && q.Get("tag") != "" {
		return q.Get("tag")
	}
	return s
}

// ticket is a customer's complaint. All events of one ticket have its id, so that it is
// counted once.
func (f *form) ticket(about, content map[string]any, id string) felt.BusinessEvent {
	own := f.get
	f.get = func(name string) any {
		if v := own(name); v != nil {
			return v
		}
		if name == "category" {
			if v, ok := content["ticketType"].(string); ok {
				return v
			}
		}
		return nil
	}
	if s, ok := about["source"].(string); ok && s != "" {
		f.source = s
	}
	v := f.event(kindTicket)
	v.ID = f.named(id)
	return v
}
