package detect

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
	"github.com/felt-cx/felt/core/forecast"
)

// SightsMax bounds [Detector.Sights].
const SightsMax = 2000

// within are the times for which effects are told.
func within() []felt.Tick { return []felt.Tick{60, 300, 1800} }

// Sights lists the tests of the series of a scope, whose parts may be empty for any, in order of
// series and test, then those of its signals and KPIs; at most [SightsMax]. Call it between ticks.
func (d *Detector) Sights(of felt.Scope) []felt.Sight {
	list := []felt.Sight{}
	for _, s := range d.order {
		if s.whole() || !in(of, s.env, s.app, s.name, s.kind) {
			continue
		}
		if list = d.sights(s, list); len(list) >= SightsMax {
			return list[:SightsMax]
		}
	}
	for _, s := range d.samples.order {
		if len(list) >= SightsMax {
			break
		}
		if in(of, s.env, s.app, s.journey, felt.KindJourney) {
			list = append(list, felt.Sight{
				Series: s.public(), Detector: detectorKPI, Kind: felt.FindingKPI, About: s.name, Lasting: s.band != nil, Open: forecast.Open,
				Smallest: effects(func(t felt.Tick) (float64, bool) { return s.value.Smallest(t.Instant(), &forecast.Rule{}) }),
			})
		}
	}
	return list
}

func in(of felt.Scope, env, app, name string, kind felt.InteractionKind) bool {
	return (of.Env == "" || of.Env == env) && (of.App == "" || of.App == app) && (of.Name == "" || of.Name == name) && (of.Kind == 0 || of.Kind == kind)
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
	rule, whole := &d.terms.Rule, d.dropOf(s)
	drop := &whole
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
		x := rate(r.test, r.kind, r.of)
		x.Usual, x.Known = r.of.Usual()
		x.Needs = cusum.Ready
	}
	if l.slower != nil {
		x := add(TestSlower, felt.FindingSlow, rule, func(in felt.Tick) (float64, bool) { return l.slower.Smallest(float64(s.pace), in, rule) })
		x.Usual, x.Known, x.Needs = float64(l.slower.Threshold())/float64(felt.Second), l.slower.Known(), cusum.Ready
	}
	if l.drop != nil {
		x := add(TestDrop, felt.FindingDrop, drop, func(in felt.Tick) (float64, bool) { return l.drop.Smallest(in, drop) })
		expected, wait := l.drop.Usual(drop)
		x.Usual, x.Wait = expected, wait.Instant()
	}
	if l.sibling != nil {
		x := add(TestSibling, felt.FindingFunnel, drop, func(in felt.Tick) (float64, bool) { return l.sibling.Smallest(in, drop) })
		share, known, wait := l.sibling.Usual()
		x.Usual, x.Known, x.Needs, x.Wait = share, known, cusum.Follows, wait.Instant()
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
