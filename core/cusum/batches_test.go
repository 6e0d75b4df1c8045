package cusum_test

import (
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
)

// TestBatches: senders that hand over every few seconds leave windows empty, and nothing is wrong.
// That they stop is seen all the same.
func TestBatches(t *testing.T) {
	for _, c := range []struct {
		name   string
		every  float64 // seconds between two batches
		jitter float64 // by which each may be late
		within felt.Tick
	}{
		{"every 5 s", 5, 1, 60},
		{"every 10 s", 10, .5, 180},
		{"every 10 s, and late", 10, 6, 180},
		{"every minute", 60, 1, 900},
	} {
		s := newSource(5)
		var v cusum.Volume
		var held float64
		next := c.every
		var opened []int
		paged := false
		const usual, end = 3 * 8640, 3*8640 + 180
		for i := range end {
			var n int64
			for sec := range 10 {
				held += 4
				if now := float64(10*i + sec); now >= next {
					if i < usual {
						n += int64(held)
					}
					held = 0
					next += c.every
					next = max(next, now) + s.rng.Float64()*c.jitter - c.jitter/2
				}
			}
			got := v.Step(start+felt.Tick(10*(i+1)), n, 1, &shipped)
			if got.Opened {
				opened = append(opened, i)
			}
			paged = paged || got.Paging && i < usual
		}
		falsely := 0
		for _, i := range opened {
			if i < usual {
				falsely++
			}
		}
		if falsely > 1 || paged { // the first late batch after hours may be a finding, and pages nobody
			t.Errorf("%s: %d false drops in 3 days, paging %v", c.name, falsely, paged)
		}
		if n := len(opened); n == 0 || opened[n-1] < usual || felt.Tick(opened[n-1]-usual+1)*10 > c.within {
			t.Errorf("%s: that it stops is seen at %v, it did at window %d", c.name, opened, usual)
		}
	}
}
