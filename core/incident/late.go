package incident

import (
	"cmp"
	"slices"

	"github.com/felt-cx/felt"
)

// How late, after customers were back, a finding may still be of those who had left before: so long a test
// looks back at what became known.
const (
	lateMost = felt.Minute
	lateBurn = 5 * felt.Minute // the short window of a burn
)

// late is the incident, resolved by now, in which those were harmed of whom a finding tells that they
// left: a journey counts as left when its time-out has passed, and an outage may long be over then. nil none.
func (b *Book) late(t felt.Tick, f *felt.Finding) *live {
	most := lateMost
	switch {
	case f.Series.Kind != felt.KindJourney:
		return nil
	case f.Kind == felt.FindingBurn:
		most = lateBurn
	case f.Kind != felt.FindingFunnel:
		return nil
	}
	mine := b.journeysOf(scopeOf(f))
	if len(mine) == 0 {
		return nil
	}
	left := t.Instant() - mine[0].Timeout
	for _, l := range slices.Backward(b.list) {
		r := &l.row
		if until := cmp.Or(r.Recovered, r.Resolved); !l.open() && r.Env == f.Series.Env && left >= r.FirstBad && left <= until+most &&
			slices.ContainsFunc(l.parts, func(p *part) bool { return sameJourney(mine, p) }) {
			return l
		}
	}
	return nil
}

// belated puts a finding of what is over into its incident, to be read.
func (b *Book) belated(t felt.Tick, l *live, f *felt.Finding) {
	b.found[f.ID] = &finding{of: l, paging: true, closed: true, hit: f.Hit, n: f.N, expected: f.Expected}
	if !slices.ContainsFunc(l.row.Findings, func(o felt.Finding) bool { return o.ID == f.ID }) {
		l.note(t, "joined", "known now: they left before customers were back: "+f.Explanation, "")
	}
	l.list(f)
}
