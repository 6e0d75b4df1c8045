package signal

import (
	"cmp"
	"math"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/rules"
)

// series is one measure in one environment: its instances, and the ten seconds at hand.
type series struct {
	env     string
	m       *rules.Measure
	shape   shape // of the instances; 0 there are none
	unit    string
	streams []*stream // by id

	// Of the instances: "" and 0 when they differ.
	service     string
	temporality uint8

	news       bool      // something was learnt in this window
	window     felt.Tick // that ends here
	added      float64
	sum        float64
	noSum      bool // of some observations the sum is not known
	mix        mixture
	peak       float64 // the greatest value said by differences, or by summaries; -Inf none
	p95, p95By float64 // of summaries: weighted sum, and weights
	why        Why
}

// Why says why points of a signal's metric make no value.
type Why uint8

// The reasons.
const (
	WhyNone      Why = iota
	WhyMixed         // its instances have different types or units
	WhyStatistic     // its statistic cannot be had of such points
	WhyRoom          // there are too many instances
	WhyLate          // points come too late
)

// String completes "no value, because ...".
func (w Why) String() string {
	switch w {
	case WhyMixed:
		return "points of different types or units came: ask for one service, or for one of the values of an attribute"
	case WhyStatistic:
		return "the statistic cannot be had of points of this type"
	case WhyRoom:
		return "there are too many instances: ask for fewer with service and where"
	case WhyLate:
		return "its points arrive too late to say something about now"
	case WhyNone:
	}
	return ""
}

// shapeOf says how a point is to be read for a measure.
func (x *series) shapeOf(p *Point) shape {
	switch {
	case p.Type != otlp.PointGauge && p.Type != otlp.PointSum:
		return shapeDist
	case p.Type == otlp.PointSum && p.Monotonic, x.m.Statistic == "rate":
		return shapeCounter
	}
	return shapeLevel
}

// statistic is what is told of the series.
func (x *series) statistic() string {
	switch {
	case x.m.Statistic != "" || x.m.Role != rules.RoleSignal:
		return x.m.Statistic
	case x.shape == shapeCounter:
		return "rate"
	case x.shape == shapeDist:
		return "p95"
	case x.m.HasLimit:
		return "max"
	case x.temporality == 0: // a gauge
		return "mean"
	}
	return "sum"
}

// find gives the place of a stream.
func (x *series) find(id uint64) (int, bool) {
	return slices.BinarySearchFunc(x.streams, id, func(s *stream, id uint64) int { return cmp.Compare(s.id, id) })
}

// sweep lets go of streams that no longer count, and returns how many.
func (x *series) sweep(t felt.Tick) int {
	n := len(x.streams)
	x.streams = slices.DeleteFunc(x.streams, func(s *stream) bool { return s.stale(t) })
	return n - len(x.streams)
}

// fits tells whether a point is of the kind of those of the other instances.
func (x *series) fits(p *Point) bool {
	return len(x.streams) == 0 || x.shape == x.shapeOf(p) && (x.unit == p.Unit || p.NoValue)
}

// begin takes over what the first of the instances says of itself.
func (x *series) begin(p *Point) {
	x.close() // of other types, if anything
	x.shape, x.unit, x.service, x.temporality = x.shapeOf(p), p.Unit, p.Service, p.Temporality
}

// enter adds what a point said.
func (x *series) enter(p *Point, g gain, t felt.Tick) bool {
	if x.service != p.Service {
		x.service = ""
	}
	if x.temporality != p.Temporality && x.shape != shapeLevel {
		x.temporality = 0
	}
	x.news, x.window = true, windowOf(t)
	x.added += g.n
	d := g.dist
	if d == nil || d.count == 0 {
		return true
	}
	if math.IsNaN(d.sum) {
		x.noSum = true
	} else {
		x.sum += d.sum
	}
	for _, v := range [...]float64{d.max, p.max} {
		if !math.IsNaN(v) {
			x.peak = max(x.peak, v)
		}
	}
	if p.Type == otlp.PointSummary {
		if !math.IsNaN(p.p95) {
			x.p95 += g.n * p.p95
			x.p95By += g.n
		}
		return true
	}
	return x.mix.add(d)
}

// close begins the next ten seconds.
func (x *series) close() {
	x.news, x.added, x.sum, x.noSum, x.p95, x.p95By = false, 0, 0, false, 0, 0
	x.peak = math.Inf(-1)
	x.mix.reset()
}

// values are those of the instances that count, in order.
func (x *series) values(t felt.Tick) []float64 {
	var vs []float64
	for _, s := range x.streams {
		if s.has && !s.stale(t) {
			vs = append(vs, s.value)
		}
	}
	return vs
}

// result is a value of a statistic, and what it rests on.
type result struct {
	value, n float64
	unit     string
}

// told is the value of the ten seconds that end at t; when there is none, why, if it is no
// ordinary matter.
func (x *series) told(t felt.Tick) (r result, ok bool, why Why) {
	statistic := x.statistic()
	switch {
	case x.shape != shapeDist || statistic == "rate":
		r, ok = x.reported(statistic, x.values(t))
	case x.added == 0 && statistic != "count":
		return r, false, WhyNone // nothing was observed
	default:
		r, ok = x.observed(statistic)
	}
	if !ok || math.IsNaN(r.value) || math.IsInf(r.value, 0) {
		return result{}, false, WhyStatistic
	}
	return r, true, WhyNone
}

// observed is a statistic of all observations of the window.
func (x *series) observed(statistic string) (r result, ok bool) {
	r.n, r.unit = x.added, x.unit
	switch statistic {
	case "count":
		return result{x.added, x.added, "1"}, true
	case "sum":
		r.value = x.total()
		return r, true
	case "mean":
		r.value = x.total() / x.added
		return r, true
	case "max":
		if x.peak > math.Inf(-1) {
			r.value = x.peak
			return r, true
		}
		r.value, ok = x.mix.most()
		return r, ok
	case "p95":
		if x.p95By > 0 {
			r.value = x.p95 / x.p95By
			return r, true
		}
		r.value, ok = x.mix.quantile(percentile)
		return r, ok
	case "above":
		r.unit = "1"
		r.value, ok = x.mix.above(x.m.Threshold)
		return r, ok
	}
	return r, false
}

// total is the sum of all observations, from the buckets where it was not sent.
func (x *series) total() float64 {
	if x.noSum {
		return x.mix.middle()
	}
	return x.sum
}

// reported is a statistic over the instances.
func (x *series) reported(statistic string, vs []float64) (r result, ok bool) {
	if statistic == "count" && x.shape == shapeCounter {
		return result{x.added, float64(len(vs)), "1"}, true
	}
	if len(vs) == 0 {
		return r, false // cannot be: there was news
	}
	r.n, r.unit = float64(len(vs)), x.unit
	if x.shape != shapeLevel {
		r.unit += "/s"
		if x.shape == shapeDist {
			r.unit = "1/s"
		}
	}
	switch statistic {
	case "count":
		return result{r.n, r.n, "1"}, true
	case "rate", "sum":
		for _, v := range vs {
			r.value += v
		}
	case "mean":
		for _, v := range vs {
			r.value += v / r.n
		}
	case "max":
		r.value = slices.Max(vs)
	case "p95": // the least that at least 95 % do not exceed
		slices.Sort(vs)
		r.value = vs[int(math.Ceil(percentile*r.n))-1]
	case "above":
		for _, v := range vs {
			if v > x.m.Threshold {
				r.value++
			}
		}
		r.value, r.unit = r.value/r.n, "1"
	default:
		return r, false
	}
	return r, true
}
