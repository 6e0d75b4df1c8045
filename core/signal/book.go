package signal

import (
	"cmp"
	"math"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/rules"
)

// Width is how often values are told.
const Width = 10 * felt.Second

// maxCells bounds the buckets held of all instances: 32 MB.
const maxCells = 4 << 20

// eventsHeld bounds the business events that are remembered, for an hour, so that one that is
// delivered again does not count again.
const (
	eventsHeld = 1 << 16
	eventsLate = felt.Hour
)

// Book holds the state of all signals and KPIs. It is for one goroutine.
type Book struct {
	settings felt.Settings
	rules    *rules.Set
	kpisOf   map[string][]*rules.CompiledKPI // by journey
	events   map[string][]*rules.CompiledKPI // by kind of event

	series  map[seriesKey]*series
	kpis    map[kpiKey]*kpi
	streams int // of all series
	cells   int // of all streams
	swept   felt.Tick
	tick    felt.Tick // the last that was closed

	points []Point // of the tick at hand
	counts []counted
	remembered
	stats Stats
}

type seriesKey struct {
	env   string
	place int
}

type kpiKey struct {
	env   string
	place int
}

// counted is something that a journey or a business event adds to a KPI in the tick at hand.
type counted struct {
	key         kpiKey
	numerator   float64
	denominator float64
}

// Stats are the counters and loads of a book.
type Stats struct {
	Signals, Instances, KPIs int   // held
	Points                   int64 // that said something
	Silent                   int64 // that only began or ended a stream
	Again, Older             int64 // delivered again; older than what was known
	Late                     int64 // too old to say something about now
	Bad                      int64 // whose numbers make no sense
	Resets                   int64 // of counters and distributions
	Mixed                    int64 // of another type or unit than the other instances
	NoRoom                   int64 // of instances or signals for which there was no room
	Values                   int64 // told
	LateEvents               int64 // business events too old to count
}

// NewBook returns a book that has seen nothing.
func NewBook(s felt.Settings) *Book {
	b := &Book{series: map[seriesKey]*series{}, kpis: map[kpiKey]*kpi{}}
	b.remembered.ids = map[uint64]bool{}
	b.Settings(s)
	b.Rules(nil)
	return b
}

// Settings takes new settings.
func (b *Book) Settings(s felt.Settings) { b.settings = s }

// Stats are the counters.
func (b *Book) Stats() Stats {
	s := b.stats
	s.Signals, s.Instances, s.KPIs = len(b.series), b.streams, len(b.kpis)
	return s
}

// Rules puts an inventory in force; nil is an empty one. What it asks for as the one before did
// goes on; the rest is forgotten. Call it after Tick.
func (b *Book) Rules(set *rules.Set) {
	if set == nil {
		set = &rules.Set{}
	}
	b.rules = set
	places, kpis := map[string]*rules.Measure{}, map[string]*rules.CompiledKPI{}
	for _, m := range set.Measures() {
		if _, twice := places[m.Key]; !twice {
			places[m.Key] = m
		}
	}
	b.kpisOf, b.events = map[string][]*rules.CompiledKPI{}, map[string][]*rules.CompiledKPI{}
	for _, k := range set.KPIs() {
		kpis[k.Key] = k
		b.kpisOf[k.Journey.Name] = append(b.kpisOf[k.Journey.Name], k)
		for _, q := range [...]*rules.Quantity{&k.Numerator, &k.Denominator} {
			if q.Event != "" && !slices.Contains(b.events[q.Event], k) {
				b.events[q.Event] = append(b.events[q.Event], k)
			}
		}
	}
	kept := map[seriesKey]*series{}
	for key, x := range b.series {
		if m := places[x.m.Key]; m != nil {
			x.m = m
			kept[seriesKey{key.env, m.Place}] = x
		} else {
			b.forget(x)
		}
	}
	b.series = kept
	keptKPIs := map[kpiKey]*kpi{}
	for key, k := range b.kpis {
		if c := kpis[k.k.Key]; c != nil {
			k.k = c
			keptKPIs[kpiKey{key.env, c.Place}] = k
		}
	}
	b.kpis = keptKPIs
}

// forget takes a series out of the sums.
func (b *Book) forget(x *series) {
	b.streams -= len(x.streams)
	for _, s := range x.streams {
		b.cells -= s.last.cells()
	}
}

// Points takes what the gatherer of a partition handed over, of the tick at hand.
func (b *Book) Points(points []Point, refused int64) {
	b.points = append(b.points, points...)
	b.stats.Bad += refused
}

// Journey counts n journeys of customers in the tick at hand; less than 0 when some turned out
// to be something else.
func (b *Book) Journey(env, app, name string, what Word, n float64) {
	if what == 0 || n == 0 {
		return
	}
	for _, k := range b.kpisOf[name] {
		if k.Journey.App != "" && k.Journey.App != app {
			continue
		}
		c := counted{key: kpiKey{env, k.Place}}
		if k.Numerator.Journey == what.String() {
			c.numerator = n
		}
		if k.Denominator.Journey == what.String() {
			c.denominator = n
		}
		if k.Numerator.Journey != "" || k.Denominator.Journey != "" {
			b.counts = append(b.counts, c)
		}
	}
}

// Business counts events that came from outside of telemetry in tick t. They have no environment:
// they count in the default one.
func (b *Book) Business(t felt.Tick, events []felt.BusinessEvent) {
	if len(b.events) == 0 {
		return
	}
	for i := range events {
		e := &events[i]
		if t.Instant()-e.Time > eventsLate {
			b.stats.LateEvents++
			continue
		}
		if !b.remember(e.ID, t) {
			continue
		}
		for _, k := range b.events[e.Kind] {
			if e.Journey != "" && e.Journey != k.Journey.Name {
				continue
			}
			c := counted{key: kpiKey{otlp.DefaultEnv, k.Place}}
			if k.Numerator.Event == e.Kind {
				c.numerator = 1
			}
			if k.Denominator.Event == e.Kind {
				c.denominator = 1
			}
			b.counts = append(b.counts, c)
		}
	}
}

// Tick closes tick t. At the end of ten seconds it tells the values of which something new
// was learnt, in order of environment, app, journey, kind and name, and the rows of them;
// both are the caller's.
func (b *Book) Tick(t felt.Tick) ([]Sample, []felt.SignalPoint) {
	b.tick = t
	b.enter(t)
	b.count(t)
	if windowOf(t) != t {
		return nil, nil
	}
	var (
		samples []Sample
		rows    []felt.SignalPoint
	)
	tell := func(s Sample, row felt.SignalPoint) {
		b.stats.Values++
		samples, rows = append(samples, s), append(rows, row)
	}
	for _, key := range sortedKeys(b.series, compareSeries) {
		if x := b.series[key]; x.news {
			b.close(x, t, tell)
		}
	}
	for _, key := range sortedKeys(b.kpis, compareKPIs) {
		if k := b.kpis[key]; k.due() != 0 && k.due() <= t {
			b.tellKPI(k, t, tell)
		}
	}
	return samples, rows
}

// sortedKeys are the keys of a map in order.
func sortedKeys[K comparable, V any](m map[K]V, order func(a, b K) int) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, order)
	return keys
}

func compareSeries(a, b seriesKey) int {
	return cmp.Or(cmp.Compare(a.env, b.env), cmp.Compare(a.place, b.place))
}

func compareKPIs(a, b kpiKey) int {
	return cmp.Or(cmp.Compare(a.env, b.env), cmp.Compare(a.place, b.place))
}

// enter takes the points of the tick. In order of their streams: how they were spread over
// partitions must not matter; points of one stream come in the order of the log.
func (b *Book) enter(t felt.Tick) {
	slices.SortStableFunc(b.points, func(x, y Point) int { return cmp.Compare(x.Stream, y.Stream) })
	for i := range b.points {
		p := &b.points[i]
		for _, place := range p.Measures {
			b.point(p, int(place), t)
		}
	}
	clear(b.points)
	b.points = b.points[:0]
}

// point takes a point for one measure.
func (b *Book) point(p *Point, place int, t felt.Tick) {
	x := b.series[seriesKey{p.Env, place}]
	if x == nil {
		if p.NoValue {
			return
		}
		if len(b.series) >= b.settings.Signals && !b.sweep(t, func() bool { return len(b.series) < b.settings.Signals }) {
			b.stats.NoRoom++
			return
		}
		x = &series{env: p.Env, m: b.rules.Measures()[place], peak: math.Inf(-1)}
		b.series[seriesKey{p.Env, place}] = x
	}
	if !x.fits(p) {
		b.streams -= b.shrink(x, t)
		if !x.fits(p) {
			b.stats.Mixed++
			x.why = WhyMixed
			return
		}
	}
	s := b.stream(x, p, t)
	if s == nil {
		return
	}
	cells := s.last.cells()
	g, what := s.take(p, x.shape, t, b.settings.JudgeLate)
	b.cells += s.last.cells() - cells
	b.note(x, what)
	if what != noted {
		return
	}
	if g.reset {
		b.stats.Resets++
	}
	if !x.enter(p, g, t) {
		b.stats.NoRoom++
		x.why = WhyRoom
	}
}

func (b *Book) note(x *series, what note) {
	switch what {
	case noted:
		b.stats.Points++
	case noteSilent:
		b.stats.Silent++
	case noteAgain:
		b.stats.Again++
	case noteOlder:
		b.stats.Older++
	case noteLate:
		b.stats.Late++
		x.why = WhyLate
	case noteBad:
		b.stats.Bad++
	case noteChanged:
		b.stats.Silent++
	}
}

// stream finds the stream of a point, or makes it; nil when there is no room.
func (b *Book) stream(x *series, p *Point, t felt.Tick) *stream {
	at, known := x.find(p.Stream)
	if known {
		return x.streams[at]
	}
	if p.NoValue {
		return nil
	}
	full := func() bool {
		return len(x.streams) >= b.settings.SignalInstances || b.streams >= b.settings.SignalStreams || b.cells >= maxCells
	}
	if full() {
		b.streams -= b.shrink(x, t)
		if full() {
			enough := b.sweep(t, func() bool { return !full() })
			b.series[seriesKey{x.env, x.m.Place}] = x // it may have been let go of itself
			if !enough {
				b.stats.NoRoom++
				x.why = WhyRoom
				return nil
			}
		}
		at, _ = x.find(p.Stream)
	}
	if len(x.streams) == 0 {
		x.begin(p)
	}
	s := &stream{id: p.Stream}
	x.streams = slices.Insert(x.streams, at, s)
	b.streams++
	return s
}

// shrink lets go of the streams of a series that no longer count.
func (b *Book) shrink(x *series, t felt.Tick) int {
	for _, s := range x.streams {
		if s.stale(t) {
			b.cells -= s.last.cells()
		}
	}
	return x.sweep(t)
}

// sweep lets go of all streams that no longer count, and of series without any; once a tick at
// most. It tells whether that was enough.
func (b *Book) sweep(t felt.Tick, enough func() bool) bool {
	if b.swept == t {
		return enough()
	}
	b.swept = t
	for key, x := range b.series {
		b.streams -= b.shrink(x, t)
		if len(x.streams) == 0 && !x.news {
			delete(b.series, key)
		}
	}
	return enough()
}

// count takes what journeys and business events did in the tick.
func (b *Book) count(t felt.Tick) {
	for _, c := range b.counts {
		k := b.kpi(c.key, t)
		if k == nil {
			continue
		}
		k.touch(t)
		k.num.sum += c.numerator
		k.den.sum += c.denominator
		c := b.rules.KPIs()[c.key.place]
		// What a journey does is known as a whole: none of a kind is zero.
		k.num.seen = k.num.seen || c.Numerator.Journey != "" || k.num.sum != 0
		k.den.seen = k.den.seen || c.Denominator.Journey != "" || k.den.sum != 0
	}
	b.counts = b.counts[:0]
}

// kpi finds a KPI of an environment, or makes it; nil when there is no room.
func (b *Book) kpi(key kpiKey, t felt.Tick) *kpi {
	k := b.kpis[key]
	if k == nil {
		if len(b.kpis) >= b.settings.Signals {
			b.stats.NoRoom++
			return nil
		}
		k = &kpi{env: key.env, k: b.rules.KPIs()[key.place], active: t, told: windowOf(t) - felt.Tick(Width/felt.Second)}
		b.kpis[key] = k
	}
	return k
}

// Due is the next tick at which something is to be told without further input; 0 none.
func (b *Book) Due() felt.Tick {
	next := felt.Tick(0)
	sooner := func(t felt.Tick) {
		if t != 0 && (next == 0 || t < next) {
			next = t
		}
	}
	for _, x := range b.series {
		if x.news {
			sooner(x.window)
		}
	}
	for _, k := range b.kpis {
		sooner(k.due())
	}
	if next != 0 && next <= b.tick { // what was waited for came after its time
		next = windowOf(b.tick + 1)
	}
	return next
}
