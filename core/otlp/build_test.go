package otlp_test

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// attributes are given as Go values.
type attributes map[string]any

func (a attributes) to(tb testing.TB, m pcommon.Map) {
	tb.Helper()
	if err := m.FromRaw(a); err != nil {
		tb.Fatal(err)
	}
}

// oneSpan is a request with one span; change may do to it what it likes.
func oneSpan(tb testing.TB, resource, span attributes, change ...func(ptrace.Span)) []byte {
	tb.Helper()
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	resource.to(tb, rs.Resource().Attributes())
	s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	s.SetTraceID(pcommon.TraceID{1, 2, 3})
	s.SetSpanID(pcommon.SpanID{4, 5, 6})
	s.SetName("checkout")
	s.SetStartTimestamp(pcommon.Timestamp(now - felt.Second))
	s.SetEndTimestamp(pcommon.Timestamp(now))
	span.to(tb, s.Attributes())
	for _, f := range change {
		f(s)
	}
	return traces(tb, td)
}

func traces(tb testing.TB, td ptrace.Traces) []byte {
	tb.Helper()
	b, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func oneLog(tb testing.TB, resource, log attributes, change ...func(plog.LogRecord)) []byte {
	tb.Helper()
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	resource.to(tb, rl.Resource().Attributes())
	l := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	l.SetTimestamp(pcommon.Timestamp(now))
	log.to(tb, l.Attributes())
	for _, f := range change {
		f(l)
	}
	b, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// pack packs one request of spans and returns the report and what is read back.
func pack(tb testing.TB, p *otlp.Packer, body []byte) (otlp.Report, []seen, []felt.Record) {
	tb.Helper()
	rep, err := p.Traces(body, now)
	if err != nil {
		tb.Fatal(err)
	}
	recs := p.Take(nil)
	return rep, readAll(tb, recs), recs
}

// event packs one span with these attributes.
func event(tb testing.TB, resource, span attributes, change ...func(ptrace.Span)) seen {
	tb.Helper()
	_, list, _ := pack(tb, testPacker(), oneSpan(tb, resource, span, change...))
	if len(list) != 1 {
		tb.Fatalf("%d events came back of one", len(list))
	}
	return list[0]
}

// full gives a span what attributes cannot.
func full(s ptrace.Span) {
	s.SetParentSpanID(pcommon.SpanID{7})
	s.Status().SetMessage("no")
	s.Status().SetCode(ptrace.StatusCodeError)
	s.TraceState().FromRaw("ot=th:8")
	e := s.Events().AppendEmpty()
	e.SetName("exception")
	e.Attributes().PutStr("exception.type", "Boom")
	e.Attributes().PutStr("feature_flag.key", "g")
	l := s.Links().AppendEmpty()
	l.SetTraceID(pcommon.TraceID{9})
	l.SetSpanID(pcommon.SpanID{9})
	l.Attributes().PutInt("x", 1)
}
