package engine_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/internal/spangen"
)

// cpu is the processor time of this process: unlike the wall's, it does not count what
// others do on the machine.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// load packs so many requests of each tick, for so many ticks, as the door does.
func load(b testing.TB, s felt.Settings, ticks, requests, group int) [][]felt.Record {
	b.Helper()
	set, err := spangen.New(spangen.Config{})
	if err != nil {
		b.Fatal(err)
	}
	stream := set.Stream(1, 5)
	p := otlp.NewPacker(otlp.Options{
		Partitions: s.Partitions, Clock: felt.ClockWall, LateMax: felt.Day,
		Key: otlp.HashKey{ID: 1, Secret: []byte("0123456789abcdef")},
	})
	out := make([][]felt.Record, ticks)
	var body []byte
	for i := range out {
		at := arrive(felt.Tick(i))
		for r := range requests {
			body = stream.Next(body, at.Time())
			if _, err := p.Traces(body, at); err != nil {
				b.Fatal(err)
			}
			if (r+1)%group == 0 || r == requests-1 {
				for _, rec := range p.Take(nil) {
					rec.At = at
					out[i] = append(out[i], rec)
				}
			}
		}
	}
	return out
}

// BenchmarkEngine runs the generator's load, 51,200 spans a second, through all three
// stages in one goroutine. "apply" is the part that grows with spans (reading blocks
// included), "tick" everything that happens when a second closes. One operation is one span.
func BenchmarkEngine(b *testing.B) {
	const ticks, requests = 60, 100
	s := felt.DefaultSettings()
	tape := load(b, s, ticks, requests, 4)
	var spans int64
	var apply, tick time.Duration
	b.ReportAllocs()
	b.ResetTimer()
	for spans < int64(b.N) {
		e := engine.New(s)
		for i, recs := range tape {
			from := cpu()
			for _, r := range recs {
				if err := e.Stage1(int(r.Part)).Apply(r); err != nil {
					b.Fatal(err)
				}
			}
			mid := cpu()
			if _, err := e.Run(start+felt.Tick(i), nil); err != nil {
				b.Fatal(err)
			}
			apply += mid - from
			tick += cpu() - mid
		}
		spans += e.Stats().Spans
	}
	b.ReportMetric(float64(apply.Nanoseconds())/float64(spans), "apply-ns/span")
	b.ReportMetric(float64(tick.Nanoseconds())/float64(spans), "tick-ns/span")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkSnapshot saves and restores an engine in the middle of the generator's load:
// 15 seconds of spans are open.
func BenchmarkSnapshot(b *testing.B) {
	s := felt.DefaultSettings()
	e := engine.New(s)
	for i, recs := range load(b, s, 30, 100, 4) {
		if _, err := e.Run(start+felt.Tick(i), recs); err != nil {
			b.Fatal(err)
		}
	}
	st := e.Stats()
	var snapshot []byte
	b.Run("save", func(b *testing.B) {
		for b.Loop() {
			snapshot = e.AppendSnapshot(snapshot[:0])
		}
		b.ReportMetric(float64(len(snapshot))/1e6, "MB")
		b.ReportMetric(float64(len(snapshot))/float64(st.HeldSpans), "B/held-span")
	})
	b.Run("restore", func(b *testing.B) {
		for b.Loop() {
			if _, err := engine.Restore(s, snapshot); err != nil {
				b.Fatal(err)
			}
		}
	})
}
