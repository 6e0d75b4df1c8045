package estimate_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/estimate"
)

// sample keeps each draw with probability q, all its tries together: draws are those of each customer, each of so
// many tries. As the stores do, it knows what each try that was kept stands for, and no more.
func sample(r *rand.Rand, draws []int, q float64, tries func(*rand.Rand) int) estimate.Seen {
	var seen estimate.Crowd[int]
	for who, n := range draws {
		for range n {
			draw := uint64(0) // a try for itself
			m := tries(r)
			if m > 1 {
				draw = r.Uint64()>>8 | 1
			}
			if r.Float64() < q {
				for range m {
					seen.Add(who, draw, 1/q)
				}
			}
		}
	}
	return seen.Seen()
}

// Worlds of customers in which the estimate should be right, and such in which it is known
// to be too low: simulated 200 times each.
func TestSimulatedCustomers(t *testing.T) {
	same := func(n int) func(*rand.Rand) int { return func(*rand.Rand) int { return n } }
	poisson := func(mean float64) func(*rand.Rand) int {
		return func(r *rand.Rand) int {
			n, p := 0, r.Float64()
			for limit := math.Exp(-mean); p > limit; p *= r.Float64() {
				n++
			}
			return max(n, 1)
		}
	}
	geometric := func(r *rand.Rand) int { return 1 + int(math.Log(1-r.Float64())/math.Log(1-0.3)) }
	twoKinds := func(r *rand.Rand) int {
		if r.IntN(20) == 0 {
			return 60
		}
		return 1
	}
	one, five := same(1), same(5)
	some := func(r *rand.Rand) int { return 2 + r.IntN(9) }
	for _, c := range []struct {
		name              string
		customers         int
		draws             func(*rand.Rand) int
		q                 float64
		tries             func(*rand.Rand) int // of each draw
		lowBias, upBias   float64              // mean estimate / truth
		lowCover, upCover float64
	}{
		{"everybody once, a tenth", 2000, same(1), 0.1, one, 0.2, 1.02, 0.93, 1},
		{"everybody five times, a tenth", 2000, same(5), 0.1, one, 0.97, 1.03, 0.90, 1},
		{"everybody three times, half", 2000, same(3), 0.5, one, 0.98, 1.02, 0.90, 1},
		{"eight times by chance, a fifth: a little low", 1000, poisson(8), 0.2, one, 0.95, 1, 0.8, 0.95},
		{"four times, a hundredth", 20000, same(4), 0.01, one, 0.97, 1.08, 0.92, 0.99},
		{"four times by chance, a hundredth: low", 20000, poisson(4), 0.01, one, 0.8, 0.9, 0.6, 0.85},
		{"geometric, a tenth: too low", 2000, geometric, 0.1, one, 0.60, 0.95, 0, 0.9},
		{"few who try all the time: far too low", 2000, twoKinds, 0.1, one, 0.1, 1.05, 0, 1},
		// Whole sessions are kept: it is the same as if each were a try, however many are in it.
		{"sessions, everybody one of five tries, a fifth", 2000, same(1), 0.2, five, 0.97, 1.03, 0.93, 1},
		{"sessions, everybody one of five tries, a tenth of few", 2000, same(1), 0.1, five, 0.9, 1.02, 0.93, 1},
		{"sessions, everybody one of five tries, a tenth", 20000, same(1), 0.1, five, 0.98, 1.01, 0.93, 1},
		{"sessions, everybody four of some tries, a fifth", 2000, same(4), 0.2, some, 0.97, 1.03, 0.90, 1},
		{"sessions, four by chance, a fifth: low", 2000, poisson(4), 0.2, five, 0.85, 0.97, 0, 0.9},
		{"sessions, eight by chance, a fifth: a little low", 1000, poisson(8), 0.2, some, 0.95, 1, 0.8, 0.95},
		{"sessions, thirty by chance, a tenth", 2000, poisson(30), 0.1, five, 0.98, 1.01, 0.85, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			const seeds = 200
			covered, sum := 0, 0.0
			for seed := range uint64(seeds) {
				r := rand.New(rand.NewPCG(seed, 7))
				draws := make([]int, c.customers)
				for i := range draws {
					draws[i] = c.draws(r)
				}
				s := sample(r, draws, c.q, c.tries)
				est := estimate.Customers(s)
				if est.Low < s.Customers || est.Low > est.Estimate || est.Estimate > est.High {
					t.Fatalf("seed %d: %+v of %+v", seed, est, s)
				}
				if est.Low <= int64(c.customers) && int64(c.customers) <= est.High {
					covered++
				}
				sum += float64(est.Estimate)
			}
			bias, cover := sum/seeds/float64(c.customers), float64(covered)/seeds
			t.Logf("mean estimate / truth %.3f, covered %.1f %%", bias, cover*100)
			if bias < c.lowBias || bias > c.upBias || cover < c.lowCover || cover > c.upCover {
				t.Errorf("bias %.3f not in %v..%v, or coverage %.3f not in %v..%v", bias, c.lowBias, c.upBias, cover, c.lowCover, c.upCover)
			}
		})
	}
}

// Worked by hand: f0 = 40² / (2·10·60/59 + 40·(1/9)) = 1600 / (20.339 + 4.444) = 64.56.
func TestByHand(t *testing.T) {
	est := estimate.Customers(estimate.Seen{Customers: 50, Once: 40, Twice: 10, Draws: 60, Share: 0.1})
	if est.Estimate != 115 || est.Low <= 50 || est.High < 150 {
		t.Errorf("%+v, want 115", est)
	}
	// Nobody seen twice: f0 = 10·9 / (2·10/9 + 10/9) = 27.
	// Of others nobody was missed.
	more := estimate.Customers(estimate.Seen{Customers: 1050, Sure: 1000, Once: 40, Twice: 10, Draws: 60, Share: 0.1})
	if more != (felt.EstimatedCount{Estimate: est.Estimate + 1000, Low: est.Low + 1000, High: est.High + 1000}) {
		t.Errorf("%+v, want 1000 more than %+v", more, est)
	}
	est = estimate.Customers(estimate.Seen{Customers: 10, Once: 10, Draws: 10, Share: 0.1})
	if est.Estimate != 37 || est.High < 100 {
		t.Errorf("%+v, want 37 and an upper end that has room for the 100 who tried once", est)
	}
}

func TestEdges(t *testing.T) {
	for _, c := range []struct {
		seen estimate.Seen
		want felt.EstimatedCount // High 0: only what holds always
	}{
		{estimate.Seen{}, felt.EstimatedCount{}},
		{estimate.Seen{Share: 0.1}, felt.EstimatedCount{}},
		{estimate.Seen{Customers: 7, Once: 7, Draws: 7, Share: 1}, felt.EstimatedCount{Estimate: 7, Low: 7, High: 7}},
		{estimate.Seen{Customers: 7, Once: 7, Draws: 7, Share: math.NaN()}, felt.EstimatedCount{Estimate: 7, Low: 7, High: 7}},
		{estimate.Seen{Customers: 7, Once: 7, Draws: 7, Share: math.Inf(1)}, felt.EstimatedCount{Estimate: 7, Low: 7, High: 7}},
		{estimate.Seen{Customers: 7, Sure: 7, Share: 1}, felt.EstimatedCount{Estimate: 7, Low: 7, High: 7}},
		{seen: estimate.Seen{Customers: 1, Once: 1, Draws: 1, Share: 0.001}},
		{seen: estimate.Seen{Customers: 1, Draws: 500, Share: 0.5}},
		{seen: estimate.Seen{Customers: 7, Once: 7, Draws: 7, Share: 5e-324}},
		{seen: estimate.Seen{Customers: 1e6, Once: 1e6, Draws: 1e6, Share: 1e-6}},
	} {
		got := estimate.Customers(c.seen)
		if c.want.High > 0 || c.seen.Customers == 0 {
			if got != c.want {
				t.Errorf("%+v: %+v, want %+v", c.seen, got, c.want)
			}
			continue
		}
		if got.Low < c.seen.Customers || got.Estimate < got.Low || got.High <= got.Estimate {
			t.Errorf("%+v: %+v", c.seen, got)
		}
	}
}

func TestWeights(t *testing.T) {
	var w estimate.Weights
	if w.Sampled() || w.Sums() != [felt.Outcomes]float64{} {
		t.Errorf("empty: %v", w)
	}
	w.Add(felt.OutcomeSuccess, 1, 3)
	w.Add(felt.OutcomeSuccess, 0, 1)
	w.Add(felt.OutcomeSuccess, math.NaN(), 1)
	if w.Sampled() || w.Sums()[felt.OutcomeSuccess] != 5 {
		t.Errorf("not sampled: %v", w)
	}
	w.Add(felt.OutcomeFailed, 10, 2)
	if !w.Sampled() || w.Sums() != [felt.Outcomes]float64{felt.OutcomeSuccess: 5, felt.OutcomeFailed: 20} {
		t.Errorf("sampled: %v", w)
	}
}

// What a store sees of four customers: one twice in one draw, one in two draws and once for itself, one
// whose draw was thinned further for some of its tries, one who was not sampled.
func TestCrowd(t *testing.T) {
	var c estimate.Crowd[string]
	if got := c.Seen(); got != (estimate.Seen{Share: 1}) {
		t.Errorf("nobody: %+v", got)
	}
	for _, r := range []struct {
		who    string
		draw   uint64
		weight float64
	}{
		{"a", 7, 5}, {"a", 7, 5}, {"b", 7, 5}, {"b", 8, 5}, {"b", 0, 5}, {"c", 9, 20}, {"c", 9, 4}, {"c", 9, 10}, {"d", 0, 1}, {"d", 0, 1},
	} {
		c.Add(r.who, r.draw, r.weight)
	}
	// 5 draws of 5 + 3·5 + 4 = 24, and one customer who cannot be missed.
	if got, want := c.Seen(), (estimate.Seen{Customers: 4, Sure: 1, Once: 2, Draws: 5, Share: 5.0 / 24}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	var d estimate.Draws
	for _, w := range []float64{math.NaN(), 0, 1, 3} {
		d.Add(w, 1)
	}
	if d.Kept() != 4 || d.Share() != 4.0/6 {
		t.Errorf("%d kept, a share of %v", d.Kept(), d.Share())
	}
}
