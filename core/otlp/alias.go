package otlp

import "slices"

// role is what an attribute means to Felt. Roles up to rolesStored are written into
// blocks: their numbers are part of the format and never reused.
type role uint8

const (
	roleNone    role = 0
	roleField   role = 1 // roleField + Field; 1..63
	roleValue   role = 64
	roleMinor   role = 65
	roleVisible role = 66
	roleRetries role = 67
	roleHTTP    role = 68
	roleTraffic role = 69
	roleSegment role = 70
	roleDerived role = 71 // a segment that felt.segment.* overrides
	roleFlagKey role = 72
	roleVariant role = 73
	// What other vendors' events say in ways of their own; see vendor.go.
	roleResult    role = 74
	roleAction    role = 75
	roleOperation role = 76
	rolePhase     role = 77
	roleFailure   role = 78
	roleState     role = 79 // tracestate as an attribute: log records have no field for it
	roleStarted   role = 80 // when a try began, in the sender's milliseconds
	roleGuess     role = 81 // a segment that anything else overrides
	rolesStored   role = 81

	// Read at the door, never stored.
	roleUser         role = 100
	rolePseudonym    role = 101
	roleInstallation role = 102
	roleSession      role = 103
	roleAccount      role = 104
	roleSentAt       role = 105
	roleEventName    role = 106 // event.name of a log record, before it had a field
	roleAgent        role = 107 // a user agent's text: what it says is kept beside it
)

// identity levels in the order of roleUser...; also the bits of an event's id mask.
const numLevels = 5

func levelName(l int) string {
	switch l {
	case 0:
		return LevelUser
	case 1:
		return LevelPseudonym
	case 2:
		return LevelInstallation
	case 3:
		return LevelSession
	}
	return LevelAccount
}

// alias says that an attribute key means a role. Of several keys of one event that
// mean the same, the first in this table wins.
type alias struct {
	key  string
	role role
	seg  string // the segment's key, for roleDerived
}

// aliases is the one table of names: felt.*, OpenTelemetry's semantic conventions
// (1.44 and what they were before), and what other vendors' agents send.
func aliases() []alias {
	return slices.Concat(feltAliases(), identityAliases(), fieldAliases(), looseIdentityAliases(), vendorAliases(), agentAliases())
}

// looseIdentityAliases are names without a convention. They are hashed as well, and come
// last: a name from a convention goes before them, and the places of the others, by
// which events without a trace are spread over partitions, stay.
func looseIdentityAliases() []alias {
	return []alias{
		{"userId", roleUser, ""},
		{"userid", roleUser, ""},
		{"user-id", roleUser, ""},
		{"customer.id", roleUser, ""},
		{"customer_id", roleUser, ""},
		{"customerId", roleUser, ""},
		{"dd.usr.id", roleUser, ""},          // Datadog
		{"ai.user.authUserId", roleUser, ""}, // Application Insights
		{"faro.user.id", roleUser, ""},       // Faro
		{"sessionId", roleSession, ""},
		{"session-id", roleSession, ""},
		{"account_id", roleAccount, ""},
		{"accountId", roleAccount, ""},
	}
}

func fieldRole(f Field) role { return roleField + role(f) }

func feltAliases() []alias {
	f := fieldRole
	return []alias{
		{"felt.interaction.name", f(FieldInteraction), ""},
		{"felt.interaction.outcome", f(FieldOutcome), ""},
		{"felt.interaction.reason", f(FieldReason), ""},
		{"felt.interaction.key", f(FieldKey), ""},
		{"felt.interaction.value_minor", roleMinor, ""},
		{"felt.interaction.value", roleValue, ""},
		{"felt.interaction.currency", f(FieldCurrency), ""},
		{"felt.interaction.visible_ms", roleVisible, ""},
		{"felt.interaction.retries", roleRetries, ""},
		{"felt.journey.name", f(FieldJourney), ""},
		{"felt.journey.step", f(FieldStep), ""},
		{"felt.journey.instance.id", f(FieldInstance), ""},
		{"felt.sent_at", roleSentAt, ""},
		{"felt.tracestate", roleState, ""},
		{"felt.interaction.started_ms", roleStarted, ""},
	}
}

// identityAliases are hashed and never kept.
func identityAliases() []alias {
	return []alias{
		{"felt.user", roleUser, ""},
		{"user.id", roleUser, ""},
		{"enduser.id", roleUser, ""},       // OpenTelemetry before user.*; Splunk RUM, New Relic
		{"usr.id", roleUser, ""},           // Datadog
		{"user_id", roleUser, ""},          // Faro, Sentry
		{"sentry.user.id", roleUser, ""},   // Sentry
		{"app.user.id", roleUser, ""},      // Honeycomb's examples
		{"langfuse.user.id", roleUser, ""}, // Langfuse
		{"user.hash", rolePseudonym, ""},
		{"enduser.pseudo.id", rolePseudonym, ""},
		{"usr.anonymous_id", rolePseudonym, ""}, // Datadog
		{"user.anonymous_id", rolePseudonym, ""},
		{"user.anonymousId", rolePseudonym, ""}, // Splunk RUM
		{"ai.user.id", rolePseudonym, ""},       // Application Insights' cookie
		{"app.installation.id", roleInstallation, ""},
		{"device.id", roleInstallation, ""},
		{"felt.session", roleSession, ""},
		{"session.id", roleSession, ""},
		{"splunk.rumSessionId", roleSession, ""}, // Splunk RUM
		{"rum.session_id", roleSession, ""},
		{"session_id", roleSession, ""},    // Faro, Datadog
		{"gf.session.id", roleSession, ""}, // Faro's k6 and replay
		{"sentry.session_id", roleSession, ""},
		{"ai.session.id", roleSession, ""},
		{"felt.account", roleAccount, ""},
		{"account.id", roleAccount, ""}, // Datadog
		{"organization.id", roleAccount, ""},
		{"user.account_id", roleAccount, ""},
	}
}

func fieldAliases() []alias {
	f := fieldRole
	return []alias{
		{"user_agent.synthetic.type", roleTraffic, ""},
		{"felt.traffic", roleTraffic, ""},
		{"feature_flag.key", roleFlagKey, ""},
		{"feature_flag.result.variant", roleVariant, ""},
		{"feature_flag.variant", roleVariant, ""},
		{"event.name", roleEventName, ""},
		{"error.type", f(FieldErrorType), ""},
		{"exception.type", f(FieldErrorType), ""},
		{"service.version", f(FieldRelease), ""},
		{"app_version", f(FieldRelease), ""},    // Faro
		{"app.version", f(FieldRelease), ""},    // Splunk RUM
		{"sentry.release", f(FieldRelease), ""}, // Sentry
		{"deployment.environment.name", f(FieldEnv), ""},
		{"deployment.environment", f(FieldEnv), ""},
		{"app_environment", f(FieldEnv), ""},    // Faro
		{"sentry.environment", f(FieldEnv), ""}, // Sentry
		{"service.name", f(FieldService), ""},
		{"app_name", f(FieldService), ""}, // Faro
		{"service.namespace", f(FieldNamespace), ""},
		{"http.response.status_code", roleHTTP, ""},
		{"http.status_code", roleHTTP, ""},
		{"peer.service", f(FieldPeer), ""},
		{"service.peer.name", f(FieldPeer), ""},
		{"server.address", f(FieldPeer), ""},
		{"net.peer.name", f(FieldPeer), ""},
		{"net.sock.peer.name", f(FieldPeer), ""},
		{"db.system.name", f(FieldPeer), ""},
		{"db.system", f(FieldPeer), ""},
		{"messaging.system", f(FieldPeer), ""},
		{"rpc.service", f(FieldPeer), ""},
		{"browser.platform", f(FieldPlatform), ""},
		{"os.name", f(FieldPlatform), ""},
		{"os.type", f(FieldPlatform), ""},
		{"geo.region.iso_code", f(FieldRegion), ""},
		{"geo.country.iso_code", f(FieldRegion), ""},
		{"geo.country_iso_code", f(FieldRegion), ""}, // Elastic
		{"geo.region", f(FieldRegion), ""},
		{"cloud.region", f(FieldRegion), ""},
		{"device.type", roleDerived, "device"},  // Datadog, Elastic
		{"device.class", roleDerived, "device"}, // Sentry
		{"user.plan", roleDerived, "plan"},
		{"account.plan", roleDerived, "plan"},
		{"subscription.plan", roleDerived, "plan"},
	}
}

// agentAliases are what is known of a customer's browser, and where it is. They came last, as all
// that is new: see looseIdentityAliases.
func agentAliases() []alias {
	return []alias{
		{"user_agent.original", roleAgent, ""},
		{"http.user_agent", roleAgent, ""},
		{"user_agent.name", roleGuess, "browser"},
		{"user_agent.os.name", roleGuess, "os"},
		{"felt.device.class", roleGuess, "device"},
		{"client.geo.region_iso_code", fieldRole(FieldRegion), ""}, // Elastic
		{"client.geo.country_iso_code", fieldRole(FieldRegion), ""},
		{"client.geo.country.iso_code", fieldRole(FieldRegion), ""},
	}
}

// IdentityKeys are the attribute keys that are hashed, with the level of each: an argument
// of [IDs.Level]. Of what they name it can only be asked whether it is there.
func IdentityKeys() map[string]int {
	keys := map[string]int{}
	for _, a := range aliases() {
		if a.role >= roleUser && a.role <= roleAccount {
			keys[a.key] = int(a.role - roleUser)
		}
	}
	return keys
}
