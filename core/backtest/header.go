package backtest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Kind is what a series is made of.
type Kind string

// The kinds of series.
const (
	Counts Kind = "counts" // outcomes a window: ts,success,degraded,failed
	Values Kind = "values" // a number at a time: timestamp,value
)

// role is what a column means.
type role uint8

const (
	roleNone role = iota
	roleTime
	roleSuccess
	roleDegraded
	roleFailed
	roleSlow
	roleAbandoned
	roleValue
	roles // their number
)

// names are the headers that have a meaning, in any case, blanks as underscores. The first
// column of a role wins.
func (r role) names() []string {
	switch r {
	case roleTime:
		return []string{"ts", "timestamp", "time", "epoch", "_time", "datetime"}
	case roleSuccess:
		return []string{"success", "successes", "succeeded"}
	case roleDegraded:
		return []string{"degraded"}
	case roleFailed:
		return []string{"failed", "failure", "failures"}
	case roleSlow:
		return []string{"slow"}
	case roleAbandoned:
		return []string{"abandoned"}
	case roleValue:
		return []string{"value"}
	default:
		return nil
	}
}

func (r role) String() string { return r.names()[0] }

// header is the first record of a file, understood.
type header struct {
	kind    Kind
	comma   byte
	roles   []role // by column, up to the last with a meaning
	ignored []string
	has     [roles]bool
}

// readHeader understands the first record. Its error is one of [ErrNoSeries]: a file without the
// columns was not meant for this.
func readHeader(b []byte) (header, error) {
	h := header{comma: delimiter(b)}
	cells := split(nil, b, h.comma)
	if len(cells) == 0 {
		return h, noSeries{"is empty"}
	}
	for _, c := range cells {
		shown := string(bytes.TrimSpace(c))
		r := roleOf(strings.ReplaceAll(strings.ToLower(shown), " ", "_"))
		if r != roleNone && h.has[r] {
			r = roleNone
		}
		h.has[r] = true
		h.roles = append(h.roles, r)
		if r == roleNone && shown != "" {
			h.ignored = append(h.ignored, clip(shown))
		}
	}
	for len(h.roles) > 0 && h.roles[len(h.roles)-1] == roleNone {
		h.roles = h.roles[:len(h.roles)-1]
	}
	return h, h.judge(cells)
}

// judge decides what the file is by the columns it has.
func (h *header) judge(cells [][]byte) error {
	const want = "want ts,success,degraded,failed or timestamp,value"
	counts := h.has[roleSuccess] && h.has[roleFailed]
	_, _, dated := stamp(bytes.TrimSpace(cells[0]))
	switch {
	case dated && !h.has[roleTime]:
		return noSeries{"has no header: put a first line with the names of the columns, " + want[len("want "):]}
	case !h.has[roleTime]:
		return noSeries{"has no column of times (" + h.shown() + "): " + want}
	case counts:
		h.kind = Counts
		h.has[roleValue] = false
	case h.has[roleSuccess]:
		return noSeries{"has success without failed: " + want}
	case h.has[roleFailed]:
		return noSeries{"has failed without success, so there is nothing to hold it against: " + want}
	case h.has[roleValue]:
		h.kind = Values
	default:
		return noSeries{"has neither success and failed nor value (" + h.shown() + "): " + want}
	}
	for i, r := range h.roles {
		if h.kind == Counts && r == roleValue || h.kind == Values && r != roleTime && r != roleValue {
			h.roles[i] = roleNone
		}
	}
	return nil
}

// shown names the columns that mean nothing here.
func (h *header) shown() string {
	if len(h.ignored) == 0 {
		return "no other column"
	}
	const most = 6
	if n := len(h.ignored); n > most {
		return fmt.Sprintf("only %s and %d more", strings.Join(h.ignored[:most], ", "), n-most)
	}
	return "only " + strings.Join(h.ignored, ", ")
}

func roleOf(name string) role {
	for r := roleTime; r < roles; r++ {
		if slices.Contains(r.names(), name) {
			return r
		}
	}
	return roleNone
}

// delimiter is what divides the columns, as the first line shows: a comma, a semicolon or a tab.
func delimiter(line []byte) byte {
	best, most := byte(','), bytes.Count(line, []byte(","))
	for _, c := range []byte{';', '\t'} {
		if n := bytes.Count(line, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

// split appends the fields of a record to dst, without their quotes. The fields hold as long as
// the record.
func split(dst [][]byte, b []byte, comma byte) [][]byte {
	for {
		field, rest, more := cut(b, comma)
		dst = append(dst, field)
		if !more {
			return dst
		}
		b = rest
	}
}

// cut is the first field of a record, without its quotes, and what is behind it.
func cut(b []byte, comma byte) (field, rest []byte, more bool) {
	if len(b) > 0 && b[0] == '"' {
		return cutQuoted(b, comma)
	}
	i := bytes.IndexByte(b, comma)
	if i < 0 {
		return b, nil, false
	}
	return b[:i], b[i+1:], true
}

// cutQuoted is cut for a field that begins with a quote; two quotes in it are one.
func cutQuoted(b []byte, comma byte) (field, rest []byte, more bool) {
	for i := 1; i < len(b); i++ {
		if b[i] != '"' {
			continue
		}
		if i+1 < len(b) && b[i+1] == '"' {
			i++
			continue
		}
		field = b[1:i]
		if bytes.IndexByte(field, '"') >= 0 {
			field = bytes.ReplaceAll(field, []byte(`""`), []byte(`"`))
		}
		j := bytes.IndexByte(b[i:], comma)
		if j < 0 {
			return field, nil, false
		}
		return field, b[i+j+1:], true
	}
	return b, nil, false // openLines gives out no record with an open quote
}

// clip shortens what is shown of somebody's file, and keeps the terminal safe.
func clip(s string) string { return clipAt(s, 40) }

// clip200 is clip for paths.
func clip200(s string) string { return clipAt(s, 200) }

func clipAt(s string, most int) string {
	out := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u200b' || r >= 0x80 && r < 0xa0 || r == 0xfffd {
			return '?'
		}
		return r
	}, s)
	if r := []rune(out); len(r) > most {
		return string(r[:most]) + "…"
	}
	return out
}
