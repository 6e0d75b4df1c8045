package felt_test

import (
	"slices"
	"testing"

	"github.com/felt-cx/felt"
)

// TestHistogram: a value on a bound is below it, what is above the last is counted too.
func TestHistogram(t *testing.T) {
	h := felt.NewHistogram(1, 10)
	for _, v := range []float64{0, 1, 1.5, 10, 11, 100} {
		h.Observe(v)
	}
	if !slices.Equal(h.Counts, []uint64{2, 2, 2}) || h.Sum != 123.5 {
		t.Errorf("%+v", h)
	}
	c := h.Copy()
	h.Observe(5)
	if c.Counts[1] != 2 {
		t.Error("what was handed out has changed")
	}
	if !c.Add(&h) || !slices.Equal(c.Counts, []uint64{4, 5, 4}) || c.Sum != 252 {
		t.Errorf("%+v", c)
	}
	other := felt.NewHistogram(1, 11)
	if c.Add(&other) {
		t.Error("other bounds were added")
	}
}
