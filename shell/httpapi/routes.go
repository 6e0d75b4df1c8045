package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// API is the handler and what its questions share.
type API struct {
	opts     Options
	asking   chan struct{} // one place per question being asked
	streams  chan struct{} // one place per live page
	checking chan struct{} // one place: for the inventory being checked
	judging  chan struct{} // one place: for the backtest being made
	budgets  budgets
	live     live
	overview overview
	keys     onceKeys
	handler  http.Handler
	counts   counters
}

// New builds the handler.
func New(opts Options) (*API, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	a := &API{opts: opts, asking: make(chan struct{}, opts.Questions), streams: make(chan struct{}, opts.Streams), checking: make(chan struct{}, 1), judging: make(chan struct{}, 1)}
	mux := http.NewServeMux()

	cfg := huma.DefaultConfig("Felt", opts.Version)
	cfg.Info.Description = "How many customers felt this, on what, since when."
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "", "", ""
	cfg.CreateHooks = nil // no $schema links in answers
	cfg.Transformers = append(cfg.Transformers, inWords)
	api := humago.New(mux, cfg)
	api.UseMiddleware(strict(api))
	a.routes(api)
	a.plainRoutes(api, mux)
	if err := document(api, mux); err != nil {
		return nil, err
	}
	for pattern, h := range opts.Extra {
		mux.Handle(pattern, h)
	}
	mux.HandleFunc(anyAPI, notFound(mux))
	mux.Handle(anyPage, page(opts.UI))

	a.handler = a.guard(mux)
	if opts.OTLP != nil {
		outer := http.NewServeMux()
		outer.Handle("/v1/", opts.OTLP) // has its own CORS and limits
		outer.Handle("/", a.handler)
		a.handler = outer
	}
	return a, nil
}

// ServeHTTP implements [http.Handler].
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// routes is the table of everything that can be asked and commanded.
func (a *API) routes(api huma.API) {
	get(api, "/api/v1/journeys", "journeys", "Journeys and interactions, worst first", a.journeys)
	get(api, "/api/v1/now", "now", "Everything that the first page shows of journeys: now, in the last hour, over the last day", a.atNow)
	get(api, "/api/v1/drivers", "drivers", "For whom a name goes wrong: segment values, releases and services that stand out", a.drivers)
	get(api, "/api/v1/series", "series", "Counts over time, optionally split by a segment", a.series)
	get(api, "/api/v1/impact", "impact", "Distinct customers hit: unique user impact", a.impact)
	get(api, "/api/v1/interactions", "interactions", "Single interactions, newest first", a.interactions)
	get(api, "/api/v1/operations", "operations", "What the services did", a.operations)
	get(api, "/api/v1/edges", "edges", "Who called whom", a.edges)
	get(api, "/api/v1/detectors", "detectors", "What each detector of a name or journey knows, and the smallest change that it would see", a.detectors)
	get(api, "/api/v1/findings", "findings", "What the detectors saw, newest first", a.findings)
	get(api, "/api/v1/incidents", "incidents", "Incidents, highest score first", a.incidents)
	get(api, "/api/v1/incidents/{id}", "incident", "One incident", a.incident)
	get(api, "/api/v1/funnel", "funnel", "How customers get through the steps of a journey", a.funnel)
	get(api, "/api/v1/objectives", "objectives", "What is left of a journey's error budgets, and how fast they burn", a.objectives)
	get(api, "/api/v1/signals", "signals", "What a journey's signals and KPIs were", a.signals)
	get(api, "/api/v1/customers/{id}", "customer", "What one customer did", a.customer)
	post(api, pathLookup, "lookup", "What one customer did, without their id in an address", a.lookup)
	a.affectedRoute(api)
	a.backtestRoute(api)
	get(api, "/api/v1/traces/{id}", "trace", "What exactly happened: the spans of a kept trace", a.trace)
	get(api, "/api/v1/changes", "changes", "Deploys, flags, campaigns: what people changed", a.changes)
	get(api, "/api/v1/inventory", "inventory", "The journeys in force, and what is wrong with the newest text", a.inventory)
	post(api, pathCheck, "inventory-check", "What is wrong with an inventory, without taking it", a.inventoryCheck)
	post(api, pathExplain, "explain", "What pasted telemetry counts as, span by span, and why", a.explain)
	get(api, "/api/v1/unmapped", "unmapped", "What is seen and in no journey, with rules that would take it", a.unmapped)
	get(api, "/api/v1/health", "health", "Freshness, lag, drops, what is not mapped", a.health)
	post(api, "/api/v1/incidents/{id}/acknowledge", "acknowledge", "Say that you work on it", a.acknowledge)
	post(api, "/api/v1/incidents/{id}/resolve", "resolve", "Close it; needs a reason until customers were seen to recover", a.resolve)
	a.incidentRoutes(api)
	a.noticeRoutes(api)
}

// plainRoutes are those whose answers are not one JSON document.
func (a *API) plainRoutes(api huma.API, mux *http.ServeMux) {
	for _, r := range []struct {
		path, id, summary, content string
		h                          http.Handler
	}{
		{"/api/v1/events", "events", "Live: tick when the rows have moved on, incident when one has changed, inventory when other journeys are in force", "text/event-stream", http.HandlerFunc(a.events)},
		{"/api/v1/inventory/schema", "inventory-schema", "JSON Schema of an inventory's files, for editors", "application/schema+json", http.HandlerFunc(inventorySchema)},
		{"/healthz", "healthz", "200 as long as the process lives", "text/plain", http.HandlerFunc(a.healthz)},
		{"/readyz", "readyz", "200 when every part works and the log has been read; else 503", "application/json", http.HandlerFunc(a.readyz)},
		{"/metrics", "metrics", "Felt's own health, for Prometheus", "text/plain", a.metrics()},
	} {
		mux.Handle(http.MethodGet+" "+r.path, r.h)
		op := &huma.Operation{
			OperationID: r.id, Method: http.MethodGet, Path: r.path, Summary: r.summary,
			Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
				r.content: {Schema: &huma.Schema{Type: huma.TypeString}},
			}}},
		}
		if r.id == "events" {
			op.Parameters = []*huma.Param{{
				Name: "env", In: "query", Description: "Environment; default production", Schema: &huma.Schema{Type: huma.TypeString},
			}}
		}
		api.OpenAPI().AddOperation(op)
	}
}

// document serves the OpenAPI document. It is written once: huma's own handler writes
// it at the first request, and two of those at once are a race.
func document(api huma.API, mux *http.ServeMux) error {
	asJSON, err := json.Marshal(api.OpenAPI())
	if err != nil {
		return fmt.Errorf("httpapi: OpenAPI document: %w", err)
	}
	asYAML, err := api.OpenAPI().YAML()
	if err != nil {
		return fmt.Errorf("httpapi: OpenAPI document: %w", err)
	}
	serve := func(path, content string, body []byte) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", content)
			_, _ = w.Write(body)
		})
	}
	serve("/api/openapi.json", "application/openapi+json", asJSON)
	serve("/api/openapi.yaml", "application/openapi+yaml", asYAML)
	return nil
}

func get[I, O any](api huma.API, path, id, summary string, h func(context.Context, *I) (*O, error)) {
	huma.Register(api, huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary}, h)
}

func post[I, O any](api huma.API, path, id, summary string, h func(context.Context, *I) (*O, error)) {
	huma.Register(api, huma.Operation{
		OperationID: id, Method: http.MethodPost, Path: path, Summary: summary, MaxBodyBytes: bodyLimit(path),
		SkipValidateBody: path == pathExplain, // it says itself, and better, what is wrong with it
	}, h)
}

// incidentRoutes are what people say and decide while they work on an incident.
func (a *API) incidentRoutes(api huma.API) {
	const one = "/api/v1/incidents/{id}/"
	post(api, "/api/v1/incidents", "declare", "Say that there is an incident", a.declare)
	post(api, one+"command", "command", "Take command, hand it on, or give it back", a.commander)
	post(api, one+"note", "note", "Write into the timeline: a note, a marker, an update that people were told, a decision", a.note)
	post(api, one+"mitigated", "mitigated", "Say that what hurts customers is stopped", a.mitigated)
	post(api, one+"cause", "cause", "Say what caused it", a.cause)
	post(api, one+"priority", "priority", "Set the priority by hand, or let the score decide again", a.priority)
	post(api, one+"verdict", "verdict", "Say whether it was real, noise or a duplicate", a.verdict)
	a.cohortRoute(api)
	get(api, "/api/v1/detection", "detection", "How fast faults were found and mended, against the target", a.detection)
	get(api, "/api/v1/silences", "silences", "Scopes of whose incidents nobody is told for a while", a.silences)
	post(api, "/api/v1/silences", "silence", "Tell nobody of a scope's incidents for a while", a.silence)
	huma.Register(api, huma.Operation{
		OperationID: "unsilence", Method: http.MethodDelete, Path: "/api/v1/silences/{id}", Summary: "End a silence before its time",
	}, a.unsilence)
}

// The routes that ask another scope of a token than their method would.
const (
	pathAffected = "/api/v1/affected"
	pathLookup   = "/api/v1/customers/lookup"
	pathExplain  = "/api/v1/explain"
	pathCheck    = "/api/v1/inventory/check"
)

// The patterns that take what no route does.
const (
	anyAPI  = "/api/"
	anyPage = "/"
)

// notFound tells a path that does not exist from one that takes another method.
func notFound(mux *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, pattern := mux.Handler(other); pattern != anyAPI {
				allowed = append(allowed, method)
			}
		}
		if len(allowed) == 0 {
			what := r.URL.Path
			if strings.HasPrefix(what, "/api/v1/customers/") { // what follows may be somebody's id
				what = "such path under /api/v1/customers"
			}
			writeProblem(w, http.StatusNotFound, "there is no "+what+"; /api/openapi.json lists what there is")
			return
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		writeProblem(w, http.StatusMethodNotAllowed, r.URL.Path+" takes "+strings.Join(allowed, ", ")+", not "+r.Method)
	}
}
