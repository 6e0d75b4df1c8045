package sketch_test

import (
	"fmt"
	"testing"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/axiomhq/hyperloglog"

	"github.com/felt-cx/felt/core/sketch"
)

// hashes are made before the clock runs; many enough that caches are as cold as they are in service.
func hashes(n uint64) [][16]byte {
	all := make([][16]byte, n)
	for i := range all {
		all[i] = customer(1, uint64(i))
	}
	return all
}

// BenchmarkDistinctAdd adds a crowd to one sketch again and again: small crowds are exact.
func BenchmarkDistinctAdd(b *testing.B) {
	for _, n := range []uint64{1, 8, 30, 300, 1500, 1 << 16} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			all := hashes(n)
			d := crowdOf(1, n)
			b.ReportAllocs()
			b.ReportMetric(float64(d.Size()), "bytes")
			for i, k := 0, 0; i < b.N; i++ {
				d.Add(all[k])
				if k++; k == len(all) {
					k = 0
				}
			}
		})
	}
}

// BenchmarkDistinctFill is a bucket's life: a pooled sketch, a crowd once, its bytes.
func BenchmarkDistinctFill(b *testing.B) {
	for _, n := range []uint64{1, 30, 1500, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			all := hashes(n)
			var d sketch.Distinct
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				d.Reset()
				for _, h := range all {
					d.Add(h)
				}
				buf = d.AppendBinary(buf[:0])
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/customer")
		})
	}
}

func BenchmarkDistinctReference(b *testing.B) {
	for _, n := range []uint64{30, 1 << 16} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			ref := hyperloglog.New()
			for i := 0; i < b.N; i++ {
				ref.InsertHash(mix(uint64(i) % n))
			}
		})
	}
}

// BenchmarkDistinctUse is what a question costs: to merge, decode, encode, estimate.
func BenchmarkDistinctUse(b *testing.B) {
	for _, n := range []uint64{30, 1500, 100_000} {
		d, encoded := crowdOf(1, n), crowdOf(2, n).AppendBinary(nil)
		full := crowdOf(3, 200_000)
		buf := make([]byte, 0, 10_000)
		run := func(name string, f func()) {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f()
				}
			})
		}
		run("Merge", func() { full.Merge(d) })
		run("MergeBinary", func() { _ = full.MergeBinary(encoded) })
		run("Parse", func() { _, _ = sketch.ParseDistinct(encoded) })
		run("AppendBinary", func() { buf = d.AppendBinary(buf[:0]) })
		run("Estimate", func() { d.Estimate() })
		run("Interval", func() { d.Interval(0.95) })
	}
}

func BenchmarkLatencyAdd(b *testing.B) {
	for _, n := range []uint64{1, 20, 4096} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			all := make([]int64, n)
			for i := range all {
				all[i] = waiting(uint64(i))
			}
			var l sketch.Latency
			b.ReportAllocs()
			for i, k := 0, 0; i < b.N; i++ {
				l.Add(all[k], 1)
				if k++; k == len(all) {
					k = 0
				}
			}
			b.ReportMetric(float64(l.Size()), "bytes")
		})
	}
}

func BenchmarkLatencyReference(b *testing.B) {
	all := make([]float64, 4096)
	for i := range all {
		all[i] = float64(waiting(uint64(i)))
	}
	ref, err := ddsketch.LogCollapsingLowestDenseDDSketch(0.01, 2048)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; i < b.N; i++ {
		_ = ref.Add(all[i%4096])
	}
}

func BenchmarkLatencyUse(b *testing.B) {
	for _, n := range []uint64{1, 20, 10_000} {
		var l, other sketch.Latency
		for i := range n {
			l.Add(waiting(i), 1)
		}
		for i := range uint64(10_000) {
			other.Add(waiting(i), 1)
		}
		encoded, buf := l.AppendBinary(nil), make([]byte, 0, 10_000)
		run := func(name string, f func()) {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f()
				}
				b.ReportMetric(float64(len(encoded)), "bytes")
			})
		}
		run("Merge", func() { other.Merge(&l) })
		run("MergeBinary", func() { _ = other.MergeBinary(encoded) })
		run("Parse", func() { _, _ = sketch.ParseLatency(encoded) })
		run("AppendBinary", func() { buf = l.AppendBinary(buf[:0]) })
		run("Quantile", func() { l.Quantile(0.95) })
	}
}
