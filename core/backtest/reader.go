package backtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/felt-cx/felt"
)

// Row is a line of a file.
type Row struct {
	Line int          // from 1, where it begins
	At   felt.Instant // as the file says: of counts the start of their window
	// Of counts. Success may be a remainder of fractions; see the page.
	Success, Degraded, Failed, Slow, Abandoned int64
	Value                                      float64 // of values
}

// Reader gives out the rows of a file as they stand, in a fixed amount of memory.
type Reader struct {
	lines *lines
	head  header
	form  Form
	carry [roles]float64 // what rounding has left of each column of counts
	notes notes
}

// notes are what a reader noticed and went on with.
type notes struct {
	rounded int // rows whose counts have fractions
	missing int // values that were not measured
}

// NewReader reads the header of a CSV file, packed with gzip or not. The error is of
// [ErrNoSeries] for what was not meant for this, a [*Problem] for what is wrong with the file,
// else that of src.
func NewReader(src io.Reader) (*Reader, error) {
	l, err := openLines(src)
	if err != nil {
		return nil, err
	}
	b, err := l.record()
	if errors.Is(err, io.EOF) {
		return nil, &Problem{Message: "is empty: want a header such as ts,success,degraded,failed and a row for each window"}
	}
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return nil, noSeries{"is no text"}
	}
	h, err := readHeader(b)
	if err != nil {
		return nil, err
	}
	return &Reader{lines: l, head: h}, nil
}

// Kind is what the series is made of.
func (r *Reader) Kind() Kind { return r.head.kind }

// Form is how its times are written; 0 before the first row.
func (r *Reader) Form() Form { return r.form }

// Next reads a row. A [*Problem] is of this row alone, and the next can be read; io.EOF is the
// end, and every other error too.
func (r *Reader) Next(row *Row) error {
	for {
		b, err := r.lines.record()
		if err != nil {
			return final(err)
		}
		*row = Row{Line: r.lines.line}
		skip, p := r.row(b, row)
		if p != nil {
			p.Line = row.Line
			return p
		}
		if !skip {
			return nil
		}
		r.notes.missing++
	}
}

// fatal is a problem of the form, behind which nothing can be read.
type fatal struct{ error }

func (f fatal) Unwrap() error { return f.error }

func final(err error) error {
	if p, ok := errors.AsType[*Problem](err); ok {
		return fatal{p}
	}
	return err
}

// row reads the columns; skip is for a value that is missing.
func (r *Reader) row(b []byte, row *Row) (skip bool, p *Problem) {
	left, more := b, true
	for i, role := range r.head.roles {
		if !more {
			return false, r.short(b, i)
		}
		var field []byte
		field, left, more = cut(left, r.head.comma)
		switch role {
		case roleNone:
			continue
		case roleTime:
			p = r.time(field, row)
		case roleValue:
			skip, p = value(field, row)
		default:
			p = r.count(role, field, row)
		}
		if p != nil {
			return false, p
		}
	}
	return skip, nil
}

func (r *Reader) short(b []byte, have int) *Problem {
	if have == 1 && bytes.IndexByte(b, r.head.comma) < 0 {
		return &Problem{Message: fmt.Sprintf("has one column, want %d divided by %q as in the header", len(r.head.roles), string(r.head.comma))}
	}
	return &Problem{Message: fmt.Sprintf("has %d columns, want %d as in the header", have, len(r.head.roles))}
}

func (r *Reader) time(field []byte, row *Row) *Problem {
	at, form, ok := stamp(field)
	if !ok {
		if at, form, ok = stamp(bytes.TrimSpace(field)); !ok {
			return &Problem{Message: fmt.Sprintf("%q is no time: %s", clip(string(field)), wantTime)}
		}
	}
	if row.At = at; r.form == 0 {
		r.form = form
	}
	return nil
}

func value(field []byte, row *Row) (skip bool, p *Problem) {
	field = bytes.TrimSpace(field)
	if missing(field) {
		return true, nil
	}
	v, what := parseFloat(field)
	if what != "" {
		return false, &Problem{Message: fmt.Sprintf("value %q %s", clip(string(field)), what)}
	}
	row.Value = v
	return false, nil
}

// count reads a count. A database leaves a field empty where nothing was counted; a fraction, as
// Prometheus's increase() gives, is rounded, and what rounding takes away is carried on.
func (r *Reader) count(role role, field []byte, row *Row) *Problem {
	n, ok := parseInt(field)
	if !ok {
		var p *Problem
		if n, p = r.oddCount(role, bytes.TrimSpace(field)); p != nil {
			return p
		}
	}
	if n > maxCount {
		return &Problem{Message: fmt.Sprintf("%s %d is more than anybody has", role, n)}
	}
	switch role {
	case roleSuccess:
		row.Success = n
	case roleDegraded:
		row.Degraded = n
	case roleFailed:
		row.Failed = n
	case roleSlow:
		row.Slow = n
	default:
		row.Abandoned = n
	}
	return nil
}

func (r *Reader) oddCount(role role, field []byte) (int64, *Problem) {
	if len(field) == 0 {
		return 0, nil
	}
	v, what := parseFloat(field)
	switch {
	case what == "" && math.IsNaN(v), what != "" && missing(field):
		return 0, &Problem{Message: fmt.Sprintf("%s is %s: leave the row out when nothing is known, or write 0 when there was none", role, field)}
	case what != "":
		return 0, &Problem{Message: fmt.Sprintf("%s %q %s", role, clip(string(field)), what)}
	case v < 0:
		return 0, &Problem{Message: fmt.Sprintf("%s is %s, and a count is not below 0: of a counter that only grows, give the increase in each window", role, field)}
	case v > maxCount:
		return 0, &Problem{Message: fmt.Sprintf("%s %s is more than anybody has", role, field)}
	}
	whole := math.Floor(v)
	if whole == v {
		return int64(whole), nil
	}
	r.notes.rounded++
	sum := v + r.carry[role]
	n := max(math.Round(sum), 0)
	r.carry[role] = sum - n
	return int64(n), nil
}
