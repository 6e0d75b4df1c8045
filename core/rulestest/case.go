package rulestest

import "github.com/felt-cx/felt"

// File is one test file. Like the inventory it is strict: every key is a field here.
type File struct {
	Inventory []string `yaml:"inventory"` // files, relative to this one; default: every inventory file beside it
	Tests     []Case   `yaml:"tests"`
}

// Case is one test.
type Case struct {
	Name      string       `yaml:"name" need:""`
	Env       string       `yaml:"env"` // default production
	Customers []Customer   `yaml:"customers"`
	Until     felt.Instant `yaml:"until"` // how long it goes on after the last act; default: until nothing is open; of a case that expects incidents an hour
	Expect    Expect       `yaml:"expect" need:""`

	line int
}

// Customer does one thing after the other.
type Customer struct {
	User         string            `yaml:"user"`
	Pseudonym    string            `yaml:"pseudonym"`
	Installation string            `yaml:"installation"`
	Session      string            `yaml:"session"`
	Account      string            `yaml:"account"`
	Traffic      string            `yaml:"traffic" words:"customer test bot"` // customer (default) | test | bot
	Segments     map[string]string `yaml:"segments"`
	Does         []Act             `yaml:"does"`

	Count int          `yaml:"count" range:"1..10000"` // so many customers do it, named ann-1, ann-2, ...; default 1
	Every felt.Instant `yaml:"every"`                  // each begins so much later than the one before; default all at once
}

// None as an identity of an act takes the identity away: somebody logs out.
const None = "none"

// Act is one thing that a customer does: an interaction by name, or plain telemetry, of
// which exactly one is given. An identity given here holds from this act on.
type Act struct {
	At   felt.Instant `yaml:"at" zero:""` // when it begins, since the test began
	Took felt.Instant `yaml:"took"`       // default 100ms
	Late felt.Instant `yaml:"late"`       // how long after its end its telemetry arrives

	User         string `yaml:"user"`
	Pseudonym    string `yaml:"pseudonym"`
	Installation string `yaml:"installation"`
	Session      string `yaml:"session"`
	Account      string `yaml:"account"`

	Interaction string            `yaml:"interaction"`
	Outcome     string            `yaml:"outcome"` // as the client says; default: by status
	Reason      string            `yaml:"reason"`
	Key         string            `yaml:"key"`
	ValueMinor  string            `yaml:"value_minor"`
	Currency    string            `yaml:"currency"`
	Attributes  map[string]string `yaml:"attributes"`
	Service     string            `yaml:"service"`

	Span *Plain `yaml:"span"`
	Log  *Plain `yaml:"log"`

	App      string `yaml:"app"`      // service.namespace
	Release  string `yaml:"release"`  // service.version
	Instance string `yaml:"instance"` // felt.journey.instance.id
	Trace    string `yaml:"trace"`    // acts of a customer with the same word are one trace
}

// Plain is a span or a log record.
type Plain struct {
	Service    string            `yaml:"service"`
	Name       string            `yaml:"name"`
	Kind       string            `yaml:"kind" words:"internal server client producer consumer"` // of a span: internal | server | client | producer | consumer
	Status     string            `yaml:"status" words:"unset ok error"`                         // unset | ok | error
	Attributes map[string]string `yaml:"attributes"`
}

// Expect is what must come of a case. Each list is complete when it is given; what is not
// given is not looked at.
type Expect struct {
	Interactions []Row   `yaml:"interactions"`
	Journeys     []Row   `yaml:"journeys"`
	Customers    []Crowd `yaml:"customers"`
	Incidents    []Alarm `yaml:"incidents"`

	hasInteractions, hasJourneys, hasIncidents bool
}

// Row expects an interaction or journey; what is empty is not looked at.
type Row struct {
	Name      string            `yaml:"name"`
	App       string            `yaml:"app"`
	Customer  string            `yaml:"customer"`                                                         // by the identity it is known by, links followed
	Outcome   string            `yaml:"outcome" words:"success degraded failed abandoned cancelled open"` // success | degraded | failed | abandoned | cancelled | open
	Reason    string            `yaml:"reason"`
	Rule      string            `yaml:"rule"`                                                   // the outcome rule
	Abandoned string            `yaml:"abandoned" words:"after_failure while_slow voluntarily"` // after_failure | while_slow | voluntarily
	Steps     map[string]string `yaml:"steps"`                                                  // of a journey: step -> outcome, "none" when it was not tried
	Value     *int64            `yaml:"value_minor"`
	Took      felt.Instant      `yaml:"took"`
	Count     int               `yaml:"count" range:"1.."` // default 1

	line int
}

// Crowd expects distinct customers.
type Crowd struct {
	Of       string `yaml:"of"` // an interaction or journey; default all
	Total    *int   `yaml:"total"`
	Failed   *int   `yaml:"failed"`
	Degraded *int   `yaml:"degraded"`

	line int
}

// Alarm expects an incident, as it stands at the end; what is empty is not looked at.
type Alarm struct {
	Of        string       `yaml:"of"` // one of the journeys or steps that it is about
	App       string       `yaml:"app"`
	Kind      string       `yaml:"kind" words:"failed degraded slow drop funnel silent burn kpi saturation"`
	Status    string       `yaml:"status" words:"open acknowledged resolved"`
	Priority  string       `yaml:"priority" words:"P1 P2 P3 P4 P5"` // the highest that it had
	Customers int          `yaml:"customers" range:"1.."`           // at least so many different ones failed
	Within    felt.Instant `yaml:"within"`                          // opened so soon after the first act at the latest
	Sinks     []string     `yaml:"sinks"`                           // exactly those were told that it has begun, in any order

	told bool // sinks is given
	line int
}
