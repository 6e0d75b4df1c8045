package detect

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
)

// Usual is the share that is held for usual.
type Usual struct {
	Share float64
	// Effective is how much of each customer counts, for customers come and fail in batches: 1
	// each for themselves.
	Effective float64
}

// Window is what became known of a series in the window that was judged last, and what is usual
// there: by it an incident sees whether customers are back.
type Window struct {
	Counts       // customers, each once
	Slower int64 // of those who reached the goal, who waited longer than nine of ten used to

	Failed, Degraded, Slow, Unfinished, Fled, Longer Usual
	// Expected is how many customers are expected in a window; negative: not known.
	Expected float64
}

// Window tells of the window that ended at tick t; false when the series is not known or nothing was
// judged at t.
func (d *Detector) Window(t felt.Tick, of felt.Scope) (w Window, ok bool) {
	s := d.series[key{of.Env, of.App, of.Name, of.Kind}]
	if s == nil || d.judged != t {
		return w, false
	}
	w.Counts, w.Slower = s.counts, s.slower
	n := float64(s.pace)
	l := &s.line
	for _, r := range []struct {
		of *cusum.Rate
		to *Usual
	}{
		{l.failed, &w.Failed},
		{l.degraded, &w.Degraded},
		{l.slow, &w.Slow},
		{l.unfinished, &w.Unfinished},
		{l.fled, &w.Fled},
	} {
		*r.to = usualOf(r.of, n)
	}
	w.Longer = Usual{Share: usualLonger, Effective: w.Failed.Effective}
	w.Expected = -1
	if l.drop != nil {
		if expected, wait := l.drop.Usual(&d.terms.Drop); wait == 0 {
			w.Expected = expected
		}
	}
	return w, true
}

// usualLonger is the share that waits longer than nine of ten used to, and what their limit is read
// from, in steps.
const usualLonger = .12

func usualOf(r *cusum.Rate, n float64) Usual {
	if r == nil {
		return Usual{Effective: 1}
	}
	share, _ := r.Usual()
	return Usual{share, r.Effective(n)}
}
