package signal

import (
	"cmp"
	"math"
	"slices"
)

// percentile is the one that is told.
const percentile = 0.95

// maxBuckets bounds the different buckets of one signal in ten seconds.
const maxBuckets = 4096

// mixture sums distributions with any buckets. Values are taken to be spread evenly within each
// bucket, so that buckets of different histograms need not be the same.
type mixture struct {
	n       map[[2]float64]uint64
	buckets []bucket // of n, in order, once asked
}

type bucket struct {
	low, high float64 // (low, high]; a single value when equal
	n         float64
}

// add adds a distribution; false when there is no room for it.
func (m *mixture) add(d *dist) bool {
	if len(m.n)+d.cells()+1 > maxBuckets {
		return false
	}
	if m.n == nil {
		m.n = map[[2]float64]uint64{}
	}
	m.buckets = nil
	d.buckets(func(low, high float64, n uint64) { m.n[[2]float64{low, high}] += n })
	return true
}

func (m *mixture) reset() {
	clear(m.n)
	m.buckets = m.buckets[:0]
}

// list gives the buckets in order, and how many values they have.
func (m *mixture) list() (buckets []bucket, n float64) {
	if len(m.buckets) != len(m.n) {
		m.buckets = m.buckets[:0]
		for k, c := range m.n {
			m.buckets = append(m.buckets, bucket{k[0], k[1], float64(c)})
		}
		slices.SortFunc(m.buckets, func(a, b bucket) int { return cmp.Or(cmp.Compare(a.low, b.low), cmp.Compare(a.high, b.high)) })
	}
	for i := range m.buckets {
		n += m.buckets[i].n
	}
	return m.buckets, n
}

// upTo is how many values are x at most; below: less than that.
func upTo(buckets []bucket, x float64, below bool) float64 {
	n := 0.0
	for i := range buckets {
		b := &buckets[i]
		switch {
		case b.low == b.high:
			if b.low < x || b.low == x && !below {
				n += b.n
			}
		case x >= b.high:
			n += b.n
		case x > b.low:
			n += b.n * ((x - b.low) / (b.high - b.low))
		}
	}
	return n
}

// quantile is the least value that at least the share q of all does not exceed.
func (m *mixture) quantile(q float64) (float64, bool) {
	buckets, n := m.list()
	if n == 0 {
		return 0, false
	}
	edges := make([]float64, 0, 2*len(buckets))
	for i := range buckets {
		edges = append(edges, buckets[i].low, buckets[i].high)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	want := q * n
	// The first edge up to which there are enough.
	i, _ := slices.BinarySearchFunc(edges, want, func(x, want float64) int {
		if upTo(buckets, x, false) < want {
			return -1
		}
		return 1
	})
	if i >= len(edges) {
		return edges[len(edges)-1], true
	}
	if i == 0 {
		return edges[0], true
	}
	before, here := upTo(buckets, edges[i-1], false), upTo(buckets, edges[i], true)
	if here <= want || here <= before {
		return edges[i], true
	}
	return edges[i-1] + (edges[i]-edges[i-1])*((want-before)/(here-before)), true
}

// above is the share of values above x.
func (m *mixture) above(x float64) (float64, bool) {
	buckets, n := m.list()
	if n == 0 {
		return 0, false
	}
	return max(1-upTo(buckets, x, false)/n, 0), true
}

// most is the end of the highest bucket that has a value.
func (m *mixture) most() (float64, bool) {
	buckets, n := m.list()
	high := math.Inf(-1)
	for i := range buckets {
		high = max(high, buckets[i].high)
	}
	return high, n > 0
}

// middle is the sum of all values, each in the middle of its bucket.
func (m *mixture) middle() float64 {
	buckets, _ := m.list()
	sum := 0.0
	for i := range buckets {
		sum += buckets[i].n * (buckets[i].low/2 + buckets[i].high/2)
	}
	return sum
}
