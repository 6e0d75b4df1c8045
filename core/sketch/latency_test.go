package sketch_test

import (
	"bytes"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/DataDog/sketches-go/ddsketch"
	"pgregory.net/rapid"

	"github.com/felt-cx/felt/core/sketch"
)

// durations draws waits as they are (some hundred ms), at the edges of the integers, and of any size.
func durations() *rapid.Generator[int64] {
	return rapid.OneOf(
		rapid.Int64Range(200e6, 3000e6),
		rapid.Int64Range(0, 100),
		rapid.SampledFrom([]int64{0, 1, math.MaxInt64, math.MaxInt64 - 1, 1 << 62, 1<<62 - 1}),
		rapid.Custom(func(t *rapid.T) int64 { return rapid.Int64Min(0).Draw(t, "any") >> rapid.IntRange(0, 62).Draw(t, "by") }),
	)
}

// Every quantile is within 1 % of the duration that has its rank in the sorted list.
func TestQuantilesAgainstASortedList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(durations(), 1, 300).Draw(t, "durations")
		weight := rapid.Uint64Range(1, 5).Draw(t, "weight")
		var l sketch.Latency
		var sorted []int64
		sum := new(big.Int)
		for _, ns := range all {
			l.Add(ns, weight)
			for range weight {
				sorted = append(sorted, ns)
				sum.Add(sum, big.NewInt(ns))
			}
		}
		slices.Sort(sorted)
		n := len(sorted)
		exact, _ := new(big.Float).SetInt(sum).Float64()
		if l.Count() != uint64(n) || l.Min() != sorted[0] || l.Max() != sorted[n-1] || math.Abs(l.Sum()-exact) > 1e-15*exact {
			t.Fatalf("count %d min %d max %d sum %v; want %d %d %d %v", l.Count(), l.Min(), l.Max(), l.Sum(), n, sorted[0], sorted[n-1], exact)
		}
		for _, q := range []float64{-1, 0, 0.001, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1, 2, rapid.Float64Range(0, 1).Draw(t, "q")} {
			want := float64(sorted[int(min(max(q, 0), 1)*float64(n-1))])
			if got := l.Quantile(q); math.Abs(got-want) > 0.01*want {
				t.Fatalf("quantile %v of %d is %v, want %v within 1 %%", q, n, got, want)
			}
		}
	})
}

func TestLatencyOfNothing(t *testing.T) {
	var l sketch.Latency
	l.Add(5, 0)
	if l.Count() != 0 || l.Sum() != 0 || l.Min() != 0 || l.Max() != 0 || l.Quantile(0.5) != 0 {
		t.Errorf("empty: count %d sum %v min %d max %d median %v, want zeros", l.Count(), l.Sum(), l.Min(), l.Max(), l.Quantile(0.5))
	}
	l.Add(-7, 2) // clocks differ
	l.Add(10, 1)
	if l.Count() != 3 || l.Min() != 0 || l.Quantile(0.5) != 0 || l.Max() != 10 || l.Sum() != 10 || l.Quantile(math.NaN()) != 0 {
		t.Errorf("-7 ns twice and 10: %d durations from %d to %d, sum %v, median %v; want 3 from 0 to 10, 10, 0",
			l.Count(), l.Min(), l.Max(), l.Sum(), l.Quantile(0.5))
	}
}

// No number of durations makes counts overflow: a bin that is full stays full, in any order.
func TestLatencyBinsSaturate(t *testing.T) {
	const full = 1<<52 - 1
	for _, others := range []int64{0, 100} { // narrow and wide
		var a, b, c sketch.Latency
		for i := range others {
			a.Add(i*1e6, 1)
			b.Add(i*1e6, 1)
		}
		for _, ns := range []int64{1e12, 2e12, 1e12} {
			a.Add(ns, math.MaxUint64)
			b.Add(ns, full)
		}
		want := 2*full + uint64(others)
		if a.Count() != want || b.Count() != want {
			t.Errorf("two full bins and %d others count %d and %d, want %d", others, a.Count(), b.Count(), want)
		}
		c.Merge(&b)
		c.Merge(mustParseLatency(t, a.AppendBinary(nil)))
		a.Merge(&b)
		if got, want := c.AppendBinary(nil), a.AppendBinary(nil); !bytes.Equal(got, want) || c.Count() != a.Count() {
			t.Errorf("full bins merged: %x (count %d), another way %x (count %d)", got, c.Count(), want, a.Count())
		}
	}
}

// Sums go beyond 64 bits.
func TestLatencySumsAreWide(t *testing.T) {
	var l, both sketch.Latency
	for range 3 {
		l.Add(math.MaxInt64, 1<<40)
		l.Add(math.MaxInt64-12345, 1)
	}
	both.Merge(mustParseLatency(t, l.AppendBinary(nil)))
	both.Merge(&l)
	if want := 6 * 0x1p103; math.Abs(both.Sum()/want-1) > 1e-9 {
		t.Errorf("the sum is %v, want %v", both.Sum(), want)
	}
	l.Merge(&l)
	if got, want := both.AppendBinary(nil), l.AppendBinary(nil); !bytes.Equal(got, want) {
		t.Errorf("merged as bytes %x, with itself %x", got, want)
	}
}

// The same durations in any order, any split, through bytes or not, are the same bytes.
func TestLatencyIsCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(durations(), 0, 200).Draw(t, "durations")
		parts := make([]sketch.Latency, rapid.IntRange(1, 5).Draw(t, "parts"))
		var whole, merged, back sketch.Latency
		for i, ns := range all {
			w := uint64(i%3) + 1
			whole.Add(ns, w)
			parts[below(uint64(i), uint64(len(parts)))].Add(ns, w)
		}
		want := whole.AppendBinary(nil)
		for _, i := range rapid.Permutation(indices(len(parts))).Draw(t, "order") {
			part := parts[i].AppendBinary(nil)
			if rapid.Bool().Draw(t, "as bytes") {
				if err := merged.MergeBinary(part); err != nil {
					t.Fatalf("MergeBinary: %v", err)
				}
			} else if merged.Merge(&parts[i]); !bytes.Equal(parts[i].AppendBinary(nil), part) {
				t.Fatalf("Merge changed what was merged")
			}
		}
		if got := merged.AppendBinary(nil); !bytes.Equal(got, want) {
			t.Fatalf("%d parts merged: %x, the whole: %x", len(parts), got, want)
		}
		for i := range all {
			i = len(all) - 1 - i
			back.Add(all[i], uint64(i%3)+1)
		}
		if got := back.AppendBinary([]byte("dst")); !bytes.Equal(got[3:], want) {
			t.Fatalf("backwards: %x, forwards %x", got, want)
		}
		again := mustParseLatency(t, want)
		if got := again.AppendBinary(nil); !bytes.Equal(got, want) || again.Count() != whole.Count() || again.Sum() != whole.Sum() {
			t.Fatalf("parsed and encoded: %x, was %x", got, want)
		}
		again.Merge(again)
		whole.Merge(&merged)
		if got, want := again.AppendBinary(nil), whole.AppendBinary(nil); !bytes.Equal(got, want) {
			t.Fatalf("merged with itself: %x, with its equal %x", got, want)
		}
	})
}

func TestLatencyResetAndClone(t *testing.T) {
	for _, spread := range []int64{1, 10, 1000} {
		var l, fresh sketch.Latency
		for i := range int64(1000) {
			l.Add(i%spread*1e6, 1)
		}
		clone, want, size := l.Clone(), l.AppendBinary(nil), l.Size()
		l.Reset()
		if l.Count() != 0 || l.Max() != 0 || l.Size() != size || !bytes.Equal(l.AppendBinary(nil), fresh.AppendBinary(nil)) {
			t.Errorf("reset: %d durations up to %d, %d bytes instead of %d", l.Count(), l.Max(), l.Size(), size)
		}
		l.Add(3, 1)
		l.Add(5e9, 7)
		fresh.Add(5e9, 7)
		fresh.Add(3, 1)
		if !bytes.Equal(l.AppendBinary(nil), fresh.AppendBinary(nil)) {
			t.Error("used again: the bytes are not those of a new one")
		}
		if !bytes.Equal(clone.AppendBinary(nil), want) {
			t.Error("the clone changed with its original")
		}
	}
}

func TestLatencySize(t *testing.T) {
	var l sketch.Latency
	for i, c := range []struct {
		upTo                int
		mostSize, mostBytes int
	}{{1, 100, 16}, {30, 400, 100}, {1000, 2000, 350}, {100_000, 2500, 500}} {
		for l.Count() < uint64(c.upTo) {
			l.Add(waiting(l.Count()), 1)
		}
		if size, enc := l.Size(), len(l.AppendBinary(nil)); size > c.mostSize || enc > c.mostBytes {
			t.Errorf("%d: %d durations take %d bytes in memory, %d encoded; want at most %d and %d", i, c.upTo, size, enc, c.mostSize, c.mostBytes)
		}
	}
	for i := range 63 {
		l.Add(1<<i, 1)
	}
	l.Add(0, 1)
	l.Add(math.MaxInt64, 1)
	if l.Size() > 17_800 {
		t.Errorf("durations of all sizes take %d bytes", l.Size())
	}
}

// waiting is wait i of a service: log-normal with a median of 200 ms.
func waiting(i uint64) int64 {
	normal := 0.0
	for k := range uint64(12) {
		normal += float64(mix(i*12+k)>>11) / (1 << 53)
	}
	return int64(200e6 * math.Exp(0.5*(normal-6)))
}

func TestLatencyTakesNoMemoryOnceWarm(t *testing.T) {
	var narrow, wide sketch.Latency
	for i := range uint64(20_000) {
		wide.Add(waiting(i), 1)
		narrow.Add(waiting(i%20), 1)
	}
	encoded, buf := wide.AppendBinary(nil), make([]byte, 0, 10_000)
	i := uint64(0)
	noAllocs(t, "Add, narrow", func() { narrow.Add(waiting(i%20), 1); i++ })
	noAllocs(t, "Add, wide", func() { wide.Add(waiting(i%20_000), 1); i++ })
	noAllocs(t, "Merge, narrow into wide", func() { wide.Merge(&narrow) })
	noAllocs(t, "Merge, wide into wide", func() { wide.Merge(&wide) })
	noAllocs(t, "MergeBinary", func() { _ = wide.MergeBinary(encoded) })
	noAllocs(t, "AppendBinary", func() { buf = wide.AppendBinary(buf[:0]) })
	noAllocs(t, "Quantile", func() { wide.Quantile(0.95) })
	noAllocs(t, "Reset and Add", func() { wide.Reset(); wide.Add(waiting(1), 1) })
}

func TestBinsAreTheCounts(t *testing.T) {
	var l sketch.Latency
	for i := range uint64(5000) {
		l.Add(waiting(i), 2)
	}
	l.Add(0, 1)
	l.Add(math.MaxInt64, 3)
	total, before := uint64(0), int64(-1)
	for b := range l.Bins() {
		if b.Low > b.High || b.Low <= before || b.Count == 0 {
			t.Errorf("bin %+v after one that ends at %d", b, before)
		}
		if b.Low > 1000 && float64(b.High-b.Low) > 0.0201*float64(b.Low) {
			t.Errorf("bin %+v is wider than 2 %%", b)
		}
		total, before = total+b.Count, b.High
	}
	if total != l.Count() || before != math.MaxInt64 {
		t.Errorf("bins up to %d count %d, want %d", before, total, l.Count())
	}
	for range l.Bins() {
		break // a caller may stop
	}
}

// The reference: the library's sketch of the same accuracy over the same durations. Each
// is within 1 % of the truth.
func TestLatencyAgreesWithTheReference(t *testing.T) {
	ref, err := ddsketch.LogCollapsingLowestDenseDDSketch(0.01, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var l sketch.Latency
	for i := range uint64(50_000) {
		l.Add(waiting(i), 1)
		if err := ref.Add(float64(waiting(i))); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range []float64{0.01, 0.5, 0.95, 0.99, 0.999} {
		want, err := ref.GetValueAtQuantile(q)
		if got := l.Quantile(q); err != nil || math.Abs(got/want-1) > 0.0202 {
			t.Errorf("quantile %v is %v, by the reference %v (%v)", q, got, want, err)
		}
	}
	if float64(l.Count()) != ref.GetCount() {
		t.Errorf("count %d, by the reference %v", l.Count(), ref.GetCount())
	}
}
