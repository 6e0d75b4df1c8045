// Package detect notices that customers of a series fail more than they used to.
//
// It has one simple, honest detector, [FailedShare]. Every 10 seconds it looks at each
// series (environment, app, name) and asks: of the customers who tried in the last
// minute, how many failed at least once, and how surprising is that, given how things
// went in the hour before?
//
// # By customers, not by attempts
//
// One customer who retries ten thousand times is one customer. So n and k are distinct
// customers, and below a floor (20) the detector is silent: it neither opens nor ends a
// finding, because what is not known is never good.
//
// # By arrival, not by event time
//
// Browsers send failures at once and successes in 10-second batches. A fresh window of
// event time therefore looks all failed. The detector judges what became known in the
// last minute, in six slices of 10 seconds; what had ended long before it arrived is
// left out by the caller.
//
// # How surprising
//
// The baseline is the share of failing customers in the hour before the judged minute,
// plus a prior of one failed in a hundred, so that a series without a past has an
// expectation too. The statistic is the exact upper tail of the binomial distribution:
// the chance of k or more failing among n if each failed with the baseline's
// probability. A finding opens when that chance is at most 1e-6 and the share is also
// worth waking somebody for: at least twice the baseline and two points above it. The
// baseline is frozen while the finding lasts, so that a long outage does not become the
// new normal. The finding ends after six judgings in a row, each with enough customers,
// whose tail is above 1e-3. One exception keeps a series that has always failed a little
// from alarming for ever: a finding that opened when there was hardly a past, only the
// prior, ends after an hour, and what that hour showed is the baseline from then on.
//
// # Since when
//
// Once a finding opens, the last minute is cut into 10-second windows of event time. The
// run of windows up to now that is least likely under the baseline, and most likely
// under its own share, is when it began; the first failure in it is what people call
// first_bad.
//
// # How much is held
//
// Customers of the judged minute are held by 64 bits of their hash. A series with more
// than [SampleMax] of them in a minute is judged on a half, a quarter, ... of its
// customers, always the same ones, chosen by their hash: shares stay what they are.
package detect
