package demo

import (
	"strings"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// TestInventory: the demo's own inventory has nothing to complain about on any day, is about what
// the simulator does, and names every metric that it sends.
func TestInventory(t *testing.T) {
	for _, day := range []time.Time{time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2031, 12, 31, 23, 59, 0, 0, time.UTC)} {
		in := Inventory(day)
		for _, p := range rules.Check(in, rules.Options{Today: felt.InstantOf(day)}) {
			t.Errorf("%s: %v", day.Format(time.DateOnly), p)
		}
	}
	in := Inventory(time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC))
	if !strings.Contains(in.Files[0].Text, "reviewed: 2026-12-01") || strings.Contains(in.Files[0].Text, reviewed) {
		t.Error("it is not reviewed at the beginning of the month")
	}
	set, problems := rules.Load(in)
	if set == nil {
		t.Fatal(problems)
	}
	does := catalog()
	for name := range does {
		if len(set.Steps(App, name)) == 0 {
			t.Errorf("%s is in no journey", name)
		}
	}
	for _, j := range set.Journeys {
		if does[j.Name] != nil {
			t.Errorf("journey %s is called as an interaction is: who asks for one means the other", j.Name)
		}
		for _, st := range j.Steps {
			if does[st.Interaction] == nil {
				t.Errorf("%s/%s: nobody does that in the shop", j.Name, st.Name)
			}
			limits := st.Limits(nil)
			if does[st.Interaction] != nil && limits.Degraded > 0 && limits.Degraded < felt.Instant(10*does[st.Interaction].typical) {
				t.Errorf("%s/%s: a success of the simulator may be slower than %v", j.Name, st.Name, limits.Degraded)
			}
			if limits.Failed > 0 && limits.Failed <= longest {
				t.Errorf("%s/%s: what takes %v is no failure in the simulator", j.Name, st.Name, limits.Failed)
			}
		}
	}
	o := newOutbox()
	for _, m := range o.metrics(1, 2).body.(metricsRequest).ResourceMetrics {
		for _, s := range m.ScopeMetrics {
			for _, metric := range s.Metrics {
				if !set.Signal(metric.Name) {
					t.Errorf("metric %s serves no journey", metric.Name)
				}
			}
		}
	}
}
