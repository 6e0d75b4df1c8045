package main

import (
	"math"

	"github.com/felt-cx/felt/shell/simulate"
)

const window = 10 // seconds, of a [simulate.Stretch]

// ideal is how long a CUSUM takes that knows what was usual, what the fault does, and when it begins, in
// seconds from then on; 0: it does not see it while the fault lasts. It wants so many nats. What was usual, and
// how restless it is, is what the stretch before shows; the effect is what the fault did in all.
func ideal(before, during simulate.Stretch, nats float64) int {
	best := 0
	for _, t := range []test{shareOf(1), shareOf(2), volume} {
		if at := t(before, during, nats); at > 0 && (best == 0 || at < best) {
			best = at
		}
	}
	return best
}

type test func(before, during simulate.Stretch, nats float64) int

// shareOf is the test of a share: 1 those that failed, 2 those that were degraded.
func shareOf(of int) test {
	return func(before, during simulate.Stretch, nats float64) int {
		p0, n0 := share(before, of)
		p1, n1 := share(during, of)
		if n0 == 0 || n1 == 0 || p1 <= p0 {
			return 0
		}
		p0 = max(p0, .5/n0)
		phi, k := 0., 0.
		for _, w := range before.Windows {
			if n := float64(w[0]); n > 0 {
				d := float64(w[of]) - n*p0
				phi += d * d / (n * p0 * (1 - p0))
				k++
			}
		}
		phi = max(phi/max(k-1, 1), 1) // of the binomial variance
		p1 = min(p1, 1-.5/n1)
		up, down := math.Log(p1/p0), math.Log((1-p1)/(1-p0))
		sum := 0.
		for i, w := range during.Windows {
			hit, n := float64(w[of]), float64(w[0])
			if sum = max(0, sum+(hit*up+(n-hit)*down)/phi); sum >= nats {
				return (i + 1) * window
			}
		}
		return 0
	}
}

// share is the share that was hit, and of how many.
func share(s simulate.Stretch, of int) (p, n float64) {
	var hit float64
	for _, w := range s.Windows {
		hit += float64(w[of])
		n += float64(w[0])
	}
	return hit / max(n, 1), n
}

// volume is the test of how many come.
func volume(before, during simulate.Stretch, nats float64) int {
	l0, phi := rate(before)
	l1, _ := rate(during)
	if l0 == 0 || l1 >= l0 {
		return 0
	}
	l1 = max(l1, .05)
	sum := 0.
	for i, w := range during.Windows {
		if sum = max(0, sum+(float64(w[0])*math.Log(l1/l0)+l0-l1)/phi); sum >= nats {
			return (i + 1) * window
		}
	}
	return 0
}

// rate is how many come in a window, and their variance against that of Poisson.
func rate(s simulate.Stretch) (mean, phi float64) {
	whole := s.Windows
	if int(s.Seconds)%window != 0 && len(whole) > 0 {
		whole = whole[:len(whole)-1] // it is cut off
	}
	if len(whole) == 0 {
		return 0, 1
	}
	for _, w := range whole {
		mean += float64(w[0])
	}
	mean /= float64(len(whole))
	for _, w := range whole {
		d := float64(w[0]) - mean
		phi += d * d
	}
	return mean, max(phi/max(float64(len(whole)-1), 1)/max(mean, 1e-9), 1)
}
