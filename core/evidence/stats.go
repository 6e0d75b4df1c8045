package evidence

import (
	"math"
	"slices"
)

// wilson is the 95 % interval of a share.
func wilson(bad, n float64) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	const z = 1.96
	p := min(max(bad/n, 0), 1)
	mid := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max((mid-half)/(1+z*z/n), 0), min((mid+half)/(1+z*z/n), 1)
}

// kl is how many nats n tries of which the share is p tell against a share of q.
func kl(p, q, n float64) float64 {
	q = min(max(q, 1e-6), 1-1e-6)
	sum := 0.0
	if p > 0 {
		sum += p * math.Log(p/q)
	}
	if p < 1 {
		sum += (1 - p) * math.Log((1-p)/(1-q))
	}
	return n * sum
}

// worse is what two shares tell for that the first is greater, in nats; negative when it is less.
func worse(bad, n, otherBad, otherN float64) float64 {
	if n <= 0 || otherN <= 0 {
		return 0
	}
	p, q := bad/n, otherBad/otherN
	both := (bad + otherBad) / (n + otherN)
	g := kl(p, both, n) + kl(q, both, otherN)
	if p < q {
		return -g
	}
	return g
}

// median sorts what it is given; 0 of nothing.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	if m := len(v) / 2; len(v)%2 == 0 {
		return (v[m-1] + v[m]) / 2
	}
	return v[len(v)/2]
}

// band is what is usual of a number.
type band struct{ mid, mad float64 }

// bandOf is the median and 1.4826 times the median deviation from it.
func bandOf(v []float64) band {
	b := band{mid: median(slices.Clone(v))}
	dev := make([]float64, len(v))
	for i, x := range v {
		dev[i] = math.Abs(x - b.mid)
	}
	b.mad = 1.4826 * median(dev)
	return b
}

// since is where a sum over the rest of a list is greatest, and that sum; -1 when none is above 0.
func since(list []float64) (at int, best float64) {
	at = -1
	sum := 0.0
	for i := len(list) - 1; i >= 0; i-- {
		if sum += list[i]; sum > best {
			at, best = i, sum
		}
	}
	return at, best
}
