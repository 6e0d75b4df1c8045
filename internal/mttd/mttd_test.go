package main

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/simulate"
)

func usual() options {
	return options{rate: 2000, apps: 300, interactions: 20, faults: 40, warm: time.Minute, every: time.Minute, lasts: time.Minute, seed: 1}
}

func TestThePlanHasEveryKindAndNoAppTwice(t *testing.T) {
	s, err := world(usual())
	if err != nil {
		t.Fatal(err)
	}
	seen, apps := map[string]int{}, map[string]bool{}
	for _, f := range s.Faults {
		seen[f.Kind]++
		if strings.HasPrefix(f.App, "app-") && apps[f.App] {
			t.Errorf("%s has two faults", f.App)
		}
		apps[f.App] = true
	}
	if len(s.Faults) != 40 || len(seen) != len(kinds()) {
		t.Errorf("%d faults of kinds %v", len(s.Faults), seen)
	}
}

// stretch draws windows of n tries of which a share fails.
func stretch(r *rand.Rand, windows int, n int32, share float64) (s simulate.Stretch) {
	for range windows {
		var failed int32
		for range n {
			if r.Float64() < share {
				failed++
			}
		}
		s.Windows = append(s.Windows, [3]int32{n, failed, 0})
	}
	s.Seconds = float64(windows * window)
	return s
}

func TestIdeal(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	before := stretch(r, 60, 100, .01)
	for _, c := range []struct {
		name   string
		during simulate.Stretch
		least  int
		most   int
	}{
		{"nothing", before, 0, 0},
		{"half fails", stretch(r, 18, 100, .5), 10, 10},
		{"five more of a hundred", stretch(r, 18, 100, .06), 20, 120},
		{"nobody comes", stretch(r, 18, 0, 0), 10, 10},
		{"half come", stretch(r, 18, 50, .01), 10, 30},
	} {
		if got := ideal(before, c.during, 18); got < c.least || got > c.most {
			t.Errorf("%s: %d s, want %d to %d", c.name, got, c.least, c.most)
		}
	}
}

func TestIncidentBelongsToItsFault(t *testing.T) {
	at := felt.InstantOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	d := simulate.Damage{From: at, To: at + 3*felt.Minute, Scopes: []simulate.Scope{{App: "app-007", Name: "open order"}}}
	for _, c := range []struct {
		app    string
		opened felt.Instant
		want   bool
	}{
		{"app-007", at + 20*felt.Second, true},
		{"app-008", at + 20*felt.Second, false},
		{"app-007", at - felt.Minute, false},
		{"app-007", at + 4*felt.Minute, true},
		{"app-007", at + 6*felt.Minute, false},
	} {
		i := incident{App: c.app, Opened: c.opened.Time(), FirstBad: c.opened.Time()}
		if got := belongs(i, &d); got != c.want {
			t.Errorf("%s at %d: %v", c.app, (c.opened-at)/felt.Second, got)
		}
	}
}

func TestHookNotesWhatItIsTold(t *testing.T) {
	h, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	defer h.srv.Close()
	post := func(v any) int {
		data, _ := json.Marshal(v)
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, h.url, strings.NewReader(string(data)))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	told := map[string]any{"type": "dev.cdevents.incident.detected.0.3.0", "data": map[string]any{"customData": map[string]any{"incident": "inc-1"}}}
	if code := post(told); code != http.StatusNoContent || h.first("inc-1").IsZero() || !h.first("inc-2").IsZero() {
		t.Errorf("%d, %v", code, h.calls)
	}
	if code := post("what?"); code != http.StatusBadRequest || h.count()["unreadable"] != 1 {
		t.Errorf("%d, %v", code, h.count())
	}
}

func TestQuantile(t *testing.T) {
	list := []float64{5, 1, 4, 2, 3}
	if a, b, c := quantile(list, .5), quantile(list, .95), quantile(nil, .5); a != 3 || b != 5 || c != 0 {
		t.Error(a, b, c)
	}
}
