package rules

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
)

// units of a length of time, longest name first where one begins another.
func units() []unit {
	return []unit{
		{"ns", 1},
		{"us", 1e3},
		{"µs", 1e3},
		{"μs", 1e3},
		{"ms", 1e6},
		{"s", felt.Second},
		{"m", felt.Minute},
		{"h", felt.Hour},
		{"d", felt.Day},
		{"w", 7 * felt.Day},
	}
}

type unit struct {
	name string
	of   felt.Instant
}

// errDuration carries what to tell people; its text is a suggestion.
var (
	errNoUnit   = errors.New("a unit is missing: ns, us, ms, s, m, h, d or w")
	errDuration = errors.New("want numbers with units, as 300ms, 10m, 1h30m or 28d")
	errLong     = errors.New("at most 290 years")
)

// parseDuration reads 300ms, 10m, 1h30m, 1.5h, 28d, 2w. It is never negative.
func parseDuration(s string) (felt.Instant, error) {
	total := 0.0
	if s == "" {
		return 0, errDuration
	}
	for s != "" {
		n := 0
		for n < len(s) && (s[n] >= '0' && s[n] <= '9' || s[n] == '.') {
			n++
		}
		v, err := strconv.ParseFloat(s[:n], 64)
		if err != nil {
			return 0, errDuration
		}
		if s = s[n:]; s == "" {
			return 0, errNoUnit
		}
		of, rest := felt.Instant(0), s
		for _, u := range units() {
			if r, ok := strings.CutPrefix(s, u.name); ok && (r == "" || r[0] >= '0' && r[0] <= '9' || r[0] == '.') {
				of, rest = u.of, r
				break
			}
		}
		if of == 0 {
			return 0, errDuration
		}
		total += v * float64(of)
		s = rest
	}
	if total > math.MaxInt64/1.01 {
		return 0, errLong
	}
	return felt.Instant(math.Round(total)), nil
}

// formatDuration writes a length of time as parseDuration reads it.
func formatDuration(d felt.Instant) string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	for _, u := range []unit{{"d", felt.Day}, {"h", felt.Hour}, {"m", felt.Minute}, {"s", felt.Second}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}} {
		if n := d / u.of; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10) + u.name)
			d -= n * u.of
		}
	}
	return b.String()
}
