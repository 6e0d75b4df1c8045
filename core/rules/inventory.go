package rules

import "github.com/felt-cx/felt"

// Inventory is what all files together say. It is the schema: every key of the YAML is
// a field here, and nothing else is a key.
type Inventory struct {
	Journeys []Journey `yaml:"journeys"`
}

// Journey is a critical user journey: ordered steps on the way to something that a
// customer wants and a business earns from. Without steps it is one step of its own name.
type Journey struct {
	Name           string            `yaml:"name"`
	Title          string            `yaml:"title"`
	Purpose        string            `yaml:"purpose"` // signup | activation | purchase | renewal | expansion | support | internal
	App            string            `yaml:"app"`     // app of interactions whose telemetry names no service.namespace; "" any
	Team           string            `yaml:"team"`
	Owners         []string          `yaml:"owners"`
	Criticality    int               `yaml:"criticality"`   // 1 (least) to 5 (most)
	RevenueClass   string            `yaml:"revenue_class"` // direct | supporting | none
	WorkflowType   string            `yaml:"workflow_type"` // interactive | asynchronous | batch
	Exposure       string            `yaml:"exposure"`      // direct | indirect
	PrimaryService string            `yaml:"primary_service"`
	Services       []string          `yaml:"services"`
	Correlate      Correlate         `yaml:"correlate"`
	Steps          []Step            `yaml:"steps"`
	Match          *Match            `yaml:"match"` // of a journey without steps
	SuccessWhen    SuccessWhen       `yaml:"success_when"`
	DegradedWhen   DegradedWhen      `yaml:"degraded_when"`
	Timeout        felt.Instant      `yaml:"timeout"`         // of inactivity, after which an open journey is abandoned; default 30m
	RecoveryWindow felt.Instant      `yaml:"recovery_window"` // default that of the server
	Thresholds     Thresholds        `yaml:"thresholds"`      // of each of its steps that has none of its own
	Expectation    Expectation       `yaml:"expectation"`
	Objectives     []Objective       `yaml:"objectives"`
	SegmentBy      []string          `yaml:"segment_by"`
	Overrides      []Override        `yaml:"overrides"` // the first that holds
	Value          Value             `yaml:"value"`
	ErrorClasses   []ErrorClass      `yaml:"error_classes"` // the first that matches; a step's own come before
	Signals        []Signal          `yaml:"signals"`
	KPIs           []KPI             `yaml:"kpis"`
	ActionPlan     []Action          `yaml:"action_plan"`
	Reviewed       string            `yaml:"reviewed"` // date of the last review, 2026-10-01
	Links          map[string]string `yaml:"links"`
}

// Correlate says what makes the interactions of one customer's way one journey. In YAML
// it is a word, or {instance: ATTRIBUTE}.
type Correlate struct {
	By        string // session (default) | customer | instance
	Attribute string // of plain telemetry that holds the instance's id; felt.journey.instance.id always does
}

// Step is one step of a journey.
type Step struct {
	Name         string       `yaml:"name"`
	Match        *Match       `yaml:"match"` // default: an interaction of the step's name
	Optional     bool         `yaml:"optional"`
	Weight       float64      `yaml:"weight"`  // of the stage in impact scores; default: its place, from 1
	Timeout      felt.Instant `yaml:"timeout"` // from the last activity before it to its end
	Async        bool         `yaml:"async"`   // nobody waits for it: it may end when the customer is gone, and one that fails fails the journey
	Thresholds   Thresholds   `yaml:"thresholds"`
	ErrorClasses []ErrorClass `yaml:"error_classes"`
}

// Match says which telemetry is the step. Exactly one of the four is given.
type Match struct {
	Interaction string   `yaml:"interaction"` // felt.interaction.name, or what an alias makes of it
	App         string   `yaml:"app"`         // with Interaction: of that app only; default the journey's app
	Span        *Pattern `yaml:"span"`
	Log         *Pattern `yaml:"log"`
	Any         []*Match `yaml:"any"`
}

// Pattern holds for a span or log record for which all that is given holds.
type Pattern struct {
	Service    *Text           `yaml:"service"`
	Name       *Text           `yaml:"name"`   // span name; event name of a log record
	Kind       string          `yaml:"kind"`   // server | client | producer | consumer | internal
	Status     string          `yaml:"status"` // ok | error | unset
	HTTPStatus *Text           `yaml:"http_status"`
	Duration   felt.Instant    `yaml:"longer_than"`
	Attributes map[string]Text `yaml:"attributes"` // resource attributes too; a hashed identity can only be asked whether it exists
}

// Text is a condition on one text. In YAML a scalar means equals; otherwise exactly one
// of the keys.
type Text struct {
	Equals string   `yaml:"equals"`
	Prefix string   `yaml:"prefix"`
	Regex  string   `yaml:"regex"` // RE2; holds when it is found anywhere: use ^ and $
	OneOf  []string `yaml:"one_of"`
	Exists *bool    `yaml:"exists"`
	Not    *Text    `yaml:"not"`
}

// SuccessWhen says when a journey has reached its goal. In YAML it is a word or
// {step: NAME}.
type SuccessWhen struct {
	Rule string // last_step (default): the last required step succeeded | all_steps: every required one did
	Step string // {step: NAME}: that one succeeded
}

// DegradedWhen says when a journey that reached its goal was degraded. A required step
// that was degraded always makes it so.
type DegradedWhen struct {
	SlowerThan     felt.Instant `yaml:"slower_than"`          // the whole journey; 0 never
	Retried        *bool        `yaml:"retried"`              // a step failed and then worked; default true
	OptionalFailed *bool        `yaml:"optional_step_failed"` // default true
}

// Thresholds worsen a success: slower than Degraded is degraded, slower than Failed is
// failed. 0: none. They look at the visible duration when it is known.
type Thresholds struct {
	Degraded felt.Instant `yaml:"degraded"`
	Failed   felt.Instant `yaml:"failed"`
}

// Expectation is what customers of a journey take for granted.
type Expectation struct {
	Latency          felt.Instant `yaml:"latency"`
	Availability     float64      `yaml:"availability"`      // 0..1, below 1
	FailureTolerance float64      `yaml:"failure_tolerance"` // share of failed tries that customers bear, 0..1
}

// Objective is a service level objective on the journey.
type Objective struct {
	Name      string       `yaml:"name"`
	Kind      string       `yaml:"kind"`      // success (not failed) | completion | latency
	Target    float64      `yaml:"target"`    // 0..1, below 1
	Window    felt.Instant `yaml:"window"`    // default 28d
	Threshold felt.Instant `yaml:"threshold"` // of kind latency
	Count     string       `yaml:"count"`     // interactions (default) | customers
}

// Override replaces thresholds for customers of certain segments.
type Override struct {
	Where      map[string]Text `yaml:"where"` // segment key -> value
	Thresholds Thresholds      `yaml:"thresholds"`
}

// Value is what a journey earns. An interaction's own felt.interaction.value goes before.
type Value struct {
	Per         string `yaml:"per"` // completion (default) | interaction
	AmountMinor int64  `yaml:"amount_minor"`
	Currency    string `yaml:"currency"`  // ISO 4217
	Attribute   string `yaml:"attribute"` // of plain telemetry that holds the amount, in major units
}

// ErrorClass gives an outcome to what matches: an expected error is a success, a slow
// back end behind a code is degraded.
type ErrorClass struct {
	Name        string   `yaml:"name"` // the outcome rule's name; default its outcome and place
	Match       *Pattern `yaml:"match"`
	Outcome     string   `yaml:"outcome"`     // success | degraded | failed | abandoned | cancelled; "" as without the class
	Recoverable *bool    `yaml:"recoverable"` // default true; false: a failed try of it fails the journey at once
	Consequence string   `yaml:"consequence"` // in words, for people
}

// Signal is a technical series that serves the journey.
type Signal struct {
	Name            string   `yaml:"name"`
	Layer           string   `yaml:"layer"`  // infrastructure | application | experience
	Source          string   `yaml:"source"` // metric name
	Threshold       float64  `yaml:"threshold"`
	Limit           float64  `yaml:"limit"`     // saturation is measured against it
	Endangers       string   `yaml:"endangers"` // name of a KPI
	BusinessRisk    string   `yaml:"business_risk"`
	TypicalResponse []string `yaml:"typical_response"`
	Owners          []string `yaml:"owners"`
}

// KPI is a business number of the journey.
type KPI struct {
	Name        string `yaml:"name"`
	Numerator   string `yaml:"numerator"`
	Denominator string `yaml:"denominator"`
	Direction   string `yaml:"direction"` // up | down: where better is
}

// Action is one step of what to do when the journey breaks.
type Action struct {
	Step     string `yaml:"step"`
	Action   string `yaml:"action"`
	Approver string `yaml:"approver"`
}
