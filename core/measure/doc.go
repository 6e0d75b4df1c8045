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
//     outcome and its tick kept. One that turns out to be a step of another is withdrawn: it
//     counts nowhere, as if it had never been ([felt.Interaction.Withdrawn]). Only who decides can change: a span
//     that merely knows more about the customer does not.
//
// A page that is killed says nothing. So each time it is hidden it says of every open try that
// this may have been all: a log record of the event felt.interaction.pending, with the trace, the
// span and the attributes that the try's span will have. What follows:
//
//   - A claim with an outcome, or without a parent, of the same identity takes its place.
//   - If none comes within pending_after (5 min) of the newest record, the try was abandoned (rule
//     pending, reason tab_closed unless the record has one) when its page was hidden last.
//   - One that comes later still corrects that. Such tries are remembered for late_max (24 h) instead of
//     15 min, so that the end that a browser kept while it was offline counts no second time.
//     Their number is bounded (twice open_pending); journeys are corrected only while they are held.
//   - While a try is open, claims of back ends below its span, or with its name in its trace, are
//     parts of it and decide nothing; what they decided before stands until it is closed.
//   - What finds no room (open_pending) is closed before its time, the oldest first.
//
// Detectors are not told of what is closed so: it is known minutes after it was true.
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
// failed. That a customer left or changed their mind is changed by no rule;
// who left after waiting longer than the degraded threshold left while it was slow.
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
// Of an open trace every span takes 48 bytes and every claim 300: what claims have in common, as
// names, services and segments, is held once. A settled trace is let go of, but for
// claims that were decided although their chain of parents had an open end: those stay for a while,
// hung below that end, because the ancestor may still come. Of every interaction 32 bytes are remembered (15 min), enough to know
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
// A [Counter] is stage 2 of one partition. What was decided is counted by session, else
// customer, else id, so that everything a session did meets in one place. It makes the rows,
// in order of their ends, and sums 10-second buckets by event time: counts, customers,
// sessions and accounts as sketches, latencies. Buckets are deltas, handed out every ten
// seconds; a correction is -1 and +1. Sketches only grow: a customer who was corrected
// away stays in one until the question is answered from interactions. Links are written when a
// session, installation or pseudonym is first seen with somebody stronger, and when that
// changes.
//
// With no inventory, names are discovered: a series begins when its name is first seen.
//
// # Journeys
//
// A journey is told from the tries of its steps that have the same key: environment,
// traffic, journey, and what it is correlated by (session, else customer; customer first; the
// instance; the trace). A try that has none of it is in no journey of several steps. Every try has a row of its own; the journey has one more, of
// the same shape, whose buckets are of kind journey. In the order of the ends of the tries:
//
//   - A try of any step opens a journey when none is open.
//   - It belongs to the open one if it ends within the journey's timeout after the last
//     activity. A step's own timeout takes that one's place for tries of this step. A journey
//     stays open for its timeout, or longer while the step that comes next has a longer one;
//     while that step is asynchronous, exactly for that step's. What comes next is the
//     first step needed for the goal behind the furthest one that has worked.
//   - It ends at the try that reaches the goal: the last required step worked (success or
//     degraded), all did, or the one that the inventory names. Earlier steps that are
//     missing change nothing. A success with a reason or an error class is an expected error (a
//     declined card): nothing of ours has failed, and the customer did not get through. A try that took longer than its step's timeout has failed,
//     unless the step is asynchronous.
//   - It was degraded if, in this order: a required step's last word was degraded; one failed
//     and then worked; an optional step's last word is failed; a required one's is; the whole
//     took longer than it may. The reason says which: step_degraded, retried,
//     optional_step_failed, step_failed, slow.
//   - After the goal and within the timeout, tries of steps behind the first required one are
//     pages loaded again: they change nothing. Those up to it begin the next journey.
//   - It failed at a try of a required step that failed and is not recoverable, or is
//     asynchronous.
//   - If nothing comes any more it ends when its time is over. Cancelled, if the last try
//     was; failed (timeout), if what comes next is asynchronous; else abandoned: after a
//     failure, if the last try failed; while it was slow, if that was degraded or slower
//     than its degraded threshold; as the try says, when that was abandoned and says more than
//     that they left, else as the try before it; else voluntarily. Its duration is that up
//     to the last try.
//   - Of a journey with one step, every try is a journey and ends as the try did.
//   - One that is taken out of the inventory ends the second after, at its last activity: cancelled
//     (rule withdrawn_journey), because nobody has left. It is sealed at once. One that is only
//     changed goes on under the definition with which it began: steps, order, time-outs.
//
// The row's customer is the strongest of its tries, the latest among equals; account,
// installation, session, release, segments and flags are filled from the first try on; its
// weight is the greatest, with that one's draw. Its value is that of the try that reached the goal, else the latest
// one sent, else the inventory's; where each interaction earns, the sum over the tries that
// worked. What was not completed keeps its value: it is what was at risk.
//
// # Nothing depends on the order of arrival
//
// All tries of a key are kept, sorted, until its journeys are sealed. Whatever comes, late or
// corrected, the key is told anew from all of them and compared with what was written: a
// row takes over the id of the first of its tries that had one, a row that is left over is
// withdrawn (rule merged). So the final rows are those of the final tries. The
// engine's tests tell everything a second time, plainly, and compare.
//
// A journey that ran out of time is written when settle has passed too. One that is open
// gets a row with the next buckets, and a new one once a minute if it changed.
//
// # How late a step may come
//
// A journey that has ended is held for journey_late (10 min) and settle longer, counted from
// when it ended, from the last page loaded again after its goal, or from when its row was
// written last, whichever is latest: one that ran out of time from its row. Whatever comes
// until then corrects it. Then it is sealed: its tries are let go of, and of the key are
// left two instants. What ended until the first, which is the end of what is sealed, and
// comes later is counted and dropped. Until the second, the timeout after its goal, what
// is no entry step is a page loaded again; which step is one, the inventory under which that
// was tried says. Both are forgotten when journey_late and settle have passed since the later
// one, and remember since the sealing; what comes later still begins a journey of its own.
//
// # What is held of it
//
// Between ticks a key is packed: 80 bytes to find it, know when it is due and who goes
// first, and a text without pointers: 20 bytes for a try, 35 for a row, 16 for every hash that
// is not the key; what many customers have in common (app, release, segments, flags) is
// held once. It is unpacked for the tick in which something comes for it. What is sealed
// takes 40 bytes. Half of an interaction's id stands for it here.
//
// When there is no room (open_journeys), keys of which every journey has ended go first, and
// they are sealed; then those of whoever did nothing for longest: what is open of them is
// cancelled (rule no_room), which is outside of every rate. Twice as many sealed ones are
// remembered. The oldest journeys of a key with more than journey_steps tries go likewise.
//
// # Which inventory
//
// A journey is told by the inventory under which its first try was decided, also when there is
// a newer one; further tries are known by the names of their steps. One that is gone from
// the inventory still ends. testdata/journeys.txt is the table of all of this.
package measure
