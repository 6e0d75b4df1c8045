package incident

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/detect"
)

// TestFirstBad: at ten a second the beginning is found within ten seconds in the median, whatever the
// fault is, and closer than where the test began to count.
func TestFirstBad(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		usual, then float64
		median      felt.Instant
	}{
		{.01, .5, 2 * felt.Second},
		{.01, .06, 10 * felt.Second},
		{.05, .2, 10 * felt.Second},
	} {
		var off []felt.Instant
		for range 101 {
			w := newWorld(t)
			l := w.of(pay())
			at := (start - 120 - felt.Tick(rng.IntN(40))).Instant()
			since, run := felt.Instant(0), 0.0
			for end := (start - 880).Instant(); end < start.Instant(); end += felt.Second / 10 {
				share := c.usual
				if end >= at {
					share = c.then
				}
				o := felt.OutcomeSuccess
				if rng.Float64() < share {
					o = felt.OutcomeFailed
				}
				if o == felt.OutcomeFailed { // a plain CUSUM, that begins at any failure
					if run == 0 {
						since = end
					}
					run++
				} else if run = max(0, run-3*c.usual); run == 0 {
					since = 0
				}
				l.recent = append(l.recent, detect.Seen{Customer: 1, Outcome: o, First: end, Last: end})
			}
			if since == 0 {
				since = at
			}
			f := w.page(pay(), func(f *felt.Finding) { f.Since, f.Baseline = since, c.usual })
			d := w.b.began(start, &f, w) - at
			off = append(off, max(d, -d))
		}
		slices.Sort(off)
		t.Logf("%g to %g: median %d ms, nine of ten within %d ms", c.usual, c.then, off[50]/1e6, off[90]/1e6)
		if off[50] > c.median {
			t.Errorf("%g to %g: off by %d ms in the median", c.usual, c.then, off[50]/1e6)
		}
	}
}

// TestFirstBadOfTheFinding: where counts tell nothing the finding's own beginning stands.
func TestFirstBadOfTheFinding(t *testing.T) {
	w := newWorld(t)
	since := (start - 33).Instant()
	for _, change := range []func(*felt.Finding){
		func(f *felt.Finding) {},
		func(f *felt.Finding) { f.Kind = felt.FindingDrop },
		func(f *felt.Finding) { f.Series.SegmentKey, f.Series.SegmentValue = "region", "eu" },
	} {
		f := w.page(pay(), func(f *felt.Finding) { f.Since = since }, change)
		if got := w.b.began(start, &f, w); got != since {
			t.Errorf("%d s off", (got-since)/felt.Second)
		}
	}
}

// TestABurnDoesNotSayWhenItBegan: the window of a burn is hours long, and begins before anybody was hit.
func TestABurnDoesNotSayWhenItBegan(t *testing.T) {
	w := newWorld(t)
	life(w, 130, func(at felt.Tick) {
		if at == 110 {
			w.tick(w.page(pay(), func(f *felt.Finding) {
				f.ID, f.Kind, f.About, f.Since = "fnd-burn", felt.FindingBurn, "orders", w.now.Instant()-felt.Hour
			}))
		}
	})
	r := w.last()
	if len(r.Findings) != 2 {
		t.Fatalf("%d findings, want 2: the test tests nothing", len(r.Findings))
	}
	if at := seconds(r.FirstBad); at < 59 || at > 66 {
		t.Errorf("it began at %+d s, want about 60", at)
	}
}
