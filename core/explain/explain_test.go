package explain_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/explain"
	"github.com/felt-cx/felt/core/rules"
)

// one is a span of a trace, as OTLP/JSON.
const one = `{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0000000000000001","name":"POST /pay","kind":2,
 "startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000250000000",
 "attributes":[{"key":"felt.interaction.name","value":{"stringValue":"pay"}},{"key":"session.id","value":{"stringValue":"s"}}]}`

// brief is a result in lines that are easily compared.
func brief(r *explain.Result) []string {
	var lines []string
	for _, s := range r.Spans {
		lines = append(lines, strings.TrimSpace(s.Signal+" "+s.Name+": "+string(s.Verdict)+" "+s.Interaction))
	}
	for _, i := range r.Interactions {
		line := i.Name + " " + i.Outcome.String() + " by " + i.Rule
		if i.Waited {
			line += " after waiting"
		}
		lines = append(lines, line)
	}
	return append(lines, r.Notes...)
}

// TestForms: whatever part of OTLP is pasted, it is the same span.
func TestForms(t *testing.T) {
	scope := `{"spans":[` + one + `]}`
	resource := `{"resource":{},"scopeSpans":[` + scope + `]}`
	request := `{"resourceSpans":[` + resource + `]}`
	traces, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces([]byte(request))
	if err != nil {
		t.Fatal(err)
	}
	proto, err := ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"span POST /pay: interaction pay", "pay success by status"}
	for name, in := range map[string]string{
		"request": request, "resource": resource, "scope": scope, "span": one,
		"list of requests": "[" + request + "]", "list of resources": "[" + resource + "]", "list of spans": "[" + one + "]",
		"old names": strings.NewReplacer("resourceSpans", "resource_spans", "scopeSpans", "scope_spans").Replace(request),
		"Tempo":     `{"batches":[` + resource + `]}`, "Tempo v2": `{"trace":` + request + `}`,
		"spaces around": "\n\n  " + request + "\n", "protobuf": string(proto),
	} {
		t.Run(name, func(t *testing.T) {
			r, err := explain.Explain([]byte(in), nil, explain.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	// Lines of JSON, as the Collector's file exporter writes them.
	two := request + "\n" + strings.Replace(request, "0000000000000001", "0000000000000002", 1) + "\n"
	r, err := explain.Explain([]byte(two), nil, explain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Spans) != 2 || len(r.Interactions) != 1 {
		t.Errorf("two lines: %v", brief(r))
	}
}

// TestVerdicts: each way of not being an interaction of its own has its word.
func TestVerdicts(t *testing.T) {
	span := func(id, parent, attrs string) string {
		s := `{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"000000000000000` + id + `","name":"` + id + `",`
		if parent != "" {
			s += `"parentSpanId":"000000000000000` + parent + `",`
		}
		var list []string
		for _, kv := range strings.Fields(attrs) {
			k, v, _ := strings.Cut(kv, "=")
			list = append(list, `{"key":"`+k+`","value":{"stringValue":"`+v+`"}}`)
		}
		s += `"attributes":[` + strings.Join(list, ",") + `],`
		return s + `"startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000250000000"}`
	}
	const name, outcome = "felt.interaction.name=", "felt.interaction.outcome="
	for title, c := range map[string]struct {
		in   []string
		want []string
	}{
		"plain": {[]string{span("1", "", "")}, []string{"span 1: nothing"}},
		"part of the span above": {
			[]string{span("1", "", name+"pay "+outcome+"failed"), span("2", "1", name+"pay")},
			[]string{"span 1: interaction pay", "span 2: part pay", "pay failed by explicit"},
		},
		"step of the span above": {
			[]string{span("1", "", name+"checkout"), span("2", "1", name+"pay")},
			[]string{"span 1: interaction checkout", "span 2: step pay", "checkout success by status"},
		},
		"waits for its parent": {
			[]string{span("2", "9", name+"pay")},
			[]string{"span 2: interaction pay", "pay success by status after waiting"},
		},
		"another ends it": {
			[]string{span("1", "", name+"pay "+outcome+"failed"), span("2", "", name+"pay")},
			[]string{"span 1: interaction pay", "span 2: part pay", "pay failed by explicit"},
		},
	} {
		t.Run(title, func(t *testing.T) {
			r, err := explain.Explain([]byte("["+strings.Join(c.in, ",")+"]"), nil, explain.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestPending: the record of a page that was hidden, alone and with the end of its try.
func TestPending(t *testing.T) {
	record := func(at string) string {
		return `{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0000000000000001","timeUnixNano":"` + at + `",
		 "eventName":"felt.interaction.pending","attributes":[{"key":"felt.interaction.name","value":{"stringValue":"pay"}}]}`
	}
	logs := func(list ...string) string {
		return `{"resourceLogs":[{"resource":{},"scopeLogs":[{"logRecords":[` + strings.Join(list, ",") + `]}]}]}`
	}
	spans := `{"resourceSpans":[{"resource":{},"scopeSpans":[{"spans":[` + one + `]}]}]}`
	for title, c := range map[string]struct {
		in   string
		want []string
	}{
		"alone": {
			logs(record("1700000000200000000")),
			[]string{"log felt.interaction.pending: interaction pay", "pay abandoned by pending after waiting"},
		},
		"hidden twice": {
			logs(record("1700000000200000000"), record("1700000000300000000")),
			[]string{"log felt.interaction.pending: nothing", "log felt.interaction.pending: interaction pay", "pay abandoned by pending after waiting"},
		},
		"and its span": {
			logs(record("1700000000200000000")) + "\n" + spans,
			[]string{"log felt.interaction.pending: part pay", "span POST /pay: interaction pay", "pay success by status"},
		},
	} {
		t.Run(title, func(t *testing.T) {
			r, err := explain.Explain([]byte(c.in), nil, explain.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestInputErrors: what cannot be read says where and what is wanted.
func TestInputErrors(t *testing.T) {
	for name, c := range map[string]struct {
		in           string
		line, column int
		what         string
	}{
		"nothing":          {"  \n", 0, 0, "nothing to explain"},
		"no JSON":          {"{\n  \"resourceSpans\": [,]\n}", 2, 21, "this is not JSON"},
		"cut off":          {"{\n  \"resourceSpans\": [", 2, 21, "ends too early"},
		"not OTLP":         {"\n  {\"a\": 1}", 2, 3, "want OTLP"},
		"a list of not":    {"[" + one + ",\n {\"a\": 1}]", 4, 2, "want OTLP"},
		"a number in it":   {"[1]", 1, 2, "want OTLP"},
		"metrics":          {`{"resourceMetrics":[]}`, 1, 1, "metrics"},
		"a wrong type":     {"{\"spanId\":\"0000000000000001\",\n \"name\":{}}", 2, 9, "name"},
		"not even a text":  {"\x00\x01\x02", 0, 0, "neither JSON nor OTLP"},
		"protobuf cut off": {"\n\x7f{", 0, 0, "neither JSON nor OTLP"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := explain.Explain([]byte(c.in), nil, explain.Options{})
			var bad *explain.InputError
			if !errors.As(err, &bad) {
				t.Fatalf("error %v", err)
			}
			if bad.Line != c.line || bad.Column != c.column || !strings.Contains(bad.What, c.what) {
				t.Errorf("%d:%d %s, want %d:%d ...%s...", bad.Line, bad.Column, bad.What, c.line, c.column, c.what)
			}
		})
	}
}

// TestNotes: what was left out or made up is said.
func TestNotes(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"made up":  {`{"name":"x"}`, "made-up"},
		"empty":    {`{"resourceSpans":[]}`, "no span"},
		"rejected": {`{"spans":[{"name":"x","traceId":"","spanId":""}]}`, "id"},
	} {
		r, err := explain.Explain([]byte(c.in), nil, explain.Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !strings.Contains(strings.Join(r.Notes, "\n"), c.want) {
			t.Errorf("%s: notes %q", name, r.Notes)
		}
	}
}

// TestCustomerAndTraffic: on what level the customer is known, and who is no customer.
func TestCustomerAndTraffic(t *testing.T) {
	in := strings.Replace(one, `"attributes":[`, `"attributes":[{"key":"user_agent.synthetic.type","value":{"stringValue":"bot"}},`, 1)
	r, err := explain.Explain([]byte(in), nil, explain.Options{Settings: felt.DefaultSettings()})
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Spans[0]; s.Customer != "session" || s.Traffic != "bot" || !strings.Contains(s.Why, "bot traffic") {
		t.Errorf("%+v", s)
	}
}

// TestRules: what a rule makes of a plain span, by which class it ended, and what kept the
// nearest rules from holding.
func TestRules(t *testing.T) {
	const inventory = `
journeys:
  - name: checkout
    app: shop
    steps:
      - name: pay
        match: {span: {service: api, name: POST /pay, attributes: {user.id: {exists: true}}}}
        error_classes: [{name: declined, match: {http_status: 402}, outcome: success}]
      - {name: done}
`
	set, problems := rules.Load(felt.Inventory{Version: 7, Files: []felt.InventoryFile{{Name: "a.yaml", Text: inventory}}})
	if set == nil {
		t.Fatal(problems)
	}
	for name, c := range map[string]struct {
		attributes, resource string
		want                 []string
		by                   string
		near                 []explain.Near
	}{
		"holds": {
			`{"key":"user.id","value":{"stringValue":"u"}},{"key":"http.response.status_code","value":{"intValue":"402"}}`, "",
			[]string{"span POST /pay: interaction pay", "pay success by declined"},
			"rule checkout/pay", nil,
		},
		"lacks an attribute": {
			"", "",
			[]string{"span POST /pay: nothing"},
			"",
			[]explain.Near{{Rule: "checkout/pay", Failed: []string{"attributes.user.id is not there, wanted present"}}},
		},
		"of another app": {
			`{"key":"user.id","value":{"stringValue":"u"}}`, `,{"key":"service.namespace","value":{"stringValue":"mall"}}`,
			[]string{"span POST /pay: nothing"},
			"",
			[]explain.Near{{Rule: "checkout/pay", Failed: []string{`service.namespace is "mall", wanted shop`}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := `{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"api"}}` + c.resource + `]},"scopeSpans":[{"spans":[` +
				strings.Replace(one, one[strings.Index(one, `"attributes"`):], `"attributes":[`+c.attributes+`]}`, 1) + `]}]}`
			r, err := explain.Explain([]byte(in), set, explain.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.near, r.Spans[0].Near); diff != "" {
				t.Errorf("near (-want +got):\n%s", diff)
			}
			if r.Spans[0].By != c.by || r.RulesVersion != 7 {
				t.Errorf("by %q under version %d", r.Spans[0].By, r.RulesVersion)
			}
		})
	}
}
