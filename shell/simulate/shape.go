package simulate

import (
	"math"

	"github.com/felt-cx/felt"
)

// shape is the rate of a business at a moment of its week against the week's average: a
// wave over the day, quiet at night, and weekends of their own.
func (t *site) shape(at felt.Instant) float64 {
	hour := float64(at%felt.Day) / float64(felt.Hour)
	weekday := (int64(at/felt.Day) + 4) % 7 // the epoch was a Thursday; 0 is Sunday
	wave := math.Cos((hour - t.peak) / 24 * 2 * math.Pi)
	// exp of a cosine is a day with a broad peak and a long night.
	k := math.Log(1/t.nights) / 2
	v := math.Exp(k * wave)
	if weekday == 0 || weekday == 6 {
		v *= t.weekends
	}
	return v / t.average()
}

// average of the unscaled shape over a week.
func (t *site) average() float64 {
	if t.mean == 0 {
		k := math.Log(1/t.nights) / 2
		const steps = 96
		var sum float64
		for i := range steps {
			sum += math.Exp(k * math.Cos(float64(i)/steps*2*math.Pi))
		}
		t.mean = sum / steps * (5 + 2*t.weekends) / 7
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
// overlaps two blocks, which leaves two thirds of the variance. perMinute is n.
func (t *site) wander(noise, perMinute float64) {
	var p float64
	for _, o := range t.ops {
		p += o.fails
	}
	p /= float64(len(t.ops))
	const overlap, most = 2. / 3, 1.2
	c2 := min((noise*noise-1)/(perMinute*p*overlap), most*most)
	t.sigma = math.Sqrt(math.Log1p(max(c2, 0)))
}
