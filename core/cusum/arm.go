package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

const (
	low      = 2.0  // nats from which an excursion tells about the tail
	spare    = 3.0  // nats above Rule.Page that a sum may have
	enough   = 200  // excursions that a tail remembers
	shielded = 60.0 // excursions for which the ideal tail counts
	blip     = 120  // seconds; what rose for longer was not a blip
	gain     = 5.0  // most nats that rareness of excursions is worth
)

// arm is one CUSUM, and what its excursions have been like, in 32 bytes.
type arm struct {
	sum    float32 // nats, not calibrated
	peak   float32 // of this excursion
	since  uint32  // end of the window before it began; ticks, good until 2106
	high   uint32  // when it was last at its peak
	hit, n float32 // since then
	tail   tail
}

// tail is how high the excursions of a CUSUM go when nothing is wrong. On ideal data
// the excess over any level falls off as exp(-x); on real data it is heavier, and its
// mean says by how much.
type tail struct{ count, excess float32 }

func (t *tail) scale() float64 {
	return max(1, (float64(t.excess)+shielded)/(float64(t.count)+shielded))
}

func (t *tail) learn(excess float64) {
	t.count++
	t.excess += float32(min(excess, 5*t.scale()+5))
	if t.count > enough {
		t.count *= 1 - 1.0/enough
		t.excess *= 1 - 1.0/enough
	}
}

// add adds the evidence of a window of which hit of n were hits.
func (a *arm) add(t, width felt.Tick, nats, hit, n float64, rule *Rule) {
	if a.sum <= 0 {
		if nats <= 0 {
			return
		}
		a.since, a.hit, a.n, a.peak = uint32(t-width), 0, 0, 0
	}
	a.sum = float32(min(float64(a.sum)+nats, a.raw(rule.top())))
	if a.sum <= 0 {
		a.end(rule)
		return
	}
	if a.sum >= a.peak {
		a.peak, a.high = a.sum, uint32(t)
	}
	a.hit += float32(hit)
	a.n += float32(n)
}

// end ends an excursion. What was high enough to be found and lasted is no noise, so
// the tail does not learn it.
func (a *arm) end(rule *Rule) {
	if a.peak > low && (float64(a.peak) < a.raw(rule.Open) || a.high-a.since <= blip) {
		a.tail.learn(float64(a.peak) - low)
	}
	a.sum, a.peak, a.hit, a.n, a.since, a.high = 0, 0, 0, 0, 0, 0
}

// raw is the sum that is worth so many calibrated nats.
func (a *arm) raw(nats float64) float64 { return low + (nats-low)*a.tail.scale() }

// nats is the sum as calibrated by the tail and by how rarely excursions begin.
func (a *arm) nats(bonus float64) float64 {
	sum := float64(a.sum)
	if sum <= low {
		return sum + bonus*sum/low
	}
	return low + (sum-low)/a.tail.scale() + bonus
}

// take takes over the strongest arm.
func (r *Reading) take(bank []arm, bonus func(j int) float64) {
	best := -1
	for j := range bank {
		if bank[j].sum <= 0 {
			continue
		}
		if s := bank[j].nats(bonus(j)); s > r.Statistic {
			r.Statistic, best = s, j
		}
	}
	if best >= 0 {
		a := &bank[best]
		r.Since, r.Hit, r.N = felt.Tick(a.since), float64(a.hit), float64(a.n)
	}
}

// bonusOf is what an arm with this drift per window, when nothing is wrong, is worth
// more because it rarely leaves zero.
func bonusOf(drift float64) float64 { return clamp(-math.Log(max(drift, 1e-9)), 0, gain) }

// restart ends all excursions of a bank.
func restart(bank []arm, rule *Rule) {
	for j := range bank {
		bank[j].end(rule)
	}
}
