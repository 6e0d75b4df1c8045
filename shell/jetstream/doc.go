// Package jetstream is felt.Log on NATS JetStream, embedded in the process: no
// port, no second program, one directory.
//
// # One order
//
// All partitions share one total order: messages are numbered from one, and each call
// of Append becomes one message (a large call becomes several). The subject says whose
// records it holds:
//
//	felt.log.<segment>.<part>    telemetry of one partition
//	felt.log.<segment>.control   control records
//	felt.log.<segment>.mixed     a group commit: several partitions, or both kinds
//
// A message is a frame: one format byte, then for each record its length (uvarint)
// and its envelope (felt.Record.AppendTo). There are no headers. A record's Seq is
// the message's number times 4096 plus its index in the frame, so Seqs grow along the
// log and have gaps.
//
// # Segments
//
// The log is cut into streams of up to 1 GiB (FELT-1, FELT-2, ...), in which the
// numbers go on. Only the last is written. After a crash the server reads again every
// stream that was written since its index was saved, and checks each record: 7 s for
// 4 GiB from a cold disk, which would be more than half a minute for one stream of
// 20 GiB. It also makes forgetting cheap: a whole stream goes at once.
//
// # Why a call is one message
//
// The server syncs with every message, before it acknowledges. A disk does a few
// hundred to a few thousand syncs a second, and each costs the CPU about as much as
// writing 64 KiB. So what is joined at the door must stay joined on the disk: with
// one message for each of five records the same data would cost five syncs. It also
// makes a call of up to 8 MiB all or nothing. JetStream's own atomic batches would
// give the same promise, but stage every batch in a directory of its own first.
// The price: whoever wants a single partition is handed the mixed frames whole and
// leaves out the rest. One process reads a log once, for all partitions, so nobody
// pays it here.
//
// # Reading
//
// What was appended last stays in memory (the tail, 16 MiB by default): a reader that keeps up
// is handed the appended records themselves, with no copy and no read, microseconds
// after the acknowledgement. Whoever is further behind reads the stream in pieces of
// 4 MiB by direct gets, which leave no state in the server, until it reaches the
// tail. That is why data must never be changed once it was given to Append.
//
// # Full, and forgetting
//
// The stream never forgets by itself: an engine that was down for a day finds
// everything. When the log has reached MaxBytes, or its disk less than MinFree,
// Append answers [felt.ErrFull] and nothing is added. Ticks and commands have a reserve
// of 1 MiB, and a quarter of MinFree: without ticks no reader would get on, nobody
// would snapshot, and nothing could be trimmed. Only [Log.Trim] lets go of records, never beyond the place it is given (which is what the slowest reader has
// safely behind it), and never of the last one, which carries the clock.
//
// # Crash
//
// An acknowledged record was synced. After a crash the server finds its files again
// and cuts off a message that was half written. One process owns a directory; a
// second one gets an error that says so.
package jetstream
