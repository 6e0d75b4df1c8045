package sketch_test

import (
	"encoding/binary"
	"math/bits"
	"testing"

	"github.com/felt-cx/felt/core/sketch"
)

// customer is the hash of customer i of a crowd: what a keyed hash would give, at a
// hundredth of its cost (splitmix64, two halves).
//
//go:norace
func customer(crowd, i uint64) (h [16]byte) {
	x := mix(crowd*0x9e3779b97f4a7c15 ^ i)
	binary.LittleEndian.PutUint64(h[:8], x)
	binary.LittleEndian.PutUint64(h[8:], mix(x))
	return h
}

//go:norace
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below is a number from 0 to n-1, made of x.
func below(x, n uint64) uint64 {
	hi, _ := bits.Mul64(mix(x), n)
	return hi
}

// crowdOf is the sketch of the first n customers of a crowd.
func crowdOf(crowd, n uint64) *sketch.Distinct {
	d := new(sketch.Distinct)
	fill(d, crowd, 0, n)
	return d
}

// fill adds the customers from one number up to another. Hundreds of millions are added here
// in all; what the race detector would watch of it is on the stack of this function.
//
//go:norace
func fill(d *sketch.Distinct, crowd, from, to uint64) {
	for i := from; i < to; i++ {
		d.Add(customer(crowd, i))
	}
}

// failer is a *testing.T or a *rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func mustParseDistinct(t failer, b []byte) *sketch.Distinct {
	t.Helper()
	d, err := sketch.ParseDistinct(b)
	if err != nil {
		t.Fatalf("ParseDistinct of %d bytes of its own: %v", len(b), err)
	}
	return &d
}

func mustParseLatency(t failer, b []byte) *sketch.Latency {
	t.Helper()
	l, err := sketch.ParseLatency(b)
	if err != nil {
		t.Fatalf("ParseLatency of %x: %v", b, err)
	}
	return &l
}

// noAllocs fails if f, once it has run, takes memory when it runs again.
func noAllocs(t *testing.T, what string, f func()) {
	t.Helper()
	if n := testing.AllocsPerRun(20, f); n != 0 {
		t.Errorf("%s: %v allocations, want none", what, n)
	}
}
