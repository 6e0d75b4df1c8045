// Package keeper keeps the traces worth keeping: it is a second reader of the log, about
// a minute and a half behind the engine, that writes the spans of some traces to the store.
//
// Which traces those are nobody knows when their spans arrive. A failure is known when
// the customer's try ends, a journey's when it is given up. So the keeper lets the engine
// go ahead, asks the store which traces became worth keeping ([felt.TraceReader]), and
// only then reads what arrived meanwhile:
//
//	log ──────────────┬───────────── 90 s ─────────────┬──> engine ──> store
//	                  keeper reads here        KeptTraces up to here
//
// Of all other spans it reads no more than where they end.
//
// # Decided late
//
// A trace that becomes worth keeping after the keeper has passed its spans (a browser
// that was asleep, a correction, a journey that times out) waits for a second look:
// traces that wait are gathered, and the log is read again from where the first of them
// began, in pieces, and after each such pass there is a pause of some times its length.
// What the log no longer has is counted.
//
// # One row for one span
//
// A trace is held until nothing of it came for a while, so that its log records find
// their spans. The cursor stands in front of all that is held, and is written together
// with the rows. After a crash the keeper reads from there again; what the store has it
// keeps once. The tick until which no late trace waits any more is a cursor of its own.
//
// # Bounds
//
// Traces remembered, bytes held, traces that wait and spans of one trace are bounded;
// what a bound costs has a metric. A keeper that cannot get on lets the log be trimmed
// after a while ([Keeper.Hold]): better no spans than no telemetry.
package keeper
