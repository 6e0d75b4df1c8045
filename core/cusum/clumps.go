package cusum

const (
	clumpSlow  = 96.0 // blocks that are remembered
	clumpFirst = 10.0 // blocks that an even stream is believed for
	clumpFew   = .5   // expected in a block, below which it says nothing
	clumpSure  = 0.5  // from so much on it is no chance of the estimate
	clumpMost  = 9.0  // times as much as expected is the most that one block counts
)

// clumps is how far what comes does not come one by one: a visit is five tries within a minute, so that
// between few visits there are pauses in which nobody is missing. It is the variance of blocks over their
// mean, which is 1 where each comes for himself. [noise] cannot tell that of few, for it is made for the
// shares of many; where many come, the two say the same. Only a rule that says [Rule].Together looks at it.
type clumps struct{ over, blocks float32 }

// learn takes a block that was off by so many from its mean.
func (c *clumps) learn(off, mean float64) {
	if mean < clumpFew {
		return
	}
	over := c.value()
	c.blocks = min(c.blocks+1, clumpSlow)
	x := min(off*off/mean, clumpMost*max(over, 1))
	c.over = float32(over + (x-over)/min(clumpSlow, clumpFirst+float64(c.blocks)))
}

func (c *clumps) value() float64 {
	if c.blocks == 0 {
		return 1
	}
	return float64(c.over)
}

// excess is the variance over the mean beyond that of chance; none where the estimate may be wrong by as much.
func (c *clumps) excess() float64 {
	if x := c.value() - 1; x > clumpSure {
		return x
	}
	return 0
}
