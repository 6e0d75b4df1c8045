package cusum

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/felt-cx/felt"
)

// TestManyMoreThanOnEarlierDays: on a day on which a hundred times as many come as ever before, those
// of earlier days are not what is expected of the next minutes.
func TestManyMoreThanOnEarlierDays(t *testing.T) {
	rule := &Rule{Width: 10, Open: Open, Page: 20}
	var v Volume
	rng := rand.New(rand.NewPCG(4, 4))
	at := felt.Tick(1_700_000_000) / 86400 * 86400
	window := func(mean float64) Reading {
		at += 10
		n := math.Round(mean + math.Sqrt(mean)*rng.NormFloat64())
		return v.Step(at, int64(max(n, 0)), 1, rule)
	}
	for range 5 * 8640 {
		window(4)
	}
	for range 2 * 360 {
		window(400)
	}
	for range 360 {
		if window(400); v.expect(at+10, 1) < 200 {
			t.Fatalf("%.0f are expected where 400 come", v.expect(at+10, 1))
		}
	}
	for i := range 6 {
		if window(20).Paging {
			return
		} else if i == 5 {
			t.Error("nineteen of twenty stay away, and it is not told within a minute")
		}
	}
}
