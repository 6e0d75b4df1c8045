package felt

import (
	"context"
	"fmt"
)

// BatchID names a batch for ever. Ticks of one (stage, part) only grow, so a store
// that remembers the last tick written for each knows what it has seen.
type BatchID struct {
	Engine uint16 // version of the engine that made it
	Stage  uint8  // 1, 2 or 3 of the engine; [StageKeeper]
	Part   Part   // 0..P-1; stage 3 has part 0
	Tick   Tick
}

// StageKeeper is the stage of batches with the spans of kept traces.
const StageKeeper = 9

// String is engine/stage/part/tick.
func (id BatchID) String() string {
	return fmt.Sprintf("%d/%d/%d/%d", id.Engine, id.Stage, id.Part, id.Tick)
}

// Cursor is how far a named reader of the log has come. It is written together with
// the rows of a batch.
type Cursor struct {
	Name     string // "engine" for the engine's worker
	Seq      Seq    // everything up to here is in the rows
	Tick     Tick
	Snapshot string // file name of the newest snapshot at or before Seq; "" none
	Epoch    uint64 // of the worker that wrote it; an older epoch is refused with [ErrStale]
}

// Batch is all rows that one stage of one partition made of one tick. Facts are
// appended; states replace an earlier row with the same key when their version is
// higher. An interaction that is withdrawn leaves no row: see [Interaction.Withdrawn].
type Batch struct {
	ID     BatchID
	Cursor Cursor

	// Facts.
	Interactions      []Interaction // Version > 1 replaces the row with the same ID; a withdrawn one is removed
	Buckets           []Bucket      // of 10 seconds, not of a segment; others are not taken
	Operations        []OperationBucket
	Edges             []EdgeBucket
	Signals           []SignalPoint
	CustomerDays      []CustomerDay
	Findings          []Finding          // state, by ID
	IncidentCustomers []IncidentCustomer // state, by incident and customer: the last one written stands
	BusinessEvents    []BusinessEvent    // the first with an ID stands
	CustomerFacts     []Fact
	Commands          []Command
	Spans             []Span // of kept traces; the first with a trace and ID stands

	// States.
	Links     []Link     // by From; the strongest To wins, then the newest Since
	Incidents []Incident // by ID and Version
	Changes   []Change   // by ID

	// Notifications are no rows: they leave by the [Outbox] before the batch is written. A store
	// ignores them.
	Notifications []Notification
}

// Empty reports whether the batch has no rows.
func (b *Batch) Empty() bool {
	return len(b.Interactions) == 0 && len(b.Buckets) == 0 && len(b.Operations) == 0 &&
		len(b.Edges) == 0 && len(b.Signals) == 0 && len(b.CustomerDays) == 0 &&
		len(b.Findings) == 0 && len(b.IncidentCustomers) == 0 && len(b.BusinessEvents) == 0 &&
		len(b.CustomerFacts) == 0 && len(b.Commands) == 0 && len(b.Spans) == 0 &&
		len(b.Links) == 0 && len(b.Incidents) == 0 && len(b.Changes) == 0
}

// Writer takes batches. Writing a batch twice is writing it once, also when the first
// time failed half-way or failed after all of it was there.
//
// Implementations MUST pass package shell/storetest.
type Writer interface {
	// Write stores whole batches with their cursors, in the given order; a store with
	// transactions uses one for all of them. A batch whose tick is not newer than the
	// last one written for its (stage, part) is skipped, whatever the engine's version: a
	// newer engine reads the log again to warm up and does not double rows. [ErrStale] when a newer epoch has written.
	// On error nothing, a part or all of it may be there; the caller writes the same
	// batches again.
	Write(ctx context.Context, batches ...Batch) error
	// Cursor returns the cursor of a named reader, or [ErrNotFound].
	Cursor(ctx context.Context, name string) (Cursor, error)
}

// Retainer is implemented by stores that forget by age.
type Retainer interface {
	// Retain removes rows older than their keep as of now, and returns how many. Buckets stay
	// until they have been made coarser: see [Compactor].
	Retain(ctx context.Context, now Instant, keep Retention) (int64, error)
}

// Compactor is implemented by stores that make coarse rows of fine ones: buckets of a
// minute, an hour and a day; buckets of single segment values of an hour and a day
// (further values than segmentMax per key and scope, first come, are "other"); customer
// days.
type Compactor interface {
	// Compact makes the coarse rows of all windows that ended before the instant, and
	// makes those again whose rows have changed since: after half an hour (a day: six hours)
	// of that instant, then after ever longer waits. Until then they are answered from finer
	// rows. A day is made when an hour has passed in which its last failures may recover.
	// Doing it twice is doing it once. It returns how many coarse rows it wrote.
	Compact(ctx context.Context, before Instant, segmentMax int) (int64, error)
}

// Retention is how long rows are kept, by event time. Zero keeps for ever.
type Retention struct {
	Interactions Instant // default 30 days
	Buckets10s   Instant // default 2 days
	Buckets1m    Instant // default 14 days
	BucketsLong  Instant // hours and days; default 400 days
	CustomerDays Instant // default 400 days
	Spans        Instant // of kept traces; default 14 days
}

// DefaultRetention is sane for one machine.
func DefaultRetention() Retention {
	return Retention{
		Interactions: 30 * Day, Buckets10s: 2 * Day, Buckets1m: 14 * Day,
		BucketsLong: 400 * Day, CustomerDays: 400 * Day, Spans: 14 * Day,
	}
}
