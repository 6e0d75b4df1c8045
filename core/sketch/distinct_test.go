package sketch_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/axiomhq/hyperloglog"
	"pgregory.net/rapid"

	"github.com/felt-cx/felt/core/sketch"
)

func TestDistinctCountsExactlyUpToTheLimit(t *testing.T) {
	var d sketch.Distinct
	for n := range uint64(sketch.ExactLimit) + 1 {
		low, high := d.Interval(0.95)
		if !d.Exact() || d.Count() != n || d.Estimate() != float64(n) || low != n || high != n {
			t.Fatalf("%d customers: exact %v, count %d, estimate %v, interval %d to %d", n, d.Exact(), d.Count(), d.Estimate(), low, high)
		}
		for range 3 { // retries are not customers
			d.Add(customer(1, n))
		}
	}
	low, high := d.Interval(0.95)
	n := uint64(sketch.ExactLimit + 1)
	if d.Exact() || d.Count() < n || low < n || high <= n {
		t.Errorf("%d customers: exact %v, count %d, interval %d to %d; want an estimate that knows there are more than %d",
			n, d.Exact(), d.Count(), low, high, sketch.ExactLimit)
	}
}

// Hashes are meant to be keyed, but nothing may break when they are not: trace ids with an
// empty half, counters in a test.
func TestDistinctMixesPoorHashes(t *testing.T) {
	shapes := map[string]func(i uint64) [16]byte{
		"counter in front": func(i uint64) (h [16]byte) { binary.LittleEndian.PutUint64(h[:], i); return h },
		"counter at end":   func(i uint64) (h [16]byte) { binary.BigEndian.PutUint64(h[8:], i); return h },
		"both halves": func(i uint64) (h [16]byte) {
			h = [16]byte(bytes.Repeat(binary.BigEndian.AppendUint64(nil, i), 2))
			return h
		},
		"stride of 2^32": func(i uint64) (h [16]byte) { binary.BigEndian.PutUint64(h[4:], i<<20); return h },
	}
	for name, shape := range shapes {
		var d sketch.Distinct
		for i := range uint64(200_000) {
			d.Add(shape(i))
			if i+1 == 1000 && d.Count() != 1000 {
				t.Errorf("%s: 1000 customers counted as %d", name, d.Count())
			}
		}
		if e := d.Estimate()/200_000 - 1; math.Abs(e) > 0.03 {
			t.Errorf("%s: 200,000 customers counted as %d, %.1f %% off", name, d.Count(), 100*e)
		}
	}
}

// The same customers in any order, any split, through bytes or not, are the same bytes.
func TestDistinctIsCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		crowd := rapid.Uint64().Draw(t, "crowd")
		n := rapid.OneOf(rapid.Uint64Range(0, 50), rapid.Uint64Range(sketch.ExactLimit-3, sketch.ExactLimit+3),
			rapid.Uint64Range(0, 6000)).Draw(t, "customers")
		ids := rapid.Uint64Range(1, n+1).Draw(t, "distinct ids")
		parts := make([]sketch.Distinct, rapid.IntRange(1, 6).Draw(t, "parts"))
		seen := make(map[uint64]bool)
		var whole sketch.Distinct
		for i := range n {
			id := below(crowd^i, ids)
			seen[id] = true
			whole.Add(customer(crowd, id))
			parts[below(crowd+i, uint64(len(parts)))].Add(customer(crowd, id))
		}
		if len(seen) <= sketch.ExactLimit && whole.Count() != uint64(len(seen)) {
			t.Fatalf("%d distinct of %d counted as %d", len(seen), n, whole.Count())
		}
		if whole.Exact() != (len(seen) <= sketch.ExactLimit) {
			t.Fatalf("%d distinct customers: exact is %v", len(seen), whole.Exact())
		}
		want := whole.AppendBinary(nil)
		merged := unite(t, parts)
		for id := range seen { // a map's order, backwards into the last bytes too
			merged.Add(customer(crowd, id))
		}
		if got := merged.AppendBinary([]byte("dst")); !bytes.Equal(got[3:], want) {
			t.Fatalf("%d customers in %d parts: merged bytes differ from the whole's", len(seen), len(parts))
		}
		if back := mustParseDistinct(t, want); !bytes.Equal(back.AppendBinary(nil), want) || back.Estimate() != whole.Estimate() {
			t.Fatalf("%d customers: parsed bytes differ from what was parsed", len(seen))
		}
	})
}

// unite merges in a drawn order, each part as a sketch or as bytes.
func unite(t *rapid.T, parts []sketch.Distinct) *sketch.Distinct {
	order := rapid.Permutation(indices(len(parts))).Draw(t, "order")
	var merged sketch.Distinct
	for _, i := range order {
		before := parts[i].AppendBinary(nil)
		if rapid.Bool().Draw(t, "as bytes") {
			if err := merged.MergeBinary(before); err != nil {
				t.Fatalf("MergeBinary: %v", err)
			}
			continue
		}
		merged.Merge(&parts[i])
		merged.Merge(&parts[i]) // twice is once
		merged.Merge(&merged)
		if !bytes.Equal(parts[i].AppendBinary(nil), before) {
			t.Fatalf("Merge changed what was merged")
		}
	}
	return &merged
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func TestDistinctResetAndClone(t *testing.T) {
	for _, n := range []uint64{0, 1, 30, 1000, sketch.ExactLimit, 5000} {
		d := crowdOf(1, n)
		clone, size := d.Clone(), d.Size()
		d.Reset()
		if d.Count() != 0 || !d.Exact() || d.Size() != size {
			t.Errorf("reset after %d customers: count %d, exact %v, %d bytes instead of %d", n, d.Count(), d.Exact(), d.Size(), size)
		}
		for i := range uint64(2000) {
			d.Add(customer(2, i))
		}
		if !bytes.Equal(d.AppendBinary(nil), crowdOf(2, 2000).AppendBinary(nil)) {
			t.Errorf("used again after %d customers: the bytes are not those of a new one", n)
		}
		if !bytes.Equal(clone.AppendBinary(nil), crowdOf(1, n).AppendBinary(nil)) {
			t.Errorf("clone of %d customers changed with its original", n)
		}
	}
}

func TestDistinctSize(t *testing.T) {
	for _, c := range []struct {
		customers           uint64
		mostSize, mostBytes int
	}{{0, 32, 2}, {1, 160, 8}, {30, 450, 182}, {300, 4200, 1802}, {1536, 16<<10 + 64, 9218}, {1537, 16<<10 + 64, 8250}, {300_000, 16<<10 + 64, 8250}} {
		d := crowdOf(3, c.customers)
		if got, enc := d.Size(), len(d.AppendBinary(nil)); got > c.mostSize || enc > c.mostBytes {
			t.Errorf("%d customers: %d bytes in memory, %d encoded; want at most %d and %d", c.customers, got, enc, c.mostSize, c.mostBytes)
		}
	}
}

func TestDistinctTakesNoMemoryOnceWarm(t *testing.T) {
	dense, exact, buf := crowdOf(1, 5000), crowdOf(1, 1000), make([]byte, 0, 20000)
	exactBytes, denseBytes := exact.AppendBinary(nil), dense.AppendBinary(nil)
	i := uint64(0)
	noAllocs(t, "Add, dense", func() { dense.Add(customer(4, i)); i++ })
	noAllocs(t, "Add, exact", func() { exact.Add(customer(1, i%1000)); i++ })
	noAllocs(t, "Merge, dense into dense", func() { dense.Merge(dense) })
	noAllocs(t, "Merge, exact into dense", func() { dense.Merge(exact) })
	noAllocs(t, "MergeBinary, exact", func() { _ = dense.MergeBinary(exactBytes) })
	noAllocs(t, "MergeBinary, dense", func() { _ = dense.MergeBinary(denseBytes) })
	noAllocs(t, "AppendBinary, exact", func() { exact.AppendBinary(buf) })
	noAllocs(t, "AppendBinary, dense", func() { dense.AppendBinary(buf) })
	noAllocs(t, "Estimate and Interval", func() { dense.Estimate(); dense.Interval(0.95) })
	noAllocs(t, "Reset and the way to dense", func() {
		dense.Reset()
		for j := range uint64(2000) {
			dense.Add(customer(5, j))
		}
	})
}

// The reference: an independent HyperLogLog of the same precision, over the same crowds.
// Both err by 0.8 %, independently, as they hash differently.
func TestDistinctAgreesWithTheReference(t *testing.T) {
	for _, n := range []uint64{100, 1537, 20_000, 100_000, 500_000} {
		ref, d := hyperloglog.New(), crowdOf(6, n)
		for i := range n {
			h := customer(6, i)
			ref.Insert(h[:])
		}
		if diff := d.Estimate()/float64(ref.Estimate()) - 1; math.Abs(diff) > 0.03 {
			t.Errorf("%d customers: %d here, %d by the reference", n, d.Count(), ref.Estimate())
		}
	}
}
