package slo

import (
	"math"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// BudgetSlots is the number of slots into which an objective's window is cut at most.
const BudgetSlots = 672 // hours of 28 days

// count is how many went wrong, and of how many.
type count struct{ bad, n int64 }

// ring holds counts of the last slots of a fixed width, and their sums over the spans that
// somebody has asked for: steps are many, so a sum is kept, not made.
type ring struct {
	width felt.Tick
	now   int64 // number of the running slot; unused before the first
	slots []count
	sums  []spanSum
}

// spanSum is the sum over the running slot and those before it, span in all.
type spanSum struct {
	span int
	count
}

const unused = math.MinInt64

func newRing(width felt.Tick, slots int) ring {
	return ring{width: width, now: unused, slots: make([]count, slots)}
}

// budgetRing cuts a window into slots of whole hours.
func budgetRing(window felt.Instant) ring {
	hours := int((window + felt.Hour - 1) / felt.Hour)
	width := (hours + BudgetSlots - 1) / BudgetSlots
	return newRing(felt.Tick(width)*3600, (hours+width-1)/width)
}

// slotOf is the number of the slot of a tick: the second that ends at it is the slot's.
func (r *ring) slotOf(t felt.Tick) int64 {
	t--
	if t < 0 {
		t -= r.width - 1
	}
	return int64(t / r.width)
}

// start is the tick at which a slot begins.
func (r *ring) start(slot int64) felt.Tick { return felt.Tick(slot) * r.width }

func (r *ring) index(slot int64) int {
	m := int64(len(r.slots))
	return int((slot%m + m) % m)
}

// at is the count of a slot that is not older than the ring.
func (r *ring) at(slot int64) count { return r.slots[r.index(slot)] }

// advance makes the slot of t the running one.
func (r *ring) advance(t felt.Tick) {
	to := r.slotOf(t)
	if r.now == unused || to-r.now >= int64(len(r.slots)) {
		clear(r.slots)
		for i := range r.sums {
			r.sums[i].count = count{}
		}
		r.now = to
		return
	}
	for r.now < to {
		r.now++
		for i := range r.sums { // before the slot is cleared: the oldest of all shares its place
			s := &r.sums[i]
			gone := r.at(r.now - int64(s.span))
			s.bad -= gone.bad
			s.n -= gone.n
		}
		r.slots[r.index(r.now)] = count{}
	}
}

func (r *ring) add(t felt.Tick, c count) {
	r.advance(t)
	s := &r.slots[r.index(r.now)]
	s.bad += c.bad
	s.n += c.n
	for i := range r.sums {
		r.sums[i].bad += c.bad
		r.sums[i].n += c.n
	}
}

// sum is over the running slot and those before it, span in all; span <= len(slots).
func (r *ring) sum(span int) count {
	for i := range r.sums {
		if r.sums[i].span == span {
			return r.sums[i].count
		}
	}
	s := spanSum{span: span}
	for i := range span {
		c := r.at(r.now - int64(i))
		s.bad += c.bad
		s.n += c.n
	}
	r.sums = append(r.sums, s)
	return s.count
}

// each calls yield for every slot that is not empty, oldest first.
func (r *ring) each(yield func(start felt.Tick, c count)) {
	for i := len(r.slots) - 1; i >= 0; i-- {
		if c := r.at(r.now - int64(i)); c.n != 0 {
			yield(r.start(r.now-int64(i)), c)
		}
	}
}

func (r *ring) save(e *codec.Encoder) {
	e.Int(r.now)
	used := 0
	r.each(func(felt.Tick, count) { used++ })
	e.Len(used)
	age := int64(len(r.slots)) - 1
	r.each(func(start felt.Tick, c count) {
		at := r.now - int64(start/r.width)
		e.Uint(uint64(age - at))
		e.Uint(uint64(c.n))
		e.Uint(uint64(c.bad))
		age = at - 1
	})
}

func (r *ring) load(d *codec.Decoder) {
	r.now = d.Int()
	age := int64(len(r.slots)) - 1
	for n := d.Len(3); n > 0 && d.Err() == nil; n-- {
		age -= int64(d.UintMax(uint64(len(r.slots))))
		if age < 0 {
			d.Fail("slot out of its window")
			return
		}
		c := count{n: int64(d.UintMax(math.MaxInt64))}
		c.bad = int64(d.UintMax(uint64(c.n)))
		r.slots[r.index(r.now-age)] = c
		age--
	}
}

// Save appends the whole state.
func (b *Burn) Save(e *codec.Encoder) {
	e.Float(b.target)
	e.Int(int64(b.window))
	e.Int(int64(b.now))
	e.Int(int64(b.first))
	b.minutes.save(e)
	b.hours.save(e)
	b.budget.save(e)
	for _, s := range b.pairs {
		e.Bool(s.fires)
		e.Int(int64(s.below))
		e.Int(int64(s.since))
	}
	e.Bool(b.paging)
	e.Int(int64(b.opened))
	last := 0 // none
	for i, p := range Pairs() {
		if p == b.last {
			last = i + 1
		}
	}
	e.Uint(uint64(last))
}

// Load is the inverse of Save; what was there is replaced, the target and the window too.
// What is wrong shows in the decoder's error.
func (b *Burn) Load(d *codec.Decoder) {
	target, window := d.Float(), felt.Instant(d.Int())
	if t, w := sane(target, window); t != target || w != window || window > 100*365*felt.Day {
		d.Fail("objective out of range")
		return
	}
	*b = *New(target, window)
	b.now, b.first = felt.Tick(d.Int()), felt.Tick(d.Int())
	b.minutes.load(d)
	b.hours.load(d)
	b.budget.load(d)
	for i := range b.pairs {
		b.pairs[i] = pairState{d.Bool(), felt.Tick(d.Int()), felt.Tick(d.Int())}
	}
	b.paging = d.Bool()
	b.opened = felt.Tick(d.Int())
	if last := d.UintMax(uint64(len(b.pairs))); last > 0 {
		b.last = Pairs()[last-1]
	}
}
