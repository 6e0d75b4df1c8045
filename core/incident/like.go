package incident

import (
	"math"

	"github.com/felt-cx/felt"
)

const (
	apart   = 2.0              // deviations that a recovery must lie below what began
	above   = 1.0              // and may lie above what is usual, while what was found lasts
	likeFor = 30 * felt.Minute // how long at most that is waited for
)

// patience is how long customers must be back until it is over. What came back is not believed as soon as it was
// the first time: each turn of the last hours doubles it.
func (l *live) patience(t felt.Tick) felt.Instant {
	wait := healFor
	for _, w := range l.row.Calm {
		if w.To > (t - again).Instant() {
			wait = min(2*wait, likeFor)
		}
	}
	return wait
}

// like tells whether what is seen since customers seem to be back may as well be what began, or some of it: when
// little more fails than is usual, five minutes of it are within the band, and it is not over. While such a
// finding lasts the recovery must be told from it, and be as good as what is usual, too.
func (l *live) like(t felt.Tick) bool {
	h := &l.heal
	if h.since == 0 || (t-h.since).Instant() >= likeFor {
		return false
	}
	least, lasts := 1.0, false
	for i := range l.row.Findings {
		f := &l.row.Findings[i]
		if f.Paging && f.Ended == 0 && f.Kind == felt.FindingFailed && f.Series.SegmentKey == "" && f.N > 0 {
			lasts = true
			least = min(least, ratio(float64(f.Hit), float64(f.N)))
		}
	}
	if !lasts || l.lasting == 0 {
		return false
	}
	x := &h.stretch.of[kindFailed]
	if x.hit > x.expected+above*math.Sqrt(x.spread) {
		return true
	}
	return least < 1 && x.hit > x.n*least-apart*math.Sqrt(x.n*least*(1-least))
}
