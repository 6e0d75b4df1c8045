package forecast

import (
	"math"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

const (
	daySlots  = 144 // of ten minutes
	weekSlots = 168 // of an hour
	cycles    = 5   // remembered of each slot

	dayLeast  = 3 // cycles before a slot speaks
	weekLeast = 2
)

// slot remembers the means of its last cycles.
type slot struct {
	mean [cycles]float32
	n    uint8 // written, up to cycles
	next uint8
}

func (s *slot) add(x float32) {
	s.mean[s.next] = x
	s.next = (s.next + 1) % cycles
	s.n = min(s.n+1, cycles)
}

// back is the mean of the i-th cycle before the newest.
func (s *slot) back(i int) float32 { return s.mean[(int(s.next)-1-i+2*cycles)%cycles] }

// median is of what is remembered; n must not be 0.
func (s *slot) median() float64 {
	v := s.mean
	for i := 1; i < int(s.n); i++ {
		for j := i; j > 0 && v[j] < v[j-1]; j-- {
			v[j], v[j-1] = v[j-1], v[j]
		}
	}
	mid := int(s.n) / 2
	if s.n%2 == 1 {
		return float64(v[mid])
	}
	return (float64(v[mid-1]) + float64(v[mid])) / 2
}

// open is the slot that time is in: the mean so far goes to its slot when time leaves it.
type open struct {
	slot   int
	sum, n float64
	usual  float64 // median of the slot's past
	known  bool
}

func (o *open) enter(at int, slots []slot, least int) {
	if o.n > 0 && at == o.slot {
		return
	}
	if o.n > 0 {
		slots[o.slot].add(float32(o.sum / o.n))
	}
	*o = open{slot: at}
	o.look(slots, least)
}

func (o *open) look(slots []slot, least int) {
	if s := &slots[o.slot]; int(s.n) >= least {
		o.usual, o.known = s.median(), true
	}
}

func (o *open) add(x float64) { o.sum, o.n = o.sum+x, o.n+1 }

// season is what is usual at this time of the day and of the week, in UTC.
type season struct {
	day     [daySlots]slot
	week    [weekSlots]slot
	inDay   open
	inWeek  open
	coarse  bool // the step is too wide for ten minutes: hours
	started bool
}

// enter moves to t. Until the week is known, the day stands for it.
func (s *season) enter(t felt.Instant, coarse bool) {
	s.coarse, s.started = coarse, true
	s.inDay.enter(daySlot(t, coarse), s.day[:], dayLeast)
	s.inWeek.enter(weekSlot(t), s.week[:], weekLeast)
}

func daySlot(t felt.Instant, coarse bool) int {
	in := t - t.Floor(felt.Day)
	if coarse {
		return int(in/felt.Hour) * (daySlots / 24)
	}
	return int(in / (10 * felt.Minute))
}

func weekSlot(t felt.Instant) int {
	const thursday = 4 * felt.Day // the epoch was one; weeks begin on Sunday
	return int((t + thursday - (t + thursday).Floor(7*felt.Day)) / felt.Hour)
}

// usual is the season's value in a mode, and whether it has one.
func (s *season) usual(m mode) (x float64, ok bool) {
	switch {
	case m == week && s.inWeek.known:
		return s.inWeek.usual, true
	case m != flat && s.inDay.known:
		return s.inDay.usual, true
	}
	return 0, m == flat
}

func (s *season) add(x float64) {
	s.inDay.add(x)
	s.inWeek.add(x)
}

func (s *season) slotOf(t felt.Instant) *slot { return &s.day[daySlot(t, s.coarse)] }

// width of a slot of the day.
func (s *season) width() felt.Instant {
	if s.coarse {
		return felt.Hour
	}
	return felt.Day / daySlots
}

func (s *season) save(e *codec.Encoder) {
	e.Bool(s.started)
	e.Bool(s.coarse)
	for _, list := range [][]slot{s.day[:], s.week[:]} {
		for i := range list {
			v := &list[i]
			e.Uint(uint64(v.n)<<3 | uint64(v.next))
			for _, x := range v.mean[:v.n] {
				saveSmall(e, x)
			}
		}
	}
	for _, o := range []*open{&s.inDay, &s.inWeek} {
		e.Uint(uint64(o.slot))
		e.Float(o.sum)
		e.Float(o.n)
	}
}

func (s *season) load(d *codec.Decoder) {
	s.started, s.coarse = d.Bool(), d.Bool()
	for _, list := range [][]slot{s.day[:], s.week[:]} {
		for i := range list {
			v := &list[i]
			head := d.UintMax(cycles<<3 | 7)
			v.n, v.next = uint8(head>>3), uint8(head&7)
			if v.n < cycles && v.next != v.n || v.next >= cycles {
				d.Fail("slot that cannot be")
				return
			}
			for j := range v.mean[:v.n] {
				v.mean[j] = loadSmall(d)
			}
		}
	}
	s.inDay.load(d, s.day[:], dayLeast, s.started)
	s.inWeek.load(d, s.week[:], weekLeast, s.started)
}

func (o *open) load(d *codec.Decoder, slots []slot, least int, started bool) {
	o.slot = int(d.UintMax(uint64(len(slots) - 1)))
	o.sum, o.n = loadFloat(d), loadFloat(d)
	if started && !(o.n >= 1 && o.n < math.MaxInt32) {
		d.Fail("open slot without points")
		return
	}
	if d.Err() == nil && started {
		o.look(slots, least)
	}
}
