package incident

import (
	"math"

	"github.com/felt-cx/felt"
)

const (
	apart   = 2.0              // deviations that a recovery must lie below what began
	likeFor = 30 * felt.Minute // how long at most that is waited for
)

// like tells whether what is seen since customers seem to be back may as well be what began: when little
// more fails than is usual, five minutes of it are within the band, and it is not over. While such a
// finding lasts the recovery must be told from it, too.
func (l *live) like(t felt.Tick) bool {
	h := &l.heal
	if h.since == 0 || (t-h.since).Instant() >= likeFor {
		return false
	}
	least := 1.0
	for i := range l.row.Findings {
		f := &l.row.Findings[i]
		if f.Paging && f.Ended == 0 && f.Kind == felt.FindingFailed && f.Series.SegmentKey == "" && f.N > 0 {
			least = min(least, ratio(float64(f.Hit), float64(f.N)))
		}
	}
	if least >= 1 || l.lasting == 0 {
		return false
	}
	x := &h.stretch.of[kindFailed]
	return x.hit > x.n*least-apart*math.Sqrt(x.n*least*(1-least))
}
