package backtest

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/felt-cx/felt"
	"pgregory.net/rapid"
)

func opener(text string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

// slow opens the same text in pieces.
func slow(text string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(iotest.HalfReader(strings.NewReader(text))), nil }
}

const t0 = 1704067200

// day is a history of counts: 40 a window, one in a hundred fails; from bad on half fails for
// badFor windows, and from gone on nobody comes for goneFor windows.
func history(windows, bad, badFor, gone, goneFor int) []string {
	random := rand.New(rand.NewPCG(1, 2))
	out := []string{"ts,success,degraded,failed"}
	for i := range windows {
		n, failed := 30+random.IntN(20), 0
		share := 0.01
		if i >= bad && i < bad+badFor {
			share = 0.5
		}
		for range n {
			if random.Float64() < share {
				failed++
			}
		}
		if i >= gone && i < gone+goneFor {
			continue
		}
		out = append(out, fmt.Sprintf("%d,%d,0,%d", t0+10*i, n-failed, failed))
	}
	return out
}

func text(rows []string) string { return strings.Join(rows, "\n") + "\n" }

func mustRun(t testing.TB, in string, o Options) *Series {
	t.Helper()
	s, err := Run(opener(in), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// raised is "KIND@WINDOW" of the alarms, windows of 10 s from t0.
func raised(s *Series) (out []string) {
	for _, a := range s.Alarms {
		out = append(out, fmt.Sprintf("%s@%d", a.Kind, (a.At/felt.Second-t0)/10))
	}
	return out
}

func TestCountsAreJudged(t *testing.T) {
	const bad, gone = 1200, 2000
	s := mustRun(t, text(history(2600, bad, 60, gone, 90)), Options{})
	if s.Kind != Counts || s.Windows != 2600 || s.Rows != 2510 || s.Step != 10*felt.Second || s.First != t0*felt.Second || s.Last != (t0+26000)*felt.Second {
		t.Errorf("%+v", s)
	}
	if len(s.Alarms) != 2 {
		t.Fatalf("alarms: %v", raised(s))
	}
	f, d := s.Alarms[0], s.Alarms[1]
	// Raised at the end of the window that showed it: one after its start.
	if at := (f.At/felt.Second - t0) / 10; f.Kind != "failed" || at < bad+1 || at > bad+3 || f.Until <= f.At {
		t.Errorf("failed at window %d until %d: %s", at, f.Until, f.Text)
	}
	if at := (d.At/felt.Second - t0) / 10; d.Kind != "drop" || at < gone+1 || at > gone+6 || d.Until <= d.At {
		t.Errorf("drop at window %d until %d: %s", at, d.Until, d.Text)
	}
	if s.Volume < 38 || s.Volume > 42*2600/2510 {
		t.Errorf("volume %g", s.Volume)
	}
}

func TestSlowIsJudged(t *testing.T) {
	rows := []string{"ts,success,degraded,failed,slow"}
	for i := range 1500 {
		n := i % 2
		if i >= 1200 {
			n = 15
		}
		rows = append(rows, fmt.Sprintf("%d,40,0,0,%d", t0+10*i, n))
	}
	s := mustRun(t, text(rows), Options{})
	if len(s.Alarms) != 1 || s.Alarms[0].Kind != "slow" {
		t.Errorf("%v", raised(s))
	}
}

func TestValuesAreJudged(t *testing.T) {
	rows := []string{"timestamp,value"}
	for i := range 800 {
		x := 100 + float64(i*7%11)
		if i == 700 {
			x = 900
		}
		rows = append(rows, fmt.Sprintf("%d.5,%g", t0+300*i, x))
	}
	s := mustRun(t, text(rows), Options{})
	if len(s.Alarms) != 1 || s.Alarms[0].Kind != "kpi" || Seconds(s.Alarms[0].At) != fmt.Sprintf("%d.5", t0+300*700) {
		t.Errorf("%+v", s.Alarms)
	}
	if s.Kind != Values || s.Step != 300*felt.Second || s.Windows != 800 {
		t.Errorf("%+v", s)
	}
}

// TestOnePass: the same rows in pieces, with rows missing at the end, or sorted by another, give
// the same alarms as far as they go.
func TestOnePass(t *testing.T) {
	rows := history(2600, 1200, 60, 2000, 90)
	whole := mustRun(t, text(rows), Options{})
	piece, err := Run(slow(gz(text(rows))), Options{})
	if err != nil || fmt.Sprint(piece.Alarms) != fmt.Sprint(whole.Alarms) {
		t.Errorf("in pieces: %v, %v", raised(piece), err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		cut := rapid.IntRange(200, len(rows)).Draw(rt, "rows")
		s := mustRun(t, text(rows[:cut]), Options{})
		for i, a := range s.Alarms {
			if w := whole.Alarms[i]; a.At != w.At || a.Kind != w.Kind || a.Text != w.Text {
				rt.Fatalf("alarm %d of the first %d rows is %+v, of all %+v", i, cut, a, w)
			}
		}
		for _, a := range whole.Alarms[len(s.Alarms):] {
			if a.At <= s.Last {
				rt.Fatalf("the first %d rows do not show %+v", cut, a)
			}
		}
	})
}

func TestOrderOfRows(t *testing.T) {
	rows := history(1500, 1200, 60, 0, 0)
	whole := mustRun(t, text(rows), Options{})
	if len(whole.Alarms) != 1 {
		t.Fatalf("%v", raised(whole))
	}
	want := fmt.Sprint(whole.Alarms)

	back := slices.Clone(rows)
	slices.Reverse(back[1:])
	s := mustRun(t, text(back), Options{})
	if fmt.Sprint(s.Alarms) != want || s.Rows != whole.Rows || !slices.Contains(s.Notes, "the times go back at line 3: the rows were sorted") {
		t.Errorf("backwards: %v %v", raised(s), s.Notes)
	}
	mixed := slices.Clone(rows)
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(mixed)-1, func(i, j int) { mixed[i+1], mixed[j+1] = mixed[j+1], mixed[i+1] })
	if s := mustRun(t, text(mixed), Options{}); fmt.Sprint(s.Alarms) != want {
		t.Errorf("mixed: %v %v", raised(s), s.Notes)
	}
	_, err := Run(opener(text(back)), Options{Sorted: 100})
	if err == nil || err.Error() != "3: the times go back here, and the file has more than the 100 rows that are sorted in memory: sort it by time, as with sort -t, -k1,1n" {
		t.Errorf("too long to be sorted: %v", err)
	}

	// Two exporters that each wrote half of a window.
	half := slices.Clone(rows[:1])
	for _, r := range rows[1:] {
		var ts, ok, degraded, failed int
		_, _ = fmt.Sscanf(r, "%d,%d,%d,%d", &ts, &ok, &degraded, &failed)
		half = append(half, fmt.Sprintf("%d,%d,0,0", ts, ok), fmt.Sprintf("%d,0,0,%d", ts, failed))
	}
	s = mustRun(t, text(half), Options{})
	if fmt.Sprint(s.Alarms) != want || s.Windows != whole.Windows {
		t.Errorf("in halves: %v %v", raised(s), s.Notes)
	}
}

func TestOddities(t *testing.T) {
	line := func(at int, rest string) string { return fmt.Sprintf("%d,%s\n", at, rest) }
	for _, c := range []struct {
		name, in      string
		rows, windows int
		step          felt.Instant
		notes         []string
		err           string
	}{
		{name: "one row", in: "ts,success,failed\n1704067200,1,1\n", rows: 1, windows: 1, step: 10 * felt.Second},
		{name: "gaps are windows", in: "ts,success,failed\n1704067200,1,1\n1704067210,1,0\n1704067250,1,1\n", rows: 3, windows: 6, step: 10 * felt.Second},
		{
			name: "a minute", in: "ts,success,failed\n" + line(t0, "1,0") + line(t0+60, "1,0") + line(t0+180, "1,0"),
			rows: 3, windows: 4, step: felt.Minute,
		},
		{
			name: "jitter", in: func() string {
				s := "ts,success,failed\n"
				for i := range 100 {
					s += line(t0+10*i+min(1, i%50)*(i%25/24), "1,0")
				}
				return s
			}(), rows: 100, windows: 100, step: 10 * felt.Second,
			notes: []string{"4 rows are not on the grid of windows: each counts into the window in which it lies"},
		},
		{
			name: "two days begin a second late", in: func() string {
				s := "ts,success,failed\n"
				for i := range 100 {
					s += line(t0+86400*i+i%50/49, "1,0")
				}
				return s
			}(), rows: 100, windows: 100, step: felt.Day,
			notes: []string{"2 rows are not on the grid of windows: each counts into the window in which it lies"},
		},
		{
			name: "a long gap is no drop", in: "ts,success,failed\n" + line(t0, "1,0") + line(t0+10, "1,0") + line(t0+90*86400, "1,0"),
			rows: 3, windows: 3, step: 10 * felt.Second,
			notes: []string{"1 gaps of more than a week, the first before line 4: behind them it was learned anew"},
		},
		{name: "milliseconds", in: "ts,success,failed\n1704067200000,1,0\n1704067210000,1,0\n", rows: 2, windows: 2, step: 10 * felt.Second, notes: []string{"times are epoch milliseconds"}},
		{name: "fast windows", in: "ts,success,failed\n1704067200000,1,0\n1704067200100,1,0\n", err: "2: the rows are 100ms apart: want windows of whole seconds"},
		{name: "a number of rows", in: "ts,success,failed\n1,1,0\n2,1,0\n", rows: 2, windows: 2, step: felt.Second, notes: []string{"times begin in 1970: is the column of times a number of rows?"}},
		{
			name: "values at one time", in: "timestamp,value\n" + line(t0, "1") + line(t0+60, "1") + line(t0+60, "2") + line(t0+120, "2"),
			rows: 4, windows: 4, step: felt.Minute, notes: []string{"1 values share their time with the one before: they were judged in the file's order"},
		},
		{
			name: "an hour twice", in: "timestamp,value\n2024-10-27 02:50:00,1\n2024-10-27 02:55:00,1\n2024-10-27 02:00:00,1\n2024-10-27 02:05:00,1\n",
			rows: 4, windows: 4, step: 5 * felt.Minute,
			notes: []string{"times are ISO 8601 without a zone, taken as UTC", "line 4: the time goes back by an hour, as local time does in autumn: read as going on; UTC has no such hours"},
		},
		{
			name: "an hour twice of counts, and spring", in: "ts,success,failed\n2024-10-27 02:30,1,0\n2024-10-27 02:40,1,0\n2024-10-27 02:50,1,0\n2024-10-27 02:00,1,0\n2024-10-27 02:10,1,0\n2024-10-27 03:20,1,0\n2024-10-27 03:30,1,0\n",
			rows: 7, windows: 7, step: 10 * felt.Minute,
			notes: []string{"times are ISO 8601 without a zone, taken as UTC", "line 5: the time goes back by an hour, as local time does in autumn: read as going on; UTC has no such hours"},
		},
		{name: "the last second", in: "ts,success,failed\n1,1,0\n7258118399,1,0\n", err: "2: the rows are 8.4e+04 days apart: want windows of a day at most"},
		{
			name: "the last day", in: "ts,success,failed\n" + line(7258118399-86400, "1,0") + line(7258118399, "1,0"),
			rows: 2, windows: 2, step: felt.Day,
		},
		{
			name: "a counter", in: func() string {
				s := "ts,success,failed\n"
				for i := range 200 {
					s += line(t0+10*i, fmt.Sprintf("%d,0", 7*i))
				}
				return s
			}(), rows: 200, windows: 200, step: 10 * felt.Second,
			notes: []string{"the counts never go down: of a counter that only grows, give the increase in each window"},
		},
		{name: "only a header", in: "ts,success,failed\n", err: "has a header and no rows"},
		{name: "only missing values", in: "timestamp,value\n1,\n", err: "has only values that are missing"},
		{name: "only bad rows", in: "ts,success,failed\nx,1,1\ny,1,1\n", err: `2: "x" is no time: want epoch seconds, or 2026-11-21T14:00:00Z; none of the 2 rows can be read`},
		{name: "mostly bad rows", in: "ts,success,failed\nx,1,1\n1,1,1\ny,1,1\n", err: `and 2 of 3 rows cannot be read`},
		{name: "damaged behind good rows", in: gz(text(history(3000, 0, 0, 0, 0)))[:9000], err: "reading behind line"},
		{name: "not for this", in: "a,b\n", err: "no column of times"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Run(opener(c.in), Options{})
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || s != nil {
					t.Fatalf("%v %v, want %q", s, err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s.Rows != c.rows || s.Windows != c.windows || s.Step != c.step || fmt.Sprintf("%q", s.Notes) != fmt.Sprintf("%q", c.notes) {
				t.Errorf("%d rows, %d windows, step %d, notes %q", s.Rows, s.Windows, s.Step, s.Notes)
			}
		})
	}
}

// TestStepBelowTheRows: windows that no row can fill are told.
func TestStepBelowTheRows(t *testing.T) {
	in := fmt.Sprintf("ts,success,failed\n%d,1,0\n%d,1,0\n%d,1,0\n", t0, t0+60, t0+120)
	if s := mustRun(t, in, Options{Step: 10 * felt.Second}); s.Windows != 13 || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "1m0s apart and judged in windows of 10s") {
		t.Errorf("%d windows, %q", s.Windows, s.Notes)
	}
	if s := mustRun(t, in, Options{Step: felt.Minute}); s.Windows != 3 || len(s.Notes) != 0 {
		t.Errorf("%d windows, %q", s.Windows, s.Notes)
	}
}

// TestLeastFollowsTheColumns: nothing is told of a kind for which the file has no column.
func TestLeastFollowsTheColumns(t *testing.T) {
	for head, want := range map[string]string{
		"ts,success,failed": "failed drop", "ts,success,degraded,failed": "failed degraded drop",
		"ts,success,slow,failed": "failed slow drop", "ts,success,abandoned,failed": "failed funnel drop",
	} {
		in := head + "\n"
		for i := range 1000 {
			in += fmt.Sprintf("%d,%d%s\n", t0+10*i, 100+i%3, strings.Repeat(fmt.Sprintf(",%d", 1+i%3), strings.Count(head, ",")-1))
		}
		s := mustRun(t, in, Options{})
		seen := map[string]bool{}
		for _, l := range s.Least {
			seen[l.Kind] = true
		}
		if got := strings.Join(leastKinds(s), " "); got != want || len(seen) != strings.Count(want, " ")+1 {
			t.Errorf("%s: %s, want %s; told of %v", head, got, want, seen)
		}
	}
}

// TestEveryRowIsAccountedFor whatever the file is.
func TestEveryRowIsAccountedFor(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 50).Draw(rt, "rows")
		rows, bad := []string{"ts,success,failed"}, 0
		for range n {
			at := rapid.IntRange(0, 2000).Draw(rt, "at")
			if rapid.IntRange(0, 9).Draw(rt, "bad") == 0 {
				bad++
				rows = append(rows, "?,1,1")
				continue
			}
			rows = append(rows, fmt.Sprintf("%d,1,0", t0+at))
		}
		s, err := Run(opener(text(rows)), Options{})
		if err != nil {
			if bad == 0 {
				rt.Fatal(err)
			}
			return
		}
		if s.Rows != n-bad || s.Bad != bad {
			rt.Fatalf("%d of %d rows were read, %d of %d bad", s.Rows, n-bad, s.Bad, bad)
		}
		// Each stands for one that came.
		if got := s.Volume * float64(s.Windows); got < float64(n-bad)-1e-6 || got > float64(n-bad)+1e-6 {
			rt.Fatalf("%g came, want %d", got, n-bad)
		}
	})
}

func FuzzRun(f *testing.F) {
	f.Add([]byte(text(history(50, 20, 10, 40, 5))))
	f.Add([]byte(gz("timestamp,value\n1,1\n2,NaN\n")))
	f.Add([]byte("\"TimeStamp\",\"Value\",\"Label\"\n\"2018-04-25T00:00:00Z\",\"0\",\"0\"\n"))
	f.Add([]byte("ts;success;failed\n1;1;\n1;\"\"\"\";1\n9223372036;1;1\n0;1;1\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := Run(opener(string(in)), Options{})
		if (s == nil) == (err == nil) {
			t.Fatal(s, err)
		}
		if err != nil {
			return
		}
		again, err := Run(slow(string(in)), Options{})
		if err != nil || fmt.Sprint(*again) != fmt.Sprint(*s) {
			t.Fatalf("in pieces %v %v, whole %v", again, err, s)
		}
		if s.Last < s.First || s.Rows < 1 || s.Kind == Counts && s.Windows < 1 {
			t.Fatalf("%+v", s)
		}
	})
}

func BenchmarkBuckets(b *testing.B) {
	file := gz(text(history(8640, 4000, 30, 6000, 30)))
	b.SetBytes(int64(len(file)))
	windows := 0
	for b.Loop() {
		windows += mustRun(b, file, Options{}).Windows
	}
	b.ReportMetric(float64(windows)/b.Elapsed().Seconds(), "windows/s")
}

func BenchmarkRead(b *testing.B) {
	file := gz(text(history(8640, 4000, 30, 6000, 30)))
	rows := 0
	for b.Loop() {
		r, err := NewReader(strings.NewReader(file))
		if err != nil {
			b.Fatal(err)
		}
		var row Row
		for r.Next(&row) == nil {
			rows++
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
