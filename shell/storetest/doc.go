// Package storetest holds every [felt.Store] to the same meaning: one suite, run by the
// store in memory (the reference), by DuckDB, and by every store to come.
//
//   - [Run] are the rules, one case each, with numbers that can be checked by hand:
//     a hundred customers who fail two or three times are a hundred.
//   - [Faulty] makes writes fail in the middle, at every step a store has, and writes
//     the same batches again, as the worker does: nothing may be lost or doubled.
//   - [Same] asks two stores with the same rows a stream of random questions, and
//     wants the same answers.
//
// Everything is observed through the port. Nothing here needs transactions, so a store
// without them can pass; what it must have is a way to see that a row was written
// before.
package storetest
