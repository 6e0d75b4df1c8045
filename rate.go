package felt

import (
	"fmt"
	"strconv"
	"strings"
)

// The bounds of a rate that [ParseRate] takes, a day.
const (
	rateMin = 1.0 / 3660 // one in ten years
	rateMax = 1000.0
)

// ParseRate reads how often something may happen, as people say it, and returns it as times a
// day: "one a week", "2 a day", "1 per month", "once a quarter", "twice a year", "3/week", "one in
// 10 days"; a number alone is times a day. A rate is from one in ten years to a thousand a day.
func ParseRate(s string) (perDay float64, err error) {
	bad := fmt.Errorf("%q is not how often: want words such as \"one a week\", \"2 a day\" or \"one in 10 days\", or a number of times a day", s)
	words := strings.Fields(strings.ToLower(strings.ReplaceAll(s, "/", " per ")))
	if len(words) == 0 {
		return 0, bad
	}
	times, rest := 0.0, words[1:]
	switch words[0] {
	case "once":
		times = 1
	case "twice":
		times = 2
	default:
		var ok bool
		if times, ok = number(words[0]); !ok {
			return 0, bad
		}
	}
	days := 1.0
	if len(rest) > 0 {
		if len(rest) > 3 || len(rest) < 2 {
			return 0, bad
		}
		if days, err = every(rest); err != nil {
			return 0, bad
		}
	}
	perDay = times / days
	if !(perDay >= rateMin && perDay <= rateMax) {
		return 0, fmt.Errorf("%q is %g times a day: want from one in ten years to 1000 a day", s, perDay)
	}
	return perDay, nil
}

// every reads "a week", "per month", "in 10 days", "every 2 weeks".
func every(words []string) (days float64, err error) {
	n, unit := 1.0, words[len(words)-1]
	switch words[0] {
	case "a", "an", "per", "every", "each", "in":
	default:
		return 0, ErrUnanswerable
	}
	if len(words) == 3 {
		var ok bool
		if n, ok = number(words[1]); !ok || n <= 0 {
			return 0, ErrUnanswerable
		}
	}
	switch strings.TrimSuffix(unit, "s") {
	case "hour":
		return n / 24, nil
	case "day":
		return n, nil
	case "week":
		return n * 7, nil
	case "month":
		return n * 30, nil
	case "quarter":
		return n * 91, nil
	case "year":
		return n * 365, nil
	}
	return 0, ErrUnanswerable
}

// number reads a number in digits, or a small one as a word.
func number(word string) (float64, bool) {
	for n, w := range []string{"none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"} {
		if w == word && n > 0 {
			return float64(n), true
		}
	}
	if word == "a" || word == "an" {
		return 1, true
	}
	v, err := strconv.ParseFloat(word, 64)
	return v, err == nil
}
