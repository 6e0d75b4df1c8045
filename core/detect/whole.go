package detect

import (
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
	"github.com/felt-cx/felt/core/measure"
)

// An app as a whole is judged too: all tries of its steps together, in a series without a name. What
// fails here and there in twenty quiet interactions, each too quiet to say anything for minutes, is
// plain in their sum; and when nobody comes to any of them, that is seen before one of them alone
// could tell. Only the shares that fail and are degraded, and how many come, are judged of a sum:
// how long things take depends on what customers do.

// is tells that the series is of an app as a whole.
func (k key) whole() bool { return k.name == "" && k.kind == felt.KindStep }

// wholeOf is the series of an app as a whole; nil when it has a single step.
func (d *Detector) wholeOf(env, app string) *series {
	if app == "" {
		return nil
	}
	return d.series[key{env, app, "", felt.KindStep}]
}

// addWhole counts a try for its app.
func (d *Detector) addWhole(t felt.Tick, y *measure.Try, who uint64) {
	if y.Kind != felt.KindStep {
		return
	}
	w := d.wholeOf(y.Env, y.App)
	if w == nil {
		return
	}
	if y.Service != "" && (w.source == nil || w.source.gone) {
		w.source = d.sources.of(y.Env, y.Service)
	}
	w.add(y, who, d.valuesOf(t, w, y))
}

// linkWholes makes the series of the apps that have several steps, and lists those.
func (d *Detector) linkWholes(t felt.Tick) {
	steps := map[scope]int{}
	for _, s := range d.order {
		if s.kind == felt.KindStep && s.name != "" && s.app != "" {
			steps[scope{s.env, s.app}]++
		}
	}
	for _, s := range slices.Clone(d.order) { // in order of the series, so that their numbers are the same again
		at := scope{s.env, s.app}
		if s.name == "" || steps[at] < 2 || d.wholeOf(s.env, s.app) != nil {
			continue
		}
		d.newSeries(t, key{s.env, s.app, "", felt.KindStep})
	}
	slices.SortFunc(d.order, func(a, b *series) int { return compareKeys(a.key, b.key) })
	for _, s := range d.order {
		if !s.whole() {
			continue
		}
		s.parts = s.parts[:0]
		for _, o := range d.order {
			if o.env == s.env && o.app == s.app && o.kind == felt.KindStep && o.name != "" {
				s.parts = append(s.parts, o)
			}
		}
	}
}

// wholePlan has the segment keys of an app: those of its journeys; nil when it has none.
func (d *Detector) wholePlan(app string) *plan {
	var keys []string
	if d.rules != nil {
		for _, j := range d.rules.Journeys {
			if j.App == app {
				keys = addKeys(keys, j.SegmentBy...)
			}
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return &plan{keys: addKeys(keys, "release")}
}

// spoken tells that a step of the app has a finding already that says the same, so that its whole
// need not.
func (s *series) spoken(kind felt.FindingKind) bool {
	return slices.ContainsFunc(s.parts, func(p *series) bool { return p.has(kind, true) })
}

// spokenOf tells the same of a segment value.
func (s *series) spokenOf(segment, value string) bool {
	return slices.ContainsFunc(s.parts, func(p *series) bool {
		for i := range p.dims {
			for _, f := range p.dims[i].found {
				if f.Paging && f.Series.SegmentKey == segment && f.Series.SegmentValue == value {
					return true
				}
			}
		}
		return false
	})
}

// Steps lists the steps of an app of which tries come, the busiest first.
func (d *Detector) Steps(env, app string) []string {
	w := d.wholeOf(env, app)
	if w == nil {
		return nil
	}
	list := slices.Clone(w.parts)
	slices.SortStableFunc(list, func(a, b *series) int {
		switch {
		case a.pace > b.pace:
			return -1
		case a.pace < b.pace:
			return 1
		}
		return 0
	})
	var names []string
	for _, s := range list {
		if s.pace > 0 {
			names = append(names, s.name)
		}
	}
	return names
}

// dropOf is the rule by which it is judged how many come to a series. What customers do in an app comes
// together: counted as if each try came for itself, the pause between two visits is an outage.
func (d *Detector) dropOf(s *series) cusum.Rule {
	rule := d.terms.Drop
	rule.Together = s.whole()
	return rule
}

// ofWhole tells the tests that mean something of an app as a whole.
func ofWhole(t Test) bool { return t == TestFailed || t == TestDegraded || t == TestDrop }
