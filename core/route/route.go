package route

import (
	"fmt"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// Concerned lists the sinks whose when holds for the incident, whatever of it they are told ([Again]); sorted. A
// heartbeat is never told of an incident. An incident grows: who is not among those of its beginning may
// be later, and is then told that it has begun.
func Concerned(set *rules.Set, i *felt.Incident) []string {
	if set == nil {
		return nil
	}
	var names []string
	for k := range set.Sinks {
		if s := &set.Sinks[k]; s.Kind != rules.SinkHeartbeat && holds(set, &s.When, i) {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Again lists those of the sinks that an incident concerned before who are told this, too, sorted. Their
// score, priority and kinds are not asked again: who was told that it has begun is told that it is over,
// although by then it is worth less.
func Again(set *rules.Set, told []string, kind felt.NotificationKind) []string {
	event, ok := strings.CutPrefix(string(kind), "incident.")
	if set == nil || !ok {
		return nil
	}
	var names []string
	for _, name := range told {
		if s := set.Sink(name); s != nil && s.Kind != rules.SinkHeartbeat && slices.Contains(s.When.Events, event) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// holds tells whether all that is given holds for the incident.
func holds(set *rules.Set, w *rules.SinkWhen, i *felt.Incident) bool {
	some := func(list []string, of ...string) bool {
		return len(list) == 0 || slices.ContainsFunc(of, func(s string) bool { return s != "" && slices.Contains(list, s) })
	}
	envs, apps, journeys := about(set, i)
	return some(w.Envs, envs...) && some(w.Apps, apps...) && some(w.Journeys, journeys...) &&
		some(w.Kinds, kinds(i)...) && some(w.Priorities, i.Priority) && i.Score >= w.MinScore
}

// about are the environments, apps and journeys of an incident: of a step, all journeys of which it
// is one, and its own name.
func about(set *rules.Set, i *felt.Incident) (envs, apps, journeys []string) {
	envs, apps, journeys = []string{i.Env}, []string{i.App}, slices.Clone(i.Journeys)
	for _, s := range scopes(i) {
		envs, apps, journeys = append(envs, s.Env), append(apps, s.App), append(journeys, names(set, s)...)
		for _, j := range set.Journeys {
			if s.Name == "" && i.Kind == string(felt.FindingSilent) && j.App == s.App { // of the whole app
				journeys = append(journeys, j.Name)
			}
		}
	}
	return envs, apps, journeys
}

// scopes are what an incident is about, at least one.
func scopes(i *felt.Incident) []felt.Scope {
	if len(i.Scopes) > 0 {
		return i.Scopes
	}
	return []felt.Scope{i.Scope()}
}

// names are the journeys that a scope belongs to, and its own name.
func names(set *rules.Set, s felt.Scope) []string {
	list := []string{s.Name}
	if s.Kind == felt.KindJourney {
		return list
	}
	for _, st := range set.Steps(s.App, s.Name) {
		list = append(list, st.Journey.Name)
	}
	return list
}

// kinds are what customers feel, and how it was opened when by people.
func kinds(i *felt.Incident) []string {
	list := []string{i.Kind}
	for _, f := range i.Findings {
		if f.Paging {
			list = append(list, string(f.Kind))
		}
	}
	if i.Source == "declared" {
		list = append(list, "declared")
	}
	return list
}

// Silenced returns why nobody is told of an incident at an instant, or "": a maintenance of the
// inventory about all that the incident is about, then silences that people have set, which are
// so together: the one that ends first is named.
func Silenced(set *rules.Set, silences []felt.Silence, i *felt.Incident, at felt.Instant) string {
	list := scopes(i)
	if set == nil {
		set = &rules.Set{}
	}
	for k := range set.Maintenance {
		m := &set.Maintenance[k]
		if m.Holds(at) && all(list, func(s felt.Scope) bool { return covers(set, m, s) }) {
			return withReason("maintenance "+m.Name, m.Reason)
		}
	}
	var ends *felt.Silence
	for _, o := range list {
		k := slices.IndexFunc(silences, func(s felt.Silence) bool { return at >= s.From && at < s.Until && silent(set, &s, o) })
		if k < 0 {
			return ""
		}
		if ends == nil || silences[k].Until < ends.Until {
			ends = &silences[k]
		}
	}
	if ends == nil {
		return ""
	}
	return withReason(fmt.Sprintf("silenced by %s until %s", ends.Actor, ends.Until.Time().Format("15:04 UTC on 2 Jan")), ends.Reason)
}

// covers tells whether a maintenance is about a scope: a step is one of its journeys.
func covers(set *rules.Set, m *rules.CompiledMaintenance, s felt.Scope) bool {
	return slices.ContainsFunc(names(set, s), func(name string) bool { return m.Covers(s.Env, s.App, name) })
}

func all(list []felt.Scope, f func(felt.Scope) bool) bool {
	return !slices.ContainsFunc(list, func(s felt.Scope) bool { return !f(s) })
}

// silent tells whether a silence is about a scope.
func silent(set *rules.Set, s *felt.Silence, o felt.Scope) bool {
	return (s.Env == "" || s.Env == o.Env) && (s.App == "" || s.App == o.App) &&
		(s.Name == "" || slices.Contains(names(set, o), s.Name))
}

func withReason(text, reason string) string {
	if reason == "" {
		return text
	}
	return text + ": " + reason
}
