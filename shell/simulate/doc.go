// Package simulate is a world whose truth is known: customers who behave like people, the
// telemetry that their browsers and the services behind would send, and faults that
// strike them. felt simulate and felt demo send it to a server; tests and benchmarks
// compare what Felt says with what is true.
//
//	scenario.go  who is in the world and what goes wrong, as YAML, read strictly
//	catalog.go   the businesses: a shop, a hosting platform, a fleet of apps
//	world.go     time, and who arrives: [World.Advance]
//	visit.go     what customers do: search, look, buy, go back, try again, give up, log in
//	fate.go      how each try ends, and how long it takes
//	shape.go     day and week, and minutes in which more fails than in others
//	strike.go    what faults do to tries
//	encode.go    tries as spans and logs of browsers and services, written as protobuf
//	outbox.go    who reports when: [Encoder]
//	metrics.go   what services measure meanwhile
//	ledger.go    what the server has accepted, and whose it was: [Ledger]
//	truth.go     questions to it: [Ledger.Truth], [Ledger.Damages]
//	sender.go    the way to a server
//	runner.go    all of it together, as fast as the clock: [Runner]
//
// # Time and chance
//
// The world has no clock: time is an argument, and chance follows from a seed. The same
// scenario, seed, start and steps give the same bytes. Steps may be of any length: a
// fifth of a second live, an hour for a history.
//
// A world can live faster: then customers arrive, think and live through days so many
// times as fast, but nothing takes less time, and faults strike and end on the clock of the
// wall, so that a detector has the same time to find them.
//
// # What is true
//
// A try that is delivered is in the ledger when the server has accepted the span that
// says how it ended. Customers are counted as Felt resolves them: by user, else by
// installation, else by session, and who logs in has been that user from the session's
// beginning. What a fault spoiled is marked by whom it was done to, so that [Damage] tells
// who was hit, when first and where, apart from what fails on any day.
//
// Failures are not independent: a minute in which more fails than usual is bad for all
// customers of a business, so that the binomial z of a minute has a standard deviation of
// 2.3 as on real streams (see restless in shape.go), and a test that believes in
// coin tosses raises false alarms.
package simulate
