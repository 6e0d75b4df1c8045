package felt

// FindingKind says what a finding is about, in a word.
type FindingKind string

// The kinds of findings. Customers feel those from failed to silent; the others warn of, or
// corroborate, what they feel.
const (
	FindingFailed     FindingKind = "failed"     // a greater share fails than used to
	FindingDegraded   FindingKind = "degraded"   // a greater share reaches the goal only slowly, or the long way round
	FindingSlow       FindingKind = "slow"       // a greater share is slower than what is usual or promised
	FindingDrop       FindingKind = "drop"       // fewer customers arrive than used to
	FindingFunnel     FindingKind = "funnel"     // fewer get from one step to the next, or through the whole
	FindingSilent     FindingKind = "silent"     // no telemetry from a source at all: what customers do is not known
	FindingBurn       FindingKind = "burn"       // an objective's error budget is used up too fast
	FindingKPI        FindingKind = "kpi"        // a KPI or signal leaves its band
	FindingSaturation FindingKind = "saturation" // a signal is on its way to its limit
)

// Finding is what a detector saw in one series, with the numbers that made it say so.
type Finding struct {
	ID              string // derived: series, detector, opening tick
	Kind            FindingKind
	Series          Series // of a segment value too, when it stands out alone
	About           string // the step, objective, KPI, signal or source that it is about; "" the series itself
	Detector        string
	DetectorVersion int32
	Statistic       float64   // the strongest since it opened, the detector's own; of tests on counts: nats, the logarithm of odds
	Threshold       float64   // what Statistic was held against when the finding opened
	N               int64     // tries judged since Since; a customer counts once in ten seconds
	Hit             int64     // of them failed, slow, ...; of a drop: those who came
	Share           float64   // Hit / N; of a drop: those who came, of those expected
	Baseline        float64   // the share it was held against; of a KPI the usual value
	BaselineN       int64     // on how many tries the baseline rests; 0 it is assumed
	Expected        float64   // Hit, had all been as usual; of a drop: how many would have come
	Since           Instant   // end of the first failure of the run, event time
	Segments        []Segment // values that stand out in the whole, worst first
	Paging          bool      // its statistic has passed the threshold of the whole fleet: worth waking somebody
	Opened          Tick
	Updated         Tick
	Ended           Tick   // 0 while it lasts
	Explanation     string // one sentence with its numbers
}

// IncidentStatus is the state people work with.
type IncidentStatus uint8

// The states of an incident.
const (
	IncidentOpen IncidentStatus = iota + 1
	IncidentAcknowledged
	IncidentResolved
)

// String is the word used in questions and answers.
func (s IncidentStatus) String() string {
	switch s {
	case IncidentOpen:
		return "open"
	case IncidentAcknowledged:
		return "acknowledged"
	case IncidentResolved:
		return "resolved"
	}
	return ""
}

// TimelineEntry is one line of an incident's story.
type TimelineEntry struct {
	At    Instant `json:"at"`
	Kind  string  `json:"kind"` // first_bad, opened, update, acknowledged, recovered, resolved
	Text  string  `json:"text"`
	Actor string  `json:"actor,omitempty"` // "" when Felt itself
}

// ScorePart is one factor of an impact score: 100 times the product of all Value to the power of
// Weight is the score. The weights of a score sum up to 1.
type ScorePart struct {
	Name   string  `json:"name"`   // criticality, reach, stage, duration, segment, harm
	Value  float64 `json:"value"`  // above 0, at most 1
	Weight float64 `json:"weight"` // its share of all weights
	Input  string  `json:"input"`  // what Value was made of, in words: "412 of 13,290 customers"
}

// Indicator is a signal and the moment it first left its band.
type Indicator struct {
	Signal         string  `json:"signal"`          // of a finding or node: what people call it
	Layer          string  `json:"layer,omitempty"` // infrastructure, application, experience, business
	FirstOutOfBand Instant `json:"first_out_of_band"`
	Text           string  `json:"text,omitempty"` // from what to what
}

// Cause is what people or Felt hold responsible for an incident.
type Cause struct {
	Change      string `json:"change,omitempty"`
	Service     string `json:"service,omitempty"`
	Note        string `json:"note,omitempty"`
	ConfirmedBy string `json:"confirmed_by,omitempty"`
}

// Action is a response that was proposed, approved or carried out.
type Action struct {
	Kind     string  `json:"kind"`
	Actor    string  `json:"actor,omitempty"`
	Asked    Instant `json:"asked,omitempty"`
	Approved Instant `json:"approved,omitempty"`
	Ran      Instant `json:"ran,omitempty"`
	Result   string  `json:"result,omitempty"`
	Undo     string  `json:"undo,omitempty"`
}

// Decision is the stored trace of a policy: what it decided and with which values.
type Decision struct {
	At     Instant `json:"at"`
	Policy string  `json:"policy"`
	Result string  `json:"result"`
	Trace  string  `json:"trace"`
}

// MoneyRange is an amount with its honest spread, in minor units.
type MoneyRange struct {
	Low, Mid, High int64
	Currency       string
	Method         string
}

// Incident is what people work on. It is a state: replaced by ID, higher Version wins.
// Fields that no part fills yet are zero and belong to the row from the start.
type Incident struct {
	ID       string // derived: env, app, journey, opening tick
	Version  int64
	Known    Tick
	Kind     string // failed, degraded, ...: what customers feel
	Env      string
	App      string
	Journeys []string // the names it is about, worst first
	Scopes   []Scope  // what is counted, in the order of Journeys: one of them each
	Title    string   // of the worst, as people call it: "Checkout"
	Titles   []string // of all of them, each once: a journey and its steps have one
	Source   string   // detected, declared, external
	Status   IncidentStatus
	Priority string

	Commander string
	// The moments of an incident's life, event time for FirstBad, log time for the rest; 0 not yet.
	FirstBad, Detected, Opened, Notified, Acknowledged, Understood, Mitigated, Recovered, Resolved Instant

	Findings      []Finding
	FindingsMore  int64 // further ones, that are not listed
	FindingActive bool  // at least one finding lasts: resolving needs a reason
	// Twentieth is the end of the try that hurt the twentieth different customer since FirstBad; 0
	// fewer were. From it the time to the first notification is measured.
	Twentieth Instant
	Recovery  Recovery
	Reopened  Instant // when it came back after it was resolved; 0 never
	// Calm are the times between its turns: from when customers had recovered, until they were harmed
	// again. They are not of its length, nor are those who came then of its customers.
	Calm           []Window `json:",omitempty"`
	Silenced       string   // the silence or maintenance under which nobody is told; ""
	EvidenceAt     Instant  // as of when history was asked what stands behind it; 0 not yet
	Impact         Impact
	Score          float64 // 0..100
	ScoreParts     []ScorePart
	SegmentsHit    []SegmentShare // most hit first
	SegmentsSpared []SegmentShare // as exposed as the others, and not hit: most customers first
	Suspects       []Suspect      // likeliest first
	Nodes          []Node         // operations and edges that left their band, in the order in which they did
	Cause          Cause
	Indicators     []Indicator // what moved first
	Decisions      []Decision
	Actions        []Action
	Timeline       []TimelineEntry

	RevenuePath      bool
	RevenueAtRisk    MoneyRange
	ChurnSensitivity float64
	TicketsBefore    int64
	BudgetAtOpen     float64
	RulesVersion     int64
	Verdict          string // real, noise, duplicate, missed
	ReviewStatus     string
	ReviewAnswers    map[string]string
}

// Calmed is how long of its time customers were well.
func (i Incident) Calmed() (sum Instant) {
	for _, w := range i.Calm {
		sum += w.To - w.From
	}
	return sum
}

// Scope is what the incident is about above all: the first of its scopes.
func (i Incident) Scope() Scope {
	if len(i.Scopes) > 0 {
		return i.Scopes[0]
	}
	s := Scope{Env: i.Env, App: i.App}
	if len(i.Journeys) > 0 {
		s.Name = i.Journeys[0]
	}
	for _, f := range i.Findings {
		if f.Series.Name == s.Name {
			s.Kind = f.Series.Kind
			break
		}
	}
	return s
}

// Recovery is how far customers have come back: the criterion by which an incident resolves.
type Recovery struct {
	Since    Instant `json:"since"`    // since when all that follows has held without a break; 0 it does not hold
	Holds    bool    `json:"holds"`    // all conditions hold now
	Outcomes int64   `json:"outcomes"` // tries decided since Since
	Needs    int64   `json:"needs"`    // how many must be
	For      Instant `json:"for"`      // how long it must hold
	// What was seen in the last window that was looked at, and what is within expectation.
	Failed        float64 `json:"failed"`    // share that failed or was left after a failure
	FailedTo      float64 `json:"failed_to"` // at most this is usual
	Completed     float64 `json:"completed"`
	CompletedFrom float64 `json:"completed_from"`
	Volume        float64 `json:"volume"` // tries of those expected; 1 as many
	VolumeFrom    float64 `json:"volume_from"`
	Text          string  `json:"text"` // in one sentence: what is missing, or since when it holds
}

// IncidentCustomer is one member of the harmed cohort, followed after the incident. It is a state: the
// last one written of an incident and customer stands.
type IncidentCustomer struct {
	Incident          string
	Customer, Account Hash
	First, Last       Instant
	Failed, Degraded  int64
	RecoveredAt       Instant
	ValueMinor        int64
}

// Change is a deploy, flag flip, launch, campaign, configuration or region change,
// traffic peak, maintenance or fix.
type Change struct {
	ID, Kind, Env, App string
	Services           []string
	Version, Previous  string
	Region             string
	Started, Ended     Instant
	Author, URL        string
	Fixes              string // an incident's id
	ExpectsKPI         string
	ExpectsDirection   string
	Outcome            string
}

// BusinessEvent is something that happened to a customer outside telemetry.
type BusinessEvent struct {
	ID                string
	Time              Instant
	Kind              string // order, activated, upgraded, downgraded, renewed, cancelled, churned, ticket, csat
	Customer, Account Hash
	Journey           string
	AmountMinor       int64
	Currency          string
	Category          string
}

// Fact is one attribute of a customer or account, valid from a time on.
type Fact struct {
	Customer, Account Hash
	Key, Value        string
	ValidFrom         Instant
}
