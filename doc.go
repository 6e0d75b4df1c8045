// Package felt is the vocabulary of Felt: the words of customer-centric
// observability as Go types, and the ports behind which its parts meet.
//
// Felt answers two questions while an incident is still running: how many
// customers felt this, and what did it do to the business? It takes
// OpenTelemetry in, and follows one idea all the way: everything that can change
// what Felt knows is a [Record] on a durable [Log], and one deterministic engine
// turns that log, [Tick] by tick, into rows.
//
// Read the words in this order:
//
//   - [Record], [Tick], [Log]: how things come in and how time passes.
//   - [Interaction] and [Outcome]: one customer's try at something of value, and
//     how it ended for them.
//   - [Hash] and [IdentityLevel]: who the customer is, without keeping who they are.
//   - [Bucket], [OperationBucket], [EdgeBucket]: counts that merge.
//   - [Finding] and [Incident]: what a detector saw, and what people work on.
//   - [Batch] and [Writer]: how rows reach a store exactly once.
//   - [Question], [Impact] and the readers: how numbers are asked for, so that
//     every answer carries its window and its denominator.
//
// This package imports the standard library only and does no I/O. Package core
// and its children decide; package shell and its children touch the world; package
// app is the only place where they meet.
package felt
