package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

const cells = 120 // 12 % wide, from 1 ms to 13 min

// Slow watches how many answers are slower than nine of ten used to be.
type Slow struct {
	rate   Rate
	hist   [cells]float32
	fresh  [cells]float32
	total  float32
	limit  felt.Instant // 0: not learned yet
	hit, n int64
	turn   felt.Tick
}

func cell(d felt.Instant) int {
	if d <= 1e6 {
		return 0
	}
	return min(int(math.Log(float64(d)/1e6)/math.Log(1.12)), cells-1)
}

func edge(c int) felt.Instant { return felt.Instant(1e6 * math.Pow(1.12, float64(c))) }

// Add takes the duration of one interaction of the window that is under way.
func (s *Slow) Add(d felt.Instant) {
	s.n++
	if s.limit > 0 && d >= s.limit {
		s.hit++
	}
	s.fresh[cell(d)]++
}

// Threshold is the learned p90; 0 when nothing is learned yet.
func (s *Slow) Threshold() felt.Instant { return s.limit }

// Step ends the window at t.
func (s *Slow) Step(t felt.Tick, rule *Rule) (out Reading) {
	hit, n := s.hit, s.n
	s.hit, s.n = 0, 0
	if s.limit > 0 {
		out = s.rate.Step(t, hit, n, Prior{.1, 50}, rule)
	}
	if s.turn == 0 {
		s.turn = t
	}
	if t-s.turn >= 600 {
		s.turn = t
		if !out.Lasting {
			s.learn()
		}
	}
	return out
}

func (s *Slow) learn() {
	s.total = 0
	for i := range s.hist {
		s.hist[i] = s.hist[i]*.9 + s.fresh[i]
		s.fresh[i] = 0
		s.total += s.hist[i]
	}
	if s.total < 100 {
		return
	}
	above := float32(0)
	c := cells - 1
	for ; c > 0 && above+s.hist[c] <= s.total/10; c-- {
		above += s.hist[c]
	}
	if limit := edge(c + 1); limit != s.limit {
		s.limit = limit
		s.rate.hit = s.rate.n * float64(above/s.total)
	}
}

// Smallest is as [Rate.Smallest], of the share slower than Threshold.
func (s *Slow) Smallest(perWindow float64, within felt.Tick, rule *Rule) (share float64, ok bool) {
	return s.rate.Smallest(perWindow, within, rule)
}
