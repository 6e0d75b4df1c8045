package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// API is the handler and what its questions share.
type API struct {
	opts    Options
	asking  chan struct{} // one place per question being asked
	streams chan struct{} // one place per live page
	handler http.Handler
	counts  counters
}

// New builds the handler.
func New(opts Options) (*API, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	a := &API{opts: opts, asking: make(chan struct{}, opts.Questions), streams: make(chan struct{}, opts.Streams)}
	mux := http.NewServeMux()

	cfg := huma.DefaultConfig("Felt", opts.Version)
	cfg.Info.Description = "How many customers felt this, on what, since when."
	cfg.OpenAPIPath = "/api/openapi"
	cfg.DocsPath, cfg.SchemasPath = "", ""
	cfg.CreateHooks = nil // no $schema links in answers
	cfg.RejectUnknownQueryParameters = true
	api := humago.New(mux, cfg)
	a.routes(api)

	mux.HandleFunc("GET /api/v1/events", a.events)
	mux.HandleFunc("GET /healthz", a.healthz)
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.Handle("GET /metrics", a.metrics())
	for pattern, h := range opts.Extra {
		mux.Handle(pattern, h)
	}
	mux.HandleFunc("/api/", notFound)
	mux.Handle("/", page(opts.UI))

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
	get(api, "/api/v1/series", "series", "Counts over time, optionally split by a segment", a.series)
	get(api, "/api/v1/impact", "impact", "Distinct customers hit: unique user impact", a.impact)
	get(api, "/api/v1/interactions", "interactions", "Single interactions, newest first", a.interactions)
	get(api, "/api/v1/operations", "operations", "What the services did", a.operations)
	get(api, "/api/v1/edges", "edges", "Who called whom", a.edges)
	get(api, "/api/v1/incidents", "incidents", "Incidents, highest score first", a.incidents)
	get(api, "/api/v1/incidents/{id}", "incident", "One incident", a.incident)
	get(api, "/api/v1/health", "health", "Freshness, lag, drops, what is not mapped", a.health)
	post(api, "/api/v1/incidents/{id}/acknowledge", "acknowledge", "Say that you work on it", a.acknowledge)
	post(api, "/api/v1/incidents/{id}/resolve", "resolve", "Close it; needs a reason while the finding lasts", a.resolve)
}

func get[I, O any](api huma.API, path, id, summary string, h func(context.Context, *I) (*O, error)) {
	huma.Register(api, huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary}, h)
}

func post[I, O any](api huma.API, path, id, summary string, h func(context.Context, *I) (*O, error)) {
	huma.Register(api, huma.Operation{
		OperationID: id, Method: http.MethodPost, Path: path, Summary: summary, MaxBodyBytes: 64 << 10,
	}, h)
}

func notFound(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, http.StatusNotFound, "there is no "+r.Method+" "+r.URL.Path+"; /api/openapi.json lists what there is")
}
