package httpapi

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	distinct = "total failed degraded"
	tries    = "success degraded failed abandoned cancelled open"
)

// under gives path.name for each of the names.
func under(path, names string) []string {
	var list []string
	for _, n := range strings.Fields(names) {
		list = append(list, path+"."+n)
	}
	return list
}

func all(lists ...[]string) []string {
	var list []string
	for _, l := range lists {
		list = append(list, l...)
	}
	return list
}

func impactFields(at string) []string {
	return all(
		under(at+"customers", "total failed degraded recovered lost undecided"), under(at+"sessions", distinct), under(at+"accounts", distinct),
		under(at+"interactions", tries), under(at+"identity", "user pseudonym installation session"),
		[]string{at + "method", at + "interval", at + "sampled"}, under(at+"identity_coverage", "user pseudonym installation session"),
	)
}

var incidentFields = "id journey app env status opened resolved acknowledged first_bad recovered score title sentence finding_active impact findings timeline"

// The names that programs outside use. None may go away.
func TestContract(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	question := under("question", "id env from to traffic")
	for _, c := range []struct {
		name, target string
		fields       []string
	}{
		{"journeys", "/api/v1/journeys?window=5m", all(question,
			under("journeys.0", "name app title owner criticality journeys mapped kind state state_reason outcomes customers sessions completion_rate"),
			under("journeys.0.outcomes", tries), under("journeys.0.customers", distinct), under("journeys.0.sessions", distinct),
			under("customers", distinct))},
		{"series", "/api/v1/series?of=pay&from=1772632080&to=1772632200&step=10s&by=region", all(question,
			under("question", "of app name"), under("buckets.0", "start segment outcomes customers sessions duration_ms"),
			under("buckets.0.segment", "region"), under("buckets.0.outcomes", tries), under("buckets.0.customers", distinct),
			under("buckets.0.sessions", distinct), under("buckets.0.duration_ms", "p50 p95 p99"))},
		{"impact", "/api/v1/impact?of=shop/pay&from=1772632080&to=1772632200&where=plan%3Dpro", all(question,
			under("question", "of app name where"), impactFields(""))},
		{"interactions", "/api/v1/interactions?of=pay&outcome=failed&limit=1", all(question, []string{"next"},
			under("interactions.0", "id version app name kind start end known duration_ms outcome client_outcome outcome_rule reason error_class "+
				"retries weight customer identity_level session trace_id span_id service release segments"))},
		{"operations", "/api/v1/operations?service=pay-api", all(question, []string{"question.service"},
			under("operations.0", "service operation kind release count errors error_rate duration_ms"), under("operations.0.duration_ms", "p50 p95 p99"))},
		{"edges", "/api/v1/edges", all(question, under("edges.0", "caller callee third_party count errors error_rate duration_ms"))},
		{"incidents", "/api/v1/incidents?status=open", all(under("question", "id env status"), under("incidents.0", incidentFields), impactFields("incidents.0.impact."),
			under("incidents.0.timeline.0", "at kind text"), under("incidents.0.impact_question", "id from to app name"))},
		{"incident", "/api/v1/incidents/inc-1", all(under("question", "id incident"), strings.Fields(incidentFields), impactFields("impact."),
			under("findings.0", "id detector statistic threshold n hit share baseline since ended explanation"))},
		{"funnel", "/api/v1/funnel?of=checkout", all(question, under("question", "of app name kind"),
			strings.Fields("steps outcomes open completion_rate"), under("abandoned", "after_failure while_slow voluntarily"), under("customers", distinct),
			under("steps.0", "name optional entered completed outcomes"), under("steps.0.duration_ms", "p50 p90 p99"), under("steps.0.outcomes", tries))},
		{"customer", "/api/v1/customers/" + who(felt.LevelUser, 1).String(), all(strings.Fields("customer identity_level account outcomes more"),
			under("question", "id env from to"), under("linked.0", "level from since"),
			under("interactions.0", "id kind name outcome trace_id abandoned_how"), under("interactions.0.steps.0", "name outcome tries start end"),
			under("days.0", "day journey first last sessions tries outcomes recovered retries friction_points"),
			under("events.0", "id time kind amount_minor currency"), under("facts.0", "key value since of"))},
		{"trace", "/api/v1/traces/" + felt.TraceID{9, 4}.String(), all([]string{"trace_id", "question.id"}, under("interactions.0", "id name outcome"),
			under("resources.0", "env service release attributes"),
			under("spans.0", "span_id depth service name kind status start end offset_ms duration_ms attributes resource events"))},
		{"findings", "/api/v1/findings?of=pay", all(question, under("question", "of app name"),
			under("findings.0", "id kind env app name of detector detector_version statistic threshold n hit share baseline baseline_n expected since opened updated ended paging explanation"))},
		{"detectors", "/api/v1/detectors?of=pay", under("detectors.0", "app name of detector kind tries usual known needs wait_ms open page lasting smallest")},
		{"changes", "/api/v1/changes", all(question, under("changes.0", "id kind app services version previous started ended author"))},
		{"unmapped", "/api/v1/unmapped", all(question, under("operations.0", "service operation kind count errors error_rate suggested"),
			under("names.0", "app name outcomes customers suggested"))},
		{"health", "/api/v1/health", all(strings.Fields("status lag_seconds last_event receiving clock drops config_errors otlp_http version parts"),
			under("unmapped", "names metrics metric_names"), under("unmapped.names.0", "name count"),
			under("ingested", "spans logs points"), under("processed", "events"))},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := w.ok(c.target)
			for _, f := range append(c.fields, "as_of", "as_of_seq", "complete_until") {
				a.at(f)
			}
			if got := a.header.Get("Content-Type"); got != "application/json" {
				t.Errorf("content type %q", got)
			}
			golden(t, c.name, a.raw)
		})
	}
}

// told are the words that core/tell has its own tests for.
var told = regexp.MustCompile(`"(sentence|draft_update)": "(?:[^"\\]|\\.)*"`)

func golden(t *testing.T, name, got string) {
	t.Helper()
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(strings.TrimSpace(got)), "", "  "); err != nil {
		t.Fatal(err)
	}
	pretty.WriteByte('\n')
	if strings.HasPrefix(name, "incident") {
		said := told.ReplaceAllString(pretty.String(), `"$1": "as core/tell says it"`)
		pretty.Reset()
		pretty.WriteString(said)
	}
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, pretty.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), pretty.String()); diff != "" {
		t.Errorf("%s is not as it was (-want +got; go test -update, when that is meant):\n%s", file, diff)
	}
}
