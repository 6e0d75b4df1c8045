// Package measure turns events into interactions, and interactions into numbers. It is
// stages 1 and 2 of the engine, and pure: the same events in the same ticks give the
// same rows.
//
// # What is one interaction?
//
// A customer pays once, and twenty spans tell of it: the browser's, the gateway's, the
// payment service's. Some of them carry felt.interaction.name: each such span is a
// claim. All claims with the same identity (environment, trace, name, key) are one
// interaction, and its id is a hash of that identity, so that it is known again when it
// is delivered twice or corrected.
//
// Who decides how it ended? A [Tracker] holds every trace until it settles (15 s
// after its last span) and applies, when a tick closes, these rules:
//
//   - A claim with an outcome, or without a parent, ends its interaction at once. Of
//     several, one with an outcome beats one without, then the later end, then the
//     larger span id.
//   - A claim without an outcome and with a parent may be a part of something larger:
//     baggage copies the name to back-end spans, and those arrive before the browser's.
//     It waits until its chain of parents reaches a root, else until the trace settles.
//     If an ancestor has the same identity it was a part of that and says nothing. If an
//     ancestor is another interaction it was a step of that. Otherwise it decides, of
//     several the one that ends last: failed if its status is ERROR.
//   - An interaction inside another one, with an outcome of its own, counts in its own
//     series and never in the outer one's.
//   - What comes later still makes a correction: the same id, the next version, the first
//     outcome and its tick kept. One that turns out to be a step of another is corrected to
//     cancelled, which is outside of every rate. Only who decides can change: a span
//     that merely knows more about the customer does not.
//
// What names no interaction is one when a rule of the inventory holds for it: a plain span,
// a browser event. Such a claim has the same identity as one that names itself, and one
// difference: within another interaction it is no step of that but counts in its own series,
// because the inventory asked for it by name. What of a rule depends on service, name and kind
// is asked once per operation, so that a span that no rule can match costs one look into a
// slice, however many rules there are.
//
// How did it end? An error class of its step that names an outcome goes before the outcome
// that was sent, and that before the status; a success that took too long is then degraded or
// failed. That a customer left or changed their mind is changed by no rule.
//
// A log record with an interaction's name is a claim too: a child of the span around it.
// Without a trace it is an interaction of its own, by session (else customer), name and
// key, or time where there is no key.
//
// # Whose is it?
//
// The deciding claim's identities, segments, release, journey and step are filled up from
// the other claims of the interaction, smallest span id first; identities also from
// any other span of the trace known when it is decided. The customer is the strongest
// of user, pseudonym, installation and session. One span that says test or bot makes the
// interactions of its trace test or bot.
//
// # Order does not matter
//
// Everything that arrived in a tick is looked at together when the tick closes, so rows
// do not depend on how requests were interleaved. testdata/interactions.txt is the
// table of all rules, and can be read; the test shuffles it.
//
// # What is remembered
//
// A settled trace is let go of, but for claims that were decided although their chain of
// parents had an open end: those stay for a while, hung below that end, because the ancestor may
// still come. Of every interaction 56 bytes are remembered (15 min), enough to know
// it again and to take its numbers back. A correction after its trace is gone is made
// of what came later alone. Spans, remembered interactions, operations, texts and series
// are bounded: what finds no room settles early, is forgotten early or counts as
// "other", and is counted as such.
//
// # Every span counts
//
// Interaction or not, a span counts into its operation (environment, service, name, kind,
// release) when it arrives. Self time, which is what its children do not cover, and
// edges, which are calls from service to service or to a peer that sends nothing, need the
// whole trace and follow when it settles, as rows of their own for the same window.
//
// # From interactions to buckets
//
// A [Counter] is stage 2 of one partition: by session, else customer, else id, so that
// everything a session did meets in one place. It makes the rows, in order of their
// ends, and sums 10-second buckets by event time: counts, customers, sessions and accounts
// as sketches, latencies. Buckets are deltas, handed out every ten seconds; a correction
// is -1 and +1. Sketches only grow: a customer who was corrected away stays in
// one until the question is answered from interactions.
//
// This is also where journeys will be told: a journey is an interaction whose parts are the
// interactions of one session, so it needs nothing that does not already arrive here in
// order, and its rows have the same shape and go the same way.
//
// With no inventory, names are discovered: a series begins when its name is first seen.
package measure
