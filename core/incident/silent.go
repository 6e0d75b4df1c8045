package incident

import (
	"fmt"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/tell"
)

// heardFor is how long telemetry must come again until an incident about its silence is over.
const heardFor = felt.Minute

// silent tells that all that is wrong is that nothing is heard. Customers say nothing of that, so they
// do not say when it is over either: if they fail when they are heard again, that is found by itself.
func (l *live) silent() bool {
	if l.row.Kind != string(felt.FindingSilent) || l.row.Source == sourceDeclared {
		return false
	}
	return !slices.ContainsFunc(l.row.Findings, func(f felt.Finding) bool { return f.Paging && f.Kind != felt.FindingSilent })
}

// speaks resolves an incident about silence when telemetry comes again from all of whom nothing was
// heard.
func (b *Book) speaks(t felt.Tick, l *live, lines Lines) {
	r := &l.row
	heard, back := l.lasting == 0, felt.Instant(0)
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Paging {
			back = max(back, f.Ended.Instant())
			heard = heard && lines.Speaks(f.Series.Env, f.Series.App, f.About)
		}
	}
	l.heal = heal{}
	was := r.Recovery
	r.Recovery = felt.Recovery{For: heardFor, Text: "Telemetry is missing, so nothing is known of its customers; it is over a minute after telemetry has come back"}
	if heard {
		r.Recovery.Since, r.Recovery.Holds = back, true
		r.Recovery.Text = fmt.Sprintf("Telemetry comes again since %s; that must hold for %s", tell.Clock(back, t.Instant()), tell.Elapsed(heardFor))
	}
	if r.Recovery.Text != was.Text || r.Recovery.Holds != was.Holds {
		l.counted = true
	}
	if !heard && l.lasting == 0 && t.Instant()-back >= blindFor.Instant() {
		r.Resolved, r.Status = t.Instant(), felt.IncidentResolved
		l.note(t, "resolved", "resolved by itself: nothing was heard any more, and nobody looks for it any longer; what customers did is not known", "")
		b.close(l, false)
		return
	}
	if !heard || t.Instant()-back < heardFor {
		return
	}
	r.Recovered, r.Resolved, r.Status = back, t.Instant(), felt.IncidentResolved
	l.note(t, "recovered", fmt.Sprintf("telemetry comes again since %s; what customers did in between is not known", tell.Clock(back, t.Instant())), "")
	l.note(t, "resolved", "resolved by itself: telemetry is back", "")
	b.stats.Recovered++
	b.close(l, false)
}
