package engine_test

import (
	"encoding/binary"
	"strconv"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
)

// BenchmarkPast judges a day of stored interactions of 200 names, 10 a second.
func BenchmarkPast(b *testing.B) {
	batch := make([]felt.Interaction, felt.HistoryBatch)
	rows := 0
	for b.Loop() {
		past, err := engine.NewPast(felt.DefaultSettings(), felt.Inventory{})
		if err != nil {
			b.Fatal(err)
		}
		for i := range 864_000 {
			r := &batch[i%len(batch)]
			*r = felt.Interaction{
				Known: start + felt.Tick(i/10), Env: "production", App: "shop", Name: strconv.Itoa(i * 7919 % 200), Kind: felt.KindStep,
				Outcome: felt.OutcomeSuccess, End: (start + felt.Tick(i/10)).Instant() - felt.Second/2, Duration: int64(i%900) * 1e6, Service: "web",
				Segments: []felt.Segment{{Key: "plan", Value: "pro"}},
			}
			binary.BigEndian.PutUint64(r.Customer[:], uint64(i)*0x9e3779b97f4a7c15)
			if i%50 == 0 {
				r.Outcome = felt.OutcomeFailed
			}
			if (i+1)%len(batch) == 0 {
				past.Add(batch)
				rows += len(batch)
			}
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
