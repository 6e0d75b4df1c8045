// Package business reads what the business knows and telemetry does not: changes
// (deploys, flags, campaigns), what became of customers (orders, upgrades, tickets), and
// facts about them (plan, segment). It comes as CloudEvents, of the CDEvents vocabulary
// or of our own, or as CSV, and leaves as rows of [felt.Business].
//
//	Structured, Batch, Binary ──┐
//	                            ├─> Result: rows, and what was wrong with the others
//	CSV ────────────────────────┘        └─> Records: JSON for the log
//
// # Who a customer is
//
// An id is hashed here, with the same key, level and environment as at the door for
// telemetry, so that both join; nothing of it is left afterwards. Who has only the hash
// (from a list that Felt gave out) sends that. No message about a mistake repeats a
// value: columns get mixed up, and then it is an e-mail address that is not a number.
//
// # The same thing twice
//
// A row's id is derived, with the key, from who says it (the event's source, or the
// column source) and its name there; without a name, from the event's id or from all of
// the row. What is sent twice is therefore one row. A ticket of CDEvents is named by its
// subject: created, updated and closed, it is one ticket.
//
// # Mistakes
//
// Each is told with its place and field and what was wanted, all at once up to a bound.
// A body that cannot be taken apart is an error; an event or row that is wrong is a
// [Problem] and leaves the others alone: the caller decides whether they go in.
//
// CDEvents that say nothing of what customers meet (builds, tests, merges, ...) are
// counted as ignored, so that a pipeline can send all it has.
package business
