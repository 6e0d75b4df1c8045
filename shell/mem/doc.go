// Package mem keeps a Log and a Store in memory. They are the reference: small
// enough to be seen to be right, and held to the same suites (shell/logtest,
// shell/storetest) as the durable ones, so that a rule is written once and every
// implementation means the same by it. Tests of other parts run on them, and
// they can be told to fail.
//
//   - [Log] is a slice of records under a lock. Reading is walking the slice;
//     waiting is a channel that is closed when it grows.
//   - [Store] is a slice of rows for every kind. Questions are answered by
//     walking all of them, with no index and no SQL.
//
// Nothing here survives the process, and nothing is fast on purpose.
package mem
