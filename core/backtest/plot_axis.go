package backtest

import (
	"math"
	"strconv"
	"time"

	"github.com/felt-cx/felt"
)

// tick is a mark of an axis.
type tick struct {
	at   float64 // of a value axis, in its unit
	time felt.Instant
	text string
}

// timeTicks are round times between two, at most about ten.
func timeTicks(from, to felt.Instant) []tick {
	const (
		m = felt.Minute
		h = felt.Hour
		d = felt.Day
	)
	steps := []felt.Instant{felt.Second, 10 * felt.Second, m, 5 * m, 10 * m, 30 * m, h, 2 * h, 6 * h, 12 * h, d, 2 * d, 7 * d, 14 * d, 30 * d, 91 * d, 365 * d}
	step := steps[len(steps)-1]
	for _, s := range steps {
		if (to-from)/s <= 9 {
			step = s
			break
		}
	}
	for (to-from)/step > 9 {
		step *= 2
	}
	form := "2006-01-02"
	switch {
	case step < m:
		form = "15:04:05"
	case step < d:
		form = "01-02 15:04"
	}
	var out []tick
	t := from.Floor(step)
	for ; t <= to; t += step {
		if t >= from {
			out = append(out, tick{time: t, text: time.Unix(0, int64(t)).UTC().Format(form)})
		}
	}
	return out
}

// valueTicks are three to six round numbers over a range.
func valueTicks(from, to float64, percent bool) []tick {
	span := to - from
	if !(span > 0) || math.IsInf(span, 0) {
		return []tick{{at: from, text: number3(from, percent)}}
	}
	step := math.Pow(10, math.Floor(math.Log10(span)))
	switch n := span / step; {
	case n < 1.5:
		step /= 4
	case n < 3:
		step /= 2
	case n > 6:
		step *= 2
	}
	var out []tick
	for i := range 12 {
		v := (math.Ceil(from/step-1e-9) + float64(i)) * step
		if v > to+span*1e-9 {
			break
		}
		out = append(out, tick{at: v, text: number3(v, percent)})
	}
	return out
}

// number3 writes a number in a few characters.
func number3(v float64, percent bool) string {
	if percent {
		return strconv.FormatFloat(v*100, 'g', 3, 64) + " %"
	}
	unit := ""
	for _, u := range []struct {
		of   float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if a := math.Abs(v); a >= u.of && a < 1e13 {
			v, unit = v/u.of, u.name
			break
		}
	}
	return strconv.FormatFloat(v, 'g', 3, 64) + unit
}
