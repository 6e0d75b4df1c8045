package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/felt-cx/felt"
)

// truthAnswer is GET /demo/truth.
type truthAnswer struct {
	App          string           `json:"app"`
	Name         string           `json:"name"` // "": all
	From         string           `json:"from,omitempty"`
	To           string           `json:"to,omitempty"`
	Customers    felt.Distinct    `json:"customers"`
	Sessions     felt.Distinct    `json:"sessions"`
	Interactions map[string]int64 `json:"interactions"`
	Complete     bool             `json:"complete"` // the window begins after the demo did, and nothing of it is forgotten
	Fault        *faultAnswer     `json:"fault"`    // that lasts, else the last one; null before the first
	NextFault    *faultAnswer     `json:"next_fault"`
	Sending      bool             `json:"sending"`
	Delivered    totals           `json:"delivered"`
}

type faultAnswer struct {
	App    string `json:"app"`
	Name   string `json:"name"`
	Where  string `json:"where"`
	Text   string `json:"text"`
	From   string `json:"from"`
	To     string `json:"to"`
	Active bool   `json:"active"`
}

// Handler answers GET /demo/truth?app=&name=&from=&to= and POST /demo/stop. Times are
// RFC 3339 or Unix seconds. It asks for no token: mount it behind the API's guards.
func (d *Demo) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /demo/truth", d.serveTruth)
	mux.HandleFunc("POST /demo/stop", func(w http.ResponseWriter, _ *http.Request) {
		d.Stop()
		write(w, http.StatusAccepted, map[string]bool{"sending": d.Sending()})
	})
	return mux
}

func (d *Demo) serveTruth(w http.ResponseWriter, r *http.Request) {
	scope, window, err := ask(r)
	if err != nil {
		write(w, http.StatusBadRequest, map[string]any{
			"title": http.StatusText(http.StatusBadRequest), "status": http.StatusBadRequest, "detail": err.Error(),
		})
		return
	}
	sending := d.Sending() // before counting, so that false means: this is all
	t := d.Truth(scope, window)
	a := truthAnswer{
		App: scope.App, Name: scope.Name, From: stamp(window.From), To: stamp(window.To),
		Customers: t.Customers, Sessions: t.Sessions, Interactions: map[string]int64{},
		Complete: t.Complete, Sending: sending, Delivered: d.ledger.delivered(),
	}
	for o := felt.OutcomeSuccess; o < felt.Outcomes; o++ {
		a.Interactions[o.String()] = t.Counts[o]
	}
	d.mu.Lock()
	f := d.faults
	d.mu.Unlock()
	now := felt.InstantOf(d.opt.Now())
	if last, ok := f.latest(now); ok {
		a.Fault = answerFault(last, now)
	}
	if next, ok := f.next(now); ok {
		a.NextFault = answerFault(next, now)
	}
	write(w, http.StatusOK, a)
}

func answerFault(w felt.Window, now felt.Instant) *faultAnswer {
	return &faultAnswer{
		App: App, Name: faultName, Where: "region=" + faultRegion, Text: faultStory,
		From: stamp(w.From), To: stamp(w.To), Active: w.From <= now && now < w.To,
	}
}

func stamp(i felt.Instant) string {
	if i == 0 {
		return ""
	}
	return i.Time().Format(time.RFC3339Nano)
}

func write(w http.ResponseWriter, code int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		code = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(b) // the asker may be gone
}

// ask reads what a request asks for. What it does not know is an error: a number for
// another question than the one that was asked would mislead.
func ask(r *http.Request) (felt.Scope, felt.Window, error) {
	q := r.URL.Query()
	known := []string{"env", "app", "name", "from", "to"}
	for key := range q {
		if !slices.Contains(known, key) {
			return felt.Scope{}, felt.Window{}, fmt.Errorf("parameter %q is not known; known are %s", key, strings.Join(known, ", "))
		}
	}
	s := felt.Scope{Env: q.Get("env"), App: q.Get("app"), Name: q.Get("name")}
	var w felt.Window
	var err error
	if w.From, err = moment(q.Get("from")); err != nil {
		return s, w, fmt.Errorf("from: %w", err)
	}
	if w.To, err = moment(q.Get("to")); err != nil {
		return s, w, fmt.Errorf("to: %w", err)
	}
	return s, w, nil
}

// moment reads RFC 3339 or Unix seconds (milliseconds from 10^11 on), exactly.
func moment(s string) (felt.Instant, error) {
	if s == "" {
		return 0, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return felt.InstantOf(t), nil
	}
	whole, fraction, _ := strings.Cut(s, ".")
	n, err := strconv.ParseUint(whole, 10, 63)
	unit, digits := int64(time.Second), 9
	if n >= 1e11 {
		unit, digits = int64(time.Millisecond), 6
	}
	if err != nil || n > uint64(1<<63-1)/uint64(unit)-1 || len(fraction) > 18 {
		return 0, fmt.Errorf("%q is neither RFC 3339 (2026-07-01T12:00:00Z) nor Unix seconds", s)
	}
	part, err := strconv.ParseUint((fraction + strings.Repeat("0", digits))[:digits], 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%q is neither RFC 3339 (2026-07-01T12:00:00Z) nor Unix seconds", s)
	}
	return felt.Instant(int64(n)*unit + int64(part)), nil
}
