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
	"github.com/felt-cx/felt/shell/simulate"
)

// stateAnswer is GET /demo/state.
type stateAnswer struct {
	Demo      bool           `json:"demo"`
	Scenario  string         `json:"scenario"` // that strikes next, or did last
	Scenarios []Scenario     `json:"scenarios"`
	Phase     string         `json:"phase"`   // history, live
	History   *historyAnswer `json:"history"` // null when there was none to take in
	Fault     *lastingAnswer `json:"fault"`   // that lasts, else one that was over a while ago, else the next; null: none
}

type historyAnswer struct {
	Done  int64  `json:"done"`  // interactions in the rows
	Total int64  `json:"total"` // about
	From  string `json:"from"`
	To    string `json:"to"`
}

type lastingAnswer struct {
	Name   string `json:"name"` // of the scenario
	From   string `json:"from"`
	To     string `json:"to"`
	Active bool   `json:"active"`
}

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
	Delivered    simulate.Totals  `json:"delivered"`
}

type faultAnswer struct {
	App    string `json:"app"`
	Name   string `json:"name"` // of the interaction; "" several
	Where  string `json:"where"`
	Text   string `json:"text"`
	From   string `json:"from"`
	To     string `json:"to"`
	Active bool   `json:"active"`
}

// Handler answers GET /demo/state, POST /demo/scenario, GET /demo/truth?app=&name=&from=&to= and POST
// /demo/stop. Times are RFC 3339 or Unix seconds. It asks for no token: mount it behind the
// API's guards.
func (d *Demo) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /demo/state", d.serveState)
	mux.HandleFunc("POST /demo/scenario", d.serveScenario)
	mux.HandleFunc("GET /demo/truth", d.serveTruth)
	mux.HandleFunc("POST /demo/stop", func(w http.ResponseWriter, _ *http.Request) {
		d.Stop()
		write(w, http.StatusAccepted, map[string]bool{"sending": d.Sending()})
	})
	return mux
}

// Routes are the patterns of the Handler, for a server that has others too.
func (d *Demo) Routes() map[string]http.Handler {
	h := d.Handler()
	return map[string]http.Handler{"GET /demo/state": h, "POST /demo/scenario": h, "GET /demo/truth": h, "POST /demo/stop": h}
}

// justOver is how long a fault that is over is told of before the next one is.
const justOver = 5 * felt.Minute

func (d *Demo) serveState(w http.ResponseWriter, _ *http.Request) {
	d.mu.Lock()
	a := stateAnswer{Demo: true, Scenario: d.scenario.Name, Scenarios: Scenarios(), Phase: d.phase}
	if h := &d.past; h.To > 0 {
		a.History = &historyAnswer{Total: h.total, Done: h.total, From: stamp(h.From), To: stamp(h.To)}
		if d.phase == phaseHistory {
			a.History.Done = h.done(d.server.Progress().Tick.Instant())
		}
	}
	d.mu.Unlock()
	now := felt.InstantOf(d.opt.Now())
	last, next := d.around(now)
	switch {
	case last != nil && (now < last.to+justOver || next == nil):
		a.Fault = last.lasting(now)
	case next != nil:
		a.Fault = next.lasting(now)
	}
	write(w, http.StatusOK, a)
}

// struck is a fault at a time.
type struck struct {
	Scenario
	from, to felt.Instant
}

func (s *struck) lasting(now felt.Instant) *lastingAnswer {
	return &lastingAnswer{s.Name, stamp(s.from), stamp(s.to), s.from <= now && now < s.to}
}

// around is the fault that lasts or was the last, and the one that comes next; nil for none.
func (d *Demo) around(now felt.Instant) (last, next *struck) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.episodes() {
		if s, err := named(e.Fault.Name); err == nil && e.From <= now {
			last = &struck{s, e.From, e.To}
		}
	}
	if d.next > now {
		next = &struck{d.scenario, d.next, d.next + felt.Instant(d.opt.FaultFor)}
	}
	return last, next
}

// mostBody bounds what is read of a request.
const mostBody = 4 << 10

func (d *Demo) serveScenario(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Name string `json:"name"`
	}
	in := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBody))
	in.DisallowUnknownFields()
	err := in.Decode(&q)
	if err != nil {
		err = fmt.Errorf(`want {"name": "..."}: %w`, err)
	} else {
		err = d.Choose(q.Name)
	}
	if err != nil {
		refuse(w, err)
		return
	}
	write(w, http.StatusAccepted, map[string]string{"scenario": q.Name})
}

func refuse(w http.ResponseWriter, err error) {
	write(w, http.StatusBadRequest, map[string]any{
		"title": http.StatusText(http.StatusBadRequest), "status": http.StatusBadRequest, "detail": err.Error(),
	})
}

func (d *Demo) serveTruth(w http.ResponseWriter, r *http.Request) {
	scope, window, err := ask(r)
	if err != nil {
		refuse(w, err)
		return
	}
	sending := d.Sending() // before counting, so that false means: this is all
	a := truthAnswer{
		App: scope.App, Name: scope.Name, From: stamp(window.From), To: stamp(window.To),
		Interactions: map[string]int64{}, Sending: sending,
	}
	d.mu.Lock()
	ledger := d.ledger
	d.mu.Unlock()
	var t simulate.Truth
	if ledger != nil {
		t = ledger.Truth(scope, window)
		a.Delivered = ledger.Totals()
	}
	a.Customers, a.Sessions, a.Complete = t.Customers, t.Sessions, t.Complete
	for o := felt.OutcomeSuccess; o < felt.Outcomes; o++ {
		a.Interactions[o.String()] = t.Counts[o]
	}
	now := felt.InstantOf(d.opt.Now())
	last, next := d.around(now)
	a.Fault, a.NextFault = last.answer(now), next.answer(now)
	write(w, http.StatusOK, a)
}

func (s *struck) answer(now felt.Instant) *faultAnswer {
	if s == nil {
		return nil
	}
	return &faultAnswer{
		App: shop, Name: s.what(), Where: s.where(), Text: s.Title,
		From: stamp(s.from), To: stamp(s.to), Active: s.from <= now && now < s.to,
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
