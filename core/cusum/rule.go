package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

// Rule is what all tests of one kind have in common.
type Rule struct {
	Width felt.Tick // seconds of a window, 10 live; 0 is taken as 10
	Open  float64   // nats at which a finding opens; > 0
	Page  float64   // nats at which it is of paging class; >= Open
}

// Prior is what is believed of a series before it has history: the share of its
// parent or of the objective, and for how many tries this counts. The zero value is
// the shipped prior.
type Prior struct{ Share, Weight float64 }

// Reading is what a test says after a window.
type Reading struct {
	Statistic float64   // nats, the strongest of its bank now
	Lasting   bool      // a finding is open
	Opened    bool      // it opened in this window
	Ended     bool      // it ended in this window
	Paging    bool      // it reached Rule.Page since it opened
	Since     felt.Tick // end of the last window before the evidence began
	Hit, N    float64   // hits and tries since Since; Volume: interactions, expected ones
	Expected  float64   // Rate, Slow, Light: the baseline share; Volume, Sibling: expected count of a window
	Known     float64   // tries behind the baseline; 0 means that nothing can be told yet
}

// Threshold is the evidence in nats that keeps false findings at perDay (> 0) on
// average over this many tests (series times tests each) judged every width seconds.
func Threshold(tests, perDay float64, width felt.Tick) float64 {
	windows := 86400 / float64(max(width, 1))
	return math.Log(math.Max(windows*math.Max(tests, 1)/perDay, math.E))
}

func (r *Rule) width() felt.Tick {
	if r.Width <= 0 {
		return 10
	}
	return r.Width
}

// quiet is for how long evidence must be gone before a finding ends.
const quiet = 300

// alarm is whether a finding is open.
type alarm struct {
	lasting, paging bool
	last            felt.Tick // the last window with enough evidence
}

func (a *alarm) step(t felt.Tick, stat float64, rule *Rule, out *Reading) {
	if stat >= rule.Open {
		out.Opened = !a.lasting
		a.lasting, a.last = true, t
		a.paging = a.paging || stat >= rule.Page
	} else if a.lasting && t-a.last >= quiet {
		out.Ended = true
		a.lasting, a.paging = false, false
	}
	out.Lasting, out.Paging = a.lasting, a.paging
}

// arm is one CUSUM.
type arm struct {
	sum    float64
	since  felt.Tick
	hit, n float64
}

func (a *arm) add(t, width felt.Tick, nats, hit, n, most float64) {
	if a.sum <= 0 {
		a.since, a.hit, a.n = t-width, 0, 0
	}
	a.sum = math.Min(a.sum+nats, most)
	a.hit += hit
	a.n += n
	if a.sum <= 0 {
		*a = arm{}
	}
}

func (r *Reading) take(a *arm) {
	if a.sum > r.Statistic {
		r.Statistic, r.Since, r.Hit, r.N = a.sum, a.since, a.hit, a.n
	}
}
