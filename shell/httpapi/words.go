package httpapi

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// The inventory's conditions, as people say them.

func successWords(j *rules.CompiledJourney) string {
	switch s := j.SuccessWhen; {
	case s.Step != "":
		return "step " + s.Step + " succeeded"
	case s.Rule == "all_steps":
		return "every required step succeeded"
	}
	if j.Last < len(j.Steps) && j.Last >= 0 {
		return "the last required step, " + j.Steps[j.Last].Name + ", succeeded"
	}
	return "the last required step succeeded"
}

func degradedWords(d rules.DegradedWhen) string {
	when := []string{"a required step was degraded"}
	if d.SlowerThan > 0 {
		when = append(when, "the whole took more than "+lengthWords(d.SlowerThan))
	}
	if d.Retried == nil || *d.Retried {
		when = append(when, "a step failed and then worked")
	}
	if d.OptionalFailed == nil || *d.OptionalFailed {
		when = append(when, "an optional step failed")
	}
	return strings.Join(when, ", or ")
}

func matchWords(m *rules.Match) string {
	switch {
	case m.Interaction != "" && m.App != "":
		return fmt.Sprintf("interaction %s of app %s", m.Interaction, m.App)
	case m.Interaction != "":
		return "interaction " + m.Interaction
	case m.Span != nil:
		return patternWords("span", m.Span)
	case m.Log != nil:
		return patternWords("log record", m.Log)
	}
	each := make([]string, 0, len(m.Any))
	for _, x := range m.Any {
		each = append(each, matchWords(x))
	}
	return strings.Join(each, ", or ")
}

// patternWords is "server span of service web, name starting with POST, and http status 500".
func patternWords(what string, p *rules.Pattern) string {
	if p.Kind != "" {
		what = p.Kind + " " + what
	}
	var when []string
	add := func(name string, t *rules.Text) {
		if t != nil {
			when = append(when, name+" "+textWords(t))
		}
	}
	add("service", p.Service)
	add("name", p.Name)
	if p.Status != "" {
		when = append(when, "status "+p.Status)
	}
	add("HTTP status", p.HTTPStatus)
	if p.Duration > 0 {
		when = append(when, "longer than "+lengthWords(p.Duration))
	}
	for _, key := range slices.Sorted(maps.Keys(p.Attributes)) {
		t := p.Attributes[key]
		add(key, &t)
	}
	if len(when) == 0 {
		return "any " + what
	}
	return what + " with " + strings.Join(when, ", ")
}

func textWords(t *rules.Text) string {
	switch {
	case t.Not != nil:
		return "not " + textWords(t.Not)
	case t.Exists != nil && *t.Exists:
		return "there"
	case t.Exists != nil:
		return "not there"
	case t.Prefix != "":
		return fmt.Sprintf("starting with %q", t.Prefix)
	case t.Regex != "":
		return fmt.Sprintf("matching /%s/", t.Regex)
	case len(t.OneOf) > 0:
		return "one of " + strings.Join(t.OneOf, ", ")
	}
	return fmt.Sprintf("= %q", t.Equals)
}

func lengthWords(i felt.Instant) string { return time.Duration(i).String() }
