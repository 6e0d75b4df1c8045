package cusum

import (
	"math"
	"testing"

	"github.com/felt-cx/felt"
)

// TestALimitOfFew: in the evening fewer come, and what is usual is read off the last two hundred of
// them: by chance a little too low. In the night too few come to read it again. It is not slow because
// more than half of its tries are slower than that.
func TestALimitOfFew(t *testing.T) {
	rule := Rule{Width: 10, Open: Open, Page: 13.5}
	var s Slow
	at, n := felt.Tick(0), 0.0
	// Durations are spread evenly over an octave and a half: an eighth of an octave is 8 % of them.
	try := func(octaves float64) bool {
		n++
		_, u := math.Modf(n * math.Phi)
		s.Add(felt.Instant(200e6 * math.Exp2(1.5*u+octaves)))
		return s.Step(at, &rule).Opened
	}
	for ; at < 2*86400; at += 10 {
		try(0)
	}
	busy := s.rates[1].base.known()
	total := func() (sum float64) {
		for i := range s.cells {
			sum += float64(s.cells[i].hist)
		}
		return sum
	}
	for ; total() > samples; at += 40 {
		try(-.125)
	}
	limit := s.limit[1]
	if known := s.rates[1].base.known(); known > busy/4 {
		t.Errorf("the limit of the evening, read off %.0f, is known by %.0f tries; that of the day was by %.0f", total(), known, busy)
	}
	for end := at + 18*3600; at < end; at += 40 {
		if try(0) {
			t.Fatalf("slow after %d s of the night", at-end+18*3600)
		}
	}
	if s.limit[1] != limit {
		t.Error("the limit was read again: this tests nothing")
	}
}
