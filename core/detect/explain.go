package detect

import (
	"fmt"
	"strconv"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
)

// explain says in one sentence what was seen: how many of how many, in which time, against
// what, and how sure that is. s is nil for a segment value.
func explain(s *series, f *lasting, t felt.Tick, r *cusum.Reading) string {
	if r.Statistic <= 0 {
		return f.Explanation // the evidence is gone, and it is only not over yet
	}
	within := span(t - r.Since)
	sure := fmt.Sprintf("evidence %.1f, %.1f opens a finding", f.Statistic, f.Threshold)
	of := fmt.Sprintf("%d of %s", f.Hit, tries(f.N))
	if f.Series.Name == "" && f.Series.App != "" {
		of += " of all that customers do in " + f.Series.App
	}
	switch f.test {
	case TestFailed, TestGuard:
		text := fmt.Sprintf("%s failed in %s (%s), against %s; %s", of, within, percent(f.Share), usually(f), sure)
		if f.Series.SegmentKey != "" {
			text = fmt.Sprintf("%s with %s=%s failed in %s (%s), against %s; %s",
				of, f.Series.SegmentKey, f.Series.SegmentValue, within, percent(f.Share), usually(f), sure)
		}
		return text + standOut(f.Segments)
	case TestDegraded:
		return fmt.Sprintf("%s that reached the goal did so slowly or the long way round in %s (%s), against %s; %s",
			of, within, percent(f.Share), usually(f), sure)
	case TestSlow:
		return fmt.Sprintf("%s took longer than the %s that customers expect in %s (%s), against %s; %s",
			of, length(s.plan.limit), within, percent(f.Share), usually(f), sure)
	case TestSlower:
		return fmt.Sprintf("%s took longer than %s in %s (%s), which only %s used to; %s",
			of, length(s.line.slower.Threshold()), within, percent(f.Share), percent(f.Baseline), sure)
	case TestUnfinished:
		return fmt.Sprintf("%s were left without finishing in %s (%s), against %s; %s", of, within, percent(f.Share), usually(f), sure)
	case TestFled:
		return fmt.Sprintf("%s were left after a failure in %s (%s), against %s; %s", of, within, percent(f.Share), usually(f), sure)
	case TestDrop:
		came := tries(f.Hit)
		if f.Series.Name == "" && f.Series.App != "" {
			came += " of all that customers do in " + f.Series.App
		}
		return fmt.Sprintf("%s in %s where %.0f were expected (%s), although other telemetry still comes; %s",
			came, within, f.Expected, percent(f.Share), sure)
	case TestSibling:
		return fmt.Sprintf("%s of %s in %s where %.0f were expected after the step before (%s); %s",
			tries(f.Hit), s.name, within, f.Expected, percent(f.Share), sure)
	case Tests:
	}
	return ""
}

// usually names what the share was held against, and on how much that rests.
func usually(f *lasting) string {
	if f.BaselineN <= 0 {
		return "the " + percent(f.Baseline) + " that is assumed while nothing is known"
	}
	return fmt.Sprintf("%s of %d before", percent(f.Baseline), f.BaselineN)
}

func standOut(list []felt.Segment) string {
	text := ""
	for i, v := range list {
		switch {
		case i == 0:
			text = "; worst with "
		case i == len(list)-1:
			text += " and "
		default:
			text += ", "
		}
		text += v.Key + "=" + v.Value
	}
	return text
}

// tries counts tries: a customer counts once in a window, but may come again in the next.
func tries(n int64) string {
	if n == 1 {
		return "1 try"
	}
	return strconv.FormatInt(n, 10) + " tries"
}

// span writes a length of time in the largest unit that makes it a small number.
func span(d felt.Tick) string {
	switch {
	case d < 120:
		return fmt.Sprintf("%d s", d)
	case d < 7200:
		return fmt.Sprintf("%d min", (d+30)/60)
	case d < 48*3600:
		return fmt.Sprintf("%d h", (d+1800)/3600)
	}
	return fmt.Sprintf("%d days", (d+43200)/86400)
}

// length writes a duration of an interaction.
func length(d felt.Instant) string {
	if d < 10*felt.Second {
		return strconv.FormatInt(int64(d/1e6), 10) + " ms"
	}
	return strconv.FormatFloat(float64(d)/float64(felt.Second), 'f', 1, 64) + " s"
}

// percent writes a share with two significant digits at least.
func percent(v float64) string {
	v *= 100
	switch {
	case v >= 9.95:
		return strconv.FormatFloat(v, 'f', 0, 64) + " %"
	case v > 0 && v < 0.095:
		return strconv.FormatFloat(v, 'g', 2, 64) + " %"
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + " %"
}

// number writes a value of a signal with three significant digits.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
