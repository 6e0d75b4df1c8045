// Package analyse answers what the engine cannot: what stands behind an incident, for which history is
// needed. The engine has counts of the last minutes and no store; so it does not ask, and does not
// wait. This package sees that an incident is open, asks the store, lets the pure package core/evidence
// judge, and puts the answer on the log as a record. From there the engine takes it like any other
// record: a replay has it too, and decides the same.
//
// # When
//
// As soon as an incident's row can be read, and then again: what is known after twenty seconds is
// little, and after ten minutes it is stable. The rounds are at 0 s, 20 s, 1, 3, 10 and 30 minutes of the incident,
// and whenever it grew: another journey, or it was reopened. A resolved one is left alone.
//
// # What it must not do
//
// It never delays the engine: it only reads, a few incidents at a time, with a time-out, and never
// while the engine is behind or history runs through it. The more there is to read the longer it rests
// after a round, so that rows are still written while twenty incidents are open; only what nobody has
// looked at yet goes ahead of that. A store that fails is asked again, later each
// time. An answer that does not get onto the log is asked for anew, too.
package analyse
