// Package cusum tells from counts, window after window, whether something became
// worse: more failures, slower answers, fewer customers.
//
// Every test here is a bank of CUSUMs (Page 1954): the logarithm of how much likelier
// the window is under "it got worse by this much" than under "it is as always" is
// summed, and starts again at zero whenever it would fall below. The sum is evidence
// in nats since the moment at which it last was zero, and that moment is the best
// guess of when the trouble began. No other test finds a lasting change sooner at the
// same number of false alarms (Lorden 1971). At two interactions a window it is the
// exact Bernoulli test; there is no least volume.
package cusum
