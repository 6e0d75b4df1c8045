package rules

import (
	"slices"
	"time"

	"github.com/felt-cx/felt"
)

// Day is an entry of the calendar: a time in which more or fewer customers than usual come.
type Day struct {
	Name     string   `yaml:"name" need:"" doc:"What people call it, as Black Friday. Unique."`
	From     string   `yaml:"from" need:"" doc:"When it begins: a date (midnight UTC), as 2026-11-27, or a time with its offset, as 2026-11-27T06:00+01:00."`
	To       string   `yaml:"to" need:"" doc:"When it ends, in the same form. A date is the last day, and belongs to it."`
	Every    string   `yaml:"every" words:"week month year" alt:"once" doc:"How often it comes again."`
	Expect   string   `yaml:"expect" words:"more fewer anything" need:"" doc:"Who comes: more or fewer customers than on an ordinary day, by the factor; or anything, and then nobody is told when customers stop coming."`
	Factor   float64  `yaml:"factor" range:"0.001..1000" doc:"How many customers come for each that comes on an ordinary day: 3 is three times as many, 0.2 a fifth."`
	Journeys []string `yaml:"journeys" alt:"all" doc:"The journeys that it is about."`
}

// CompiledDay is an entry of the calendar as it is looked up.
type CompiledDay struct {
	Day

	from time.Time
	span time.Duration
}

// NotJudged is what [Set.Expected] returns of a time in which anything may happen.
const NotJudged = -1

// Expected is how many customers of a journey ("" of none) come at an instant for each that comes
// on an ordinary day: the factor of the first entry of the calendar that holds, else 1.
func (s *Set) Expected(at felt.Instant, journey string) float64 {
	for i := range s.Calendar {
		d := &s.Calendar[i]
		if len(d.Journeys) > 0 && !slices.Contains(d.Journeys, journey) || !d.holds(at.Time()) {
			continue
		}
		if d.Expect == "anything" {
			return NotJudged
		}
		return d.Factor
	}
	return 1
}

// holds tells whether an instant lies in one of its occurrences.
func (d *CompiledDay) holds(at time.Time) bool {
	in := func(from time.Time) bool { return !at.Before(from) && at.Before(from.Add(d.span)) }
	switch d.Every {
	case "week":
		const week = 7 * 24 * time.Hour
		since := at.Sub(d.from)
		return since >= 0 && since%week < d.span
	case "month", "year":
		months := (at.Year()-d.from.Year())*12 + int(at.Month()) - int(d.from.Month())
		step := 1
		if d.Every == "year" {
			step, months = 12, months-months%12
		}
		for k := max(months-step, 0); k <= months+step; k += step {
			// A month that does not have the day has no occurrence.
			if from := d.from.AddDate(0, k, 0); from.Day() == d.from.Day() && in(from) {
				return true
			}
		}
		return false
	}
	return in(d.from)
}

// readDay reads the times of an entry; word names what is wrong.
func readDay(d *Day) (c CompiledDay, wrong *string) {
	from, _, ok := readMoment(d.From)
	if !ok {
		return c, &d.From
	}
	to, date, ok := readMoment(d.To)
	if !ok {
		return c, &d.To
	}
	if date {
		to = to.AddDate(0, 0, 1)
	}
	return CompiledDay{Day: *d, from: from, span: to.Sub(from)}, nil
}

// readMoment reads a date or a time with an offset.
func readMoment(text string) (at time.Time, date, ok bool) {
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		return at, true, true
	}
	for _, form := range []string{"2006-01-02T15:04Z07:00", time.RFC3339} {
		if at, err := time.Parse(form, text); err == nil {
			return at.UTC(), false, true
		}
	}
	return at, false, false
}

// checkCalendar looks at the entries of all files.
func (p *parsed) checkCalendar() {
	unique := p.unique("calendar entry")
	for _, d := range p.days {
		unique(&d.Name)
		p.checkDay(d)
	}
	if n := len(p.days); n > p.options.MaxDays {
		p.err("too-many-days", p.days[p.options.MaxDays], "", "the calendar has %d entries, more than %d", n, p.options.MaxDays)
	}
}

func (p *parsed) checkDay(d *Day) {
	p.checkOccasion(d.Name, d.Every, &d.From, &d.To, &d.Every)
	given := p.given(&d.Factor)
	switch {
	case d.Expect == "anything" && given:
		p.err("bad-day", &d.Factor, "leave the factor out, or expect more or fewer", "%q expects anything, so it has no factor", d.Name)
	case (d.Expect == "more" || d.Expect == "fewer") && !given:
		p.err("bad-day", d, "add factor: 3 for three times as many", "%q expects %s customers, but not how many", d.Name, d.Expect)
	case d.Expect == "more" && d.Factor <= 1 && d.Factor != 0, d.Expect == "fewer" && d.Factor >= 1:
		p.err("bad-day", &d.Factor, "a factor above 1 is more, below 1 fewer", "%q expects %s customers, and a factor of %g", d.Name, d.Expect, d.Factor)
	}
	p.checkJourneyNames(d.Journeys)
}

// checkOccasion looks at the times of an entry of the calendar or of maintenance.
func (p *parsed) checkOccasion(name, every string, from, to, everyPart *string) {
	c, wrong := readDay(&Day{From: *from, To: *to, Every: every})
	switch {
	case wrong == nil && c.span <= 0:
		p.err("bad-day", to, "", "%q ends before it begins", name)
	case wrong == nil && c.span > period(every) && every == "":
		p.err("bad-day", to, "", "%q lasts longer than anybody can wait", name)
	case wrong == nil && c.span > period(every):
		p.err("bad-day", everyPart, "make it shorter, or leave every out", "%q lasts longer than until it comes again", name)
	case wrong != nil && *wrong != "":
		part := to
		if _, _, ok := readMoment(*from); !ok {
			part = from
		}
		p.err("bad-date", part, "as 2026-11-27 or 2026-11-27T06:00+01:00", "%q is no date and no time with an offset", *wrong)
	}
}

// period is the least time until an entry comes again.
func period(every string) time.Duration {
	const day = 24 * time.Hour
	switch every {
	case "week":
		return 7 * day
	case "month":
		return 28 * day
	case "year":
		return 365 * day
	}
	return 1 << 62
}
