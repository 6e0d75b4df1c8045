package otlp

import "github.com/felt-cx/felt"

// EventType tells spans from log records.
type EventType uint8

// The types of events.
const (
	TypeSpan EventType = iota + 1
	TypeLog
)

// Status is a span's status code as in OTLP.
type Status uint8

// The status codes.
const (
	StatusUnset Status = iota
	StatusOK
	StatusError
)

// Text is a string of a block: an index into the block's dictionary. Zero is the
// empty string. The same text in the same block always has the same index, so that
// whoever keys by text resolves each entry once per block and not once per event.
type Text uint32

// Field is one meaning that an event can carry, whatever its vendor calls it. The
// alias table maps attribute keys to fields.
type Field uint8

// The fields. Hashed identities are in [Event.IDs], not here.
const (
	FieldInteraction   Field = iota // felt.interaction.name
	FieldOutcome                    // felt.interaction.outcome
	FieldReason                     // felt.interaction.reason
	FieldKey                        // felt.interaction.key
	FieldJourney                    // felt.journey.name
	FieldStep                       // felt.journey.step
	FieldInstance                   // felt.journey.instance.id
	FieldCurrency                   // felt.interaction.currency
	FieldErrorType                  // error.type, exception.type
	FieldRelease                    // service.version
	FieldEnv                        // deployment.environment.name
	FieldService                    // service.name
	FieldNamespace                  // service.namespace
	FieldPeer                       // peer.service, server.address, db.system.name, messaging.system
	FieldStatusMessage              // the span status' message
	FieldPlatform                   // browser.platform, os.name, ...
	FieldRegion                     // cloud.region, ...
	NumFields
)

// Attr is a segment as sent: felt.segment.<Key> = Value, in dictionary indices.
type Attr struct {
	Key, Value Text
}

// IDs are the hashed identities that an event carries itself or through its resource;
// zero where it has none.
type IDs struct {
	User, Pseudonym, Installation, Session, Account felt.Hash
}

// Level returns one of them by its number in [IdentityKeys].
func (ids *IDs) Level(n int) felt.Hash {
	return [numLevels]felt.Hash{ids.User, ids.Pseudonym, ids.Installation, ids.Session, ids.Account}[n]
}

// Event is one span or one log record, after redaction. It is filled by
// [Reader.Next] and belongs to the caller; its Segments are reused by the next call.
type Event struct {
	Type    EventType
	Trace   felt.TraceID
	Span    felt.SpanID
	Parent  felt.SpanID  // zero: a root
	Link    felt.TraceID // trace of the first span link; zero when none
	Start   felt.Instant // corrected for the sender's clock and clamped; for a log record Start = End = its time
	End     felt.Instant
	Kind    felt.SpanKind
	Status  Status
	Traffic felt.Traffic
	Weight  float64 // from tracestate ot=th; 1 when not sampled
	// Draw is the randomness that the event was sampled by, 56 bits: as the tracestate tells (ot=rv),
	// else the end of the trace id. Events of one draw were kept, or lost, together. 0: not sampled,
	// or not known.
	Draw uint64
	Name Text // span name, or event name of a log record

	Fields   [NumFields]Text // zero where absent; resource attributes are the fall-back of span attributes
	Value    int64           // felt.interaction.value in minor units
	Visible  int64           // felt.interaction.visible_ms in nanoseconds; 0 unknown
	Started  felt.Instant    // felt.interaction.started_ms of a log record, corrected as its time is; 0 unknown
	Retries  int32           // felt.interaction.retries
	HTTPCode int32           // http.response.status_code; 0 absent
	// Failed: no status was set, and an agent says in its own way that it failed
	// (event.outcome, error). It has the rank of a status.
	Failed bool
	// Outcome is an interaction's outcome in a vendor's own words; FieldOutcome goes before.
	Outcome  felt.Outcome
	IDs      IDs
	Segments []Attr
	Flags    []Attr // feature_flag.key, feature_flag.result.variant
}
