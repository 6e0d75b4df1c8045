package cusum

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/felt-cx/felt"
)

// plain is a bank as one would write it who has all day: try by try, the exact
// likelihood of each, and a list of all windows that were ever seen.
type plain struct {
	sums    []float64
	windows [][2]float64
}

// bernoulli is the likelihood ratio of n tries with hit hits, one factor at a time.
func bernoulli(hit, n int64, q, p float64) (nats float64) {
	for i := range n {
		if i < hit {
			nats += math.Log(q) - math.Log(p)
		} else {
			nats += math.Log1p(-q) - math.Log1p(-p)
		}
	}
	return nats
}

func alternatives(p float64) (out []float64) {
	toOdds := func(times float64) float64 { o := p / (1 - p) * times; return o / (1 + o) }
	for _, q := range []float64{
		math.Max(toOdds(1.6), p+.001), math.Max(toOdds(3), p+.002), toOdds(10), toOdds(50), math.Min(.9, p+.05),
	} {
		out = append(out, math.Min(math.Max(q, 1.1*p), .99))
	}
	return out
}

// discounted sums up all windows from the newest that is in to the oldest, each with
// its age.
func (s *plain) discounted(half float64) (hit, n float64) {
	for i := len(s.windows) - 1 - lag; i >= 0; i-- {
		age := float64(len(s.windows)-lag-i) * 10
		hit += s.windows[i][0] * math.Exp2(-age/half)
		n += s.windows[i][1] * math.Exp2(-age/half)
	}
	return hit, n
}

func TestRateAgainstPlainLoops(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r Rate
		rule := &Rule{Width: 10, Open: Open, Page: 20}
		ref := plain{sums: make([]float64, arms)}
		share := rapid.Float64Range(.0005, .05).Draw(t, "share")
		most := rapid.Int64Range(1, 60).Draw(t, "most")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)) // its own numbers are mostly small
		at := felt.Tick(1_700_000_000)
		calm := true
		for i := range rapid.IntRange(400, 1500).Draw(t, "windows") {
			at += 10
			n := rng.Int64N(most + 1)
			hit := int64(0)
			for range n {
				if rng.Float64() < share {
					hit++
				}
			}
			before := r
			got := r.Step(at, hit, n, Prior{}, rule)
			p := r.p
			if calm { // the baseline is that of all windows but the last two minutes
				h, m := ref.discounted(3600)
				if !near(before.base.now.hit, h) || !near(before.base.now.n, m) {
					t.Fatalf("window %d: baseline %v of %v, a list of all says %v of %v", i, before.base.now.hit, before.base.now.n, h, m)
				}
			}
			if got.Lasting || got.Ended {
				return // the bank starts anew
			}
			ref.check(t, &before, &r, at, hit, n, p)
			ref.windows = append(ref.windows, [2]float64{float64(hit), float64(n)})
			calm = calm && got.Statistic <= rule.Open/3
		}
	})
}

// check compares the bank after a window with sums over tries.
func (s *plain) check(t *rapid.T, before, after *Rate, at felt.Tick, hit, n int64, p float64) {
	if n == 0 || before.base.now.n < ready && before.base.long.n < ready && at-after.first < warm {
		copy(s.sums, sums(after))
		return
	}
	for j, q := range alternatives(p) {
		k := scaleOf(j)
		phi := before.noise[k].value(believe(false, k)) + []float64{.005, .0025}[k]
		f := 1 / (1 + []float64{6, 30}[k]*float64(n)*phi*p/(1-p))
		old := s.sums[j]
		if j == 0 {
			old *= leak
		}
		g := f
		if old > 0 {
			g /= 1 + float64(before.bank[j].n)/math.Max(knownOf(before, at), 1e-300)
		}
		want := math.Max(0, old+g*bernoulli(hit, n, q, p))
		if f < mixed && math.Log(q/p) < huge && at-felt.Tick(after.bank[j].since) <= firstUp {
			want = math.Min(want, after.bank[j].raw(Open-.5))
		}
		want = math.Min(want, after.bank[j].raw(20+spare))
		if got := float64(after.bank[j].sum); math.Abs(got-want) > 1e-5*(1+want) && math.Abs(after.p-p) < 1e-12 {
			t.Fatalf("arm %d, %d of %d at %v: %v nats, try by try %v", j, hit, n, p, got, want)
		}
		s.sums[j] = float64(after.bank[j].sum)
	}
}

// knownOf is what the baseline rested on when the window was judged.
func knownOf(r *Rate, at felt.Tick) float64 {
	b := r.base
	o := tuned(10)
	b.skip(at, 10, false, &o)
	return b.known()
}

func sums(r *Rate) (out []float64) {
	for j := range r.bank {
		out = append(out, float64(r.bank[j].sum))
	}
	return out
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-7*(1+math.Abs(b)) }

// poisson is the exact log probability.
func poisson(n, mean float64) float64 {
	g, _ := math.Lgamma(n + 1)
	return n*math.Log(mean) - mean - g
}

func TestShortfallAgainstPoisson(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s shortfall
		rule := &Rule{Width: 10, Open: Open, Page: 20}
		exp := rapid.Float64Range(.1, 500).Draw(t, "expected")
		sums := make([]float64, drops)
		grown := make([]float64, drops)
		for i := range rapid.IntRange(1, 60).Draw(t, "windows") {
			n := float64(rapid.IntRange(0, int(2*exp)+2).Draw(t, "n"))
			s.judge(felt.Tick(10*(i+1)), 10, n, exp, 1000, 0, rule)
			for j, r := range []float64{.75, .6, .25, .03} {
				block, phi := 6.0, .002
				if j == 0 {
					block = 30
				}
				f := 1 / (1 + block*exp*phi)
				if sums[j] > 0 {
					f /= 1 + grown[j]/1000
				}
				want := sums[j] + f*(poisson(n, r*exp)-poisson(n, exp))
				if want <= 0 {
					want, grown[j] = 0, 0
				} else {
					grown[j] += exp
				}
				want = math.Min(want, s.bank[j].raw(rule.top()))
				if got := float64(s.bank[j].sum); math.Abs(got-want) > 1e-5*(1+want) {
					t.Fatalf("window %d, arm %d: %v nats, by the distribution %v", i, j, got, want)
				}
				sums[j] = float64(s.bank[j].sum)
			}
		}
	})
}
