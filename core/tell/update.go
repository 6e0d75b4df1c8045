package tell

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
)

// What is worth saying of a number: a quarter more, and by so many.
const grownBy = 5

// Update says what has changed between two states of an incident, the worst first, in one line; "" nothing
// worth saying.
func Update(before, after *felt.Incident) string {
	var news []string
	say := func(ok bool, text string) {
		if ok && text != "" {
			news = append(news, text)
		}
	}
	at := func(i felt.Instant) string { return Clock(i, now(after)) }
	say(after.Reopened != before.Reopened && after.Reopened != 0, "it is back since "+at(after.Reopened))
	say(over(after) && !over(before), "resolved at "+at(after.Resolved))
	say(suffered(after) != suffered(before) && suffered(after) == felt.FindingFailed, "customers now fail")
	say(true, spread(before, after))
	say(true, grown(before, after))
	say(after.Priority != before.Priority && after.Priority != "" && before.Priority != "",
		fmt.Sprintf("%s, before %s (impact score %.0f)", after.Priority, before.Priority, math.Round(after.Score)))
	where := Where(after.SegmentsHit)
	say(where != Where(before.SegmentsHit) && where != "", "mostly "+where)
	say(true, suspected(before, after))
	say(after.Cause != before.Cause, cause(&after.Cause))
	say(after.Commander != before.Commander && after.Commander != "", "commander is "+short(after.Commander))
	say(after.Status == felt.IncidentAcknowledged && before.Status == felt.IncidentOpen, "acknowledged")
	say(after.Mitigated != before.Mitigated && after.Mitigated != 0, "mitigated at "+at(after.Mitigated))
	if !over(after) {
		say(well(after) != 0 && well(before) == 0, "it has looked well since "+at(after.Recovery.Since))
		say(well(after) == 0 && well(before) != 0, "it does not look well any more")
	}
	return upper(strings.Join(news, "; "))
}

// spread says what else is hit.
func spread(before, after *felt.Incident) string {
	var more []string
	known := called(before)
	for _, j := range called(after) {
		if j = short(j); j != "" && !slices.ContainsFunc(known, func(b string) bool { return short(b) == j }) {
			more = append(more, j)
		}
	}
	switch n := len(more); {
	case n == 0:
		return ""
	case n > 3:
		return fmt.Sprintf("now also %s and %d more", strings.Join(more[:3], ", "), n-3)
	}
	return "now also " + strings.Join(more, ", ")
}

// grown says how many are hit when that is many more.
func grown(before, after *felt.Incident) string {
	b, a := before.Impact.Customers, after.Impact.Customers
	much := func(b, a int64) bool { return a >= b+grownBy && a-b >= b/4 }
	switch kind := suffered(after); {
	case much(b.Failed, a.Failed):
		return people(after, a.Failed, failedOf) + " failed so far"
	case (kind == felt.FindingDegraded || kind == felt.FindingSlow) && much(b.Degraded, a.Degraded):
		return people(after, a.Degraded, degradedOf) + " served badly so far"
	}
	return ""
}

// suspected says whom Felt suspects, when that is new.
func suspected(before, after *felt.Incident) string {
	if len(after.Suspects) == 0 {
		return ""
	}
	s := &after.Suspects[0]
	if len(before.Suspects) > 0 && before.Suspects[0].What == s.What && before.Suspects[0].Kind == s.Kind && suspicion(&before.Suspects[0]) != "" {
		return ""
	}
	return suspicion(s)
}

// cause is what people have found.
func cause(c *felt.Cause) string {
	for _, s := range []string{c.Note, c.Change, c.Service} {
		if s = cut(clean(s), titleMax); s != "" {
			return "the cause is understood: " + s
		}
	}
	return ""
}
