package otlp_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// spanJSON is a request with one span, whose fields are given.
func spanJSON(fields string) string {
	return `{"resourceSpans":[{"resource":{},"scopeSpans":[{"spans":[{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174",` +
		`"startTimeUnixNano":"1760000000000000000","endTimeUnixNano":1760000000000000000` + fields + `}]}]}]}`
}

func TestJSON(t *testing.T) {
	for name, c := range map[string]struct {
		fields string
		want   func(s *seen)
	}{
		"plain":          {``, func(*seen) {}},
		"kind by number": {`,"kind":2`, func(s *seen) { s.Event.Kind = felt.SpanServer }},
		"kind by name":   {`,"kind":"SPAN_KIND_SERVER"`, func(s *seen) { s.Event.Kind = felt.SpanServer }},
		"kind as text":   {`,"kind":"2"`, func(s *seen) { s.Event.Kind = felt.SpanServer }},
		"status":         {`,"status":{"code":"STATUS_CODE_ERROR"}`, func(s *seen) { s.Event.Status = otlp.StatusError }},
		"parent":         {`,"parentSpanId":"0000000000000001"`, func(s *seen) { s.Event.Parent[7] = 1 }},
		"empty parent":   {`,"parentSpanId":""`, func(*seen) {}},
		"null":           {`,"name":null,"attributes":null,"status":null`, func(*seen) {}},
		"unknown fields": {`,"x":{"y":[1,{"z":null}],"s":"\"]}"},"flags":257,"droppedEventsCount":1,"t":true,"f":false,"n":-1.5e+3`, func(*seen) {}},
		"proto names":    {`,"trace_state":"ot=th:8"`, func(s *seen) { s.Event.Weight, s.Event.Draw, s.State = 2, 0x69b633813fc60c, "ot=th:8" }},
		"escapes":        {`,"name":"a\u00e9\ud83d\ude00\ud800x\n\/\"\\"`, func(s *seen) { s.Name = "aé😀\ufffdx\n/\"\\" }},
		"ints":           {`,"attributes":[{"key":"a","value":{"intValue":"-7"}},{"key":"b","value":{"intValue":7}},{"key":"c","value":{"int_value":1e3}}]`, func(s *seen) { s.Attributes = map[string]any{"a": int64(-7), "b": int64(7), "c": int64(1000)} }},
		"other values": {`,"attributes":[{"key":"a","value":{"doubleValue":1}},{"key":"b","value":{"doubleValue":"-Infinity"}},{"key":"c","value":{"boolValue":true}},{"key":"d","value":{"bytesValue":"_-8="}},{"key":"e","value":{}},{"key":"f"}]`, func(s *seen) {
			s.Attributes = map[string]any{"a": 1.0, "b": minusInf(), "c": true, "d": []byte{0xff, 0xef}, "e": nil, "f": nil}
		}},
		"nested":           {`,"attributes":[{"key":"a","value":{"kvlistValue":{"values":[{"key":"k","value":{"arrayValue":{"values":[{"stringValue":"x"}]}}}]}}}]`, func(s *seen) { s.Attributes = map[string]any{"a": map[string]any{"k": []any{"x"}}} }},
		"spaces":           {" \n\t,\r\"name\" : \"x\" ", func(s *seen) { s.Name = "x" }},
		"single, no array": {`,"attributes":{"key":"a","value":{"stringValue":"x"}}`, func(s *seen) { s.Attributes = map[string]any{"a": "x"} }},
	} {
		p := testPacker()
		rep, err := p.TracesJSON([]byte(spanJSON(c.fields)), now)
		if err != nil || rep.Spans != 1 {
			t.Errorf("%s: %+v %v", name, rep, err)
			continue
		}
		want := readAll(t, packJSON(t, spanJSON("")))[0]
		c.want(&want)
		got := readAll(t, p.Take(nil))[0]
		got.Event.Name, want.Event.Name = 0, 0
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func minusInf() float64 { var zero float64; return -1 / zero }

func packJSON(t *testing.T, body string) []felt.Record {
	t.Helper()
	p := testPacker()
	if _, err := p.TracesJSON([]byte(body), now); err != nil {
		t.Fatal(err)
	}
	return p.Take(nil)
}

func TestJSONIDs(t *testing.T) {
	for _, id := range []string{"", "5b8e", "xyz", "W47/95gDgQPSabYzgT/GDA==", strings.Repeat("0", 32)} {
		body := strings.Replace(spanJSON(""), "5B8EFFF798038103D269B633813FC60C", id, 1)
		rep, err := testPacker().TracesJSON([]byte(body), now)
		if err != nil || rep.RejectedSpans != 1 || rep.BadIDs != 1 {
			t.Errorf("id %q: %+v %v", id, rep, err)
		}
	}
}

func TestMalformedJSON(t *testing.T) {
	for name, c := range map[string]struct{ body, what, path string }{
		"not JSON":         {`hello`, "expected '{'", ""},
		"an array":         {`[]`, "expected '{'", ""},
		"cut":              {`{"resourceSpans":[{`, "expected", "resourceSpans[0]"},
		"more":             {`{} {}`, "after the end", ""},
		"trailing comma":   {`{"resourceSpans":[],}`, "expected '\"'", ""},
		"bad number":       {spanJSON(`,"kind":01`), "not a number", "resourceSpans[0].scopeSpans[0].spans[0].kind"},
		"bad enum":         {spanJSON(`,"kind":"SERVER"`), "not an integer", "resourceSpans[0].scopeSpans[0].spans[0].kind"},
		"fraction":         {spanJSON(`,"kind":1.5`), "not an integer", "resourceSpans[0].scopeSpans[0].spans[0].kind"},
		"number as name":   {spanJSON(`,"name":1`), "expected '\"'", "resourceSpans[0].scopeSpans[0].spans[0].name"},
		"text as span":     {`{"resourceSpans":[{"scopeSpans":[{"spans":["x"]}]}]}`, "expected '{'", "resourceSpans[0].scopeSpans[0].spans[0]"},
		"second span":      {`{"resourceSpans":[{"scopeSpans":[{"spans":[{},{"name":false}]}]}]}`, "expected", "resourceSpans[0].scopeSpans[0].spans[1].name"},
		"bad escape":       {`{"x":"\x"}`, "escape", ""},
		"control":          {"{\"x\":\"\n\"}", "control character", ""},
		"no end":           {`{"x":"`, "without an end", ""},
		"invalid UTF-8":    {"{\"x\":\"\xff\"}", "at byte 6", ""},
		"UTF-8, later":     {"{\"x\":\"é\uFFFD\"} \xc3", "at byte 14", ""},
		"bad base64":       {spanJSON(`,"attributes":[{"key":"a","value":{"bytesValue":"*"}}]`), "not base64", "resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value.bytesValue"},
		"bad bool":         {spanJSON(`,"attributes":[{"key":"a","value":{"boolValue":1}}]`), "expected false", "resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value.boolValue"},
		"deep unknown":     {`{"x":` + strings.Repeat("[", 100_000), "nested too deep", ""},
		"deep objects":     {strings.Repeat(`{"x":`, 100_000), "nested too deep", ""},
		"deep values":      {spanJSON(`,"attributes":[{"key":"a","value":` + strings.Repeat(`{"arrayValue":{"values":[`, 33) + strings.Repeat(`]}}`, 33) + `}]`), "nested too deep", "resource_spans[0].scope_spans[0].spans[0].attributes.value"},
		"deep values, far": {spanJSON(`,"attributes":[{"key":"a","value":` + strings.Repeat(`{"arrayValue":{"values":[`, 1000)), "nested too deep", ""},
	} {
		_, err := testPacker().TracesJSON([]byte(c.body), now)
		var bad *otlp.BadRequestError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.what) || c.path != "" && bad.Path != c.path {
			t.Errorf("%s: %v, want %q in %q", name, err, c.what, c.path)
		}
	}
	for _, body := range []string{``, ` `, `{}`, `{"resourceSpans":null}`, `{"resourceSpans":[]}`} {
		if rep, err := testPacker().TracesJSON([]byte(body), now); err != nil || rep != (otlp.Report{}) {
			t.Errorf("%q: %+v %v", body, rep, err)
		}
	}
}
