package detect

import (
	"strings"
	"testing"

	"github.com/felt-cx/felt"
)

// TestStories: what happens to customers, and what is said of it.
func TestStories(t *testing.T) {
	hour := 3600
	for _, c := range []struct {
		name   string
		warm   int // seconds at 5 customers a second, of which 1 % fail
		fault  func(w *world, i int)
		lasts  int
		want   string // kinds that opened during the fault
		within felt.Tick
		check  func(t *testing.T, f felt.Finding)
	}{
		{name: "all is well", warm: hour, lasts: hour, fault: func(w *world, _ int) { w.many("pay", 5, .01, nil) }},
		{name: "nothing is known and all is well", lasts: hour, fault: func(w *world, _ int) { w.many("pay", 5, .01, nil) }},
		{
			name: "half fails from the first minute", lasts: 60, want: "failed ", within: 40,
			fault: func(w *world, _ int) { w.many("pay", 2, .5, nil) },
			check: func(t *testing.T, f felt.Finding) {
				if !strings.Contains(f.Explanation, "that is assumed while nothing is known") || f.BaselineN != 0 {
					t.Error(f.Explanation)
				}
			},
		},
		{
			name: "a fifth fails", warm: hour, lasts: 60, want: "failed ", within: 30,
			fault: func(w *world, _ int) { w.many("pay", 5, .2, nil) },
			check: func(t *testing.T, f felt.Finding) {
				if f.Detector != "failed_rate" || f.Since < (start+3600-60).Instant() || f.Baseline > .02 || f.Baseline < .004 || !f.Paging && f.Statistic > 25 {
					t.Errorf("%+v", f)
				}
			},
		},
		{
			name: "one customer who fails ten thousand times among few", warm: hour, lasts: 600,
			fault: func(w *world, _ int) {
				w.many("pay", .05, 0, nil)
				for range 20 {
					r := w.row("pay", felt.OutcomeFailed)
					r.Customer[0], r.Customer[7] = 7, 7
					copy(r.Customer[1:], make([]byte, 31))
					w.give(r)
				}
			},
		},
		{
			name: "nobody comes any more, although the service lives", warm: hour, lasts: 120, want: "drop ", within: 30,
			fault: func(*world, int) {},
			check: func(t *testing.T, f felt.Finding) {
				if f.Hit != 0 || f.Expected < 40 || f.Share != 0 {
					t.Errorf("%+v", f)
				}
			},
		},
		{
			name: "nothing comes any more at all", warm: hour, lasts: 120, want: "silent ", within: 40,
			fault: func(w *world, _ int) { w.silent = true },
			check: func(t *testing.T, f felt.Finding) {
				if f.About != "web" || f.Series.Name != "pay" || f.Paging { // the app's pages, see TestAppSilent
					t.Errorf("%+v", f)
				}
			},
		},
		{
			name: "failures come at once and successes in tens of seconds", warm: hour, lasts: hour,
			fault: func(w *world, i int) {
				w.many("pay", .05, 1, nil)
				if i%10 == 9 {
					w.many("pay", 49.5, 0, nil)
				}
			},
		},
		{
			name: "a region with one in a hundred fails wholly", warm: hour, lasts: 100, want: "failed ", within: 60,
			fault: func(w *world, _ int) {
				w.many("pay", 20, .01, func(r *felt.Interaction) { r.Segments = region("us") })
				w.many("pay", .2, 1, func(r *felt.Interaction) { r.Segments = region("nz") })
			},
			check: func(t *testing.T, f felt.Finding) {
				if f.Series.SegmentKey != "region" || f.Series.SegmentValue != "nz" || !strings.Contains(f.Explanation, "region=nz") {
					t.Errorf("%+v", f)
				}
			},
		},
		{
			name: "the whole fails for one region's sake", warm: hour, lasts: 60, want: "failed ", within: 20,
			fault: func(w *world, _ int) {
				w.many("pay", 5, .01, func(r *felt.Interaction) { r.Segments = region("us") })
				w.many("pay", 2, 1, func(r *felt.Interaction) { r.Segments = region("eu") })
			},
		},
		{
			name: "300 ms slower at 50 a minute", warm: 3 * hour, lasts: 300, want: "slow ", within: 300,
			fault: func(w *world, _ int) {
				w.many("pay", 50./60, .01, func(r *felt.Interaction) { r.Duration += 300e6 })
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(nil)
			w.run(c.warm, func(int) {
				rate := 5.0
				if strings.Contains(c.name, "at 50 a minute") {
					rate = 50. / 60
				}
				if strings.Contains(c.name, "region with one") {
					rate = 20
					w.many("pay", .2, .01, func(r *felt.Interaction) { r.Segments = region("nz") })
				}
				if strings.Contains(c.name, "among few") {
					rate = .1
				}
				w.many("pay", rate, .01, func(r *felt.Interaction) { r.Segments = region("us") })
			})
			if len(w.found) > 0 {
				t.Fatalf("found while all was well: %s", w.found[0].Explanation)
			}
			list := w.run(c.lasts, func(i int) { c.fault(w, i) })
			first := opened(list)
			if got := kinds(list); c.want != "" && !strings.HasPrefix(got, c.want) || c.want == "" && got != "" && c.check != nil {
				t.Fatalf("found %q, want %q: %+v", got, c.want, first)
			}
			if c.want == "" && c.within == 0 && len(first) > 0 && !strings.Contains(c.name, "for one region") {
				t.Fatalf("found %s", first[0].Explanation)
			}
			if len(first) == 0 {
				return
			}
			t.Logf("after %d s: %s", first[0].Opened-start-felt.Tick(c.warm), first[0].Explanation)
			if took := first[0].Opened - start - felt.Tick(c.warm); c.within > 0 && took > c.within {
				t.Errorf("opened after %d s, want %d", took, c.within)
			}
			if c.check != nil {
				c.check(t, first[0])
			}
		})
	}
}

// TestClockStoodStill: the server did not run for two hours. That nobody came is no drop, and
// the silence of the services is none either.
func TestClockStoodStill(t *testing.T) {
	w := newWorld(nil)
	all := func(int) { w.many("pay", 5, .01, nil) }
	w.run(3600, all)
	from := w.now
	w.now += 7203
	w.d.Stood(from, w.now)
	for tick := w.d.Due(); tick <= w.now; tick = w.d.Due() {
		w.found = append(w.found, w.d.Tick(tick)...)
	}
	w.run(1800, all)
	if len(w.found) != 1 || w.found[0].Detector != DetectorClock || w.found[0].Since != from.Instant() || w.found[0].Ended != from+7203 {
		t.Errorf("%+v", w.found)
	}
	w = newWorld(nil) // and the customers are missed when nobody says so
	w.run(3600, func(int) { w.many("pay", 5, .01, nil) })
	w.silent = true
	if list := w.run(600, nil); kinds(list) != "silent silent " {
		t.Errorf("%+v", list)
	}
}

func region(name string) []felt.Segment { return []felt.Segment{{Key: "region", Value: name}} }
