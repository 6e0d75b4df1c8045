package detect

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// What is learned of how somebody speaks, and when their silence is news.
const (
	// SilentAfter is the least silence that is told, when the settings do not say.
	SilentAfter = 2 * felt.Minute

	silentTimes           = 3       // times the longest usual gap is a silence
	regularMost felt.Tick = 20 * 60 // who is usually silent for longer is not heard all the time
	daysKnown             = 8       // so long gaps are remembered: from one weekend to the end of the next
	daysTold              = 15      // and silences that were told: two weekends
	knownFor              = daysKnown * day
	beatFor     felt.Tick = 15 * 60 // so long the pulse must have been felt
	beatMost    felt.Tick = 5 * 60  // between two beats of a pulse
	servedFor   felt.Tick = 10 * 60 // before the silence customers were there
	sameHour    int64     = 3600    // silences of two days that begin as close to the same time are a habit
	day         felt.Tick = 24 * 3600
)

// voice is how somebody, an app or a service, is heard: how long their pauses usually are.
//
// Telemetry of customers alone says little: they sleep at night and stay away on Sundays. So a voice
// is known after eight days. It is known after a quarter of an hour when it has a pulse, points of
// metrics, which come whether or not customers do, and customers were there until just before:
// what is switched off for the night has none then.
type voice struct {
	first felt.Tick         // heard for the first time; 0 never
	at    felt.Tick         // and for the last
	pulse felt.Tick         // since when points of metrics come without a break; 0 never
	beat  felt.Tick         // the last one
	came  felt.Tick         // the last try of a customer, that was judged; 0 none
	rests bool              // it does not have to speak: not heard since the log goes by the wall clock
	gaps  [daysKnown]uint32 // longest pauses, by the day of their end
	told  [daysTold]uint32  // longest silences that were told
	since [daysTold]uint32  // when in the day those began
	until felt.Tick         // the day up to which the three are
}

// hear notes a sign of life in tick t; told: after a silence that people were told of.
func (v *voice) hear(t felt.Tick, pulse, told bool) {
	if v.first == 0 {
		v.first, v.at = t, t
	}
	v.turn(t)
	gap := uint32(min(max(t-v.at, 0), knownFor)) //nolint:gosec // within eight days
	i, j := t/day%daysKnown, t/day%daysTold
	switch {
	case v.rests:
		v.rests = false
	case !told:
		v.gaps[i] = max(v.gaps[i], gap)
	case gap > v.told[j]:
		v.told[j], v.since[j] = gap, uint32(v.at%day) //nolint:gosec // less than a day
	}
	v.at = max(v.at, t)
	if pulse {
		if v.beat == 0 || t-v.beat > beatMost {
			v.pulse = t
		}
		v.beat = t
	}
}

// turn forgets what is older than the days that are remembered.
func (v *voice) turn(t felt.Tick) {
	now := t / day
	for d := max(v.until+1, now-daysTold+1); d <= now; d++ {
		v.gaps[d%daysKnown], v.told[d%daysTold] = 0, 0
	}
	v.until = max(v.until, now)
}

// usual is the longest pause that is nothing out of the ordinary. A silence that was told is, once;
// when it comes at the same hour of another day, it is a habit.
func (v *voice) usual() felt.Tick {
	longest := uint32(0)
	for _, gap := range v.gaps {
		longest = max(longest, gap)
	}
	for i := range v.told {
		for j := range i {
			if v.told[i] == 0 || v.told[j] == 0 {
				continue
			}
			apart := max(v.since[i], v.since[j]) - min(v.since[i], v.since[j])
			if int64(min(apart, uint32(day)-apart)) <= sameHour {
				longest = max(longest, min(v.told[i], v.told[j]))
			}
		}
	}
	return felt.Tick(longest)
}

// limit is how long it must be silent for people to be told; false when it was not heard all the
// time, or not for long enough to know.
func (v *voice) limit(t, least felt.Tick) (felt.Tick, bool) {
	if v.first == 0 || v.rests {
		return 0, false
	}
	v.turn(t)
	usual := v.usual()
	alive := v.pulse > 0 && v.at-v.pulse >= beatFor && v.at-v.beat <= beatMost
	served := v.came > 0 && v.at-v.came <= servedFor
	if usual > regularMost || v.at-v.first < knownFor && !(alive && served) {
		return 0, false
	}
	return max(least, silentTimes*usual), true
}

// overdue tells that its silence is news.
func (v *voice) overdue(t, least felt.Tick) bool {
	limit, ok := v.limit(t, least)
	return ok && t-v.at >= limit
}

// stood passes over a time in which nobody listened: who is alive has the whole time to say so.
func (v *voice) stood(from, to felt.Tick) {
	for _, at := range []*felt.Tick{&v.beat, &v.came} {
		if *at > 0 {
			*at += to - from
		}
	}
	if v.first > 0 {
		v.at = to
	}
}

// relearn forgets all but that it is there.
func (v *voice) relearn() {
	*v = voice{first: v.at, at: v.at, came: v.came, rests: v.rests, until: v.until}
}

func (v *voice) save(e *codec.Encoder) {
	for _, at := range []felt.Tick{v.first, v.at, v.pulse, v.beat, v.came, v.until} {
		e.Int(int64(at))
	}
	e.Bool(v.rests)
	for _, list := range v.lists() {
		for _, n := range list {
			e.Uint(uint64(n))
		}
	}
}

func (v *voice) load(d *codec.Decoder) {
	for _, at := range []*felt.Tick{&v.first, &v.at, &v.pulse, &v.beat, &v.came, &v.until} {
		*at = felt.Tick(d.Int())
	}
	v.rests = d.Bool()
	for _, list := range v.lists() {
		for i := range list {
			list[i] = uint32(d.UintMax(1<<32 - 1)) //nolint:gosec // within it
		}
	}
}

func (v *voice) lists() [3][]uint32 { return [3][]uint32{v.gaps[:], v.told[:], v.since[:]} }
