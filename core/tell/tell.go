package tell

import (
	"fmt"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
)

// Title says what is wrong in a few words, at most 80 characters: "Checkout is failing".
func Title(i *felt.Incident) string {
	said := clean(i.Title)
	if i.Source == "declared" && said != "" {
		return cut(said, titleMax)
	}
	verb := verbOf(i)
	name, more := clean(worst(i)), others(i)
	return cut(name, titleMax-len([]rune(more))-len([]rune(verb))-1) + more + " " + verb
}

// verbOf is what happens, as the end of a title.
func verbOf(i *felt.Incident) string {
	is, was := "is ", "was "
	if len(i.Journeys) > 1 {
		is, was = "are ", "were "
	}
	if i.Status == felt.IncidentResolved {
		is = was
	}
	if i.Source == "declared" && i.Kind == "" {
		return is + "reported broken"
	}
	switch suffered(i) {
	case felt.FindingDegraded:
		return is + "degraded"
	case felt.FindingSlow:
		return is + "slow"
	case felt.FindingFunnel:
		return is + "left unfinished"
	case felt.FindingDrop:
		return is + "missing customers"
	case felt.FindingSilent:
		return is + "not heard of"
	case felt.FindingBurn:
		return is + "using up the error budget"
	case felt.FindingKPI:
		return is + "off a business number"
	case felt.FindingSaturation:
		return is + "near a limit"
	case felt.FindingFailed:
	}
	return is + "failing"
}

// suffered is what customers feel of an incident: that they fail, as soon as that stands out, else
// what it was opened for.
func suffered(i *felt.Incident) felt.FindingKind {
	failed := slices.ContainsFunc(i.Findings, func(f felt.Finding) bool { return f.Paging && f.Kind == felt.FindingFailed })
	if i.Kind == "" || failed {
		return felt.FindingFailed
	}
	return felt.FindingKind(i.Kind)
}

// worst is what people call the worst of what is hit.
func worst(i *felt.Incident) string {
	for _, s := range []string{i.Title, i.Scope().Name, i.App} {
		if clean(s) != "" && (i.Source != "declared" || s != i.Title) {
			return s
		}
	}
	return "Something"
}

// others says how many more are hit.
func others(i *felt.Incident) string {
	if n := len(i.Journeys); n > 1 {
		return fmt.Sprintf(" and %d more", n-1)
	}
	return ""
}

// Sentence is the first line of everything that is told: who is hit, by what, since when, where, and
// what it may come from.
func Sentence(i *felt.Incident) string {
	text := hurt(i) + " " + when(i)
	if w := where(i); w != "" {
		text += ", mostly " + w
	}
	if s := suspicion(i); s != "" && i.Status != felt.IncidentResolved {
		text += "; " + s
	}
	switch {
	case i.Status == felt.IncidentResolved:
		return "All clear: " + text
	case i.Reopened != 0:
		return "Back again: " + text
	}
	return text
}

// hurt says who suffers what.
func hurt(i *felt.Incident) string {
	name := short(worst(i)) + others(i)
	c := i.Impact.Customers
	switch suffered(i) {
	case felt.FindingDegraded, felt.FindingSlow:
		if c.Degraded > 0 {
			return people(i, c.Degraded) + " got through " + name + " only slowly or the long way round"
		}
	case felt.FindingDrop:
		if f := finding(i, felt.FindingDrop); f != nil && f.Expected > 0 {
			return fmt.Sprintf("About %s customers are missing at %s (%s came, about %s were expected)",
				Count(max(int64(f.Expected+.5)-f.Hit, 0)), name, Count(f.Hit), Count(int64(f.Expected+.5)))
		}
	case felt.FindingSilent:
		return "Nothing is heard of " + name + ", and what its customers do is not known"
	case felt.FindingFunnel:
		if n, of := i.Impact.Counts.Abandoned, i.Impact.Counts.Decided(); n > 0 {
			return fmt.Sprintf("%s of %s tries of %s (%s) were left unfinished", Count(n), Count(of), name, Share(n, of))
		}
	case felt.FindingFailed, felt.FindingBurn, felt.FindingKPI, felt.FindingSaturation:
	}
	if c.Failed > 0 {
		return people(i, c.Failed) + " could not finish " + name
	}
	return Title(i) + ", and how many customers are hit is not known yet,"
}

// people are so many customers, of all who came.
func people(i *felt.Incident, n int64) string {
	noun := " customers"
	if n == 1 {
		noun = " customer"
	}
	return fmt.Sprintf("%s%s (%s of %s)", Count(n), noun, Share(n, i.Impact.Customers.Total), Count(i.Impact.Customers.Total))
}

func finding(i *felt.Incident, kind felt.FindingKind) *felt.Finding {
	k := slices.IndexFunc(i.Findings, func(f felt.Finding) bool { return f.Kind == kind })
	if k < 0 {
		return nil
	}
	return &i.Findings[k]
}

// when says since when, or from when to when.
func when(i *felt.Incident) string {
	now := i.Known.Instant()
	if i.Status == felt.IncidentResolved {
		now = i.Resolved
		return "between " + Clock(i.FirstBad, now) + " and " + Clock(i.Resolved, now)
	}
	return "since " + Clock(i.FirstBad, now)
}

// Clock writes a moment as people say it at another: 14:23 UTC, with the day when that is another one.
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

// where says which customers are hit most.
func where(i *felt.Incident) string {
	if len(i.SegmentsHit) == 0 || i.SegmentsHit[0].Explains < .5 {
		return ""
	}
	var values []string
	for _, s := range i.SegmentsHit[0].Where {
		values = append(values, short(s.Value))
	}
	return strings.Join(values, " on ")
}

// suspicion says what it may come from.
func suspicion(i *felt.Incident) string {
	if len(i.Suspects) == 0 {
		return ""
	}
	s := &i.Suspects[0]
	what := strings.TrimSpace(strings.ReplaceAll(s.Kind, "_", " ") + " " + short(s.What))
	if s.At == 0 {
		return "maybe " + what
	}
	if s.Lead < 0 {
		return Elapsed(s.Lead) + " before " + what
	}
	return Elapsed(s.Lead) + " after " + what
}

// Text is a notification for places that have no blocks: a first line, and more lines below it.
func Text(n *felt.Notification) (head, body string) {
	switch n.Kind {
	case felt.NotifyTest:
		return "Test: Felt reaches the sink " + short(n.Sink), "Nothing is wrong. Somebody asked whether this works."
	case felt.NotifyHeartbeat:
		return "Felt works", ""
	case felt.NotifyDetected, felt.NotifyReported, felt.NotifyResolved:
	}
	lines := []string{Sentence(&n.Incident)}
	if n.Why != "" {
		lines = append(lines, clean(n.Why))
	}
	return Title(&n.Incident), strings.Join(lines, "\n")
}

// Update says what has changed between two states of an incident, in one line; "" nothing worth saying.
func Update(before, after *felt.Incident) string {
	b, a := before.Impact.Customers, after.Impact.Customers
	if a.Failed > b.Failed && 4*a.Failed >= 5*b.Failed {
		return people(after, a.Failed) + " failed so far"
	}
	return ""
}
