package backtest

import (
	"math"

	"github.com/felt-cx/felt"
)

// plotBins is how many points a picture has at most: more than it has pixels to tell apart.
const plotBins = 1000

// bin is what a picture keeps of some time.
type bin struct {
	windows                                    int
	decided, failed, degraded, slow, abandoned float64 // sums, of counts
	low, high                                  float64 // the least and the most of a window, or of a value
	bandLow, bandHigh                          float64 // sums, of values
}

func (b *bin) merge(o *bin) {
	if o.windows == 0 {
		return
	}
	if b.windows == 0 {
		*b = *o
		return
	}
	b.windows += o.windows
	b.decided += o.decided
	b.failed += o.failed
	b.degraded += o.degraded
	b.slow += o.slow
	b.abandoned += o.abandoned
	b.low, b.high = min(b.low, o.low), max(b.high, o.high)
	b.bandLow += o.bandLow
	b.bandHigh += o.bandHigh
}

// Plot is a picture of a series as it is judged, in a fixed amount of memory: when its bins do
// not reach, two become one. The zero value is ready. It is a [Watcher].
type Plot struct {
	kind  Kind
	width felt.Instant // of a bin
	first felt.Instant
	last  felt.Instant
	bins  []bin
}

// Begin is called before the first window.
func (p *Plot) Begin(kind Kind, step felt.Instant) {
	*p = Plot{kind: kind, width: max(step, felt.Second), bins: p.bins[:0]}
}

// Window is a window of counts.
func (p *Plot) Window(start felt.Instant, row *Row) {
	n := float64(row.Success + row.Degraded + row.Failed + row.Abandoned)
	p.at(start).merge(&bin{
		windows: 1, decided: n, failed: float64(row.Failed), degraded: float64(row.Degraded),
		slow: float64(row.Slow), abandoned: float64(row.Abandoned), low: n, high: n,
	})
}

// Value is a point and its band.
func (p *Plot) Value(at felt.Instant, value, low, high float64) {
	// A number beyond what can be drawn, and a band that is not known, would spoil the rest.
	const most = 1e300
	value = min(max(value, -most), most)
	if !(math.Abs(low) < most && math.Abs(high) < most) {
		low, high = value, value
	}
	p.at(at).merge(&bin{windows: 1, low: value, high: value, bandLow: low, bandHigh: high})
}

// at is the bin of a time; what is before the first one, as an hour that came again, is in it.
func (p *Plot) at(t felt.Instant) *bin {
	if len(p.bins) == 0 {
		p.first = t
	}
	p.last = max(p.last, t)
	for (t-p.first)/p.width >= plotBins {
		p.double()
	}
	i := max(int((t-p.first)/p.width), 0)
	for len(p.bins) <= i {
		p.bins = append(p.bins, bin{})
	}
	return &p.bins[i]
}

func (p *Plot) double() {
	half := (len(p.bins) + 1) / 2
	for i := range half {
		b := p.bins[2*i]
		if 2*i+1 < len(p.bins) {
			b.merge(&p.bins[2*i+1])
		}
		p.bins[i] = b
	}
	p.bins = p.bins[:half]
	p.width *= 2
}
