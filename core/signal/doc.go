// Package signal turns what senders say of metrics into values that can be judged: one every ten
// seconds for each signal of a journey, and the KPIs beside them.
//
// # Two halves
//
// A [Gatherer] stands in stage 1 of every partition. It picks the points whose metric the
// inventory maps, asks service and attributes, and copies what is needed: most points feed nothing and
// cost one look into a map. A [Book] stands in stage 3, of which there is one, and holds all state. So
// how points are spread over partitions cannot matter: they are taken in order of their streams, and
// within a stream as they came. What passes between the stages is bounded by what is mapped.
//
// # From points to differences
//
// Points of one stream (resource, scope and attributes; felt.sent_at left out) are one instance of the
// metric. What an instance says depends on the type:
//
//	gauge, sum that goes up and down   the value holds until the next; differences are added up
//	counter                            what was added since the point before
//	histogram, exponential histogram   what was observed since the point before
//	summary                            how many, and their sum; its quantiles as they are
//
// A difference (delta) says so itself. Of states (cumulative) the difference to the one before
// counts. A state began anew when it is lower, in any bucket, or says that it started after the one
// before; then all of it counts. That a start moved a little means nothing: clocks are corrected. The
// first state of a stream only begins it, unless it says that it is at most five minutes old.
//
// A point with the time of the one before was sent again; an older one came out of order: both change
// nothing. What is older than judge_late when it arrives says nothing about now, but what comes later
// is still held against it. The flag for no value takes the instance out until it has one.
//
// # From differences to values
//
// At the end of ten seconds of arrival in which something new was learnt of a signal it gets a value.
//
//   - Levels, and rates of counters a second, are those of all instances that still count, also of
//     those that sent nothing in these ten seconds: who sends once a minute counts all the time. One
//     that was silent for two and a half of its intervals (30 s to 5 min) no longer does. A rate is
//     taken over a second at least: what is sent right after a start is no measure of a second.
//   - Observations are those that became known in these ten seconds, of all instances. They make one
//     mixture, whatever buckets they came in: values are taken to be spread evenly within
//     each bucket, and quantiles and shares are those of the sum. A p95 is off by the width of the
//     bucket in which it falls; one above the last bound is the last bound. Exponential histograms
//     are kept at scale 5, 2.2 % a bucket, or as coarse as they came: senders bound how many buckets
//     there are, not how wide. A share above a threshold that is a bound is exact; of values beyond
//     the last bound nothing is known, so above a higher threshold there are none.
//   - A p95 of summaries is their quantile of 0.95, else the next higher, weighted by how many were
//     observed: the only thing to be had of them.
//
// Nothing is ever made up: where nothing came there is no value, and no zero. Only what counts and
// is known to be there (a counter that stands still, orders after the first) can be zero.
//
// # KPIs
//
// Both sides are summed until the denominator has 20, for a minute at least and an hour at most; then
// their ratio is told and counting begins anew, so that values do not overlap. Journeys
// begun and ended are those that became known in the time: a ratio of them may pass 1 for a while after a
// rush. Without a denominator it is the numerator by the minute, also when that is zero, until nothing
// came for an hour. Of metrics the increase counts, of levels the mean; one that holds and one that
// comes by are compared by the minute. A business event counts once, for an hour back, in the default
// environment: it has none of its own.
//
// # Bounds
//
// Signals, instances of one and instances of all are bounded by settings, buckets of
// distributions by 4 Mi in all. Whoever is silent makes room; what finds none is counted. An instance
// takes about 150 bytes, and 8 for every bucket when it sends states.
package signal
