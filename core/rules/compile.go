package rules

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/yaml"
)

// Defaults of the schema.
const (
	defaultTimeout   = 30 * felt.Minute
	defaultObjective = 28 * felt.Day
)

// Load parses, checks and compiles. The set is nil when a problem is an error; an
// inventory without files is an empty set. It knows neither the day nor what a server keeps, so
// it leaves out the checks of [Options]: an inventory that was taken once stays taken.
func Load(in felt.Inventory) (*Set, []Problem) {
	p := parse(in, Options{MaxFile: yaml.MaxBytes, MaxJourneys: math.MaxInt, MaxSteps: math.MaxInt, MaxDays: math.MaxInt, MaxSinks: math.MaxInt}.defaults())
	p.check()
	problems := p.sorted()
	if Failed(problems) {
		return nil, problems
	}
	return compile(p), problems
}

func compile(p *parsed) *Set {
	s := &Set{Version: p.version, Cleared: p.cleared, Journeys: make([]*CompiledJourney, 0, len(p.journeys))}
	for _, j := range p.journeys {
		s.Journeys = append(s.Journeys, compileJourney(j))
	}
	for _, d := range p.days {
		c, _ := readDay(d)
		s.Calendar = append(s.Calendar, c)
	}
	for _, k := range p.sinks {
		s.Sinks = append(s.Sinks, compileSink(*k))
	}
	for _, m := range p.pauses {
		s.Maintenance = append(s.Maintenance, compileMaintenance(m))
	}
	s.Score, s.Targets = p.compileScore(), p.compileTargets()
	s.index.build(s.Journeys)
	for i, j := range s.Journeys {
		s.measure(p, p.journeys[i], j)
	}
	return s
}

func compileJourney(j *Journey) *CompiledJourney {
	c := &CompiledJourney{Journey: *j}
	fill(&c.Journey)
	for i := range c.ErrorClasses {
		c.classes = append(c.classes, compileClass(&c.ErrorClasses[i]))
	}
	for i, st := range stepsOf(j) {
		compiled := compileStep(c, i, &st)
		c.Steps = append(c.Steps, compiled)
		if !st.Optional {
			c.Last = i
		}
	}
	for i := range c.Overrides {
		c.overrides = append(c.overrides, compileOverride(&c.Overrides[i]))
	}
	return c
}

// stepsOf are the steps of a journey; of one without, it is the one of its own name.
func stepsOf(j *Journey) []Step {
	if len(j.Steps) > 0 {
		return j.Steps
	}
	return []Step{{Name: j.Name, Match: j.Match}}
}

// fill puts the defaults in, without touching what the journey shares with others.
func fill(j *Journey) {
	or := func(s *string, d string) {
		if *s == "" {
			*s = d
		}
	}
	or(&j.Title, j.Name)
	or(&j.Correlate.By, "session")
	or(&j.SuccessWhen.Rule, "last_step")
	or(&j.Value.Per, "completion")
	if j.Timeout == 0 {
		j.Timeout = defaultTimeout
	}
	yes := true
	if j.DegradedWhen.Retried == nil {
		j.DegradedWhen.Retried = &yes
	}
	if j.DegradedWhen.OptionalFailed == nil {
		j.DegradedWhen.OptionalFailed = &yes
	}
	objectives := make([]Objective, len(j.Objectives))
	for i, o := range j.Objectives {
		or(&o.Kind, "success")
		or(&o.Count, "interactions")
		if o.Window == 0 {
			o.Window = defaultObjective
		}
		objectives[i] = o
	}
	j.Objectives = objectives
	j.ErrorClasses = fillClasses(j.ErrorClasses)
}

func fillClasses(classes []ErrorClass) []ErrorClass {
	filled := make([]ErrorClass, len(classes))
	for i, e := range classes {
		if e.Name == "" {
			e.Name = className(&e, i)
		}
		if e.Recoverable == nil {
			yes := true
			e.Recoverable = &yes
		}
		filled[i] = e
	}
	return filled
}

// className is the name of an error class that has none.
func className(e *ErrorClass, place int) string {
	outcome := e.Outcome
	if outcome == "" {
		outcome = "class"
	}
	return outcome + "-" + strconv.Itoa(place+1)
}

func compileStep(j *CompiledJourney, place int, st *Step) *CompiledStep {
	c := &CompiledStep{
		Journey: j, Place: place, Name: st.Name, Interaction: st.Name, Optional: st.Optional, Async: st.Async,
		Weight: st.Weight, Timeout: st.Timeout, thresholds: st.Thresholds,
	}
	if c.Weight == 0 {
		c.Weight = float64(place + 1)
	}
	if c.thresholds == (Thresholds{}) {
		c.thresholds = j.Thresholds
	}
	for _, e := range fillClasses(st.ErrorClasses) {
		c.classes = append(c.classes, compileClass(&e))
	}
	c.alternatives = alternatives(st, j.App)
	if i := slices.IndexFunc(c.alternatives, func(a alternative) bool { return a.pattern == nil }); i >= 0 {
		c.Interaction = c.alternatives[i].interaction
	}
	return c
}

// alternative is one of the ways in which telemetry is a step.
type alternative struct {
	app         string // "" any
	interaction string
	log         bool
	pattern     *pattern // nil: an interaction of that name
	source      *Pattern
}

// alternatives lists a step's ways in order; any is taken apart. What a pattern holds for gets
// the step's name.
func alternatives(st *Step, app string) []alternative {
	if st.Match == nil {
		return []alternative{{app: app, interaction: st.Name}}
	}
	var list []alternative
	var add func(m *Match)
	add = func(m *Match) {
		switch {
		case m == nil:
		case m.Span != nil:
			list = append(list, alternative{app: app, interaction: st.Name, pattern: m.Span.compile(), source: m.Span})
		case m.Log != nil:
			list = append(list, alternative{app: app, interaction: st.Name, log: true, pattern: m.Log.compile(), source: m.Log})
		case m.Interaction != "":
			a := alternative{app: app, interaction: m.Interaction}
			if m.App != "" {
				a.app = m.App
			}
			list = append(list, a)
		}
		if m != nil {
			for _, one := range m.Any {
				add(one)
			}
		}
	}
	add(st.Match)
	return list
}

// errorClass is a compiled [ErrorClass].
type errorClass struct {
	pattern *pattern
	ruling  Ruling
}

func compileClass(e *ErrorClass) errorClass {
	outcome, _ := felt.ParseOutcome(e.Outcome)
	c := errorClass{ruling: Ruling{
		Outcome: outcome, Rule: e.Name, Class: e.Name, Recoverable: *e.Recoverable, Consequence: e.Consequence,
	}}
	if e.Match != nil {
		c.pattern = e.Match.compile()
	}
	return c
}

// Rule classifies an event that is an interaction, by the step's and the journey's
// error classes.
func (st *CompiledStep) Rule(ev *Event) Ruling {
	for _, classes := range [...][]errorClass{st.classes, st.Journey.classes} {
		for i := range classes {
			if c := &classes[i]; c.pattern != nil && c.pattern.holds(ev) {
				return c.ruling
			}
		}
	}
	return Ruling{Recoverable: true}
}

// override is a compiled [Override].
type override struct {
	where      []attribute
	thresholds Thresholds
}

func compileOverride(o *Override) override {
	p := (&Pattern{Attributes: o.Where}).compile() // for its order
	return override{p.attributes, o.Thresholds}
}

// Limits are the thresholds for an interaction with these segments: an override's, else
// the step's, else the journey's.
func (st *CompiledStep) Limits(segments []felt.Segment) Thresholds {
	for i := range st.Journey.overrides {
		if o := &st.Journey.overrides[i]; o.holds(segments) {
			return o.thresholds
		}
	}
	return st.thresholds
}

func (o *override) holds(segments []felt.Segment) bool {
	for i := range o.where {
		value, there := "", false
		for _, s := range segments {
			if s.Key == o.where[i].key {
				value, there = s.Value, true
				break
			}
		}
		if !o.where[i].is.holds(value, there) {
			return false
		}
	}
	return true
}

// rule names a step for people.
func (st *CompiledStep) rule() string { return strings.Join([]string{st.Journey.Name, st.Name}, "/") }
