package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

const (
	cells     = 112       // of a histogram, an eighth of an octave wide, from 1 ms to 4.5 h
	cellStep  = 8.0       // to the octave
	turn      = 600       // seconds after which the histogram is closed
	turnKeeps = 0.8908987 // of the histogram at a turn: half-life an hour
	samples   = 200       // durations before a limit is learned
	fine      = 1e6       // shortest duration told apart, in nanoseconds
)

// Slow watches how many are slower than the own learned p90, and than the learned
// median: a page of 800 ms that takes 300 ms more is found by the latter first, long
// before any fixed limit is crossed. The zero value is ready. The histogram takes 8 bytes
// for each eighth of an octave between the shortest and the longest.
type Slow struct {
	rates     [2]*Rate // of slower than p90, and than the median; nil until there is a limit
	limit     [2]felt.Instant
	from      int // of cells
	cells     []cell
	hit       [2]int64 // of the window under way
	n         int64
	turned    felt.Tick
	strongest int // of rates, in the finding or now
}

// cell is one of a histogram: discounted, and of the turn under way.
type cell struct{ hist, fresh float32 }

// cell makes the histogram wide enough for a cell.
func (s *Slow) cell(c int) *cell {
	switch {
	case len(s.cells) == 0:
		s.from, s.cells = c, make([]cell, 1, 8)
	case c < s.from:
		s.cells, s.from = append(make([]cell, s.from-c), s.cells...), c
	case c >= s.from+len(s.cells):
		s.cells = append(s.cells, make([]cell, c+1-s.from-len(s.cells))...)
	}
	return &s.cells[c-s.from]
}

// hist is the discounted number of a cell.
func (s *Slow) hist(c int) float64 {
	if c -= s.from; c < 0 || c >= len(s.cells) {
		return 0
	}
	return float64(s.cells[c].hist)
}

func (s *Slow) lasting() bool {
	return s.rates[0] != nil && (s.rates[0].alarm.lasting() || s.rates[1].alarm.lasting())
}

func share(i int) float64 { return [2]float64{.1, .5}[i] }

func cellOf(d felt.Instant) int {
	if d <= fine {
		return 0
	}
	return min(int(math.Log2(float64(d)/fine)*cellStep)+1, cells-1)
}

// upper is the longest duration of a cell.
func upper(c int) felt.Instant { return felt.Instant(fine * math.Exp2(float64(c)/cellStep)) }

// Add takes the duration of one interaction of the window under way.
func (s *Slow) Add(d felt.Instant) {
	c := cellOf(d)
	s.n++
	s.cell(c).fresh++
	for i, limit := range s.limit {
		if limit > 0 && upper(c) > limit {
			s.hit[i]++
		}
	}
}

// Threshold is the learned p90, to an eighth of an octave; 0 while nothing is learned.
func (s *Slow) Threshold() felt.Instant { return s.limit[0] }

// Step ends the window at t. The reading is that of the stronger of the two tests.
func (s *Slow) Step(t felt.Tick, rule *Rule) (out Reading) {
	hit, n := s.hit, s.n
	s.hit, s.n = [2]int64{}, 0
	if s.turned == 0 {
		s.turned = t
	}
	var both [2]Reading
	for i := range s.rates {
		if s.limit[i] > 0 {
			both[i] = s.rates[i].Step(t, hit[i], n, Prior{Share: share(i), Weight: 1000}, rule)
		}
	}
	out = s.merge(&both)
	if t-s.turned >= turn {
		s.turned = t
		if !s.lasting() {
			s.learn()
		}
		for i := range s.cells {
			s.cells[i].fresh = 0
		}
	}
	return out
}

// merge makes one finding of two: it opens with the first and ends with the last.
func (s *Slow) merge(both *[2]Reading) (out Reading) {
	a, b := &both[0], &both[1]
	before := a.Lasting && !a.Opened || a.Ended || b.Lasting && !b.Opened || b.Ended
	lasting := a.Lasting || b.Lasting
	if !both[s.strongest].Lasting && (!lasting && !before || both[1-s.strongest].Lasting) {
		if both[1-s.strongest].Lasting || both[1-s.strongest].Statistic > both[s.strongest].Statistic {
			s.strongest = 1 - s.strongest
		}
	}
	out = both[s.strongest]
	out.Statistic = max(a.Statistic, b.Statistic)
	out.Lasting = lasting
	out.Opened = lasting && !before
	out.Ended = before && !lasting
	out.Paging = a.Paging || b.Paging
	return out
}

// learn closes the turn: the limits are read anew, and the baselines are what the
// histogram says about them.
func (s *Slow) learn() {
	total := 0.0
	for i := range s.cells {
		c := &s.cells[i]
		c.hist = c.hist*turnKeeps + c.fresh
		total += float64(c.hist)
	}
	if total < samples {
		return
	}
	for i := range s.limit {
		above, c := 0.0, cells-1
		for ; c > 0 && above+s.hist(c) <= total*share(i); c-- {
			above += s.hist(c)
		}
		if limit := upper(c); limit != s.limit[i] {
			if s.limit[i] = limit; s.rates[i] == nil {
				s.rates[i] = new(Rate)
			}
			s.rates[i].rebase(above/total, total)
		}
	}
}

// rebase changes what is a hit: from now on this share of tries is, as far as so many tell. However long the
// series is known, nothing more is known of a limit that was just read off them.
func (r *Rate) rebase(share, known float64) {
	b := &r.base
	b.now.n, b.long.n = min(b.now.n, known), min(b.long.n, known)
	b.now.hit, b.long.hit, b.limbo.hit = b.now.n*share, b.long.n*share, b.limbo.n*share
	for i := range b.ring {
		b.ring[i].hit = float32(float64(b.ring[i].n) * share)
	}
	for j := range r.bank {
		r.bank[j] = arm{tail: r.bank[j].tail}
	}
}

// Known is how many tries the learned limit rests on.
func (s *Slow) Known() float64 {
	if s.limit[0] == 0 {
		return 0
	}
	return s.rates[0].base.known()
}

// Smallest is as [Rate.Smallest], for the share slower than [Slow.Threshold].
func (s *Slow) Smallest(perWindow float64, within felt.Tick, rule *Rule) (share float64, ok bool) {
	if s.limit[0] == 0 {
		return 0, false
	}
	return s.rates[0].Smallest(perWindow, within, rule)
}

// Bytes is what it holds, about.
func (s *Slow) Bytes() int {
	n := 128 + 8*cap(s.cells)
	for _, r := range s.rates {
		if r != nil {
			n += RateBytes
		}
	}
	return n
}
