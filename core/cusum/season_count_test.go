package cusum

import (
	"math"
	"testing"
)

// TestCountValue: what a count stands for is what the formula says, to the last bit.
func TestCountValue(t *testing.T) {
	for c := 1; c <= math.MaxUint16; c++ {
		if got, want := count(c).value(), least*math.Exp2(float64(c-1)/fold); got != want {
			t.Fatalf("count %d: %v, want %v", c, got, want)
		}
	}
}
