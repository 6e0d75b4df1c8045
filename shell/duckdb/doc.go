// Package duckdb keeps Felt's rows in one DuckDB file and answers questions about
// them: the store that comes with the binary.
//
// # Why a column store
//
// "How many distinct customers failed to pay between ten and eleven?" reads three
// columns of a few million rows. DuckDB keeps each column apart, compressed, in
// groups of 122,880 rows with their least and greatest value, so the question
// touches the groups of that hour and the columns it names, on all cores. Rows
// arrive in order of time, more or less, and that alone makes "the last five
// minutes" fast: there is no index on interactions at all.
//
// # Writing
//
// One connection writes. [Store.Write] puts any number of batches into one
// transaction: rows through DuckDB's appender, the last tick of each (stage,
// partition), the cursor. After kill -9, either all of it is there or nothing, and
// because ticks only grow, a batch that comes a second time is known and skipped.
// An interaction that is corrected is deleted (found by id among the rows of the
// tick at which it first became known, which the zone maps narrow to a group or two)
// and appended again.
//
// # Shape of the rows
//
// Tables mirror the types of package felt. Three things differ, for size and speed:
//
//   - Environment, app, name, kind and traffic are one number, a row of table scopes.
//   - Segments are one text: US key RS value US key RS value US, in the order they
//     came. A condition is then a search for a piece of text, which is run once for
//     each different text of a block, not once for each row.
//   - A hash that is not known is NULL, so that counting distinct ones leaves it out.
//
// # Reading
//
// Readers have connections of their own and see the newest committed transaction;
// they never wait for the writer, nor it for them. Questions are the .sql files of
// this package. What people typed reaches DuckDB as bound parameters only; numbers
// that this package computed are written into the text, because a constant lets
// DuckDB skip groups of rows before it runs.
//
// # Coarse rows
//
// [Store.Compact] makes buckets of minutes, hours and days, those of single segment values,
// and customer days: package rollup says of what and when. A write notes the hours that it
// changes in table windows; what is stale there is made, and not answered from until it is.
//
// A trace is looked for in table traces, which has one row for it and the time of its
// spans, and then only among the rows of that time.
//
// Distinct customers are counted exactly while at most [Options.ExactLimit]
// interactions are in scope and all of them are still kept; beyond that the sketches
// of the buckets are merged in Go, and the answer says estimate.
//
// # Who is who
//
// Rows keep the identity with which they came. Whom it belongs to is looked up when a
// question is asked, in table links: one row for each weaker identity, with whom it leads to
// in the end, so that three joins answer it (by pseudonym, session and installation; a user's
// rows have no key to look for). An environment without links skips the joins. Sketches
// cannot be looked up: an estimate counts identities, and its interval says so.
package duckdb
