package route

import (
	"fmt"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// To lists the sinks that are told, sorted: those whose when holds for the incident and the kind of
// notification. A heartbeat is never told of an incident.
func To(set *rules.Set, i *felt.Incident, kind felt.NotificationKind) []string {
	event, ok := strings.CutPrefix(string(kind), "incident.")
	if set == nil || !ok {
		return nil
	}
	var names []string
	for k := range set.Sinks {
		s := &set.Sinks[k]
		if s.Kind != rules.SinkHeartbeat && slices.Contains(s.When.Events, event) && holds(&s.When, i) {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// holds tells whether all that is given holds for the incident.
func holds(w *rules.SinkWhen, i *felt.Incident) bool {
	any := func(list []string, of ...string) bool {
		return len(list) == 0 || slices.ContainsFunc(of, func(s string) bool { return s != "" && slices.Contains(list, s) })
	}
	envs, apps, journeys := scopes(i)
	return any(w.Envs, envs...) && any(w.Apps, apps...) && any(w.Journeys, journeys...) &&
		any(w.Kinds, kinds(i)...) && any(w.Priorities, i.Priority) && i.Score >= w.MinScore
}

// scopes are the environments, apps and names that an incident is about.
func scopes(i *felt.Incident) (envs, apps, journeys []string) {
	envs, apps, journeys = []string{i.Env}, []string{i.App}, slices.Clone(i.Journeys)
	for _, s := range i.Scopes {
		envs, apps, journeys = append(envs, s.Env), append(apps, s.App), append(journeys, s.Name)
	}
	return envs, apps, journeys
}

// kinds are what customers feel, and how it was opened when by people.
func kinds(i *felt.Incident) []string {
	if i.Source == "declared" {
		return []string{"declared", i.Kind}
	}
	return []string{i.Kind}
}

// Silenced returns why nobody is told of an incident at an instant, or "": a maintenance of the
// inventory, then a silence that people have set, which is about all that the incident is about.
func Silenced(set *rules.Set, silences []felt.Silence, i *felt.Incident, at felt.Instant) string {
	list := i.Scopes
	if len(list) == 0 {
		list = []felt.Scope{i.Scope()}
	}
	if set != nil {
		for k := range set.Maintenance {
			m := &set.Maintenance[k]
			if m.Holds(at) && all(list, func(s felt.Scope) bool { return m.Covers(s.Env, s.App, s.Name) }) {
				return withReason("maintenance "+m.Name, m.Reason)
			}
		}
	}
	for k := range silences {
		s := &silences[k]
		in := at >= s.From && at < s.Until
		if in && all(list, func(o felt.Scope) bool { return is(s.Env, o.Env) && is(s.App, o.App) && is(s.Name, o.Name) }) {
			return withReason(fmt.Sprintf("silenced by %s until %s", s.Actor, s.Until.Time().Format("15:04 UTC on 2 Jan")), s.Reason)
		}
	}
	return ""
}

func all(list []felt.Scope, f func(felt.Scope) bool) bool {
	return !slices.ContainsFunc(list, func(s felt.Scope) bool { return !f(s) })
}

func is(want, got string) bool { return want == "" || want == got }

func withReason(text, reason string) string {
	if reason == "" {
		return text
	}
	return text + ": " + reason
}
