package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

// Open is the shipped [Rule.Open]: on ideal data about one false finding in two weeks for a
// series with its tests of failures and volume, and as fast as half of all faults allow. It is no
// threshold for waking people, which is Rule.Page.
const Open = 11.5

// Ready is how many tries must be known before [Rate.Smallest] tells anything, and Follows how
// many of the later step before [Sibling.Smallest] does.
const (
	Ready   = ready
	Follows = follows
)

// Rule is what all tests of one kind have in common. It must stay the same while a
// test lives.
type Rule struct {
	Width felt.Tick // seconds of a window, 10 live; 0 is taken as 10
	Open  float64   // nats at which a finding opens; > 0
	Page  float64   // nats at which it is of paging class; >= Open
	// Together: what comes does not come one by one, as all that customers do in an app: a visit is
	// several tries within a minute. How far it does not is learned. Of volume only.
	Together bool
}

// Prior is what is believed of a series before it has history: the share of its
// parent or of the objective, and for how many tries this counts. The zero value is
// the shipped prior, one hit in 1,000.
type Prior struct{ Share, Weight float64 }

// Reading is what a test says after a window.
type Reading struct {
	Statistic float64   // nats, the strongest of its bank now
	Lasting   bool      // a finding is open
	Opened    bool      // it opened in this window
	Ended     bool      // it ended in this window
	Worse     bool      // while it lasted it became far worse in this window: news again
	Paging    bool      // it reached Rule.Page since it opened
	Since     felt.Tick // end of the last window before the evidence began
	Hit, N    float64   // hits and tries since Since; Volume, Sibling: interactions, and those expected
	Expected  float64   // Rate, Slow, Light: the baseline share; Volume, Sibling: expected count of a window
	Known     float64   // tries behind the baseline; 0 means that nothing can be told yet
}

// Threshold is the evidence in nats that keeps false findings at perDay (> 0) on
// average over this many tests (series times tests each) judged every width seconds:
// the logarithm of the windows a day, times tests, over those allowed.
func Threshold(tests, perDay float64, width felt.Tick) float64 {
	windows := 86400 / float64(max(width, 1))
	return math.Log(max(windows*max(tests, 1)/perDay, math.E))
}

func (r *Rule) width() felt.Tick {
	if r.Width <= 0 {
		return 10
	}
	return r.Width
}

// top is the most evidence that a bank keeps: more would only make a finding end late.
func (r *Rule) top() float64 { return max(r.Open, r.Page) + spare }

// prior fills in the shipped one.
func (p Prior) or() Prior {
	if p.Weight <= 0 || p.Share < 0 {
		return Prior{Share: .01, Weight: 50}
	}
	return p
}

func clamp(x, low, high float64) float64 { return min(max(x, low), high) }

// fade is what is left after a window of something with this half-life in seconds.
func fade(width felt.Tick, half float64) float64 { return math.Exp2(-float64(width) / half) }

// What tests hold, in bytes; of [Slow] see there.
const (
	RateBytes    = 640
	VolumeBytes  = 1328
	SiblingBytes = 688
)
