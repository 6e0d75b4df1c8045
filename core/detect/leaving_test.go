package detect

import (
	"testing"

	"github.com/felt-cx/felt"
)

// leaving is a journey that few in a hundred, or nearly half, begin and leave: who reaches the goal
// is known at once, and who left only when the time-out has passed.
const leaving = `
journeys:
  - name: buy
    timeout: 2m
    steps: [{name: look}, {name: pay}]
`

// leave gives a second of a journey of which 10 a second begin: share leaves, known late seconds
// after the goal would have been reached.
func (w *world) leave(share float64, late, since int) {
	journey := func(o felt.Outcome) {
		r := w.row("buy", o)
		r.Kind, r.Service = felt.KindJourney, ""
		w.give(r)
	}
	for range w.poisson(10 * (1 - share)) {
		journey(felt.OutcomeSuccess)
	}
	if since < late {
		return
	}
	for range w.poisson(10 * share) {
		journey(felt.OutcomeAbandoned)
	}
}

// TestWhoLeavesIsKnownLater: in its first minutes nobody can have left a journey yet, and that is
// not what is usual: the first who leave are no finding. More than usual are one.
func TestWhoLeavesIsKnownLater(t *testing.T) {
	for _, share := range []float64{.05, .45} {
		w := newWorld(inventory(t, leaving))
		if list := w.run(3600, func(i int) { w.leave(share, 120, i) }); kinds(list) != "" {
			t.Errorf("%.0f %% leave as ever: %s%s", 100*share, kinds(list), opened(list)[0].Explanation)
		}
		list := w.run(300, func(i int) { w.leave(share+.3, 0, i) })
		if got := opened(list); len(got) != 1 || got[0].Kind != felt.FindingFunnel {
			t.Errorf("30 %% more leave than the usual %.0f %%: %+v", 100*share, got)
		}
	}
}

// TestSilenceIsNotLeaving: when all telemetry stops, the open journeys end one after the other, and
// nobody is told that customers leave: what they do is not known.
func TestSilenceIsNotLeaving(t *testing.T) {
	w := newWorld(inventory(t, leaving))
	w.run(3600, func(i int) { w.leave(.45, 120, i) })
	w.silent = true
	w.run(120, func(int) {
		for range w.poisson(4.5) {
			r := w.row("buy", felt.OutcomeAbandoned)
			r.Kind, r.Service = felt.KindJourney, ""
			w.give(r)
		}
	})
	for _, f := range opened(w.found) {
		if f.Kind == felt.FindingFunnel {
			t.Errorf("nothing is heard, and %s", f.Explanation)
		}
	}
}
