package detect

import (
	"fmt"
	"runtime"
	"strconv"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// BenchmarkJudge is one judging of 300 journeys of 20 steps whose customers come from 50 regions:
// 6,000 series and 300,000 segment values, of which a tenth is seen in a window. Some fail, some
// are degraded, some leave, so that the tests of all shares are there. Making and counting the
// tries is in the time. It reports the memory of all of it and the size of its snapshot.
func BenchmarkJudge(b *testing.B) {
	const series, regions = 6000, 50
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	w := newWorld(nil)
	names := make([]string, series)
	for i := range names {
		names[i] = fmt.Sprintf("journey-%d-step-%d", i/20, i%20)
	}
	segments := make([][]felt.Segment, regions)
	for i := range segments {
		segments[i] = region("region-" + strconv.Itoa(i))
	}
	window := func(all bool) {
		for i, name := range names {
			for j := range regions {
				if !all && (i+j+int(w.now/10))%10 != 0 {
					continue
				}
				r := w.row(name, felt.OutcomeSuccess)
				if w.rng.Float64() < .01 {
					r.Outcome = felt.OutcomeFailed
				}
				switch x := w.rng.Float64(); {
				case x < .05:
					r.Outcome = felt.OutcomeDegraded
				case x < .1:
					r.Outcome, r.AbandonedHow = felt.OutcomeAbandoned, felt.AbandonedAfterFailure
				}
				r.Segments = segments[j]
				w.give(r)
			}
		}
	}
	for n := range 12 {
		window(n == 0)
		w.now += Every
		w.d.Tick(w.now)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if w.d.values != series*regions+regions { // those of the app as a whole too
		b.Fatalf("%d segment values", w.d.values)
	}
	e := &codec.Encoder{}
	w.d.Save(e)
	b.ResetTimer()
	for b.Loop() {
		window(false)
		w.now += Every
		w.d.Tick(w.now)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB")
	b.ReportMetric(float64(w.d.Bytes())/1e6, "MB-said")
	b.ReportMetric(float64(len(e.B))/1e6, "MB-snapshot")
}
