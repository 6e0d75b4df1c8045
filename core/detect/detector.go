package detect

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
	"github.com/felt-cx/felt/core/measure"
	"github.com/felt-cx/felt/core/rules"
)

// OpenAt is the sensitivity that ships, the same for every series: nats at which a finding
// opens.
const OpenAt = cusum.Open

// falseFindings is how many findings a day may come by chance over everything: when there are
// thousands of series, a finding takes more evidence than the sensitivity that ships, so that the
// list of them stays worth reading.
const falseFindings = 24.0

// lightAt is how much evidence a segment value needs: more than a whole, for there are many.
const lightAt = 17.0

// Bounds in time.
const (
	liveFor    felt.Tick = 24 * 3600      // a series counts as live so long after its last try
	keptFor    felt.Tick = 15 * 24 * 3600 // and is kept so long
	watchedFor felt.Tick = 48 * 3600      // when nothing at all came for so long, nothing is due
	reviewed   felt.Tick = 600            // how often thresholds and bounds are looked at
)

// Detector judges all series of a log. It is for one goroutine.
type Detector struct {
	settings felt.Settings
	rules    *rules.Set
	series   map[key]*series
	order    []*series // by key
	dirty    bool      // order and links are not up to date
	recount  bool      // nor is the number of tests; not so after a restore
	nextID   uint32
	values   int // admitted segment values, of all series
	refused  int64
	tick     felt.Tick // the last one
	judged   felt.Tick // the last judging
	stood    felt.Tick // nothing up to here is judged
	pauses   []pause   // that are to be told of
	last     felt.Tick // with a try
	tests    float64   // for which the thresholds are made
	terms    Terms
	light    cusum.Rule
	usual    map[scope]*usual
	plain    *plan // of what the inventory says nothing of
	sources  sources
	apps     apps
	samples  samples
	recent   recent
	gone     []*lasting // findings of what is not judged any more

	out    []felt.Finding
	events []Event
	took   []felt.Instant
	tally  tally
	said   []said
	texts  map[string]*string
	names  int // of values, when those of nobody were looked for
}

// New returns a detector that has seen nothing.
func New(s felt.Settings) *Detector {
	d := &Detector{
		settings: s, series: map[key]*series{}, usual: map[scope]*usual{}, plain: &plan{keys: usualKeys()}, texts: map[string]*string{},
		sources: newSources(), apps: newApps(), samples: newSamples(), recent: newRecent(), tests: 1,
	}
	d.rule()
	return d
}

// Settings takes new settings.
func (d *Detector) Settings(s felt.Settings) {
	d.settings = s
	d.rule()
}

// DefaultTerms are what ships for a line of windows of a width in seconds that is judged
// alone: a finding pages as soon as it opens.
func DefaultTerms(width felt.Tick) Terms {
	r := cusum.Rule{Width: width, Open: OpenAt, Page: OpenAt}
	return Terms{Rule: r, Drop: r, Unfinished: cusum.Prior{Share: leaveMost, Weight: leaveWeight}}
}

// That most leave is believed of what nothing is known of, but lightly: there are journeys that
// one in twenty leaves as ever, and others that half of all leave, and neither is a finding.
const (
	leaveMost   = .9
	leaveWeight = 20
)

// PageAt is the evidence in nats at which a finding is of paging class when so many tests are
// judged every width seconds, and falsePages a day are allowed by chance over all of them.
func PageAt(tests, falsePages float64, width felt.Tick) float64 {
	return math.Max(OpenAt, cusum.Threshold(tests, falsePages, width))
}

// FleetTerms are what ships when so many tests are judged live: more of them want more evidence,
// for a finding so that the list of them stays worth reading, and for a page so that by chance no
// more than falsePages come a day.
func FleetTerms(tests, falsePages float64) Terms {
	terms := DefaultTerms(Every)
	terms.Rule.Open = PageAt(tests, falseFindings, Every)
	terms.Rule.Page = max(terms.Rule.Open, PageAt(tests, falsePages, Every))
	terms.Drop = terms.Rule
	return terms
}

// rule makes the thresholds of the settings and the number of tests.
func (d *Detector) rule() {
	allowed := d.settings.FalsePages
	if allowed <= 0 {
		allowed = felt.DefaultSettings().FalsePages
	}
	d.terms = FleetTerms(d.tests, allowed)
	d.light = cusum.Rule{Width: Every, Open: lightAt, Page: math.Max(lightAt, d.terms.Rule.Page)}
}

// Add takes one try that became known in tick t and is to be judged. A try is judged once, as it
// was said first: what is decided otherwise later was told to customers as it was.
func (d *Detector) Add(t felt.Tick, y *measure.Try) {
	if !y.Judged || !y.First {
		return
	}
	k := key{y.Env, y.App, y.Name, y.Kind}
	s := d.series[k]
	if s == nil {
		if s = d.newSeries(t, k); s == nil {
			d.refused++
			return
		}
	}
	if y.Service != "" && (s.source == nil || s.source.service != y.Service || s.source.gone) {
		s.source = d.sources.of(y.Env, y.Service)
	}
	if s.source != nil {
		s.source.voice.came = t
		if s.source.app != nil {
			s.source.app.came = t
		}
	}
	who, known := y.Who()
	s.add(y, who, d.valuesOf(t, s, y))
	d.addWhole(t, y, who)
	d.last = t
	seen := Seen{Outcome: y.Outcome, First: y.End, Last: y.End}
	if known {
		seen.Customer = who
	}
	d.recent.add(s.id, t, seen)
}

// newSeries makes room for one more; nil when there is none.
func (d *Detector) newSeries(t felt.Tick, k key) *series {
	if len(d.series) >= d.settings.SeriesMax { // there is room again after the next review
		return nil
	}
	k.env, k.app, k.name = *d.intern(k.env), *d.intern(k.app), *d.intern(k.name)
	d.nextID++
	s := &series{key: k, id: d.nextID, last: t}
	d.series[k] = s
	d.order = append(d.order, s)
	d.dirty, d.recount = true, true
	d.plan(s)
	return s
}

// forget lets go of the series that were idle for so long.
func (d *Detector) forget(t, idle felt.Tick) {
	kept := d.order[:0]
	for _, s := range d.order {
		if s.last >= t-idle || len(s.open) > 0 {
			kept = append(kept, s)
			continue
		}
		delete(d.series, s.key)
		d.gone = append(d.gone, s.found...)
		for i := range s.dims {
			d.values -= len(s.dims[i].values)
			s.dims[i].each(func(f *lasting) { d.gone = append(d.gone, f) })
		}
		d.dirty, d.recount = true, true
	}
	clear(d.order[len(kept):])
	d.order = kept
}

// Tick judges when t is a tick for it, and returns the findings that opened, changed or ended,
// in order of their series, those of whole apps last. They are the caller's.
func (d *Detector) Tick(t felt.Tick) []felt.Finding {
	if t <= d.stood {
		return nil
	}
	d.tick = t
	if t%Every != 0 {
		return nil
	}
	d.out = nil
	if t%reviewed == 0 {
		d.review(t)
	}
	if d.dirty || t%reviewed == 0 {
		d.link(t)
	}
	if d.recount || t%reviewed == 0 {
		d.count(t)
		d.recount = false
	}
	d.sources.close(t)
	d.took = d.took[:0]
	for _, s := range d.order {
		d.took = s.close(t, d.took)
	}
	for _, whole := range []bool{false, true} { // an app as a whole says what its steps do not
		for _, s := range d.order {
			if s.whole() == whole {
				d.judgeSeries(s, t)
			}
		}
	}
	d.judgeSources(t)
	d.judgeApps(t)
	d.tellPauses(t)
	d.judgeSamples(t)
	slices.SortFunc(d.gone, func(a, b *lasting) int { return cmp.Compare(a.ID, b.ID) })
	for _, f := range d.gone {
		d.end(f, t, "is not judged any more")
	}
	d.gone = nil
	for _, s := range d.order {
		s.done()
	}
	d.recent.prune(t)
	d.judged = t
	return d.out
}

// judgeSeries runs the tests of one series over its closed window.
func (d *Detector) judgeSeries(s *series, t felt.Tick) {
	c := &s.counts
	if s.before != nil {
		b := &s.before.counts
		c.Before = (b.Success + b.Degraded) * max(b.Scale, 1)
	}
	terms := d.terms
	terms.Failed = d.priorOf(s)
	terms.Drop, terms.Factor = d.dropOf(s), d.factor(s, t)
	if terms.Leave = s.plan.leave; terms.Leave > 0 && d.sources.quiet(s.env, t) {
		terms.Leave = -1 // they did not leave: nothing is heard of them
	}
	d.events = s.line.step(t, c, &terms, d.events[:0])
	for i := range d.events {
		if e := &d.events[i]; e.Test == TestFailed {
			s.base, s.known = e.Expected, e.Known
			if !e.Lasting && !s.whole() {
				d.learn(s, c)
			}
		}
	}
	d.stepValues(s, t)
	for i := range d.events {
		d.judge(s, t, &d.events[i])
	}
	for i := range d.said {
		d.judgeValue(s, t, &d.said[i])
	}
	d.stepBurns(s, t)
}

// review lets go of what was idle for long, and looks at the number of tests.
func (d *Detector) review(t felt.Tick) {
	idle := keptFor
	if len(d.series) >= d.settings.SeriesMax {
		idle = liveFor
	}
	d.forget(t, idle)
	d.forgetSources(t)
	d.forgetApps(t)
	d.forgetSamples(t)
}

// count makes the thresholds anew when there are so many more or fewer tests that it matters.
func (d *Detector) count(t felt.Tick) {
	n := 0
	for _, s := range d.order {
		if s.last >= t-liveFor {
			n += int(Tests)
			for i := range s.dims {
				n += len(s.dims[i].values)
			}
		}
	}
	if tests := float64(uint64(1) << bits.Len(uint(max(n-1, 0)))); tests != d.tests {
		d.tests = tests
		d.rule()
	}
}

// factor is what the calendar expects of the customers of a series now.
func (d *Detector) factor(s *series, t felt.Tick) float64 {
	if d.rules == nil || len(d.rules.Calendar) == 0 {
		return 1
	}
	journey := s.plan.journey
	if s.kind == felt.KindJourney {
		journey = s.name
	}
	return d.rules.Expected(t.Instant()-felt.Second, journey)
}

// Due is the next tick at which something happens without any input; 0 when nothing will.
func (d *Detector) Due() felt.Tick {
	if d.sources.heardAny() || d.samples.waits() || len(d.gone)+len(d.pauses) > 0 {
		return nextJudging(d.tick)
	}
	if d.apps.until > 0 && d.tick < d.apps.until+Every { // somebody may be silent for too long
		return nextJudging(d.tick)
	}
	if len(d.order) == 0 || d.last < d.tick-watchedFor {
		return 0
	}
	return nextJudging(d.tick)
}

func nextJudging(t felt.Tick) felt.Tick {
	r := t % Every
	if r < 0 {
		r += Every
	}
	return t - r + Every
}

// Stats returns the number of series held, of findings that last, and of tries that were
// not judged for want of room.
func (d *Detector) Stats() (held, findings int, refused int64) {
	d.each(func(*lasting) { findings++ })
	return len(d.order), findings, d.refused
}
