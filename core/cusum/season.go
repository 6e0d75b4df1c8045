package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

const (
	slots = 288 // of a day, 5 min each
	few   = 10  // interactions a window from which a slot says what it is like
	clear = .7  // a usual fall to more than this is left to level and trend
)

// season is what earlier days and weeks were like, as interactions a window. It only
// lowers what is expected: of the level now, it takes the share by which this time of
// day, or hour of the week, usually is below the minutes before it. 900 bytes.
type season struct {
	day     [slots]count
	week    [hours]count
	seen    bool    // two weeks are known
	dayNow  float64 // of day, fading as the level does
	weekNow float64
	// What the slot and the hour that were closed last were like before today went into them: the
	// minutes before are held against earlier days only, or after a day on which ten times as many
	// came, most of them would be expected to go again with every slot.
	wasDay, wasWeek count
	slot            int
	hour            int
	sum, n          float64 // of the slot under way
	sumHour         float64
	windows         float64 // of the hour
}

// count is interactions a window, to a thousandth: the logarithm of it; 0 is not known.
type count uint16

const (
	least = 1e-6 // of a count
	fold  = 1024 // steps of a count in which it doubles
)

func countOf(x float64) count {
	return count(clamp(1+math.Round(fold*math.Log2(x/least)), 1, math.MaxUint16))
}

// powers are 2^(i/fold): what a count stands for is asked several times for each window that is judged.
var powers = func() (list [fold]float64) { //nolint:gochecknoglobals // a table that nobody changes
	for i := range list {
		list[i] = math.Exp2(float64(i) / fold)
	}
	return list
}()

func (c count) value() float64 {
	if c == 0 {
		return 0
	}
	i := uint(c - 1)
	return least * (powers[i%fold] * float64(uint64(1)<<(i/fold)))
}

func slotOf(t felt.Tick) int { return int(((t-1)%86400 + 86400) % 86400 / 300) }

// factor is at most 1.
func (s *season) factor(t felt.Tick) float64 {
	f := 1.0
	if s.dayNow > 0 {
		if x := s.near(slotOf(t)); x >= 0 {
			f = usual(x / s.dayNow)
		}
	}
	if s.seen && s.weekNow > 0 {
		if x := s.week[hourOf(t)].value(); x > 0 {
			f = min(f, usual(x/s.weekNow))
		}
	}
	return f
}

// usual is what a ratio of the profile says: a small fall may be its noise.
func usual(ratio float64) float64 {
	if ratio > clear {
		return 1
	}
	return 1.1 * ratio
}

// near is the smallest of a slot and its neighbours, since nobody comes by the minute;
// of few interactions it is the slot itself, or the smallest would be one by chance.
func (s *season) near(slot int) float64 {
	low, sum := math.Inf(1), 0.0
	for _, i := range [3]int{(slot + slots - 1) % slots, slot, (slot + 1) % slots} {
		x := s.day[i].value()
		if x <= 0 {
			return -1
		}
		low = min(low, x)
		sum += x
	}
	if sum < 3*few {
		return s.day[slot].value()
	}
	return low
}

// step takes a window. What a finding covers is learned too, or a shop that shuts at
// nine would be news every day; one bad day counts for a third.
func (s *season) step(t felt.Tick, gain, n float64, first felt.Tick) {
	slot, hour := slotOf(t), int(hourOf(t))
	if slot != s.slot {
		s.close(t, hour, first)
		s.slot = slot
	}
	s.sum += n
	s.n++
	late := t - 60 // as the level is
	x := s.day[slotOf(late)].value()
	if slotOf(late) != slot {
		x = s.wasDay.value()
	}
	if x > 0 {
		if s.dayNow <= 0 {
			s.dayNow = x
		}
		s.dayNow += gain * (x - s.dayNow)
	}
	x = s.week[hourOf(late)].value()
	if int(hourOf(late)) != hour {
		x = s.wasWeek.value()
	}
	if s.seen && x > 0 {
		if s.weekNow <= 0 {
			s.weekNow = x
		}
		s.weekNow += gain * (x - s.weekNow)
	}
}

func (s *season) close(t felt.Tick, hour int, first felt.Tick) {
	if s.wasDay = s.day[s.slot]; s.n > 0 {
		blend(&s.day[s.slot], s.sum/s.n, 3)
	}
	s.sumHour += s.sum
	s.windows += s.n
	s.sum, s.n = 0, 0
	if hour == s.hour {
		return
	}
	if s.wasWeek = s.week[s.hour]; s.windows > 0 {
		blend(&s.week[s.hour], s.sumHour/s.windows, 2)
	}
	s.hour, s.sumHour, s.windows = hour, 0, 0
	s.seen = s.seen || t-first >= twoWeeks
}

// blend gives a new value the weight of one in so many.
func blend(old *count, x, in float64) {
	if was := old.value(); was > 0 {
		x = was + (x-was)/in
	}
	*old = countOf(max(x, least))
}
