package measure

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/sketch"
)

// Try is what stage 3 gets to know of an interaction, step or journey, whose outcome is
// decided for the first time, or anew.
type Try struct {
	*felt.Interaction              // read only: it is in a batch too
	Was               felt.Outcome // of the version before, when that was decided; else none
	// First: no version before had an outcome. Only such a try can be had again from stored
	// rows, so what is to find the same in history as live judges no other.
	First bool
	// Judged is false for what is too old to say anything about now; it still counts
	// for the impact of an incident.
	Judged bool
}

// Who stands for the customer, never 0: the first half of the hash, or of the interaction's
// id when nobody is known, so that each such try is its own customer.
func (y *Try) Who() (who uint64, known bool) {
	if known = !y.Customer.IsZero(); known {
		return max(binary.BigEndian.Uint64(y.Customer[:8]), 1), true
	}
	return max(binary.BigEndian.Uint64(y.ID[:8]), 1), false
}

// Counter is stage 2 of one partition: it makes the rows of interactions, tells journeys
// and links, and counts into buckets. It is for one goroutine.
type Counter struct {
	settings felt.Settings
	part     int
	series   map[seriesKey]int64 // series with a line of their own, and their interactions
	buckets  map[bucketKey]*bucket
	spare    []*bucket // empty, for the next ones
	journeys *ledger
	links    *links
	tries    []Try
	tick     felt.Tick
	stats    CounterStats
}

// CounterStats are the counters of one counter.
type CounterStats struct {
	Interactions int64 // rows of version 1
	NotJudged    int64 // of them, too old to be judged
	OtherSeries  int64 // interactions counted under "other" for want of room
	JourneyStats
}

// seriesKey is one line of counts: interactions of a scope, or journeys of it.
type seriesKey struct {
	scopeKey
	kind felt.InteractionKind
}

type bucketKey struct {
	seriesKey
	window int64
}

// bucket sums what became known of one series and window since the last flush.
type bucket struct {
	counts   felt.Counts
	adjusted [felt.Outcomes]float64
	value    [felt.Outcomes]int64
	crowds   [felt.OutcomeAbandoned + 1]*crowd // by outcome; nil nobody
}

// crowd is who had one outcome, and how long it took them.
type crowd struct {
	customers, sessions, accounts sketch.Distinct
	latency                       sketch.Latency
}

// NewCounter returns the counter of one partition that has seen nothing.
func NewCounter(s felt.Settings, part int) *Counter {
	return &Counter{
		settings: s, part: part,
		series: map[seriesKey]int64{}, buckets: map[bucketKey]*bucket{},
		journeys: newLedger(s, part), links: newLinks(s),
	}
}

// Settings takes new settings.
func (c *Counter) Settings(s felt.Settings) {
	c.settings, c.journeys.settings = s, s
	c.links.settings(s)
}

// Rules puts the last of the sets in force, from the next Tick on; those before it are of journeys
// that are still open. None is an empty inventory. What is open of a journey that is not in it
// ends in that Tick.
func (c *Counter) Rules(sets ...*rules.Set) { c.journeys.rules(sets) }

// RulesInUse calls yield with the versions of the inventory in force and of those of every journey
// held, once each.
func (c *Counter) RulesInUse(yield func(version int64)) { c.journeys.inUse(yield) }

// Told is what stage 2 made of a tick.
type Told struct {
	Interactions []felt.Interaction // the caller's; journeys come last
	Tries        []Try              // of steps, then of journeys; valid until the next Tick
	Links        []felt.Link        // the caller's
}

// Tick takes what every partition of stage 1 decided in tick t, in order of partition.
func (c *Counter) Tick(t felt.Tick, in ...Decided) Told {
	c.tick = t
	c.tries = c.tries[:0]
	list := c.gather(in)
	journeys := c.journeys.tick(t, in)
	if len(list)+len(journeys) == 0 {
		return Told{}
	}
	out := Told{Interactions: make([]felt.Interaction, 0, len(list)+len(journeys))}
	for _, d := range list {
		out.Interactions = append(out.Interactions, d.Interaction)
		c.count(d)
		c.judge(d, &out.Interactions[len(out.Interactions)-1])
		out.Links = c.links.learn(out.Links, &d.Interaction)
	}
	for i := range journeys {
		out.Interactions = append(out.Interactions, journeys[i].Interaction)
		c.count(&journeys[i])
		c.judge(&journeys[i], &out.Interactions[len(out.Interactions)-1])
	}
	out.Tries = c.tries
	return out
}

// gather lists the decisions that are counted here, in order of their ends.
func (c *Counter) gather(in []Decided) []*Decision {
	n := 0
	for _, d := range in {
		n += len(d.Parts[c.part].Decisions)
	}
	if n == 0 {
		return nil
	}
	list := make([]*Decision, 0, n)
	for _, d := range in {
		mine := d.Parts[c.part].Decisions
		for i := range mine {
			list = append(list, &mine[i])
		}
	}
	slices.SortFunc(list, func(a, b *Decision) int {
		return cmp.Or(cmp.Compare(a.End, b.End), bytes.Compare(a.ID[:], b.ID[:]), cmp.Compare(a.Version, b.Version))
	})
	return list
}

// count enters a decision into its buckets, and takes what it replaces out of its own. What is
// withdrawn counts nowhere.
func (c *Counter) count(d *Decision) {
	r := &d.Interaction
	if d.Version > 1 && !d.Was.Withdrawn {
		w := &d.Was
		b := c.bucket(seriesKey{scopeKey{w.Env, w.App, w.Name, w.Traffic}, r.Kind}, w.End)
		b.counts.Add(w.Outcome, -1)
		b.adjusted[w.Outcome] -= w.Weight
		b.value[w.Outcome] -= w.ValueMinor
	}
	if r.Withdrawn() {
		return
	}
	key := seriesKey{scopeKey{r.Env, r.App, r.Name, r.Traffic}, r.Kind}
	b := c.bucket(key, r.End)
	b.counts.Add(r.Outcome, 1)
	b.adjusted[r.Outcome] += r.Weight
	b.value[r.Outcome] += r.ValueMinor
	if hasSketch(r.Outcome) {
		b.crowd(r.Outcome).add(r)
	}
	if d.Version == 1 {
		if _, ok := c.series[key]; ok {
			c.series[key]++
		}
	}
}

// judge hands on to stage 3 what was decided for the first time, or otherwise than before; what
// is outside of every rate is not judged.
func (c *Counter) judge(d *Decision, row *felt.Interaction) {
	judged := recent(row, &c.settings)
	if d.Version == 1 && row.Kind == felt.KindStep {
		c.stats.Interactions++
		if !judged {
			c.stats.NotJudged++
		}
	}
	was := felt.OutcomeNone
	if d.Version > 1 && !d.Was.Withdrawn {
		was = d.Was.Outcome
	}
	if row.Traffic == felt.TrafficCustomer && row.Outcome != was && hasSketch(row.Outcome) {
		c.tries = append(c.tries, Try{Interaction: row, Was: was, First: d.First, Judged: judged})
	}
}

// recent tells that what became known in row.Known says something about that moment.
func recent(row *felt.Interaction, s *felt.Settings) bool {
	return row.End >= row.Known.Instant()-s.JudgeLate
}

// PastTry is the try that stage 3 was told of when a row of [felt.HistoryReader] became known;
// false when it was told of none.
func PastTry(row *felt.Interaction, s *felt.Settings) (Try, bool) {
	return Try{Interaction: row, First: true, Judged: recent(row, s)}, row.Traffic == felt.TrafficCustomer && hasSketch(row.Outcome)
}

// hasSketch tells the outcomes that have sketches in a bucket.
func hasSketch(o felt.Outcome) bool { return o >= felt.OutcomeSuccess && o <= felt.OutcomeAbandoned }

// crowd returns who had an outcome, made if need be.
func (b *bucket) crowd(o felt.Outcome) *crowd {
	if b.crowds[o] == nil {
		b.crowds[o] = &crowd{}
	}
	return b.crowds[o]
}

func (p *crowd) add(r *felt.Interaction) {
	for i, h := range [...]*felt.Hash{&r.Customer, &r.Session, &r.Account} {
		if !h.IsZero() {
			p.people()[i].Add(*h)
		}
	}
	p.latency.Add(r.Duration, 1)
}

func (p *crowd) people() [3]*sketch.Distinct {
	return [...]*sketch.Distinct{&p.customers, &p.sessions, &p.accounts}
}

// bucket returns the bucket of a series and a window. When there are too many series,
// further ones count as "other" of their environment; their rows keep the name.
func (c *Counter) bucket(key seriesKey, end felt.Instant) *bucket {
	if _, ok := c.series[key]; !ok {
		if len(c.series) >= c.settings.SeriesMax {
			c.stats.OtherSeries++
			key = seriesKey{scopeKey{key.env, otherName, otherName, key.traffic}, key.kind}
		} else {
			c.series[key] = 0
		}
	}
	k := bucketKey{key, windowOf(end)}
	b := c.buckets[k]
	if b == nil {
		b = c.newBucket()
		c.buckets[k] = b
	}
	return b
}

// spareBuckets are kept at most. A bucket is large, and in a quiet past there is one for every few interactions.
const spareBuckets = 64

func (c *Counter) newBucket() *bucket {
	n := len(c.spare)
	if n == 0 {
		return &bucket{}
	}
	b := c.spare[n-1]
	c.spare = c.spare[:n-1]
	return b
}

// Flush hands out the bucket deltas when t is a tick for it. Call it after Tick.
func (c *Counter) Flush(t felt.Tick) []felt.Bucket {
	if !flushes(t) || len(c.buckets) == 0 {
		return nil
	}
	rows := make([]felt.Bucket, 0, len(c.buckets))
	for _, k := range c.bucketKeys() {
		b := c.buckets[k]
		row := felt.Bucket{
			Series: k.public(),
			Start:  felt.Instant(k.window) * Window, Width: int32(Window / felt.Second), Known: t,
			Counts: b.counts, Adjusted: b.adjusted, ValueMinor: b.value,
			Customers: b.people(0), Sessions: b.people(1), Accounts: b.people(2),
			Latency: b.encode(func(p *crowd) []byte {
				if p.latency.Count() == 0 {
					return nil
				}
				return p.latency.AppendBinary(nil)
			}),
		}
		rows = append(rows, row)
		if *b = (bucket{}); len(c.spare) < spareBuckets {
			c.spare = append(c.spare, b)
		}
	}
	clear(c.buckets)
	return rows
}

// bucketKeys lists the keys in order.
func (c *Counter) bucketKeys() []bucketKey {
	keys := make([]bucketKey, 0, len(c.buckets))
	for k := range c.buckets {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b bucketKey) int {
		return cmp.Or(compareSeries(a.seriesKey, b.seriesKey), cmp.Compare(a.window, b.window))
	})
	return keys
}

func compareSeries(a, b seriesKey) int {
	return cmp.Or(compareScopes(a.scopeKey, b.scopeKey), cmp.Compare(a.kind, b.kind))
}

func (k seriesKey) public() felt.Series {
	return felt.Series{Env: k.env, App: k.app, Name: k.name, Kind: k.kind, Traffic: k.traffic}
}

func compareScopes(a, b scopeKey) int {
	return cmp.Or(cmp.Compare(a.env, b.env), cmp.Compare(a.app, b.app), cmp.Compare(a.name, b.name),
		cmp.Compare(a.traffic, b.traffic))
}

func (b *bucket) people(level int) felt.Sketches {
	return b.encode(func(p *crowd) []byte {
		s := p.people()[level]
		if s.Count() == 0 {
			return nil
		}
		return s.AppendBinary(nil)
	})
}

func (b *bucket) encode(encode func(*crowd) []byte) felt.Sketches {
	of := func(o felt.Outcome) []byte {
		if b.crowds[o] == nil {
			return nil
		}
		return encode(b.crowds[o])
	}
	return felt.Sketches{
		Success: of(felt.OutcomeSuccess), Degraded: of(felt.OutcomeDegraded),
		Failed: of(felt.OutcomeFailed), Abandoned: of(felt.OutcomeAbandoned),
	}
}

// Due is the next tick at which something happens without any input; 0 when nothing will.
func (c *Counter) Due() felt.Tick {
	due := c.journeys.due()
	if len(c.buckets) > 0 {
		sooner(&due, nextFlush(c.tick))
	}
	return due
}

// Stats returns the counters.
func (c *Counter) Stats() CounterStats {
	s := c.stats
	s.JourneyStats = c.journeys.stats
	return s
}

// CounterHeld is how much a counter holds at the moment.
type CounterHeld struct {
	Journeys int // customers' journeys, those included that have ended and may be corrected
	Links    int
	Bytes    int // of both, about
}

// Held returns how much is held.
func (c *Counter) Held() CounterHeld {
	n, b := c.journeys.held()
	return CounterHeld{Journeys: n, Links: c.links.known.live, Bytes: b + c.links.bytes()}
}

// Names calls yield for every series of steps discovered, with the number of its interactions, in
// no order.
func (c *Counter) Names(yield func(felt.Series, int64)) {
	for k, n := range c.series {
		if k.kind == felt.KindStep {
			yield(k.public(), n)
		}
	}
}

// Buckets is the number of buckets that wait for the next flush.
func (c *Counter) Buckets() int { return len(c.buckets) }
