package incident

import (
	"fmt"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/measure"
)

// BenchmarkAdd is a try of one in 6,000 series, three in a hundred bad, while nothing is open, and while
// one incident of 50 scopes is.
func BenchmarkAdd(b *testing.B) {
	const series = 6000
	tries := make([]measure.Try, series)
	for i := range tries {
		r := &felt.Interaction{
			Env: "production", App: fmt.Sprint("app-", i%300), Name: fmt.Sprint("do-", i), Kind: felt.KindStep, Service: "web", Release: "5.2",
			Customer: hashOf(uint64(i)), Session: hashOf(uint64(i)), Outcome: felt.OutcomeSuccess, Known: start, End: start.Instant(),
		}
		if i%33 == 0 {
			r.Outcome = felt.OutcomeFailed
		}
		tries[i] = measure.Try{Interaction: r, First: true, Judged: true}
	}
	for _, open := range []int{0, 50} {
		b.Run(fmt.Sprint(open, " scopes"), func(b *testing.B) {
			w := newWorld(b)
			var list []felt.Finding
			for i := range open {
				r := tries[i].Interaction
				list = append(list, w.page(step(r.App, r.Name), func(f *felt.Finding) { f.Segments = []felt.Segment{{Key: "region", Value: "eu"}} }))
			}
			w.tick(list...)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				w.b.Add(&tries[i%series])
			}
		})
	}
}
