package explain

import "github.com/felt-cx/felt/core/otlp"

// near lists the rules that come nearest to the event at hand.
func (x *explainer) near(ev *otlp.Event, e *event) []Near {
	_ = x.ruleEvent(ev, e)
	return nil
}
