package simulate

import (
	"math"

	"github.com/felt-cx/felt"
)

// dawn is how long it takes, around midnight, until a working day has become a weekend: nobody's
// customers change their habits within a second.
const dawn = 8 * felt.Hour

// shape is the rate of a business at a moment of its week against the week's average: a
// wave over the day, quiet at night, and weekends of their own.
func (t *site) shape(at felt.Instant) float64 { return t.unscaled(at) / t.average() }

func (t *site) unscaled(at felt.Instant) float64 {
	hour := float64(at%felt.Day) / float64(felt.Hour)
	wave := math.Cos((hour - t.peak) / 24 * 2 * math.Pi)
	// exp of a cosine is a day with a broad peak and a long night.
	k := math.Log(1/t.nights) / 2
	return math.Exp(k*wave + t.dayOf(at))
}

// dayOf is the logarithm of how much more comes on this day of the week than on a working day.
func (t *site) dayOf(at felt.Instant) float64 {
	day := func(at felt.Instant) float64 {
		if weekday := (int64(at/felt.Day) + 4) % 7; weekday == 0 || weekday == 6 { // the epoch was a Thursday; 0 is Sunday
			return math.Log(t.weekends)
		}
		return 0
	}
	x := min(1, float64((at+dawn/2)%felt.Day)/float64(dawn))
	x *= x * (3 - 2*x)
	return day(at-dawn/2)*(1-x) + day(at+dawn/2)*x
}

// average of the unscaled shape over a week.
func (t *site) average() float64 {
	if t.mean == 0 {
		const steps = 7 * 96
		var sum float64
		for i := range steps {
			sum += t.unscaled(felt.Instant(i) * 7 * felt.Day / steps)
		}
		t.mean = sum / steps
	}
	return t.mean
}

// highest is an upper bound of shape.
func (t *site) highest() float64 {
	return math.Exp(math.Log(1/t.nights)/2) * max(1, t.weekends) / t.average()
}

// restless is by how much more or less than usual fails at a moment, on average 1: one
// value for all customers of a business for about a minute, so that failures come in
// bursts as they do on real streams, where the binomial z of a minute has a standard
// deviation of 2.3 instead of 1.
func (w *World) restless(t *site, at felt.Instant) float64 {
	if t.sigma == 0 {
		return 1
	}
	block := uint64((at + felt.Instant(mix(uint64(t.index))%uint64(felt.Minute))) / felt.Minute) //nolint:gosec // after 1970
	h := mix(w.seed ^ mix(block*0x9e37+uint64(t.index)))
	// Box and Muller
	u := (float64(h>>40) + 1) / (1 << 24)
	v := float64(h&(1<<24-1)) / (1 << 24)
	z := math.Sqrt(-2*math.Log(u)) * math.Cos(2*math.Pi*v)
	return math.Exp(t.sigma*z - t.sigma*t.sigma/2)
}

// wander sets sigma so that the failures of a minute have the wanted standard deviation
// of z: the variance of z is 1 + n p c^2 for failures whose rate varies by c. A minute
// overlaps two blocks, which leaves two thirds of the variance. perMinute is n. What is 2.3 on the
// real stream is a share that varies by a tenth, at 400 failures a minute. Where few fail, as
// great a z would take minutes in which twenty times as much fails, and those are outages: there the
// share varies by no more than most.
func (t *site) wander(noise, perMinute float64) {
	var p float64
	for _, o := range t.ops {
		p += o.fails
	}
	p /= float64(len(t.ops))
	const overlap, most = 2. / 3, .6
	c2 := min((noise*noise-1)/(perMinute*p*overlap), most*most)
	t.sigma = math.Sqrt(math.Log1p(max(c2, 0)))
}
