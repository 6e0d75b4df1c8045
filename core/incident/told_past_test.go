package incident

import (
	"slices"
	"testing"

	"github.com/felt-cx/felt"
)

// TestNobodyIsToldOfAHistory: what an event log shows was told to nobody, and does not count as told when
// its clock is switched: what is over by then is never told, what is open is told as what begins.
func TestNobodyIsToldOfAHistory(t *testing.T) {
	for _, c := range []struct {
		name     string
		switched felt.Tick // after start
		want     []string  // that sink all is told first and last; nil nothing
	}{
		{"over before the switch", 550, nil},
		{"open at the switch", 200, []string{"+200 detected", "+480 resolved"}},
	} {
		w := newWorld(t)
		w.b.Rules(inventory(t, manySinks))
		past := felt.DefaultSettings()
		past.Clock = felt.ClockEvent
		w.b.Settings(past)
		life(w, 600, func(at felt.Tick) {
			if at == c.switched {
				for _, r := range w.rows {
					if r.Notified != 0 || slices.ContainsFunc(r.Timeline, func(e felt.TimelineEntry) bool { return e.Kind == "notified" }) {
						t.Errorf("%s: in the history the incident says that somebody was told: %v", c.name, r.Timeline)
						break
					}
				}
				w.b.Settings(felt.DefaultSettings())
			}
		})
		if w.last().Status != felt.IncidentResolved {
			t.Fatalf("%s: the incident is %v: the test tests nothing", c.name, w.last().Status)
		}
		got := heardOf(w, "all")
		if c.want == nil {
			if len(w.told) > 0 || w.last().Notified != 0 {
				t.Errorf("%s: %d were told, %v", c.name, len(w.told), w.last().Notified)
			}
			continue
		}
		if len(got) < 2 || got[0] != c.want[0] || got[len(got)-1] != c.want[1] {
			t.Errorf("%s: all was told %v, want %v", c.name, got, c.want)
		}
	}
}
