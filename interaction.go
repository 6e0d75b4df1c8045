package felt

import "encoding/hex"

// Outcome says how an interaction ended for the customer.
type Outcome uint8

// The outcomes. Numbers are part of the format and never reused.
const (
	OutcomeNone      Outcome = iota // not sent, not decided
	OutcomeSuccess                  // reached the goal
	OutcomeDegraded                 // reached the goal slowly, or the long way round
	OutcomeFailed                   // a failed customer interaction (FCI)
	OutcomeAbandoned                // left: see AbandonedHow
	OutcomeCancelled                // changed their mind: outside every rate
)

// Outcomes is the number of outcomes including [OutcomeNone].
const Outcomes = 6

// String is the word used in attributes, questions and answers; "" for none.
func (o Outcome) String() string {
	switch o {
	case OutcomeSuccess:
		return "success"
	case OutcomeDegraded:
		return "degraded"
	case OutcomeFailed:
		return "failed"
	case OutcomeAbandoned:
		return "abandoned"
	case OutcomeCancelled:
		return "cancelled"
	case OutcomeNone:
	}
	return ""
}

// MarshalText encodes as String does.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// ParseOutcome is the inverse of String. Unknown words give [OutcomeNone], false.
func ParseOutcome(s string) (Outcome, bool) {
	for o := OutcomeSuccess; o <= OutcomeCancelled; o++ {
		if o.String() == s {
			return o, true
		}
	}
	return OutcomeNone, false
}

// InteractionKind tells a step from a whole journey; both have the same shape and
// are counted the same way.
type InteractionKind uint8

// The kinds of interactions.
const (
	KindStep InteractionKind = iota + 1
	KindJourney
)

// String is "step" or "journey".
func (k InteractionKind) String() string {
	switch k {
	case KindStep:
		return "step"
	case KindJourney:
		return "journey"
	}
	return ""
}

// InteractionID names an interaction for ever: derived from environment, trace id,
// name and felt.interaction.key, so that redelivery and correction meet it again.
type InteractionID [16]byte

// String is 32 lower-case hex digits.
func (id InteractionID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText encodes as String does.
func (id InteractionID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// Segment is one value of an attribute by which interactions are split, such as
// region=eu or plan=pro.
type Segment struct {
	Key, Value string
}

// Phases are the parts of what a customer waited for, in nanoseconds; zero when not measured.
type Phases struct {
	Input, Request, Processing, Paint int64
}

// StepState is one step inside a journey's interaction. A journey's row lists all steps
// of its definition, in order, also those that were never tried.
type StepState struct {
	Name    string
	Outcome Outcome // of the last try that counts; none when never tried or still open
	Start   Instant // of the first try
	End     Instant // of the try that decided
	Tries   int32   // 0: never tried
}

// AbandonedHow says how a customer left.
type AbandonedHow uint8

// The ways of abandoning.
const (
	AbandonedNot AbandonedHow = iota
	AbandonedAfterFailure
	AbandonedWhileSlow
	AbandonedVoluntarily
)

// String is the word used in answers; "" when not abandoned.
func (a AbandonedHow) String() string {
	switch a {
	case AbandonedAfterFailure:
		return "after_failure"
	case AbandonedWhileSlow:
		return "while_slow"
	case AbandonedVoluntarily:
		return "voluntarily"
	case AbandonedNot:
	}
	return ""
}

// Rules that withdraw an interaction: see [Interaction.Withdrawn]. They are the OutcomeRule of
// its last version.
const (
	RuleStep   = "step"   // it turned out to be a step of another interaction
	RuleMerged = "merged" // its steps turned out to be those of another journey
)

// Withdrawn reports that this version takes the interaction back: it never was one of its own. Its
// outcome is cancelled, which is outside of every rate, but it counts nowhere, not even as
// cancelled: buckets take its older version back and add nothing, and a store removes it. A later
// version may bring it back.
func (i *Interaction) Withdrawn() bool {
	return i.Version > 1 && i.Outcome == OutcomeCancelled && (i.OutcomeRule == RuleStep || i.OutcomeRule == RuleMerged)
}

// Interaction is one customer's try at something that has business value: a step
// ("pay") or a whole journey ("checkout"). It is a fact once its outcome is
// decided; a later version with the same ID replaces it, or removes it if it is
// [Interaction.Withdrawn]. A journey also has rows while
// it is open: Outcome is [OutcomeNone], End is its last activity; they count as open and
// are in no rate.
type Interaction struct {
	ID      InteractionID
	Version int32 // 1 at first; a correction has the next one
	Known   Tick  // the tick at which this version became known
	// FirstKnown is when version 1 became known, FirstOutcome the outcome of the first version
	// that had one: a journey has none while it is open.
	FirstKnown   Tick
	FirstOutcome Outcome

	Env, App, Name string // its scope
	Journey, Step  string // the journey and step it counts for, when known
	Kind           InteractionKind
	Traffic        Traffic

	Start, End    Instant // event time; End is when the outcome became true
	Outcome       Outcome
	ClientOutcome Outcome // as sent, whatever the rules made of it
	Reason        string  // why, in a few words: felt.interaction.reason, error.type, ...
	OutcomeRule   string  // which rule decided: "explicit", "status", or a rule's name
	RulesVersion  int64
	ErrorClass    string
	Recoverable   bool
	Retries       int32
	Duration      int64 // nanoseconds
	Visible       int64 // nanoseconds of Duration during which the page was visible; 0 unknown
	Phases        Phases
	Weight        float64 // how many interactions this one stands for (upstream sampling); 1 = all were sent
	// Draw names the decision by which a Weight of more than 1 was sampled: all interactions of one
	// draw, such as those of a session, were kept or lost together. 56 bits; 0 = not sampled, or each
	// interaction for itself.
	Draw uint64

	Customer      Hash // strongest identity known; zero when none
	IdentityLevel IdentityLevel
	Account       Hash
	Installation  Hash
	Session       Hash
	KeyID         uint32 // of the hash key

	Trace        TraceID
	Span         SpanID // the span that decided
	Service      string // service.name of that span
	Release      string
	Flags        []string // key=variant, sorted
	Segments     []Segment
	ValueMinor   int64 // money in minor units of Currency
	Currency     string
	Steps        []StepState // of a journey
	AbandonedHow AbandonedHow
}
