package backtest

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
)

// File is one that was not judged.
type File struct {
	Name string `json:"file"`
	Line int    `json:"line,omitempty"`
	Why  string `json:"why"`
}

// String is NAME:LINE: WHY.
func (f File) String() string {
	if f.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", f.Name, f.Line, f.Why)
	}
	return f.Name + ": " + f.Why
}

// Report is what came of a directory. Series are in order of their names.
type Report struct {
	Series  []*Series `json:"series"`
	Skipped []File    `json:"skipped"` // not meant for this
	Broken  []File    `json:"broken"`  // have to be mended
	Budget  string    `json:"false_alarms,omitempty"`
	Score   *Score    `json:"score,omitempty"`
	Seconds float64   `json:"took_seconds"`
	Cores   int       `json:"cores"`
}

// Windows is how many were judged.
func (r *Report) Windows() int {
	n := 0
	for _, s := range r.Series {
		n += s.Windows
	}
	return n
}

// Days are the series-days that were judged.
func (r *Report) Days() float64 {
	d := 0.0
	for _, s := range r.Series {
		d += s.Days()
	}
	return d
}

// Alarm counts alarms of a kind.
type tally struct {
	kind           string
	alarms, paging int
	series         int
}

// kinds counts alarms by kind, in the order of the word.
func (r *Report) kinds() []tally {
	by := map[string]*tally{}
	for _, s := range r.Series {
		seen := map[string]bool{}
		for _, a := range s.Alarms {
			t := by[a.Kind]
			if t == nil {
				t = &tally{kind: a.Kind}
				by[a.Kind] = t
			}
			t.alarms++
			if a.Paging {
				t.paging++
			}
			if !seen[a.Kind] {
				seen[a.Kind] = true
				t.series++
			}
		}
	}
	var out []tally
	for _, k := range slices.Sorted(maps.Keys(by)) {
		out = append(out, *by[k])
	}
	return out
}

// WriteAlarms writes series,time,kind: one row for each alarm, by series and then by time; time
// in epoch seconds. With pages, only what would have woken somebody, when it would have.
func (r *Report) WriteAlarms(w io.Writer, pages bool) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"series", "time", "kind"}); err != nil {
		return fmt.Errorf("alarms: %w", err)
	}
	for _, s := range r.Series {
		for _, a := range s.told(pages) {
			if err := out.Write([]string{s.Name, Seconds(a.At), a.Kind}); err != nil {
				return fmt.Errorf("alarms: %w", err)
			}
		}
	}
	if out.Flush(); out.Error() != nil {
		return fmt.Errorf("alarms: %w", out.Error())
	}
	return nil
}

// told are the alarms of a series in order of time; with pages only those that would have woken
// somebody, at the time when they would have.
func (s *Series) told(pages bool) []Alarm {
	var out []Alarm
	for _, a := range s.Alarms {
		if pages {
			if !a.Paging {
				continue
			}
			a.At = a.PagedAt
		}
		out = append(out, a)
	}
	slices.SortStableFunc(out, func(a, b Alarm) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Kind, b.Kind)) })
	return out
}
