package ingest

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// closeAfter is what an idle event log's clock is moved by beyond the settle time:
// enough for what the settle time decides to be handed from stage to stage.
const closeAfter = 2 * felt.Second

// group is what goes to the log together and under one stamp.
type group struct {
	recs    []felt.Record
	newest  felt.Instant // newest event in it
	control bool         // commands and settings, not telemetry
	// business: what came from outside of telemetry. It is refused by a full log as
	// telemetry is, but says nothing of what time it is.
	business bool
	waiters  []*waiter
	full     *otlp.Packer // has recs and newest still to be taken from it; nil when they are here
}

// clock stamps records. It knows nothing of goroutines or the system's time.
type clock struct {
	mode   felt.Clock
	settle felt.Instant
	last   felt.Instant // newest stamp given
	tick   felt.Instant // newest tick given, or one that must have been given before
	open   bool         // event log: telemetry came since the clock was last moved past it
	owed   bool         // event log: business data waits for a tick
}

// resume goes on from the newest record of the log. Tick says that it was a tick.
func (c *clock) resume(last felt.Instant, tick bool) {
	c.last, c.tick = last, last.Floor(felt.Second)
	c.open = last > 0 && !tick
}

// stamp appends the groups' records to dst, each with its arrival, and the ticks that
// belong between them. Now is the wall time. Without groups it appends the tick that
// is due, if any.
func (c *clock) stamp(dst []felt.Record, groups []group, now felt.Instant) []felt.Record {
	if c.mode == felt.ClockWall {
		dst = c.second(dst, now)
	}
	for i := range groups {
		if c.mode == felt.ClockEvent {
			dst = c.stampEvent(dst, &groups[i])
		} else {
			dst = c.stampWall(dst, &groups[i], now)
		}
	}
	return dst
}

// second moves a wall clock to now, and appends the tick that stands at the beginning
// of the second. After a pause one is enough: readers take the seconds between as empty.
func (c *clock) second(dst []felt.Record, now felt.Instant) []felt.Record {
	c.last = max(c.last, now)
	if start := c.last.Floor(felt.Second); start > c.tick {
		c.tick = start
		dst = append(dst, felt.Record{Kind: felt.KindTick, Part: felt.Control, At: start})
	}
	return dst
}

func (c *clock) stampWall(dst []felt.Record, g *group, now felt.Instant) []felt.Record {
	dst = c.second(dst, now)
	for _, r := range g.recs {
		r.At = c.last
		dst = append(dst, r)
	}
	return dst
}

func (c *clock) stampEvent(dst []felt.Record, g *group) []felt.Record {
	c.last = max(c.last, g.newest)
	c.open = c.open || !g.control && !g.business
	c.owed = c.owed || g.business
	for _, r := range g.recs {
		r.At = c.last
		dst = append(dst, r)
		if r.Kind == felt.KindClock {
			c.mode, c.tick = felt.ClockWall, c.last.Floor(felt.Second)
		}
	}
	if g.control && c.mode == felt.ClockEvent && c.last > 0 {
		dst = append(dst, c.moveTo(c.last.Floor(felt.Second)+felt.Second))
	}
	return dst
}

// waits reports whether an idle event log has something to close. Business data in a log
// without any telemetry waits for the first: before that it is no time at all.
func (c *clock) waits() bool { return c.open || c.owed && c.last > 0 }

// finish is the tick that closes what an idle event log has open. Business data alone
// needs one tick, however many records of it there are, so that a long import does not
// carry the clock away from the telemetry that is to come.
func (c *clock) finish() felt.Record {
	if !c.open {
		return c.moveTo(c.last.Floor(felt.Second) + felt.Second)
	}
	c.open = false
	return c.moveTo((c.last + c.settle + closeAfter + felt.Second - 1).Floor(felt.Second))
}

func (c *clock) moveTo(at felt.Instant) felt.Record {
	c.last, c.tick, c.owed = at, at, false
	return felt.Record{Kind: felt.KindTick, Part: felt.Control, At: at}
}

// nextTick is when a wall clock's next tick is due.
func (c *clock) nextTick() felt.Instant { return c.tick + felt.Second }
