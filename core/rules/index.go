package rules

import (
	"slices"

	"github.com/felt-cx/felt"
)

// index finds rules by what is the same in most of them: an exact service, an exact name. So a
// look-up costs about the same whether there are twenty rules or thousands.
type index struct {
	rules []rule // in order of precedence

	both    map[operation][]int // exact service and exact name
	service map[operation][]int // exact service only
	name    map[operation][]int // exact name only
	rest    [2][]int            // neither; of spans, of log records

	steps    map[stepKey][]*CompiledStep // of an app that some step of that name asks for
	anywhere map[string][]*CompiledStep  // of any other app

	appOfService     map[string]string
	appOfInteraction map[string]string

	measures map[string][]*Measure // by name of the metric
}

type rule struct {
	candidate Candidate
	log       bool
}

type operation struct {
	log           bool
	service, name string
}

type stepKey struct{ app, interaction string }

func (x *index) build(journeys []*CompiledJourney) {
	x.both, x.service, x.name = map[operation][]int{}, map[operation][]int{}, map[operation][]int{}
	for _, j := range journeys {
		for _, st := range j.Steps {
			for _, a := range st.alternatives {
				if a.pattern != nil {
					x.addRule(st, a)
				}
			}
		}
	}
	x.buildSteps(journeys)
	x.buildApps(journeys)
}

func (x *index) addRule(st *CompiledStep, a alternative) {
	n := len(x.rules)
	x.rules = append(x.rules, rule{log: a.log, candidate: Candidate{
		App: a.app, Interaction: a.interaction, Journey: st.Journey.Name, Step: st.Name, Rule: st.rule(),
		Instance: st.Journey.Correlate.Attribute, Value: st.Journey.Value.Attribute, pattern: a.pattern,
	}})
	services, oneService := a.pattern.service.exact()
	names, oneName := a.pattern.name.exact()
	switch {
	case oneService && oneName:
		for _, s := range services {
			for _, name := range names {
				put(x.both, operation{a.log, s, name}, n)
			}
		}
	case oneService:
		for _, s := range services {
			put(x.service, operation{a.log, s, ""}, n)
		}
	case oneName:
		for _, name := range names {
			put(x.name, operation{a.log, "", name}, n)
		}
	default:
		x.rest[side(a.log)] = append(x.rest[side(a.log)], n)
	}
}

// put adds a rule once, although its text may name a thing twice.
func put(m map[operation][]int, k operation, n int) {
	if list := m[k]; len(list) == 0 || list[len(list)-1] != n {
		m[k] = append(list, n)
	}
}

func side(log bool) int {
	if log {
		return 1
	}
	return 0
}

func (x *index) buildSteps(journeys []*CompiledJourney) {
	apps := map[string][]string{} // by interaction: the apps that steps ask for
	each := func(f func(st *CompiledStep, a *alternative)) {
		for _, j := range journeys {
			for _, st := range j.Steps {
				for i := range st.alternatives {
					f(st, &st.alternatives[i])
				}
			}
		}
	}
	each(func(_ *CompiledStep, a *alternative) {
		if a.app != "" && !slices.Contains(apps[a.interaction], a.app) {
			apps[a.interaction] = append(apps[a.interaction], a.app)
		}
	})
	x.steps, x.anywhere = map[stepKey][]*CompiledStep{}, map[string][]*CompiledStep{}
	once := func(list []*CompiledStep, st *CompiledStep) []*CompiledStep {
		if len(list) > 0 && list[len(list)-1] == st {
			return list
		}
		return append(list, st)
	}
	each(func(st *CompiledStep, a *alternative) {
		if a.app != "" {
			k := stepKey{a.app, a.interaction}
			x.steps[k] = once(x.steps[k], st)
			return
		}
		x.anywhere[a.interaction] = once(x.anywhere[a.interaction], st)
		for _, app := range apps[a.interaction] {
			k := stepKey{app, a.interaction}
			x.steps[k] = once(x.steps[k], st)
		}
	})
}

func (x *index) buildApps(journeys []*CompiledJourney) {
	x.appOfService, x.appOfInteraction = map[string]string{}, map[string]string{}
	first := func(m map[string]string, key, app string) {
		if _, ok := m[key]; !ok && key != "" {
			m[key] = app
		}
	}
	for _, j := range journeys {
		if j.App == "" {
			continue
		}
		first(x.appOfService, j.PrimaryService, j.App)
		for _, s := range j.Services {
			first(x.appOfService, s, j.App)
		}
		if j.PrimaryService != "" || len(j.Services) > 0 {
			continue
		}
		for _, st := range j.Steps {
			for _, a := range st.alternatives {
				first(x.appOfInteraction, a.interaction, a.app)
			}
		}
	}
}

// Select lists the rules whose static part (kind of event, service, name, kind) holds,
// in order of precedence; nil for nearly everything. It depends on nothing else, so
// that callers keep the answer for each operation. Then an event that matches nothing costs
// nothing, however many rules there are.
func (s *Set) Select(log bool, service, name string, kind felt.SpanKind) []Candidate {
	x := &s.index
	var places []int
	for _, list := range [...][]int{
		x.both[operation{log, service, name}], x.service[operation{log, service, ""}],
		x.name[operation{log, "", name}], x.rest[side(log)],
	} {
		for _, n := range list {
			if x.rules[n].candidate.pattern.static(service, name, kind) {
				places = append(places, n)
			}
		}
	}
	if places == nil {
		return nil
	}
	slices.Sort(places)
	found := make([]Candidate, 0, len(places))
	for _, n := range places {
		found = append(found, x.rules[n].candidate)
	}
	return found
}

// Holds tells whether what is left of the rule (attributes, status, duration) holds too.
func (c *Candidate) Holds(ev *Event) bool { return c.pattern != nil && c.pattern.rest(ev) }

// App is the app that the inventory names for an interaction of a service whose
// telemetry names no service.namespace; "" when it names none.
func (s *Set) App(service, interaction string) string {
	if app, ok := s.index.appOfService[service]; ok {
		return app
	}
	return s.index.appOfInteraction[interaction]
}

// Steps lists the steps that an interaction is, in order of the files: it may be one of several
// journeys. The first one gives it its error classes, thresholds and value.
func (s *Set) Steps(app, interaction string) []*CompiledStep {
	if steps, ok := s.index.steps[stepKey{app, interaction}]; ok {
		return steps
	}
	return s.index.anywhere[interaction]
}

// Signal tells whether a metric serves a journey.
func (s *Set) Signal(metric string) bool { return len(s.index.measures[metric]) > 0 }
