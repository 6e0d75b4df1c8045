package incident

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
)

const manySinks = `
journeys: [{name: buy, app: shop, steps: [{name: pay}]}]
sinks:
  - {name: all, kind: webhook, url: {env: A}, secret: {env: K}, every: 30s}
  - {name: bad, kind: webhook, url: {env: A}, secret: {env: K}, when: {min_score: 55}}
  - {name: elsewhere, kind: webhook, url: {env: A}, secret: {env: K}, when: {apps: [desk]}}
  - {name: over, kind: webhook, url: {env: A}, secret: {env: K}, when: {events: [resolved]}}
  - {name: rare, kind: webhook, url: {env: A}, secret: {env: K}, every: 1h}
`

// heardOf is what a sink was told, relative to start.
func heardOf(w *world, sink string) (list []string) {
	for _, n := range w.told {
		if n.Sink == sink {
			list = append(list, fmt.Sprintf("+%d %s", n.At-start, strings.TrimPrefix(string(n.Kind), "incident.")))
		}
	}
	return list
}

// TestWhoIsTold: a sink whose score is reached later is told then that it began, and whoever was told is told
// that it is over, although by then it is worth less; reports come as often as each sink wants.
func TestWhoIsTold(t *testing.T) {
	set := inventory(t, manySinks)
	for _, cut := range []felt.Tick{-1, 100, 400} {
		w := newWorld(t)
		w.b.Rules(set)
		life(w, 600, func(at felt.Tick) {
			if at == cut {
				w.b = cutOff(t, w.b, set)
			}
		})
		r := w.last()
		most := 0.
		for _, row := range w.rows {
			most = max(most, row.Score)
		}
		if most < 55 || r.Score >= 55 || r.Status != felt.IncidentResolved {
			t.Fatalf("the score went from %.1f to %.1f, %s: the test tests nothing", most, r.Score, r.Status)
		}
		all, bad := heardOf(w, "all"), heardOf(w, "bad")
		if len(all) < 3 || all[0] != "+83 detected" || all[len(all)-1] != "+480 resolved" {
			t.Errorf("all: %v", all)
		}
		if len(bad) < 2 || bad[0] == "+83 detected" || !strings.HasSuffix(bad[0], " detected") || bad[len(bad)-1] != "+480 resolved" {
			t.Errorf("bad: %v", bad)
		}
		if diff := cmp.Diff([]string{"+480 resolved"}, heardOf(w, "over")); diff != "" {
			t.Error(diff)
		}
		if rare := heardOf(w, "rare"); len(rare) >= len(all) || rare[0] != "+83 detected" || rare[len(rare)-1] != "+480 resolved" {
			t.Errorf("rare: %v, all: %v", rare, all)
		}
		if got := heardOf(w, "elsewhere"); got != nil {
			t.Errorf("elsewhere: %v", got)
		}
	}
}

// TestASinkThatComesLater: one that the inventory gets while an incident is open is told of it.
func TestASinkThatComesLater(t *testing.T) {
	w := newWorld(t)
	life(w, 130, func(at felt.Tick) {
		if at == 110 {
			w.b.Rules(inventory(t, sinks))
		}
	})
	if got := heardOf(w, "oncall"); len(got) == 0 || got[0] != "+120 detected" && got[0] != "+111 detected" && got[0] != "+110 detected" {
		t.Errorf("%v", got)
	}
}

// TestResumedIsNotToldAgain: a book that takes up what is stored does not tell again what was told.
func TestResumedIsNotToldAgain(t *testing.T) {
	w := newWorld(t)
	w.b.Rules(inventory(t, sinks))
	life(w, 100, nil)
	row := w.last()
	next := newWorld(t)
	next.now = w.now
	next.b.Rules(inventory(t, sinks))
	next.b.Resume(w.now-1, []felt.Incident{row}, row.Findings)
	next.b.Learned()
	for range 30 {
		next.tick()
	}
	if got := heardOf(next, "oncall"); strings.Contains(strings.Join(got, " "), "detected") {
		t.Errorf("%v", got)
	}
}

// TestARelapseIsToldAtOnce: who was told that it looks well does not wait for the next report to hear that
// it does not.
func TestARelapseIsToldAtOnce(t *testing.T) {
	w := newWorld(t)
	w.b.Rules(inventory(t, `
journeys: [{name: buy, app: shop, steps: [{name: pay}]}]
sinks: [{name: slow, kind: webhook, url: {env: A}, secret: {env: K}, every: 5m}]
`))
	life(w, 455, func(at felt.Tick) {
		switch {
		case at == 200: // something to report as soon as that may be
			w.command(felt.Command{What: felt.CommandCommander, Target: w.last().ID, Actor: "ann", Time: w.now.Instant(), Args: map[string]string{"commander": "ann"}})
		case at >= 420:
			w.tries(pay(), uint64(1e5+100*at), uint64(1e5+100*at)+20, felt.OutcomeFailed)
		}
	})
	got, why := heardOf(w, "slow"), w.told[len(w.told)-1].Why
	if diff := cmp.Diff([]string{"+83 detected", "+90 reported", "+390 reported", "+420 reported"}, got); diff != "" || !strings.Contains(why, "does not look well any more") {
		t.Errorf("%s\n%s", why, diff)
	}
}

// TestAJourneyMoreIsTold: that an incident is about more than people were told is worth a report.
func TestAJourneyMoreIsTold(t *testing.T) {
	w := newWorld(t)
	w.b.Rules(inventory(t, `
journeys: [{name: buy, app: shop, steps: [{name: pay}]}, {name: find, app: shop, steps: [{name: search}]}]
sinks: [{name: slow, kind: webhook, url: {env: A}, secret: {env: K}, every: 30s}]
`))
	life(w, 200, func(at felt.Tick) {
		if at >= 145 && at < 180 { // the same customers
			w.tries(step("shop", "search"), uint64(at)*4+1, uint64(at)*4+3, felt.OutcomeFailed)
		}
		if at == 155 {
			w.tick(w.page(step("shop", "search")))
		}
	})
	if r := w.last(); len(w.ids()) != 1 || len(r.Titles) != 2 {
		t.Fatalf("%d incidents, the last is about %q: the test tests nothing", len(w.ids()), r.Titles)
	}
	for _, n := range w.told {
		if n.Kind == felt.NotifyReported && n.At >= start+155 && strings.Contains(n.Why, "ow also find") {
			return
		}
	}
	t.Errorf("nobody was told of the other journey: %v", heardOf(w, "slow"))
}
