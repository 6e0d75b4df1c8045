package incident

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/detect"
	"github.com/felt-cx/felt/core/tell"
)

const silentSinks = `
journeys:
  - {name: buy, app: shop, criticality: 5, steps: [{name: pay}]}
  - {name: transfer, app: bank, criticality: 2, steps: [{name: send}]}
sinks:
  - {name: all, kind: webhook, url: {env: A}, secret: {env: K}}
  - {name: buyers, kind: webhook, url: {env: A}, secret: {env: K}, when: {journeys: [buy]}}
  - {name: senders, kind: webhook, url: {env: A}, secret: {env: K}, when: {journeys: [transfer]}}
`

func app(name string) felt.Scope { return felt.Scope{Env: "production", App: name} }

// missing is a finding that an app is silent.
func (w *world) missing(name string) felt.Finding {
	w.mute[name] = true
	return w.page(app(name), func(f *felt.Finding) {
		f.Kind, f.N, f.Hit, f.Share, f.Detector = felt.FindingSilent, 0, 0, 0, detect.DetectorApp
		f.Since = (w.now - 120).Instant()
		f.Explanation = "no telemetry at all came from " + name
	})
}

func (w *world) back(f felt.Finding) felt.Finding {
	delete(w.mute, f.Series.App)
	f.Ended, f.Updated = w.now, w.now
	return f
}

// TestAppIsSilent: an app is silent. Those are told who care for one of its journeys; nobody says how many
// customers fail; and it is over a minute after it is heard again, whatever customers do. With
// a cut at any time.
func TestAppIsSilent(t *testing.T) {
	set := inventory(t, silentSinks)
	for _, cut := range []felt.Tick{-1, 30, 115, 150} {
		w := newWorld(t)
		w.mute = map[string]bool{}
		w.b.Rules(set)
		var f felt.Finding
		for at := felt.Tick(0); at <= 400; at++ {
			if at == cut {
				w.b = cutOff(t, w.b, set)
			}
			switch at {
			case 10:
				f = w.missing("shop")
				w.tick(f)
			case 110:
				w.tick(w.back(f))
			default:
				w.tick()
			}
		}
		r := w.last()
		if len(w.ids()) != 1 || r.Kind != "silent" || r.App != "shop" || r.Title != "shop" || len(r.Journeys) != 0 || r.Priority == "" {
			t.Fatalf("%+v", r)
		}
		if r.Status != felt.IncidentResolved || seconds(r.Recovered) != 110 || seconds(r.Resolved) != 170 || seconds(r.FirstBad) != -110 {
			t.Errorf("recovered at +%d, resolved at +%d, since %+d", seconds(r.Recovered), seconds(r.Resolved), seconds(r.FirstBad))
		}
		for _, sink := range []string{"all", "buyers"} {
			if got := heardOf(w, sink); len(got) < 2 || got[0] != "+13 detected" || got[len(got)-1] != "+170 resolved" {
				t.Errorf("%s: %v", sink, got)
			}
		}
		if got := heardOf(w, "senders"); got != nil {
			t.Errorf("senders: %v", got)
		}
		for i := range w.rows {
			text := tell.Sentence(&w.rows[i])
			if !strings.Contains(text, "what customers of shop d") || !strings.Contains(text, "is not known") || strings.Contains(text, "0 customers") {
				t.Error(text)
			}
		}
		if text := tell.Title(&w.rows[0]); text != "shop is not heard of" {
			t.Error(text)
		}
	}
}

// TestSilenceIsOne: the apps of an environment fall silent one after the other within a minute, and a service
// of one of them: one incident, which lasts until all are heard; and it opens again.
func TestSilenceIsOne(t *testing.T) {
	w := newWorld(t)
	w.mute = map[string]bool{}
	w.b.Rules(inventory(t, silentSinks))
	var all []felt.Finding
	for i := range 5 {
		all = append(all, w.missing(fmt.Sprint("app", i)))
		w.run(w.now-start+8, nil)
		w.tick(all[i])
	}
	if len(w.ids()) != 1 || len(w.last().Scopes) != 5 {
		t.Fatalf("%d incidents, %+v", len(w.ids()), w.last().Scopes)
	}
	for i := range 4 {
		w.tick(w.back(all[i]))
	}
	w.run(w.now-start+600, nil)
	if w.last().Status == felt.IncidentResolved {
		t.Error("resolved while one is silent")
	}
	w.tick(w.back(all[4]))
	w.run(w.now-start+90, nil)
	if w.last().Status != felt.IncidentResolved {
		t.Fatalf("all are heard, and %+v", w.last().Recovery)
	}
	w.tick(w.missing("app3"))
	w.tick()
	if r := w.last(); len(w.ids()) != 1 || r.Reopened == 0 || r.Status != felt.IncidentOpen {
		t.Errorf("again silent: %d incidents, %+v", len(w.ids()), r.Status)
	}
}

// TestSilenceForGood: an app is never heard again. Its finding ends one day, and that is not told as all
// clear.
func TestSilenceForGood(t *testing.T) {
	w := newWorld(t)
	w.mute = map[string]bool{}
	f := w.missing("shop")
	w.tick(f)
	w.run(3600, nil)
	f.Ended, f.Updated = w.now, w.now
	w.tick(f)
	w.run(w.now-start+felt.Tick(24*3600+20), nil)
	r := w.last()
	if r.Status != felt.IncidentResolved || r.Recovered != 0 || !strings.Contains(r.Timeline[len(r.Timeline)-1].Text, "nobody looks for it any longer") {
		t.Errorf("%v %v %v", r.Status, r.Recovered, story(r))
	}
}

// TestSilenceAndFailure: customers fail when they are heard again: then it is theirs to resolve.
func TestSilenceAndFailure(t *testing.T) {
	w := newWorld(t)
	w.mute = map[string]bool{}
	w.b.Rules(inventory(t, silentSinks))
	f := w.missing("shop")
	w.tick(f)
	w.run(200, nil)
	w.tick(w.back(f), w.page(pay()))
	w.run(600, func(at felt.Tick) { w.tries(pay(), uint64(10*at), uint64(10*at+5), felt.OutcomeFailed) })
	r := w.last()
	if len(w.ids()) != 1 || r.Kind != "failed" || r.Status == felt.IncidentResolved || !slices.Contains(r.Scopes, pay()) {
		t.Errorf("%d incidents, %s %v %v", len(w.ids()), r.Kind, r.Status, story(r))
	}
}

// TestSilenceInMaintenance: nobody is told during upkeep of the app; upkeep of one of its journeys is
// not enough.
func TestSilenceInMaintenance(t *testing.T) {
	const upkeep = `
maintenance: [{name: upkeep, from: "2020-01-01T00:00Z", to: "2030-01-01T00:00Z", apps: [shop]%s}]
`
	for more, told := range map[string]bool{"": false, ", journeys: [buy]": true} {
		w := newWorld(t)
		w.mute = map[string]bool{}
		w.b.Rules(inventory(t, silentSinks+fmt.Sprintf(upkeep, more)))
		w.tick(w.missing("shop"))
		w.run(60, nil)
		if got := heardOf(w, "all"); (got != nil) != told || told == (w.last().Silenced != "") {
			t.Errorf("%q: told %v, silenced %q", more, got, w.last().Silenced)
		}
	}
}
