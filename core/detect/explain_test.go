package detect

import (
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
)

// TestSentences: every kind of test says in one sentence how many of how many, in which time,
// against what, and how sure that is.
func TestSentences(t *testing.T) {
	s := &series{key: key{"production", "shop", "confirm", felt.KindStep}, plan: &plan{limit: 4 * felt.Second}}
	s.line.slower = &cusum.Slow{}
	finding := func(test Test, n, hit int64, share, base float64, known int64, more ...func(*lasting)) *lasting {
		f := &lasting{test: test}
		f.N, f.Hit, f.Share, f.Baseline, f.BaselineN, f.Statistic, f.Threshold = n, hit, share, base, known, 23.14, 14
		for _, m := range more {
			m(f)
		}
		return f
	}
	for _, c := range []struct {
		f      *lasting
		within felt.Tick
		want   string
	}{
		{finding(TestFailed, 100, 41, .41, .0104, 17750), 30, "41 of 100 tries failed in 30 s (41 %), against 1.0 % of 17750 before; evidence 23.1, 14.0 opens a finding"},
		{finding(TestGuard, 1, 1, 1, .03, 0), 10, "1 of 1 try failed in 10 s (100 %), against the 3.0 % that is assumed while nothing is known; evidence 23.1, 14.0 opens a finding"},
		{finding(TestFailed, 100, 41, .41, .0004, 17750, func(f *lasting) {
			f.Segments = []felt.Segment{{Key: "region", Value: "eu"}, {Key: "release", Value: "1.2"}, {Key: "plan", Value: "pro"}}
		}), 600, "41 of 100 tries failed in 10 min (41 %), against 0.04 % of 17750 before; evidence 23.1, 14.0 opens a finding; worst with region=eu, release=1.2 and plan=pro"},
		{finding(TestFailed, 9, 9, 1, .01, 500, func(f *lasting) { f.Series.SegmentKey, f.Series.SegmentValue = "region", "nz" }), 60, "9 of 9 tries with region=nz failed in 60 s (100 %), against 1.0 % of 500 before; evidence 23.1, 14.0 opens a finding"},
		{finding(TestDegraded, 100, 41, .41, .1, 9000), 120, "41 of 100 tries that reached the goal did so slowly or the long way round in 2 min (41 %), against 10 % of 9000 before; evidence 23.1, 14.0 opens a finding"},
		{finding(TestSlow, 100, 41, .41, .1, 9000), 7200, "41 of 100 tries took longer than the 4000 ms that customers expect in 2 h (41 %), against 10 % of 9000 before; evidence 23.1, 14.0 opens a finding"},
		{finding(TestSlower, 100, 41, .41, .1, 9000), 50, "41 of 100 tries took longer than 0 ms in 50 s (41 %), which only 10 % used to; evidence 23.1, 14.0 opens a finding"},
		{finding(TestUnfinished, 100, 41, .41, .1, 9000), 3 * 86400, "41 of 100 tries were left without finishing in 3 days (41 %), against 10 % of 9000 before; evidence 23.1, 14.0 opens a finding"},
		{finding(TestFled, 100, 41, .41, .1, 9000), 50, "41 of 100 tries were left after a failure in 50 s (41 %), against 10 % of 9000 before; evidence 23.1, 14.0 opens a finding"},
		{finding(TestDrop, 1, 1, .02, 1, 0, func(f *lasting) { f.Expected = 50.4 }), 20, "1 try in 20 s where 50 were expected (2.0 %), although other telemetry still comes; evidence 23.1, 14.0 opens a finding"},
		{finding(TestSibling, 12, 12, .1, 1, 0, func(f *lasting) { f.Expected = 120 }), 60, "12 tries of confirm in 60 s where 120 were expected after the step before (10 %); evidence 23.1, 14.0 opens a finding"},
	} {
		r := &cusum.Reading{Statistic: 23.14, Since: start - c.within}
		if got := explain(s, c.f, start, r); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.f.test, got, c.want)
		}
		if got := explain(s, &lasting{Finding: felt.Finding{Explanation: "as before"}, test: c.f.test}, start, &cusum.Reading{}); got != "as before" {
			t.Errorf("%s without evidence: %q", c.f.test, got)
		}
	}
}
