package cusum_test

import (
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
)

// TestWorse: a finding of little lasts when nearly everything breaks; that is news, once.
func TestWorse(t *testing.T) {
	const usual, little, worst, end = 2 * 8640, 2*8640 + 360, 2*8640 + 720, 2*8640 + 1080
	for _, c := range []struct {
		name string
		step func(s source, at felt.Tick, mild, bad bool) cusum.Reading
	}{
		{"failures", func() func(source, felt.Tick, bool, bool) cusum.Reading {
			var r cusum.Rate
			return func(s source, at felt.Tick, mild, bad bool) cusum.Reading {
				p := .01
				if mild {
					p = .04
				}
				if bad {
					p = .6
				}
				n := s.count(50)
				return r.Step(at, s.hits(n, p), n, cusum.Prior{}, &shipped)
			}
		}()},
		{"volume", func() func(source, felt.Tick, bool, bool) cusum.Reading {
			var v cusum.Volume
			return func(s source, at felt.Tick, mild, bad bool) cusum.Reading {
				mean := 200.0
				if mild {
					mean = 130
				}
				if bad {
					mean = 10
				}
				return v.Step(at, s.count(mean), 1, &shipped)
			}
		}()},
	} {
		s := newSource(7)
		var worse []int
		for i := range end {
			got := c.step(s, start+felt.Tick(10*(i+1)), i >= usual, i >= worst)
			if got.Worse {
				worse = append(worse, i)
			}
			if i == worst-1 && !got.Lasting {
				t.Fatalf("%s: the little that is wrong is not found: %+v", c.name, got)
			}
			if i > little && i < worst && got.Worse {
				t.Errorf("%s: worse after %d windows of the same", c.name, i-little)
			}
		}
		if n := len(worse); n == 0 || worse[n-1] > worst+3 || worse[n-1] < worst || n > 2 {
			t.Errorf("%s: news at windows %v, it became far worse at %d", c.name, worse, worst)
		}
	}
}

// TestBegin: a test that begins with the first hit knows of the tries before it.
func TestBegin(t *testing.T) {
	var whole, late cusum.Rate
	for i := range 720 {
		whole.Step(start+felt.Tick(10*(i+1)), 0, 20, cusum.Prior{}, &shipped)
	}
	late.Begin(start+10, start+7200, 720*20)
	at := start + 7210
	a, b := whole.Step(at, 8, 20, cusum.Prior{}, &shipped), late.Step(at, 8, 20, cusum.Prior{}, &shipped)
	if !a.Opened || !b.Opened || b.Expected > 5e-4 || b.Known < 1900 {
		t.Errorf("from the first try on %+v, from the first hit on %+v", a, b)
	}
	var cold cusum.Rate
	if c := cold.Step(at, 2, 20, cusum.Prior{}, &shipped); c.Opened {
		t.Errorf("without a past: %+v", c)
	}
}
