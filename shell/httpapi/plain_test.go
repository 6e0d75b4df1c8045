package httpapi

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/felt-cx/felt"
)

// meter is a part with fixed numbers.
type meter []felt.Metric

func (m meter) Metrics() []felt.Metric { return m }

func TestMetrics(t *testing.T) {
	t.Parallel()
	label := func(v string) []felt.Segment { return []felt.Segment{{Key: "reason", Value: v}} }
	w := newWorld(t, func(w *world) {
		w.opts.Meters = []felt.Meter{
			meter{
				{Name: "felt_drops_total", Help: "Dropped.", Type: felt.MetricCounter, Labels: label("late"), Value: 3},
				{Name: "felt_drops_total", Help: "Dropped.", Type: felt.MetricCounter, Labels: label("big"), Value: 1},
				{Name: "felt_queue", Help: "Waiting.", Type: felt.MetricGauge, Value: 7.5},
			},
			meter{
				// Another part calls something the same, with other help and type.
				{Name: "felt_drops_total", Help: "Not kept.", Type: felt.MetricGauge, Labels: label("late"), Value: 2},
				{Name: "felt_drops_total", Help: "Not kept.", Type: felt.MetricCounter, Value: 9},
				{Name: "felt_queue", Type: felt.MetricGauge, Value: 1},
				{Name: "felt_odd", Type: felt.MetricGauge, Labels: label("a\xff\"b\nc"), Value: math.Inf(1)},
				{Name: "felt_bad", Type: felt.MetricGauge, Labels: []felt.Segment{{Key: "", Value: "x"}}, Value: 1},
				{Name: "", Type: felt.MetricGauge, Value: 1},
			},
			meter{{Name: "felt_last", Type: felt.MetricGauge, Value: 1}},
		}
	})
	w.ok("/api/v1/journeys")
	w.get("/api/v1/journeys", host("evil.example.com"))
	a := w.get("/metrics")
	if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") {
		t.Fatalf("%d %v %s", a.status, a.header, a.raw)
	}
	for _, line := range []string{
		"# HELP felt_drops_total Dropped.", "# TYPE felt_drops_total counter", `felt_drops_total{reason="late"} 5`, `felt_drops_total{reason="big"} 1`,
		"felt_drops_total 9", "# TYPE felt_queue gauge", "felt_queue 8.5", "felt_odd{reason=\"a\uFFFD\\\"b\\nc\"} +Inf", "felt_last 1",
		"felt_api_requests_total 3", "felt_api_refused_total 1", "felt_api_live_pages 0", "felt_api_lag_seconds 0",
	} {
		if !strings.Contains(a.raw, "\n"+line+"\n") && !strings.HasPrefix(a.raw, line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	if !strings.Contains(a.raw, "\ngo_goroutines ") {
		t.Error("no numbers of the Go runtime")
	}
	if strings.Contains(a.raw, "felt_bad") {
		t.Error("a metric with a bad label came through")
	}
}

func TestHealthz(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.opts.Health = func() Health {
			return Health{Parts: map[string]string{"engine": "reading what is on the log"}, Config: []string{"shop.yaml:3:1: unknown key"}}
		}
	})
	if a := w.get("/healthz"); a.status != 200 || a.raw != "ok\n" {
		t.Errorf("healthz %d %q", a.status, a.raw)
	}
	a := w.get("/readyz")
	if a.status != 503 || a.at("ready") != false || a.at("parts.engine") != "reading what is on the log" || a.header.Get("Retry-After") == "" {
		t.Errorf("readyz %d %s", a.status, a.raw)
	}
	h := w.ok("/api/v1/health")
	if h.at("status") != "starting" || h.at("last_event") != nil || h.at("receiving") != false || h.at("config_errors.0") != "shop.yaml:3:1: unknown key" {
		t.Errorf("health %s", h.raw)
	}
	if a := newWorld(t).get("/readyz"); a.status != 200 || a.at("ready") != true {
		t.Errorf("readyz %d %s", a.status, a.raw)
	}
}

// Before the first tick nothing is known, and the answers say so.
func TestBeforeTheFirstTick(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.engine.p = felt.Progress{CompleteUntil: -15 * felt.Second} })
	for _, target := range []string{"/api/v1/health", "/api/v1/journeys", "/api/v1/incidents"} {
		if a := w.ok(target); a.at("as_of") != nil || a.at("complete_until") != nil || a.at("as_of_seq") != 0.0 {
			t.Errorf("%s: %s", target, a.raw)
		}
	}
}

func TestLag(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.opts.Now = (now + 95*felt.Second + felt.Second/2).Time })
	h := w.ok("/api/v1/health")
	if h.at("lag_seconds") != 95.5 || h.at("receiving") != false || h.at("status") != "ok" {
		t.Error(h.raw)
	}
}

func ui() fs.FS {
	return fstest.MapFS{
		"index.html":       {Data: []byte(`<!doctype html><script src="./assets/main-1a2b.js"></script>`)},
		"assets/main-1.js": {Data: []byte("go()")},
		"felt.svg":         {Data: []byte("<svg/>")},
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.opts.UI = ui() })
	for _, c := range []struct {
		target      string
		status      int
		cache, kind string
		holds       string
	}{
		{"/", 200, "no-cache", "text/html; charset=utf-8", "./assets/main-1a2b.js"},
		{"/?window=1h&of=shop/pay", 200, "no-cache", "text/html; charset=utf-8", "<!doctype"},
		{"/assets/main-1.js", 200, "public, max-age=31536000, immutable", "text/javascript; charset=utf-8", "go()"},
		{"/felt.svg", 200, "no-cache", "image/svg+xml", "<svg/>"},
		// A page that names its files relative to itself works at one place only.
		{"/deep/er/assets/main-1.js", 404, "no-cache", "application/problem+json", "load it again"},
		{"/assets/main-0.js", 404, "no-cache", "application/problem+json", "load it again"},
		{"/assets/", 404, "no-cache", "application/problem+json", "load it again"},
		{"/assets", 404, "no-cache", "application/problem+json", "load it again"},
		{"/.gitkeep", 404, "no-cache", "application/problem+json", "load it again"},
	} {
		a := w.get(c.target)
		if a.status != c.status || a.header.Get("Cache-Control") != c.cache || a.header.Get("Content-Type") != c.kind || !strings.Contains(a.raw, c.holds) {
			t.Errorf("%s: %d %v %q", c.target, a.status, a.header, a.raw)
		}
	}
	problem(t, w.ask(http.MethodPost, "/", ""), 405, "can only be read")
	if a := w.ask(http.MethodHead, "/", ""); a.status != 200 || a.raw != "" {
		t.Errorf("HEAD: %d %q", a.status, a.raw)
	}
}

// Behind a proxy that puts it under a path, which it takes off again.
func TestPageUnderAPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.opts.UI = ui() })
	srv := httptest.NewServer(http.StripPrefix("/ops/felt", w.api))
	defer srv.Close()
	for _, path := range []string{"/ops/felt/", "/ops/felt/assets/main-1.js", "/ops/felt/api/v1/journeys"} {
		res, err := http.Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 200 || res.Request.URL.Path != path {
			t.Errorf("%s: %d at %s", path, res.StatusCode, res.Request.URL)
		}
	}
}

func TestPageIsNotBuilt(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]fs.FS{"none": nil, "empty": fstest.MapFS{".gitkeep": {}}} {
		w := newWorld(t, func(w *world) { w.opts.UI = files })
		a := w.get("/")
		if a.status != 200 || !strings.Contains(a.raw, "make build") || !strings.Contains(a.raw, "api/openapi.json") {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
}

// The OpenAPI document names every route, parameter and field.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok("/api/openapi.json")
	if a.header.Get("Content-Type") != "application/openapi+json" || a.at("openapi") != "3.1.0" || a.at("info.version") != "test" {
		t.Errorf("%v %v %v", a.header, a.at("openapi"), a.at("info"))
	}
	paths, _ := a.doc["paths"].(map[string]any)
	for path, want := range map[string]string{
		"/api/v1/journeys":                   "get as_of env from to traffic where window except",
		"/api/v1/now":                        "get as_of day env from to window",
		"/api/v1/drivers":                    "get as_of env from of to traffic where window except",
		"/api/v1/series":                     "get as_of by env from of step to traffic where window except",
		"/api/v1/impact":                     "get as_of env from of to traffic where window except",
		"/api/v1/interactions":               "get as_of cursor env from limit of outcome to traffic where window except",
		"/api/v1/operations":                 "get as_of env from service to window",
		"/api/v1/edges":                      "get as_of env from to window",
		"/api/v1/detectors":                  "get env of",
		"/api/v1/findings":                   "get as_of env from kind limit of paging to window",
		"/api/v1/incidents":                  "get env limit status",
		"/api/v1/incidents/{id}/command":     "post Idempotency-Key X-Felt-Actor X-Felt-Via id",
		"/api/v1/incidents/{id}/note":        "post Idempotency-Key X-Felt-Actor X-Felt-Via id",
		"/api/v1/incidents/{id}/mitigated":   "post Idempotency-Key X-Felt-Actor X-Felt-Via id",
		"/api/v1/incidents/{id}/cause":       "post Idempotency-Key X-Felt-Actor X-Felt-Via id",
		"/api/v1/incidents/{id}/priority":    "post Idempotency-Key X-Felt-Actor X-Felt-Via id",
		"/api/v1/incidents/{id}/verdict":     "post Idempotency-Key X-Felt-Actor X-Felt-Via id",
		"/api/v1/incidents/{id}/customers":   "get X-Felt-Actor X-Felt-Via id reason",
		"/api/v1/silences":                   "post Idempotency-Key X-Felt-Actor X-Felt-Via",
		"/api/v1/silences/{id}":              "delete Idempotency-Key X-Felt-Actor X-Felt-Via id",
		"/api/v1/detection":                  "get env window",
		"/api/v1/notifications":              "get incident limit sink state",
		"/api/v1/notifications/{key}/retry":  "post Idempotency-Key X-Felt-Actor X-Felt-Via key",
		"/api/v1/sinks":                      "get",
		"/api/v1/sinks/{name}/retry":         "post Idempotency-Key X-Felt-Actor X-Felt-Via name",
		"/api/v1/sinks/{name}/test":          "post Idempotency-Key X-Felt-Actor X-Felt-Via name",
		"/api/v1/incidents/{id}":             "get id",
		"/api/v1/incidents/{id}/acknowledge": "post Idempotency-Key X-Felt-Actor X-Felt-Via id",
		"/api/v1/incidents/{id}/resolve":     "post Idempotency-Key X-Felt-Actor X-Felt-Via id",
		"/api/v1/health":                     "get",
		"/api/v1/funnel":                     "get as_of env from of to traffic where window except",
		"/api/v1/objectives":                 "get env of to traffic",
		"/api/v1/backtest":                   "get env false_alarms from last of to",
		"/api/v1/signals":                    "get env from of step to window",
		"/api/v1/customers/{id}":             "get env from id limit to window",
		"/api/v1/customers/lookup":           "post env from limit to window",
		"/api/v1/affected":                   "get X-Felt-Actor X-Felt-Via as_of env from of reason to traffic where window except",
		"/api/v1/traces/{id}":                "get id",
		"/api/v1/changes":                    "get as_of env from to window",
		"/api/v1/inventory":                  "get",
		"/api/v1/inventory/schema":           "get",
		"/api/v1/inventory/check":            "post",
		"/api/v1/explain":                    "post",
		"/api/v1/unmapped":                   "get as_of env from limit to window",
		"/api/v1/events":                     "get env",
		"/healthz":                           "get",
		"/readyz":                            "get",
		"/metrics":                           "get",
	} {
		item, ok := paths[path].(map[string]any)
		if !ok {
			t.Errorf("no path %s", path)
			continue
		}
		method, params, _ := strings.Cut(want, " ")
		op, ok := item[method].(map[string]any)
		if !ok {
			t.Errorf("%s: no %s", path, method)
			continue
		}
		got := map[string]bool{}
		list, _ := op["parameters"].([]any)
		for _, p := range list {
			got[p.(map[string]any)["name"].(string)] = true
		}
		for _, p := range strings.Fields(params) {
			if !got[p] {
				t.Errorf("%s: no parameter %s", path, p)
			}
			delete(got, p)
		}
		if len(got) > 0 {
			t.Errorf("%s: further parameters %v", path, got)
		}
		delete(paths, path)
	}
	for path := range paths {
		t.Errorf("path %s is not in this test", path)
	}
	references(t, a.doc, a.doc)
	schemas := fmt.Sprint(a.at("components.schemas"))
	for _, field := range []string{"completion_rate", "undecided", "as_of_seq", "complete_until", "first_bad", "impact_question", "degraded", "p99", "question"} {
		if !strings.Contains(schemas, field) {
			t.Errorf("no schema has the field %s", field)
		}
	}
	if y := w.get("/api/openapi.yaml"); y.status != 200 || !strings.Contains(y.raw, "openapi: 3.1.0") {
		t.Errorf("YAML: %d", y.status)
	}
}

// references follows every $ref of a document.
func references(t *testing.T, doc map[string]any, v any) {
	t.Helper()
	switch x := v.(type) {
	case map[string]any:
		if ref, ok := x["$ref"].(string); ok {
			var at any = doc
			for _, key := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
				m, _ := at.(map[string]any)
				at = m[key]
			}
			if at == nil {
				t.Errorf("%s leads nowhere", ref)
			}
		}
		for _, y := range x {
			references(t, doc, y)
		}
	case []any:
		for _, y := range x {
			references(t, doc, y)
		}
	}
}

// The answers hold what the document says of them: every field is in its schema.
func TestAnswersAreDocumented(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := w.ok("/api/openapi.json").doc
	for path, target := range map[string]string{
		"/api/v1/journeys": "/api/v1/journeys", "/api/v1/series": "/api/v1/series?of=pay&by=plan", "/api/v1/impact": "/api/v1/impact?of=pay",
		"/api/v1/interactions": "/api/v1/interactions", "/api/v1/operations": "/api/v1/operations", "/api/v1/edges": "/api/v1/edges",
		"/api/v1/incidents": "/api/v1/incidents", "/api/v1/findings": "/api/v1/findings", "/api/v1/detection": "/api/v1/detection", "/api/v1/silences": "/api/v1/silences", "/api/v1/detectors": "/api/v1/detectors", "/api/v1/incidents/{id}": "/api/v1/incidents/inc-1", "/api/v1/health": "/api/v1/health",
		"/api/v1/funnel": "/api/v1/funnel?of=checkout", "/api/v1/customers/{id}": "/api/v1/customers/" + who(felt.LevelUser, 1).String(),
		"/api/v1/signals":     "/api/v1/signals?of=checkout",
		"/api/v1/traces/{id}": "/api/v1/traces/" + felt.TraceID{9, 4}.String(), "/api/v1/changes": "/api/v1/changes",
		"/api/v1/inventory": "/api/v1/inventory", "/api/v1/unmapped": "/api/v1/unmapped",
	} {
		at := func(v any, keys ...string) any {
			for _, k := range keys {
				m, _ := v.(map[string]any)
				v = m[k]
			}
			return v
		}
		schema := at(doc, "paths", path, "get", "responses", "200", "content", "application/json", "schema")
		documented(t, doc, path, w.ok(target).doc, schema)
	}
}

func documented(t *testing.T, doc map[string]any, at string, v, schema any) {
	t.Helper()
	s, _ := schema.(map[string]any)
	if ref, ok := s["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/components/schemas/")
		s, _ = doc["components"].(map[string]any)["schemas"].(map[string]any)[name].(map[string]any)
	}
	switch x := v.(type) {
	case map[string]any:
		props, _ := s["properties"].(map[string]any)
		if props == nil && s["additionalProperties"] != nil && s["additionalProperties"] != false {
			return
		}
		for k, y := range x {
			if props[k] == nil {
				t.Errorf("%s.%s is not in the document", at, k)
				continue
			}
			documented(t, doc, at+"."+k, y, props[k])
		}
		required, _ := s["required"].([]any)
		for _, k := range required {
			if _, ok := x[k.(string)]; !ok {
				t.Errorf("%s.%s is required by the document and not there", at, k)
			}
		}
	case []any:
		for _, y := range x {
			documented(t, doc, at+"[]", y, s["items"])
		}
	case nil:
		if !strings.Contains(fmt.Sprint(s["type"]), "null") && s["oneOf"] == nil && s["anyOf"] == nil {
			t.Errorf("%s is null, which the document does not allow: %v", at, s)
		}
	}
}

// Everything at once, over real connections; the race detector looks on.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.opts.UI = ui() })
	srv := httptest.NewServer(w.api)
	defer srv.Close()
	var group sync.WaitGroup
	for _, path := range []string{
		"/api/v1/journeys", "/api/v1/series?of=pay", "/api/v1/impact?of=pay", "/api/v1/interactions", "/api/v1/operations", "/api/v1/edges",
		"/api/v1/incidents", "/api/v1/incidents/inc-1", "/api/v1/health", "/metrics", "/readyz", "/api/openapi.json", "/api/openapi.yaml", "/",
	} {
		for range 2 {
			group.Go(func() {
				for range 5 {
					res, err := http.Get(srv.URL + path)
					if err != nil {
						t.Error(err)
						return
					}
					if strings.Contains(res.Header.Get("Content-Type"), "json") {
						var doc map[string]any
						if err := json.NewDecoder(res.Body).Decode(&doc); err != nil {
							t.Errorf("%s: %v", path, err)
						}
					}
					res.Body.Close()
					if res.StatusCode != 200 {
						t.Errorf("%s: %d", path, res.StatusCode)
					}
				}
			})
		}
	}
	group.Go(func() {
		for seq := range felt.Seq(20) {
			w.engine.move(5000 + seq)
		}
		if res, err := http.Post(srv.URL+inc1+"acknowledge", "", nil); err != nil || res.StatusCode != 200 {
			t.Errorf("acknowledge: %v %v", res, err)
		}
	})
	group.Wait()
}
