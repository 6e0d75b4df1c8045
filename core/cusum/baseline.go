package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

const (
	lag          = 12     // most windows by which the baseline lags; 2 min live
	recalled     = 2000.0 // tries for which the share of the last days counts
	remembered   = 4000.0 // tries that a slow series knows at most, however long they took
	contradicted = 10.0   // tries that a prior then counts for
	unseen       = .5     // hits that may have been missed
	hourHalf     = 3600.0
	dayHalf      = 86400.0
	waiting      = 7200 // seconds for which windows wait at most for what comes of a suspicion
)

type held struct{ hit, n float64 }

// window is what a ring holds of one.
type window struct{ hit, n float32 }

func (h held) window() window { return window{float32(h.hit), float32(h.n)} }
func (w window) held() held   { return held{float64(w.hit), float64(w.n)} }

// baseline is the usual share: discounted counts, two minutes late, without what a
// finding covers.
type baseline struct {
	last    felt.Tick   // the window it has
	now     held        // half-life an hour
	long    held        // half-life a day
	ring    [lag]window // not in yet
	at      int
	limbo   held // waits for what comes of a suspicion
	suspect felt.Tick
}

func lagOf(width felt.Tick) int { return int(clamp(math.Floor(120/float64(width)), 1, lag)) }

// share is the expected share: of the last hour, over that of the last days, over the
// prior; and a bit more, because a share of which little is known may be higher. A prior
// that the own history contradicts hardly counts.
func (b *baseline) share(prior Prior) float64 {
	if b.long.hit > 5+3*prior.Share*b.long.n {
		prior.Weight = min(prior.Weight, contradicted)
	}
	long := (b.long.hit + prior.Share*prior.Weight) / (b.long.n + prior.Weight)
	p := (b.now.hit+long*recalled)/(b.now.n+recalled) + unseen/(b.now.n+b.long.n+1000)
	p += math.Sqrt(p / (b.now.n + b.long.n + 20)) // what chance may hide
	return clamp(p, 1e-7, most95)
}

// known is how many tries the share rests on.
func (b *baseline) known() float64 { return b.now.n + clamp(b.long.n-b.now.n, 1, recalled) }

// push takes a window and lets that of two minutes ago in. suspicious windows wait:
// drop tells that a finding covers all that is on its way, shut that one lasts.
func (b *baseline) push(t felt.Tick, h held, suspicious, drop, shut bool, o *odds) (in held, ok bool) {
	if b.at >= o.lag {
		b.at = 0
	}
	in = b.ring[b.at].held()
	b.ring[b.at] = h.window()
	b.at = (b.at + 1) % o.lag
	if shut {
		b.limbo, b.suspect = held{}, 0
		if drop {
			b.ring = [lag]window{}
		}
		return held{}, false
	}
	if suspicious && (b.suspect == 0 || t-b.suspect < waiting) {
		if b.suspect == 0 {
			b.suspect = t
		}
		b.limbo.hit += in.hit
		b.limbo.n += in.n
		ok = false
	} else {
		b.now.hit += b.limbo.hit + in.hit
		b.now.n += b.limbo.n + in.n
		b.long.hit += b.limbo.hit + in.hit
		b.long.n += b.limbo.n + in.n
		b.limbo, b.suspect = held{}, 0
		ok = true
	}
	b.now.hit *= o.hourly
	b.now.n *= o.hourly
	daily := math.Max(o.daily, 1-in.n/remembered)
	b.long.hit *= daily
	b.long.n *= daily
	return in, ok
}

// skip lets windows pass in which nothing was tried.
func (b *baseline) skip(t, width felt.Tick, shut bool, o *odds) {
	gap := (t - b.last) / width
	b.last = t
	for i := felt.Tick(1); i < gap && i <= lag; i++ {
		b.push(t, held{}, false, false, shut, o)
	}
	if gap -= lag + 1; gap > 0 && !shut {
		over := float64(min(gap, 1<<20)) * float64(width)
		hour := math.Exp2(-over / hourHalf)
		b.now.hit, b.now.n = b.now.hit*hour, b.now.n*hour
	}
}
