package incident

import (
	"math"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// What speaks for one cause, in points. From enough of them on a finding joins an incident.
const (
	enough = 5.0

	forScope    = 100.0 // the incident is about it already
	forJourney  = 6.0   // another step of the same journey, or the journey of the step
	forTraces   = 6.0   // the same requests fail in both
	forSame     = 4.0   // most of the customers hit are the same
	forSome     = 2.0   // some are
	forApp      = 3.0
	forServices = 2.0
	forRelease  = 3.0 // the same release stands out
	forSegment  = 3.0 // the same segment value does
	forSilence  = 3.0 // in both nothing is heard
	forTime     = 2.0 // both began within the same minute

	// Two or three apps at once are chance, many are not: that it begins in so many within a minute
	// speaks for one cause. One app that breaks has findings of all of its interactions, so apps are
	// counted, not findings.
	stormFrom = 4.0 // apps from which on it does
	forStorm  = 3.0
	stormMore = 1.5 // each time they are twice as many
	stormMost = 8.0
	// And when so many incidents have opened within a minute, the next finding joins the nearest.
	openMost = 6

	minute felt.Tick = 60
	fresh  felt.Tick = 600 // so long after its beginning or last joining an incident draws by app and services
	shared           = 200 // of the last tries of a scope that are compared
)

// points is how much speaks for one cause of a finding, of something that began then, and an incident that is open.
func (b *Book) points(t felt.Tick, l *live, f *felt.Finding, began felt.Instant) float64 {
	sum, _ := b.speaksFor(t, l, f, began)
	return sum
}

// speaksFor is what speaks for one cause of a finding and an incident that is open, in points and in
// words.
func (b *Book) speaksFor(t felt.Tick, l *live, f *felt.Finding, began felt.Instant) (sum float64, why []string) {
	add := func(points float64, words string) {
		if points > 0 {
			sum += points
			why = append(why, words)
		}
	}
	s := scopeOf(f)
	if l.part(s) != nil {
		return forScope, nil
	}
	mine := b.journeysOf(s)
	for _, p := range l.parts {
		if sameJourney(mine, p) {
			add(forJourney, "the same journey")
			break
		}
	}
	if f.Series.Name == "" && slices.ContainsFunc(l.parts, func(p *part) bool { return p.scope.App == s.App }) {
		add(forJourney, "all of its app")
	}
	near := t-max(l.last, felt.Tick(l.row.FirstBad/felt.Second)) <= fresh
	fade := 1.0
	if !near {
		fade = .5
	}
	if slices.ContainsFunc(l.parts, func(p *part) bool { return p.scope.App == s.App }) {
		add(forApp*fade, "the same app")
	}
	if b.sharesServices(l, s, mine) {
		add(forServices*fade, "the same service")
	}
	add(b.standsOut(l, f), "the same part of the customers stands out")
	add(b.sharesPeople(l, s), "the same customers or requests")
	add(b.closeness(t, l, f.Series.Env, began), "the same moment")
	return sum, why
}

// closeness is how much the time speaks for one cause: when it began, not when it was seen, for what
// few customers do is seen later. Nor since when the test counts: that may be some failure of minutes before,
// and another app's fault of then is none of this one's.
func (b *Book) closeness(t felt.Tick, l *live, env string, began felt.Instant) float64 {
	together := began >= l.row.FirstBad-minute.Instant() && began <= l.row.FirstBad+minute.Instant()
	apps := map[string]bool{}
	for _, p := range b.pages {
		if p.env == env && p.began >= began-minute.Instant()/2 && p.began <= began+minute.Instant()/2 {
			apps[p.app] = true
		}
	}
	n := float64(len(apps))
	if n < stormFrom {
		if together {
			return forTime
		}
		return 0
	}
	if !together && t-l.last > minute { // a storm that goes on is one
		return 0
	}
	return forTime + min(forStorm+stormMore*math.Log2(n/stormFrom), stormMost)
}

// journeysOf lists the journeys that a scope is or has a step in.
func (b *Book) journeysOf(s felt.Scope) []*rules.CompiledJourney {
	p := &part{scope: s}
	b.plan(p)
	return p.journeys
}

func sameJourney(list []*rules.CompiledJourney, p *part) bool {
	return slices.ContainsFunc(list, func(j *rules.CompiledJourney) bool { return slices.Contains(p.journeys, j) })
}

// sharesServices tells whether the tries of a scope come from a service that carries a part of the
// incident too.
func (b *Book) sharesServices(l *live, s felt.Scope, journeys []*rules.CompiledJourney) bool {
	have := servicesOf(journeys, "")
	// Services of one name in two apps are two services: many pages call theirs "web".
	if sent := b.lately.service(s); sent != "" && slices.ContainsFunc(l.parts, func(p *part) bool {
		return p.scope.App == s.App && b.lately.service(p.scope) == sent
	}) {
		return true
	}
	if len(have) == 0 {
		return false
	}
	in := func(list []string) bool {
		return slices.ContainsFunc(list, func(v string) bool { return slices.Contains(have, v) })
	}
	if in(l.services) {
		return true
	}
	return slices.ContainsFunc(l.parts, func(p *part) bool { return in(servicesOf(p.journeys, "")) })
}

func servicesOf(journeys []*rules.CompiledJourney, sent string) []string {
	var list []string
	if sent != "" {
		list = append(list, sent)
	}
	for _, j := range journeys {
		if j.PrimaryService != "" {
			list = append(list, j.PrimaryService)
		}
		list = append(list, j.Services...)
	}
	return list
}

// segmentsOf are the segment values that stand out in a finding.
func segmentsOf(f *felt.Finding) []felt.Segment {
	list := f.Segments
	if f.Series.SegmentKey != "" {
		list = append(slices.Clone(list), felt.Segment{Key: f.Series.SegmentKey, Value: f.Series.SegmentValue})
	}
	return list
}

// standsOut is what it says that the same values stand out in both, or that in both nothing is
// heard.
func (b *Book) standsOut(l *live, f *felt.Finding) (sum float64) {
	mine := segmentsOf(f)
	for i := range l.row.Findings {
		o := &l.row.Findings[i]
		if !o.Paging {
			continue
		}
		if f.Kind == felt.FindingSilent && o.Kind == felt.FindingSilent {
			sum = max(sum, forSilence)
		}
		for _, v := range segmentsOf(o) {
			switch {
			case !slices.Contains(mine, v):
			case v.Key == "release":
				sum = max(sum, forRelease)
			default:
				sum = max(sum, forSegment)
			}
		}
	}
	return sum
}

// sharesPeople is what it says that the same requests and customers fail in both.
func (b *Book) sharesPeople(l *live, s felt.Scope) (sum float64) {
	who, traces := map[uint64]bool{}, map[uint64]bool{}
	b.each(s, func(y *try) {
		if y.who != 0 {
			who[y.who] = true
		}
		if y.trace != 0 {
			traces[y.trace] = true
		}
	})
	if len(who)+len(traces) == 0 {
		return 0
	}
	same, sameTraces, others := map[uint64]bool{}, map[uint64]bool{}, map[uint64]bool{}
	for _, p := range l.parts {
		b.each(p.scope, func(y *try) {
			if others[y.who] = true; who[y.who] {
				same[y.who] = true
			}
			if traces[y.trace] {
				sameTraces[y.trace] = true
			}
		})
	}
	if n := len(sameTraces); n >= 3 && 5*n >= len(traces) {
		sum += forTraces
	}
	switch n, of := len(same), min(len(who), len(others)); {
	case n >= 5 && 2*n >= of:
		sum += forSame
	case n >= 5 && 5*n >= of:
		sum += forSome
	}
	return sum
}

// each yields the last tries of a scope that failed.
func (b *Book) each(s felt.Scope, yield func(*try)) {
	var last []*try
	b.lately.of(s, func(y *try) {
		if y.outcome != felt.OutcomeDegraded {
			last = append(last, y)
		}
	})
	for _, y := range last[max(0, len(last)-shared):] {
		yield(y)
	}
}
