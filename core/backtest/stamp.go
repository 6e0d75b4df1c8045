package backtest

import (
	"math"
	"time"

	"github.com/felt-cx/felt"
)

// Form is how a file writes its times. The zero value is not known yet.
type Form uint8

// The forms of a time.
const (
	FormSeconds Form = iota + 1 // epoch seconds, whole or with a fraction
	FormMillis
	FormMicros
	FormNanos
	FormZoned   // ISO 8601 with Z or an offset
	FormUnzoned // ISO 8601 without, taken as UTC
)

// String says it in a note.
func (f Form) String() string {
	switch f {
	case FormSeconds:
		return "epoch seconds"
	case FormMillis:
		return "epoch milliseconds"
	case FormMicros:
		return "epoch microseconds"
	case FormNanos:
		return "epoch nanoseconds"
	case FormZoned:
		return "ISO 8601"
	case FormUnzoned:
		return "ISO 8601 without a zone, taken as UTC"
	}
	return "not known"
}

// wantTime is how to mend a time that is none.
const wantTime = "want epoch seconds, or 2026-11-21T14:00:00Z"

// stampEnd is the year 2200: far enough from the end of an Instant, in 2262, that no window
// reaches it.
const stampEnd = 7_258_118_400 * felt.Second

// stamp reads a time: epoch in seconds, milliseconds, microseconds or nanoseconds, known by
// their size, or a date of ISO 8601. False when it is none, or before 1970 or after 2199.
func stamp(b []byte) (felt.Instant, Form, bool) {
	at, form, ok := anyStamp(b)
	return at, form, ok && at >= 0 && at < stampEnd
}

func anyStamp(b []byte) (felt.Instant, Form, bool) {
	if v, ok := parseInt(b); ok {
		return epoch(v)
	}
	if len(b) == 19 { // nanoseconds
		if v, ok := parseInt(b[:18]); ok && b[18] >= '0' && b[18] <= '9' && v < math.MaxInt64/10 {
			return felt.Instant(v*10 + int64(b[18]-'0')), FormNanos, true
		}
	}
	if len(b) >= 8 && b[4] == '-' {
		return isoStamp(b)
	}
	v, what := parseFloat(b)
	if what != "" || !(v >= 0 && v < math.MaxInt64) {
		return 0, 0, false
	}
	whole, part := math.Modf(v)
	at, form, ok := epoch(int64(whole))
	if ok && form == FormSeconds {
		at += felt.Instant(math.Round(part*1e6)) * 1000 // a float of that size knows no more
	}
	return at, form, ok
}

// epoch tells the unit by the size: seconds reach 1e11 in the year 5138, and milliseconds of
// 1973 are as large.
func epoch(v int64) (felt.Instant, Form, bool) {
	switch {
	case v < 0:
		return 0, 0, false
	case v < 9_223_372_036:
		return felt.Instant(v) * felt.Second, FormSeconds, true
	case v < 1e11:
		return 0, 0, false
	case v < 1e14:
		return felt.Instant(v) * 1e6, FormMillis, v <= math.MaxInt64/1_000_000
	case v < 1e17:
		return felt.Instant(v) * 1e3, FormMicros, v <= math.MaxInt64/1_000
	}
	return felt.Instant(v), FormNanos, true
}

// isoStamp reads 2006-01-02, with 15:04, 15:04:05 or 15:04:05.999 behind a T or a space, with
// Z, +02, +0200 or +02:00 behind that.
func isoStamp(b []byte) (felt.Instant, Form, bool) {
	c := cursor{b: b}
	year, month, day := c.digits(4), c.after('-').digits(2), c.after('-').digits(2)
	var hour, minute, second, nanos int
	if len(c.b) > 0 && (c.b[0] == 'T' || c.b[0] == 't' || c.b[0] == ' ' || c.b[0] == '_') {
		c.b = c.b[1:]
		hour, minute = c.digits(2), c.after(':').digits(2)
		if len(c.b) > 0 && c.b[0] == ':' {
			second = c.after(':').digits(2)
			nanos = c.fraction()
		}
	}
	offset, zoned := c.zone()
	if c.bad || len(c.b) > 0 || year < 1970 || year > 2199 || month < 1 || month > 12 || day < 1 || day > 31 ||
		hour > 24 || minute > 59 || second > 60 {
		return 0, 0, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	if t.Day() != day && hour < 24 && second < 60 { // 31 April
		return 0, 0, false
	}
	at, form := felt.Instant(t.UnixNano())-felt.Instant(offset)*felt.Second, FormUnzoned
	if zoned {
		form = FormZoned
	}
	return at, form, true
}

// cursor walks over a date; after the first mistake it stays bad.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) digits(n int) int {
	if len(c.b) < n {
		c.bad = true
		return 0
	}
	v, ok := parseInt(c.b[:n])
	c.bad = c.bad || !ok
	c.b = c.b[n:]
	return int(v)
}

func (c *cursor) after(want byte) *cursor {
	if len(c.b) == 0 || c.b[0] != want {
		c.bad = true
		return c
	}
	c.b = c.b[1:]
	return c
}

// fraction is the nanoseconds behind a point or comma, if there are any.
func (c *cursor) fraction() int {
	if len(c.b) < 2 || c.b[0] != '.' && c.b[0] != ',' {
		return 0
	}
	c.b = c.b[1:]
	v, unit := 0, 100_000_000
	for len(c.b) > 0 && c.b[0] >= '0' && c.b[0] <= '9' {
		v += int(c.b[0]-'0') * unit
		unit /= 10
		c.b = c.b[1:]
	}
	return v
}

// zone is the offset in seconds, and whether there is one. A blank may stand before it, and
// "UTC" for Z, as databases print it.
func (c *cursor) zone() (seconds int, ok bool) {
	for len(c.b) > 0 && c.b[0] == ' ' {
		c.b = c.b[1:]
	}
	switch {
	case len(c.b) == 0:
		return 0, false
	case len(c.b) == 1 && (c.b[0] == 'Z' || c.b[0] == 'z'), equalFold(c.b, "utc"), equalFold(c.b, "gmt"):
		c.b = nil
		return 0, true
	case c.b[0] != '+' && c.b[0] != '-':
		c.bad = true
		return 0, false
	}
	sign := 1
	if c.b[0] == '-' {
		sign = -1
	}
	c.b = c.b[1:]
	hours, minutes := c.digits(2), 0
	if len(c.b) > 0 && c.b[0] == ':' {
		c.b = c.b[1:]
	}
	if len(c.b) > 0 {
		minutes = c.digits(2)
	}
	c.bad = c.bad || hours > 18 || minutes > 59
	return sign * (hours*3600 + minutes*60), true
}
