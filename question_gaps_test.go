package felt_test

import (
	"slices"
	"testing"

	"github.com/felt-cx/felt"
)

// TestWindowsOfAQuestion: what is left out is the same question in whatever order and parts it is said.
func TestWindowsOfAQuestion(t *testing.T) {
	at := func(list ...felt.Instant) (w []felt.Window) {
		for i := 0; i < len(list); i += 2 {
			w = append(w, felt.Window{From: list[i], To: list[i+1]})
		}
		return w
	}
	for _, c := range []struct{ except, gaps, windows []felt.Window }{
		{nil, nil, at(10, 20)},
		{at(0, 5, 20, 30, 15, 12), nil, at(10, 20)},
		{at(12, 14), at(12, 14), at(10, 12, 14, 20)},
		{at(16, 18, 11, 13, 12, 14, 14, 15), at(11, 15, 16, 18), at(10, 11, 15, 16, 18, 20)},
		{at(5, 12, 18, 30), at(10, 12, 18, 20), at(12, 18)},
		{at(0, 30), at(10, 20), nil},
	} {
		q := felt.Question{Window: felt.Window{From: 10, To: 20}, Except: c.except}
		if got := q.Gaps(); !slices.Equal(got, c.gaps) {
			t.Errorf("%v: gaps %v, want %v", c.except, got, c.gaps)
		}
		if got := q.Windows(); !slices.Equal(got, c.windows) {
			t.Errorf("%v: windows %v, want %v", c.except, got, c.windows)
		}
		same := felt.Question{Window: q.Window, Except: c.gaps}
		plain := felt.Question{Window: q.Window}
		if q.ID() != same.ID() || (q.ID() == plain.ID()) != (c.gaps == nil) {
			t.Errorf("%v: %s, %s, %s", c.except, q, same, plain)
		}
	}
}
