package cusum_test

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
)

// stream is one series of a pack of outcome streams: counts of 10 s windows with
// faults at known times.
type stream struct {
	name    string
	windows [][3]int64 // success, degraded, failed; from the pack's first day on
	faults  []fault
	natural [][2]felt.Tick // what the background itself shows; not scored
}

type fault struct {
	kind       string
	start, end felt.Tick
	effect     float64
	floor      float64 // seconds that an optimal test needs
	volume     float64 // interactions a window
	base       float64
}

type raised struct {
	at   felt.Tick
	kind string
}

const streamsStart = felt.Tick(1704067200)

// TestStreams prints how the tests do on packs of streams; it fails when they do worse
// than what is promised. FELT_STREAMS names directories, separated by colons.
func TestStreams(t *testing.T) {
	dirs := os.Getenv("FELT_STREAMS")
	if dirs == "" {
		t.Skip("FELT_STREAMS names no directory")
	}
	for _, dir := range strings.Split(dirs, ":") {
		all := readStreams(t, dir)
		score := newScore()
		for i := range all {
			score.add(&all[i], judge(&all[i], os.Getenv("FELT_DETAIL") != ""), os.Getenv("FELT_DETAIL") != "")
		}
		t.Logf("%s\n%s", dir, score)
		if len(all) == 0 || len(all[0].faults) == 0 {
			continue
		}
		found, delay, false1 := score.result()
		if found < .87 || delay > 20 || false1 > 1 {
			t.Errorf("%s: found %.3f, median delay %v s, %.2f false alarms a series and day", dir, found, delay, false1)
		}
	}
}

// judge runs the three tests on a stream as a detector would.
func judge(s *stream, detail bool) (out []raised) {
	var failed, degraded cusum.Rate
	var volume cusum.Volume
	for i, w := range s.windows {
		at := streamsStart + felt.Tick(10*(i+1))
		n := w[0] + w[1] + w[2]
		got := failed.Step(at, w[2], n, cusum.Prior{}, &shipped)
		if got.Opened || got.Worse {
			out = append(out, raised{at, "failed"})
		}
		if detail && (got.Opened || got.Ended) {
			fmt.Println(s.name, "failed", at, fmt.Sprintf("%+v", got))
		}
		got = degraded.Step(at, w[1], n, cusum.Prior{}, &shipped)
		if got.Opened || got.Worse {
			out = append(out, raised{at, "degraded"})
		}
		if detail && (got.Opened || got.Ended) {
			fmt.Println(s.name, "degraded", at, fmt.Sprintf("%+v", got))
		}
		got = volume.Step(at, n, 1, &shipped)
		if got.Opened || got.Worse {
			out = append(out, raised{at, "drop"})
		}
		if detail && (got.Opened || got.Ended) {
			fmt.Println(s.name, "drop", at, fmt.Sprintf("%+v", got))
		}
	}
	return out
}

type tally struct {
	faults, found  int
	delays, ratios []float64
}

type score struct {
	by           map[string]*tally
	falseBy      map[string]int
	days         float64
	falseAlarms  int
	undetectable int
}

func newScore() *score { return &score{by: map[string]*tally{}, falseBy: map[string]int{}} }

// add applies the rules of the pack: an alarm finds a fault from its start to 60 s
// after its end; outside of faults (and 10 minutes after) and of natural spans it is
// false.
func (c *score) add(s *stream, alarms []raised, detail bool) {
	c.days += float64(len(s.windows)) / 8640
	for _, f := range s.faults {
		if f.floor > .5*float64(f.end-f.start) {
			c.undetectable++
			continue
		}
		delay := -1.0
		for _, a := range alarms {
			if d := float64(a.at - f.start); d > 0 && a.at <= f.end+60 && (delay < 0 || d < delay) {
				delay = d
			}
		}
		if detail {
			fmt.Printf("FAULT %s %s start %d dur %d effect %v base %v n %v floor %v delay %v\n", s.name, f.kind, f.start, f.end-f.start, f.effect, f.base, f.volume, f.floor, delay)
		}
		for _, key := range []string{"all", f.kind, "volume " + volumeClass(f.volume)} {
			if c.by[key] == nil {
				c.by[key] = &tally{}
			}
			c.by[key].add(delay, f.floor)
		}
	}
	for _, a := range alarms {
		if !s.inFault(a.at) && !s.inNatural(a.at) {
			c.falseAlarms++
			c.falseBy[s.name]++
			c.falseBy[a.kind]++
			if detail {
				fmt.Println("FALSE", s.name, a.kind, a.at)
			}
		}
	}
}

func (t *tally) add(delay, floor float64) {
	t.faults++
	if delay >= 0 {
		t.found++
		t.delays = append(t.delays, delay)
		t.ratios = append(t.ratios, delay/floor)
	}
}

func (c *score) result() (found, delay, falseAlarms float64) {
	a := c.by["all"]
	return float64(a.found) / float64(a.faults), median(a.delays), float64(c.falseAlarms) / c.days
}

func (c *score) String() string {
	var b strings.Builder
	keys := make([]string, 0, len(c.by))
	for k := range c.by {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		a := c.by[k]
		fmt.Fprintf(&b, "%-16s found %3d of %3d (%.3f) delay %6.0f ratio %.2f\n", k, a.found, a.faults, float64(a.found)/float64(a.faults), median(a.delays), median(a.ratios))
	}
	fmt.Fprintf(&b, "false alarms %d, a series and day %.3f, by %v\n", c.falseAlarms, float64(c.falseAlarms)/c.days, c.falseBy)
	return b.String()
}

func volumeClass(v float64) string {
	switch {
	case v < 5:
		return "<5"
	case v < 50:
		return "<50"
	case v < 1000:
		return "<1000"
	}
	return ">=1000"
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return -1
	}
	s := slices.Sorted(slices.Values(v))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

func (s *stream) inFault(at felt.Tick) bool {
	return slices.ContainsFunc(s.faults, func(f fault) bool { return at >= f.start && at <= f.end+600 })
}

func (s *stream) inNatural(at felt.Tick) bool {
	return slices.ContainsFunc(s.natural, func(v [2]felt.Tick) bool { return at >= v[0] && at <= v[1] })
}

func readStreams(t *testing.T, dir string) (out []stream) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "journey*.csv.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s holds no streams (%v)", dir, err)
	}
	index := map[string]int{}
	slices.Sort(files)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".csv.gz")
		index[name] = len(out)
		out = append(out, stream{name: name, windows: readWindows(t, file)})
	}
	for _, r := range readTable(t, filepath.Join(dir, "truth.csv")) {
		s := &out[index[r[0]]]
		s.faults = append(s.faults, fault{
			kind: r[1], start: felt.Tick(number(t, r[2])), end: felt.Tick(number(t, r[3])),
			effect: number(t, r[4]), base: number(t, r[5]), volume: number(t, r[6]), floor: number(t, r[7]),
		})
	}
	for _, r := range readTable(t, filepath.Join(dir, "natural.csv")) {
		s := &out[index[r[0]]]
		s.natural = append(s.natural, [2]felt.Tick{felt.Tick(number(t, r[1])), felt.Tick(number(t, r[2]))})
	}
	return out
}

func readWindows(t *testing.T, file string) (out [][3]int64) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Scan()
	for lines.Scan() {
		c := strings.Split(lines.Text(), ",")
		at := int(number(t, c[0])-float64(streamsStart)) / 10
		for len(out) <= at {
			out = append(out, [3]int64{})
		}
		for k := range 3 {
			out[at][k] = int64(number(t, c[k+1]))
		}
	}
	for len(out)%8640 != 0 {
		out = append(out, [3]int64{})
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return out
}

func readTable(t *testing.T, file string) [][]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
