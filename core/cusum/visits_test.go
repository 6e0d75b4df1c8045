package cusum

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/felt-cx/felt"
)

// TestVisitsAreNoCoins: what a customer does comes together: five tries within a minute. Counted as if each
// came for itself, the pauses between few visits are outages: weeks of apps with few customers.
func TestVisitsAreNoCoins(t *testing.T) {
	rule := Rule{Width: 10, Open: Open, Page: 13.5, Together: true}
	for _, perMinute := range []float64{.15, .3, .6, 1.2, 3, 12} {
		t.Run(fmt.Sprint(perMinute), func(t *testing.T) {
			t.Parallel()
			opened, paged, days := 0, 0, 0
			for seed := range uint64(4) {
				rng := rand.New(rand.NewPCG(seed, 9)) //nolint:gosec // a test
				var v Volume
				var soon [64]int64 // tries of the next windows
				was := false
				for at := felt.Tick(10); at <= 10*86400; at += 10 {
					i := at / 10
					for x := rng.ExpFloat64(); x < perMinute/6; x += rng.ExpFloat64() {
						after := 0.0
						for range 5 {
							soon[(int64(i)+int64(after/10))%64]++
							after += 1 + 12*rng.ExpFloat64()
							after = min(after, 600)
						}
					}
					n := soon[i%64]
					soon[i%64] = 0
					r := v.Step(at, n, 1, &rule)
					if r.Opened {
						opened++
					}
					if r.Paging && !was {
						paged++
					}
					was = r.Paging
				}
				days += 10
			}
			t.Logf("%d findings, %d of paging class in %d days", opened, paged, days)
			if opened > days/10 || paged > 1 {
				t.Errorf("%d findings, %d of paging class in %d days", opened, paged, days)
			}
		})
	}
}
