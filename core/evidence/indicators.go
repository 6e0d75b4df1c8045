package evidence

import (
	"cmp"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/tell"
)

const (
	indicatorsMax = 12
	indicatorsOf  = 6 // operations and edges among them, the first ones
)

// indicators are what left its band, in the order in which it did: of what customers meet, of calls,
// and of signals and KPIs.
func indicators(in *Input, c *calls) []felt.Indicator {
	var list []felt.Indicator
	if i, ok := customersMoved(in); ok {
		list = append(list, i)
	}
	for i := range c.out[:min(len(c.out), indicatorsOf)] {
		n := &c.out[i]
		list = append(list, felt.Indicator{Signal: n.name() + ": " + n.what, Layer: "application", FirstOutOfBand: n.first, Text: n.change()})
	}
	seen := map[string]bool{}
	for _, f := range slices.Concat(in.Incident.Findings, in.Findings) {
		if seen[f.ID] || f.Since <= 0 || f.Since > in.At {
			continue
		}
		seen[f.ID] = true
		name := f.About
		if name == "" {
			name = f.Series.Name + ": " + string(f.Kind)
			if f.Series.SegmentKey != "" {
				name += " (" + f.Series.SegmentKey + " " + f.Series.SegmentValue + ")"
			}
		}
		list = append(list, felt.Indicator{Signal: name, Layer: layerOf(in, &f), FirstOutOfBand: f.Since, Text: f.Explanation})
	}
	slices.SortFunc(list, func(a, b felt.Indicator) int {
		return cmp.Or(cmp.Compare(a.FirstOutOfBand, b.FirstOutOfBand), strings.Compare(a.Layer, b.Layer), strings.Compare(a.Signal, b.Signal))
	})
	return list[:min(len(list), indicatorsMax)]
}

// layerOf is the layer of what a finding is about.
func layerOf(in *Input, f *felt.Finding) string {
	if layer := in.Layers[f.About]; f.About != "" && layer != "" {
		return layer
	}
	switch f.Kind {
	case felt.FindingSaturation:
		return felt.LayerInfrastructure.String()
	case felt.FindingKPI:
		return ""
	case felt.FindingFailed, felt.FindingDegraded, felt.FindingSlow, felt.FindingDrop, felt.FindingFunnel, felt.FindingSilent, felt.FindingBurn:
	}
	return felt.LayerExperience.String()
}

// customersMoved is when the whole scope's tries began to end badly.
func customersMoved(in *Input) (felt.Indicator, bool) {
	m := measuresOf(in.Incident.Kind)[0]
	if m == measureSlow || m == measureVolume {
		return felt.Indicator{}, false
	}
	l := line{}
	for _, p := range in.Points {
		bad, n := m.of(&felt.Leaf{Counts: p.Counts})
		s := sample{start: p.Start, n: n, errs: bad}
		switch {
		case n <= 0:
		case p.Start+in.PointStep <= in.Before.To:
			l.before = append(l.before, s)
		default:
			l.now = append(l.now, s)
		}
	}
	a, ok := (&calls{}).errors(&l)
	if !ok {
		return felt.Indicator{}, false
	}
	if a.first <= in.Incident.FirstBad && in.Incident.FirstBad < a.first+in.PointStep {
		a.first = in.Incident.FirstBad // known to the moment
	}
	what := map[measure]string{measureFailed: "failed", measureDegraded: "degraded", measureLeft: "not completed"}[m]
	return felt.Indicator{
		Signal: in.Scope.Name + ": " + what, Layer: felt.LayerExperience.String(), FirstOutOfBand: a.first,
		Text: percent(a.now) + " of " + tell.Count(a.n) + " tries, usually " + percent(a.usual),
	}, true
}
