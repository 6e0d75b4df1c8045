package tell

import (
	"fmt"

	"github.com/felt-cx/felt"
)

// about says that the numbers of an impact are no counts.
func about(i *felt.Incident) string {
	if i.Impact.Method == felt.MethodEstimate {
		return "about "
	}
	return ""
}

// hits are customers who failed, or who were served badly.
type hits uint8

const (
	failedOf hits = iota
	degradedOf
)

// estimate is how many there were where telemetry was sampled; interval is that of a count by sketches, where
// there is one.
func (h hits) estimate(m *felt.Impact) felt.EstimatedCount {
	if h == degradedOf {
		return m.Estimated.Degraded
	}
	return m.Estimated.Failed
}

func (h hits) interval(m *felt.Impact) [2]int64 {
	if h == degradedOf || m.Method != felt.MethodEstimate {
		return [2]int64{}
	}
	return m.Interval
}

// people are so many customers, their share, and of how many it is one.
func people(i *felt.Incident, n int64, of hits) string {
	m := &i.Impact
	who := Count(n) + " customers"
	if n == 1 {
		who = "1 customer"
	}
	total := m.Customers.Total
	switch e := of.estimate(m); {
	case m.Method == felt.MethodLowerBound && e.Estimate > 0:
		text := fmt.Sprintf("at least %s (about %s, as telemetry was sampled; 95 %% interval %s to %s", who, Count(e.Estimate), Count(e.Low), Count(e.High))
		if all := m.Estimated.Total.Estimate; all >= e.Estimate {
			text += fmt.Sprintf("; %s of about %s", Share(e.Estimate, all), Count(all))
		}
		return text + ")"
	case m.Method == felt.MethodLowerBound:
		return "at least " + who + " (telemetry was sampled)"
	case total < n:
		return about(i) + who + " (of how many is not known)"
	}
	share := fmt.Sprintf("%s of %s%s", Share(n, total), about(i), Count(total))
	if at := of.interval(m); at[1] > at[0] {
		share += fmt.Sprintf("; 95 %% interval %s to %s", Count(at[0]), Count(at[1]))
	}
	return about(i) + who + " (" + share + ")"
}
