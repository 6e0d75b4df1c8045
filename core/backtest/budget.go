package backtest

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
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
		page := cusum.Threshold(float64(max(o.Pages.Series, 1)), o.Pages.PerDay, width)
		t.Rule.Page, t.Drop.Page = max(page, t.Rule.Open), max(page, t.Drop.Open)
	}
	return t
}
