package backtest

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/detect"
)

// Pages is the budget of a whole fleet: how often it may wake somebody for nothing.
type Pages struct {
	PerDay float64 // false alarms a day, over everything; 0: every alarm wakes somebody
	Series int     // in the fleet
}

// terms are those of live judging, for windows of this width.
func (o *Options) terms(step felt.Instant) detect.Terms {
	width := felt.Tick(step / felt.Second)
	t := detect.DefaultTerms(width)
	if o.Pages.PerDay > 0 {
		t.Rule.Page = detect.PageAt(float64(int(detect.Tests)*max(o.Pages.Series, 1)), o.Pages.PerDay, width)
		t.Drop.Page = t.Rule.Page
	}
	return t
}
