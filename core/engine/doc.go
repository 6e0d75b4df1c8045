// Package engine is the deterministic machine in the middle of Felt: all records of one
// tick go in, rows come out.
//
// Everything that can change what Felt knows is a record on the log, and ticks of one
// second alone move time. So the engine needs no clock, no randomness, no goroutine and no
// disk, and replay, crash recovery and a bug report are the same thing: give it the same
// log, and it makes the same batches, byte for byte.
//
// # Three stages
//
//	telemetry of partition 0 -> Stage1(0) \   / Stage2(0) \
//	telemetry of partition 1 -> Stage1(1)  >-<  Stage2(1)  >-> Stage3
//	telemetry of partition 2 -> Stage1(2) /   \ Stage2(2) /
//
// Stage 1 is split by trace: events become interactions (package measure). Stage 2 is
// split by session, and for journeys by what they are correlated by: interactions become
// rows, journeys, links and buckets (package measure). Stage 3 is
// one: what became known is judged (package detect), and findings become incidents
// (package incident). Between stages there is a barrier per tick: stage n+1 takes what
// all partitions of stage n made of tick T, in partition order, and only then T+1. The
// rows therefore do not depend on the number of goroutines or machines.
//
// # Driving it
//
// [Engine.Run] does a tick in one goroutine and is the reference. A worker that wants
// more calls [Stage1.Apply] for telemetry as it comes, each partition from whatever
// goroutine it likes; then, when the tick is over, [Engine.Control] for the control
// records, Tick of every Stage1, Tick of every Stage2 with all that stage 1 gave, and
// Tick of Stage3. What a Tick hands over is valid until that stage's next Tick; batches
// belong to the caller.
//
// Most ticks of a quiet log need not be run at all: [Engine.Next] names the next one at
// which something is due (a trace settles, buckets are handed out, series are judged).
// Running the others anyway changes nothing.
//
// # Snapshots
//
// [Engine.WriteSnapshot] writes the whole state, open buckets and half-seen traces
// included, in one canonical encoding; [RestoreFrom] goes on from there as if nothing had
// happened. Both do so in pieces: the state may be a large part of the memory that the
// process has. Settings travel inside, because they came from the log as well. When a change of
// the code would give other rows for the same log, [Version] grows: batches get new
// ids, old snapshots are refused, and the log is read again.
package engine
