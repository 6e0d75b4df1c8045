package felt

// Settings are the numbers that reach the engine. They travel on the log
// ([KindSettings]) so that a replay decides as the first run did; whatever is not
// here cannot change a row.
type Settings struct {
	Version      int64   `json:"version"`        // grows with every change
	Partitions   int     `json:"partitions"`     // fixed when the data directory is made; 1..[MaxParts]
	Clock        Clock   `json:"clock"`          // fixed likewise
	Settle       Instant `json:"settle"`         // how long after its trace's last span an undecided span waits
	LateMax      Instant `json:"late_max"`       // older events are rejected in a wall log
	JudgeLate    Instant `json:"judge_late"`     // older events are counted but not judged
	Remember     Instant `json:"remember"`       // how long an interaction's id is remembered against re-delivery
	JourneyLate  Instant `json:"journey_late"`   // how late a step may come and still correct a journey that has ended; Settle is added
	Recovery     Instant `json:"recovery"`       // the recovery_window
	PendingAfter Instant `json:"pending_after"`  // after so long without its end a try whose page said that it might be gone was abandoned
	OpenPending  int     `json:"open_pending"`   // bound on such tries, over all partitions; twice as many closed ones are remembered for LateMax
	OpenSpans    int     `json:"open_spans"`     // bound on spans held for their traces, over all partitions
	OpenTries    int     `json:"open_tries"`     // bound on remembered interactions, over all partitions
	SeriesMax    int     `json:"series_max"`     // bound on series of interactions; further names count as "other"
	OpsMax       int     `json:"operations_max"` // bound on operations and on edges; further ones count as "other"
	SegmentMax   int     `json:"segment_values"` // K values per segment key and series; further ones are "other"
	FloorClients int     `json:"floor_hit"`      // the fewest different customers hit since the evidence began, for a finding; 1..32
	OpenJourneys int     `json:"open_journeys"`  // bound on customers' journeys held to be told or corrected, over all partitions; twice as many sealed ones are remembered
	JourneySteps int     `json:"journey_steps"`  // bound on steps held of one customer in one journey; the oldest are sealed first
	KnownLinks   int     `json:"known_links"`    // bound on links remembered so that they are not written again

	Signals         int `json:"signals"`          // bound on signals that are measured, and on KPIs, each environment for itself
	SignalInstances int `json:"signal_instances"` // bound on the instances (streams of points) of one signal
	SignalStreams   int `json:"signal_streams"`   // bound on the instances of all signals

	// FalsePages is how often a day, over everything, a finding may page for nothing; 0: one in a week.
	FalsePages float64 `json:"false_pages,omitempty"`
	// SilentAfter is the least time for which all telemetry of an app that is heard all the time must be
	// missing until that is told; 0: two minutes.
	SilentAfter Instant `json:"silent_after,omitempty"`
}

// DefaultSettings are sane for one machine.
func DefaultSettings() Settings {
	return Settings{
		Version: 1, Partitions: 4, Clock: ClockWall,
		Settle: 15 * Second, LateMax: 24 * Hour, JudgeLate: 60 * Second,
		Remember: 15 * Minute, JourneyLate: 10 * Minute, Recovery: 30 * Minute,
		PendingAfter: 5 * Minute, OpenPending: 50_000,
		OpenSpans: 4_000_000, OpenTries: 2_000_000, SeriesMax: 20_000, OpsMax: 100_000,
		SegmentMax: 50, FalsePages: 1.0 / 7, SilentAfter: 2 * Minute, FloorClients: 4,
		OpenJourneys: 450_000, JourneySteps: 512, KnownLinks: 200_000,
		Signals: 2000, SignalInstances: 1000, SignalStreams: 50_000,
	}
}

// Command is what a person or a machine asked for; it takes effect at the next tick
// and is kept for ever with who gave it.
type Command struct {
	Time   Instant `json:"time"`
	Actor  string  `json:"actor"` // who: a user's name, a token's name, "anonymous"
	Via    string  `json:"via"`   // api, page, slack, cli
	What   string  `json:"what"`  // incident.acknowledge, incident.resolve, ...
	Target string  `json:"target"`
	Reason string  `json:"reason,omitempty"`
	// Args are what else the command needs, by name; see the commands.
	Args           map[string]string `json:"args,omitempty"`
	IdempotencyKey string            `json:"idempotency_key,omitempty"` // a second one with the same key is ignored
}

// The commands of [Command.What].
const (
	CommandAcknowledge = "incident.acknowledge"
	CommandResolve     = "incident.resolve"
	// CommandDeclare: people say that there is an incident. Target is its id, which the door makes. Args:
	// env, app, name, kind (step, journey), title, first_bad (RFC 3339; the moment of the command when
	// it is not given), priority. Reason: what is wrong.
	CommandDeclare = "incident.declare"
	// CommandCommander: Args commander takes command; "" gives it back.
	CommandCommander = "incident.commander"
	// CommandNote: Reason is a line for the timeline; Args kind is note (default), marker, update or decision.
	CommandNote = "incident.note"
	// CommandMitigated: what hurts customers is stopped; Reason says how.
	CommandMitigated = "incident.mitigated"
	// CommandCause: the cause is understood. Args change, service; Reason is the note.
	CommandCause = "incident.cause"
	// CommandPriority: Args priority (P1 to P5, "" by the score again).
	CommandPriority = "incident.priority"
	// CommandVerdict: Args verdict (real, noise, duplicate), of (the incident that it is a duplicate of).
	CommandVerdict = "incident.verdict"
	// CommandSilence: nobody is told of incidents in a scope. Target is the silence's id. Args: env, app, name
	// ("" any), until (RFC 3339). Reason is needed.
	CommandSilence = "silence.add"
	// CommandUnsilence ends a silence before its time; Target is its id.
	CommandUnsilence = "silence.end"
	// CommandSinkTest: a sink, Target, is sent a test. CommandRetry: a notification that was given up,
	// Target, is tried again; of all of a sink, Args sink and no Target. Neither changes anything in the
	// engine; they are kept for audit.
	CommandSinkTest = "sink.test"
	CommandRetry    = "notification.retry"
	// CommandDisclose: somebody took the list of affected customers of a scope; Target is
	// the question, Reason why. It changes nothing and is kept for audit.
	CommandDisclose = "customers.disclose"
)

// Silence is a time in which nobody is told of incidents in a scope; they are opened and shown all the
// same.
type Silence struct {
	ID             string `json:"id"`
	Env, App, Name string // "" any
	From, Until    Instant
	Reason         string `json:"reason"`
	Actor          string `json:"actor"`
}
