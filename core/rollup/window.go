package rollup

import (
	"math"

	"github.com/felt-cx/felt"
)

// Window is one window of coarse rows, by its width and its start.
type Window struct {
	Width felt.Instant // [felt.Hour] or [felt.Day]
	Start felt.Instant
}

// HourOf is the window of an hour in which a time lies.
func HourOf(at felt.Instant) Window { return Window{felt.Hour, at.Floor(felt.Hour)} }

// End is where the next window starts.
func (w Window) End() felt.Instant { return w.Start + w.Width }

// Days are the days to make again when an hour changed: its own, and the one before when
// a failure of yesterday may have recovered in this hour.
func Days(hour Window, recovery felt.Instant) []Window {
	own := Window{felt.Day, hour.Start.Floor(felt.Day)}
	list := []Window{own}
	if before := (Window{felt.Day, own.Start - felt.Day}); hour.Start < settled(before, recovery) {
		list = append(list, before)
	}
	return list
}

// settled is when whole hours have passed in which a failure of the window may recover.
func settled(w Window, recovery felt.Instant) felt.Instant {
	if w.Width < felt.Day {
		return w.End()
	}
	return -(-(w.End() + recovery)).Floor(felt.Hour)
}

// Needs yields the hours that a day is made of, with those in which its failures recover.
func Needs(day Window, recovery felt.Instant) []Window {
	var list []Window
	for at := day.Start; at < settled(day, recovery); at += felt.Hour {
		list = append(list, Window{felt.Hour, at})
	}
	return list
}

// Due tells whether a window with new rows is to be made, when all of time before an
// instant is known and it was last made at made (an earlier before; 0 never). The waits
// grow with the window's age: it is made again after half an hour (a day: six hours), and then
// whenever its age has grown by a half, or by a day.
func Due(w Window, recovery, made, before felt.Instant) bool {
	end := settled(w, recovery)
	if before < end {
		return false
	}
	if made == 0 {
		return true
	}
	least := felt.Hour / 2
	if w.Width == felt.Day {
		least = 6 * felt.Hour
	}
	return before-made >= min(max(least, (made-end)/2), felt.Day)
}

// ShareLimit is the number below which the first eight bytes of a trace's id are when the
// trace is in a share; all when every trace is.
func ShareLimit(share float64) (limit uint64, all bool) {
	switch {
	case !(share > 0): // NaN too
		return 0, false
	case share >= 1:
		return 0, true
	}
	return uint64(math.Ceil(share * (1 << 64))), false
}

// Late are the rows that take in one of 10 seconds when those of its time are gone:
// its minute, its hour and its day, which merge with the rows that are there.
func Late(b felt.Bucket) []felt.Bucket {
	list := make([]felt.Bucket, 0, 3)
	for _, width := range []felt.Instant{felt.Minute, felt.Hour, felt.Day} {
		row := b
		row.Start, row.Width = b.Start.Floor(width), int32(width/felt.Second)
		list = append(list, row)
	}
	return list
}

// Cut is the time before which the rows of a width may go, now and when they are kept for so
// long: whole hours, whole days of hours, and nothing that stale windows are still to be
// made of. 0 when nothing may go.
func Cut(width, now, keep felt.Instant, stale []Window) felt.Instant {
	if keep <= 0 {
		return 0
	}
	unit := felt.Hour
	if width >= felt.Hour {
		unit = felt.Day
	}
	cut := (now - keep).Floor(unit)
	for _, w := range stale {
		if w.Width == felt.Hour || width >= felt.Hour {
			cut = min(cut, w.Start.Floor(unit))
		}
	}
	return max(cut, 0)
}

// WholeDays tells whether a window is made of whole days that are over and kept from a time
// on, and whose rows are all there, so that customer days answer it exactly.
func WholeDays(w felt.Window, from, oldest, newest felt.Instant, stale func(Window) bool) bool {
	if w.From%felt.Day != 0 || w.To%felt.Day != 0 || w.From >= w.To || w.From < from {
		return false
	}
	for at := max(w.From, oldest.Floor(felt.Day)); at < w.To && at <= newest; at += felt.Day {
		if stale(Window{felt.Day, at}) {
			return false
		}
	}
	return true
}
