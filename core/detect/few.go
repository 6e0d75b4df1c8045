package detect

import (
	"math"
	"math/bits"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/cusum"
)

// few is how many different customers there were since something began, in eight bytes: a bit for
// each by their hash in the low 48, and above them the rounds before, for the bits are cleared when
// half of them are set. It counts a handful well enough, and hundreds to some per cent.
type few uint64

const (
	fewBits  = 48
	fewMask  = 1<<fewBits - 1
	fewFull  = fewBits / 2
	fewRound = 33 // customers set so many bits, give or take
	fewError = 4  // of them
)

func (f *few) add(who uint64) {
	*f |= 1 << ((who * 0x9e3779b97f4a7c15 >> 32) * fewBits >> 32)
	if bits.OnesCount64(uint64(*f)&fewMask) >= fewFull {
		*f = few(min(uint64(*f)>>fewBits+1, math.MaxUint16)) << fewBits
	}
}

// count is about how many there were.
func (f few) count() float64 {
	return fewRound*float64(f>>fewBits) - fewBits*math.Log1p(-float64(bits.OnesCount64(uint64(f)&fewMask))/fewBits)
}

// least is how many there were at least, when so many come again and again, who count once a round.
func (f few) least(again int) float64 {
	rounds := float64(f >> fewBits)
	return f.count() - min(rounds*float64(min(again, fewRound/4))+2*fewError*math.Sqrt(rounds), rounds*fewRound)
}

// struck is who was hit since some evidence began, each once in a window.
type struck struct {
	who  few
	hits int64
	from felt.Tick // end of the window before the first
}

func (k *struck) add(t felt.Tick, who uint64) {
	if k.hits == 0 {
		k.from = t - Every
	}
	k.hits++
	k.who.add(who)
}

// rest is how many nats those who are left must show when the few who are hit again and again are
// taken away.
const rest = 7

// noisy is how many of the hits in the last so many windows may come of less than floor customers:
// the repeats, up to one in each window, and one for each of the customers.
func (k *struck) noisy(t felt.Tick, windows float64, floor int) float64 {
	again := float64(k.hits) - k.who.least(floor-1)
	if again < 2 {
		return 0
	}
	others := float64(floor - 1)
	return min(min(again, others*float64((t-k.from)/Every-1))+min(again, others), others*windows)
}

// of tells whether what a test says is of different customers: of at least floor, and of more than
// usual without any that are fewer. Else one who fails in every window would be the news, as soon as
// others have the bad luck that they always have.
func (k *struck) of(r *cusum.Reading, t felt.Tick, floor int) bool {
	if floor = max(floor, 1); int(k.who.count()) < floor {
		return false
	}
	noisy := k.noisy(t, float64((t-r.Since)/Every), floor)
	return noisy <= 0 || excess(r.Hit-noisy, r.N-noisy, r.Expected) >= rest
}

// excess is minus the logarithm of the chance of so many hits of n, when each is one with
// probability p: about, and never too little chance.
func excess(hits, n, p float64) float64 {
	if hits <= 0 || n <= 0 || p <= 0 || p >= 1 || hits/n <= p {
		return 0
	}
	q := min(hits/n, 1)
	nats := q * math.Log(q/p)
	if q < 1 {
		nats += (1 - q) * math.Log((1-q)/(1-p))
	}
	return n * nats
}

func (k *struck) save(e *codec.Encoder, now felt.Tick) {
	e.Int(k.hits)
	if k.hits != 0 {
		e.Word(uint64(k.who))
		e.Int(int64(now - k.from))
	}
}

func (k *struck) load(d *codec.Decoder, now felt.Tick) {
	if k.hits = d.Int(); k.hits != 0 {
		k.who, k.from = few(d.Word()), now-felt.Tick(d.Int())
	}
}
