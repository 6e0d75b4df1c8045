package detect

import (
	"fmt"
	"testing"

	"github.com/felt-cx/felt"
)

// quiet lets an app of twenty interactions live, each with a customer every other second or so.
func quiet(w *world, seconds int, rate, share float64) []felt.Finding {
	return w.run(seconds, func(int) {
		for i := range 20 {
			w.many(fmt.Sprintf("step %02d", i), rate, share, nil)
		}
	})
}

// TestTheSumOfQuietSteps: what none of twenty quiet interactions can tell for minutes is plain in all of
// them together.
func TestTheSumOfQuietSteps(t *testing.T) {
	for _, c := range []struct {
		name        string
		rate, share float64
		kind        felt.FindingKind
		within      felt.Tick
	}{
		{"a fifth fails", .2, .2, felt.FindingFailed, 40},
		{"nobody comes", 0, 0, felt.FindingDrop, 60},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(nil)
			quiet(w, 2*3600, .2, .005)
			from := w.now
			list := quiet(w, 180, c.rate, c.share)
			var at felt.Tick
			for _, f := range list {
				if f.Paging && f.Series.Name == "" && at == 0 {
					at = f.Updated
					if f.Kind != c.kind {
						t.Errorf("%s: %s", f.Kind, f.Explanation)
					}
				}
			}
			if at == 0 || at-from > c.within {
				t.Errorf("paged %d s after, want within %d", at-from, c.within)
			}
			for _, f := range quiet(w, 1800, .2, .005) {
				if f.Series.Name == "" && f.Ended != 0 {
					return
				}
			}
			t.Error("it does not end")
		})
	}
}

// TestAStepSpeaksForItsApp: when a step says it, its app need not.
func TestAStepSpeaksForItsApp(t *testing.T) {
	w := newWorld(nil)
	w.run(3600, func(int) {
		w.many("pay", 5, .005, nil)
		w.many("search", 5, .005, nil)
	})
	list := w.run(120, func(int) {
		w.many("pay", 5, .6, nil)
		w.many("search", 5, .005, nil)
	})
	for _, f := range list {
		if f.Series.Name == "" && f.Paging {
			t.Errorf("said twice: %s", f.Explanation)
		}
	}
	if len(list) == 0 {
		t.Error("nothing is found")
	}
}

// TestOtherThingsAreDone: that customers do more of what fails more often is no fault.
func TestOtherThingsAreDone(t *testing.T) {
	w := newWorld(nil)
	life := func(seconds int, pay, search float64) []felt.Finding {
		return w.run(seconds, func(int) {
			w.many("pay", pay, .012, nil)
			w.many("search", search, .004, nil)
		})
	}
	life(3*3600, 1, 9)
	for _, f := range life(3600, 4, 6) {
		if f.Series.Name == "" && f.Paging {
			t.Error(f.Explanation)
		}
	}
}

// TestOneStepIsNoWhole: an app with one interaction is judged once.
func TestOneStepIsNoWhole(t *testing.T) {
	w := newWorld(nil)
	w.run(600, func(int) { w.many("pay", 5, .005, nil) })
	if held, _, _ := w.d.Stats(); held != 1 {
		t.Errorf("%d series", held)
	}
}
