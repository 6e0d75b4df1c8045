package cusum_test

import (
	"math/rand/v2"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
)

// BenchmarkWindow is one window of a series through failed, degraded and volume.
func BenchmarkWindow(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	counts := make([][3]int64, 8192)
	for i := range counts {
		n := 300 + rng.Int64N(40)
		counts[i] = [3]int64{n, rng.Int64N(4), rng.Int64N(3)}
	}
	var failed, degraded cusum.Rate
	var volume cusum.Volume
	at := felt.Tick(1_700_000_000)
	b.ReportAllocs()
	for i := range b.N {
		c := counts[i%len(counts)]
		at += 10
		failed.Step(at, c[1], c[0], cusum.Prior{}, &shipped)
		degraded.Step(at, c[2], c[0], cusum.Prior{}, &shipped)
		volume.Step(at, c[0], 1, &shipped)
	}
}

func BenchmarkLight(b *testing.B) {
	var l cusum.Light
	at := felt.Tick(1_700_000_000)
	b.ReportAllocs()
	for i := range b.N {
		at += 10
		l.Step(at, int64(i%97/96), 5, cusum.Prior{}, &shipped)
	}
}
