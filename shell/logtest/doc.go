// Package logtest is what every [felt.Log] must do, as one suite of tests.
//
// A log is the only place where something that Felt was told can be lost, so its
// promises are written once, here, and held against each implementation:
//
//   - everything acknowledged is read back, once, unchanged, in one order that all
//     readers share; a partition's reader sees that order with the others left out
//   - the records of one call stand next to each other, however many callers there are
//   - a reader waits for more, goes on from any place, and ends quietly with its context
//   - a full log takes nothing of a call, and loses nothing it has taken
//   - calls of control records alone are taken a while longer
//   - trimming never passes the place it is given, and never takes the newest record
//   - what was acknowledged survives kill -9
//
// Use it from a test:
//
//	func TestLog(t *testing.T) {
//		logtest.Run(t, func(t *testing.T, dir string, lim logtest.Limits) logtest.Log { ... })
//	}
//
// and for logs that survive the process, [RunDurable], and [RunCrash] with [Main] in
// TestMain: the test binary starts itself again as a child that appends and reports
// each acknowledgement, and kills it at a random moment, many times.
package logtest
