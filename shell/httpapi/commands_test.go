package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
)

const inc1 = "/api/v1/incidents/inc-1/"

func TestAcknowledge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ask(http.MethodPost, inc1+"acknowledge", "{}", header("Idempotency-Key", "k1"), header("X-Felt-Actor", "ana"), header("X-Felt-Via", "slack"))
	if a.status != 200 || a.at("status") != "acknowledged" || a.at("acknowledged") != "2026-03-04T13:50:00Z" || a.at("as_of_seq") != 4712.0 {
		t.Fatalf("%d %s", a.status, a.raw)
	}
	for _, f := range all(impactFields("impact."), strings.Fields(incidentFields)) {
		a.at(f)
	}
	want := []felt.Command{{Time: now, Actor: "ana", Via: "slack", What: felt.CommandAcknowledge, Target: "inc-1", IdempotencyKey: "k1"}}
	if diff := cmp.Diff(want, w.commands()); diff != "" {
		t.Error(diff)
	}
	// A second click says the same and does nothing.
	if a := w.ask(http.MethodPost, inc1+"acknowledge", ""); a.status != 200 || a.at("status") != "acknowledged" || len(w.commands()) != 1 {
		t.Errorf("second click: %d %s", a.status, a.raw)
	}
	open := w.ok("/api/v1/incidents?status=open") // open includes acknowledged
	if open.at("incidents.0.status") != "acknowledged" {
		t.Errorf("open: %s", open.raw)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, body := range []string{"", "{}", `{"reason":""}`, `{"reason":"  \n "}`} {
		problem(t, w.ask(http.MethodPost, inc1+"resolve", body), 409, "customers are still failing", "reason")
	}
	if len(w.commands()) != 0 {
		t.Fatalf("commands %v", w.commands())
	}
	a := w.ask(http.MethodPost, inc1+"resolve", `{"reason":" rolled back "}`)
	if a.status != 200 || a.at("status") != "resolved" || a.at("resolved") != "2026-03-04T13:50:00Z" {
		t.Fatalf("%d %s", a.status, a.raw)
	}
	want := []felt.Command{{Time: now, Actor: "anonymous", Via: "api", What: felt.CommandResolve, Target: "inc-1", Reason: "rolled back"}}
	if diff := cmp.Diff(want, w.commands()); diff != "" {
		t.Error(diff)
	}
	if a := w.ask(http.MethodPost, inc1+"resolve", ""); a.status != 200 || a.at("status") != "resolved" {
		t.Errorf("resolving what is resolved: %d %s", a.status, a.raw)
	}
	problem(t, w.ask(http.MethodPost, inc1+"acknowledge", ""), 409, "resolved already")
	if len(w.commands()) != 1 {
		t.Errorf("commands %v", w.commands())
	}
}

// Once customers no longer fail, no reason is needed, nor a body.
func TestResolveWhenOver(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{}"} {
		w := newWorld(t)
		i, err := w.store.Incident(t.Context(), "inc-1")
		if err != nil {
			t.Fatal(err)
		}
		i.Version, i.FindingActive, i.Recovery = i.Version+1, false, felt.Recovery{Holds: true, Outcomes: 30, Needs: 30}
		w.putIncident(i)
		w.engine.move(4712)
		if a := w.ask(http.MethodPost, inc1+"resolve", body); a.status != 200 || a.at("status") != "resolved" {
			t.Errorf("body %q: %d %s", body, a.status, a.raw)
		}
	}
}

func TestCommandFromThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ask(http.MethodPost, inc1+"acknowledge", "{}", header("Sec-Fetch-Site", "same-origin"))
	if got := w.commands(); len(got) != 1 || got[0].Via != "page" {
		t.Errorf("%+v", got)
	}
}

func TestCommandMistakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		target, body string
		status       int
		words        []string
	}{
		{"/api/v1/incidents/none/acknowledge", "", 404, []string{`"none"`}},
		{"/api/v1/incidents/none/resolve", `{"reason":"x"}`, 404, []string{`"none"`}},
		{inc1 + "resolve", `{"reason":`, 400, []string{"JSON"}},
		{inc1 + "resolve", `{"raeson":"x"}`, 422, []string{"raeson", "unexpected property"}},
		{inc1 + "resolve", `{"reason":7}`, 422, []string{"body.reason", "string"}},
		{inc1 + "resolve", `["x"]`, 422, []string{"object"}},
		{inc1 + "resolve", `{"reason":"` + strings.Repeat("x", 1001) + `"}`, 422, []string{"1000"}},
		{inc1 + "resolve", `{"reason":"` + strings.Repeat("x", 65<<10) + `"}`, 413, nil},
		{inc1 + "resolve?reason=x", "", 400, []string{"takes none"}},
		{inc1 + "explode", "", 404, []string{"/api/openapi.json"}},
	} {
		problem(t, w.ask(http.MethodPost, c.target, c.body), c.status, c.words...)
	}
	problem(t, w.ask(http.MethodPost, inc1+"resolve", `{"reason":"x"}`, header("Content-Type", "text/plain")), 415)
	problem(t, w.ask(http.MethodPost, inc1+"acknowledge", "", header("Idempotency-Key", strings.Repeat("k", 129))), 422, "128")
	if len(w.commands()) != 0 {
		t.Errorf("commands %v", w.commands())
	}
}

func TestLogCannotTakeIt(t *testing.T) {
	t.Parallel()
	for err, status := range map[error]int{
		fmt.Errorf("jetstream: %w", felt.ErrFull):        503,
		fmt.Errorf("jetstream: %w", felt.ErrUnavailable): 503,
		errBroken: 500,
	} {
		w := newWorld(t)
		w.full = err
		a := w.ask(http.MethodPost, inc1+"acknowledge", "")
		problem(t, a, status)
		if (status == 503) != (a.header.Get("Retry-After") != "") {
			t.Errorf("%v: Retry-After %q", err, a.header.Get("Retry-After"))
		}
		if strings.Contains(a.raw, "jetstream") || strings.Contains(a.raw, "secret") {
			t.Errorf("the answer shows its insides: %s", a.raw)
		}
	}
}

// When the engine is slow the command is on the log all the same: 202.
func TestCommandIsSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.take = nil
		began := time.Now()
		a := w.ask(http.MethodPost, inc1+"acknowledge", "")
		if a.status != http.StatusAccepted || a.at("status") != "open" || time.Since(began) != 5*time.Second {
			t.Errorf("after %s: %d %s", time.Since(began), a.status, a.raw)
		}
	})
}

// The command's record can be in the rows a tick before the incident shows it, and an
// incident changes for other reasons too.
func TestCommandTakesEffectATickLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.take = func(c felt.Command) {
			go func() {
				i, err := w.store.Incident(t.Context(), c.Target)
				if err != nil {
					t.Error(err)
				}
				i.Version++
				w.putIncident(i)
				w.engine.move(4712)
				time.Sleep(time.Second)
				i.Version, i.Status = i.Version+1, felt.IncidentAcknowledged
				w.putIncident(i)
				w.engine.move(4713)
			}()
		}
		began := time.Now()
		a := w.ask(http.MethodPost, inc1+"acknowledge", "")
		if a.status != 200 || a.at("status") != "acknowledged" || time.Since(began) != time.Second {
			t.Errorf("after %s: %d %s", time.Since(began), a.status, a.raw)
		}
	})
}
