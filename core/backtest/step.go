package backtest

import (
	"slices"

	"github.com/felt-cx/felt"
)

// peeked is how many rows are read ahead to find out the step: of the form only, nothing is
// judged by what comes later.
const peeked = 4096

// stepOf is the regular distance of rows, from the distances of the first of them; 0 when there
// are no two different times. Missing rows do not change it: it is the largest distance of which
// nearly all are multiples.
func stepOf(rows []Row) felt.Instant {
	gaps := gapsOf(rows)
	if len(gaps) == 0 {
		return 0
	}
	common := gaps[0]
	for _, d := range gaps[1:] {
		common = gcd(common, d)
	}
	// Some rows may be off the grid.
	for i := len(gaps) - 1; i >= 0; i-- {
		if i+1 < len(gaps) && gaps[i] == gaps[i+1] {
			continue
		}
		if multiples(gaps, gaps[i])*100 >= len(gaps)*95 {
			return gaps[i]
		}
	}
	if common*2 > gaps[0] || common%(10*felt.Second) == 0 {
		return common
	}
	return nice(gaps[len(gaps)/2])
}

// usualStep is the most common distance of points; 0 when there are no two different times.
func usualStep(rows []Row) felt.Instant {
	var best felt.Instant
	gaps, most, run := gapsOf(rows), 0, 0
	for i, d := range gaps {
		if run++; i > 0 && d != gaps[i-1] {
			run = 1
		}
		if run > most {
			best, most = d, run
		}
	}
	return best
}

// gapsOf are the distances of rows that follow each other, in order of size; also of a file
// that runs from the end to the beginning.
func gapsOf(rows []Row) []felt.Instant {
	var gaps []felt.Instant
	for i := 1; i < len(rows); i++ {
		if d := rows[i].At - rows[i-1].At; d != 0 {
			gaps = append(gaps, max(d, -d))
		}
	}
	slices.Sort(gaps)
	return gaps
}

func multiples(gaps []felt.Instant, of felt.Instant) int {
	n := 0
	for _, d := range gaps {
		if d%of == 0 {
			n++
		}
	}
	return n
}

func gcd(a, b felt.Instant) felt.Instant {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// nice is the usual width of a window that is nearest to d.
func nice(d felt.Instant) felt.Instant {
	const (
		s = felt.Second
		m = felt.Minute
		h = felt.Hour
	)
	best := s
	for _, w := range []felt.Instant{s, 5 * s, 10 * s, 15 * s, 20 * s, 30 * s, m, 2 * m, 5 * m, 10 * m, 15 * m, 30 * m, h, 6 * h, 12 * h, 24 * h} {
		if off, was := max(w-d, d-w), max(best-d, d-best); off < was {
			best = w
		}
	}
	return best
}
