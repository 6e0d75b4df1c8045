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

// ObjectiveCount counts what was decided: nothing open, nothing cancelled.
type ObjectiveCount struct {
	Decided    int64
	Reached    int64 // success or degraded
	Slow       int64 // of them, those that took longer than asked
	Failed     int64
	Unfinished int64 // failed or abandoned
}

// ObjectiveReader answers how well a promise was kept.
type ObjectiveReader interface {
	// Objective counts exactly what the question is about; of those that reached their goal, how
	// many took longer than slower (0: none does). [ErrUnanswerable] when the window begins before
	// the oldest interaction that is kept.
	Objective(ctx context.Context, q Question, slower Instant) (ObjectiveCounts, error)
}
