package backtest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
)

// Fault is a row of a table of what really happened.
type Fault struct {
	Series     string
	Kind       string // free; "ignore" for spans in which alarms count neither way
	Start, End felt.Instant
}

// Score grades alarms by what really happened.
type Score struct {
	Faults    int     `json:"faults"`               // of series that were judged
	Elsewhere int     `json:"faults_elsewhere"`     // of series that were not
	Found     int     `json:"found"`                // with an alarm from their start to a minute behind their end
	Delay     float64 `json:"delay_seconds_median"` // from the start to the first alarm, of those found
	Repeats   int     `json:"alarms_inside"`        // alarms up to ten minutes behind the end of a fault
	False     int     `json:"false_alarms"`         // the others
	PerDay    float64 `json:"false_alarms_per_series_day"`
}

// What an alarm is allowed to be late.
const (
	foundWithin = felt.Minute      // behind the end of a fault, and still finding it
	calmAfter   = 10 * felt.Minute // behind the end of a fault, and not false
)

// ReadTruth reads series,start,end and, if there is one, kind; other columns mean nothing. The
// error is a [*Problem] or that of src.
func ReadTruth(src io.Reader) ([]Fault, error) {
	l, err := openLines(src)
	if err != nil {
		return nil, err
	}
	head, err := l.record()
	if errors.Is(err, io.EOF) {
		return nil, &Problem{Message: "is empty: want a header series,start,end,kind"}
	}
	if err != nil {
		return nil, err
	}
	comma := delimiter(head)
	at := map[string]int{}
	for i, c := range split(nil, head, comma) {
		at[strings.ToLower(strings.TrimSpace(string(c)))] = i
	}
	for _, need := range []string{"series", "start", "end"} {
		if _, ok := at[need]; !ok {
			return nil, &Problem{Line: 1, Message: "column " + need + " is missing: want series,start,end,kind"}
		}
	}
	var faults []Fault
	for {
		b, err := l.record()
		if errors.Is(err, io.EOF) {
			return faults, nil
		}
		if err != nil {
			return nil, err
		}
		f, p := readFault(split(nil, b, comma), at)
		if p != nil {
			p.Line = l.line
			return nil, p
		}
		faults = append(faults, f)
	}
}

func readFault(cells [][]byte, at map[string]int) (f Fault, p *Problem) {
	text := func(name string) string {
		if i, ok := at[name]; ok && i < len(cells) {
			return strings.TrimSpace(string(cells[i]))
		}
		return ""
	}
	f.Series, f.Kind = text("series"), text("kind")
	var ok bool
	if f.Start, _, ok = stamp([]byte(text("start"))); !ok {
		return f, &Problem{Message: fmt.Sprintf("start %q is no time: %s", clip(text("start")), wantTime)}
	}
	if f.End, _, ok = stamp([]byte(text("end"))); !ok {
		return f, &Problem{Message: fmt.Sprintf("end %q is no time: %s", clip(text("end")), wantTime)}
	}
	if f.End < f.Start {
		return f, &Problem{Message: "end is before start"}
	}
	return f, nil
}

// Grade holds the alarms against what really happened.
func (r *Report) Grade(faults []Fault, pages bool) *Score {
	by := map[string][]Fault{}
	for _, f := range faults {
		by[f.Series] = append(by[f.Series], f)
	}
	sc := &Score{}
	var delays []felt.Instant
	for _, s := range r.Series {
		of, alarms := by[s.Name], s.told(pages)
		delete(by, s.Name)
		for _, f := range of {
			if f.Kind == ignore {
				continue
			}
			sc.Faults++
			i := slices.IndexFunc(alarms, func(a Alarm) bool { return s.sees(a.At, f.Start) && a.At <= f.End+foundWithin })
			if i >= 0 {
				sc.Found++
				delays = append(delays, alarms[i].At-f.Start)
			}
		}
		for _, a := range alarms {
			sc.place(a.At, of)
		}
	}
	for _, of := range by {
		sc.Elsewhere += len(of)
	}
	slices.Sort(delays)
	if n := len(delays); n > 0 {
		sc.Delay = float64(delays[(n-1)/2]+delays[n/2]) / 2 / float64(felt.Second)
	}
	if d := r.Days(); d > 0 {
		sc.PerDay = float64(sc.False) / d
	}
	return sc
}

// ignore is the kind of a span in which alarms count neither way.
const ignore = "ignore"

// sees tells that an alarm at a time may come of what began at start: of counts it is told at
// the end of its window, of values at the time of the point.
func (s *Series) sees(at, start felt.Instant) bool {
	return at > start || s.Kind == Values && at == start
}

func (s *Score) place(at felt.Instant, of []Fault) {
	neither := false
	for _, f := range of {
		switch {
		case f.Kind != ignore && f.Start <= at && at <= f.End+calmAfter:
			s.Repeats++
			return
		case f.Kind == ignore && f.Start <= at && at <= f.End:
			neither = true
		}
	}
	if !neither {
		s.False++
	}
}
