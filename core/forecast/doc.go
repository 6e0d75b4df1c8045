// Package forecast judges values over time: KPIs, and technical signals such as a
// queue's length or a disk's fill. It says when a value is not what it used to be
// ([Value.Step]), how small a change it would see ([Value.Smallest]), and when a
// value on its way to a limit gets there ([Value.Until]). It knows nothing of
// series or findings, has no clock, and takes any step from ten seconds to an hour,
// regular or not.
//
// # What is expected
//
// The expected value is a local level plus a season. The level follows the last hour,
// or the last three points where they are sparser. The season is the median of the
// last five days at the same ten minutes or, once there are two weeks, of the last
// five weeks at the same hour; it is used only while it cuts the error that the level
// alone makes to four tenths, so a series without a daily shape is never judged by one.
// Both learn at full speed in ordinary times and at a third of it while an alarm is
// open, and a single point moves them by no more than six usual errors. (Local level
// and trend residuals beat learned models on operations data: Paparrizos et al.,
// TSB-UAD, VLDB 2022; Liu and Paparrizos, TSB-AD, NeurIPS 2024. Bounding a point's
// pull: Huber 1964; Gelper, Fried and Croux, robust Holt-Winters, 2010.)
//
// # What is unusual
//
// Four statistics are looked at, up and down apart, since upward spikes may be daily
// bread where a fall is news: the error of the single point against the level of the
// last hour, and the mean error against the slow level of the last week over about
// 3, 6 and 64 points. A bank of exponentially weighted means is the two-sided
// counterpart of a CUSUM bank: each finds shifts of one size soonest (Lucas and
// Saccucci, Technometrics 1990). All are counted in usual errors.
//
// None of them is compared with a number of sigmas. Each is ranked in its own past:
// the largest value of each block of two hours goes into a histogram that forgets
// over 100 days, and the chance of a block with a larger one is read off it, beyond
// the largest tenth along a Pareto tail fitted to that tenth (peaks over threshold:
// Pickands 1975; Siffer et al., SPOT, KDD 2017; Hill 1975 for the exponent). That is
// a conformal p-value (Vovk et al. 2005; Laxhammar and Falkman 2010 for series) that
// goes on where the ranks end. Maxima of blocks, because points of one excursion are
// one piece of evidence. A prior worth 40 blocks with a tail of exponent 3 speaks
// until the series has a past of its own; no alarm opens before 30 points and two
// blocks. So heavy tails, drift and
// self-correlation raise a series' own bar, and the rate of alarms is about the same
// for all: about none on noise without memory, one in ten days where tails are heavy.
//
// The statistic is minus the logarithm of the number of such blocks expected in a
// day; at [Rule].Open nats an alarm opens.
//
// # One alarm per incident
//
// An alarm lasts until the statistic has been a nat below the threshold for an hour,
// or two points. After a day, or 24 points, whatever is, is the new normal. A return
// to what was normal before, within a week, is no alarm.
//
// Values are judged as they are. Logarithm, and the inverse hyperbolic sine round the
// usual size, were tried for values that are never negative: what people mean by an
// incident is large in the value's own unit, and both halved what was found.
//
// # What it takes
//
// A Value is 13 KiB whatever it has seen, and Save writes 4 KiB of it after a day and up
// to 12 KiB after some weeks. A step takes one to two microseconds on a busy machine and
// allocates nothing.
package forecast
