package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

const (
	hours     = 168
	twoWeeks  = 14 * 86400
	octave    = 12 // steps of a code in which a share doubles
	faintest  = 1e-6
	mostByDay = 4.0 // most by which the hour of the week raises a share
)

// week is the share of each hour of the week, once there are two of them. It only
// raises what is expected: a share must be high against the last hour and against
// what this hour of the week is like.
type week struct {
	code  [hours]uint8 // 0: not known; else 12 steps an octave from 1e-6 up
	seen  uint8        // 1 when two weeks are known
	hour  uint8        // under way
	count held         // of it
	off   bool         // a finding or a suspicion touched it
	usual float64      // what the baseline has of these shares, fading alike
	now   float64      // share of the hour under way, made from its code
}

func hourOf(t felt.Tick) uint8 { return uint8((((t-1)/3600)%hours + hours) % hours) }

func (k *week) share(h uint8) float64 {
	if k.code[h] == 0 {
		return 0
	}
	return faintest * math.Exp2(float64(k.code[h]-1)/octave)
}

// factor is by how much more than in the last hour is usual at this one.
func (k *week) factor(t felt.Tick) float64 {
	s := k.now
	if h := hourOf(t); h != k.hour {
		s = k.share(h)
	}
	if s <= 0 || k.usual <= 0 {
		return 1
	}
	return clamp(s/k.usual, 1, mostByDay)
}

func (k *week) step(t felt.Tick, in held, ok bool, p, fading float64, first felt.Tick) {
	h := hourOf(t)
	if h != k.hour {
		k.close(p)
		k.hour, k.count, k.off, k.now = h, held{}, false, k.share(h)
		if t-first >= twoWeeks {
			k.seen = 1
		}
	}
	k.count.hit += in.hit
	k.count.n += in.n
	k.off = k.off || !ok
	if k.seen > 0 && k.now > 0 {
		if k.usual <= 0 {
			k.usual = k.now
		}
		k.usual += (1 - fading) * (k.now - k.usual)
	}
}

// close learns the hour, half of what is new at a time. Few hits change little.
func (k *week) close(p float64) {
	if k.off || k.count.n <= 0 || p <= 0 {
		return
	}
	few := 10 / p
	s := (k.count.hit + few*p) / (k.count.n + few)
	if old := k.share(k.hour); old > 0 {
		s = math.Sqrt(s * old)
	}
	k.code[k.hour] = uint8(clamp(1+math.Round(octave*math.Log2(s/faintest)), 1, 255))
}
