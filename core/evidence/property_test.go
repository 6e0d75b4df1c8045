package evidence_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/evidence"
)

// What segments are called means nothing: with other names the story is the same, in those names.
func TestNamesMeanNothing(t *testing.T) {
	other := strings.NewReplacer("eu-west", "zz", "us-east", "mm", "ap", "aa", "chrome", "x3", "safari", "x1", "firefox", "x2")
	for name, w := range worlds() {
		was := evidence.Judge(w.input())
		w.rename = other.Replace
		is := evidence.Judge(w.input())
		for _, list := range [][]felt.SegmentShare{was.Hit, was.Spared} {
			for i := range list {
				for k := range list[i].Where {
					if key := list[i].Where[k].Key; key == "region" || key == "browser" {
						list[i].Where[k].Value = other.Replace(list[i].Where[k].Value)
					}
				}
			}
		}
		for i := range was.Suspects {
			if text, region, ok := strings.Cut(was.Suspects[i].Text, "what hits region "); ok {
				was.Suspects[i].Text = text + "what hits region " + other.Replace(region)
			}
		}
		if diff := cmp.Diff(was.Hit, is.Hit); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(was.Suspects, is.Suspects); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A segment that means nothing does not change who is hit, nor what is suspected.
func TestIrrelevantSegment(t *testing.T) {
	for name, w := range worlds() {
		was := evidence.Judge(w.input())
		w.extraSegment = true
		is := evidence.Judge(w.input())
		if len(was.Hit) != len(is.Hit) || len(was.Suspects) != len(is.Suspects) {
			t.Errorf("%s:\n%s\nbecomes\n%s", name, story(&was), story(&is))
			continue
		}
		for i := range was.Hit {
			if diff := cmp.Diff(was.Hit[i].Where, is.Hit[i].Where); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		for i := range was.Suspects {
			if was.Suspects[i].What != is.Suspects[i].What {
				t.Errorf("%s: %s becomes %s", name, was.Suspects[i].What, is.Suspects[i].What)
			}
		}
	}
}

// The order of rows means nothing.
func TestOrderOfRows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, w := range worlds() {
		in := w.input()
		was := evidence.Judge(in)
		for range 3 {
			again := w.input()
			shuffle(r, again.Leaves)
			shuffle(r, again.LeavesBefore)
			shuffle(r, again.Operations)
			shuffle(r, again.OperationsBefore)
			shuffle(r, again.Edges)
			shuffle(r, again.EdgesBefore)
			shuffle(r, again.Changes)
			if diff := cmp.Diff(was, evidence.Judge(again)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}

func shuffle[T any](r *rand.Rand, list []T) {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

// Chance alone names nobody: of many draws of a world in which nothing is wrong, next to none has a part that stands out.
func TestChanceNamesNobody(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	named := 0
	const draws = 200
	for range draws {
		var table evidence.Table
		table.Attributes = []string{"region", "browser", "release", "plan"}
		for range 300 {
			n, p := float64(1+r.IntN(200)), .002+.03*r.Float64()
			c := evidence.Cell{N: n, Of: 6 * n, Values: []string{
				string('a' + rune(r.IntN(12))), string('a' + rune(r.IntN(5))), string('a' + rune(r.IntN(3))), string('a' + rune(r.IntN(3))),
			}}
			c.Bad, c.Was = binomial(r, n, p), binomial(r, 6*n, p)
			table.Cells = append(table.Cells, c)
		}
		if a := evidence.Scan(table, 2); len(a.Causes) > 0 {
			named++
		}
	}
	if named > draws/100 {
		t.Errorf("in %d of %d draws somebody stands out", named, draws)
	}
}

func binomial(r *rand.Rand, n, p float64) float64 {
	k := 0.0
	for range int(n) {
		if r.Float64() < p {
			k++
		}
	}
	return k
}

// Nothing to judge by gives nothing, and no crash.
func TestNothing(t *testing.T) {
	for _, kind := range []string{"", "failed", "degraded", "slow", "drop", "funnel", "silent", "burn", "kpi", "saturation"} {
		v := evidence.Judge(evidence.Input{Incident: felt.Incident{ID: "i", Kind: kind}})
		if len(v.Hit)+len(v.Spared)+len(v.Suspects)+len(v.Nodes)+len(v.Indicators) != 0 {
			t.Errorf("%s: %+v", kind, v)
		}
	}
}
