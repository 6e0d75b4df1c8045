package business

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// Kind says what the rows of a CSV are.
type Kind string

// The kinds of CSV.
const (
	Changes Kind = "changes"
	Events  Kind = "events"
	Facts   Kind = "facts"
)

// columns are those with a meaning. Of a group in needs, one must be there.
func (k Kind) columns() (known []string, needs [][]string) {
	who := []string{"customer", "user.id", "user_id", "customer_id", "customer_hash", "account", "account.id", "account_id", "account_hash"}
	switch k {
	case Changes:
		return []string{
			"kind", "started", "ended", "id", "source", "env", "app", "services", "service", "version", "previous", "region",
			"author", "url", "fixes", "expects_kpi", "expects_direction", "outcome",
		}, [][]string{{"kind"}, {"started"}}
	case Events:
		return append([]string{
			"kind", "time", "id", "source", "env", "journey", "amount", "amount_minor", "currency", "category", "score",
		}, who...), [][]string{{"kind"}, {"time"}}
	case Facts:
		return append([]string{"key", "value", "valid_from", "env"}, who...),
			[][]string{{"key"}, {"value"}, {"valid_from"}, who}
	}
	return nil, nil
}

// maxColumns is more than any export has.
const maxColumns = 1024

// Valid reports whether k is one of the kinds.
func (k Kind) Valid() bool { return k == Changes || k == Events || k == Facts }

// sheet is a CSV being read.
type sheet struct {
	o     *Options
	kind  Kind
	csv   *csv.Reader
	names []string // of the columns; "" without a meaning
	shift int      // to be added to lines, since this may be a part of a file
}

// CSV reads rows below a header (RFC 4180; a leading byte order mark is skipped, and
// semicolons or tabs may stand for the commas). Columns are found by name, in any case
// and order. The body may be a part of a file, with the file's header in front, whose
// first row is at line firstLine of the file; 0: it is all of it.
func CSV(o Options, k Kind, body []byte, firstLine int) (Result, error) {
	o.Limits = o.Limits.orDefault()
	if !k.Valid() {
		return Result{}, errorf("want changes, events or facts")
	}
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	s := &sheet{o: &o, kind: k, csv: csv.NewReader(bytes.NewReader(body))}
	s.csv.Comma, s.csv.FieldsPerRecord, s.csv.ReuseRecord = Delimiter(body), -1, true
	if line := crowded(body, byte(s.csv.Comma)); line == 1 { // one of [Delimiter]
		return Result{}, &Error{Line: 1, Column: 1, Message: "has more than " + plural(maxColumns, "column")}
	} else if line > 0 {
		at := line
		if firstLine > 0 {
			at += firstLine - 2
		}
		return Result{}, &Error{Line: at, Column: 1, Message: "has more than " + plural(maxColumns, "field")}
	}
	var r Result
	r.Business.Via = ViaCSV
	if err := s.header(&r); err != nil {
		return Result{}, err
	}
	if firstLine > 0 { // what is in front of the rows has its own number of lines in the file
		s.shift = firstLine - 1 - bytes.Count(body[:s.csv.InputOffset()], []byte("\n"))
	}
	for i := 0; ; i++ {
		row, err := s.csv.Read()
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		if i == o.Limits.Events {
			return Result{}, errorf("has more than %d rows: send it in smaller parts", o.Limits.Events)
		}
		s.row(&r, i, row, err)
	}
}

// Delimiter is what divides the columns of a CSV, as its first line shows.
func Delimiter(body []byte) rune {
	line, _, _ := bytes.Cut(body, []byte("\n"))
	best, most := ',', bytes.Count(line, []byte(","))
	for _, c := range []rune{';', '\t'} {
		if n := bytes.Count(line, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

func (s *sheet) header(r *Result) error {
	head, err := s.csv.Read()
	if errors.Is(err, io.EOF) {
		return &Error{Line: 1, Column: 1, Message: "is empty: want a header that names the columns"}
	}
	if err != nil {
		line, col, what := csvFault(err)
		return &Error{Line: line, Column: col, Message: what}
	}
	known, needs := s.kind.columns()
	for i, name := range head {
		line, col := s.csv.FieldPos(i)
		shown := strings.TrimSpace(name)
		name = strings.ReplaceAll(strings.ToLower(shown), " ", "_")
		switch {
		case name != "" && slices.Contains(s.names, name):
			return &Error{Line: line, Column: col, Message: "column " + name + " is there twice"}
		case !slices.Contains(known, name):
			name = ""
			r.Columns = append(r.Columns, otlp.CleanText(shown, s.o.Limits.Name))
		}
		s.names = append(s.names, name)
	}
	for _, group := range needs {
		if !slices.ContainsFunc(group, func(n string) bool { return slices.Contains(s.names, n) }) {
			return &Error{
				Line: 1, Column: 1,
				Message: "column " + strings.Join(group, " or ") + " is missing; " + string(s.kind) + " have " + strings.Join(known, ", "),
			}
		}
	}
	return nil
}

// csvFault says what is wrong with the form of a CSV, without repeating it.
func csvFault(err error) (line, col int, what string) {
	what = "is not CSV as in RFC 4180"
	if p, ok := errors.AsType[*csv.ParseError](err); ok {
		line, col = p.Line, p.Column
		switch {
		case errors.Is(p.Err, csv.ErrBareQuote):
			what = `has a " in a field that is not in quotes: put the field in quotes and write the " twice`
		case errors.Is(p.Err, csv.ErrQuote):
			what = `has a " that opens a field and is not closed, or text behind the closing one`
		}
	}
	return max(line, 1), max(col, 1), what
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// row reads one row, or says why it cannot.
func (s *sheet) row(r *Result, index int, row []string, err error) {
	limit := s.o.Limits.Problems
	if err != nil {
		line, col, what := csvFault(err)
		r.reject(limit, Problem{Index: index, Line: line + s.shift, Column: col, Message: what})
		return
	}
	if !slices.ContainsFunc(row, func(v string) bool { return strings.TrimSpace(v) != "" }) {
		return // what spreadsheets leave behind the last row
	}
	line, _ := s.csv.FieldPos(0)
	if len(row) != len(s.names) {
		r.reject(limit, Problem{
			Index: index, Line: line + s.shift, Column: 1,
			Message: plural(len(row), "field") + ", the header has " + plural(len(s.names), "column"),
		})
		return
	}
	f := &form{o: s.o, place: func(field string) Problem {
		p := Problem{Index: index, Line: line + s.shift, Column: 1}
		if i := slices.Index(s.names, field); i >= 0 {
			at, col := s.csv.FieldPos(i)
			p.Line, p.Column = at+s.shift, col
		}
		return p
	}}
	f.get = func(name string) any {
		if i := slices.Index(s.names, name); i >= 0 {
			return strings.TrimSpace(row[i])
		}
		return nil
	}
	if _, f.source = f.first("source"); f.source == "" {
		f.source = ViaCSV
	}
	f.fallback = string(s.kind) + "\x00" + s.content(row)
	r.fill(f, s.kind)
}

// fill adds the row of a form.
func (r *Result) fill(f *form, k Kind) {
	limit := f.o.Limits.Problems
	switch k {
	case Changes:
		f.needed("started")
		c := f.change(strings.ToLower(f.needed("kind")))
		r.add(f, limit, func(b *felt.Business) { b.Changes = append(b.Changes, c) })
	case Events:
		f.needed("time")
		e := f.event(strings.ToLower(f.needed("kind")))
		r.add(f, limit, func(b *felt.Business) { b.Events = append(b.Events, e) })
	case Facts:
		f.needed("valid_from")
		list := f.facts()
		r.add(f, limit, func(b *felt.Business) { b.Facts = append(b.Facts, list...) })
	}
}

// content names a row without a name by all that it says, whatever the order of columns.
func (s *sheet) content(row []string) string {
	var parts []string
	for i, name := range s.names {
		if v := strings.TrimSpace(row[i]); name != "" && v != "" {
			parts = append(parts, name+"\x00"+v)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "\x00")
}
