package detect

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

const start felt.Tick = 1_700_000_000

// second is what happens in each second of a phase.
type second struct {
	until       felt.Tick // of the phase, seconds after start
	good, bad   int       // new customers a second
	sameFailing int       // tries of the one customer who always fails
	app         string
}

// play runs phases and returns what was found, and the second of each.
func play(d *FailedShare, phases []second) []felt.Finding {
	var out []felt.Finding
	customer := uint64(1)
	tick := felt.Tick(0)
	for _, ph := range phases {
		for ; tick < ph.until; tick++ {
			t := start + tick + 1
			end := t.Instant() - felt.Second/2
			add := func(n int, o felt.Outcome) {
				for range n {
					customer++
					d.Add(t, "production", ph.app, "pay", customer*0x9e3779b97f4a7c15, o, end)
				}
			}
			add(ph.good, felt.OutcomeSuccess)
			add(ph.bad, felt.OutcomeFailed)
			for range ph.sameFailing {
				d.Add(t, "production", ph.app, "pay", 7, felt.OutcomeFailed, end)
			}
			out = append(out, d.Tick(t)...)
		}
	}
	return out
}

func TestFindings(t *testing.T) {
	for _, c := range []struct {
		name    string
		phases  []second
		opened  felt.Tick // seconds after start; 0 never
		ended   felt.Tick
		since   float64
		atLeast int // rows
	}{
		{name: "nothing happens", phases: []second{{until: 600}}},
		{name: "all is well", phases: []second{{until: 600, good: 5}}},
		{name: "few customers are never judged", phases: []second{{until: 600}, {until: 1200, bad: 0, sameFailing: 50}}},
		{
			name:   "one customer who fails ten thousand times among few",
			phases: []second{{until: 60, good: 1}, {until: 200, good: 1, sameFailing: 100}},
		},
		{
			name:   "a fault opens at once and ends a minute after the last failure left the minute",
			phases: []second{{until: 3600, good: 5}, {until: 3660, good: 3, bad: 2}, {until: 4000, good: 5}},
			opened: 3610, ended: 3770, since: 3600.5, atLeast: 10,
		},
		{
			name: "a relapse begins the minute of recovery anew",
			phases: []second{
				{until: 3600, good: 5},
				{until: 3660, good: 3, bad: 2},
				{until: 3750, good: 5},
				{until: 3760, good: 3, bad: 2},
				{until: 4100, good: 5},
			},
			opened: 3610, ended: 3870, since: 3600.5, atLeast: 10,
		},
		{
			name:   "without a past the prior is the expectation",
			phases: []second{{until: 60, good: 1, bad: 1}},
			opened: 10, since: 0.5, atLeast: 4,
		},
		{
			name:   "twice the baseline is not enough when that is far below two points more",
			phases: []second{{until: 900, good: 500, bad: 1}, {until: 1000, good: 500, bad: 5}},
		},
		{
			name:   "what has always been so is taken as normal after an hour",
			phases: []second{{until: 3700, good: 19, bad: 1}},
			opened: 20, ended: 3620, since: 0.5, atLeast: 1,
		},
		{
			name:   "less than twice the baseline is not enough",
			phases: []second{{until: 600, good: 243, bad: 7}, {until: 700, good: 237, bad: 13}},
		},
		{
			name:   "it does not end while nobody comes",
			phases: []second{{until: 3600, good: 5}, {until: 3660, good: 3, bad: 2}, {until: 9000}},
			opened: 3610, since: 3600.5, atLeast: 6,
		},
		{
			name:   "the baseline stands still while it lasts, however long",
			phases: []second{{until: 3600, good: 5}, {until: 20_000, good: 4, bad: 1}},
			opened: 3610, since: 3600.5, atLeast: 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if raced && c.phases[0].good > 100 {
				t.Skip("one goroutine, and too much for it")
			}
			list := play(New(felt.DefaultSettings()), c.phases)
			if c.opened == 0 {
				if len(list) != 0 {
					t.Fatalf("found %+v", list[0])
				}
				return
			}
			if len(list) < c.atLeast {
				t.Fatalf("%d rows, at least %d expected: %+v", len(list), c.atLeast, list)
			}
			first, last := list[0], list[len(list)-1]
			if first.Opened != start+c.opened || first.Ended != 0 {
				t.Errorf("opened at +%d, want +%d", first.Opened-start, c.opened)
			}
			if got := float64(first.Since-start.Instant()) / 1e9; math.Abs(got-c.since) > 1e-6 {
				t.Errorf("since +%g s, want +%g s", got, c.since)
			}
			if want := start + c.ended; c.ended != 0 && last.Ended != want || c.ended == 0 && last.Ended != 0 {
				t.Errorf("ended at +%d, want +%d", last.Ended-start, c.ended)
			}
			for _, f := range list {
				if f.ID != first.ID || f.Baseline != first.Baseline || f.Since != first.Since {
					t.Errorf("another finding, baseline or since: %+v", f)
				}
			}
		})
	}
}

// TestBaselineOutlivesAnOutage: after two hours of outage, the hour before it is still what
// the next fault is held against.
func TestBaselineOutlivesAnOutage(t *testing.T) {
	list := play(New(felt.DefaultSettings()), []second{
		{until: 3700, good: 5}, {until: 10_900, good: 3, bad: 2}, {until: 11_500, good: 5}, {until: 11_520, good: 1, bad: 4},
	})
	first, last := list[0], list[len(list)-1]
	if first.ID == last.ID || last.BaselineN < first.BaselineN-500 || last.BaselineN < 15_000 {
		t.Errorf("held against %d customers, then against %d", first.BaselineN, last.BaselineN)
	}
}

func TestExplanation(t *testing.T) {
	list := play(New(felt.DefaultSettings()), []second{{until: 3600, good: 5}, {until: 3660, good: 3, bad: 2}})
	want := "120 of 300 customers failed in the last minute (40 %), against 0.0 % of 17750 in the hour before; the chance of that is below 1e-99"
	if got := list[len(list)-1].Explanation; got != want {
		t.Errorf("%q,\nwant %q", got, want)
	}
	for p, want := range map[float64]string{0.5: "0.5", 1e-6: "below 1e-5", 9e-7: "below 1e-6", 0: "below 1e-99"} {
		if got := chance(p); got != want {
			t.Errorf("chance(%g) = %q, want %q", p, got, want)
		}
	}
}

// TestCrowdIsSampled: so many customers that only a part of them is held are judged alike.
func TestCrowdIsSampled(t *testing.T) {
	if raced {
		t.Skip("one goroutine, and too much for it")
	}
	d := New(felt.DefaultSettings())
	list := play(d, []second{{until: 120, good: 3000}, {until: 180, good: 2000, bad: 1000}})
	if len(list) == 0 {
		t.Fatal("nothing found")
	}
	f := list[len(list)-1]
	if f.N > SampleMax || f.N < SampleMax/4 || math.Abs(f.Share-1.0/3) > 0.02 || !strings.Contains(f.Explanation, "sample of one customer in 4") {
		t.Errorf("%d held, share %g: %s", f.N, f.Share, f.Explanation)
	}
	for tick := start + 181; tick < start+400; tick++ {
		d.Tick(tick)
	}
	if s := d.series[key{"production", "", "pay"}]; s.skip != 0 {
		t.Errorf("one in 2^%d is held of nobody", s.skip)
	}
}

// TestBounds: series beyond the bound are not judged, until others have been silent for long.
func TestBounds(t *testing.T) {
	s := felt.DefaultSettings()
	s.SeriesMax = 1
	d := New(s)
	play(d, []second{{until: 60, good: 1, app: "a"}})
	if list := play(d, []second{{until: 60, bad: 5, app: "b"}}); len(list) != 0 {
		t.Error("judged without room")
	}
	if _, _, refused := d.Stats(); refused != 300 {
		t.Errorf("%d refused", refused)
	}
	for tick := start + 61; tick < start+200; tick++ {
		d.Tick(tick)
	}
	d.Add(start+4000, "production", "b", "pay", 1, felt.OutcomeFailed, (start + 4000).Instant())
	if _, ok := d.series[key{"production", "b", "pay"}]; !ok || len(d.series) != 1 {
		t.Error("a series that was silent for an hour keeps others out")
	}
}

// TestSnapshotOfCrowd: the sampled state is saved too.
func TestSnapshotOfCrowd(t *testing.T) {
	if raced {
		t.Skip("one goroutine, and too much for it")
	}
	phases := []second{{until: 125, good: 3000}, {until: 185, good: 2000, bad: 1000}}
	whole := New(felt.DefaultSettings())
	play(whole, phases)
	e := &codec.Encoder{}
	whole.Save(e)
	dec := codec.NewDecoder(e.B)
	restored := New(felt.DefaultSettings())
	restored.Load(dec)
	again := &codec.Encoder{}
	restored.Save(again)
	if dec.Err() != nil || dec.Rest() != 0 || string(again.B) != string(e.B) {
		t.Fatalf("%v, %d bytes left", dec.Err(), dec.Rest())
	}
	for tick := start + 186; tick < start+400; tick++ {
		if a, b := fmt.Sprint(whole.Tick(tick)), fmt.Sprint(restored.Tick(tick)); a != b {
			t.Fatalf("+%d: %s after a restore, want %s", tick-start, b, a)
		}
	}
}
