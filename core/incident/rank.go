package incident

import (
	"cmp"
	"math"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/score"
)

// calmer is how many points below its bound a score must be before the priority falls, so that it does
// not go to and fro.
const calmer = 3

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
	in := score.Gather(b.rules, r, t.Instant())
	in.Duration = max(0, in.Duration-l.calm)
	total, parts := score.Of(in, w)
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
	r.Impact = l.impact(t.Instant())
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
