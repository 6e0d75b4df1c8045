// Package notify is the outgoing side: it reads the outbox and tells the sinks of the inventory.
//
// # What is promised
//
// A notification is delivered at least once, under the same id each time, and never again after the
// sink's 2xx was noted in the outbox. Between the 2xx and the note lies a moment in which a crash
// makes it be sent once more; the id is there so that a receiver can tell.
//
//	outbox ──> index ──> lane of a sink: one at a time ──> HTTP ──> noted in the outbox
//	                       │  the oldest that is due of each incident; order within an incident
//	                       └─ what fails waits: 1 s, 2 s, 4 s ... 5 min, with jitter
//
// Sinks do not wait for each other, and within a sink an incident does not wait for another one's
// retries; but what is told of one incident comes in order.
//
// # What becomes of an answer
//
//	2xx                          delivered, whatever becomes of the rest of the answer
//	429, 503 with Retry-After    the whole sink is left alone until then (seconds, or a date)
//	408, 425, 429, 5xx           tried again
//	no answer in 10 s, closed,
//	no connection, bad TLS       tried again
//	other 4xx, 3xx elsewhere     dead at once: it would be refused again
//	24 h of trying               dead
//
// What is dead stays in the outbox until somebody has it tried again. A notification that is older
// than 24 h when it is first looked at is dead too: after a stop of days, or an import of history,
// nobody is to be woken by it. One that is late, but less than that, says how late it is.
//
// # Secrets
//
// The address of an incoming webhook is a secret. It is read where the inventory says (a variable, a
// file) each time something is sent, and no log line, error, metric or answer has more of it than
// its host: errors of the HTTP client are taken apart, and what a receiver answers is searched for
// it.
package notify
