package forecast

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/felt-cx/felt"
)

// series makes the i-th value of a series without incidents.
type series func(rng *rand.Rand) func(at felt.Instant) float64

func normalNoise(rng *rand.Rand) func(felt.Instant) float64 {
	return func(felt.Instant) float64 { return 100 + 10*rng.NormFloat64() }
}

func heavyNoise(rng *rand.Rand) func(felt.Instant) float64 { // Student's t, 3 degrees
	return func(felt.Instant) float64 {
		a, b, c := rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()
		return 100 + 10*rng.NormFloat64()/math.Sqrt((a*a+b*b+c*c)/3)
	}
}

func skewedNoise(rng *rand.Rand) func(felt.Instant) float64 {
	return func(felt.Instant) float64 { return math.Exp(3 + 0.5*rng.NormFloat64()) }
}

func memory(rng *rand.Rand) func(felt.Instant) float64 { // AR(1), 0.9
	x := 0.0
	return func(felt.Instant) float64 {
		x = 0.9*x + rng.NormFloat64()
		return 50 + x
	}
}

func daily(rng *rand.Rand) func(felt.Instant) float64 {
	return func(at felt.Instant) float64 {
		return 1000 + 400*math.Sin(2*math.Pi*float64(at%felt.Day)/float64(felt.Day)) + 20*rng.NormFloat64()
	}
}

func weekly(rng *rand.Rand) func(felt.Instant) float64 {
	of := daily(rng)
	return func(at felt.Instant) float64 {
		if d := (at / felt.Day) % 7; d == 2 || d == 3 { // the epoch was a Thursday
			return of(at) * 0.6
		}
		return of(at)
	}
}

func rareCounts(rng *rand.Rand) func(felt.Instant) float64 {
	return func(felt.Instant) float64 {
		if rng.Float64() < 0.02 {
			return 1
		}
		return 0
	}
}

func smallCounts(rng *rand.Rand) func(felt.Instant) float64 {
	return func(felt.Instant) float64 { return float64(poisson(rng, 2)) }
}

func walk(rng *rand.Rand) func(felt.Instant) float64 {
	x := 1000.0
	return func(felt.Instant) float64 {
		x += rng.NormFloat64()
		return x
	}
}

func poisson(rng *rand.Rand, mean float64) int {
	k, p := 0, math.Exp(-mean)
	for u := rng.Float64(); u > p; k++ {
		u -= p
		p *= mean / float64(k+1)
	}
	return k
}

// TestFalseAlarms counts alarms on series without incidents.
func TestFalseAlarms(t *testing.T) {
	const days = 21
	for _, c := range []struct {
		name string
		of   series
		most float64 // a day
	}{
		{"normal", normalNoise, 0.05},
		{"heavy tails", heavyNoise, 0.15},
		{"skewed", skewedNoise, 0.15},
		{"self-correlated", memory, 0.05},
		{"daily", daily, 0.1},
		{"weekly", weekly, 0.15},
		{"rare counts", rareCounts, 0.1},
		{"small counts", smallCounts, 0.1},
		{"random walk", walk, 0.15},
	} {
		for _, step := range []felt.Instant{10 * felt.Second, felt.Minute, 5 * felt.Minute, felt.Hour} {
			alarms, n := 0, 4
			if step < felt.Minute {
				n = 1
			}
			for seed := range n {
				rng := rand.New(rand.NewPCG(uint64(seed), 7))
				of := c.of(rng)
				var v Value
				for at := felt.Instant(0); at < days*felt.Day; at += step {
					if v.Step(at, of(at), nil).Opened {
						alarms++
					}
				}
			}
			perDay := float64(alarms) / float64(n*days)
			t.Logf("%-16s step %4d s: %.3f a day", c.name, step/felt.Second, perDay)
			if perDay > c.most {
				t.Errorf("%s every %d s: %.3f false alarms a day, want at most %.2f", c.name, step/felt.Second, perDay, c.most)
			}
		}
	}
}
