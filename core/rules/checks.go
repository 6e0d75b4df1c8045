package rules

import "slices"

// CheckInfo is one thing that is checked.
type CheckInfo struct {
	Name     string // stable: of [Problem.Check]
	Severity string
	About    string // what it reports, for people
}

// Checks lists everything that is checked, in the order of the reference: what a file
// says by itself, then what it means.
func Checks() []CheckInfo {
	return slices.Concat(readChecks(), journeyChecks(), otherChecks())
}

// readChecks are of what a file says by itself.
func readChecks() []CheckInfo {
	e, w := SeverityError, SeverityWarning
	return []CheckInfo{
		{"bad-yaml", e, "The file is not YAML, or uses what is not taken: anchors, aliases, merge keys, tags, several documents, a key twice; or it is nested more than 64 deep or has more than 2,000 keys in one map."},
		{"duplicate-file", e, "A file is given twice."},
		{"file-too-large", e, "A file has more than 1 MiB."},
		{"empty-file", w, "A file names no journey, and nothing else either."},
		{"unknown-key", e, "A key is not known, or not there."},
		{"missing-key", e, "A key that must be there is missing or empty."},
		{"wrong-type", e, "A value is of the wrong kind."},
		{"unknown-word", e, "A value is none of the words that are allowed."},
		{"out-of-range", e, "A number is too small or too large; shares are written as 0.99, not as 99."},
		{"bad-duration", e, "A length of time has no unit, is zero or negative, or cannot be read."},
		{"bad-condition", e, "A condition on a text is not exactly one condition."},
		{"bad-regex", e, "A regular expression does not compile."},
		{"large-regex", e, "A regular expression has more than 512 bytes or compiles to more than 2,000 instructions, or all of them to more than 200,000."},
	}
}

// journeyChecks are of what journeys mean.
func journeyChecks() []CheckInfo {
	e, w := SeverityError, SeverityWarning
	return []CheckInfo{
		{"too-many-journeys", e, "There are more than 2,000 journeys."},
		{"too-many-steps", e, "A journey has more than 100 steps."},
		{"too-many-segments", e, "A journey is split by more than 8 segment keys."},
		{"bad-name", e, "A name has characters that a question cannot take, or is too long."},
		{"reserved-name", e, "An error class has the name of one of Felt's own outcome rules."},
		{"duplicate-journey", e, "Two journeys have the same name and app."},
		{"duplicate-step", e, "Two steps of a journey have the same name."},
		{"duplicate-name", e, "Two objectives, signals, KPIs, error classes, segment keys, sinks, or entries of the calendar or of maintenance have the same name."},
		{"service-of-two-apps", e, "A service is listed under two apps."},

		{"match-and-steps", e, "A journey has both steps and a match."},
		{"bad-match", e, "A match has none or several of interaction, span, log and any."},
		{"too-many-conditions", e, "A match has more than 200 conditions, or all files have more than 20,000."},
		{"no-condition", e, "A pattern has no condition and would hold for everything."},
		{"wide-match", w, "A pattern names neither service nor name nor attribute."},
		{"log-condition", e, "A pattern for log records asks for what only spans have."},
		{"bad-status", e, "An HTTP or gRPC status that does not exist."},
		{"hashed-identity", e, "A condition on the text of an identity, which is hashed at the door."},
		{"same-match", e, "Two steps of one journey match the same telemetry."},
		{"unreachable-rule", e, "An earlier journey's pattern takes everything that this one could match."},

		{"unknown-step", e, "success_when or action_plan names a step that the journey does not have."},
		{"never-ends", e, "A journey cannot reach its goal: all steps are optional, the goal is, or it is async without a timeout."},
		{"threshold-order", e, "The degraded threshold is not below the failed one."},
		{"threshold-gap", w, "A step or override replaces the journey's thresholds and loses one of them."},
		{"empty-where", e, "An override without a segment."},

		{"unknown-kpi", e, "A signal endangers a KPI that the journey does not have."},
		{"signal-without-kpi", w, "A signal endangers no KPI."},
		{"bad-source", e, "A signal says which points without a source, or a KPI without a metric."},
		{"bad-statistic", e, "The statistic above without a threshold, or with a limit."},
		{"bad-quantity", e, "A quantity has none or several of journey, event and metric."},
		{"not-measured", w, "A side of a KPI is given in words that nothing measures."},
		{"threshold-without-owner", w, "A signal has a threshold, and nobody owns it."},
		{"bad-objective", e, "A latency objective without a threshold, or another one with it."},
		{"objective-window", e, "An objective's window is longer than what is kept."},
	}
}

// otherChecks are of all that stands beside journeys, or in several places.
func otherChecks() []CheckInfo {
	e, w := SeverityError, SeverityWarning
	return []CheckInfo{
		{"bad-currency", e, "An amount without a currency, or a currency that is no ISO 4217 code."},
		{"bad-date", e, "reviewed is no date, or from or to of the calendar or of maintenance neither a date nor a time with its offset."},
		{"bad-link", e, "A link, or the address of a sink, is no http(s) address."},
		{"bad-day", e, "An entry of the calendar or of maintenance ends before it begins, lasts longer than until it comes again, or its factor does not go with what it expects; or a maintenance is about an empty list."},
		{"unknown-journey", e, "An entry of the calendar or of maintenance, or a sink, is about a journey that the inventory does not have."},
		{"too-many-days", e, "The calendar, or maintenance, has more than 200 entries."},
		{"too-many-sinks", e, "There are more than 50 sinks."},
		{"secret-in-file", e, "An address or key that is a secret stands in the inventory."},
		{"bad-secret", e, "What is given as the name of an environment variable, or as the path of a file, is none."},
		{"bad-sink", e, "A sink has a key that its kind does not have, an every that is too short or too long, a mention that Slack does not know, or a when with an empty list."},
		{"not-signed", w, "A webhook is not signed."},
		{"plain-http", w, "A sink on another machine is told without encryption."},
		{"never-told", w, "The conditions of a sink cannot hold together."},
		{"unknown-app", w, "An app that no journey is of, and one of nearly the same name is there."},
		{"past-maintenance", w, "A maintenance has ended."},
		{"bad-score", e, "All weights of the impact score are 0, the bounds of its priorities do not fall, or a segment key has no values."},
		{"unknown-segment", w, "Values of a segment key by which no journey is split, and one of nearly the same name is there."},
		{"given-twice", e, "impact_score or targets is there twice."},
		{"not-reviewed", w, "A journey was never reviewed, or not for 180 days."},
	}
}
