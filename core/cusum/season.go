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
// day, or hour of the week, usually is below the minutes before it. 1.8 KB.
type season struct {
	day     [slots]float32 // negative or 0: not known
	week    [hours]float32
	seen    bool    // two weeks are known
	dayNow  float64 // of day, fading as the level does
	weekNow float64
	slot    int
	hour    int
	sum, n  float64 // of the slot under way
	sumHour float64
	windows float64 // of the hour
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
		if x := float64(s.week[hourOf(t)]); x > 0 {
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
		if s.day[i] <= 0 {
			return -1
		}
		low = min(low, float64(s.day[i]))
		sum += float64(s.day[i])
	}
	if sum < 3*few {
		return float64(s.day[slot])
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
	if x := float64(s.day[slotOf(late)]); x > 0 {
		if s.dayNow <= 0 {
			s.dayNow = x
		}
		s.dayNow += gain * (x - s.dayNow)
	}
	if x := float64(s.week[hourOf(late)]); s.seen && x > 0 {
		if s.weekNow <= 0 {
			s.weekNow = x
		}
		s.weekNow += gain * (x - s.weekNow)
	}
}

func (s *season) close(t felt.Tick, hour int, first felt.Tick) {
	if s.n > 0 {
		blend(&s.day[s.slot], s.sum/s.n, 3)
	}
	s.sumHour += s.sum
	s.windows += s.n
	s.sum, s.n = 0, 0
	if hour == s.hour {
		return
	}
	if s.windows > 0 {
		blend(&s.week[s.hour], s.sumHour/s.windows, 2)
	}
	s.hour, s.sumHour, s.windows = hour, 0, 0
	s.seen = s.seen || t-first >= twoWeeks
}

// blend gives a new value the weight of one in so many.
func blend(old *float32, x, in float64) {
	if *old > 0 {
		x = float64(*old) + (x-float64(*old))/in
	}
	*old = float32(max(x, 1e-6))
}
