// Package demo is a made-up shop: simulated customers, and the telemetry that their
// browsers and the shop's services would send, sent as real OTLP over HTTP.
//
// It is there so that a newcomer sees within a minute what Felt does, and so that a
// test can compare what Felt says with what is true. The simulator knows the truth: it
// keeps a ledger of every interaction that the server has accepted, and of whose it was.
// Ask the ledger for the distinct customers who failed at "checkout" since a moment, and
// Felt for the same, and the numbers must be equal.
//
// How it works, in four steps, one file each:
//
//	shop.go     customers come for a visit and search, look, buy; they retry what
//	            fails, or give up. Time is an argument, chance comes from a seed: the
//	            same seed and start give the same shop, customer by customer
//	trace.go    what they did becomes spans and logs: the browser's span says how it
//	            ended for the customer, the spans of the services carry the
//	            interaction's name (as baggage would) but know no outcome
//	outbox.go   browsers report a failure at once and hold back successes for some
//	            seconds; services report each second. Nothing of an interaction leaves
//	            before it has ended
//	sender.go   requests go out one after the other; when the server asks to wait, the
//	            sender waits and sends the same bytes again. Ids are the same too, so
//	            that a request whose answer was lost is counted once
//
// Three kinds of traffic keep Felt honest: customers, bots that fail often and must not
// be in any number, and webhooks that no browser ever sees and whose outcome is what the
// span's status says.
//
// A fault strikes some time after the start (fault.go): payments time out for customers
// in eu, so that most of their checkouts fail. It ends, and comes again every ten
// minutes, so that whoever looks sees something soon.
package demo
