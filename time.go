package felt

import "time"

// Instant is a point in time: nanoseconds since the Unix epoch, UTC. Zero means
// "not known". It is an integer so that records sort, hash and encode the same
// everywhere.
type Instant int64

// Common lengths of time, in the unit of [Instant].
const (
	Second Instant = 1e9
	Minute         = 60 * Second
	Hour           = 60 * Minute
	Day            = 24 * Hour
)

// InstantOf converts a wall-clock time. The zero time gives zero.
func InstantOf(t time.Time) Instant {
	if t.IsZero() {
		return 0
	}
	return Instant(t.UnixNano())
}

// Time converts to UTC wall-clock time; zero gives the zero time.
func (i Instant) Time() time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(i)).UTC()
}

// Floor rounds down to a multiple of width (> 0) since the epoch.
func (i Instant) Floor(width Instant) Instant {
	r := i % width
	if r < 0 {
		r += width
	}
	return i - r
}

// Tick is one second of the log's clock, named by the Unix second at which it
// ends: a record that arrived in [T-1 s, T) belongs to tick T. Ticks alone move
// the engine: all records of a tick in, then rows out.
type Tick int64

// TickOf returns the tick to which a record with this arrival belongs.
func TickOf(at Instant) Tick { return Tick(at.Floor(Second)/Second) + 1 }

// Instant is the end of the tick.
func (t Tick) Instant() Instant { return Instant(t) * Second }

// Clock says what moves a log's clock. It is fixed when a data directory is made;
// event may be switched to wall once, for ever.
type Clock uint8

// The two clocks of a log.
const (
	// ClockWall: arrival is the wall time at the door; ticks are stored, one a second.
	ClockWall Clock = iota + 1
	// ClockEvent: arrival is the newest event time seen so far; ticks are derived by
	// the reader and nothing is ever too late. For backfill, fixtures and backtest.
	ClockEvent
)

// String is the word used in flags, files and answers.
func (c Clock) String() string {
	switch c {
	case ClockWall:
		return "wall"
	case ClockEvent:
		return "event"
	}
	return "unknown"
}
