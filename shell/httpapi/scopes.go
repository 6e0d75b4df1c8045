package httpapi

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

// maxOf bounds the length of one name that is asked about.
const maxOf = 512

// How an incident, and an app as a whole, are written where names are asked about.
const (
	incidentOf = "incident:"
	appOf      = "app:"
)

// isApp tells whether a scope is an app as a whole: all of its steps.
func isApp(s felt.Scope) bool { return s.Name == "" && s.App != "" && s.Kind == felt.KindStep }

// countable tells whether customers can be counted in a scope.
func countable(s felt.Scope) bool { return s.Name != "" || isApp(s) }

// about makes a question be about all that is named. An incident stands for what it is about now, alone also
// without the times between its turns, and the question is described by that, so that it stays the same question.
func (a *API) about(ctx context.Context, q felt.Question, asked *Asked, of []string) (felt.Question, *Asked, error) {
	known := a.namesKnown(ctx, q.Env, len(of) > 1)
	var scopes []felt.Scope
	var said []string
	for _, one := range of {
		if len(one) > maxOf {
			return q, nil, huma.Error422UnprocessableEntity(fmt.Sprintf("of=%.64q: %d bytes; at most %d", one, len(one), maxOf))
		}
		if id, ok := strings.CutPrefix(one, incidentOf); ok {
			i, list, err := a.scopesOfIncident(ctx, q.Env, id)
			if err != nil {
				return q, nil, err
			}
			if len(of) == 1 {
				q.Except = append(q.Except, i.Calm...)
			}
			for _, s := range list {
				scopes, said = append(scopes, s), append(said, ofScope(s))
			}
			continue
		}
		s, err := readScope(q.Env, one, known)
		if err != nil {
			return q, nil, err
		}
		scopes, said = append(scopes, s), append(said, one)
	}
	if len(scopes) == 0 {
		return q, nil, huma.Error400BadRequest("of is missing: want NAME, APP/NAME, journey:NAME or step:NAME")
	}
	q.Scope, q.Also = scopes[0], scopes[1:]
	a.describe(asked, q, said...)
	return q, asked, nil
}

// namesKnown tells the scopes of a name. Of many names the store is asked once.
func (a *API) namesKnown(ctx context.Context, env string, many bool) func(name string) ([]felt.Scope, error) {
	var all map[string][]felt.Scope
	return func(name string) ([]felt.Scope, error) {
		if all != nil {
			return all[name], nil
		}
		of := name
		if many {
			of = ""
		}
		list, err := ask(ctx, a, func(ctx context.Context) ([]felt.Scope, error) { return a.opts.Store.Scopes(ctx, env, of) })
		if err != nil || !many {
			return list, err
		}
		all = map[string][]felt.Scope{}
		for _, s := range list {
			all[s.Name] = append(all[s.Name], s)
		}
		return all[name], nil
	}
}

// scopesOfIncident are those of which an incident counts customers.
func (a *API) scopesOfIncident(ctx context.Context, env, id string) (felt.Incident, []felt.Scope, error) {
	i, err := a.incidentByID(ctx, id)
	if err != nil {
		return i, nil, err
	}
	if i.Env != env {
		return i, nil, huma.Error400BadRequest(fmt.Sprintf("of=%.64q: the incident is of environment %q, not of %q", incidentOf+id, i.Env, env))
	}
	about := scopesAbout(&i)
	if !countable(about[0]) {
		return i, nil, huma.Error400BadRequest(fmt.Sprintf("of=%.64q: the incident names no journey", incidentOf+id))
	}
	return i, about, nil
}

// scopesAbout are the scopes of which an incident counts customers, worst first: at least one, which
// cannot be counted when it names nothing.
func scopesAbout(i *felt.Incident) []felt.Scope {
	scopes := []felt.Scope{i.Scope()}
	if len(i.Scopes) > 0 {
		scopes = append(scopes, i.Scopes[1:]...)
	} else if len(i.Journeys) > 1 {
		for _, name := range i.Journeys[1:] {
			scopes = append(scopes, felt.Scope{Env: i.Env, App: i.App, Name: name})
		}
	}
	counted := slices.DeleteFunc(slices.Clone(scopes), func(s felt.Scope) bool { return !countable(s) })
	if len(counted) == 0 {
		return scopes[:1]
	}
	return counted
}

// ofScopes names the scopes of a question, in its order.
func ofScopes(q felt.Question) []string {
	said := []string{ofScope(q.Scope)}
	for _, s := range q.Also {
		said = append(said, ofScope(s))
	}
	return said
}

// shortOf names all that an incident is about in one word.
func shortOf(i *felt.Incident) string {
	if about := scopesAbout(i); len(about) == 1 {
		return ofScope(about[0])
	}
	return incidentOf + i.ID
}
