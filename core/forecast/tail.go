package forecast

import (
	"math"

	"github.com/felt-cx/felt/core/codec"
)

const (
	bins   = 128
	perLog = 10 // bins for a factor e
	first  = 40 // the bin of 1

	upper     = 0.1 // share of blocks that makes the tail
	tailLeast = 5   // ... and blocks in it at least

	priorBlocks   = 40
	priorExponent = 3
	priorPeaks    = 20
)

// tail ranks a statistic in its own past: block maxima in bins of equal ratio,
// forgotten exponentially. Bin 0 takes everything that is not positive.
type tail struct {
	count [bins]float32
	sum   float32
	peak  float64 // largest of the open block

	high int // the highest bin with anything in it

	// Made from the counts by fit.
	from     float64 // where the Pareto tail begins
	exponent float64
	base     float64 // nats at from
}

func binOf(s float64) int {
	if !(s > 0) {
		return 0
	}
	return min(max(int(math.Floor(math.Log(s)*perLog))+first, 0), bins-1)
}

func edgeOf(bin int) float64 { return math.Exp(float64(bin-first) / perLog) }

// close ends a block; keep is what is left of the older ones, least the smallest value
// at which the tail may begin.
func (a *tail) close(keep float32, least float64) {
	for i := range a.count[:a.high+1] {
		a.count[i] *= keep
	}
	a.sum = a.sum*keep + 1
	bin := binOf(a.peak)
	a.count[bin]++
	a.high = max(a.high, bin)
	a.peak = 0
	a.fit(least)
}

// fit makes the Pareto tail: Hill's exponent of the upper tenth, shrunk to the prior's.
func (a *tail) fit(least float64) {
	want := upper * (float64(a.sum) + priorBlocks)
	var n, logs float64
	bin := a.high
	for ; bin > first-2*perLog; bin-- {
		c := float64(a.count[bin])
		if n+c > want && n >= tailLeast {
			break
		}
		n += c
		logs += c * (float64(bin) + 0.5)
		if n >= want {
			bin--
			break
		}
	}
	over := (logs - n*float64(bin+1)) / perLog // sum of the logarithms of value over start
	a.exponent = (n + priorPeaks) / (over + priorPeaks/float64(priorExponent))
	a.from = max(edgeOf(bin+1), least)
	a.base = -math.Log((n + priorBlocks*upper) / (float64(a.sum) + priorBlocks))
}

// nats is minus the logarithm of the chance that a block's largest value is s or more.
// Below the tail it says no more than that it is not in it.
func (a *tail) nats(s float64) float64 {
	if !(s > a.from) {
		return a.base
	}
	return a.base + a.exponent*math.Log(s/a.from)
}

// at is the inverse of nats: the smallest value with that many; never within the bulk.
func (a *tail) at(nats float64) float64 {
	return a.from * math.Exp(max(nats-a.base, 0)/a.exponent)
}

func (a *tail) save(e *codec.Encoder) {
	for _, c := range a.count {
		saveSmall(e, c)
	}
	saveSmall(e, a.sum)
	e.Float(a.peak)
}

func (a *tail) load(d *codec.Decoder) {
	for i := range a.count {
		if a.count[i] = loadSmall(d); a.count[i] != 0 {
			a.high = i
		}
	}
	a.sum = loadSmall(d)
	a.peak = loadFloat(d)
}

// saveSmall writes the four bytes of a float32; nothing but a zero byte for zero.
func saveSmall(e *codec.Encoder, v float32) { e.Uint(uint64(math.Float32bits(v))) }

func loadSmall(d *codec.Decoder) float32 {
	v := math.Float32frombits(uint32(d.UintMax(math.MaxUint32)))
	if !finite(float64(v)) {
		d.Fail("value that is no number")
		return 0
	}
	return v
}

func loadFloat(d *codec.Decoder) float64 {
	v := d.Float()
	if !finite(v) {
		d.Fail("value that is no number")
		return 0
	}
	return v
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
