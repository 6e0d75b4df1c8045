package slo

import (
	"math"

	"github.com/felt-cx/felt"
)

// The kinds of objectives, as the inventory writes them.
const (
	KindSuccess    = "success"    // not failed, nor left after a failure, of all that were decided
	KindCompletion = "completion" // reached the goal, of all that were decided
	KindLatency    = "latency"    // reached the goal in time, of all that reached it
)

// Tally says how many of a window's tries were bad in the sense of an objective's kind, and of
// how many. More are those that counts do not tell from others: of success the ones that were left after
// a failure, of latency those that reached the goal slower than the objective's threshold.
func Tally(kind string, c felt.Counts, more int64) (bad, n int64) {
	switch kind {
	case KindCompletion:
		return c.Failed + c.Abandoned, c.Decided()
	case KindLatency:
		return more, c.Success + c.Degraded
	}
	return c.Failed + more, c.Decided()
}

// Evidence tells whether bad of n is enough to speak of, where a share is allowed; see the
// package page.
func Evidence(bad, n int64, allowed float64) bool {
	return bad >= MinBad && nats(count{bad, n}, allowed) >= -math.Log(Chance)
}

// nats is minus the logarithm of the chance of at least c.bad of c.n when each goes wrong
// with probability p: an upper bound of the chance (Chernoff), so the answer errs towards
// silence, and takes no loop. 0 when it is no more than expected.
func nats(c count, p float64) float64 {
	if c.n == 0 {
		return 0
	}
	n, q := float64(c.n), float64(c.bad)/float64(c.n)
	if q <= p {
		return 0
	}
	v := q * math.Log(q/p)
	if q < 1 {
		v += (1 - q) * math.Log((1-q)/(1-p))
	}
	return n * v
}
