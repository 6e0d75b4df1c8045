package slo

import (
	"math"
	"testing"

	"github.com/felt-cx/felt"
)

func TestBudget(t *testing.T) {
	for _, c := range []struct {
		name                 string
		target               float64
		bad, n               int64
		known                felt.Instant
		left, count, minutes float64
		ok                   bool
	}{
		{"untouched", 0.99, 0, 1000, 28 * felt.Day, 1, 10, 403.2, true},
		{"half", 0.99, 5, 1000, 28 * felt.Day, 0.5, 5, 201.6, true},
		{"overdrawn", 0.99, 30, 1000, 28 * felt.Day, -2, -20, -806.4, true},
		{"a day old", 0.99, 5, 1000, felt.Day, 0.5, 5, 7.2, true},
		{"nobody came: unknown, not good", 0.99, 0, 0, felt.Day, 0, 0, 0, false},
	} {
		g := BudgetOf(c.target, 28*felt.Day, c.known, c.bad, c.n)
		near := func(a, b float64) bool { return math.Abs(a-b) < 1e-6 }
		if !near(g.Left, c.left) || !near(g.Count, c.count) || !near(g.Minutes, c.minutes) || g.OK != c.ok {
			t.Errorf("%s: %+v", c.name, g)
		}
	}
}

func TestBudgetRollsOutOfItsWindow(t *testing.T) {
	b := New(0.99, 2*felt.Day)
	tell(b, 0, part{felt.Hour, 10, 10, 1}, part{40 * felt.Hour, 0, 10, 1})
	if g := b.Budget(); g.Bad != 3600 || g.Left >= 0 || g.Known != 41*felt.Hour-10*felt.Second {
		t.Errorf("within: %+v", g)
	}
	c := New(0.99, 2*felt.Day)
	tell(c, 0, part{felt.Hour, 10, 10, 1}, part{49 * felt.Hour, 0, 10, 1})
	if g := c.Budget(); g.Bad != 0 || g.Left != 1 || g.Known != 2*felt.Day {
		t.Errorf("after: %+v", g)
	}
}

func TestChangeKeepsWhatIsKnown(t *testing.T) {
	b := New(0.99, 28*felt.Day)
	tell(b, 0, part{2 * felt.Day, 1, 100, 1})
	was := b.Budget()
	b.Change(0.9, 90*felt.Day)
	if g := b.Budget(); g.Bad != was.Bad || g.N != was.N || g.Window != 90*felt.Day || math.Abs(g.Left-0.9) > 1e-9 {
		t.Errorf("longer: %+v, was %+v", g, was)
	}
	b.Change(0.9, 12*felt.Hour)
	if g := b.Budget(); g.N >= was.N || g.N < 8*360*100 {
		t.Errorf("shorter: %+v, was %+v", g, was)
	}
	if rate, _, n := b.Rate(felt.Hour); n < 59*600 || math.Abs(rate-0.1) > 1e-9 {
		t.Errorf("burn %g of %d", rate, n)
	}
	restored(t, b)
}

func TestTally(t *testing.T) {
	c := felt.Counts{Success: 70, Degraded: 10, Failed: 5, Abandoned: 15, Cancelled: 9, Open: 4}
	for kind, want := range map[string][2]int64{
		KindSuccess: {12, 100}, KindCompletion: {20, 100}, KindLatency: {7, 80}, "": {12, 100},
	} {
		if bad, n := Tally(kind, c, 7); bad != want[0] || n != want[1] {
			t.Errorf("%s: %d of %d, want %v", kind, bad, n, want)
		}
	}
}

func TestMisuse(t *testing.T) {
	for _, target := range []float64{0, 1, -1, 2, math.NaN(), math.Inf(1)} {
		b := New(target, -5)
		for _, w := range [][2]int64{{-1, 5}, {9, 5}, {0, -3}, {5, 5}} {
			r := b.Step(day0, w[0], w[1])
			if math.IsNaN(r.Burn) || math.IsNaN(r.Statistic) || r.Bad > r.N || r.Bad < 0 {
				t.Errorf("target %g, %v: %+v", target, w, r)
			}
		}
		if r := b.Step(day0-1000, 1, 1); r.N != 16 || r.Bad != 11 {
			t.Errorf("a step back in time: %+v", r)
		}
		if _, ok := b.Smallest(0, 60); ok {
			t.Error("with nobody there nothing is seen")
		}
	}
}
