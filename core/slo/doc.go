// Package slo tells how fast an objective's error budget burns, and what is left of it.
//
// An objective says: 99.5 % of the tries at Checkout must be good, over 28 days. The other
// 0.5 % is the error budget: what may go wrong without breaking the promise. The burn rate
// is the share that goes wrong divided by the share that may: at 1 the budget is just used
// up when the window ends, at 14.4 an hour takes 2 % of a month.
//
// # When it speaks
//
// As the SRE workbook has it, three pairs of windows are watched ([Pairs]). A pair fires
// when the burn rate reaches its factor in the long window, so that it matters, and in the
// short one, so that it still goes on:
//
//	14.4x  over 1 h and 5 min    paging
//	 6x    over 6 h and 30 min   paging
//	 1x    over 3 d and 6 h      for working hours
//
// Windows that have only begun count as they are. So an objective guards a journey from
// its first minute, before any other test has learned what is usual. It is slow where
// little goes wrong, and blind to customers who do not arrive: other tests are for that.
//
// A promise of success is broken by who fails, and by who leaves after a failure: a journey of
// several steps ends in the second way. That they have left is known when its time-out has passed.
//
// # At low traffic
//
// With ten tries an hour and a target of 99 %, one failure is a burn rate of 10. So a pair
// fires only on evidence: at least [MinBad] bad ones in the long window, and a chance of at
// most [Chance] that so many of so many go wrong when the share is the allowed one. The
// chance is computed as if the tries were independent; at high volume they are not, but
// there the factor itself is far outside of what is usual.
//
// A pair that has fired lasts until its condition has not held for as long as its short
// window, counting only time in which somebody tried: unknown is never good. When nobody
// has tried for its whole long window there is nothing left to speak about, and it ends.
//
// # The budget
//
// [Budget] is over the objective's own window, rolling. What is left is told as a share of
// the budget (negative when overdrawn), as the number of tries or customers that may still
// go wrong, and as minutes of a whole outage. Of a window that is not yet full, the budget
// is that of the part that is known.
//
// # What is held
//
// Counts by minute for 6 hours, by hour for 3 days, and at most [BudgetSlots] slots of
// whole hours for the objective's window: 18 kB, whatever the volume. A window's start is
// therefore blurred by one slot: it ends now, and is up to one slot shorter than its name.
package slo
