// Package incident turns findings into what people work on.
//
// A finding says that a series looks bad; an incident is the one place where people
// follow it. There is at most one unresolved incident for each scope (environment, app,
// name): a finding in a scope that has one attaches to it, otherwise one of paging class opens a
// new one, also when the last one was resolved only minutes ago. It is of the finding's kind. What
// is not of paging class opens nothing, and keeps nothing open: it is there to be read.
//
// # Its life
//
//	open -> acknowledged -> resolved
//
// People acknowledge and resolve by commands. Resolving while a finding still lasts needs
// a reason; without one it is refused, and the refusal is noted in the timeline. When the
// last finding of paging class ends, the customers have recovered: the incident says so and resolves by
// itself. Commands for incidents that are resolved, or were never there, change nothing;
// all of them are rows, so that audit sees who asked for what. A command that carries an
// idempotency key already seen (of the last [KeysMax]) is ignored altogether.
//
// # Its number
//
// The row carries a running [felt.Impact]: distinct customers whose interactions ended
// at first_bad or later, and how many of them failed or were degraded. They are held
// exactly up to [ExactMax] customers, then in sketches, and the method says so. It is
// for lists and notifications; a question asked of the store is answered exactly. It only
// grows: an interaction that is corrected later from failed to success stays in it. The
// score is 100 times the share of customers failed.
//
// # One row a change
//
// A [Book] hands out an incident, with its next version, when something about it changed:
// at once for commands and findings, every ten seconds for numbers.
package incident
