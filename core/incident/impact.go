package incident

import (
	"encoding/binary"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
)

// ExactMax is the number of customers of an incident that are held one by one.
const ExactMax = 100_000

// customer is what is held of one customer of an incident.
type customer struct {
	failed, degraded bool
	lastBad          felt.Instant // end of the last failure
	lastGood         felt.Instant // end of the last success, degraded ones included
}

// crowd counts the customers of an incident: one by one, or, when there are too many, in
// sketches.
type crowd struct {
	each                    map[uint64]customer // nil once spilled
	total, failed, degraded sketch.Distinct
	counts                  felt.Counts
}

func newCrowd() *crowd { return &crowd{each: map[uint64]customer{}} }

// add enters a try of a customer.
func (c *crowd) add(id uint64, o felt.Outcome, end felt.Instant) {
	if c.each == nil {
		c.sketch(id, o == felt.OutcomeFailed, o == felt.OutcomeDegraded)
		return
	}
	m := c.each[id]
	switch o {
	case felt.OutcomeFailed:
		m.failed = true
		m.lastBad = max(m.lastBad, end)
	case felt.OutcomeDegraded:
		m.degraded = true
		m.lastGood = max(m.lastGood, end)
	case felt.OutcomeSuccess:
		m.lastGood = max(m.lastGood, end)
	case felt.OutcomeAbandoned, felt.OutcomeCancelled, felt.OutcomeNone:
	}
	c.each[id] = m
	if len(c.each) > ExactMax {
		c.spill()
	}
}

func (c *crowd) sketch(id uint64, failed, degraded bool) {
	var h [16]byte
	binary.BigEndian.PutUint64(h[:], id)
	c.total.Add(h)
	if failed {
		c.failed.Add(h)
	}
	if degraded {
		c.degraded.Add(h)
	}
}

// spill moves everybody into the sketches, which do not depend on the order.
func (c *crowd) spill() {
	for id, m := range c.each {
		c.sketch(id, m.failed, m.degraded)
	}
	c.each = nil
}

// impact is the running number.
func (c *crowd) impact() felt.Impact {
	i := felt.Impact{Counts: c.counts, Method: felt.MethodExact}
	if c.each == nil {
		i.Method = felt.MethodEstimate
		i.Customers = felt.Distinct{
			Total: int64(c.total.Count()), Failed: int64(c.failed.Count()), Degraded: int64(c.degraded.Count()),
		}
		low, high := c.failed.Interval(0.95)
		i.Interval = [2]int64{int64(low), int64(high)}
		i.Undecided = i.Customers.Failed
		return i
	}
	i.Customers.Total = int64(len(c.each))
	for _, m := range c.each {
		if m.degraded {
			i.Customers.Degraded++
		}
		if !m.failed {
			continue
		}
		i.Customers.Failed++
		if m.lastGood > m.lastBad {
			i.Recovered++
		} else {
			i.Undecided++
		}
	}
	i.Interval = [2]int64{i.Customers.Failed, i.Customers.Failed}
	return i
}
