package measure

import (
	"maps"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// Save appends the whole state. Call it between ticks.
func (c *Counter) Save(e *codec.Encoder) {
	e.Int(int64(c.tick))
	e.Int(c.stats.Interactions)
	e.Int(c.stats.NotJudged)
	e.Int(c.stats.OtherSeries)
	e.Len(len(c.series))
	for _, s := range slices.SortedFunc(maps.Keys(c.series), compareSeries) {
		s.save(e)
		e.Int(c.series[s])
	}
	e.Len(len(c.buckets))
	for _, k := range c.bucketKeys() {
		k.save(e)
		e.Int(k.window)
		c.buckets[k].save(e)
	}
	c.journeys.save(e)
	c.links.save(e)
}

func (s seriesKey) save(e *codec.Encoder) {
	s.scopeKey.save(e)
	e.Uint(uint64(s.kind))
}

func loadSeries(d *codec.Decoder) seriesKey {
	return seriesKey{loadScope(d), felt.InteractionKind(d.UintMax(uint64(felt.KindJourney)))}
}

// Load is the inverse of Save, into a new counter that has its rules. What is wrong shows in
// the decoder's error.
func (c *Counter) Load(d *codec.Decoder) {
	c.tick = felt.Tick(d.Int())
	c.stats = CounterStats{Interactions: d.Int(), NotJudged: d.Int(), OtherSeries: d.Int()}
	for n := d.Len(6); n > 0; n-- {
		s := loadSeries(d)
		c.series[s] = d.Int()
	}
	for n := d.Len(20); n > 0 && d.Err() == nil; n-- {
		k := bucketKey{loadSeries(d), d.Int()}
		b := &bucket{}
		b.load(d)
		c.buckets[k] = b
	}
	c.journeys.load(d)
	c.links.load(d)
}

func (b *bucket) numbers() []*int64 {
	n := &b.counts
	return []*int64{&n.Success, &n.Degraded, &n.Failed, &n.Abandoned, &n.Cancelled, &n.Open}
}

func (b *bucket) save(e *codec.Encoder) {
	for _, n := range b.numbers() {
		e.Int(*n)
	}
	for i := range b.adjusted {
		e.Float(b.adjusted[i])
		e.Int(b.value[i])
	}
	for o := felt.OutcomeSuccess; o <= felt.OutcomeAbandoned; o++ {
		p := b.crowds[o]
		if p == nil {
			p = &crowd{}
		}
		for _, s := range p.people() {
			e.Bytes(s.AppendBinary(nil))
		}
		e.Bytes(p.latency.AppendBinary(nil))
	}
}

func (b *bucket) load(d *codec.Decoder) {
	for _, n := range b.numbers() {
		*n = d.Int()
	}
	for i := range b.adjusted {
		b.adjusted[i] = d.Float()
		b.value[i] = d.Int()
	}
	for o := felt.OutcomeSuccess; o <= felt.OutcomeAbandoned; o++ {
		p := &crowd{}
		some := false
		for _, s := range p.people() {
			*s = loadDistinct(d)
			some = some || s.Count() > 0
		}
		if p.latency = loadLatency(d); some || p.latency.Count() > 0 {
			b.crowds[o] = p
		}
	}
}
