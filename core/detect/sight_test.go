package detect

import (
	"testing"

	"github.com/felt-cx/felt"
)

// TestSights: the busier a series, and the longer one waits, the smaller is what is seen.
func TestSights(t *testing.T) {
	w := newWorld(nil)
	w.run(7200, func(int) {
		w.many("busy", 20, .01, nil)
		w.many("calm", 2, .01, nil)
	})
	of := func(name string) map[string]felt.Sight {
		out := map[string]felt.Sight{}
		for _, s := range w.d.Sights(felt.Scope{Env: "production", Name: name}) {
			out[s.Detector] = s
		}
		return out
	}
	busy, calm := of("busy"), of("calm")
	for _, test := range []Test{TestFailed, TestSlower, TestDrop} {
		a, b := busy[test.String()], calm[test.String()]
		if len(a.Smallest) != 3 || len(b.Smallest) != 3 || a.Open != OpenAt || a.Page < a.Open {
			t.Fatalf("%s: %+v, %+v", test, a, b)
		}
		for i := range a.Smallest {
			x, y := a.Smallest[i], b.Smallest[i]
			if !x.OK || x.Size <= 0 || x.Size > 1 || y.OK && y.Size < x.Size {
				t.Errorf("%s within %d: busy %+v, calm %+v", test, x.Within/felt.Second, x, y)
			}
			if i > 0 && x.Size > a.Smallest[i-1].Size {
				t.Errorf("%s: waiting longer shows less: %+v", test, a.Smallest)
			}
		}
		t.Logf("%s: busy %v, calm %v", test, a.Smallest, b.Smallest)
	}
	if f := busy["failed_rate"]; f.Usual < .005 || f.Usual > .015 || f.Known < 2000 || f.Window < 150 || f.Window > 250 {
		t.Errorf("%+v", f)
	}
	if f := calm["volume"]; f.Usual < 10 || f.Usual > 30 || f.Wait != 0 {
		t.Errorf("of two a second are expected in ten: %+v", f)
	}
	if f := busy["slow_usual"]; f.Usual <= 0 || f.Known < 2000 || f.Needs != 2000 {
		t.Errorf("%+v", f)
	}
	if list := w.d.Sights(felt.Scope{Name: "nobody"}); len(list) > 0 {
		t.Errorf("%+v", list)
	}
}
