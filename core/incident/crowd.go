package incident

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/sketch"
)

// ExactMax is the number of customers (sessions, accounts) of an incident that are held one by one.
const ExactMax = 100_000

// What befell somebody.
const (
	hitFailed uint8 = 1 << iota
	hitDegraded
)

// crowd counts who came, and of them who failed or was degraded: one by one, or, when there are too
// many, in sketches.
type crowd struct {
	each                    map[uint64]uint8 // nil once spilled
	distinct                felt.Distinct    // of those held one by one
	total, failed, degraded sketch.Distinct
}

func newCrowd() *crowd { return &crowd{each: map[uint64]uint8{}} }

// add enters somebody.
func (c *crowd) add(id uint64, hit uint8) {
	if c.each == nil {
		c.sketch(id, hit)
		return
	}
	was, there := c.each[id]
	now := was | hit
	if there && now == was {
		return
	}
	c.each[id] = now
	if !there {
		c.distinct.Total++
	}
	if now&^was&hitFailed != 0 {
		c.distinct.Failed++
	}
	if now&^was&hitDegraded != 0 {
		c.distinct.Degraded++
	}
	if len(c.each) > ExactMax {
		c.spill()
	}
}

// spare takes back what befell somebody.
func (c *crowd) spare(id uint64, hit uint8) {
	was := c.each[id]
	if was&hit == 0 {
		return
	}
	c.each[id] = was &^ hit
	if was&hit&hitFailed != 0 {
		c.distinct.Failed--
	}
	if was&hit&hitDegraded != 0 {
		c.distinct.Degraded--
	}
}

func (c *crowd) sketch(id uint64, hit uint8) {
	var h [16]byte
	binary.BigEndian.PutUint64(h[:], id)
	c.total.Add(h)
	if hit&hitFailed != 0 {
		c.failed.Add(h)
	}
	if hit&hitDegraded != 0 {
		c.degraded.Add(h)
	}
}

// spill moves everybody into the sketches, which do not depend on the order.
func (c *crowd) spill() {
	for id, hit := range c.each {
		c.sketch(id, hit)
	}
	c.each, c.distinct = nil, felt.Distinct{}
}

// exact tells that they are held one by one.
func (c *crowd) exact() bool { return c.each != nil }

// count is how many they are.
func (c *crowd) count() felt.Distinct {
	if c.exact() {
		return c.distinct
	}
	n := felt.Distinct{Total: int64(c.total.Count()), Failed: int64(c.failed.Count()), Degraded: int64(c.degraded.Count())}
	n.Failed, n.Degraded = min(n.Failed, n.Total), min(n.Degraded, n.Total)
	return n
}

func (c *crowd) save(e *codec.Encoder) {
	e.Bool(c.exact())
	if !c.exact() {
		for _, s := range []*sketch.Distinct{&c.total, &c.failed, &c.degraded} {
			e.Bytes(s.AppendBinary(nil))
		}
		return
	}
	e.Len(len(c.each))
	for _, id := range slices.Sorted(maps.Keys(c.each)) {
		e.Uint(id)
		e.Uint(uint64(c.each[id]))
	}
}

func loadCrowd(d *codec.Decoder) *crowd {
	c := newCrowd()
	if !d.Bool() {
		c.each = nil
		for _, s := range []*sketch.Distinct{&c.total, &c.failed, &c.degraded} {
			v, err := sketch.ParseDistinct(d.Bytes())
			if err != nil {
				d.Fail("bad sketch")
			}
			*s = v
		}
		return c
	}
	n := d.Len(2)
	if n > ExactMax {
		d.Fail("too many customers")
		return c
	}
	for ; n > 0 && d.Err() == nil; n-- {
		id := d.Uint()
		c.add(id, uint8(d.UintMax(uint64(hitFailed|hitDegraded))))
	}
	return c
}
