package felt

import (
	"context"
	"iter"
)

// HistoryBatch is the most rows that a [HistoryReader] yields at once.
const HistoryBatch = 8192

// HistoryCount is how many interactions of [HistoryReader.History] became known in a minute.
type HistoryCount struct {
	From Tick // became known in [From, From+60)
	N    int64
}

// Last is the last tick of the minute.
func (c HistoryCount) Last() Tick { return c.From + 59 }

// HistoryReader tells what was judged, as it was judged then: what detectors are warmed with
// after their state was lost, and judge again in a backtest.
type HistoryReader interface {
	// History yields the interactions of customer traffic, steps and journeys, that became
	// known with an outcome in ticks (after, upTo]: each once, as it was in the first of its
	// versions that had one, whatever was said of it later, and also when it was withdrawn
	// since. They are in order of Known, then End, then ID, in batches of at most
	// [HistoryBatch], each valid until the next is asked for. However long the window is, a
	// store holds only a part of it in memory. An error is the last thing yielded.
	//
	// Set are ID, Known, Env, App, Name, Journey, Step, Kind, Traffic, End, Outcome,
	// AbandonedHow, Duration, Customer, Service, Release and Segments; the rest is zero. What
	// retention has removed is not there.
	History(ctx context.Context, after, upTo Tick) iter.Seq2[[]Interaction, error]
	// HistoryCounts says how many interactions History would yield, minute by minute in order
	// of time, without the minutes that have none.
	HistoryCounts(ctx context.Context, after, upTo Tick) ([]HistoryCount, error)
	// SignalHistory yields the values of signals and KPIs that became known in ticks (after,
	// upTo], in order of Known, Env, App, Journey, Kind, Name; else it is as History.
	SignalHistory(ctx context.Context, after, upTo Tick) iter.Seq2[[]SignalPoint, error]
	// Silences returns the findings of kind [FindingSilent] that lasted at some time in ticks
	// (after, upTo], of all environments, in order of their ids: what was heard of a source is not
	// stored, but that nothing was.
	Silences(ctx context.Context, after, upTo Tick) ([]Finding, error)
	// Lasting returns the findings that have not ended, and the incidents that are not
	// resolved, of all environments, in order of their ids.
	Lasting(ctx context.Context) ([]Finding, []Incident, error)
}

// BacktestQuestion asks what detectors find in stored history.
type BacktestQuestion struct {
	Window             // of the log's time: what became known in it is judged
	FalsePages float64 // how often a day, over everything, a finding may page for nothing; 0: as in force
}

// BacktestProgress is how far a backtest is.
type BacktestProgress struct {
	At       Tick  // judged up to here
	Rows, Of int64 // interactions read, of so many
}

// BacktestAnswer is what detectors found.
type BacktestAnswer struct {
	Window             // that was judged: the part of the asked one that is stored
	Lead      Instant  // how much from before it was read first, so that it was known what is usual
	Rows      int64    // interactions judged in the window
	LeadRows  int64    // and before it
	Settings  Settings // with which they were judged
	Inventory int64    // version of the inventory with which they were judged: the one in force
	// Findings are those that lasted at some time in the window, as they stood when they ended,
	// or at its end; in order of Opened, then ID.
	Findings []Finding
}
