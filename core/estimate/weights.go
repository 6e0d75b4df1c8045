package estimate

import (
	"cmp"
	"slices"

	"github.com/felt-cx/felt"
)

// Weights adds up what interactions stand for. The zero value is empty. The sums do not depend
// on the order in which they were added, so that all stores give the same numbers.
type Weights struct {
	n map[weight]int64
}

type weight struct {
	outcome felt.Outcome
	value   float64
}

// Add counts n interactions of an outcome and a weight. What is less than one stands for one.
func (w *Weights) Add(o felt.Outcome, value float64, n int64) {
	if !(value > 1) {
		value = 1
	}
	if w.n == nil {
		w.n = map[weight]int64{}
	}
	w.n[weight{o, min(value, most)}] += n
}

// Sampled tells whether an interaction stands for more than itself.
func (w *Weights) Sampled() bool {
	for k, n := range w.n {
		if k.value > 1 && n != 0 {
			return true
		}
	}
	return false
}

// Sums are the interactions that there were, indexed by Outcome.
func (w *Weights) Sums() [felt.Outcomes]float64 {
	keys := make([]weight, 0, len(w.n))
	for k := range w.n {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b weight) int { return cmp.Compare(a.value, b.value) })
	var sums [felt.Outcomes]float64
	for _, k := range keys {
		if int(k.outcome) < len(sums) {
			sums[k.outcome] += k.value * float64(w.n[k])
		}
	}
	return sums
}

// Beyond tells whether sums of weights, as buckets keep them, are more than the counts:
// whether some of what they count was sampled.
func Beyond(sums [felt.Outcomes]float64, c felt.Counts) bool {
	total := 0.0
	for _, n := range sums {
		total += n
	}
	return total > float64(c.Decided()+c.Cancelled+c.Open)*(1+1e-9)
}
