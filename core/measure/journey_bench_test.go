package measure

import (
	"encoding/binary"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// BenchmarkJourneys tells journeys of two steps, 100 tries a second by new customers, with
// their rows, buckets and sealing.
func BenchmarkJourneys(b *testing.B) {
	j := parseJourney(&testing.T{}, []string{"checkout", "steps=cart,pay", "timeout=60"})
	s := felt.DefaultSettings()
	s.Partitions = 1
	c := NewCounter(s, 0)
	c.Rules(&rules.Set{Version: 1, Journeys: []*rules.CompiledJourney{j}})
	const perTick = 100
	in := Decided{Parts: []PartDecided{{Decisions: make([]Decision, perTick)}}}
	part := &in.Parts[0]
	t := start
	b.ReportAllocs()
	n := uint64(0)
	for b.Loop() {
		if n%perTick == 0 {
			part.Feeds = part.Feeds[:0]
		}
		d := &part.Decisions[n%perTick]
		step := j.Steps[n%2]
		*d = Decision{Interaction: felt.Interaction{
			Version: 1, Env: "production", App: "shop", Name: step.Name, Kind: felt.KindStep, Weight: 1, Recoverable: true,
			Start: t.Instant() - 2*felt.Second, End: t.Instant() - felt.Second, Outcome: felt.OutcomeSuccess,
		}}
		binary.BigEndian.PutUint64(d.ID[:], n)
		binary.BigEndian.PutUint64(d.Session[:], n/2+1)
		part.Feeds = append(part.Feeds, Feed{Step: step, Key: d.Session, Decision: d})
		if n++; n%perTick == 0 {
			c.Tick(t, in)
			c.Flush(t)
			t++
		}
	}
	stories, bytes := c.journeys.held()
	b.ReportMetric(float64(bytes)/float64(max(stories, 1)), "B/journey")
}
