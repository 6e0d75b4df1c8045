package tell

import (
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
)

// Count writes a number with commas: 10,000,000.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	var b strings.Builder
	for i, r := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return sign + b.String()
}

// Share is part of whole in percent, "3.1 %"; "" when whole is not above 0. What is more than nothing
// is never "0.0 %", and what is less than all never "100 %". Write whole nearby.
func Share(part, whole int64) string {
	if whole <= 0 {
		return ""
	}
	return percent(float64(part) / float64(whole))
}

// percent writes a share between 0 and 1.
func percent(v float64) string {
	switch {
	case v <= 0:
		return "0 %"
	case v >= 1:
		return "100 %"
	case v < .001:
		return "under 0.1 %"
	case v > .999:
		return "over 99.9 %"
	}
	return strconv.FormatFloat(100*v, 'f', 1, 64) + " %"
}

// Elapsed writes a length of time in at most two units: 45 s, 12 min, 3 h 5 min, 2 d 4 h. A negative one
// is as long as the positive.
func Elapsed(d felt.Instant) string {
	if d < 0 {
		d = -d
	}
	two := func(big felt.Instant, bigName string, small felt.Instant, smallName string) string {
		s := Count(int64(d/big)) + " " + bigName
		if rest := d % big / small; rest > 0 {
			s += " " + strconv.FormatInt(int64(rest), 10) + " " + smallName
		}
		return s
	}
	switch {
	case d < felt.Second:
		return "under 1 s"
	case d < 2*felt.Minute && d != felt.Minute:
		return strconv.FormatInt(int64(d/felt.Second), 10) + " s"
	case d < felt.Hour:
		return strconv.FormatInt(int64(d/felt.Minute), 10) + " min"
	case d < felt.Day:
		return two(felt.Hour, "h", felt.Minute, "min")
	}
	return two(felt.Day, "d", felt.Hour, "h")
}
