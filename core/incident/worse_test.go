package incident

import (
	"testing"

	"github.com/felt-cx/felt"
)

// TestAPromiseThatIsBrokenForGood: an objective that asks for more than there ever was burns for ever. That
// is one incident; the next is when it burns much faster.
func TestAPromiseThatIsBrokenForGood(t *testing.T) {
	w := newWorld(t)
	w.of(pay()).usual = .01
	customer := uint64(0)
	usual := func(at felt.Tick) {
		customer++
		o := felt.OutcomeSuccess
		if at%100 == 50 {
			o = felt.OutcomeFailed
		}
		w.try(pay(), customer, o)
	}
	burn := func(hit, n int64) felt.Finding {
		return w.page(pay(), func(f *felt.Finding) {
			f.ID, f.Kind, f.About, f.Baseline, f.Hit, f.N = "fnd-burn", felt.FindingBurn, "orders", .001, hit, n
			f.Expected = f.Baseline * float64(n)
		})
	}
	w.run(1, usual)
	w.tick(burn(36, 3600))
	w.run(500, usual)
	first := w.last()
	if first.Status != felt.IncidentResolved {
		t.Fatalf("it is %v: %+v", first.Status, first.Recovery)
	}
	told := func(after felt.Tick, hit, n int64) felt.Incident {
		w.run(after, usual)
		w.tick(burn(hit, n))
		return w.last()
	}
	// Other windows, an hour or three days, and as much as ever; less; and as much as ever again.
	for i, c := range [][2]int64{{216, 21600}, {40, 3600}, {25, 3600}, {2600, 259200}, {48, 3600}} {
		if last := told(felt.Tick(800+300*i), c[0], c[1]); last.ID != first.ID || last.Status != felt.IncidentResolved {
			t.Fatalf("%v: incident %s %v", c, last.ID, last.Status)
		}
	}
	if last := told(2500, 150, 3600); last.Status != felt.IncidentOpen || last.Reopened == 0 {
		t.Fatalf("four times as much goes wrong: %v", last.Status)
	}
	cutOff(t, w.b, nil)
}
