package forecast

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/felt-cx/felt"
)

// labelledFile is a series with its labels, from one of the public sets.
type labelledFile struct {
	name, group string
	stamps      []string
	times       []felt.Instant
	values      []float64
	labels      []bool     // of the events
	windows     []labelled // of NAB
}

func stampOf(t testing.TB, s string) felt.Instant {
	s = strings.Replace(strings.Trim(strings.TrimSpace(s), `"`), "T", " ", 1)
	at, err := time.Parse("2006-01-02 15:04:05", s[:min(len(s), 19)])
	if err != nil {
		t.Fatal(err)
	}
	return felt.InstantOf(at)
}

func readLabelled(t testing.TB, root string) []*labelledFile {
	var windows map[string][][2]string
	if b, err := os.ReadFile(filepath.Join(root, "combined_windows.json")); err == nil {
		if err := json.Unmarshal(b, &windows); err != nil {
			t.Fatal(err)
		}
	}
	var out []*labelledFile
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".csv") {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		out = append(out, readOne(t, path, name, windows[filepath.ToSlash(name)]))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatalf("no CSV below %s", root)
	}
	return out
}

func readOne(t testing.TB, path, name string, windows [][2]string) *labelledFile {
	h, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	rows, err := csv.NewReader(h).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	f := &labelledFile{name: name, group: filepath.Dir(name)}
	for _, row := range rows[1:] {
		x, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			x = math.NaN()
		}
		f.stamps = append(f.stamps, row[0])
		f.times = append(f.times, stampOf(t, row[0]))
		f.values = append(f.values, x)
		if len(row) > 2 {
			f.labels = append(f.labels, strings.HasPrefix(row[2], "1"))
		}
	}
	for _, w := range windows {
		a, b := stampOf(t, w[0]), stampOf(t, w[1])
		i := sort.Search(len(f.times), func(k int) bool { return f.times[k] >= a })
		j := sort.Search(len(f.times), func(k int) bool { return f.times[k] > b }) - 1
		f.windows = append(f.windows, labelled{i, j})
	}
	return f
}

// alarmsOf runs the shipped rule over the file.
func alarmsOf(f *labelledFile) []bool {
	out := make([]bool, len(f.times))
	var v Value
	for i, at := range f.times {
		out[i] = v.Step(at, f.values[i], nil).Opened
	}
	return out
}

// byGroup sums scores over the groups, and over all as "".
func byGroup[S any](files []*labelledFile, of func(*labelledFile) S, add func(*S, S)) map[string]*S {
	sums := map[string]*S{}
	for _, f := range files {
		s := of(f)
		for _, g := range []string{f.group, ""} {
			if sums[g] == nil {
				sums[g] = new(S)
			}
			add(sums[g], s)
		}
	}
	return sums
}

// halves gives the smallest and the median of a score over random halves of the files.
func halves(files []*labelledFile, score func([]*labelledFile) float64) (least, median float64) {
	rng := rand.New(rand.NewPCG(1, 2))
	var all []float64
	for range 200 {
		rng.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		all = append(all, score(files[:len(files)/2]))
	}
	slices.Sort(all)
	return all[0], all[len(all)/2]
}

// TestNAB scores the Numenta Anomaly Benchmark's files below FELT_NAB with one fixed
// threshold and one row an alarm.
func TestNAB(t *testing.T) {
	root := os.Getenv("FELT_NAB")
	if root == "" {
		t.Skip("FELT_NAB names no directory")
	}
	files := readLabelled(t, root)
	scores := map[*labelledFile]nabScore{}
	for _, f := range files {
		scores[f] = scoreNAB(alarmsOf(f), f.windows)
	}
	sums := byGroup(files, func(f *labelledFile) nabScore { return scores[f] }, (*nabScore).add)
	for _, g := range slices.Sorted(maps.Keys(sums)) {
		s := sums[g]
		t.Logf("%-24s %5.1f  hit %d of %d, outside %d", g, s.normal(), s.hit, s.windows, s.outside)
	}
	least, median := halves(slices.Clone(files), func(half []*labelledFile) float64 {
		return byGroup(half, func(f *labelledFile) nabScore { return scores[f] }, (*nabScore).add)[""].normal()
	})
	t.Logf("random halves: least %.1f, median %.1f", least, median)
	writeAlarms(t, "nab.csv", "anomaly_score", files)
	if got := sums[""].normal(); got < 52 {
		t.Errorf("score %.1f, want 52", got)
	}
}

// TestEvents scores labelled series below FELT_MSCLOUD by event.
func TestEvents(t *testing.T) {
	root := os.Getenv("FELT_MSCLOUD")
	if root == "" {
		t.Skip("FELT_MSCLOUD names no directory")
	}
	files := readLabelled(t, root)
	scores := map[*labelledFile]eventScore{}
	for _, f := range files {
		s := scoreEvents(alarmsOf(f), f.labels)
		s.days = float64(f.times[len(f.times)-1]-f.times[0]) / float64(felt.Day)
		scores[f] = s
	}
	sums := byGroup(files, func(f *labelledFile) eventScore { return scores[f] }, (*eventScore).add)
	for _, g := range slices.Sorted(maps.Keys(sums)) {
		s := sums[g]
		t.Logf("%-36s F1 %.3f  found %d of %d, right %d, wrong %d (%.3f a day)", g, s.f1(), s.found, s.events, s.right, s.wrong, float64(s.wrong)/s.days)
	}
	least, median := halves(slices.Clone(files), func(half []*labelledFile) float64 {
		return byGroup(half, func(f *labelledFile) eventScore { return scores[f] }, (*eventScore).add)[""].f1()
	})
	t.Logf("random halves: least %.3f, median %.3f", least, median)
	writeAlarms(t, "mscloud.csv", "score", files)
	if got, wrong := sums[""].f1(), float64(sums[""].wrong)/sums[""].days; got < 0.60 || wrong > 0.1 {
		t.Errorf("F1 %.3f with %.3f false a day, want 0.60 with at most 0.1", got, wrong)
	}
}

// writeAlarms writes one row an alarm below FELT_ALARMS, for other scorers.
func writeAlarms(t *testing.T, name, column string, files []*labelledFile) {
	dir := os.Getenv("FELT_ALARMS")
	if dir == "" {
		return
	}
	h, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	w := bufio.NewWriter(h)
	defer w.Flush()
	fmt.Fprintf(w, "file,timestamp,%s\n", column)
	for _, f := range files {
		for i, alarm := range alarmsOf(f) {
			if alarm {
				fmt.Fprintf(w, "%s,%s,1\n", filepath.ToSlash(f.name), f.stamps[i])
			}
		}
	}
}
