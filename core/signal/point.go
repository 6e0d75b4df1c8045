package signal

import (
	"encoding/binary"
	"math"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/rules"
)

// Point is a metric point that feeds a measure, on its way from the partition where it
// arrived to the book.
type Point struct {
	Env, Service, Unit string
	Measures           []int32 // that it feeds: places in [rules.Set.Measures]
	// Stream tells points of one instance of a metric from those of others: a hash of its
	// resource, its scope and its attributes.
	Stream      uint64
	At          felt.Instant // arrival
	Start, Time felt.Instant
	Type        otlp.PointType
	Temporality uint8 // 1 delta, 2 cumulative
	Monotonic   bool
	NoValue     bool
	Value       float64 // of a gauge or sum
	dist        dist    // of the others
	p95, max    float64 // of a summary; NaN it has none
}

// The temporalities, as in OTLP.
const (
	delta      = 1
	cumulative = 2
)

// Gatherer picks the points of one partition that feed measures. It is for one goroutine.
type Gatherer struct {
	points  []Point
	texts   map[otlp.Text]string // of the present block
	values  []pair               // of the present point; those of its resource come last
	reader  *otlp.Reader
	refused int64
}

type pair struct {
	key   otlp.Text
	value otlp.Value
}

// Begin starts a block.
func (g *Gatherer) Begin(r *otlp.Reader) {
	g.reader = r
	if g.texts == nil {
		g.texts = map[otlp.Text]string{}
	}
	clear(g.texts)
}

// Take takes the point that the reader read last, when it feeds a measure of the set.
// Its metric is none of a measure: false.
func (g *Gatherer) Take(set *rules.Set, pt *otlp.Point, at felt.Instant) bool {
	measures := set.MeasuresOf(g.text(pt.Name))
	if len(measures) == 0 {
		return false
	}
	service := g.text(pt.Fields[otlp.FieldService])
	read := false
	var fits []int32
	for _, m := range measures {
		if m.Asks() && !read {
			g.read()
			read = true
		}
		if m.Holds(service, g.attribute) {
			fits = append(fits, int32(m.Place))
		}
	}
	if fits == nil {
		return true
	}
	if !read {
		g.read()
	}
	p := Point{
		Env: g.text(pt.Fields[otlp.FieldEnv]), Service: service, Unit: g.text(pt.Unit), Measures: fits,
		Stream: g.identity(pt.Name), At: at, Start: pt.Start, Time: pt.Time,
		Type: pt.Type, Temporality: pt.Temporality, Monotonic: pt.Monotonic, NoValue: pt.NoValue,
		Value: pt.Value, p95: math.NaN(), max: math.NaN(),
	}
	if p.Env == "" {
		p.Env = otlp.DefaultEnv
	}
	if p.NoValue || g.fill(&p, pt) {
		g.points = append(g.points, p)
	} else {
		g.refused++
	}
	return true
}

// Hand gives what was taken since the last time, and how many points were refused because their
// numbers make no sense. The points are valid until the next Hand.
func (g *Gatherer) Hand() (points []Point, refused int64) {
	points, refused = g.points, g.refused
	g.points, g.refused = nil, 0
	return points, refused
}

// fill takes the values of a point; false when they make no sense.
func (g *Gatherer) fill(p *Point, pt *otlp.Point) bool {
	switch pt.Type {
	case otlp.PointGauge, otlp.PointSum:
		return !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0)
	case otlp.PointHistogram:
		return p.dist.explicit(pt)
	case otlp.PointExponential:
		return p.dist.exponential(pt)
	case otlp.PointSummary:
		p.dist = dist{count: pt.Count, sum: pt.Sum}
		p.Temporality = cumulative // since its start, says OTLP
		at := math.Inf(1)
		for _, q := range pt.Quantiles {
			if math.IsNaN(q.Value) || math.IsInf(q.Value, 0) {
				continue
			}
			if q.Q >= percentile && q.Q < at {
				at, p.p95 = q.Q, q.Value
			}
			if q.Q == 1 {
				p.max = q.Value
			}
		}
		return !math.IsInf(pt.Sum, 0)
	}
	return false
}

func (g *Gatherer) text(t otlp.Text) string {
	s, ok := g.texts[t]
	if !ok {
		s = string(g.reader.Text(t))
		g.texts[t] = s
	}
	return s
}

// read lists the attributes of the point and of its resource.
func (g *Gatherer) read() {
	g.values = g.values[:0]
	add := func(key otlp.Text, v otlp.Value) { g.values = append(g.values, pair{key, v}) }
	g.reader.Attributes(add)
	g.reader.ResourceAttributes(add)
}

func (g *Gatherer) attribute(key string) (string, bool) {
	for i := range g.values {
		if string(g.reader.Text(g.values[i].key)) == key {
			return g.values[i].value.Format(g.reader.Text), true
		}
	}
	return "", false
}

// sentAt is on a resource and different in every request.
const sentAt = "felt.sent_at"

// identity hashes what tells streams apart. The order of attributes does not matter.
func (g *Gatherer) identity(metric otlp.Text) uint64 {
	scope, _ := g.reader.Scope()
	id := hashBytes(hashBytes(offset, g.reader.Text(metric)), g.reader.Text(scope))
	var number [8]byte
	for i := range g.values {
		key, v := g.reader.Text(g.values[i].key), &g.values[i].value
		if string(key) == sentAt {
			continue
		}
		h := hashBytes(offset, key)
		h = (h ^ uint64(v.Kind)) * prime
		switch v.Kind {
		case otlp.ValueText, otlp.ValueJSON:
			h = hashBytes(h, g.reader.Text(v.Text))
		case otlp.ValueBytes:
			h = hashBytes(h, v.Bytes)
		case otlp.ValueInt:
			binary.LittleEndian.PutUint64(number[:], uint64(v.Int))
			h = hashBytes(h, number[:])
		case otlp.ValueDouble:
			binary.LittleEndian.PutUint64(number[:], math.Float64bits(v.Double))
			h = hashBytes(h, number[:])
		case otlp.ValueBool:
			if v.Bool {
				h = (h ^ 1) * prime
			}
		case otlp.ValueEmpty:
		}
		id += mix(h) // a sum has no order
	}
	return mix(id)
}

// FNV-1a.
const (
	offset = 14695981039346656037
	prime  = 1099511628211
)

func hashBytes(h uint64, b []byte) uint64 {
	for _, c := range b {
		h = (h ^ uint64(c)) * prime
	}
	return (h ^ 0xff) * prime // so that "a", "bc" is not "ab", "c"
}

// mix spreads the bits of a hash, so that sums of hashes are as good as hashes.
func mix(h uint64) uint64 {
	h ^= h >> 30
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	h *= 0x94d049bb133111eb
	return h ^ h>>31
}
