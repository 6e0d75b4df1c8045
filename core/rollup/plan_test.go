package rollup_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rollup"
)

const day = 20_000 * felt.Day

// kept is what a store has that is 30 days old, in which two hours of the day before are stale.
func kept() rollup.Kept {
	stale := map[rollup.Window]bool{{Width: felt.Hour, Start: day + 3*felt.Hour}: true, {Width: felt.Hour, Start: day + 20*felt.Hour}: true}
	return rollup.Kept{
		Widths: []rollup.Width{
			{Width: felt.Day, From: day - 100*felt.Day},
			{Width: felt.Hour, From: day - 100*felt.Day},
			{Width: felt.Minute, From: day - 14*felt.Day},
			{Width: 10 * felt.Second, From: day - 2*felt.Day},
		},
		Interactions: day - 30*felt.Day + 5*felt.Minute,
		Stale:        rollup.Stale(func(w rollup.Window) bool { return stale[w] }, 0),
		Newest:       day + felt.Day - 1,
	}
}

func TestPlan(t *testing.T) {
	const h, d = felt.Hour, felt.Day
	for _, c := range []struct {
		what   string
		w      felt.Window
		step   felt.Instant
		want   []rollup.Piece
		absent bool
	}{
		{"whole days", felt.Window{From: day - 50*d, To: day - 3*d}, 0, []rollup.Piece{{day - 50*d, day - 3*d, d}}, false},
		{"hours around days", felt.Window{From: day - 50*d + 23*h, To: day - 3*d + 2*h}, 0, []rollup.Piece{
			{day - 50*d + 23*h, day - 49*d, h}, {day - 49*d, day - 3*d, d}, {day - 3*d, day - 3*d + 2*h, h},
		}, false},
		{"hours by step", felt.Window{From: day - 50*d, To: day - 48*d}, h, []rollup.Piece{{day - 50*d, day - 48*d, h}}, false},
		{"a stale hour", felt.Window{From: day + 2*h, To: day + 5*h}, 0, []rollup.Piece{
			{day + 2*h, day + 3*h, h}, {day + 3*h, day + 4*h, 10 * felt.Second}, {day + 4*h, day + 5*h, h},
		}, false},
		{"a day with stale hours", felt.Window{From: day, To: day + d}, 0, []rollup.Piece{
			{day, day + 3*h, h},
			{day + 3*h, day + 4*h, 10 * felt.Second},
			{day + 4*h, day + 20*h, h},
			{day + 20*h, day + 21*h, 10 * felt.Second},
			{day + 21*h, day + d, h},
		}, false},
		{"edges of interactions", felt.Window{From: day - 15*d + 1, To: day - 15*d + h}, 0, []rollup.Piece{{day - 15*d + 1, day - 15*d + h, 0}}, false},
		{"minutes and interactions", felt.Window{From: day - 10*d, To: day - 10*d + 61*felt.Second}, 0, []rollup.Piece{
			{day - 10*d, day - 10*d + felt.Minute, felt.Minute}, {day - 10*d + felt.Minute, day - 10*d + 61*felt.Second, 0},
		}, false},
		{"an edge whose interactions are gone", felt.Window{From: day - 50*d + 1, To: day}, 0, nil, true},
		{"older than all", felt.Window{From: day - 101*d, To: day}, 0, nil, true},
		{"the future", felt.Window{From: day + 5*d, To: day + 9*d}, 0, nil, false},
		{"to the end of time", felt.Window{From: day + 21*h, To: 1<<63 - 1}, 0, []rollup.Piece{{day + 21*h, day + d, h}}, false},
		{"turned round", felt.Window{From: day, To: day - d}, 0, nil, false},
	} {
		got, missing := rollup.Plan(felt.Question{Window: c.w}, c.step, kept())
		if (missing != felt.Window{}) != c.absent {
			t.Errorf("%s: missing %v", c.what, missing)
		}
		if !c.absent && !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %v\nwant %v", c.what, got, c.want)
		}
	}
}

// Whatever is asked, the pieces cover the window once, and no bucket is cut by it or by a step.
func TestPlanCoversOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	covered := 0
	for range 3000 {
		unit := []felt.Instant{1, felt.Second, 10 * felt.Second, felt.Minute, felt.Hour, felt.Day}[r.IntN(6)]
		at := func() felt.Instant { return (day - felt.Instant(r.Int64N(int64(40*felt.Day)))).Floor(unit) }
		w := felt.Window{From: at(), To: at()}
		if w.From > w.To {
			w.From, w.To = w.To, w.From
		}
		step := []felt.Instant{0, 0, felt.Hour, felt.Day, 25 * felt.Minute}[r.IntN(5)]
		pieces, missing := rollup.Plan(felt.Question{Window: w}, step, kept())
		if missing != (felt.Window{}) {
			continue
		}
		covered++
		next := w.From
		for _, p := range pieces {
			if p.From != next || p.To <= p.From {
				t.Fatalf("%v step %d: %v does not go on from %d", w, step, p, next)
			}
			next = p.To
			if p.Width == 0 {
				continue
			}
			if p.From%p.Width != 0 || p.To%p.Width != 0 {
				t.Fatalf("%v: %v is not made of whole buckets", w, p)
			}
			for at := p.From; step > 0 && at < p.To; at += p.Width {
				if (at-w.From)/step != (at+p.Width-1-w.From)/step {
					t.Fatalf("%v: the bucket at %d of %v lies in two steps of %d", w, at, p, step)
				}
			}
		}
		if next != w.To && w.From < w.To {
			t.Fatalf("%v: covered to %d only", w, next)
		}
	}
	if covered < 500 {
		t.Errorf("only %d windows could be covered: this test does not test", covered)
	}
}

func TestAdmitted(t *testing.T) {
	var a rollup.Admitted
	key := rollup.Key{Env: "e", App: "a", Name: "n", Key: "plan"}
	admit := func(seen ...rollup.Seen) int { return len(a.Admit(key, seen, 2)) }
	if n := admit(rollup.Seen{"z", 5}, rollup.Seen{"b", 5}, rollup.Seen{"", 1}); n != 2 {
		t.Errorf("%d admitted, want 2", n)
	}
	if a.As(key, "late") != "late" {
		t.Error("nothing is among others yet")
	}
	if n := admit(rollup.Seen{"late", 0}, rollup.Seen{"b", 9}, rollup.Seen{"later", 1}); n != 1 {
		t.Errorf("%d noted, want that others are other", n)
	}
	for value, want := range map[string]string{"z": "z", "b": "b", "late": "other", "never": "other", "other": "other", "": ""} {
		if got := a.As(key, value); got != want {
			t.Errorf("%q counts as %q, want %q", value, got, want)
		}
	}
	if !a.Lost(key, "late") || a.Lost(key, "z") || a.Lost(key, "other") || a.Lost(rollup.Key{Key: "region"}, "eu") {
		t.Error("lost: late is, z and other and what is of another key are not")
	}
	var b rollup.Admitted // a value called other is not admitted, and makes others
	b.Admit(key, []rollup.Seen{{"other", 1}, {"p", 2}, {"q", 3}}, 2)
	if b.As(key, "q") != "q" || b.As(key, "x") != "other" {
		t.Error("a value called other took a place")
	}
}

// A window is made when it has ended, and again after ever longer waits.
func TestDue(t *testing.T) {
	for _, width := range []felt.Instant{felt.Hour, felt.Day} {
		w := rollup.Window{Width: width, Start: day}
		times, made := 0, felt.Instant(0)
		for before := w.Start; before < w.End()+3*felt.Day; before += felt.Minute {
			if rollup.Due(w, 30*felt.Minute, made, before) {
				if before < w.End() {
					t.Fatalf("made at %d, before it ended", before)
				}
				made = before
				times++
			}
		}
		if times < 3 || times > 14 {
			t.Errorf("a window of %d s that changes all the time was made %d times in three days", width/felt.Second, times)
		}
		if rollup.Due(w, 30*felt.Minute, made, made) {
			t.Error("made twice at one time")
		}
	}
}

func TestDays(t *testing.T) {
	hour := func(n int) rollup.Window {
		return rollup.Window{Width: felt.Hour, Start: day + felt.Instant(n)*felt.Hour}
	}
	today, before := rollup.Window{Width: felt.Day, Start: day}, rollup.Window{Width: felt.Day, Start: day - felt.Day}
	for n, want := range map[int][]rollup.Window{0: {today, before}, 1: {today}, 23: {today}} {
		if got := rollup.Days(hour(n), 30*felt.Minute); !slices.Equal(got, want) {
			t.Errorf("hour %d: %v, want %v", n, got, want)
		}
	}
	if got := rollup.Days(hour(1), 61*felt.Minute); len(got) != 2 {
		t.Errorf("a failure may recover in the second hour of the next day: %v", got)
	}
	if got := rollup.Needs(today, 30*felt.Minute); len(got) != 25 || got[24] != hour(24) {
		t.Errorf("a day needs %d hours, want 25", len(got))
	}
}

func TestCut(t *testing.T) {
	now := day + 90*felt.Minute
	stale := []rollup.Window{{Width: felt.Hour, Start: day - 70*felt.Hour}}
	for _, c := range []struct {
		width, keep felt.Instant
		stale       []rollup.Window
		want        felt.Instant
	}{
		{10 * felt.Second, 0, nil, 0},
		{10 * felt.Second, 2 * felt.Day, nil, day - 47*felt.Hour},
		{10 * felt.Second, 2 * felt.Day, stale, day - 70*felt.Hour},
		{felt.Hour, felt.Day, nil, day - felt.Day},
		{felt.Hour, felt.Day, stale, day - 3*felt.Day},
		{felt.Minute, 2 * day, nil, 0},
	} {
		if got := rollup.Cut(c.width, now, c.keep, c.stale); got != c.want {
			t.Errorf("%+v: %d, want %d", c, got, c.want)
		}
	}
}

func TestShareLimit(t *testing.T) {
	for share, want := range map[float64]uint64{0: 0, -1: 0, 0.5: 1 << 63, 0.25: 1 << 62} {
		if got, all := rollup.ShareLimit(share); got != want || all {
			t.Errorf("%v: %d, %v", share, got, all)
		}
	}
	if _, all := rollup.ShareLimit(1); !all {
		t.Error("a share of 1 is not all")
	}
}
