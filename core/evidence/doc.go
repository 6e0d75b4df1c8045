// Package evidence finds what stands behind an incident: who is hit and who is not, what changed
// right before, which service it comes from, and what moved first. It judges plain rows; who asks for
// them is package shell/analyse. It does not decide that something is wrong, that is done before.
//
// # Who is hit
//
// "Which of a thousand combinations of region, browser, release and flag explains the failures?" is
// answered by a scan (Kulldorff 1997, Neill 2012). Tries are summed into cells, one for each
// combination that occurs. Each cell has a baseline of its own: the share that was bad before, drawn to
// what its attributes let expect where little is known of it. For a part of all tries, such as
// region=eu, suppose that the odds of being bad are multiplied by one factor in all of its cells, and
// nowhere else:
//
//	gain = log likelihood with the best factor - log likelihood with factor 1        (nats)
//
// All parts leave the other cells as they were, so gains can be compared: too small a part leaves
// failures unexplained, too large a part pays for cells that did not change. Every single value is
// looked at, every pair of the attributes that tell most, and the best pairs with a third if asked. A
// further attribute costs 5 % of the gain. The winner is moved to the part around it when the rest of that
// is worse too, and into a part of it when the rest is not. What it explains becomes the usual, and the
// scan is repeated: two causes at once are two answers. Below [MinGain] nothing is said; and when
// "everybody" explains as much as the parts together, nobody stands out, which is an answer too.
//
// Customers who do not come leave no bad tries. There counts are held against those before (Poisson,
// with twice its variance), and the factor is below 1.
//
// Who is spared must have tried often enough to say so: the upper end of the 95 % interval (Wilson) is
// below half of the lower end of those who are hit, and nothing tells that it is worse off than usual.
//
// # What changed
//
// Time alone convicts nobody: something is always deployed. A release, flag variant or region splits
// customers into those it touched and those it did not, in the same minutes: the control. Only if the
// touched fare worse does a change get a high score; if they fare the same it is cleared. When the
// touched are also in the part that is hit for another reason (a release that is out in one region
// only), they are compared within that part, or it is said that the two cannot be told apart. Where nobody was
// left untouched, the place speaks: the change is of a service that left its band right after it, while
// nothing that it calls did. Else "only the time speaks for it", with a score that no first line names.
// What began after the first failure is no cause. A release that nobody announced is found by its
// first span.
//
// # Where it comes from
//
// Each operation and each edge of the call graph has a band: the share of its errors before, and the median
// of the logarithms of its durations with the median deviation from it (windows of a minute, so that one
// bad minute does not widen it). Errors leave it by a likelihood ratio, durations by robust
// deviations above three, summed; where the sum over the rest is greatest, it began. From the service that
// customers meet, calls are followed to the deepest that is out of its band while nothing that it
// calls is: the origin. Durations blame callers, who wait; that is why the walk goes on. A callee
// without telemetry is told by its edge: a third party. None is an answer.
//
// # Numbers that are not probabilities
//
// A suspect's score says how much speaks for it, between 0 and 1. From .5 on it may be named to people in a
// first line.
package evidence
