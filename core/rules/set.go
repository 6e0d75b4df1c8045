package rules

import "github.com/felt-cx/felt"

// Event is what rules may look at: one span or log record, after redaction.
type Event struct {
	Log        bool
	Env        string
	Service    string
	Name       string // span name; event name of a log record
	Kind       felt.SpanKind
	Status     felt.SpanStatus
	HTTPStatus int32 // 0 absent
	Duration   felt.Instant
	// Attribute returns the text of an attribute of the event, else of its resource.
	// Numbers and flags are as OTLP/JSON writes them.
	Attribute func(key string) (string, bool)
}

// Set is a compiled inventory. It is never changed, and safe for concurrent use.
type Set struct {
	Version  int64
	Journeys []*CompiledJourney // in order of the files
	Calendar []CompiledDay      // in order of the files
	Cleared  bool               // a file says journeys: [], so that having none is meant

	Sinks       []Sink                // in order of the files, defaults filled in
	Maintenance []CompiledMaintenance // in order of the files
	Score       ScoreWeights          // defaults filled in
	Targets     Targets               // defaults filled in

	index    index
	measures []*Measure
	kpis     []*CompiledKPI
}

// CompiledJourney is a journey as the engine uses it: defaults are filled in.
type CompiledJourney struct {
	Journey
	Steps []*CompiledStep // hides Journey.Steps; at least one
	// Order of Steps; Last is the place of the last required one.
	Last int

	classes   []errorClass
	overrides []override
}

// CompiledStep is one step of one journey.
type CompiledStep struct {
	Journey     *CompiledJourney
	Place       int // in Journey.Steps
	Name        string
	Interaction string // the name of the interactions that are this step
	Optional    bool
	Async       bool
	Weight      float64
	Timeout     felt.Instant // 0 none

	thresholds   Thresholds
	classes      []errorClass // its own; then come the journey's
	alternatives []alternative
}

// Candidate is a rule whose static part (service, name, kind) holds for an operation.
type Candidate struct {
	App         string // "" as the telemetry says
	Interaction string // the name that a matching event gets
	Journey     string
	Step        string
	Rule        string // for people: journey/step
	// Instance and Value are the attributes that hold the journey's instance and the amount; "" none.
	Instance, Value string

	pattern *pattern
}

// Ruling is what the inventory says of one event that is an interaction.
type Ruling struct {
	Outcome     felt.Outcome // none: as without the inventory
	Rule        string       // name of the error class; "" none matched
	Class       string       // the error class' name, when it is one
	Recoverable bool
	Consequence string
}
