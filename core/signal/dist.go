package signal

import (
	"math"
	"slices"

	"github.com/felt-cx/felt/core/otlp"
)

// maxScale is the finest scale at which exponential histograms are kept: buckets are then
// 2^(1/32), 2.2 %, wide. Finer ones are made coarser, so that instances take less room and
// what is merged has the same buckets.
const maxScale = 5

// minScale is the coarsest scale: one bucket holds everything above 1.
const minScale = -11

// dist is a distribution: how many values were in which bucket. Of a summary only count and sum.
type dist struct {
	count uint64
	sum   float64 // NaN: not sent
	// The least and greatest value, NaN unknown; of a delta only.
	min, max float64
	// Explicit buckets: pos has one count more than there are bounds. Bounds are shared and never changed.
	bounds []float64
	// Exponential buckets: pos[i] counts (base^(posAt+i), base^(posAt+i+1)], base being 2^(2^-scale).
	exp           bool
	scale         int32
	zero          uint64
	zeroThreshold float64
	posAt, negAt  int32
	pos, neg      []uint64
}

// explicit takes the values of a histogram; false when they make no sense.
func (d *dist) explicit(pt *otlp.Point) bool {
	if len(pt.Counts) != len(pt.Bounds)+1 && (len(pt.Counts) != 0 || len(pt.Bounds) != 0) {
		return false
	}
	for i, b := range pt.Bounds {
		if math.IsNaN(b) || math.IsInf(b, 0) || i > 0 && b <= pt.Bounds[i-1] {
			return false
		}
	}
	if math.IsInf(pt.Sum, 0) {
		return false
	}
	*d = dist{count: pt.Count, sum: pt.Sum, min: pt.Min, max: pt.Max, bounds: slices.Clone(pt.Bounds), pos: slices.Clone(pt.Counts)}
	if len(d.pos) > 0 {
		d.count = total(d.pos)
	}
	return d.count <= most
}

// most is how many values a distribution may have: beyond, floats no longer count.
const most = 1 << 53

// exponential takes the values of an exponential histogram; false when they make no sense.
func (d *dist) exponential(pt *otlp.Point) bool {
	if math.IsInf(pt.Sum, 0) || pt.Scale < minScale || pt.Scale > 64 || math.IsNaN(pt.ZeroThreshold) ||
		math.IsInf(pt.ZeroThreshold, 0) || pt.ZeroThreshold < 0 {
		return false
	}
	*d = dist{
		sum: pt.Sum, min: pt.Min, max: pt.Max, exp: true, scale: pt.Scale, zero: pt.Zero, zeroThreshold: pt.ZeroThreshold,
		posAt: pt.PositiveOffset, negAt: pt.NegativeOffset, pos: slices.Clone(pt.Positive), neg: slices.Clone(pt.Negative),
	}
	if math.MaxInt32-len(d.pos) < int(d.posAt) || math.MaxInt32-len(d.neg) < int(d.negAt) {
		return false
	}
	d.count = total(d.pos) + total(d.neg) + d.zero
	d.pos, d.posAt = trimmed(d.pos, d.posAt)
	d.neg, d.negAt = trimmed(d.neg, d.negAt)
	d.coarser(maxScale)
	return d.count <= most
}

func total(counts []uint64) uint64 {
	n := uint64(0)
	for _, c := range counts {
		n = min(n, most) + min(c, most) // no overflow
	}
	return n
}

// trimmed leaves out empty buckets at both ends.
func trimmed(counts []uint64, at int32) ([]uint64, int32) {
	for len(counts) > 0 && counts[len(counts)-1] == 0 {
		counts = counts[:len(counts)-1]
	}
	n := 0
	for n < len(counts) && counts[n] == 0 {
		n++
	}
	if n == len(counts) {
		return nil, 0
	}
	return counts[n:], at + int32(n)
}

// coarser brings an exponential distribution to a scale that is not finer than the given one.
func (d *dist) coarser(scale int32) {
	if d.scale <= scale {
		return
	}
	by := uint(d.scale - scale)
	d.pos, d.posAt = merged(d.pos, d.posAt, by)
	d.neg, d.negAt = merged(d.neg, d.negAt, by)
	d.scale = scale
}

// merged makes 2^by buckets one.
func merged(counts []uint64, at int32, by uint) ([]uint64, int32) {
	if len(counts) == 0 {
		return nil, 0
	}
	by = min(by, 31)
	first := at >> by
	out := make([]uint64, int((at+int32(len(counts))-1)>>by-first)+1)
	for i, c := range counts {
		out[(at+int32(i))>>by-first] += c
	}
	return out, first
}

// cells is how much room it takes.
func (d *dist) cells() int { return len(d.pos) + len(d.neg) }

// since gives what was added since an earlier state of the same distribution. fits is false
// when buckets are others than they were, ok when it has fewer of something: it began again.
func (d *dist) since(before *dist) (added dist, fits, ok bool) {
	if d.exp != before.exp || !slices.Equal(d.bounds, before.bounds) || len(d.pos) != len(before.pos) && !d.exp {
		return dist{}, false, true
	}
	if d.count < before.count || d.zero < before.zero {
		return dist{}, true, false
	}
	added = *d
	added.min, added.max = math.NaN(), math.NaN() // since the start, not since then
	added.sum = d.sum - before.sum
	if !d.exp {
		added.pos, ok = minus(d.pos, 0, before.pos, 0)
		added.count = d.count - before.count
		return added, true, ok
	}
	old := *before
	scale := min(d.scale, before.scale)
	added.coarser(scale)
	old.coarser(scale)
	var more, less bool
	added.pos, more = minus(added.pos, added.posAt, old.pos, old.posAt)
	added.neg, less = minus(added.neg, added.negAt, old.neg, old.negAt)
	added.pos, added.posAt = trimmed(added.pos, added.posAt)
	added.neg, added.negAt = trimmed(added.neg, added.negAt)
	added.zero = d.zero - before.zero
	added.count = d.count - before.count
	return added, true, more && less
}

// minus takes counts away, of buckets that begin at bt, from others that begin at at; false when
// some are not there.
func minus(a []uint64, at int32, b []uint64, bt int32) ([]uint64, bool) {
	out := slices.Clone(a)
	for i, c := range b {
		if c == 0 {
			continue
		}
		k := int(bt) + i - int(at)
		if k < 0 || k >= len(out) || out[k] < c {
			return nil, false
		}
		out[k] -= c
	}
	return out, true
}

// buckets yields every bucket that is not empty: (low, high] and its count. Of the values beyond
// the last bound nothing is known but that; they stand right behind it.
func (d *dist) buckets(yield func(low, high float64, n uint64)) {
	if !d.exp {
		d.explicitBuckets(yield)
		return
	}
	for i, n := range slices.Backward(d.neg) {
		if n > 0 {
			yield(-d.bound(d.negAt+int32(i)+1), -d.bound(d.negAt+int32(i)), n)
		}
	}
	if d.zero > 0 {
		low := 0.0
		if len(d.neg) > 0 {
			low = -d.zeroThreshold
		}
		yield(low, d.zeroThreshold, d.zero)
	}
	for i, n := range d.pos {
		if n > 0 {
			yield(d.bound(d.posAt+int32(i)), d.bound(d.posAt+int32(i)+1), n)
		}
	}
}

func (d *dist) explicitBuckets(yield func(low, high float64, n uint64)) {
	last := len(d.bounds) - 1
	if last < 0 && (math.IsNaN(d.min) || math.IsNaN(d.max)) {
		return
	}
	for i, n := range d.pos {
		if n == 0 {
			continue
		}
		var low, high float64
		switch {
		case last < 0:
			low, high = d.min, d.max
		case i == 0:
			if high = d.bounds[0]; high <= 0 {
				low = high
			}
			if d.min <= high {
				low = d.min
			}
		case i > last:
			low = d.bounds[last]
			if high = math.Nextafter(low, math.Inf(1)); d.max > low {
				high = d.max
			}
		default:
			low, high = d.bounds[i-1], d.bounds[i]
		}
		if low <= high {
			yield(low, high, n)
		}
	}
}

// bound is base^i, as far as there are numbers for it.
func (d *dist) bound(i int32) float64 {
	return min(math.Exp2(math.Ldexp(float64(i), -int(d.scale))), 1e300)
}
