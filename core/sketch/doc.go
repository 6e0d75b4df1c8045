// Package sketch remembers a crowd in a few bytes: how many distinct customers were in
// it ([Distinct]) and how long they waited ([Latency]).
//
// # Why sketches
//
// "How many customers felt this?" cannot be answered by adding. Ten customers who failed
// in this minute and ten who failed in the next may be twenty people, or the same ten who
// tried again. A percentile cannot be added either: the p95 of an hour is not the mean of
// its minutes. One must keep something that can be united. Keeping every customer and
// every duration is that something, and Felt does so for as long as interactions are kept;
// beyond that, a bucket keeps two sketches. A sketch is small, of bounded size, and the
// sketch of a whole is the union of the sketches of its parts, so that minutes make
// hours, partitions make a series, and nobody is counted twice.
//
// # Distinct customers
//
// A [Distinct] is exact as long as it can afford to be. Up to [ExactLimit] customers it
// holds a 48-bit print of each one: its count is a count, and its interval has no width
// (two of 1,536 customers share a print, and count as one, once in 200 million sketches).
// With one customer more it becomes a HyperLogLog of 16,384 registers. Each customer falls into
// one register, and the register remembers the longest run of leading zeros it has seen
// in a print. A run of k zeros is a one-in-2^k event, so long runs betray a large crowd.
// The standard error is 0.81 %, at any size, in 16 KB.
//
// [Distinct.Interval] says what that means for one answer: of a hundred crowds with an
// answer each, about 95 lie within their 95 % interval, and it is about 3.2 % wide. It
// covers the error of the sketch only. That the customers are all of them (sampling,
// blocked browsers), and that a customer is a person, are other questions.
//
// # Latencies
//
// A [Latency] counts durations in bins that grow by 2 % each: 35 in every doubling,
// 2,206 for everything from 0 ns to 292 years. A quantile is found by counting bins from
// below and is within 1 % of the duration that really has that rank, whatever the shape
// of the distribution, however many sketches were merged. Count, sum, least and greatest
// are exact.
//
// # One encoding
//
// AppendBinary is canonical: the bytes depend on what was added and on nothing else, not
// on the order, nor on how it was split and merged, nor on whether a sketch was encoded
// and parsed in between. So a snapshot and a restore give the same rows, two stores give
// the same number, and equal sketches can be compared as bytes. The first byte is a format version,
// the second says which sketch it is. Parsing accepts exactly what AppendBinary can have
// written; everything else is an error that wraps [ErrCorrupt]. No input makes it
// panic or take more memory than a sketch may have.
//
// # Why not a library
//
// Two good libraries exist, and the tests measure this package against both.
// axiomhq/hyperloglog says of its bytes that they depend on insertion order; it has no
// exact range and no interval. DataDog/sketches-go adds in floating point, where the sum
// depends on the order; its decoder takes memory for whatever index the input
// names and drops the errors of its bins. Bytes that are not canonical would break replay,
// and what reads a database must withstand a broken row. So the algorithms are theirs
// (HyperLogLog with Ertl's estimator, DDSketch), and the containers are ours.
//
// Neither type may be used from two goroutines at once, and neither may be copied after
// its first use but by Clone.
package sketch
