package detect

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
)

// SightsMax bounds [Detector.Sights].
const SightsMax = 2000

// within are the times for which effects are told.
func within() []felt.Tick { return []felt.Tick{60, 300, 1800} }

// Sights lists the tests of the series of a scope, whose parts may be empty for any, in order of
// series and test; at most [SightsMax]. Call it between ticks.
func (d *Detector) Sights(of felt.Scope) []felt.Sight {
	list := []felt.Sight{}
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

func (d *Detector) sights(s *series, list []felt.Sight) []felt.Sight {
	add := func(t Test, kind felt.FindingKind, rule *cusum.Rule, smallest func(felt.Tick) (float64, bool)) *felt.Sight {
		x := felt.Sight{
			Series: s.public(), Detector: t.String(), Kind: kind, Window: float64(s.pace), Open: rule.Open, Page: rule.Page,
			Lasting: s.test(t) != nil, Smallest: effects(smallest),
		}
		list = append(list, x)
		return &list[len(list)-1]
	}
	rule, drop := &d.terms.Rule, &d.terms.Drop
	rate := func(t Test, kind felt.FindingKind, r *cusum.Rate) *felt.Sight {
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
		list = append(list, felt.Sight{
			Series: s.public(), Detector: detectorBurn, Kind: felt.FindingBurn, About: b.Name, Window: float64(s.pace),
			Usual: b.watch.Allowed(), Lasting: b.found != nil,
			Smallest: effects(func(in felt.Tick) (float64, bool) { return b.watch.Smallest(float64(s.pace), in) }),
		})
	}
	return list
}

func effects(smallest func(felt.Tick) (float64, bool)) []felt.Effect {
	list := make([]felt.Effect, 0, len(within()))
	for _, in := range within() {
		size, ok := smallest(in)
		list = append(list, felt.Effect{Within: in.Instant(), Size: size, OK: ok})
	}
	return list
}
