package incident

import (
	"strings"
	"testing"

	"github.com/felt-cx/felt"
)

// TestAnotherFault: what breaks after customers were back is the same incident again, unless it is of something else:
// another part of the customers, something that was changed in between, another journey.
func TestAnotherFault(t *testing.T) {
	at := func(n felt.Tick) felt.Instant { return (start + n).Instant() }
	stand := func(key, value string) []felt.Segment { return []felt.Segment{{Key: key, Value: value}} }
	change := func(kind, app string, n felt.Tick) []felt.Change {
		return []felt.Change{{ID: "d2", Kind: kind, Env: "production", App: app, Version: "v9", Started: at(n)}}
	}
	for _, c := range []struct {
		name    string
		after   felt.Tick // the second fault is seen; customers are back since 180, it is resolved at 480
		since   felt.Tick // it began
		of      felt.Scope
		first   []felt.Segment
		second  []felt.Segment
		seems   []felt.Segment
		changes []felt.Change
		release string
		want    int
	}{
		{name: "nothing is known of either", after: 700, since: 690, of: pay(), want: 1},
		{name: "the same region", after: 700, since: 690, of: pay(), first: stand("region", "eu"), second: stand("region", "eu"), want: 1},
		{name: "another region", after: 700, since: 690, of: pay(), first: stand("region", "eu"), second: stand("region", "us"), want: 2},
		{name: "another region, by what it seems", after: 700, since: 690, of: pay(), first: stand("release", "1"), seems: stand("release", "2"), want: 2},
		{name: "something else stands out", after: 700, since: 690, of: pay(), first: stand("region", "eu"), second: stand("plan", "pro"), want: 1},
		{name: "another region, but it began before", after: 700, since: 170, of: pay(), first: stand("region", "eu"), second: stand("region", "us"), want: 1},
		{name: "a deploy in between", after: 700, since: 690, of: pay(), changes: change("deploy", "shop", 650), want: 2},
		{name: "a deploy of another app", after: 700, since: 690, of: pay(), changes: change("deploy", "far", 650), want: 1},
		{name: "a deploy before", after: 700, since: 690, of: pay(), changes: change("deploy", "shop", 170), want: 1},
		{name: "a fix that did not hold", after: 700, since: 690, of: pay(), changes: change("fix", "shop", 650), want: 1},
		{name: "a release that nobody told of", after: 700, since: 690, of: pay(), release: "2.0", want: 2},
		{name: "soon, another region", after: 400, since: 390, of: pay(), first: stand("region", "eu"), second: stand("region", "us"), want: 2},
		{name: "soon, the same region", after: 400, since: 390, of: pay(), first: stand("region", "eu"), second: stand("region", "eu"), want: 1},
		{name: "soon, another journey of the app", after: 400, since: 390, of: step("shop", "search"), want: 2},
		{name: "soon, another step of the journey", after: 400, since: 390, of: step("shop", "cart"), want: 1},
		{name: "too soon to know that customers are back", after: 250, since: 240, of: step("shop", "search"), want: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.b.Rules(inventory(t, journeys))
			for w.now <= start+900 {
				n := w.now - start
				for i := range uint64(4) {
					o := felt.OutcomeSuccess
					if n >= 60 && n < 180 && i < 2 {
						o = felt.OutcomeFailed
					}
					version := "1.0"
					if n > 650 && c.release != "" {
						version = c.release
					}
					w.try(pay(), uint64(n)*4+i+1, o, func(r *felt.Interaction) { r.Release = version })
				}
				switch n {
				case 60:
					w.b.Changes(c.changes)
				case 80:
					w.tick(w.page(pay(), func(f *felt.Finding) { f.Segments = c.first }))
					continue
				case 200:
					w.tick(w.page(pay(), func(f *felt.Finding) { f.ID, f.Ended, f.Segments = "fnd-shop-pay-1700000080", w.now, c.first }))
					continue
				case c.after:
					if c.of != pay() { // the same service sends it
						w.try(c.of, 5_000_000, felt.OutcomeFailed)
					}
					w.apart = c.seems
					w.tick(w.page(c.of, func(f *felt.Finding) { f.Series.SegmentKey, f.N, f.Since, f.Segments = "", 0, at(c.since), c.second }))
					w.b = cutOff(t, w.b, w.b.rules)
					continue
				}
				w.tick()
			}
			if n := len(w.ids()); n != c.want {
				t.Fatalf("%d incidents, want %d: %v", n, c.want, story(w.last()))
			}
			if c.want == 1 || c.after > 480 || c.of != pay() {
				return
			}
			first := w.rows[0]
			for _, r := range w.rows {
				if r.ID == first.ID {
					first = r
				}
			}
			if seconds(first.Recovered) != 180 || seconds(first.Resolved) != c.after || !strings.Contains(strings.Join(story(first), "\n"), "another fault, inc-") {
				t.Errorf("the first one: %v", story(first))
			}
		})
	}
}
