package tell

import "github.com/felt-cx/felt"

// now is the moment at which the incident is as it is told.
func now(i *felt.Incident) felt.Instant {
	for _, at := range []felt.Instant{i.Known.Instant(), i.Resolved, i.Opened, i.Detected} {
		if at != 0 {
			return at
		}
	}
	return i.FirstBad
}

// when says since when; of what customers have recovered from, from when to when.
func when(i *felt.Incident) string {
	if i.FirstBad == 0 {
		return "since a time that is not known"
	}
	to := i.Recovered
	if !over(i) || to == 0 {
		return "since " + Clock(i.FirstBad, now(i))
	}
	if to <= i.FirstBad {
		return "at " + Clock(i.FirstBad, now(i))
	}
	from, end := Clock(i.FirstBad, now(i)), Clock(to, now(i))
	if a, b := i.FirstBad.Time(), to.Time(); a.Year() == b.Year() && a.YearDay() == b.YearDay() {
		from = a.Format("15:04")
	}
	return "between " + from + " and " + end + " (" + Elapsed(to-i.FirstBad) + ")"
}

// Clock writes a moment as people say it at another: 14:23 UTC, with the day when that is not the
// same, and the year likewise.
func Clock(at, now felt.Instant) string {
	t, n := at.Time(), now.Time()
	switch {
	case t.Year() != n.Year():
		return t.Format("15:04 UTC on 2 Jan 2006")
	case t.YearDay() != n.YearDay():
		return t.Format("15:04 UTC on 2 Jan")
	}
	return t.Format("15:04 UTC")
}
