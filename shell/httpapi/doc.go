// Package httpapi answers questions from the store and takes people's commands to the
// log, over HTTP: what the page, scripts and other programs use.
//
// A question is a value: a scope (of=NAME, app/NAME, journey:NAME or step:NAME), a window
// (window=5m, or from and to), conditions (where=plan=pro, as often as needed) and an
// environment. Every answer repeats its question with a stable id, and says up to
// which place of the log it was made (as_of) and up to which moment of event time it
// is complete (complete_until). A name that was never seen is answered with zeros: it
// is not an error to ask early.
//
// The inventory adds words to the numbers: journeys with their titles and owners, funnels,
// what is seen and in no journey, what a pasted span would count as. It is asked for with
// every question ([Options.Rules]), because it may change at any time.
//
// What leads to one person is careful. A raw id is hashed, and is in no answer, error or log;
// the list of who was hit needs the scope act, and that somebody took it is on the log
// before its first byte leaves.
//
// A command (acknowledge, resolve) is a record on the log like everything else. The
// handler appends it, waits until the engine has taken it, and answers with the
// incident as it then is.
//
// Errors are problem documents (RFC 9457). The OpenAPI 3.1 document at
// /api/openapi.json is made from the Go types in this package, so it cannot be wrong. A
// parameter that a question does not know is an error that names the nearest one it
// does: form= for from= must not be answered as if it had not been asked.
//
// The route table is in routes.go; each family of questions has one file.
package httpapi
