package backtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
)

// reported has two series of a day; alarms by second of the day.
func reported() *Report {
	series := func(name string, alarms ...Alarm) *Series {
		for i := range alarms {
			alarms[i].At += t0 * felt.Second
			if alarms[i].Paging {
				alarms[i].PagedAt = alarms[i].At + 20*felt.Second
			}
		}
		return &Series{
			Name: name, File: name + ".csv", Kind: Counts, Step: 10 * felt.Second, Windows: 8640, Rows: 8640,
			First: t0 * felt.Second, Last: (t0 + 86400) * felt.Second, Alarms: alarms, Form: "epoch seconds",
		}
	}
	return &Report{Series: []*Series{
		series("a,b", Alarm{At: 2000 * felt.Second, Kind: "failed", Paging: true}, Alarm{At: 1000 * felt.Second, Kind: "drop"}),
		series("c", Alarm{At: 500*felt.Second + felt.Second/4, Kind: "kpi"}),
	}}
}

func TestAlarmsFile(t *testing.T) {
	for pages, want := range map[bool]string{
		false: "series,time,kind\n\"a,b\",1704068200,drop\n\"a,b\",1704069200,failed\nc,1704067700.25,kpi\n",
		true:  "series,time,kind\n\"a,b\",1704069220,failed\n",
	} {
		var b strings.Builder
		if err := reported().WriteAlarms(&b, pages); err != nil || b.String() != want {
			t.Errorf("pages %v: %s %v", pages, b.String(), err)
		}
	}
	if err := reported().WriteAlarms(failing{}, false); err == nil || !strings.Contains(err.Error(), "disk is full") {
		t.Errorf("on a full disk: %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk is full") }

func TestGrade(t *testing.T) {
	fault := func(series, kind string, start, end int) string {
		return fmt.Sprintf("%d,\"%s\",x,%s,%d\n", t0+start, series, kind, t0+end)
	}
	read := func(rows ...string) []Fault {
		t.Helper()
		f, err := ReadTruth(strings.NewReader("Start,series,effect,kind,end\n" + strings.Join(rows, "")))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for _, c := range []struct {
		name  string
		truth []Fault
		want  Score
	}{
		{"nothing happened", nil, Score{False: 3, PerDay: 1.5}},
		{"all found", read(fault("a,b", "f", 1990, 2100), fault("a,b", "d", 960, 1100), fault("c", "", 440, 600)), Score{Faults: 3, Found: 3, Delay: 40, Repeats: 3}},
		{"at its start is not found", read(fault("a,b", "f", 2000, 2100)), Score{Faults: 1, Repeats: 1, False: 2, PerDay: 1}},
		{"a minute late is found", read(fault("a,b", "f", 1900, 1940)), Score{Faults: 1, Found: 1, Delay: 100, Repeats: 1, False: 2, PerDay: 1}},
		{"ten minutes late is neither", read(fault("a,b", "f", 1200, 1400)), Score{Faults: 1, Repeats: 1, False: 2, PerDay: 1}},
		{"to be ignored", read(fault("a,b", "ignore", 900, 1100), fault("a,b", "f", 1990, 2100)), Score{Faults: 1, Found: 1, Delay: 10, Repeats: 1, False: 1, PerDay: .5}},
		{"of others", read(fault("z", "f", 0, 10), fault("y", "f", 0, 10)), Score{Elsewhere: 2, False: 3, PerDay: 1.5}},
	} {
		if got := reported().Grade(c.truth, false); *got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, *got, c.want)
		}
	}
	if got := reported().Grade(read(fault("a,b", "f", 2000, 2100)), true); *got != (Score{Faults: 1, Found: 1, Delay: 20, Repeats: 1}) {
		t.Errorf("what would have woken somebody: %+v", *got)
	}
	values := &Report{Series: []*Series{{Name: "v", Kind: Values, Alarms: []Alarm{{At: (t0 + 2000) * felt.Second, Kind: "kpi"}}}}}
	if got := values.Grade(read(fault("v", "", 2000, 2100)), false); got.Found != 1 || got.Repeats != 1 {
		t.Errorf("a value out of its band at the very start of the fault: %+v", *got)
	}
	for in, want := range map[string]string{
		"":                              "is empty",
		"series,start\n":                "1: column end is missing: want series,start,end,kind",
		"series,start,end\na,x,2\n":     `2: start "x" is no time: want epoch seconds`,
		"series,start,end\na,1,2\na,3":  `3: end "" is no time`,
		"series,start,end\n\na,2,1\n":   "3: end is before start",
		"series,start,end\n\"a,2,1\n\n": "never closes",
	} {
		if _, err := ReadTruth(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}

// TestSummaryOfNothing: no series, no dates of the year one.
func TestSummaryOfNothing(t *testing.T) {
	var b strings.Builder
	r := Report{Broken: []File{{Name: "a.csv", Why: "broken"}}, Seconds: 1, Cores: 1, Budget: "one a week"}
	if err := r.WriteSummary(&b, false); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != "no series could be judged\n\nfiles that cannot be judged\n  a.csv: broken\n" {
		t.Errorf("%q", got)
	}
}

func TestSummary(t *testing.T) {
	r := reported()
	r.Budget, r.Seconds, r.Cores = "one a week", 0.5, 2
	r.Series[0].Volume, r.Series[1].Volume = 0.5, 4000
	r.Series[0].kinds, r.Series[1].kinds = []string{"failed", "degraded", "drop"}, []string{"failed", "drop"}
	r.Series[0].Least = []Least{{Kind: "failed", Within: 1800, Effect: .25}, {Kind: "drop", Within: 300, Effect: .9}}
	r.Series[1].Least = []Least{{Kind: "failed", Within: 60, Effect: .004}, {Kind: "failed", Within: 300, Effect: .002}, {Kind: "failed", Within: 1800, Effect: .0011}}
	r.Series[0].Notes = []string{"times are epoch milliseconds"}
	r.Series[1].Notes = []string{"times are epoch milliseconds"}
	r.Series[1].Bad, r.Series[1].Problems = 9, []Problem{{Line: 7, Message: "success is -1"}}
	for i := range 30 {
		r.Skipped = append(r.Skipped, File{Name: fmt.Sprintf("%d.json", i), Why: "is no .csv"})
		r.Broken = append(r.Broken, File{Name: fmt.Sprintf("%d.csv\x1b", i), Line: i, Why: "broken"})
	}
	r.Score = &Score{Faults: 2, Found: 1, Delay: 20, False: 2, PerDay: 1, Repeats: 1, Elsewhere: 3}
	var b strings.Builder
	if err := r.WriteSummary(&b, true); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"2 series (2 of counts), 17,280 windows of 10s, 2.0 series-days, 2024-01-01 00:00 to 2024-01-02 00:00 UTC\n",
		"3 alarms, 1.5 per series-day; 1 would wake somebody under \"one a week\"\n",
		"failed       1       1             0.5          1\n",
		"  a,b  1 alarm  1.0 a day  failed 1\n",
		"  a,b     0.5       failed    nothing       nothing  +25 %\n",
		"  a,b     0.5       degraded  nothing       nothing  nothing\n",
		"  a,b     0.5       drop      nothing       -90 %    nothing\n",
		"  c       4,000     failed    +0.4 %        +0.2 %   +0.11 %\n",
		"against what really happened: 1 of 2 faults found, median delay 20 s, 2 alarms false (1 per series-day), 1 inside faults\n3 rows of it are about series that are not here\n",
		"  0.json, 1.json, 2.json and 27 others: is no .csv\n",
		"  a,b.csv, c.csv: times are epoch milliseconds\n",
		"  c.csv:7: success is -1\n  c.csv: and 8 rows more\n",
		"  and 10 more\n",
		"\n17,280 windows in 0.5 s, 34,560 a second on 2 cores\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("missing: %q", want)
		}
	}
	if strings.ContainsRune(b.String(), 0x1b) {
		t.Error("a control character reached the terminal")
	}
	if t.Failed() {
		t.Log(b.String())
	}
	if err := r.WriteSummary(failing{}, false); err == nil {
		t.Error("a full disk is no error")
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"time":1704067700.25`, `"step_seconds":10`, `"first":1704067200`, `"alarms_inside":1`, `"paged_at":1704069220`, `"bad_rows":9`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("missing in JSON: %s", want)
		}
	}
}
