package otlp_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// stated packs a span or a log record of a trace that ends in 9, whose own tracestate, and whose attribute
// for one, say this.
func stated(t *testing.T, p *otlp.Packer, log bool, own string, attrs, resource attributes) (otlp.Report, otlp.Event) {
	t.Helper()
	trace := [16]byte{0: 1, 8: 0xff, 15: 9}
	var rep otlp.Report
	var err error
	if log {
		rep, err = p.Logs(oneLog(t, resource, attrs, func(l plog.LogRecord) { l.SetTraceID(trace); l.SetSeverityNumber(24) }), now)
	} else {
		rep, err = p.Traces(oneSpan(t, resource, attrs, func(s ptrace.Span) { s.SetTraceID(trace); s.TraceState().FromRaw(own) }), now)
	}
	if err != nil || rep.Spans+rep.Logs != 1 {
		t.Fatal(rep, err)
	}
	return rep, readAll(t, p.Take(nil))[0].Event
}

// TestDraw: the randomness that is told, else the end of the trace id; none of what was not sampled.
func TestDraw(t *testing.T) {
	const rv = 0xe0000000000000
	for name, c := range map[string]struct {
		own, attr string
		log       bool
		want      uint64
	}{
		"not sampled":                     {},
		"kept all":                        {own: "ot=th:0;rv:e0000000000000"},
		"not drawn at this threshold":     {own: "ot=th:f;rv:e0000000000000"},
		"a randomness":                    {own: "ot=th:c;rv:e0000000000000", want: rv},
		"a trace":                         {own: "ot=th:c", want: 9},
		"a wrong randomness":              {own: "ot=th:c;rv:e", want: 9},
		"an attribute's":                  {attr: "ot=th:c;rv:e0000000000000", want: rv},
		"its own goes before":             {own: "ot=th:c", attr: "ot=th:c;rv:e0000000000000", want: 9},
		"a log record, not sampled":       {log: true},
		"a log record's":                  {log: true, attr: "ot=th:c;rv:e0000000000000", want: rv},
		"a log record's of a trace":       {log: true, attr: "ot=th:c", want: 9},
		"a log record's, not drawn":       {log: true, attr: "ot=th:f;rv:e0000000000000"},
		"a log record's without sampling": {log: true, attr: "ot=rv:e0000000000000"},
	} {
		attrs := attributes{}
		if c.attr != "" {
			attrs["felt.tracestate"] = c.attr
		}
		if _, ev := stated(t, testPacker(), c.log, c.own, attrs, nil); ev.Draw != c.want || (ev.Weight > 1) != (c.want > 0) {
			t.Errorf("%s: draw %x of weight %v, want %x", name, ev.Draw, ev.Weight, c.want)
		}
	}
	p := testPacker()
	if _, err := p.Logs(oneLog(t, nil, attributes{"felt.tracestate": "ot=th:c"}), now); err != nil {
		t.Fatal(err)
	}
	if ev := readAll(t, p.Take(nil))[0].Event; ev.Weight != 4 || ev.Draw != 0 {
		t.Errorf("of no trace, and no randomness told: weight %v, draw %x", ev.Weight, ev.Draw)
	}
}

// TestOldBlocks: a log that was written before draws were reads as it did.
func TestOldBlocks(t *testing.T) {
	for text, draw := range map[string]uint64{
		"0100780000000700000003270370617908636865636b6f7574196f743d74683a633b72763a65303030303030303030303030300300000000020000000301006f0001046000010203000000000000" +
			"00000000000009040506000000000080d8a99193abe3ec308094ebdc03db0201da02010000000000001040040000dc02": 9,
		"01005200000007000000022a196f743d74683a633b72763a65303030303030303030303030300f66656c742e74726163657374617465030000000002000000030100db02004f6500808080cb9aabe3" +
			"ec3000000701da0200": 0xe0000000000000,
	} {
		data, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if list := readAll(t, []felt.Record{{Data: data}}); len(list) != 1 || list[0].Event.Weight != 4 || list[0].Event.Draw != draw {
			t.Errorf("%+v", list)
		}
	}
}

// TestMaxWeight: nothing weighs more than its sender may say, however it says it; it is counted, told,
// and taken all the same.
func TestMaxWeight(t *testing.T) {
	const all, tenth = "ot=th:fffff;rv:ffffffffffffff", "ot=th:e66666;rv:ffffffffffffff"
	most := func(v float64) func(*otlp.Options) { return func(o *otlp.Options) { o.MaxWeight = v } }
	for name, c := range map[string]struct {
		options, sender float64
		own             string
		attr, resource  any
		want            float64
		cut             int64
	}{
		"within":                 {100, 0, tenth, nil, nil, 10, 0},
		"a rounded threshold":    {9.9999, 0, tenth, nil, nil, 9.9999, 0},
		"of all senders":         {100, 0, all, nil, nil, 100, 1},
		"of this one":            {0, 50, all, nil, nil, 50, 1},
		"the lower one":          {20, 50, all, nil, nil, 20, 1},
		"the lower one, again":   {50, 20, all, nil, nil, 20, 1},
		"none set":               {0, 0, all, nil, nil, otlp.MaxWeight, 1},
		"more than there is":     {1e9, 1e9, all, nil, nil, otlp.MaxWeight, 1},
		"nothing is sampled":     {1, 0, tenth, nil, nil, 1, 1},
		"an attribute":           {100, 0, "", all, nil, 100, 1},
		"an attribute, within":   {100, 0, "", tenth, nil, 10, 0},
		"a list":                 {100, 0, "", []any{"a," + all + ",b"}, nil, 100, 1},
		"both":                   {100, 0, all, tenth, nil, 100, 1},
		"its own goes before":    {100, 0, tenth, all, nil, 10, 0},
		"nothing, an attribute":  {1, 0, tenth, all, nil, 1, 1},
		"a resource has none":    {100, 0, "", nil, all, 1, 0},
		"not sampled":            {100, 50, "", nil, nil, 1, 0},
		"another vendor's state": {100, 50, "a=b", all, nil, 50, 1},
	} {
		for _, log := range []bool{false, true} {
			if log && c.own != "" {
				continue
			}
			attrs, resource := attributes{}, attributes{}
			if c.attr != nil {
				attrs["felt.tracestate"] = c.attr
			}
			if c.resource != nil {
				resource["felt.tracestate"] = c.resource
			}
			p := testPacker(most(c.options))
			p.From(otlp.Sender{MaxWeight: c.sender})
			rep, ev := stated(t, p, log, c.own, attrs, resource)
			if diff := ev.Weight - c.want; diff > 1e-4 || diff < -1e-4 || rep.CutWeights != c.cut || (ev.Draw != 0) != (c.want > 1) {
				t.Errorf("%s (log %v): weight %v of draw %x, %d cut; want %v, %d", name, log, ev.Weight, ev.Draw, rep.CutWeights, c.want, c.cut)
			}
			if told := strings.Contains(rep.Reason, "with less weight"); told != (c.cut > 0) || strings.Contains(rep.Reason, "rejected") {
				t.Errorf("%s: told %q", name, rep.Reason)
			}
			if c.sender > 0 {
				p.From(otlp.Sender{})
				if _, ev := stated(t, p, log, all, attributes{}, nil); !log && c.options == 0 && ev.Weight != otlp.MaxWeight {
					t.Errorf("%s: the next sender's weighs %v", name, ev.Weight)
				}
			}
		}
	}
}

// TestMaxWeightOfTwo: of two attributes that say it, none gets past the bound, in any order; a log record
// keeps its severity.
func TestMaxWeightOfTwo(t *testing.T) {
	attr := func(state string) string { return `{"key":"felt.tracestate","value":{"stringValue":"` + state + `"}}` }
	for _, list := range []string{attr("ot=th:fffff") + "," + attr("ot=th:8"), attr("ot=th:8") + "," + attr("ot=th:fffff"), attr("ot=th:fffff") + "," + attr("")} {
		p := testPacker()
		p.From(otlp.Sender{MaxWeight: 3})
		body := `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1760000000000000000","severityNumber":24,"attributes":[` + list + `]}]}]}]}`
		if rep, err := p.LogsJSON([]byte(body), now); err != nil || rep.Logs != 1 || rep.CutWeights != 1 {
			t.Fatal(rep, err)
		}
		if got := readAll(t, p.Take(nil))[0]; got.Event.Weight != 3 || got.Severity != 24 {
			t.Errorf("%s: weight %v, severity %d", list, got.Event.Weight, got.Severity)
		}
	}
}
