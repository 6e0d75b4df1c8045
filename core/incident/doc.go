// Package incident turns findings into what people work on: one incident for one cause.
//
// A finding says that one series looks bad. When a database falls, five hundred series do, and nobody is
// helped by five hundred alarms. A [Book] asks of each finding of paging class what speaks for it having
// the cause of an incident that is open: the scope or the journey is the same, the same requests or
// customers fail, the same release or region stands out, the app or its services are the same, it began
// in the same minute. Each is worth some points, and from enough of them on it joins; else it opens an
// incident of its own. Time alone is never enough for two findings. But the more come within a minute, the
// likelier it is that they have one cause, and so a storm is at most three incidents, while two faults
// that have nothing in common stay two, also in the same minute. What is not of paging class opens
// nothing: it is listed where it is about the same, to be read.
//
// What begins when the customers of an incident were back, or half way there, does not join it where it is of
// something else: other segment values stand out, a change came in between, another journey of the app fails.
//
// # Its life
//
//	open -> acknowledged -> resolved -> (open again, within two hours)
//
// It begins at first_bad, which is looked for backwards: the change point that makes the counts of the last
// quarter of an hour likeliest. Tests begin to count at any failure; looking back, all counts are known.
//
// # Its number
//
// An incident has scopes, worst first, and its customers are those of all of them, each once: who came
// since first_bad, who failed or was degraded, and what became of those who failed. They recovered when
// the same thing succeeded in time, are lost when the time passed without, else undecided. The harmed are
// handed out one by one ([felt.IncidentCustomer]), at most once a minute and when it is resolved. Up to
// [ExactMax] all are held exactly, then in sketches, and the method says so. Of a drop those who are
// harmed do not come: nobody is counted, and the finding says how many are missing.
//
// # Customers resolve it
//
// That a test has fallen silent does not mean that customers are back, and that it still speaks does not
// mean that they are not. An incident resolves by itself when for five minutes, and thirty outcomes, the
// shares that fail, leave, are degraded or wait, in all and in the segments that stood out, lay inside
// the band of expectation, and at least four fifths of the customers expected came. Last minute and whole
// stretch must hold: what is too little to be seen in a minute is seen in five. [felt.Recovery] says live
// how far it is and what is missing; where few come it may take hours, and it says that too. What people
// declared, people resolve. One of which nothing was heard for a day, and no finding lasts, is closed as
// unknown.
//
// People can resolve it before: that takes a reason. What they resolve stays so while the same findings
// last; what resolved by itself opens again when they become worse.
//
// # Who is told
//
// The first notification waits three ticks for what history says about the incident ([felt.Evidence]), then
// leaves without. Until there is evidence, changes nearby that touched what is hit are named as suspects:
// those that were told, and new releases seen in telemetry. Then reports follow when something is worth
// one, at most every five minutes unless the priority rises, and one when it is over. Under a silence or
// maintenance nobody is told; when that ends and the incident is still open, they are.
//
// # Bounds
//
// [OpenMax] incidents, [ScopesMax] scopes and [FindingsMax] findings of each, [LatelyMax] tries that went
// wrong lately, [ChangesMax] changes and [ReleasesMax] releases of a day, [SilencesMax] silences,
// [KeysMax] idempotency keys. What does not fit is counted ([Stats]). Of tries while nothing is open only
// those that went wrong cost anything.
//
// # One row a change
//
// A book hands out an incident, with its next version, when something about it changed: at once for
// commands, findings and evidence, every ten seconds for numbers.
package incident
