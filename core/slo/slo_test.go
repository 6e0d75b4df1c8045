package slo

import (
	"testing"

	"github.com/felt-cx/felt"
)

const day0 = felt.Tick(1_700_000_000)

// part is a stretch of windows of 10 s: bad of n in one of every so many, nobody in the others.
type part struct {
	long   felt.Instant
	bad, n int64
	every  int // 1 when 0
}

// told is what a story made the watch say.
type told struct {
	opened, paged, ended felt.Tick // seconds after the start of the last part but one; -1 never
	opens                int
	last                 Reading
}

// tell feeds the parts; times count from the start of parts[from].
func tell(b *Burn, from int, parts ...part) told {
	out := told{opened: -1, paged: -1, ended: -1}
	at, zero := day0, day0
	for i, p := range parts {
		if i == from {
			zero = at
		}
		for k := range int(p.long / (10 * felt.Second)) {
			at += 10
			var bad, n int64
			if k%max(p.every, 1) == 0 {
				bad, n = p.bad, p.n
			}
			r := b.Step(at, bad, n)
			if r.Opened {
				out.opens++
				if out.opened < 0 {
					out.opened = at - zero
				}
			}
			if r.Paged && out.paged < 0 {
				out.paged = at - zero
			}
			if r.Ended {
				out.ended = at - zero
			}
			out.last = r
		}
	}
	return out
}

func TestStories(t *testing.T) {
	const never, any = -1, -2
	within := func(got felt.Tick, low, high int) bool {
		if low == any {
			return true
		}
		return int(got) >= low && int(got) <= high
	}
	day, hour := felt.Day, felt.Hour
	for _, c := range []struct {
		name         string
		target       float64
		from         int
		parts        []part
		opened       [2]int // earliest and latest, seconds
		paged, ended [2]int
		opens        int
	}{
		{
			"a whole outage in the first minute of a journey", 0.99, 0,
			[]part{{5 * felt.Minute, 2, 2, 1}},
			[2]int{30, 60},
			[2]int{30, 60},
			[2]int{never, never},
			1,
		},
		{
			"one bad of every ten an hour is no evidence", 0.99, 0,
			[]part{{8 * hour, 1, 1, 360}},
			[2]int{any},
			[2]int{any},
			[2]int{never, never},
			1, // it is, after five hours: five of five
		},
		{
			"one failure in a quiet night", 0.99, 1,
			[]part{{day, 0, 1, 36}, {10 * felt.Second, 1, 1, 1}, {hour, 0, 1, 36}},
			[2]int{never, never},
			[2]int{never, never},
			[2]int{never, never},
			0,
		},
		{
			"just inside of the budget for five days", 0.99, 0,
			[]part{{5 * day, 9, 1000, 1}},
			[2]int{never, never},
			[2]int{never, never},
			[2]int{never, never},
			0,
		},
		{
			"a tenth too many is for working hours, and takes days to tell", 0.99, 1,
			[]part{{4 * day, 5, 1000, 1}, {4 * day, 11, 1000, 1}},
			[2]int{2 * 86400, 4 * 86400},
			[2]int{never, never},
			[2]int{never, never},
			1,
		},
		{
			"15 % fail of 10/s: the hour decides", 0.99, 1,
			[]part{{day, 0, 100, 1}, {3 * hour, 15, 100, 1}},
			[2]int{56 * 60, 58 * 60},
			[2]int{56 * 60, 58 * 60},
			[2]int{never, never},
			1,
		},
		{
			"everything fails for ten minutes, then nothing", 0.99, 1,
			[]part{{day, 0, 100, 1}, {10 * felt.Minute, 100, 100, 1}, {12 * hour, 0, 100, 1}},
			[2]int{8 * 60, 9 * 60},
			[2]int{8 * 60, 9 * 60},
			[2]int{1080, 1200},
			1,
		},
		{
			"nobody comes any more: it ends with its window, not before", 0.99, 1,
			[]part{{6 * hour, 0, 100, 1}, {20 * felt.Minute, 100, 100, 1}, {4 * day, 0, 0, 1}},
			[2]int{200, 300},
			[2]int{500, 540},
			[2]int{3*86400 - 3600, 3*86400 + 1200},
			1,
		},
		{
			"good ones leave the hour while nobody comes: no news, no page", 0.99, 0,
			[]part{{10 * felt.Minute, 0, 100, 1}, {52 * felt.Minute, 0, 0, 1}, {3 * felt.Minute, 20, 100, 1}, {8 * felt.Minute, 0, 0, 1}},
			[2]int{any},
			[2]int{never, never},
			[2]int{never, never},
			1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := tell(New(c.target, 0), c.from, c.parts...)
			if !within(got.opened, c.opened[0], c.opened[1]) || !within(got.paged, c.paged[0], c.paged[1]) ||
				!within(got.ended, c.ended[0], c.ended[1]) || got.opens != c.opens {
				t.Errorf("opened %d (want %v), paged %d (want %v), ended %d (want %v), %d times (want %d); %+v",
					got.opened, c.opened, got.paged, c.paged, got.ended, c.ended, got.opens, c.opens, got.last)
			}
		})
	}
}
