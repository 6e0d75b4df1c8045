package measure

import (
	"testing"

	"github.com/felt-cx/felt"
)

// TestStagger: each partition hands out its operations at a second of its own, every ten, and asks
// to be run then; all of them lose nothing.
func TestStagger(t *testing.T) {
	s := felt.DefaultSettings()
	s.Partitions = 4
	d := newDict()
	var events []arrival
	for _, line := range []string{"span 1 id=a service=x", "span 12 trace=u id=b service=x", "span 25 trace=v id=c service=x"} {
		a, err := parseEvent(d, line)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, a)
	}
	seconds := map[felt.Tick]felt.Part{}
	for part := range felt.Part(s.Partitions) {
		f := newFeed(s)
		f.tracker.Stagger(part)
		f.run(d, events, start+60)
		var spans int64
		second := felt.Tick(-1)
		for i := range f.ops {
			spans += f.ops[i].Count
			if at := f.ops[i].Known % flushEvery; second >= 0 && at != second {
				t.Errorf("partition %d hands out at seconds %d and %d", part, second, at)
			} else {
				second = at
			}
		}
		if spans != int64(len(events)) || len(f.ops) < 3 {
			t.Errorf("partition %d hands out %d spans in %d rows", part, spans, len(f.ops))
		}
		if other, there := seconds[second]; there {
			t.Errorf("partitions %d and %d hand out at the same second", part, other)
		}
		seconds[second] = part
	}
}
