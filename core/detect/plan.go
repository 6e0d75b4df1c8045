package detect

import (
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
	"github.com/felt-cx/felt/core/rules"
)

// plan is what the inventory says of a series.
type plan struct {
	limit      felt.Instant // slower is more than customers of the journey expect; 0 none
	keys       []string     // segment keys
	prior      cusum.Prior  // of failures, by an objective; zero none
	objectives []rules.Objective
	before     string    // the interaction of the step before; "" none
	step       string    // its name
	journey    string    // whose step it is
	leave      felt.Tick // how long after the last sign of life its tries count as left
}

// usualKeys are those by which series are split of which the inventory says nothing.
func usualKeys() []string { return []string{"device", "plan", "region", "release"} }

// planOf looks a series up. All of which the inventory says nothing share one.
func (d *Detector) planOf(k key) *plan {
	var p *plan
	if k.whole() {
		p = d.wholePlan(k.app)
	} else {
		p = planOf(d.rules, k)
	}
	if p == nil {
		p = d.plain
	}
	return p
}

// planOf looks a series of a name up; nil when the inventory says nothing of it.
func planOf(set *rules.Set, k key) *plan {
	if set == nil {
		return nil
	}
	if k.kind == felt.KindJourney {
		for _, j := range set.Journeys {
			if j.Name == k.name && (j.App == "" || j.App == k.app) {
				return journeyPlan(j)
			}
		}
		return nil
	}
	steps := set.Steps(k.app, k.name)
	if len(steps) == 0 {
		return nil
	}
	p := &plan{journey: steps[0].Journey.Name, limit: steps[0].Journey.Expectation.Latency}
	for _, st := range steps {
		p.keys = addKeys(p.keys, st.Journey.SegmentBy...)
		if p.before == "" {
			p.before, p.step = stepBefore(st)
		}
	}
	p.keys = addKeys(p.keys, "release")
	p.prior = priorOf(steps[0].Journey)
	return p
}

func journeyPlan(j *rules.CompiledJourney) *plan {
	p := &plan{keys: addKeys(nil, append(slices.Clone(j.SegmentBy), "release")...), objectives: j.Objectives, prior: priorOf(j)}
	p.leave = felt.Tick(j.Timeout / felt.Second)
	if len(j.Steps) == 1 {
		p.limit = j.Expectation.Latency
	}
	return p
}

// stepBefore is the last required step in front of a required one, and that one's name.
func stepBefore(st *rules.CompiledStep) (interaction, name string) {
	if st.Optional || st.Async {
		return "", ""
	}
	for i := st.Place - 1; i >= 0; i-- {
		if b := st.Journey.Steps[i]; !b.Optional && !b.Async && b.Interaction != st.Interaction {
			return b.Interaction, b.Name
		}
	}
	return "", ""
}

// priorOf is what an objective lets fail: a promise, so it counts for some tries only.
func priorOf(j *rules.CompiledJourney) cusum.Prior {
	for _, o := range j.Objectives {
		if o.Kind == "" || o.Kind == "success" {
			return cusum.Prior{Share: max(1-o.Target, leastShare), Weight: priorWeight}
		}
	}
	return cusum.Prior{}
}

func addKeys(list []string, keys ...string) []string {
	for _, k := range keys {
		if len(list) < keysMax && !slices.Contains(list, k) {
			list = append(list, k)
		}
	}
	return list
}

// Rules puts an inventory in force, from the next window on; nil is an empty one.
func (d *Detector) Rules(set *rules.Set) {
	d.rules = set
	for _, s := range d.order {
		d.plan(s)
	}
	d.dirty, d.recount = true, true
}

// plan gives a series what the inventory says of it, and keeps what is known of the segment
// values of keys that stay.
func (d *Detector) plan(s *series) {
	was := s.dims
	s.plan = d.planOf(s.key)
	s.dims = make([]dim, 0, len(s.plan.keys))
	for _, k := range s.plan.keys {
		if i := slices.IndexFunc(was, func(m dim) bool { return m.key == k }); i >= 0 {
			s.dims = append(s.dims, was[i])
			was[i].values, was[i].found = nil, nil
			continue
		}
		s.dims = append(s.dims, dim{key: k})
	}
	for i := range was {
		d.values -= len(was[i].values)
		was[i].each(func(f *lasting) { d.gone = append(d.gone, f) })
	}
	if !slices.EqualFunc(was, s.dims, func(a, b dim) bool { return a.key == b.key }) {
		for i := range s.open {
			v := s.open[i].values
			s.open[i].values = [keysMax]uint8{}
			for to := range s.dims {
				if from := slices.IndexFunc(was, func(m dim) bool { return m.key == s.dims[to].key }); from >= 0 {
					s.open[i].values[to] = v[from]
				}
			}
		}
	}
	d.gone = append(d.gone, s.replan()...)
}

// link finds the series of the step before and of the journey of every series: of the same app,
// else the first of that name.
func (d *Detector) link(t felt.Tick) {
	slices.SortFunc(d.order, func(a, b *series) int { return compareKeys(a.key, b.key) })
	d.linkWholes(t)
	first := map[key]*series{}
	for _, s := range d.order {
		k := key{env: s.env, name: s.name, kind: s.kind}
		if first[k] == nil {
			first[k] = s
		}
	}
	find := func(s *series, name string, kind felt.InteractionKind) *series {
		if name == "" {
			return nil
		}
		if found := d.series[key{s.env, s.app, name, kind}]; found != nil {
			return found
		}
		return first[key{env: s.env, name: name, kind: kind}]
	}
	for _, s := range d.order {
		s.before = find(s, s.plan.before, felt.KindStep)
		s.parent = find(s, s.plan.journey, felt.KindJourney)
	}
	d.dirty = false
}
