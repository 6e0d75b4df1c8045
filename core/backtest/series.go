package backtest

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/felt-cx/felt"
)

// Alarm is a finding as it opened.
type Alarm struct {
	At        felt.Instant // when it was raised: the end of the window, or the point, that showed it
	Kind      string       // failed, degraded, slow, drop, kpi, funnel
	Paging    bool         // would have woken somebody under the budget of the whole fleet
	PagedAt   felt.Instant // when it did
	Until     felt.Instant // when it ended; 0 lasts to the end of the file
	Statistic float64      // nats, as it was raised
	Text      string       // one sentence with its numbers
}

// MarshalJSON writes times as epoch seconds.
func (a Alarm) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct { //nolint:wrapcheck // of the encoder, for the encoder
		Time      json.Number `json:"time"`
		Kind      string      `json:"kind"`
		Paging    bool        `json:"paging"`
		PagedAt   json.Number `json:"paged_at,omitempty"`
		Until     json.Number `json:"until,omitempty"`
		Statistic float64     `json:"statistic"`
		Text      string      `json:"text"`
	}{number(a.At), a.Kind, a.Paging, number(a.PagedAt), number(a.Until), a.Statistic, a.Text})
}

func number(at felt.Instant) json.Number {
	if at == 0 {
		return ""
	}
	return json.Number(Seconds(at))
}

// Seconds writes an instant as epoch seconds, with a fraction only where it has one.
func Seconds(at felt.Instant) string {
	s := strconv.FormatInt(int64(at.Floor(felt.Second)/felt.Second), 10)
	if part := at - at.Floor(felt.Second); part != 0 {
		frac := fmt.Sprintf(".%09d", int64(part))
		for frac[len(frac)-1] == '0' {
			frac = frac[:len(frac)-1]
		}
		s += frac
	}
	return s
}

// Least is the smallest effect that a test would see within some time, on the median.
type Least struct {
	Kind   string  `json:"kind"`
	Within int64   `json:"within_seconds"`
	Effect float64 `json:"effect"` // counts: an added or lost share; values: a shift in their own unit
}

// Series is what came of a file.
type Series struct {
	Name     string       `json:"series"`
	File     string       `json:"file"`
	Kind     Kind         `json:"kind"`
	Form     string       `json:"times"`
	Step     felt.Instant `json:"-"`
	Rows     int          `json:"rows"`    // read and judged
	Windows  int          `json:"windows"` // judged: of counts also those without a row
	First    felt.Instant `json:"-"`       // start of what was judged
	Last     felt.Instant `json:"-"`       // end of it
	Volume   float64      `json:"volume,omitempty"`
	Alarms   []Alarm      `json:"alarms"`
	Least    []Least      `json:"smallest,omitempty"`
	Notes    []string     `json:"notes,omitempty"`
	Bad      int          `json:"bad_rows"`
	Problems []Problem    `json:"problems,omitempty"` // the first of the bad rows

	kinds []string // of alarms for which the file has columns
}

// MarshalJSON writes times as epoch seconds.
func (s *Series) MarshalJSON() ([]byte, error) {
	type plain Series
	return json.Marshal(struct { //nolint:wrapcheck // of the encoder, for the encoder
		*plain
		Step  json.Number `json:"step_seconds,omitempty"`
		First json.Number `json:"first,omitempty"`
		Last  json.Number `json:"last,omitempty"`
	}{(*plain)(s), number(s.Step), number(s.First), number(s.Last)})
}

// Days is how much time was judged, in days.
func (s *Series) Days() float64 { return float64(s.Last-s.First) / float64(felt.Day) }

// problemsKept is how many bad rows of a file are told: enough to see what is wrong.
const problemsKept = 5

func (s *Series) bad(p *Problem) {
	if s.Bad++; len(s.Problems) < problemsKept {
		s.Problems = append(s.Problems, *p)
	}
}

func (s *Series) note(format string, a ...any) { s.Notes = append(s.Notes, fmt.Sprintf(format, a...)) }
