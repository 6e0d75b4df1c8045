// Package cusum tells from counts, window after window, whether something became
// worse: more failures, slower answers, fewer customers.
//
// Every test is a bank of CUSUMs (Page 1954). Each sums the logarithm of how much
// likelier a window is under "it got worse by this much" than under "it is as always",
// and starts again at zero whenever the sum would fall below. The sum is evidence in
// nats, and the moment at which it last was zero is the best guess of when the trouble
// began. No other test finds a lasting change sooner at the same number of false alarms
// (Lorden 1971). There is no least volume: at two interactions a window it is the exact
// Bernoulli test, and at 50,000 it is limited by what follows.
//
// What makes it work on real counts, where the textbook test raises two false alarms a
// day and series:
//
//   - Noise. Real shares vary more than chance. How much more is learned as the relative
//     variance of blocks of one and of five minutes, because neighbouring windows share
//     their deviation; tries then count as n / (1 + L n phi p / (1-p)), the effective size
//     of a beta-binomial with that intra-class correlation (type noise).
//   - Tails. The excursions of an ideal CUSUM exceed any level by one nat on average; those
//     of a real one by more, and by how much is learned too and divided away (type tail).
//     What was high enough for a finding and lasted is left out of this.
//   - Blips. Where noise rules, a share may double or triple for a minute. So evidence for
//     less than five times the odds opens nothing in its first minute; more than that does
//     at once.
//   - Calibration. An excursion rarely starts when windows hold little information, so the
//     rate of false findings is the drift times exp(-sum) (Siegmund 1985, ch. II). The
//     logarithm of the drift is added: x nats mean about exp(-x) false findings a window.
//   - Baseline. Discounted counts, half-life one hour, two minutes late, over a prior of a
//     day, over [Prior]. While there is a suspicion windows wait; a finding discards them.
//     After six hours a lasting finding is taken as the new normal and ends.
//   - Volume. The expectation is the smallest of several views: level and trend of the last
//     minutes, the same with the shape of earlier days, of the hour of the week once two
//     weeks are known, and of the calendar. All must call it a drop. And a level that rests
//     on few interactions counts as the sample it is.
//
// A finding ends after five minutes in which the windows speak for the baseline and
// against what was seen while it lasted.
//
// Everything is a function of the state, which is saved bit by bit, and of the windows:
// cut, saved and restored anywhere, a test says the same.
package cusum
