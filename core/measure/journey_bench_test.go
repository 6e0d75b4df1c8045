package measure

import (
	"encoding/binary"
	"fmt"
	"runtime"
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

// heldLoad feeds a counter customers who try up to five steps, as a shop has them. It ends when
// everything is written and nothing is sealed.
func heldLoad(tb testing.TB, stories, tries int) *Counter {
	tb.Helper()
	s := felt.DefaultSettings()
	s.Partitions, s.OpenJourneys = 1, 10_000_000
	c := NewCounter(s, 0)
	set := &rules.Set{Version: 1}
	for i := range 300 {
		set.Journeys = append(set.Journeys, parseJourney(&testing.T{}, []string{fmt.Sprint("journey", i), "steps=a,b,c,d,e"}))
	}
	c.Rules(set)
	const perTick = 1000
	in := Decided{Parts: make([]PartDecided, 1)}
	t := start
	for first := 0; first < stories; first += perTick {
		for n := range tries {
			list := make([]Decision, perTick)
			var feeds []Feed
			for i := range list {
				j := set.Journeys[i%len(set.Journeys)]
				list[i] = heldTry(j, first+i, n, t)
				feeds = append(feeds, Feed{Step: j.Steps[n], Key: list[i].Session, Decision: &list[i]})
			}
			in.Parts[0] = PartDecided{Feeds: feeds} // nothing but journeys is to be measured
			c.Tick(t, in)
			c.Flush(t)
			t++
		}
	}
	for ; c.journeys.due() != 0 && c.journeys.due() <= t; t++ {
		c.Tick(t, Decided{Parts: make([]PartDecided, 1)})
	}
	c.buckets, c.series, c.spare = nil, nil, nil
	c.journeys.out, c.journeys.feeds, c.journeys.touched, c.journeys.spare = nil, nil, nil, spare{}
	return c
}

// heldTry is the n-th try of customer k: half of them log in, all have an installation, a few
// tries fail, the last step is worth something.
func heldTry(j *rules.CompiledJourney, k, n int, t felt.Tick) Decision {
	at := t.Instant() - felt.Instant(k%1000)*felt.Second/1000
	d := Decision{Interaction: felt.Interaction{
		Version: 1, Env: "production", App: "app" + j.Name, Name: j.Steps[n].Name, Kind: felt.KindStep, Weight: 1,
		Recoverable: true, Start: at - felt.Instant(k)*felt.Second/1000, End: at, Outcome: felt.OutcomeSuccess,
		Release: "2026.11.4", Segments: []felt.Segment{{Key: "region", Value: fmt.Sprint("r", k%5)}},
	}}
	put := func(b []byte, seed uint64, v int) { binary.LittleEndian.PutUint64(b, blend(seed, uint64(v))) }
	put(d.ID[:], 1, k*10+n)
	put(d.Session[:], 2, k)
	put(d.Session[8:], 3, k)
	put(d.Installation[:], 4, k)
	d.Customer, d.IdentityLevel = d.Session, felt.LevelSession
	if k%2 == 0 {
		put(d.Customer[:], 5, k)
		d.IdentityLevel = felt.LevelUser
	}
	switch {
	case n == 4:
		d.ValueMinor, d.Currency = int64(k), "EUR"
	case k%20 == n:
		d.Outcome, d.Reason, d.ErrorClass = felt.OutcomeFailed, "the bank says no", "declined"
	}
	return d
}

func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// TestHeldBytes: what is said to be held is what is, within a fifth.
func TestHeldBytes(t *testing.T) {
	if raced {
		t.Skip("takes more with the race detector")
	}
	for _, tries := range []int{1, 3, 5} {
		before := heap()
		c := heldLoad(t, 20_000, tries)
		took := heap() - before
		n, says := c.journeys.held()
		t.Logf("%d tries: %d stories, %d B a story, said to be %d", tries, n, took/n, says/n)
		if n != 20_000 || says < took*4/5 || says > took*6/5 {
			t.Errorf("%d tries: %d stories take %d bytes, and are said to take %d", tries, n, took, says)
		}
		runtime.KeepAlive(c)
	}
}

// BenchmarkJourneysHeld reports what 100,000 customers' journeys of so many tries take while
// they are held.
func BenchmarkJourneysHeld(b *testing.B) {
	for _, tries := range []int{1, 3, 5} {
		b.Run(fmt.Sprint("tries=", tries), func(b *testing.B) {
			for b.Loop() {
				before := heap()
				c := heldLoad(b, 100_000, tries)
				took := heap() - before
				n, says := c.journeys.held()
				b.ReportMetric(float64(took)/float64(n), "B/story")
				b.ReportMetric(float64(says)/float64(n), "said-B/story")
				b.ReportMetric(float64(c.journeys.packed)/float64(n), "packed-B/story")
				runtime.KeepAlive(c)
			}
		})
	}
}
