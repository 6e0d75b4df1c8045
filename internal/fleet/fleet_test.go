package fleet

import (
	"math"
	"slices"
	"testing"

	"github.com/felt-cx/felt"
)

// moments of draws.
func moments(n int, draw func() float64) (mean, sd float64) {
	var sum, square float64
	for range n {
		x := draw()
		sum += x
		square += x * x
	}
	mean = sum / float64(n)
	return mean, math.Sqrt(square/float64(n) - mean*mean)
}

func TestDrawsHaveTheirMoments(t *testing.T) {
	s := newSource(1, 1)
	near := func(what string, got, want, slack float64) {
		t.Helper()
		if math.Abs(got-want) > slack {
			t.Errorf("%s is %g, want %g", what, got, want)
		}
	}
	const n = 40_000
	for _, mean := range []float64{0.01, 0.7, 12, 39, 41, 3000} {
		m, sd := moments(n, func() float64 { return float64(s.poisson(mean, math.Exp(-mean))) })
		near("mean of poisson", m, mean, 5*math.Sqrt(mean/n))
		near("sd of poisson", sd/math.Sqrt(mean), 1, 0.1)
	}
	for _, c := range []struct {
		n int64
		p float64
	}{{1, 0.3}, {2, 0.9}, {30, 0.05}, {500, 0.001}, {1000, 0.5}, {20000, 0.04}} {
		m, sd := moments(n, func() float64 { return float64(s.binomial(c.n, shareOf(c.p))) })
		v := float64(c.n) * c.p * (1 - c.p)
		near("mean of binomial", m, float64(c.n)*c.p, 5*math.Sqrt(v/n))
		near("sd of binomial", sd/math.Sqrt(v), 1, 0.05)
	}
	m, sd := moments(10*n, s.heavy)
	near("mean of heavy", m, 0, 0.02)
	near("sd of heavy", sd, 1, 0.1)
}

// TestTrafficIsAsMeasured holds a series at the volume of the measured stream to its figures:
// by minutes, the log share against the trailing hour's median, and its autocorrelation.
func TestTrafficIsAsMeasured(t *testing.T) {
	var spread, first, tenth []float64
	for i := range 12 {
		p := Plan{Seed: 3, Series: fleetOf, Days: 2}
		s := p.Line(0)
		s.source = newSource(3, uint64(1000+i))
		s.PerWindow, s.failed = most, newRestless(s.source, 0.005)
		var logs []float64
		for range 2 * 1440 {
			var hit, n int64
			for range 6 {
				_, c := s.Next()
				hit, n = hit+c.Failed, n+c.Tries()
			}
			logs = append(logs, math.Log((float64(hit)+0.5)/float64(n)))
		}
		var rest []float64
		for k := 60; k < len(logs); k++ {
			hour := slices.Sorted(slices.Values(logs[k-60 : k]))
			rest = append(rest, logs[k]-hour[30])
		}
		spread = append(spread, robustSD(rest))
		first = append(first, lagged(rest, 1))
		tenth = append(tenth, lagged(rest, 10))
	}
	mid := func(v []float64) float64 { slices.Sort(v); return v[len(v)/2] }
	if sd := mid(spread); sd < 0.08 || sd > 0.17 {
		t.Errorf("the log share has a robust spread of %.3f; measured was .125", sd)
	}
	if a, b := mid(first), mid(tenth); a < 0.15 || a > 0.6 || b > a {
		t.Errorf("correlated %.2f after a minute and %.2f after ten; measured were .28 and .09", a, b)
	}
}

func robustSD(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	mid := v[len(v)/2]
	var off []float64
	for _, x := range v {
		off = append(off, math.Abs(x-mid))
	}
	slices.Sort(off)
	return 1.4826 * off[len(off)/2]
}

func lagged(v []float64, k int) float64 {
	mean, _ := 0.0, 0.0
	for _, x := range v {
		mean += x / float64(len(v))
	}
	var num, den float64
	for i := range v {
		den += (v[i] - mean) * (v[i] - mean)
		if i+k < len(v) {
			num += (v[i] - mean) * (v[i+k] - mean)
		}
	}
	return num / den
}

func TestVolumesFollowZipf(t *testing.T) {
	p := Plan{Seed: 1, Series: 300, Days: 1}
	top, low := p.Line(0), p.Line(p.Series-1)
	if top.PerWindow != most || low.PerWindow*360 > 12 || low.PerWindow*360 < 3 {
		t.Errorf("from %g a window to %g an hour", top.PerWindow, low.PerWindow*360)
	}
	var night, day int64
	mid := p.Line(3)
	peak := slices.Index(mid.shape[:], slices.Max(mid.shape[:]))
	for range p.Windows() {
		at, c := mid.Next()
		switch off := (int(at/60)%1440 - peak + 1440) % 1440; {
		case off < 120:
			day += c.Tries()
		case off >= 720 && off < 840:
			night += c.Tries()
		}
	}
	if night*3 > day*2 {
		t.Errorf("%d at night, %d by day: there is no day", night, day)
	}
}

func TestASeriesIsItsSeedAndNumber(t *testing.T) {
	p := Plan{Seed: 5, Series: 300, Days: 1}
	a, b, other := p.Line(7), p.Line(7), p.Line(8)
	same := 0
	for range 5000 {
		_, x := a.Next()
		_, y := b.Next()
		_, z := other.Next()
		if x != y {
			t.Fatal("the same series twice is not the same")
		}
		if x == z {
			same++
		}
	}
	if same == 5000 {
		t.Error("two series are the same")
	}
}

// TestFaultsAreThere: each kind does what it says, while it lasts and not after.
func TestFaultsAreThere(t *testing.T) {
	share := func(kind Kind, c Counts) (hit, of float64) {
		switch kind {
		case DegradedStep:
			return float64(c.Degraded), float64(c.Tries() - c.Failed)
		case SlowStep:
			return float64(c.Slow), float64(c.Tries() - c.Failed)
		case SilentDrop:
			return float64(c.Tries()), 1
		case FailStep, FailRamp, FailFlap:
		}
		return float64(c.Failed), float64(c.Tries())
	}
	for kind := FailStep; kind <= SilentDrop; kind++ {
		p := Plan{Seed: 9, Series: 300, Days: 1}
		s := p.Line(1)
		part := func(windows int) float64 {
			var hit, of float64
			for range windows {
				_, c := s.Next()
				h, o := share(kind, c)
				hit, of = hit+h, of+o
			}
			return hit / of
		}
		before := part(360)
		f := &Fault{Kind: kind, Size: 0.5, Start: s.at, Long: 1200}
		s.Fault(f)
		ideal := NewIdeal(s, f, 18)
		var hit, of float64
		for range 120 {
			at, c := s.Next()
			ideal.Step(at, c)
			h, o := share(kind, c)
			hit, of = hit+h, of+o
		}
		during := hit / of
		s.Fault(nil)
		part(6)
		after := part(360)
		want := map[Kind]float64{FailRamp: before + 0.37, FailFlap: before + 0.25, SilentDrop: before / 2}[kind]
		if want == 0 {
			want = before + 0.5*(1-before)
		}
		if math.Abs(during/want-1) > 0.15 || math.Abs(after/before-1) > 0.35 {
			t.Errorf("%v: %.4g before, %.4g while it lasts (want %.4g), %.4g after", kind, before, during, want, after)
		}
		if ideal.Seen == 0 || ideal.Seen > 300 {
			t.Errorf("%v: the ideal test sees it after %d s", kind, ideal.Seen)
		}
	}
}

// TestTheIdealTestKeepsItsBudget: on traffic without a fault it is as rare as its nats say.
func TestTheIdealTestKeepsItsBudget(t *testing.T) {
	p := Plan{Seed: 2, Series: 300, Days: 1}
	seen := 0
	for i := range 300 {
		s := p.Line(i)
		ideal := NewIdeal(s, &Fault{Kind: FailStep, Size: 0.1, Start: p.From(), Long: felt.Tick(86400)}, 12)
		for range p.Windows() {
			at, c := s.Next()
			ideal.Step(at, c)
		}
		if ideal.Seen != 0 {
			seen++
		}
	}
	if limit := 300 * 8640 * math.Exp(-12); float64(seen) > 3*limit {
		t.Errorf("%d of 300 series see a fault that is not there in a day; %.0f would be fair", seen, limit)
	}
}
