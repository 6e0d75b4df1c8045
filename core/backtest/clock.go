package backtest

import "github.com/felt-cx/felt"

// clock makes one time out of a file's, so that what judges sees it go forward. Local times go
// back by an hour once a year, which is read as going on; the alarms keep the file's time.
type clock struct {
	step  felt.Instant
	local bool // times have no zone
	begun bool
	last  felt.Instant // as in the file
	shift felt.Instant // added since an hour came twice
	folds int          // hours that came twice
	fold  int          // line of the first
}

// at is the time of a row, and whether it is in order: not before the row in front of it.
func (c *clock) at(row *Row) (felt.Instant, bool) {
	if !c.begun {
		c.begun, c.last = true, row.At
		return row.At, true
	}
	ahead := row.At - c.last
	off := c.last + c.step - row.At - felt.Hour // 0 when an hour came again
	switch {
	case ahead < 0 && c.local && off > -c.step && off < c.step:
		if c.folds++; c.folds == 1 {
			c.fold = row.Line
		}
		c.shift += felt.Hour
	case ahead < 0:
		return 0, false
	case c.shift > 0 && ahead >= felt.Hour+c.step:
		c.shift -= felt.Hour // spring, or a gap: there is room again
	}
	c.last = row.At
	return row.At + c.shift, true
}

func (c *clock) tell(s *Series) {
	if c.folds > 0 {
		s.note("line %d: the time goes back by an hour, as local time does in autumn: read as going on; UTC has no such hours", c.fold)
	}
}
