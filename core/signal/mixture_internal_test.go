package signal

import (
	"math"
	"testing"
)

func TestMixture(t *testing.T) {
	exp := func(scale int32, negAt int32, neg []uint64, zero uint64, posAt int32, pos []uint64) *dist {
		return &dist{exp: true, scale: scale, negAt: negAt, neg: neg, zero: zero, posAt: posAt, pos: pos}
	}
	for _, c := range []struct {
		name                       string
		add                        []*dist
		p95, half, above, greatest float64 // above 1
	}{
		{"all in one bucket", []*dist{exp(0, 0, nil, 0, 1, []uint64{100})}, 3.9, 3, 1, 4},
		{"negative, zero and positive", []*dist{exp(0, 0, []uint64{4}, 96, 0, nil)}, 0, 0, 0, 0},
		{"a gap between buckets", []*dist{exp(0, 0, nil, 0, 0, []uint64{50, 0, 0, 50})}, 15.2, 2, 1, 16},
		{"buckets that overlap", []*dist{exp(0, 0, nil, 0, 0, []uint64{0, 8}), exp(-1, 0, nil, 0, 0, []uint64{12})}, 3.875, 2.75, 1, 4},
		{"beyond the last bound", []*dist{{bounds: []float64{0.5, 2}, pos: []uint64{5, 0, 15}, min: math.NaN(), max: math.NaN()}}, 2, 2, 0.75, 2},
		{"with its greatest value", []*dist{{bounds: []float64{0.5, 2}, pos: []uint64{5, 0, 15}, min: 0.25, max: 5}}, 4.8, 3, 0.75, 5},
		{"no buckets, but their ends", []*dist{{pos: []uint64{10}, min: 0, max: 10}}, 9.5, 5, 0.9, 10},
	} {
		var m mixture
		for _, d := range c.add {
			if !m.add(d) {
				t.Fatalf("%s: no room", c.name)
			}
		}
		near := func(what string, got float64, ok bool, want float64) {
			if !ok || math.Abs(got-want) > 1e-9 {
				t.Errorf("%s: %s is %g, %t; want %g", c.name, what, got, ok, want)
			}
		}
		got, ok := m.quantile(0.95)
		near("p95", got, ok, c.p95)
		got, ok = m.quantile(0.5)
		near("the median", got, ok, c.half)
		got, ok = m.above(1)
		near("the share above 1", got, ok, c.above)
		got, ok = m.most()
		near("the greatest", got, ok, c.greatest)
	}
	if _, ok := (&mixture{}).quantile(0.95); ok {
		t.Error("a quantile of nothing")
	}
}

// What takes too much room is not taken, and the rest still counts.
func TestMixtureRoom(t *testing.T) {
	var m mixture
	d := &dist{exp: true, scale: 5, pos: make([]uint64, maxBuckets)}
	for i := range d.pos {
		d.pos[i] = 1
	}
	if m.add(d) {
		t.Error("all of it was taken")
	}
	d.pos = d.pos[:100]
	if !m.add(d) {
		t.Error("the rest was not taken")
	}
	if _, n := m.list(); n != 100 {
		t.Errorf("%g values", n)
	}
}
