// Package worker drives the engine: it reads the log, closes ticks, lets the three
// stages make their rows, and writes them to the store.
//
// A tick is closed by the first record that arrived after it; in a wall log that is
// the tick record that the door appends each second, in an event log any later
// record. Within a tick the partitions of a stage run side by side, and a barrier
// stands between the stages, so the rows do not depend on how many goroutines there
// are.
//
// # What survives what
//
// Three things make a crash harmless. The engine is deterministic, so reading the
// same records again makes the same batches. A store that has seen a batch skips it.
// And a snapshot file, whose name travels in the cursor row, says where to start
// again: state and rows can never be apart by more than what is read again.
//
//	log ──> gather ──> stage 1 ║ stage 2 ║ stage 3 ──> queue ──> store (rows + cursor)
//	                                  └──> snapshot file ───────────────┘ (its name)
//
// A snapshot is written, synced and renamed before its name is given to the store;
// two are kept. Without any the worker starts at the oldest record that the log still
// has; what the store has already seen is skipped, and the state comes back as far as
// the log reaches.
package worker
