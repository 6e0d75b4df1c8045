package felt

import "context"

// ObjectiveCounts is what an objective is judged by: the tries of a scope and window, and
// the customers behind them.
type ObjectiveCounts struct {
	Tries     ObjectiveCount
	Customers ObjectiveCount // distinct, through links; each is in every part that one of its tries is in
	First     Instant        // end of the oldest of the tries; 0 when there is none
	Sampled   bool           // some stand for more than one (see [Impact]): all numbers are at least so
}

// ObjectiveCount counts what was decided, and open journeys that are [Interaction.Failing]: nothing else
// that is open, nothing cancelled.
type ObjectiveCount struct {
	Decided    int64
	Reached    int64 // success or degraded
	Slow       int64 // of them, those that took longer than asked
	Failed     int64 // [Interaction.Failing]
	Unfinished int64 // failing, or left of their own accord or while it was slow
}

// Failing reports that a promise of success is broken: it failed, or the customer left after a failure.
// That somebody has left a journey is known only when its time-out has passed; so an open one is failing
// too as long as the step that was tried last has failed. When they come back and succeed it no longer is.
func (i *Interaction) Failing() bool {
	switch i.Outcome {
	case OutcomeFailed:
		return true
	case OutcomeAbandoned:
		return i.AbandonedHow == AbandonedAfterFailure
	case OutcomeNone, OutcomeSuccess, OutcomeDegraded, OutcomeCancelled:
	}
	var last StepState
	for _, s := range i.Steps {
		if s.Tries > 0 && (s.End > last.End || s.End == last.End && s.Outcome > last.Outcome) {
			last = s
		}
	}
	return i.Outcome == OutcomeNone && last.Outcome == OutcomeFailed
}

// ObjectiveReader answers how well a promise was kept.
type ObjectiveReader interface {
	// Objective counts exactly what the question is about; of those that reached their goal, how
	// many took longer than slower (0: none does). [ErrUnanswerable] when the window begins before
	// the oldest interaction that is kept.
	Objective(ctx context.Context, q Question, slower Instant) (ObjectiveCounts, error)
}
