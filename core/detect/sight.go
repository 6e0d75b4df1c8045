package detect

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
)

// SightsMax bounds [Detector.Sights].
const SightsMax = 2000

// Effect is the smallest change that a test would see within a time, on the median.
type Effect struct {
	Within felt.Instant
	// Size is of shares what is added to the usual one, of volume the share of the usual that is
	// lost, of objectives the burn rate.
	Size float64
	OK   bool // false: within this time it sees nothing
}

// Sight is what one test knows of one series now, and what it would see.
type Sight struct {
	Series   felt.Series
	Detector string
	Kind     felt.FindingKind
	About    string  // objective
	Window   float64 // tries in 10 s, lately
	Usual    float64 // share that fails, when the test is of that; of durations the p90 in seconds; 0 not told
	Known    float64 // tries behind it
	Open     float64 // evidence at which a finding opens
	Page     float64 // and at which it is of paging class; 0 it never is
	Lasting  bool
	Smallest []Effect // within 1, 5 and 30 minutes
}

// within are the times for which effects are told.
func within() []felt.Tick { return []felt.Tick{60, 300, 1800} }

// Sights lists the tests of the series of a scope, whose parts may be empty for any, in order of
// series and test; at most [SightsMax]. Call it between ticks.
func (d *Detector) Sights(of felt.Scope) []Sight {
	list := []Sight{}
	for _, s := range d.order {
		if of.Env != "" && of.Env != s.env || of.App != "" && of.App != s.app || of.Name != "" && of.Name != s.name || of.Kind != 0 && of.Kind != s.kind {
			continue
		}
		if list = d.sights(s, list); len(list) >= SightsMax {
			return list[:SightsMax]
		}
	}
	return list
}

func (d *Detector) sights(s *series, list []Sight) []Sight {
	add := func(t Test, kind felt.FindingKind, rule *cusum.Rule, smallest func(felt.Tick) (float64, bool)) *Sight {
		x := Sight{
			Series: s.public(), Detector: t.String(), Kind: kind, Window: float64(s.pace), Open: rule.Open, Page: rule.Page,
			Lasting: s.test(t) != nil, Smallest: effects(smallest),
		}
		list = append(list, x)
		return &list[len(list)-1]
	}
	rule, drop := &d.terms.Rule, &d.terms.Drop
	rate := func(t Test, kind felt.FindingKind, r *cusum.Rate) *Sight {
		return add(t, kind, rule, func(in felt.Tick) (float64, bool) { return r.Smallest(float64(s.pace), in, rule) })
	}
	l := &s.line
	for _, r := range []struct {
		test Test
		kind felt.FindingKind
		of   *cusum.Rate
	}{
		{TestFailed, felt.FindingFailed, l.failed},
		{TestDegraded, felt.FindingDegraded, l.degraded},
		{TestSlow, felt.FindingSlow, l.slow},
		{TestUnfinished, felt.FindingFunnel, l.unfinished},
		{TestFled, felt.FindingFunnel, l.fled},
	} {
		if r.of == nil {
			continue
		}
		if x := rate(r.test, r.kind, r.of); r.test == TestFailed {
			x.Usual, x.Known = s.base, s.known
		}
	}
	if l.slower != nil {
		x := add(TestSlower, felt.FindingSlow, rule, func(in felt.Tick) (float64, bool) { return l.slower.Smallest(float64(s.pace), in, rule) })
		x.Usual = float64(l.slower.Threshold()) / float64(felt.Second)
	}
	if l.drop != nil {
		add(TestDrop, felt.FindingDrop, drop, func(in felt.Tick) (float64, bool) { return l.drop.Smallest(in, drop) })
	}
	if l.sibling != nil {
		add(TestSibling, felt.FindingFunnel, drop, func(in felt.Tick) (float64, bool) { return l.sibling.Smallest(in, drop) })
	}
	for i := range s.burns {
		b := &s.burns[i]
		list = append(list, Sight{
			Series: s.public(), Detector: detectorBurn, Kind: felt.FindingBurn, About: b.Name, Window: float64(s.pace),
			Usual: b.watch.Allowed(), Lasting: b.found != nil,
			Smallest: effects(func(in felt.Tick) (float64, bool) { return b.watch.Smallest(float64(s.pace), in) }),
		})
	}
	return list
}

func effects(smallest func(felt.Tick) (float64, bool)) []Effect {
	list := make([]Effect, 0, len(within()))
	for _, in := range within() {
		size, ok := smallest(in)
		list = append(list, Effect{in.Instant(), size, ok})
	}
	return list
}
