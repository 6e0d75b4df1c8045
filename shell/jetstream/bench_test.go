package jetstream_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	felt "github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/jetstream"
)

// cpu is the CPU time of this process so far.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		b.Fatal(err)
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

func noise(n int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// BenchmarkAppend appends groups of five records (four partitions and a tick) that
// are size bytes together. CPU-s/GB is the whole process: client, server, kernel.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{4 << 10, 64 << 10, 256 << 10, 1 << 20} {
		for _, callers := range []int{1, 4} {
			b.Run(fmt.Sprintf("%dKiB/callers=%d", size>>10, callers), func(b *testing.B) {
				l, err := jetstream.Open(b.Context(), jetstream.Options{Dir: b.TempDir()})
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = l.Close() }()
				data := noise(size / 4)
				recs := make([]felt.Record, 0, 5)
				for p := range felt.Part(4) {
					recs = append(recs, felt.Record{Kind: felt.KindTelemetry, Part: p, At: 1, Data: data})
				}
				recs = append(recs, felt.Record{Kind: felt.KindTick, Part: felt.Control, At: 1})
				b.SetBytes(int64(size))
				before := cpu(b)
				b.ResetTimer()
				var wg sync.WaitGroup
				for c := range callers {
					wg.Go(func() {
						for range (b.N + c) / callers {
							if _, err := l.Append(b.Context(), recs...); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.StopTimer()
				b.ReportMetric((cpu(b)-before).Seconds()/float64(b.N*size)*1e9, "CPU-s/GB")
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
			})
		}
	}
}

// BenchmarkCatchUp reads records of 64 KiB from the stream.
func BenchmarkCatchUp(b *testing.B) {
	l, err := jetstream.Open(b.Context(), jetstream.Options{Dir: b.TempDir(), Unsynced: true, TailBytes: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	const size, n = 64 << 10, 8192
	data := noise(size)
	for range n {
		if _, err := l.Append(b.Context(), felt.Record{Kind: felt.KindTelemetry, At: 1, Data: data}); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(size)
	before := cpu(b)
	b.ResetTimer()
	for i := 0; i < b.N; {
		k := 0
		for _, err := range l.Read(b.Context(), felt.All, 0) {
			if err != nil {
				b.Fatal(err)
			}
			i++
			if k++; k == n || i == b.N {
				break
			}
		}
	}
	b.StopTimer()
	b.ReportMetric((cpu(b)-before).Seconds()/float64(b.N*size)*1e9, "CPU-s/GB")
}

// BenchmarkLatency is the time from the call of Append until a waiting reader has the
// record.
func BenchmarkLatency(b *testing.B) {
	l, err := jetstream.Open(b.Context(), jetstream.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	seen := make(chan struct{})
	go func() {
		for range l.Read(b.Context(), felt.All, 0) {
			seen <- struct{}{}
		}
	}()
	data := noise(64 << 10)
	b.ResetTimer()
	for range b.N {
		if _, err := l.Append(b.Context(), felt.Record{Kind: felt.KindTelemetry, At: 1, Data: data}); err != nil {
			b.Fatal(err)
		}
		<-seen
	}
}
