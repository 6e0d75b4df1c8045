package otlp_test

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"pgregory.net/rapid"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// These tests build requests with the Collector's own code and hold what comes back
// from the blocks to what the Collector reads.

var (
	drawKey  = rapid.SampledFrom([]string{"a", "b.c", "shop.cart.items", "http.route", "thread.id", "ключ", "x_y-z"})
	drawText = rapid.OneOf(rapid.SampledFrom([]string{"", "GET", "production", "héllo", "Zürich\n\"x\""}), rapid.StringMatching(`[a-z]{0,9}`), rapid.StringMatching(`[a-zA-Z0-9 /]{100,200}`))
)

func drawValue(t *rapid.T, v pcommon.Value, depth int) {
	most := 7
	if depth == 0 {
		most = 5
	}
	switch rapid.IntRange(0, most).Draw(t, "type") {
	case 0:
	case 1:
		v.SetStr(drawText.Draw(t, "text"))
	case 2:
		v.SetInt(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-3, 300)).Draw(t, "int"))
	case 3:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case 4:
		v.SetDouble(rapid.Float64Range(-1e9, 1e9).Draw(t, "double"))
	case 5:
		v.SetEmptyBytes().FromRaw([]byte{0, 0xff, byte(rapid.IntRange(0, 9).Draw(t, "byte"))})
	case 6:
		s := v.SetEmptySlice()
		for range rapid.IntRange(0, 3).Draw(t, "n") {
			drawValue(t, s.AppendEmpty(), depth-1)
		}
	case 7:
		drawMap(t, v.SetEmptyMap(), depth-1)
	}
}

func drawMap(t *rapid.T, m pcommon.Map, depth int) {
	for range rapid.IntRange(0, 4).Draw(t, "n") {
		drawValue(t, m.PutEmpty(drawKey.Draw(t, "key")), depth)
	}
}

func drawTrace(t *rapid.T) (id pcommon.TraceID) {
	id[3] = byte(rapid.IntRange(1, 6).Draw(t, "trace"))
	id[15] = 1
	return id
}

func drawSpanID(t *rapid.T) (id pcommon.SpanID) {
	id[5] = byte(rapid.IntRange(1, 30).Draw(t, "span"))
	return id
}

func drawSpan(t *rapid.T, s ptrace.Span) {
	s.SetTraceID(drawTrace(t))
	s.SetSpanID(drawSpanID(t))
	if rapid.Bool().Draw(t, "child") {
		s.SetParentSpanID(drawSpanID(t))
	}
	s.SetName(drawText.Draw(t, "name"))
	s.SetKind(ptrace.SpanKind(rapid.IntRange(0, 5).Draw(t, "kind")))
	start := int64(now) - rapid.Int64Range(0, 1e12).Draw(t, "ago")
	s.SetStartTimestamp(pcommon.Timestamp(start))
	s.SetEndTimestamp(pcommon.Timestamp(start + rapid.Int64Range(0, 1e9).Draw(t, "took")))
	s.Status().SetCode(ptrace.StatusCode(rapid.IntRange(0, 2).Draw(t, "status")))
	s.Status().SetMessage(drawText.Draw(t, "message"))
	drawMap(t, s.Attributes(), 2)
	for range rapid.IntRange(0, 2).Draw(t, "events") {
		e := s.Events().AppendEmpty()
		e.SetName(drawText.Draw(t, "name"))
		e.SetTimestamp(pcommon.Timestamp(start + rapid.Int64Range(-5, 1e9).Draw(t, "after")))
		drawMap(t, e.Attributes(), 1)
	}
	for range rapid.IntRange(0, 2).Draw(t, "links") {
		l := s.Links().AppendEmpty()
		l.SetTraceID(drawTrace(t))
		l.SetSpanID(drawSpanID(t))
		l.TraceState().FromRaw(drawText.Draw(t, "state"))
		drawMap(t, l.Attributes(), 1)
	}
	s.TraceState().FromRaw(rapid.SampledFrom([]string{"", "a=b", "ot=th:8", "a=b,ot=rv:1;th:c"}).Draw(t, "state"))
}

func drawTraces(t *rapid.T) ptrace.Traces {
	td := ptrace.NewTraces()
	for range rapid.IntRange(0, 3).Draw(t, "resources") {
		rs := td.ResourceSpans().AppendEmpty()
		drawMap(t, rs.Resource().Attributes(), 1)
		for range rapid.IntRange(0, 2).Draw(t, "scopes") {
			ss := rs.ScopeSpans().AppendEmpty()
			ss.Scope().SetName(drawText.Draw(t, "scope"))
			ss.Scope().SetVersion(drawText.Draw(t, "version"))
			drawMap(t, ss.Scope().Attributes(), 1)
			for range rapid.IntRange(0, 4).Draw(t, "spans") {
				drawSpan(t, ss.Spans().AppendEmpty())
			}
		}
	}
	return td
}

// wantMap is what a map of attributes must come back as.
func wantMap(m pcommon.Map) map[string]any {
	want := map[string]any{}
	for k, v := range m.All() {
		want[k] = wantValue(v)
	}
	return want
}

func wantValue(v pcommon.Value) any {
	switch v.Type() {
	case pcommon.ValueTypeMap, pcommon.ValueTypeSlice:
		var x any
		b, err := json.Marshal(v.AsRaw())
		if err != nil {
			panic(err)
		}
		if err := json.Unmarshal(b, &x); err != nil {
			panic(err)
		}
		return x
	case pcommon.ValueTypeBytes:
		return append([]byte{}, v.Bytes().AsRaw()...)
	}
	return v.AsRaw()
}

func wantSpan(rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, s ptrace.Span) seen {
	w := seen{
		Name: s.Name(), Fields: map[otlp.Field]string{otlp.FieldEnv: "production"}, Segments: map[string]string{}, Flags: map[string]string{},
		Attributes: wantMap(s.Attributes()), Resource: wantMap(rs.Resource().Attributes()),
		Scope: [2]string{ss.Scope().Name(), ss.Scope().Version()}, ScopeAttrs: wantMap(ss.Scope().Attributes()),
	}
	if s.Status().Message() != "" {
		w.Fields[otlp.FieldStatusMessage] = s.Status().Message()
	}
	w.Event = otlp.Event{
		Type: otlp.TypeSpan, Trace: felt.TraceID(s.TraceID()), Span: felt.SpanID(s.SpanID()), Parent: felt.SpanID(s.ParentSpanID()),
		Start: felt.Instant(s.StartTimestamp()), End: felt.Instant(s.EndTimestamp()), Kind: felt.SpanKind(s.Kind()), Status: otlp.Status(s.Status().Code()),
		Weight: map[string]float64{"": 1, "a=b": 1, "ot=th:8": 2, "a=b,ot=rv:1;th:c": 4}[s.TraceState().AsRaw()],
	}
	w.State = s.TraceState().AsRaw()
	if w.Event.Weight > 1 { // no randomness of this length is told
		w.Event.Draw = binary.BigEndian.Uint64(w.Event.Trace[8:]) << 8 >> 8
	}
	for _, e := range s.Events().All() {
		w.Events = append(w.Events, seenSub{Time: felt.Instant(e.Timestamp()), Name: e.Name(), Attributes: wantMap(e.Attributes())})
	}
	for i, l := range s.Links().All() {
		if i == 0 {
			w.Event.Link = felt.TraceID(l.TraceID())
		}
		w.Links = append(w.Links, seenSub{Trace: felt.TraceID(l.TraceID()), Span: felt.SpanID(l.SpanID()), Name: l.TraceState().AsRaw(), Attributes: wantMap(l.Attributes())})
	}
	return w
}

// ofPart orders events as records come: by partition, then as sent.
func ofPart(list []seen) []seen {
	slices.SortStableFunc(list, func(a, b seen) int { return int(a.Part) - int(b.Part) })
	return list
}

func comparable(s seen) seen {
	s.Event.Name = 0
	s.Event.Fields = [otlp.NumFields]otlp.Text{}
	s.Part = 0
	return s
}

func checkSame(t interface{ Fatalf(string, ...any) }, got, want []seen) {
	// Partitions come one after the other; inside one the order is that of the request.
	part := map[felt.TraceID]felt.Part{}
	for _, g := range got {
		part[g.Event.Trace] = g.Part
	}
	for i := range want {
		want[i].Part = part[want[i].Event.Trace]
	}
	want = ofPart(want)
	if len(got) != len(want) {
		t.Fatalf("%d events came back of %d", len(got), len(want))
	}
	for i := range want {
		if d := cmp.Diff(comparable(want[i]), comparable(got[i])); d != "" {
			t.Fatalf("event %d (-sent +read):\n%s", i, d)
		}
	}
}

func TestTracesComeBackAsTheCollectorReadsThem(t *testing.T) {
	p := testPacker()
	rapid.Check(t, func(t *rapid.T) {
		var want []seen
		var spans int64
		for range rapid.IntRange(1, 3).Draw(t, "requests") {
			td := drawTraces(t)
			body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
			if err != nil {
				t.Fatal(err)
			}
			pack := p.Traces
			if rapid.Bool().Draw(t, "json") {
				if body, err = ptraceotlp.NewExportRequestFromTraces(td).MarshalJSON(); err != nil {
					t.Fatal(err)
				}
				pack = p.TracesJSON
			}
			rep, err := pack(body, now)
			if err != nil {
				t.Fatalf("%v in %s", err, body)
			}
			spans += rep.Spans
			for _, rs := range td.ResourceSpans().All() {
				for _, ss := range rs.ScopeSpans().All() {
					for _, s := range ss.Spans().All() {
						want = append(want, wantSpan(rs, ss, s))
					}
				}
			}
		}
		if spans != int64(len(want)) {
			t.Fatalf("reported %d spans of %d", spans, len(want))
		}
		checkSame(t, readAllRapid(t, p.Take(nil)), want)
	})
}

func readAllRapid(t *rapid.T, recs []felt.Record) []seen {
	var r otlp.Reader
	var ev otlp.Event
	var list []seen
	for _, rec := range recs {
		if err := r.Reset(rec.Data); err != nil {
			t.Fatal(err)
		}
		for r.NextBlock() {
			for r.Next(&ev) {
				list = append(list, look(&r, &ev, rec.Part))
			}
		}
		if r.Err() != nil {
			t.Fatal(r.Err())
		}
	}
	return list
}

func drawLog(t *rapid.T, l plog.LogRecord) {
	if rapid.Bool().Draw(t, "trace") {
		l.SetTraceID(drawTrace(t))
		if rapid.Bool().Draw(t, "span") {
			l.SetSpanID(drawSpanID(t))
		}
	}
	l.SetTimestamp(pcommon.Timestamp(int64(now) - rapid.Int64Range(0, 1e12).Draw(t, "ago")))
	l.SetSeverityNumber(plog.SeverityNumber(rapid.IntRange(0, 24).Draw(t, "severity")))
	l.SetSeverityText(drawText.Draw(t, "word"))
	l.SetEventName(drawText.Draw(t, "name"))
	drawValue(t, l.Body(), 2)
	drawMap(t, l.Attributes(), 2)
}

func wantLog(rl plog.ResourceLogs, sl plog.ScopeLogs, l plog.LogRecord) seen {
	w := seen{
		Name: l.EventName(), Fields: map[otlp.Field]string{otlp.FieldEnv: "production"}, Segments: map[string]string{}, Flags: map[string]string{},
		Attributes: wantMap(l.Attributes()), Resource: wantMap(rl.Resource().Attributes()),
		Scope: [2]string{sl.Scope().Name(), sl.Scope().Version()}, ScopeAttrs: wantMap(sl.Scope().Attributes()),
		Severity: otlp.Severity(l.SeverityNumber()), Word: l.SeverityText(), Body: wantValue(l.Body()),
	}
	at := felt.Instant(l.Timestamp())
	w.Event = otlp.Event{Type: otlp.TypeLog, Trace: felt.TraceID(l.TraceID()), Span: felt.SpanID(l.SpanID()), Start: at, End: at, Weight: 1}
	if w.Severity >= otlp.SeverityError {
		w.Event.Status = otlp.StatusError
		if text, ok := w.Body.(string); ok && text != "" {
			w.Fields[otlp.FieldStatusMessage] = text
		}
	}
	return w
}

func TestLogsComeBackAsTheCollectorReadsThem(t *testing.T) {
	p := testPacker(func(o *otlp.Options) { o.Partitions = 1 })
	rapid.Check(t, func(t *rapid.T) {
		ld := plog.NewLogs()
		var want []seen
		for range rapid.IntRange(0, 3).Draw(t, "resources") {
			rl := ld.ResourceLogs().AppendEmpty()
			drawMap(t, rl.Resource().Attributes(), 1)
			sl := rl.ScopeLogs().AppendEmpty()
			sl.Scope().SetName(drawText.Draw(t, "scope"))
			for range rapid.IntRange(0, 4).Draw(t, "logs") {
				l := sl.LogRecords().AppendEmpty()
				drawLog(t, l)
				want = append(want, wantLog(rl, sl, l))
			}
		}
		body, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
		if err != nil {
			t.Fatal(err)
		}
		pack := p.Logs
		if rapid.Bool().Draw(t, "json") {
			if body, err = plogotlp.NewExportRequestFromLogs(ld).MarshalJSON(); err != nil {
				t.Fatal(err)
			}
			pack = p.LogsJSON
		}
		if _, err := pack(body, now); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		checkSame(t, readAllRapid(t, p.Take(nil)), want)
	})
}

// TestAFailedRequestLeavesNothing cuts requests at random: whatever came in before and
// after reads as if the cut one had never been.
func TestAFailedRequestLeavesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q := testPacker(), testPacker()
		for range rapid.IntRange(1, 4).Draw(t, "requests") {
			body, err := ptraceotlp.NewExportRequestFromTraces(drawTraces(t)).MarshalProto()
			if err != nil {
				t.Fatal(err)
			}
			if rapid.Bool().Draw(t, "cut") && len(body) > 0 {
				body = append(slices.Clone(body[:rapid.IntRange(0, len(body)-1).Draw(t, "at")]), 0xff)
				if _, err := p.Traces(body, now); err == nil {
					t.Fatalf("%x was taken", body)
				}
				continue
			}
			for _, packer := range []*otlp.Packer{p, q} {
				if _, err := packer.Traces(body, now); err != nil {
					t.Fatal(err)
				}
			}
		}
		if p.Newest() != q.Newest() {
			t.Fatalf("newest %d, without the failed ones %d", p.Newest(), q.Newest())
		}
		if d := cmp.Diff(readAllRapid(t, q.Take(nil)), readAllRapid(t, p.Take(nil)), cmp.Transformer("texts", func(e otlp.Event) otlp.Event {
			e.Name, e.Fields = 0, [otlp.NumFields]otlp.Text{}
			return e
		})); d != "" {
			t.Fatal(d)
		}
	})
}
