package otlp

import "github.com/felt-cx/felt"

// vendorAliases are names of other vendors' agents that mean an interaction only together
// with something else: many a span is of some "workflow" or has an "error", and must not
// become an interaction by accident. They come last, like all that is new: see
// looseIdentityAliases.
//
// Not here, because one word alone on any span would make interactions of all of them: Faro's
// faro.action.user.name (on every request under a user action), Elastic's transaction.name,
// the URLs of OpenTelemetry's documentLoad and fetch spans, and browser.* events. Rules of the
// inventory match those, by span or event name and attributes.
func vendorAliases() []alias {
	return []alias{
		// Elastic's agents and processors put event.outcome on every span, made of its
		// status; OpenTracing's bridge and Splunk RUM mark errors by error=true.
		{"event.outcome", roleResult, ""},
		{"error", roleResult, ""},
		// Splunk RUM's custom workflows. Job runners and agents of language models use the
		// same key: it counts only with a session.
		{"workflow.name", roleAction, ""},
		// Faro's event faro.user.action, with its attributes flat.
		{"userActionName", roleAction, ""},
		{"event_data_userActionName", roleAction, ""},
		// Datadog RUM's operations, which end in an event of vital.step_type "end".
		{"vital.name", roleOperation, ""},
		{"vital.step_type", rolePhase, ""},
		{"vital.failure_reason", roleFailure, ""},
		{"vital.operation_key", fieldRole(FieldKey), ""},
	}
}

// vendorWords are what an event says by vendorAliases.
type vendorWords struct{ result, action, operation, phase, failure Text }

func (v *vendorWords) take(r role, t Text) {
	switch r {
	case roleResult:
		v.result = t
	case roleAction:
		v.action = t
	case roleOperation:
		v.operation = t
	case rolePhase:
		v.phase = t
	case roleFailure:
		v.failure = t
	}
}

// applyVendor gives an event what it says in a vendor's own way. felt.* goes before.
func (r *Reader) applyVendor(ev *Event) {
	v := &r.vendor
	if ev.Status == StatusUnset {
		switch string(r.Text(v.result)) {
		case "failure", "true":
			ev.Failed = true
		}
	}
	if ev.Fields[FieldInteraction] != 0 {
		return
	}
	switch {
	case v.operation != 0 && string(r.Text(v.phase)) == "end":
		ev.Fields[FieldInteraction] = v.operation
		ev.Outcome = felt.OutcomeSuccess
		switch string(r.Text(v.failure)) {
		case "":
		case "abandoned":
			ev.Outcome = felt.OutcomeAbandoned
		default: // error, other
			ev.Outcome = felt.OutcomeFailed
		}
		if ev.Fields[FieldReason] == 0 {
			ev.Fields[FieldReason] = v.failure
		}
	case v.action != 0 && !ev.IDs.Session.IsZero():
		ev.Fields[FieldInteraction] = v.action
	}
}
