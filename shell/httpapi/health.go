package httpapi

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/felt-cx/felt"
)

type healthInput struct{}

type healthOutput struct {
	Body struct {
		Stamp
		Status     string            `json:"status" enum:"ok,starting,degraded"`
		Clock      string            `json:"clock" enum:"wall,event"`
		LagSeconds float64           `json:"lag_seconds" doc:"How far the rows are behind the log's clock"`
		Receiving  bool              `json:"receiving" doc:"Telemetry came in within the last minute"`
		LastEvent  *string           `json:"last_event" doc:"When telemetry last came in, by the clock of the log"`
		Ingested   Totals            `json:"ingested" doc:"Accepted since the process started"`
		Processed  processed         `json:"processed"`
		Drops      map[string]int64  `json:"drops" doc:"Left out or turned away since the process started, by reason"`
		Unmapped   unmapped          `json:"unmapped"`
		Config     []string          `json:"config_errors"`
		Parts      map[string]string `json:"parts"`
		OTLPHTTP   string            `json:"otlp_http,omitempty"`
		Demo       bool              `json:"demo,omitempty" doc:"It makes its own customers: /demo/state tells more"`
		Version    string            `json:"version"`
		Inventory  InventoryState    `json:"inventory"`
	}
}

type processed struct {
	Events int64 `json:"events" doc:"Spans and log records counted by the engine"`
}

type unmapped struct {
	Names       []felt.NameCount `json:"names" doc:"Interactions of customers, as app/name, that are a step of no journey; since Felt began, in all environments. /api/v1/unmapped lists those of a window"`
	Metrics     int64            `json:"metrics" doc:"Points of metrics that are a signal of no journey"`
	MetricNames []felt.NameCount `json:"metric_names"`
}

// health says how fresh the numbers are, and what is not in them.
func (a *API) health(context.Context, *healthInput) (*healthOutput, error) {
	h := a.opts.Health()
	out := &healthOutput{}
	b := &out.Body
	b.Stamp = a.stamp(nil)
	b.Status, b.Clock, b.Version, b.OTLPHTTP = "ok", a.opts.Clock().String(), a.opts.Version, a.opts.OTLPHTTP
	if len(h.Config) > 0 {
		b.Status = "degraded"
	}
	if !h.Ready {
		b.Status = "starting"
	}
	b.Demo = a.opts.Extra["/demo/state"] != nil || a.opts.Extra["GET /demo/state"] != nil
	b.LagSeconds = a.lag()
	b.LastEvent = optionalTime(h.Last)
	b.Receiving = h.Last > 0 && felt.InstantOf(a.opts.Now())-h.Last <= silentAfter
	if a.opts.Clock() == felt.ClockEvent { // the data's own time is what counts there
		b.LastEvent = b.AsOf
	}
	b.Ingested, b.Processed = h.Ingest, processed{h.Events}
	b.Drops, b.Parts = orEmpty(h.Drops), orEmpty(h.Parts)
	b.Unmapped = unmapped{Names: nonNil(h.Names), MetricNames: nonNil(h.Metrics)}
	for _, m := range h.Metrics {
		b.Unmapped.Metrics += m.Count
	}
	b.Config = nonNil(h.Config)
	b.Inventory = stateOfRules(a.opts.Rules())
	return out, nil
}

// lag is how many seconds the rows are behind. An event log's clock stands still
// without data, so there it is zero.
func (a *API) lag() float64 {
	p := a.opts.Engine.Progress()
	if a.opts.Clock() == felt.ClockEvent || p.Tick == 0 {
		return 0
	}
	return max(0, float64(felt.InstantOf(a.opts.Now())-p.Tick.Instant())/float64(felt.Second))
}

func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func orEmpty[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return m
}

// healthz answers as long as the process can answer anything.
func (a *API) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

// readyz answers 200 when every part works and what was on the log at the start has
// been read.
func (a *API) readyz(w http.ResponseWriter, _ *http.Request) {
	h := a.opts.Health()
	body, err := json.Marshal(struct {
		Ready  bool              `json:"ready"`
		Parts  map[string]string `json:"parts"`
		Config []string          `json:"config_errors"`
	}{h.Ready, orEmpty(h.Parts), nonNil(h.Config)})
	if err != nil {
		writeProblem(w, http.StatusInternalServerError, "readiness cannot be written")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if !h.Ready {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write(append(body, '\n'))
}
