package detect

import (
	"fmt"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/slo"
)

// burn watches one objective of a journey.
type burn struct {
	rules.Objective
	watch *slo.Burn
	more  int64 // bad tries of the open window that are not told by their outcome: see [burn.breaks]
	found *lasting
}

// replan takes the objectives of the plan; what is known of one of the same name stays. Findings of
// what is no longer watched are orphans.
func (s *series) replan() (orphans []*lasting) {
	was := s.burns
	s.burns = nil
	for _, o := range s.plan.objectives {
		b := burn{Objective: o}
		for i := range was {
			if was[i].Name == o.Name && was[i].Objective.Kind == o.Kind && was[i].Count == o.Count && was[i].Threshold == o.Threshold {
				b = was[i]
				b.Objective = o
				b.watch.Change(o.Target, o.Window)
				was[i].found = nil
			}
		}
		if b.watch == nil {
			b.watch = slo.New(o.Target, o.Window)
		}
		s.burns = append(s.burns, b)
	}
	for i := range was {
		if was[i].found != nil {
			orphans = append(orphans, was[i].found)
		}
	}
	return orphans
}

// breaks tells of a try that is bad for the objective though its outcome does not say so: it was slower than
// the threshold, or was left after a failure. Journeys of several steps hardly ever fail as a whole: their
// customers leave.
func (b *burn) breaks(m mark, took felt.Instant, fled bool) bool {
	switch b.Kind {
	case slo.KindLatency:
		return took > b.Threshold && b.Threshold > 0 && reached(m)
	case slo.KindCompletion:
		return false
	}
	return fled && m == markLeft
}

// stepBurns gives the closed window to the objectives.
func (d *Detector) stepBurns(s *series, t felt.Tick) {
	for i := range s.burns {
		b := &s.burns[i]
		counts, more := s.raw, b.more
		if b.Count == "customers" {
			c := &s.counts
			scale := max(c.Scale, 1)
			counts = felt.Counts{Success: c.Success * scale, Degraded: c.Degraded * scale, Failed: c.Failed * scale, Abandoned: c.Abandoned * scale}
			more = 0
			for j := range s.open {
				if e := &s.open[j]; b.breaks(e.mark(), e.took(), e.fled()) {
					more += scale
				}
			}
		}
		bad, n := slo.Tally(b.Kind, counts, more)
		if n == 0 && b.found == nil {
			continue
		}
		r := b.watch.Step(t, bad, n)
		d.judgeBurn(s, b, t, &r)
	}
}

func (d *Detector) judgeBurn(s *series, b *burn, t felt.Tick, r *slo.Reading) {
	f := b.found
	switch {
	case f == nil && r.Lasting:
		f = &lasting{Finding: d.begin(s.public(), felt.FindingBurn, detectorBurn, t, b.Name)}
		f.Since = r.Since.Instant()
		b.found = f
	case f != nil && !r.Lasting:
		b.found = nil
		d.end(f, t, "is over")
		return
	case f == nil || f.Threshold == r.Pair.Factor && f.Paging == r.Paging && t-f.Updated < updateAfter:
		return
	}
	f.Statistic, f.Threshold, f.Hit, f.N, f.Paging = r.Burn, r.Pair.Factor, r.Bad, r.N, r.Paging
	f.Share, f.Baseline = ratio(float64(r.Bad), float64(r.N)), b.watch.Allowed()
	f.Expected = f.Baseline * float64(r.N)
	what := "tries"
	if b.Count == "customers" {
		what = "customers"
	}
	f.Explanation = fmt.Sprintf("the error budget of %s (%s) burns %.1f times as fast as it may over %s and %.1f times over %s: %d of %d %s were bad, %.0f may; %.1f times opens a finding",
		b.Name, percent(b.Target), r.Burn, span(felt.Tick(r.Pair.Long/felt.Second)), r.Short, span(felt.Tick(r.Pair.Short/felt.Second)),
		r.Bad, r.N, what, f.Expected, r.Pair.Factor)
	d.tell(f, t)
}
