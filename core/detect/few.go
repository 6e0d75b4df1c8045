package detect

import (
	"math"
	"math/bits"
)

// few is the customers hit since some evidence began, in eight bytes: a bit for each, by their
// hash. It counts some dozens well enough and never too many when they are very few.
type few uint64

func (f *few) add(who uint64) { *f |= 1 << (who * 0x9e3779b97f4a7c15 >> 58) }

// atLeast tells whether there were n customers, about; exactly so for a single one.
func (f few) atLeast(n int) bool {
	set := bits.OnesCount64(uint64(f))
	if set >= n || set == 64 {
		return true
	}
	// So many bits are of about so many customers; rounded down.
	return set > 1 && n > 8 && -64*math.Log(1-float64(set)/64) >= float64(n)
}

// The evidence of hits counts a customer once in every window. It is of customers when they are
// at least floor, and one in repeats of the hits, until there are so many that it is plain.
const (
	repeats = 4
	plainly = 24
)

// of tells whether so many hits are of different customers: else one who fails and fails again
// would be the news, as soon as floor others had bad luck.
func (f few) of(hits float64, floor int) bool {
	return f.atLeast(max(floor, int(math.Min(hits/repeats, plainly))))
}
