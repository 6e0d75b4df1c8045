package tell

import (
	"fmt"
	"math"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/felt-cx/felt"
)

// Sentence is the first line of everything that is told: who is hit, by what, since when, where, and
// what it may come from. It is one line without a full stop.
func Sentence(i *felt.Incident) string {
	text := hurt(i)
	if w := Where(i.SegmentsHit); w != "" {
		text += ", mostly " + w
	}
	if also := alsoFailed(i); also != "" {
		text += "; " + also
	}
	if over(i) {
		if became := became(&i.Impact); became != "" {
			text += "; " + became
		}
		return ending(i) + text
	}
	if len(i.Suspects) > 0 {
		if s := suspicion(&i.Suspects[0]); s != "" {
			text += "; " + s
		}
	}
	if since := well(i); since > i.FirstBad {
		text += "; it has looked well since " + Clock(since, now(i))
	}
	if i.Reopened != 0 {
		return "Back again: " + text
	}
	return upper(text)
}

// well is since when it looks well, once that is worth saying: a good minute, or one customer who succeeds,
// is chance while others fail. 0: it does not.
func well(i *felt.Incident) felt.Instant {
	r := &i.Recovery
	if r.Since == 0 || 2*r.Outcomes < r.Needs || 2*(now(i)-r.Since) < r.For {
		return 0
	}
	return r.Since
}

// ending says how it ended: only customers who succeed again are all clear.
func ending(i *felt.Incident) string {
	if i.Recovered != 0 {
		return "All clear: "
	}
	return "Closed by people at " + Clock(i.Resolved, now(i)) + ": "
}

func upper(s string) string {
	if s == "" {
		return ""
	}
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// notKnown is said where a number would stand.
const notKnown = "how many customers are hit is not known"

// hurt says who suffers what, and when.
func hurt(i *felt.Incident) string {
	name, when := place(i), when(i)
	c := i.Impact.Customers
	switch suffered(i) {
	case felt.FindingDegraded, felt.FindingSlow:
		return badly(i, name, when)
	case felt.FindingDrop:
		return isWere(i, "customers") + " missing at " + name + " " + when + missing(finding(i, felt.FindingDrop))
	case felt.FindingSilent:
		return silent(i, name, when)
	case felt.FindingFunnel:
		return left(i, name, when)
	case felt.FindingBurn, felt.FindingKPI, felt.FindingSaturation:
		if c.Failed == 0 {
			return warned(i, name, when)
		}
	case felt.FindingFailed:
	}
	switch {
	case c.Failed > 0:
		return people(i, c.Failed, failedOf) + " could not finish " + name + " " + when
	case i.Source == declared && c.Degraded > 0:
		return badly(i, name, when)
	case i.Source == declared:
		return "declared by people: " + cut(worst(i), titleMax) + ", " + when + "; " + uncounted(i)
	}
	return name + " " + verbOf(i) + " " + when + "; " + uncounted(i)
}

// uncounted says that nobody was hit of those who were seen, or that nobody was seen.
func uncounted(i *felt.Incident) string {
	c := i.Impact.Customers
	switch {
	case c.Total <= 0:
		return notKnown
	case c.Total == 1:
		return "the only customer who came is not known to have failed"
	}
	return "none of the " + about(i) + Count(c.Total) + " customers who came is known to have failed"
}

// badly says who was served badly.
func badly(i *felt.Incident, name, when string) string {
	kind := suffered(i)
	did := " finished " + name + " only slowly or the long way round "
	if kind == felt.FindingSlow {
		did = " had to wait too long for " + name + " "
	}
	if n := i.Impact.Customers.Degraded; n > 0 {
		return people(i, n, degradedOf) + did + when
	}
	if f := finding(i, kind); f != nil && f.N > 0 {
		bad := "were slower than usual"
		if kind == felt.FindingDegraded {
			bad = "were slow or went the long way round"
		}
		return tries(f.Hit, f.N) + " of " + name + " " + bad + " " + when + usually(f) + "; how many customers that are is not known"
	}
	return name + " " + verbOf(i) + " " + when + "; " + notKnown
}

// tries are so many of all, with their share.
func tries(n, of int64) string {
	return fmt.Sprintf("%s of %s tries (%s)", Count(n), Count(of), Share(n, of))
}

// usually says what share is usual.
func usually(f *felt.Finding) string {
	if f.BaselineN <= 0 || f.Baseline < 0 || f.Baseline > 1 {
		return ""
	}
	return ", where " + percent(f.Baseline) + " of " + Count(f.BaselineN) + " is usual"
}

// silent says of whom nothing is heard.
func silent(i *felt.Incident, name, when string) string {
	f := finding(i, felt.FindingSilent)
	who := name
	if f != nil && short(f.About) != "" {
		who = short(f.About)
	}
	verb := "nothing is heard of "
	if over(i) {
		verb = "nothing was heard of "
	}
	text := verb + who + " " + when + ", so what customers of " + name + " do is not known"
	if over(i) {
		text = verb + who + " " + when + ", so what customers of " + name + " did is not known"
	}
	if f != nil && f.Expected >= 1 {
		text += fmt.Sprintf(" (%s tries came of about %s expected)", Count(f.Hit), Count(whole(f.Expected)))
	}
	return text
}

// left says how many did not go on.
func left(i *felt.Incident, name, when string) string {
	verb := "customers leave "
	if over(i) {
		verb = "customers left "
	}
	text := verb + name + " unfinished " + when
	f := finding(i, felt.FindingFunnel)
	switch {
	case f != nil && f.N == f.Hit && (f.Expected > float64(f.Hit) || f.Share > 1):
		return text + missing(f) // those who came on, against those who were to; after it often more
	case f != nil && f.N > 0:
		return text + ": " + tries(f.Hit, f.N) + usually(f)
	}
	if n, of := i.Impact.Counts.Abandoned, i.Impact.Counts.Decided(); n > 0 {
		return text + ": " + tries(n, of)
	}
	return text + "; " + notKnown
}

// warned says what is out of its band while nobody has failed.
func warned(i *felt.Incident, name, when string) string {
	kind := suffered(i)
	about := ""
	if f := finding(i, kind); f != nil {
		about = short(f.About)
	}
	text := name + " " + verbOf(i) + " " + when
	switch {
	case about == "":
	case kind == felt.FindingBurn:
		text = "the error budget of " + about + " of " + name + " " + isWas(i) + " used up too fast " + when
	case kind == felt.FindingKPI:
		text = about + " of " + name + " " + isWas(i) + " out of its band " + when
	case kind == felt.FindingSaturation:
		text = about + " of " + name + " " + isWas(i) + " on its way to its limit " + when
	}
	return text + "; " + uncounted(i)
}

func isWas(i *felt.Incident) string {
	if over(i) {
		return "was"
	}
	return "is"
}

func isWere(i *felt.Incident, who string) string {
	if over(i) {
		return who + " were"
	}
	return who + " are"
}

// dispersion is how much more the numbers of customers vary than by chance alone; the variance of arrivals
// of real shops, against that of Poisson.
const dispersion = 2

// missing says how many did not come, as an estimate: how many would have come is one.
func missing(f *felt.Finding) string {
	if f == nil || f.Expected <= float64(f.Hit) {
		return "; how many is not known"
	}
	spread := 1.96 * math.Sqrt(dispersion*f.Expected)
	gone := f.Expected - float64(f.Hit)
	return fmt.Sprintf(": about %s of about %s expected tries did not come (%s; 95 %% interval %s to %s)", Count(whole(gone)), Count(whole(f.Expected)),
		percent(gone/f.Expected), Count(whole(max(gone-spread, 0))), Count(whole(min(gone+spread, max(f.Expected, gone)))))
}

// whole rounds; what is more than people count is as much as they do.
func whole(f float64) int64 { return int64(math.Round(min(max(f, 0), 1e15))) }

// finding is the first of a kind, of paging class when there is one.
func finding(i *felt.Incident, kind felt.FindingKind) *felt.Finding {
	for _, paging := range []bool{true, false} {
		k := slices.IndexFunc(i.Findings, func(f felt.Finding) bool { return f.Kind == kind && (f.Paging || !paging) })
		if k >= 0 {
			return &i.Findings[k]
		}
	}
	return nil
}

// alsoFailed says who failed where something else is told first.
func alsoFailed(i *felt.Incident) string {
	switch suffered(i) {
	case felt.FindingDegraded, felt.FindingSlow, felt.FindingDrop, felt.FindingSilent, felt.FindingFunnel:
		if n := i.Impact.Customers.Failed; n > 0 {
			return people(i, n, failedOf) + " failed"
		}
	case felt.FindingFailed, felt.FindingBurn, felt.FindingKPI, felt.FindingSaturation:
	}
	return ""
}

// became says what came of those who failed; "" nobody did.
func became(m *felt.Impact) string {
	if m.Recovered+m.Lost+m.Undecided <= 0 {
		return ""
	}
	text := fmt.Sprintf("%s recovered, %s lost", Count(m.Recovered), Count(m.Lost))
	if m.Undecided > 0 {
		text += fmt.Sprintf(", %s undecided", Count(m.Undecided))
	}
	return text
}
