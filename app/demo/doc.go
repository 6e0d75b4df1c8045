// Package demo is felt demo: a made-up web shop beside a real server, sent to it as real OTLP over
// HTTP. It is there so that a newcomer sees within a minute what Felt does, and so that a test
// can compare what Felt says with what is true. Customers, telemetry, faults and the ledger of
// what is true are package simulate's; this package decides what happens when.
//
//	past.go      four weeks of history: a thin past, then a launch, then two hours at the live
//	             rate, so that what is usual is known
//	demo.go      then what happens now, with a fault some time after
//	scenario.go  the shop, and what can go wrong in it: people choose on the page
//	handler.go   how far it is, what is true, another scenario, stop
//
// # From history to now
//
// A new data directory begins with the event clock: the log's clock follows the data, so that four weeks
// go through the engine as they would have gone live, only faster. When the past has caught up with the
// present, and the engine with the log, the log is switched to the wall clock, once, for ever,
// and the same customers go on.
//
// Of an interaction of the past one span is sent, which says how it went for the customer; all of its
// spans and logs, and with them operations, edges and kept traces, only in the last 70 minutes: an hour is
// what those views show, and what a fault is held against. Each request of the history says that
// another one follows, so that what the engine makes of it is the same on a machine that is busy.
//
// A demo that is started again on the same directory goes on with what happens now. One that was
// killed in the middle of its history continues it where the log ends: what is there stays, the rest
// is made anew, and the present is reached all the same.
package demo
