package incident

import (
	"fmt"
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

// TestClosedByPeopleIsNotDeaf: people close what they know of. When the same finding, which never ended,
// becomes far worse, they are told.
func TestClosedByPeopleIsNotDeaf(t *testing.T) {
	for name, c := range map[string]struct {
		was, same, far [2]int64 // hit, of how many
	}{
		"a few of them, then all":          {[2]int64{80, 1000}, [2]int64{160, 2000}, [2]int64{300, 2140}},
		"after hours of the same":          {[2]int64{800, 10000}, [2]int64{1600, 20000}, [2]int64{2100, 20500}},
		"more than half of them, then all": {[2]int64{600, 1000}, [2]int64{1200, 2000}, [2]int64{1600, 2400}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			failing := func(v [2]int64) felt.Finding {
				return w.page(pay(), func(f *felt.Finding) { f.ID, f.Baseline, f.Hit, f.N = "fnd-1", .01, v[0], v[1] })
			}
			w.tick(failing(c.was))
			first := w.last()
			w.command(felt.Command{What: felt.CommandResolve, Target: first.ID, Reason: "the partner knows", Actor: "ann"})
			w.tick()
			w.tick(failing(c.same))
			if last := w.last(); last.Status != felt.IncidentResolved {
				t.Fatalf("as bad as people knew: %v", last.Status)
			}
			w.b = cutOff(t, w.b, nil)
			w.tick(failing(c.far))
			if last := w.last(); last.ID != first.ID || last.Status != felt.IncidentOpen || last.Reopened == 0 {
				t.Fatalf("far worse, and it is %v", last.Status)
			}
		})
	}
}

// TestOneOfOneIsNotWell: where one customer comes a minute and fails, it does not look well.
func TestOneOfOneIsNotWell(t *testing.T) {
	for _, c := range []struct {
		n, hit float64
		fine   bool
	}{{1, 1, false}, {2, 2, false}, {3, 3, false}, {3, 2, false}, {5, 1, true}, {30, 1, true}, {1, 0, true}} {
		var x tally
		x.of(c.n, c.hit, .004, noisy)
		if x.fine() != c.fine {
			t.Errorf("%v of %v: fine %v", c.hit, c.n, x.fine())
		}
	}
}

// TestALittleMoreIsNotOver: three in a hundred fail, and one in two hundred is usual. Five minutes of it are
// within the band of expectation, and the finding lasts: it is not over. When only what is usual fails, it is.
func TestALittleMoreIsNotOver(t *testing.T) {
	x := tally{}
	x.of(300, 7, .004, noisy)
	for _, c := range []struct {
		name    string
		hit, n  int64
		failed  float64
		lasting int
		after   felt.Tick
		like    bool
	}{
		{"as it began", 28, 870, 7, 1, 300, true},
		{"as usual", 28, 870, 1, 1, 300, false},
		{"far below it, but more than usual", 300, 1000, 7, 1, 300, true},
		{"far below it, and no more than usual", 300, 1000, 3, 1, 300, false},
		{"the finding is over", 28, 870, 7, 0, 300, false},
		{"not for ever", 28, 870, 7, 1, 1800, false},
		{"everybody failed, and now as usual", 300, 300, 1, 1, 300, false},
		{"everybody failed, and now more than usual", 300, 300, 7, 1, 300, true},
	} {
		l := live{lasting: c.lasting, heal: heal{since: start}}
		l.heal.stretch.of[kindFailed] = x
		l.heal.stretch.of[kindFailed].hit = c.failed
		l.row.Findings = []felt.Finding{{Paging: true, Kind: felt.FindingFailed, Hit: c.hit, N: c.n}}
		if !l.heal.stretch.of[kindFailed].fine() {
			t.Fatalf("%s: not within the band", c.name)
		}
		if got := l.like(start + c.after); got != c.like {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestTwoInAHundredIsNotOver: half failed, and now two in a hundred do, where one in two hundred is usual. Five
// minutes of it are within the band, but what was found lasts: it does not clear, to come back. When only the
// usual fails, it does.
func TestTwoInAHundredIsNotOver(t *testing.T) {
	w := newWorld(t)
	w.of(pay()).usual = .005
	n := 0
	w.run(3000, func(at felt.Tick) {
		if at%2 == 0 {
			n++
			o := felt.OutcomeSuccess
			if at >= 60 && at < 180 && n%2 == 0 || at >= 180 && at < 1500 && n%50 == 0 || at >= 1500 && n%250 == 0 {
				o = felt.OutcomeFailed
			}
			w.try(pay(), uint64(n), o)
		}
		if at == 80 {
			w.tick(w.page(pay()))
		}
		if at == 1490 {
			if r := w.last(); r.Status != felt.IncidentOpen || r.Reopened != 0 {
				t.Errorf("%v", story(r))
			}
		}
	})
	if r := w.last(); r.Status != felt.IncidentResolved || r.Reopened != 0 {
		t.Errorf("%v, %s", story(r), r.Recovery.Text)
	}
}

// TestEachTimeItWaitsLonger: what came back is not believed to be over as soon as it was the first time.
func TestEachTimeItWaitsLonger(t *testing.T) {
	w := newWorld(t)
	w.b.Rules(inventory(t, sinks))
	n := uint64(0)
	turns := 0
	var took []felt.Tick
	w.run(6000, func(at felt.Tick) {
		if len(w.rows) > 0 && w.last().Status == felt.IncidentResolved && len(took) < turns {
			took = append(took, seconds(w.last().Resolved)-seconds(w.last().Recovered))
		}
		bad := at%1200 < 60
		for i := range 4 {
			n++
			o := felt.OutcomeSuccess
			if bad && i < 2 {
				o = felt.OutcomeFailed
			}
			w.try(pay(), n, o)
		}
		switch at % 1200 {
		case 20:
			turns++
			w.tick(w.page(pay(), func(f *felt.Finding) { f.ID, f.N = fmt.Sprint("fnd-", turns), 0 }))
		case 100:
			w.tick(w.page(pay(), func(f *felt.Finding) { f.ID, f.N, f.Ended = fmt.Sprint("fnd-", turns), 0, w.now }))
		}
	})
	if len(w.ids()) != 1 || len(took) < 2 || took[0] != 300 || took[1] != 600 {
		t.Errorf("%d incidents, resolved after %v", len(w.ids()), took)
	}
	for _, h := range took {
		if h > 1800 {
			t.Errorf("waits for %d s", h)
		}
	}
}
