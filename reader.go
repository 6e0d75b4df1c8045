package felt

import "context"

// The readers: one small interface per family of questions. Every store answers all
// of them with the same numbers. A name that was never seen gives zeros, not an error.

// CountReader answers how much happened.
type CountReader interface {
	// Scopes lists the distinct scopes (app, name, kind) known in an environment, in
	// order of app and name; name "" lists all.
	Scopes(ctx context.Context, env, name string) ([]Scope, error)
	// ScopeStats gives one line for every scope known in the environment, also those
	// without an interaction in the window, in order of app and name.
	ScopeStats(ctx context.Context, q Question) ([]ScopeStat, error)
	// Points cuts the question's window into steps (multiple of 1 s), split by the segment key by
	// ("" = not split). Steps without interactions are left out. In order of start, then segment value.
	Points(ctx context.Context, q Question, step Instant, by string) ([]Point, error)
	// ScopePoints cuts the question's window into steps (multiple of 1 s) for every scope that
	// ScopeStats lists, and counts tries only: what a list of many small charts is made of, at the
	// price of one. Steps without interactions are left out. In order of app, name and kind, then start.
	ScopePoints(ctx context.Context, q Question, step Instant) ([]ScopePoint, error)
	// Leaves sums the interactions of the question by all by which they can be told apart at once:
	// service, release, flags and segments. Most tries first, then in order of those. Whatever is over the
	// question's limit of leaves is one more, the last, of which only that is told: [Leaf.Rest].
	// [ErrUnanswerable] when the window begins before the oldest interaction that is kept.
	Leaves(ctx context.Context, q LeafQuestion) ([]Leaf, error)
}

// CustomerReader answers how many customers.
type CustomerReader interface {
	// Impact counts distinct customers exactly from the interactions whenever they are
	// kept and few enough, else by sketches; see [Impact.Method]. What cannot be
	// answered is an error that says why.
	//
	// Customers are counted through links, here and in every other answer: an interaction
	// whose own identity is weaker than a user counts for whom its pseudonym, else its
	// session, else its installation is linked to, when that is a stronger one. A link that
	// leads to something that is linked itself leads on, once.
	Impact(ctx context.Context, q Question) (Impact, error)
	// Affected lists the customers with a failed or degraded interaction in the question's
	// scope, most failures first, then by customer; at most limit (100 when below 1), after
	// the given page ("" = first); next is "" on the last page. [ErrUnanswerable] when the window
	// begins before the oldest interaction that is kept.
	Affected(ctx context.Context, q Question, limit int, page string) (list []Affected, next string, err error)
	// Customer tells one customer's way: everything known of the identity and of what is
	// linked to it in the window, newest first, at most limit interactions (100 when below 1).
	// Nobody known by that hash is [ErrNotFound].
	Customer(ctx context.Context, env string, id Hash, w Window, limit int) (CustomerWay, error)
}

// JourneyReader answers how customers get through a journey.
type JourneyReader interface {
	// Funnel sums the journeys of the question's scope whose end (last activity, for open
	// ones) lies in the window. Kind 0 means journeys here. [ErrUnanswerable] when journeys of more than one
	// name are in scope, and when the window begins before the oldest interaction that is kept.
	Funnel(ctx context.Context, q Question) (Funnel, error)
}

// TraceReader answers what exactly happened.
type TraceReader interface {
	// Trace returns the kept spans of a trace in order of start, and the interactions
	// that name it. [ErrNotFound] when there is neither.
	Trace(ctx context.Context, id TraceID) ([]Span, []Interaction, error)
	// KeptTraces lists the traces of failed and degraded interactions, and of the share of
	// the others, that became known in ticks (after, upTo], each once. A trace is in the
	// share when the first eight bytes of its id, as a number, are below share * 2^64.
	KeptTraces(ctx context.Context, after, upTo Tick, share float64) ([]KeptTrace, error)
}

// BusinessReader answers what happened outside of telemetry.
type BusinessReader interface {
	// Changes lists the changes that began in the window, newest first.
	Changes(ctx context.Context, env string, w Window) ([]Change, error)
}

// InteractionReader answers which.
type InteractionReader interface {
	// Interactions lists newest first (by End, then ID), at most limit, after the given
	// page ("" = first); next is "" on the last page.
	Interactions(ctx context.Context, q Question, outcome Outcome, limit int, page string) (list []Interaction, next string, err error)
}

// OperationReader answers what the services did.
type OperationReader interface {
	// Operations lists the operations of a service ("" = all) that have spans in the
	// window, most errors first, then most calls.
	Operations(ctx context.Context, env, service string, w Window) ([]OperationStat, error)
	// Edges lists who called whom in the window, merged, in order of caller and callee.
	Edges(ctx context.Context, env string, w Window) ([]EdgeBucket, error)
	// OperationPoints cuts the window, which begins with the 10-second bucket that holds From, into steps (a
	// multiple of 10 s). Of more than [LinesMax] operations (service, name, kind) it tells of half as many
	// with most errors, and half as many with most calls. Steps without a call are left out. In order
	// of service, operation, kind, release and start. Services: of these only; none, of all.
	OperationPoints(ctx context.Context, env string, w Window, step Instant, services ...string) ([]OperationPoint, error)
	// EdgePoints does so with edges, in order of caller, callee, peer, whether it is a third party, and
	// start. Callers: those from these services only; none, all.
	EdgePoints(ctx context.Context, env string, w Window, step Instant, callers ...string) ([]EdgePoint, error)
}

// LinesMax bounds the operations, and the edges, of one answer in steps: their latencies are merged,
// which costs about a microsecond for each ten seconds of each.
const LinesMax = 400

// SignalReader answers what the technical series and business numbers of journeys did.
type SignalReader interface {
	// Signals lists the signals and KPIs of the scope's journey (Name; App "" any, and what names
	// no app is of every app) of which there is a value up to the window's end, cut into steps (a
	// multiple of 10 s). A value that became known up to an instant belongs to the step
	// that ends with it or later. In order of kind, app and name.
	Signals(ctx context.Context, scope Scope, w Window, step Instant) ([]SignalLine, error)
}

// FindingReader answers what detectors saw.
type FindingReader interface {
	// Findings lists findings, the newest opened first, then by ID.
	Findings(ctx context.Context, q FindingQuestion) ([]Finding, error)
}

// IncidentReader answers what people work on.
type IncidentReader interface {
	// Incidents lists incidents of an environment ("" any) in one of the given states (none = any),
	// highest score first, then newest.
	Incidents(ctx context.Context, env string, limit int, in ...IncidentStatus) ([]Incident, error)
	// Incident returns one, or [ErrNotFound].
	Incident(ctx context.Context, id string) (Incident, error)
	// Cohort lists the customers that an incident harmed, in order of their first harm, then of customer;
	// at most limit (100 when below 1), after the given page ("" = first); next is "" on the last page.
	// None, when the incident is not known.
	Cohort(ctx context.Context, incident string, limit int, page string) (list []IncidentCustomer, next string, err error)
}

// Reader answers every family of questions.
//
//nolint:interfacebloat // It is the sum of the families; who asks takes the one it needs.
type Reader interface {
	CountReader
	CustomerReader
	InteractionReader
	OperationReader
	FindingReader
	IncidentReader
	JourneyReader
	ObjectiveReader
	TraceReader
	BusinessReader
	SignalReader
}

// Store is what the embedded and the cluster stores are: a writer and all readers.
type Store interface {
	Writer
	Retainer
	Compactor
	Reader
	HistoryReader
	Close() error
}
