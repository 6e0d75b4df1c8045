package otlp_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/internal/spangen"
)

func benchRequests(tb testing.TB, n int) ([][]byte, felt.Instant) {
	tb.Helper()
	now := time.Unix(1_760_000_000, 0)
	set, err := spangen.New(spangen.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	stream := set.Stream(1, 0)
	list := make([][]byte, n)
	for i := range list {
		list[i] = stream.Next(nil, now)
	}
	return list, felt.InstantOf(now)
}

// cpu is the processor time of this process: unlike the wall's, it does not count what
// others do on the machine.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPack packs requests of 512 spans with 16 attributes under resources with
// 11, one request or eight to a group, into 4 partitions.
func BenchmarkPack(b *testing.B) {
	for _, group := range []int{1, 8} {
		b.Run(map[int]string{1: "group=1", 8: "group=8"}[group], func(b *testing.B) {
			list, now := benchRequests(b, 320)
			p := testPacker()
			var recs []felt.Record
			spans, size, raw := int64(0), 0, 0
			b.ReportAllocs()
			b.ResetTimer()
			start := cpu()
			for i := 0; i < b.N; i++ {
				rep, err := p.Traces(list[i%len(list)], now)
				if err != nil {
					b.Fatal(err)
				}
				spans += rep.Spans
				raw += len(list[i%len(list)])
				if i%group == group-1 || i == b.N-1 {
					recs = p.Take(recs[:0])
					for _, r := range recs {
						size += len(r.Data)
					}
				}
			}
			b.ReportMetric(float64(cpu()-start)/float64(spans), "cpu-ns/span")
			b.ReportMetric(float64(size)/float64(spans), "B/span")
			b.ReportMetric(float64(raw)/float64(spans), "rawB/span")
		})
	}
}

// BenchmarkRead reads what BenchmarkPack makes.
func BenchmarkRead(b *testing.B) {
	list, now := benchRequests(b, 320)
	p := testPacker()
	var recs []felt.Record
	for i, body := range list {
		if _, err := p.Traces(body, now); err != nil {
			b.Fatal(err)
		}
		if i%8 == 7 {
			recs = p.Take(recs)
		}
	}
	var r otlp.Reader
	var ev otlp.Event
	spans := 0
	b.ReportAllocs()
	b.ResetTimer()
	start := cpu()
	for i := 0; i < b.N; i++ {
		if err := r.Reset(recs[i%len(recs)].Data); err != nil {
			b.Fatal(err)
		}
		for r.NextBlock() {
			for r.Next(&ev) {
				spans++
			}
		}
		if r.Err() != nil {
			b.Fatal(r.Err())
		}
	}
	b.ReportMetric(float64(cpu()-start)/float64(spans), "cpu-ns/span")
}
