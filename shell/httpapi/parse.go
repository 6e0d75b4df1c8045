package httpapi

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

// maxValues bounds a list in a condition.
const maxValues = 100

// parseCondition reads KEY=VALUE, KEY!=VALUE, KEY in (A,B) or KEY in A,B. A condition
// that could never hold because of a slip of the pen is an error, not an answer of zeros.
func parseCondition(s string) (felt.Condition, error) {
	bad := func(why string) (felt.Condition, error) {
		return felt.Condition{}, huma.Error400BadRequest(fmt.Sprintf("where=%q: %s", s, why))
	}
	c, ok := splitCondition(s)
	switch {
	case !ok || c.Key == "" || strings.ContainsAny(c.Key, "=!<>()"), strings.HasSuffix(c.Key, " not"):
		return bad("want KEY=VALUE, KEY!=VALUE or KEY in (A,B)")
	case c.Op != felt.OpIn && strings.HasPrefix(c.Values[0], "="):
		return bad("one = is enough: KEY=VALUE")
	case c.Op == felt.OpIn && slices.Contains(c.Values, ""):
		return bad("a value of the list is empty: KEY in (A,B)")
	case len(c.Values) > maxValues:
		return bad(fmt.Sprintf("the list has %d values, at most %d can be asked for", len(c.Values), maxValues))
	}
	for _, v := range c.Values {
		if words := valuesOf(c.Key); words != nil && !slices.Contains(words, v) {
			return bad(fmt.Sprintf("%s is one of %s", c.Key, strings.Join(words, ", ")))
		}
	}
	return c, nil
}

// splitCondition finds key, operator and values, whatever they are.
func splitCondition(s string) (felt.Condition, bool) {
	if key, list, ok := strings.Cut(s, " in "); ok && !strings.ContainsAny(key, "=!") {
		list = strings.TrimSpace(list)
		if inner, ok := strings.CutPrefix(list, "("); ok {
			if list, ok = strings.CutSuffix(inner, ")"); !ok {
				return felt.Condition{}, false
			}
		}
		c := felt.Condition{Key: strings.TrimSpace(key), Op: felt.OpIn}
		for v := range strings.SplitSeq(list, ",") {
			c.Values = append(c.Values, strings.TrimSpace(v))
		}
		return c, true
	}
	key, value, ok := strings.Cut(s, "=")
	if !ok {
		return felt.Condition{}, false
	}
	c := felt.Condition{Op: felt.OpEquals, Values: []string{strings.TrimSpace(value)}}
	if k, not := strings.CutSuffix(key, "!"); not {
		key, c.Op = k, felt.OpNotEquals
	}
	c.Key = strings.TrimSpace(key)
	return c, true
}

// valuesOf are the words that a field can have; nil when it can have any.
func valuesOf(key string) []string {
	var words []string
	switch key {
	case "outcome":
		for o := felt.OutcomeSuccess; o <= felt.OutcomeCancelled; o++ {
			words = append(words, o.String())
		}
	case "identity":
		for l := felt.LevelNone; l <= felt.LevelSession; l++ {
			words = append(words, l.String())
		}
	}
	return words
}

// What a moment may be: an [felt.Instant] holds 1970 to 2262.
const (
	lastSecond = 9_000_000_000 // in 2255
	firstMilli = 100_000_000_000
)

// parseInstant reads RFC 3339, Unix seconds (also with a fraction) or, from 1e11 on,
// Unix milliseconds.
func parseInstant(param, s string) (felt.Instant, error) {
	if at, ok := parseTime(s); ok {
		return at, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		switch {
		case n >= 0 && n <= lastSecond:
			return felt.Instant(n) * felt.Second, nil
		case n >= firstMilli && n <= lastSecond*1000:
			return felt.Instant(n) * (felt.Second / 1000), nil
		}
	} else if f, err := strconv.ParseFloat(s, 64); err == nil {
		if f >= firstMilli {
			f /= 1000
		}
		if f >= 0 && f <= lastSecond {
			whole, part := math.Modf(f)
			return felt.Instant(whole)*felt.Second + felt.Instant(math.Round(part*1e6))*1e3, nil
		}
	}
	return 0, huma.Error400BadRequest(fmt.Sprintf(
		"%s=%q: want RFC 3339 (2026-01-31T14:23:00Z; a + is sent as %%2B), Unix seconds or milliseconds, from 1970 to 2255", param, s))
}

func parseTime(s string) (felt.Instant, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if at := len(s) - len(" 02:00"); err != nil && at > 0 && s[at] == ' ' {
		t, err = time.Parse(time.RFC3339Nano, s[:at]+"+"+s[at+1:]) // a + that was sent as it is
	}
	if err != nil || t.Unix() < 0 || t.Unix() > lastSecond {
		return 0, false
	}
	return felt.InstantOf(t), true
}

// maxLength is the longest window: what is kept longest.
const maxLength = 400 * felt.Day

// parseLength reads 90s, 5m, 1h, 7d.
func parseLength(param, s string) (felt.Instant, error) {
	var length felt.Instant
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n > 0 && n <= 400 {
			length = felt.Instant(n * float64(felt.Day))
		}
	} else if d, err := time.ParseDuration(s); err == nil {
		length = felt.Instant(d)
	}
	if length < felt.Second || length > maxLength {
		return 0, huma.Error400BadRequest(fmt.Sprintf("%s=%q: want a length from 1s to 400d, such as 5m, 1h or 7d", param, s))
	}
	return length, nil
}

// exactTime is RFC 3339 with as many digits as it takes.
func exactTime(i felt.Instant) string { return time.Unix(0, int64(i)).UTC().Format(time.RFC3339Nano) }

// stampTime is the same of a row's moment, where zero means not known: "".
func stampTime(i felt.Instant) string {
	if i == 0 {
		return ""
	}
	return exactTime(i)
}

// optionalTime is the same, where zero means not yet: null.
func optionalTime(i felt.Instant) *string {
	if i == 0 {
		return nil
	}
	s := exactTime(i)
	return &s
}
