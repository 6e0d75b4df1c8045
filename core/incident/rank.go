package incident

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/score"
)

// How much a harm weighs of being lost.
const (
	weighsRecovered = .6
	weighsDegraded  = .4
	weighsUnknown   = .7
	middling        = .5

	calmer = 3 // points below its bound before a priority falls, so that it does not go to and fro
)

// weights are those of the inventory.
func (b *Book) weights() rules.ScoreWeights {
	if b.rules == nil || b.rules.Score.P1 == 0 && b.rules.Score.Criticality == 0 {
		return rules.DefaultScore()
	}
	return b.rules.Score
}

// rank scores an incident, and gives it its priority unless people have.
func (b *Book) rank(t felt.Tick, l *live) {
	r := &l.row
	w := b.weights()
	total, parts := score.Of(l.input(t, &w), w)
	total = math.Round(10*total) / 10
	if total != r.Score {
		r.Score, l.counted = total, true
	}
	r.ScoreParts = parts
	p := score.Priority(total, w)
	if lower := p > r.Priority && r.Priority != ""; lower && score.Priority(total+calmer, w) <= r.Priority {
		p = r.Priority
	}
	if !l.set && p != r.Priority {
		r.Priority, l.changed = p, true
	}
}

func (l *live) input(t felt.Tick, w *rules.ScoreWeights) score.Input {
	r := &l.row
	in := score.Input{Stage: 1, Segment: middling, Duration: max(0, cmp.Or(r.Recovered, r.Resolved, t.Instant())-r.FirstBad-l.calm)}
	for _, p := range l.parts {
		in.Criticality = max(in.Criticality, p.criticality)
	}
	if p := l.worst(); p != nil && p.step != nil && len(p.step.Journey.Steps) > 1 {
		most := 0.0
		for _, st := range p.step.Journey.Steps {
			most = max(most, st.Weight)
		}
		in.StageName = p.step.Name
		if most > 0 {
			in.Stage = p.step.Weight / most
		}
	}
	in.Segment, in.SegmentName = l.worth(w)
	l.suffered(&in)
	return in
}

// worth is what the customers who are hit are worth: the most valuable segment value that stands out.
func (l *live) worth(w *rules.ScoreWeights) (value float64, name string) {
	value = middling
	see := func(s felt.Segment) {
		if v, ok := w.SegmentValues[s.Key][s.Value]; ok && (name == "" || v > value) {
			value, name = v, s.Key+" "+s.Value
		}
	}
	for i := range l.row.SegmentsHit {
		for _, s := range l.row.SegmentsHit[i].Where {
			see(s)
		}
	}
	for i := range l.row.Findings {
		for _, s := range segmentsOf(&l.row.Findings[i]) {
			see(s)
		}
	}
	return value, name
}

// suffered says how many customers suffer, and how much.
func (l *live) suffered(in *score.Input) {
	i := &l.row.Impact
	c := i.Customers
	if missing, expected, ok := l.missing(); ok && missing > c.Failed {
		in.Hit, in.Reached = missing, max(expected, missing)
		in.Harm, in.HarmText = 1, "they do not come any more"
		if l.row.Kind == string(felt.FindingSilent) {
			in.Harm, in.HarmText = weighsUnknown, "nothing is heard, so what they suffer is not known"
		}
		return
	}
	in.Hit, in.Reached = min(c.Failed+c.Degraded/2, c.Total), c.Total
	gone := c.Failed - i.Recovered
	hurt := float64(c.Failed + c.Degraded)
	if hurt == 0 {
		in.Harm, in.HarmText = middling, "what customers suffer is not counted: as half"
		return
	}
	in.Harm = (float64(gone) + weighsRecovered*float64(i.Recovered) + weighsDegraded*float64(c.Degraded)) / hurt
	var said []string
	for _, x := range []struct {
		n    int64
		what string
	}{
		{i.Lost, "lost"},
		{gone - i.Lost, "failed"},
		{i.Recovered, "recovered"},
		{c.Degraded, "degraded"},
	} {
		if x.n > 0 {
			said = append(said, fmt.Sprintf("%s %s", about(float64(x.n)), x.what))
		}
	}
	in.HarmText = strings.Join(said, ", ")
}

// missing is how many customers do not come, by the findings that miss them; of several scopes the
// greatest, for they may be the same.
func (l *live) missing() (missing, expected int64, ok bool) {
	for i := range l.row.Findings {
		f := &l.row.Findings[i]
		if !f.Paging || f.Kind != felt.FindingDrop && f.Kind != felt.FindingSilent || f.Expected <= 0 {
			continue
		}
		if n := int64(math.Round(f.Expected)) - f.Hit; !ok || n > missing {
			missing, expected, ok = max(n, 0), int64(math.Round(f.Expected)), true
		}
	}
	return missing, expected, ok
}

// judge looks at an incident anew: whether customers are back, what may have caused it.
func (b *Book) judge(t felt.Tick, l *live, lines Lines) {
	if !l.open() {
		if end := l.cohort.settled(); end != 0 && end <= t.Instant() && end > l.row.Known.Instant() {
			l.counted = true // the time to recover is over for the last of them
		}
		return
	}
	b.recover(t, l, lines)
	if l.row.EvidenceAt == 0 {
		b.suspect(t, l)
	}
	l.number(t)
	b.rank(t, l)
}

// number brings the numbers of the row up to date.
func (l *live) number(t felt.Tick) {
	r := &l.row
	l.arrange()
	r.Impact = l.cohort.impact(t.Instant())
	if r.Twentieth == 0 {
		degraded := r.Kind == string(felt.FindingDegraded) || r.Kind == string(felt.FindingSlow)
		if r.Twentieth = l.cohort.twentieth(degraded); r.Twentieth != 0 {
			l.counted = true
		}
	}
}

// compareSuspects orders by how much speaks for them.
func compareSuspects(x, y felt.Suspect) int {
	return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(max(x.Lead, -x.Lead), max(y.Lead, -y.Lead)), cmp.Compare(x.Change, y.Change))
}

func sameSuspects(x, y []felt.Suspect) bool { return slices.Equal(x, y) }
