package detect

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/cusum"
)

// parts is a line as one would first write it: every test by itself, from its first hit on.
type parts struct {
	rates   map[Test]*cusum.Rate
	slow    *cusum.Slow
	drop    *cusum.Volume
	sibling *cusum.Sibling
	seen    int64
	first   felt.Tick
}

// step says what every test says, by test.
func (p *parts) step(t felt.Tick, c *Counts, with *Terms) map[Test]cusum.Reading {
	said := map[Test]cusum.Reading{}
	before := p.seen
	rate := func(test Test, hit, n int64, prior cusum.Prior) {
		if p.rates[test] == nil && hit > 0 {
			p.rates[test] = &cusum.Rate{}
			if before > 0 {
				p.rates[test].Begin(p.first, t-Every, float64(before))
			}
		}
		if p.rates[test] != nil && n > 0 {
			said[test] = p.rates[test].Step(t, hit, n, prior, &with.Rule)
		}
	}
	n := c.Success + c.Degraded + c.Failed + c.Abandoned
	if before == 0 && n > 0 {
		p.first = t
	}
	rate(TestFailed, c.Failed, n, with.Failed)
	rate(TestDegraded, c.Degraded, c.Success+c.Degraded, with.Degraded)
	rate(TestSlow, c.Slow, c.Timed, with.Slow)
	rate(TestUnfinished, c.Abandoned, n, with.Unfinished)
	rate(TestFled, c.Fled, n, with.Unfinished)
	if p.seen += n; p.seen >= 100 {
		if p.drop == nil {
			p.drop = &cusum.Volume{}
		}
		if p.slow == nil && len(c.Took) > 0 {
			p.slow = &cusum.Slow{}
		}
	}
	if p.slow != nil && len(c.Took) > 0 {
		for _, d := range c.Took {
			p.slow.Add(d)
		}
		said[TestSlower] = p.slow.Step(t, &with.Rule)
	}
	if p.drop != nil {
		said[TestDrop] = p.drop.Step(t, n, 1, &with.Drop)
	}
	if p.sibling == nil && c.Before > 0 {
		p.sibling = &cusum.Sibling{}
	}
	if p.sibling != nil && c.Before >= 0 {
		said[TestSibling] = p.sibling.Step(t, c.Before, n, &with.Drop)
	}
	return said
}

// TestLineIsItsTests: a line says what its tests say by themselves, also when it is saved and
// loaded on the way; what does not last is not told.
func TestLineIsItsTests(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		few := rapid.Int64Range(0, 8)
		line, want := &Line{}, &parts{rates: map[Test]*cusum.Rate{}}
		with := DefaultTerms(Every)
		bad := rapid.IntRange(50, 150).Draw(rt, "bad from")
		cut := rapid.IntRange(0, 200).Draw(rt, "cut")
		base := rapid.Int64Range(0, 60).Draw(rt, "successes")
		told := 0
		for i := range 200 {
			c := Counts{Success: base + few.Draw(rt, "more"), Before: few.Draw(rt, "before") * 10}
			if i >= bad {
				c.Success, c.Failed, c.Degraded, c.Abandoned = c.Success/3, base/3+few.Draw(rt, "failed"), few.Draw(rt, "degraded"), few.Draw(rt, "left")
				c.Fled = c.Abandoned / 2
			}
			c.Timed = c.Success + c.Degraded
			c.Slow = c.Timed / 10
			for range c.Timed {
				c.Took = append(c.Took, felt.Instant(1+few.Draw(rt, "took"))*felt.Second/10)
			}
			at := start + felt.Tick(i)*Every
			if i == cut {
				e := &codec.Encoder{}
				line.Save(e)
				line = &Line{}
				d := codec.NewDecoder(e.B)
				if line.Load(d); d.Err() != nil || d.Rest() > 0 {
					rt.Fatalf("%v, %d bytes left", d.Err(), d.Rest())
				}
			}
			says := want.step(at, &c, &with)
			for _, e := range line.Step(at, &c, &with) {
				if !e.Lasting && !e.Ended {
					rt.Fatalf("%s is told and neither lasts nor ends", e.Test)
				}
				if e.Test == TestGuard {
					continue
				}
				told++
				if r := says[e.Test]; r != e.Reading {
					rt.Fatalf("window %d, %s: %+v, by itself %+v", i, e.Test, e.Reading, r)
				}
				delete(says, e.Test)
			}
			for test, r := range says {
				if r.Lasting || r.Ended {
					rt.Fatalf("window %d: %s is not told: %+v", i, test, r)
				}
			}
		}
		if base > 20 && told == 0 {
			rt.Fatal("a third fails, and nothing is told")
		}
	})
}
