package keeper

import (
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/internal/spangen"
)

// BenchmarkRead reads the generator's spans, with one trace in so many kept. One
// operation is one span, of which there are 20 in a trace: seconds of a core for a
// million spans are its microseconds.
func BenchmarkRead(b *testing.B) {
	set, err := spangen.New(spangen.Config{Requests: 100})
	if err != nil {
		b.Fatal(err)
	}
	stream := set.Stream(1, 0)
	p := otlp.NewPacker(otlp.Options{Partitions: 4, Clock: felt.ClockWall, Key: otlp.HashKey{ID: 1, Secret: []byte("secret")}})
	var recs []felt.Record
	var body []byte
	const requests = 100
	for i := range requests {
		body = stream.Next(body, start.Time())
		if _, err := p.Traces(body, start); err != nil {
			b.Fatal(err)
		}
		if i%10 == 9 {
			recs = p.Take(recs)
		}
	}
	for _, c := range []struct {
		name string
		one  byte // first bytes of a trace id below 256 / one
	}{{"none", 0}, {"1in50", 50}, {"1in5", 5}} {
		b.Run("kept_"+c.name, func(b *testing.B) {
			limit := byte(0)
			if c.one > 0 {
				limit = byte(256 / int(c.one))
			}
			b.ReportAllocs()
			for n := 0; n < b.N; n += requests * spangen.SpansPerRequest {
				col := newCollector(10_000, &counters{})
				for _, rec := range recs {
					if err := col.read(rec, func(t felt.TraceID) bool { return t[15] < limit }); err != nil {
						b.Fatal(err)
					}
				}
				col.take(func(*heldTrace) bool { return true })
			}
		})
	}
}
