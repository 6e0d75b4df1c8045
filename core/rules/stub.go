package rules

import "github.com/felt-cx/felt"

type pattern struct{}

// Load parses, checks and compiles. The set is nil when a problem is an error; an
// inventory without files is an empty set.
func Load(in felt.Inventory) (*Set, []Problem) { return &Set{Version: in.Version}, nil }

// Select lists the rules whose static part (kind of event, service, name, kind) holds,
// in order of precedence; nil for nearly everything. It depends on nothing else, so
// that callers keep the answer for each operation. Then an event that matches nothing costs
// nothing, however many rules there are.
func (s *Set) Select(log bool, service, name string, kind felt.SpanKind) []Candidate { return nil }

// Holds tells whether what is left of the rule (attributes, status, duration) holds too.
func (c *Candidate) Holds(ev *Event) bool { return false }

// App is the app that the inventory names for an interaction of a service whose
// telemetry names no service.namespace; "" when it names none.
func (s *Set) App(service, interaction string) string { return "" }

// Steps lists the steps that an interaction is, in order of the files: it may be one of several
// journeys. The first one gives it its error classes, thresholds and value.
func (s *Set) Steps(app, interaction string) []*CompiledStep { return nil }

// Rule classifies an event that is an interaction, by the step's and the journey's
// error classes.
func (st *CompiledStep) Rule(ev *Event) Ruling { return Ruling{Recoverable: true} }

// Limits are the thresholds for an interaction with these segments: an override's, else
// the step's, else the journey's.
func (st *CompiledStep) Limits(segments []felt.Segment) Thresholds { return Thresholds{} }
