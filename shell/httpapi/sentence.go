package httpapi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
)

// suffered is what customers feel of an incident: that they fail, as soon as that stands out, else
// what it was opened for.
func suffered(i *felt.Incident) felt.FindingKind {
	if i.Kind == "" || slices.ContainsFunc(i.Findings, func(f felt.Finding) bool { return f.Paging && f.Kind == felt.FindingFailed }) {
		return felt.FindingFailed
	}
	return felt.FindingKind(i.Kind)
}

func title(i felt.Incident) string {
	is, was := "is failing", "was failing"
	switch suffered(&i) {
	case felt.FindingDegraded:
		is, was = "is degraded", "was degraded"
	case felt.FindingSlow:
		is, was = "is slow", "was slow"
	case felt.FindingFunnel:
		is, was = "is left unfinished", "was left unfinished"
	case felt.FindingDrop:
		is, was = "misses customers", "missed customers"
	case felt.FindingSilent:
		is, was = "is not heard of", "was not heard of"
	case felt.FindingFailed, felt.FindingBurn, felt.FindingKPI, felt.FindingSaturation:
	}
	if i.Status == felt.IncidentResolved {
		is = was
	}
	return i.App + "/" + strings.Join(i.Journeys, ", ") + " " + is
}

// sentence says what the incident is in one line: customers first, where it is they who can be
// counted.
func sentence(i felt.Incident, im felt.Impact) string {
	name, when := i.Scope().Name, lasted(&i)
	failed := fmt.Sprintf("%s (%.1f %% of %s)", people(im.Customers.Failed), scoreOf(im), grouped(im.Customers.Total))
	if text := unlike(&i, im, name, when); text != "" {
		return text + "; " + failed + " failed."
	}
	return fmt.Sprintf("%s could not finish %s %s; recovered %s, lost %s, undecided %s.",
		failed, name, when, grouped(im.Recovered), grouped(im.Lost), grouped(im.Undecided))
}

// unlike says what is felt where it is no failure; "" where it is, or nothing is known of it.
func unlike(i *felt.Incident, im felt.Impact, name, when string) string {
	kind := suffered(i)
	at := slices.IndexFunc(i.Findings, func(f felt.Finding) bool { return f.Kind == kind })
	switch kind {
	case felt.FindingDegraded, felt.FindingSlow:
		if n := im.Customers.Degraded; n > 0 {
			return fmt.Sprintf("%s (%.1f %% of %s) %s served badly by %s %s", people(n), 100*share(n, im.Customers.Total),
				grouped(im.Customers.Total), wasWere(n), name, when)
		}
		if at >= 0 {
			return fmt.Sprintf("%s of %s tries of %s were slower than usual %s", grouped(i.Findings[at].Hit), grouped(i.Findings[at].N), name, when)
		}
	case felt.FindingFunnel:
		if n, of := im.Counts.Abandoned, im.Counts.Decided(); n > 0 {
			return fmt.Sprintf("%s of %s tries of %s (%.1f %%) were left unfinished %s", grouped(n), grouped(of), name, 100*share(n, of), when)
		}
		return missing(i, at, name, when)
	case felt.FindingDrop, felt.FindingSilent:
		return missing(i, at, name, when)
	case felt.FindingFailed, felt.FindingBurn, felt.FindingKPI, felt.FindingSaturation:
	}
	return ""
}

// missing says how many came of those who were expected.
func missing(i *felt.Incident, at int, name, when string) string {
	if at < 0 || i.Findings[at].Expected <= 0 {
		return ""
	}
	f := &i.Findings[at]
	return fmt.Sprintf("%s tries of %s came %s where %s were expected", grouped(f.Hit), name, when, grouped(int64(f.Expected+.5)))
}

// lasted says when; the day once, where it is one.
func lasted(i *felt.Incident) string {
	const day = " UTC on 2 Jan 2006"
	if i.Status != felt.IncidentResolved {
		return "since " + i.FirstBad.Time().Format("15:04:05"+day)
	}
	from, to := i.FirstBad.Time(), i.Resolved.Time()
	first := "15:04:05"
	if from.Format("2006-01-02") != to.Format("2006-01-02") {
		first = "15:04:05 on 2 Jan"
	}
	return "between " + from.Format(first) + " and " + to.Format("15:04:05"+day)
}

func people(n int64) string {
	if n == 1 {
		return "1 customer"
	}
	return grouped(n) + " customers"
}

func wasWere(n int64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
