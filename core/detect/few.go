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
	hits uint32
	from uint32 // end of the window before the first, good until 2106
}

func (k *struck) add(t felt.Tick, who uint64) {
	if k.hits == 0 {
		k.from = uint32(t - Every)
	}
	k.hits = max(k.hits+1, k.hits) // no further
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
	return min(min(again, others*float64((t-felt.Tick(k.from))/Every-1))+min(again, others), others*windows)
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

// crowd is who came, each once in a window: in the half hour at least up to now, and in the one before.
type crowd [2]struck

const (
	crowdFor  = 1800 // seconds
	crowdFrom = 60   // visits, or else a crowd lasts longer
)

func (c *crowd) add(t felt.Tick, who uint64) {
	if k := &c[0]; k.hits >= crowdFrom && t-felt.Tick(k.from) > crowdFor {
		c[1], c[0] = c[0], struck{}
	}
	c[0].add(t, who)
}

// lack tells whether those who do not come are different customers: at least floor, and enough of
// them without any that are fewer, who may have made up to one visit in each window.
func (c *crowd) lack(r *cusum.Reading, t felt.Tick, floor int) bool {
	came, who, noisy := 0.0, 0.0, 0.0
	floor = max(floor, 1)
	for i := range c {
		if k := &c[i]; k.hits > 0 {
			came += float64(k.hits)
			who = max(who, k.who.count())
			noisy += k.noisy(t, math.Inf(1), floor)
			t = felt.Tick(k.from)
		}
	}
	if int(who) < floor {
		return false
	}
	left := r.N * (1 - min(noisy/came, 1))
	return noisy <= 0 || left > r.Hit && left-r.Hit+r.Hit*math.Log(max(r.Hit, 1e-9)/left) >= rest
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
	e.Uint(uint64(k.hits))
	if k.hits != 0 {
		e.Word(uint64(k.who))
		e.Int(int64(now) - int64(k.from))
	}
}

func (k *struck) load(d *codec.Decoder, now felt.Tick) {
	if k.hits = uint32(d.UintMax(math.MaxUint32)); k.hits != 0 {
		k.who, k.from = few(d.Word()), uint32(int64(now)-d.Int())
	}
}
