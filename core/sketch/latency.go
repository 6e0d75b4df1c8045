package sketch

import (
	"iter"
	"math"
	"math/bits"
	"slices"
	"unsafe"
)

// Latency holds the distribution of durations in nanoseconds, each to within 1 %. Its
// zero value is empty and ready to use.
//
// It has two forms. Narrow, counts holds the bins that are not empty in ascending
// order, the number of the bin above its count. Wide, counts holds one count for each bin
// of a window that begins at first. Most sketches see a few durations and stay narrow.
type Latency struct {
	counts       []uint64
	first        int32
	wide         bool
	count        uint64
	sumHi, sumLo uint64 // nanoseconds, 128 bits: 2^64 ns are but 500 million waits of 37 s
	min, max     int64  // nanoseconds, of no meaning while count is 0
}

const (
	countBits = 52               // of an entry of the narrow form; the rest is the number of the bin
	countMax  = 1<<countBits - 1 // a bin stays there: so that sums of counts cannot overflow, in any order

	narrowMax  = 32 // entries up to which the narrow form is searched faster than it is worth a window
	windowStep = 32 // a window begins and ends at a multiple
)

// Add counts a duration of ns nanoseconds weight times. A negative duration (clocks
// differ) counts as 0. A weight of 0 adds nothing.
func (l *Latency) Add(ns int64, weight uint64) {
	if weight == 0 {
		return
	}
	ns = max(ns, 0)
	weight = min(weight, countMax)
	hi, lo := bits.Mul64(uint64(ns), weight)
	l.note(ns, ns, hi, lo)
	l.bump(binOf(ns), weight)
}

// note takes the exact figures of durations whose bins are yet to be counted.
func (l *Latency) note(low, high int64, sumHi, sumLo uint64) {
	if l.count == 0 {
		l.min, l.max = low, high
	}
	l.min, l.max = min(l.min, low), max(l.max, high)
	var carry uint64
	l.sumLo, carry = bits.Add64(l.sumLo, sumLo, 0)
	l.sumHi += sumHi + carry
}

// bump adds weight, at most countMax, to a bin.
func (l *Latency) bump(bin int, weight uint64) {
	if !l.wide {
		l.bumpNarrow(bin, weight)
		return
	}
	i := bin - int(l.first)
	if uint(i) >= uint(len(l.counts)) {
		l.widen(bin, bin)
		i = bin - int(l.first)
	}
	c := &l.counts[i]
	weight = min(weight, countMax-*c)
	*c += weight
	l.count += weight
}

func (l *Latency) bumpNarrow(bin int, weight uint64) {
	entry := uint64(bin) << countBits
	i, end := 0, len(l.counts)
	for i < end {
		mid := int(uint(i+end) / 2)
		if l.counts[mid]|countMax < entry {
			i = mid + 1
		} else {
			end = mid
		}
	}
	switch {
	case i < len(l.counts) && l.counts[i]>>countBits == uint64(bin):
		weight = min(weight, countMax-l.counts[i]&countMax)
		l.counts[i] += weight
		l.count += weight
	case len(l.counts) < narrowMax:
		l.counts = slices.Insert(l.counts, i, entry|weight)
		l.count += weight
	default:
		l.widen(bin, bin)
		l.bump(bin, weight)
	}
}

// widen gives the sketch a window that holds the bins low to high and all that it has.
func (l *Latency) widen(low, high int) {
	old := *l
	if l.wide {
		low, high = min(low, int(l.first)), max(high, int(l.first)+len(l.counts)-1)
	} else if n := len(l.counts); n > 0 {
		low, high = min(low, int(l.counts[0]>>countBits)), max(high, int(l.counts[n-1]>>countBits))
	}
	low = low / windowStep * windowStep
	high = min((high/windowStep+1)*windowStep, bins)
	l.first, l.wide = int32(low), true
	l.counts = make([]uint64, high-low)
	for bin, n := range old.filled() {
		l.counts[bin-low] = n
	}
}

// filled yields the bins that are not empty, in ascending order, with their counts.
func (l *Latency) filled() iter.Seq2[int, uint64] {
	return func(yield func(int, uint64) bool) {
		for i, c := range l.counts {
			bin := int(l.first) + i
			if !l.wide {
				bin, c = int(c>>countBits), c&countMax
			}
			if c != 0 && !yield(bin, c) {
				return
			}
		}
	}
}

// Merge adds every duration of other, which it leaves as it is.
func (l *Latency) Merge(other *Latency) {
	if other.count == 0 {
		return
	}
	l.note(other.min, other.max, other.sumHi, other.sumLo)
	if other.wide {
		l.cover(binOf(other.min), binOf(other.max))
	}
	for bin, n := range other.filled() {
		l.bump(bin, n)
	}
}

// cover gives the sketch a window, if it has none yet that holds the bins low to high.
func (l *Latency) cover(low, high int) {
	if !l.wide || low < int(l.first) || high >= int(l.first)+len(l.counts) {
		l.widen(low, high)
	}
}

// Count is the number of durations, weights included.
func (l *Latency) Count() uint64 { return l.count }

// Sum is the sum of all durations in nanoseconds, exact but for the rounding of a float64.
func (l *Latency) Sum() float64 {
	return float64(l.sumHi)*(1<<64) + float64(l.sumLo)
}

// Min is the shortest duration in nanoseconds, exactly; 0 when there is none.
func (l *Latency) Min() int64 {
	if l.count == 0 {
		return 0
	}
	return l.min
}

// Max is the longest duration in nanoseconds, exactly; 0 when there is none.
func (l *Latency) Max() int64 {
	if l.count == 0 {
		return 0
	}
	return l.max
}

// Quantile is the duration in nanoseconds below which a share q of all lies: within 1 % of
// the one at place q x (count - 1), rounded down, of all in ascending order. A q outside of
// 0 to 1 counts as the nearer end. It is 0 when there is none: ask Count first.
func (l *Latency) Quantile(q float64) float64 {
	switch {
	case l.count == 0:
		return 0
	case !(q > 0): // NaN too
		return float64(l.min)
	case q >= 1:
		return float64(l.max)
	}
	rank := min(uint64(q*float64(l.count-1)), l.count-1)
	for bin, n := range l.filled() {
		if rank < n {
			return min(max(middle(bin), float64(l.min)), float64(l.max))
		}
		rank -= n
	}
	return math.NaN() // out of reach: the counts of the bins add up to the count
}

// Bin is a range of durations, both ends included, and how many are in it.
type Bin struct {
	Low, High int64 // nanoseconds
	Count     uint64
}

// Bins yields the bins that are not empty, in ascending order: a histogram.
func (l *Latency) Bins() iter.Seq[Bin] {
	return func(yield func(Bin) bool) {
		for bin, n := range l.filled() {
			if !yield(Bin{Low: lowest(bin), High: lowest(bin+1) - 1, Count: n}) {
				return
			}
		}
	}
}

// Reset empties the sketch and keeps its memory, and the window it has learnt to need.
func (l *Latency) Reset() {
	clear(l.counts)
	if !l.wide {
		l.counts = l.counts[:0]
	}
	l.count, l.sumHi, l.sumLo, l.min, l.max = 0, 0, 0, 0, 0
}

// Clone returns a copy that shares nothing with l.
func (l *Latency) Clone() Latency {
	c := *l
	c.counts = slices.Clone(l.counts)
	return c
}

// Size is the memory the sketch takes, in bytes, itself included: 72 when empty, at most
// 340 with 32 different durations, 1 to 2 KB as a rule, and 17.7 KB at most.
func (l *Latency) Size() int { return int(unsafe.Sizeof(*l)) + 8*cap(l.counts) }
