package forecast

import (
	"math"
	"slices"
	"testing"

	"github.com/felt-cx/felt"
	"pgregory.net/rapid"
)

// The parts against slow ways of writing them down.

// slowTail keeps every block's largest value and ranks them all.
type slowTail struct {
	peaks, weights []float64
}

func (s *slowTail) close(peak, keep float64) {
	for i := range s.weights {
		s.weights[i] *= keep
	}
	s.peaks, s.weights = append(s.peaks, peak), append(s.weights, 1)
}

// nats of x: whole bins are taken from the top until they hold a tenth, or would hold
// more with five blocks in them.
func (s *slowTail) nats(x, least float64) float64 {
	all := 0.0
	in := map[int]float64{}
	for i, p := range s.peaks {
		all += s.weights[i]
		in[binOf(p)] += s.weights[i]
	}
	want := 0.1 * (all + 40)
	n, logs, begin := 0.0, 0.0, bins
	for b := bins - 1; b > 20; b-- {
		if n >= want || n >= 5 && n+in[b] > want {
			break
		}
		n += in[b]
		begin = b
	}
	for b, w := range in {
		if b >= begin {
			logs += w * (float64(b-begin) + 0.5) / 10
		}
	}
	from := max(math.Exp(float64(begin-40)/10), least)
	base := -math.Log((n + 4) / (all + 40))
	exponent := (n + 20) / (logs + 20.0/3)
	if x <= from {
		return base
	}
	return base + exponent*math.Log(x/from)
}

func TestTailIsTheRankOfAllBlocks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var a tail
		var slow slowTail
		least := rapid.Float64Range(1.5, 4).Draw(rt, "least")
		keep := rapid.Float64Range(0.9, 1).Draw(rt, "keep")
		spread := rapid.Float64Range(0.1, 3).Draw(rt, "spread")
		a.fit(least)
		for range rapid.IntRange(0, 300).Draw(rt, "blocks") {
			a.peak = math.Exp(spread * rapid.Float64Range(-2, 2).Draw(rt, "peak"))
			slow.close(a.peak, float64(float32(keep)))
			a.close(float32(keep), least)
		}
		x := math.Exp(rapid.Float64Range(-2, 6).Draw(rt, "x"))
		want := slow.nats(x, least)
		if a.high < 20 {
			return // nothing in the bulk: both say the prior at their own begin
		}
		got := a.nats(x)
		if math.Abs(got-want) > 2e-3*(1+math.Abs(want)) {
			rt.Fatalf("nats of %g: %g, want %g", x, got, want)
		}
		if back := a.at(got); got > a.base && math.Abs(back-x) > 1e-9*x {
			rt.Fatalf("at(nats(%g)) = %g", x, back)
		}
	})
}

func TestSeasonIsTheMedianOfDays(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type point struct {
			at felt.Instant
			x  float64
		}
		var s season
		var all []point
		at := felt.Instant(rapid.Int64Range(0, int64(30*felt.Day)).Draw(rt, "start"))
		step := felt.Instant(rapid.Int64Range(int64(4*felt.Minute), int64(14*felt.Minute)).Draw(rt, "step"))
		for range rapid.IntRange(1, 1200).Draw(rt, "points") {
			x := float64(rapid.IntRange(0, 1000).Draw(rt, "x"))
			s.enter(at, false)
			s.add(x)
			all = append(all, point{at, x})
			at += step
		}
		s.enter(at, false)
		// The mean of each visit of the slot that at is in; the last five of them.
		var visits []float64
		var sum, n float64
		last := felt.Instant(math.MinInt64)
		for _, p := range append(all, point{at: math.MaxInt64 / 2}) {
			begin := p.at.Floor(10 * felt.Minute)
			if begin != last && n > 0 {
				visits = append(visits, sum/n)
				sum, n = 0, 0
			}
			last = begin
			if daySlot(p.at, false) == daySlot(at, false) && begin < at.Floor(10*felt.Minute) {
				sum, n = sum+p.x, n+1
			}
		}
		visits = visits[max(0, len(visits)-5):]
		got, ok := s.usual(day)
		if ok != (len(visits) >= 3) {
			rt.Fatalf("known %v after %d days", ok, len(visits))
		}
		if !ok {
			return
		}
		slices.Sort(visits)
		want := (visits[(len(visits)-1)/2] + visits[len(visits)/2]) / 2
		if math.Abs(got-want) > 1e-3 {
			rt.Fatalf("median %g, want %g of %v", got, want, visits)
		}
	})
}

func TestLineIsLeastSquares(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(24, 64).Draw(rt, "n")
		c := make([]cell, n)
		at := felt.Instant(rapid.Int64Range(-1e18, 1e18).Draw(rt, "start"))
		begin := at
		var x, y []float64
		for i := range c {
			at += felt.Instant(rapid.Int64Range(1, 120).Draw(rt, "gap")) * felt.Second
			c[i] = cell{at, rapid.Float64Range(-1e3, 1e3).Draw(rt, "y")}
			x, y = append(x, float64(at-begin)/1e9), append(y, c[i].y)
		}
		l := leastSquares(c)
		// The normal equations as they stand in books.
		var sx, sy, sxx, sxy float64
		for i := range x {
			sx, sy, sxx, sxy = sx+x[i], sy+y[i], sxx+x[i]*x[i], sxy+x[i]*y[i]
		}
		f := float64(n)
		slope := (f*sxy - sx*sy) / (f*sxx - sx*sx)
		for _, i := range []int{0, n / 2, n - 1} {
			want := sy/f + slope*(x[i]-sx/f)
			if got := l.at(c[i].at); math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
				rt.Fatalf("line at %d: %g, want %g", i, got, want)
			}
		}
	})
}
