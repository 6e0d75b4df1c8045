package rules

import "github.com/felt-cx/felt"

// The schema. Every key of the YAML is a field here, and nothing else is a key. The tags
// are the one source of what files may say: decoding, the JSON Schema and the
// reference for people are made of them.
//
//	yaml   the key
//	doc    what it means, for people
//	words  the words that are allowed
//	range  of a number: "1..5" with both ends, "0<..<1" without; of a length of time ">0" is always
//	need   the key must be there
//	alt    the default, for people

// Inventory is what all files together say.
type Inventory struct {
	Journeys []Journey `yaml:"journeys" doc:"The critical user journeys. Files are read in order of their names and count as one list."`
	Calendar []Day     `yaml:"calendar" doc:"Holidays and known peaks: when more or fewer customers than usual are expected."`

	Sinks       []Sink        `yaml:"sinks" doc:"Who is told of incidents."`
	Maintenance []Maintenance `yaml:"maintenance" doc:"Times in which nobody is told."`
	Score       ScoreWeights  `yaml:"impact_score" alt:"see there" doc:"How incidents are ranked. In one file only."`
	Targets     Targets       `yaml:"targets" alt:"see there" doc:"What people want of themselves. In one file only."`
}

// Journey is a critical user journey: ordered steps on the way to something that a
// customer wants and a business earns from. Without steps it is one step of its own name.
type Journey struct {
	Name           string            `yaml:"name" need:"" doc:"Its name in questions, alerts and pages. Unique with app."`
	Title          string            `yaml:"title" alt:"the name" doc:"What people call it."`
	Purpose        string            `yaml:"purpose" words:"signup activation purchase renewal expansion support internal" doc:"What it does for the business."`
	App            string            `yaml:"app" alt:"any" doc:"The app of its interactions. Names the app where telemetry has no service.namespace, and keeps interactions of other apps out."`
	Team           string            `yaml:"team" doc:"The team that answers for it."`
	Owners         []string          `yaml:"owners" doc:"People or teams that are told."`
	Criticality    int               `yaml:"criticality" range:"1..5" doc:"How much hangs on it, from 1 (least) to 5 (most)."`
	RevenueClass   string            `yaml:"revenue_class" words:"direct supporting none" doc:"Whether it earns money itself, helps to, or does not."`
	WorkflowType   string            `yaml:"workflow_type" words:"interactive asynchronous batch" doc:"Whether a customer waits for it."`
	Exposure       string            `yaml:"exposure" words:"direct indirect" doc:"Whether customers meet it themselves."`
	PrimaryService string            `yaml:"primary_service" doc:"The service.name that carries it."`
	Services       []string          `yaml:"services" doc:"The service.names that it uses. Names the app of their interactions where telemetry has no service.namespace."`
	Correlate      Correlate         `yaml:"correlate" alt:"session" doc:"What makes the steps of one customer one journey: session (else customer), customer (else session), trace, or {instance: ATTRIBUTE}, which also takes felt.journey.instance.id."`
	Steps          []Step            `yaml:"steps" alt:"one of the journey's own name" doc:"The steps in order."`
	Match          *Match            `yaml:"match" alt:"an interaction of the journey's name" doc:"Which telemetry is the journey, when it has no steps."`
	SuccessWhen    SuccessWhen       `yaml:"success_when" alt:"last_step" doc:"When it has reached its goal: last_step (the last required step succeeded), all_steps (every required one did), or {step: NAME}."`
	DegradedWhen   DegradedWhen      `yaml:"degraded_when" doc:"When a journey that reached its goal was degraded. A required step that was degraded always makes it so."`
	Timeout        felt.Instant      `yaml:"timeout" alt:"30m" doc:"How long nothing may happen in an open journey before it is abandoned."`
	RecoveryWindow felt.Instant      `yaml:"recovery_window" alt:"that of the server" doc:"How long after a failed try a success counts as recovered."`
	Thresholds     Thresholds        `yaml:"thresholds" doc:"Of each of its steps that has none of its own."`
	Expectation    Expectation       `yaml:"expectation" doc:"What its customers take for granted."`
	Objectives     []Objective       `yaml:"objectives" doc:"Service level objectives."`
	SegmentBy      []string          `yaml:"segment_by" doc:"Segment keys by which its numbers are split; at most 8."`
	Overrides      []Override        `yaml:"overrides" doc:"Other thresholds for some customers; the first whose where holds."`
	Value          Value             `yaml:"value" doc:"What it earns. An interaction's own felt.interaction.value goes before."`
	ErrorClasses   []ErrorClass      `yaml:"error_classes" doc:"What certain errors mean; the first that matches, after those of the step."`
	Signals        []Signal          `yaml:"signals" doc:"Technical series that serve it."`
	KPIs           []KPI             `yaml:"kpis" doc:"Its business numbers."`
	ActionPlan     []Action          `yaml:"action_plan" doc:"What to do when it breaks, in order."`
	Reviewed       string            `yaml:"reviewed" doc:"Date on which somebody last confirmed all this, as 2026-10-01."`
	Links          map[string]string `yaml:"links" doc:"Names and http(s) addresses of runbooks, dashboards, designs."`
}

// Correlate says what makes the interactions of one customer's way one journey. In YAML
// it is a word, or {instance: ATTRIBUTE}.
type Correlate struct {
	By        string // session (default) | customer | instance | trace
	Attribute string // of plain telemetry that holds the instance's id; felt.journey.instance.id always does
}

// Step is one step of a journey.
type Step struct {
	Name         string       `yaml:"name" need:"" doc:"Its name, unique in the journey."`
	Match        *Match       `yaml:"match" alt:"an interaction of the step's name" doc:"Which telemetry is the step."`
	Optional     bool         `yaml:"optional" alt:"false" doc:"The journey can reach its goal without it."`
	Weight       float64      `yaml:"weight" range:">0" alt:"its place, from 1" doc:"How much the stage weighs in impact scores."`
	Timeout      felt.Instant `yaml:"timeout" alt:"none" doc:"From the last activity before it to its end."`
	Async        bool         `yaml:"async" alt:"false" doc:"Nobody waits for it: it may end when the customer is gone, and one that fails fails the journey. As the last required step it needs a timeout."`
	Thresholds   Thresholds   `yaml:"thresholds" alt:"the journey's" doc:"Of this step, in place of the journey's."`
	ErrorClasses []ErrorClass `yaml:"error_classes" doc:"What certain errors mean in this step; they come before the journey's."`
}

// Match says which telemetry is the step. Exactly one of interaction, span, log and any
// is given.
type Match struct {
	Interaction string   `yaml:"interaction" doc:"An interaction of this name: felt.interaction.name, or what an alias makes of it."`
	App         string   `yaml:"app" alt:"the journey's" doc:"With interaction: of that app only."`
	Span        *Pattern `yaml:"span" doc:"Any span for which this holds becomes an interaction of the step's name."`
	Log         *Pattern `yaml:"log" doc:"Any log record for which this holds becomes an interaction of the step's name."`
	Any         []*Match `yaml:"any" doc:"One of several."`
}

// Pattern holds for a span or log record for which all that is given holds.
type Pattern struct {
	Service    *Text           `yaml:"service" doc:"service.name."`
	Name       *Text           `yaml:"name" doc:"The span's name; the event name of a log record."`
	Kind       string          `yaml:"kind" words:"server client producer consumer internal" doc:"The span's kind."`
	Status     string          `yaml:"status" words:"ok error unset" doc:"The span's status; error is also a log record of severity ERROR or above."`
	HTTPStatus *Text           `yaml:"http_status" doc:"http.response.status_code, as 404, {prefix: 5} or {one_of: [409, 422]}."`
	GRPCStatus *Text           `yaml:"grpc_status" doc:"The gRPC status, by name or number, as ALREADY_EXISTS or 6."`
	Duration   felt.Instant    `yaml:"longer_than" doc:"The span took longer than this."`
	Attributes map[string]Text `yaml:"attributes" doc:"Attributes of the span or log record, or of its resource. A hashed identity (user.id, session.id, ...) can only be asked whether it exists."`
}

// Text is a condition on one text. In YAML a scalar means equals; otherwise exactly one
// of the keys is given. An absent text satisfies only {exists: false} and not.
type Text struct {
	Equals string   `yaml:"equals" doc:"It is this text. A plain value means the same."`
	Prefix string   `yaml:"prefix" doc:"It begins with this text."`
	Regex  string   `yaml:"regex" doc:"This RE2 expression is found in it, anywhere: use ^ and $."`
	OneOf  []string `yaml:"one_of" doc:"It is one of these texts."`
	Exists *bool    `yaml:"exists" doc:"It is there (true) or is not (false)."`
	Not    *Text    `yaml:"not" doc:"The condition inside does not hold; an absent text satisfies it too."`
}

// SuccessWhen says when a journey has reached its goal. In YAML it is a word or
// {step: NAME}.
type SuccessWhen struct {
	Rule string // last_step (default): the last required step succeeded | all_steps: every required one did | step
	Step string // {step: NAME}: that one succeeded
}

// DegradedWhen says when a journey that reached its goal was degraded. A required step
// that was degraded always makes it so.
type DegradedWhen struct {
	SlowerThan     felt.Instant `yaml:"slower_than" alt:"never" doc:"The whole journey took longer."`
	Retried        *bool        `yaml:"retried" alt:"true" doc:"A step failed and then worked."`
	OptionalFailed *bool        `yaml:"optional_step_failed" alt:"true" doc:"An optional step failed."`
}

// Thresholds worsen a success: slower than Degraded is degraded, slower than Failed is
// failed. 0: none. They look at the visible duration when it is known.
type Thresholds struct {
	Degraded felt.Instant `yaml:"degraded" alt:"none" doc:"A success that took longer is degraded."`
	Failed   felt.Instant `yaml:"failed" alt:"none" doc:"A success that took longer is failed."`
}

// Expectation is what customers of a journey take for granted.
type Expectation struct {
	Latency          felt.Instant `yaml:"latency" doc:"How long they wait without a thought."`
	Availability     float64      `yaml:"availability" range:"0<..<1" doc:"Share of tries that they expect to work, as 0.999."`
	FailureTolerance float64      `yaml:"failure_tolerance" range:"0..1" doc:"Share of failed tries that they bear, as 0.01."`
}

// Objective is a service level objective on the journey.
type Objective struct {
	Name      string       `yaml:"name" need:"" doc:"Its name, unique in the journey."`
	Kind      string       `yaml:"kind" words:"success completion latency" alt:"success" doc:"success: not failed, nor left after a failure; completion: completed of all that ended; latency: completed within threshold."`
	Target    float64      `yaml:"target" need:"" range:"0<..<1" doc:"Share that must be good, as 0.995."`
	Window    felt.Instant `yaml:"window" alt:"28d" doc:"The time over which it is judged; no more than is kept (400d)."`
	Threshold felt.Instant `yaml:"threshold" doc:"Of kind latency: slower is not good."`
	Count     string       `yaml:"count" words:"interactions customers" alt:"interactions" doc:"What is counted."`
}

// Override replaces thresholds for customers of certain segments.
type Override struct {
	Where      map[string]Text `yaml:"where" need:"" doc:"Segment keys and what their values must be; all must hold."`
	Thresholds Thresholds      `yaml:"thresholds" need:"" doc:"In place of the step's and the journey's, both together."`
}

// Value is what a journey earns. An interaction's own felt.interaction.value goes before.
type Value struct {
	Per         string `yaml:"per" words:"completion interaction" alt:"completion" doc:"Earned once when the journey is completed, or by every interaction."`
	AmountMinor int64  `yaml:"amount_minor" range:"0.." doc:"A fixed amount in minor units (cents)."`
	Currency    string `yaml:"currency" doc:"ISO 4217 code, as EUR."`
	Attribute   string `yaml:"attribute" doc:"Attribute of plain telemetry that holds the amount, in major units (12.50)."`
}

// ErrorClass gives an outcome to what matches: an expected error is a success, a slow
// back end behind a code is degraded.
type ErrorClass struct {
	Name        string   `yaml:"name" alt:"its outcome and place" doc:"The name under which its interactions are counted."`
	Match       *Pattern `yaml:"match" need:"" doc:"The events that it is about."`
	Outcome     string   `yaml:"outcome" words:"success degraded failed abandoned cancelled" alt:"as without the class" doc:"What such an interaction is."`
	Recoverable *bool    `yaml:"recoverable" alt:"true" doc:"false: a failed try of it fails the journey at once."`
	Consequence string   `yaml:"consequence" doc:"In words: what it means for a customer."`
}

// Signal is a technical series that serves the journey.
type Signal struct {
	Name            string          `yaml:"name" need:"" doc:"Its name, unique in the journey."`
	Layer           string          `yaml:"layer" words:"infrastructure application experience" doc:"Where it is measured."`
	Source          string          `yaml:"source" alt:"it is not measured" doc:"Name of the metric."`
	Service         *Text           `yaml:"service" alt:"any" doc:"Points of these services only (service.name)."`
	Where           map[string]Text `yaml:"where" alt:"all points" doc:"Attributes of the point, or of its resource, and what their values must be; all must hold."`
	Statistic       string          `yaml:"statistic" words:"mean max sum rate p95 above count" alt:"by the type of the metric" doc:"What is made of its points every 10 seconds: mean, max or sum over the instances; rate a second; p95 of what was observed; above, the share that was above the threshold; count, how many came."`
	Threshold       float64         `yaml:"threshold" doc:"The value from which it is bad, in the unit of the statistic; of above, what is compared with it, in the unit of the metric."`
	Limit           float64         `yaml:"limit" doc:"The value at which it is full; saturation is measured against it."`
	Direction       string          `yaml:"direction" words:"up down" alt:"down when it has a threshold or a limit" doc:"Where better is."`
	Endangers       string          `yaml:"endangers" doc:"The KPI that suffers."`
	BusinessRisk    string          `yaml:"business_risk" doc:"In words: what it costs."`
	TypicalResponse []string        `yaml:"typical_response" doc:"What one does about it, in order."`
	Owners          []string        `yaml:"owners" doc:"Who does it."`
}

// KPI is a business number of the journey.
type KPI struct {
	Name        string   `yaml:"name" need:"" doc:"Its name, unique in the journey."`
	Numerator   Quantity `yaml:"numerator" doc:"What is counted. Other words than those of a quantity are for people: the KPI is then not measured."`
	Denominator Quantity `yaml:"denominator" alt:"the KPI is the numerator a minute" doc:"Of how many."`
	Direction   string   `yaml:"direction" words:"up down" doc:"Where better is."`
}

// Quantity is something that is counted, one side of a KPI. In YAML it is a text, or a map with
// exactly one of journey, event and metric. A text is a word of the journey, else a kind of
// business event, else the name of a metric when it has a dot, an underscore or a slash and
// no space; any other is words for people, in Words.
type Quantity struct {
	Words string

	Journey   string          `yaml:"journey" words:"begun completed failed abandoned" doc:"Journeys of customers that began, reached their goal, failed, were left."`
	Event     string          `yaml:"event" words:"order activated upgraded downgraded renewed cancelled churned ticket csat" doc:"Business events of this kind, of the journey or of none."`
	Metric    string          `yaml:"metric" doc:"What a metric counts: the increase of a counter, the observations of a distribution; of other metrics, the value."`
	Service   *Text           `yaml:"service" alt:"any" doc:"With metric: points of these services only."`
	Where     map[string]Text `yaml:"where" alt:"all points" doc:"With metric: attributes that its points or their resources must have."`
	Statistic string          `yaml:"statistic" words:"count sum" alt:"count" doc:"With metric: sum adds up what was observed, as seconds or bytes, instead of how often."`
}

// Action is one step of what to do when the journey breaks.
type Action struct {
	Step     string `yaml:"step" alt:"the whole journey" doc:"The step of the journey that it is about."`
	Action   string `yaml:"action" need:"" doc:"In words: what to do."`
	Approver string `yaml:"approver" doc:"Who must agree before."`
}
