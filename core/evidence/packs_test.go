package evidence_test

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/felt-cx/felt/core/evidence"
)

// TestSegmentPacks scores the scan on packs of cases with known answers, in the folder that FELT_PACKS
// names: NAME/dev/truth.csv and NAME/dev/cases/CASE.csv.gz, with min, value, cnt and attributes.
func TestSegmentPacks(t *testing.T) {
	root := os.Getenv("FELT_PACKS")
	if root == "" {
		t.Skip("FELT_PACKS names no folder with packs")
	}
	for _, pack := range []struct {
		name      string
		top3, set float64
		volume    bool
	}{{"gen_segments", .8, .8, true}, {"rs_segments", .86, .65, false}} {
		t.Run(pack.name, func(t *testing.T) {
			dir := filepath.Join(root, pack.name, "dev")
			var s score
			for _, row := range readCSV(t, filepath.Join(dir, "truth.csv")) {
				now, vol := packTables(t, filepath.Join(dir, "cases", row["case"]+".csv.gz"), row["timestamp"])
				a, of := evidence.Scan(now, 3), now
				if pack.volume {
					if b := evidence.Scan(vol, 3); gainOf(b) > gainOf(a) {
						a, of = b, vol
					}
				}
				s.add(row["cause"], a, of)
			}
			t.Log(s.String())
			if s.top(3) < pack.top3 || s.f1() < pack.set {
				t.Errorf("want top-3 %g, set F1 %g", pack.top3, pack.set)
			}
		})
	}
}

func gainOf(a evidence.Answer) float64 {
	if len(a.Others) == 0 {
		return 0
	}
	return a.Others[0].Gain
}

type score struct {
	causes, hits1, hits3, tp, fp, fn, silent, nulls int
}

func (s *score) add(truth string, a evidence.Answer, of evidence.Table) {
	if truth == "" {
		s.nulls++
		if len(a.Causes) == 0 {
			s.silent++
		}
		s.fp += len(a.Causes)
		return
	}
	want := map[string]bool{}
	for c := range strings.SplitSeq(truth, ";") {
		parts := strings.Split(c, "&")
		sort.Strings(parts)
		want[strings.Join(parts, "&")] = true
	}
	var order []string
	name := func(p evidence.Part) string {
		var parts []string
		for _, w := range p.Where {
			parts = append(parts, of.Attributes[w.Attribute]+"="+w.Value)
		}
		sort.Strings(parts)
		return strings.Join(parts, "&")
	}
	for _, p := range a.Causes {
		order = append(order, name(p))
	}
	set := len(order)
	for _, p := range a.Others {
		if n := name(p); !slices.Contains(order, n) {
			order = append(order, n)
		}
	}
	s.causes += len(want)
	for i, n := range order {
		switch {
		case want[n] && i < 1:
			s.hits1++
			s.hits3++
		case want[n] && i < 3:
			s.hits3++
		}
		if i < set && want[n] {
			s.tp++
		} else if i < set {
			s.fp++
		}
	}
	s.fn += len(want)
	for i, n := range order {
		if i < set && want[n] {
			s.fn--
		}
	}
}

func (s *score) top(int) float64 { return float64(s.hits3) / float64(s.causes) }
func (s *score) f1() float64     { return 2 * float64(s.tp) / float64(2*s.tp+s.fp+s.fn) }
func (s *score) String() string {
	return fmt.Sprintf("top-1 %.3f, top-3 %.3f, set F1 %.3f, silent %d of %d without a cause",
		float64(s.hits1)/float64(s.causes), s.top(3), s.f1(), s.silent, s.nulls)
}

func readCSV(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		r = csv.NewReader(z)
	}
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, v := range row {
			m[rows[0][i]] = v
		}
		list = append(list, m)
	}
	return list
}

// packTables are the minute to explain against the ten before: of failures, and of volume.
func packTables(t *testing.T, path, at string) (rate, volume evidence.Table) {
	rows := readCSV(t, path)
	for a := range rows[0] {
		if a != "min" && a != "value" && a != "cnt" {
			rate.Attributes = append(rate.Attributes, a)
		}
	}
	sort.Strings(rate.Attributes)
	number := func(s string) float64 { v, _ := strconv.ParseFloat(s, 64); return v }
	t0 := number(at)
	cells, minutes := map[string]int{}, map[string]bool{}
	for _, r := range rows {
		m := number(r["min"])
		if m > t0 || m < t0-600 {
			continue
		}
		var values []string
		for _, a := range rate.Attributes {
			values = append(values, r[a])
		}
		key := strings.Join(values, "\x00")
		i, ok := cells[key]
		if !ok {
			i = len(rate.Cells)
			cells[key] = i
			rate.Cells = append(rate.Cells, evidence.Cell{Values: values})
		}
		c := &rate.Cells[i]
		if m == t0 {
			c.Bad, c.N = c.Bad+number(r["value"]), c.N+number(r["cnt"])
		} else {
			c.Was, c.Of = c.Was+number(r["value"]), c.Of+number(r["cnt"])
			minutes[r["min"]] = true
		}
	}
	volume = evidence.Table{Attributes: rate.Attributes, Volume: true}
	for _, c := range rate.Cells {
		c.Of /= float64(max(len(minutes), 1))
		volume.Cells = append(volume.Cells, c)
	}
	return rate, volume
}
