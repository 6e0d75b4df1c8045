package engine

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/felt-cx/felt"
)

// TestTop: the names with the highest counts, as sorting all of them would give.
func TestTop(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 9, 10, 11, 500} {
		m := map[int]int64{}
		var all []felt.NameCount
		for i := range n {
			m[i] = rnd.Int64N(20) // many are the same
			all = append(all, felt.NameCount{Name: strconv.Itoa(i), Count: m[i]})
		}
		slices.SortFunc(all, func(a, b felt.NameCount) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
		})
		got := top(m, 10, strconv.Itoa)
		if want := all[:min(n, 10)]; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("of %d: %v, want %v", n, got, want)
		}
	}
}
