package otlp_test

import (
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

func at(start, end felt.Instant) func(ptrace.Span) {
	return func(s ptrace.Span) {
		s.SetStartTimestamp(pcommon.Timestamp(start))
		s.SetEndTimestamp(pcommon.Timestamp(end))
	}
}

func TestTimes(t *testing.T) {
	wall := func(*otlp.Options) {}
	eventLog := func(o *otlp.Options) { o.Clock = felt.ClockEvent }
	ms := func(i felt.Instant) int64 { return int64(i / 1e6) }
	for name, c := range map[string]struct {
		clock          func(*otlp.Options)
		resource, span attributes
		start, end     felt.Instant
		want           [2]felt.Instant // zero: rejected
		rep            otlp.Report
	}{
		"now":               {wall, nil, nil, now - 2, now, [2]felt.Instant{now - 2, now}, otlp.Report{}},
		"a little ahead":    {wall, nil, nil, now, now + 5*felt.Second, [2]felt.Instant{now, now + 5*felt.Second}, otlp.Report{}},
		"future":            {wall, nil, nil, now + felt.Hour, now + 2*felt.Hour, [2]felt.Instant{now + 5*felt.Second, now + 5*felt.Second}, otlp.Report{ClampedFuture: 1}},
		"future, event log": {eventLog, nil, nil, now + felt.Hour, now + 2*felt.Hour, [2]felt.Instant{now + felt.Hour, now + 2*felt.Hour}, otlp.Report{}},
		"just not late":     {wall, nil, nil, now - felt.Day, now - felt.Day, [2]felt.Instant{now - felt.Day, now - felt.Day}, otlp.Report{}},
		"late":              {wall, nil, nil, now - felt.Day, now - felt.Day - 1, [2]felt.Instant{now - felt.Day, now - felt.Day}, otlp.Report{ReversedTimes: 1}},
		"too late":          {wall, nil, nil, now - 2*felt.Day, now - felt.Day - 1, [2]felt.Instant{}, otlp.Report{Late: 1}},
		"late, event log":   {eventLog, nil, nil, now - 900*felt.Day, now - 800*felt.Day, [2]felt.Instant{now - 900*felt.Day, now - 800*felt.Day}, otlp.Report{}},
		"reversed":          {wall, nil, nil, now, now - felt.Second, [2]felt.Instant{now, now}, otlp.Report{ReversedTimes: 1}},
		"no start":          {wall, nil, nil, 0, now, [2]felt.Instant{}, otlp.Report{ZeroTimes: 1}},
		"no end":            {wall, nil, nil, now, 0, [2]felt.Instant{}, otlp.Report{ZeroTimes: 1}},
		"beyond time":       {eventLog, nil, nil, now, math.MaxInt64, [2]felt.Instant{}, otlp.Report{BeyondTimes: 1}},
		"beyond 64 bits":    {eventLog, nil, nil, now, -1, [2]felt.Instant{}, otlp.Report{BeyondTimes: 1}}, // 2^64-1 as sent
		"100 years ahead":   {wall, nil, nil, now, now + 36525*felt.Day, [2]felt.Instant{now, now + 5*felt.Second}, otlp.Report{ClampedFuture: 1}},
		"end at 2^63-1":     {wall, nil, nil, now, math.MaxInt64, [2]felt.Instant{now, now + 5*felt.Second}, otlp.Report{ClampedFuture: 1}},
		"both at 2^64-1":    {wall, nil, nil, -1, -1, [2]felt.Instant{now + 5*felt.Second, now + 5*felt.Second}, otlp.Report{ClampedFuture: 1}},
		"2^64-1, slow clock": {
			wall,
			attributes{"felt.sent_at": ms(now - felt.Hour)},
			nil, -1, -1,
			[2]felt.Instant{now + 5*felt.Second, now + 5*felt.Second},
			otlp.Report{ClampedFuture: 1, Skewed: 1},
		},
		"slow clock": {
			wall,
			attributes{"felt.sent_at": ms(now - felt.Hour)},
			nil, now - felt.Hour - 5, now - felt.Hour,
			[2]felt.Instant{now - 5, now},
			otlp.Report{Skewed: 1},
		},
		"fast clock, as text": {
			wall, nil,
			attributes{"felt.sent_at": "1760003600000"},
			now + felt.Hour - 5, now + felt.Hour,
			[2]felt.Instant{now - 5, now},
			otlp.Report{Skewed: 1},
		},
		"as RFC 3339": {
			wall, nil,
			attributes{"felt.sent_at": "2025-10-09T09:53:20+01:00"},
			now + 5, now + 9,
			[2]felt.Instant{now + 5, now + 9},
			otlp.Report{},
		},
		"as RFC 3339, slow": {
			wall, nil,
			attributes{"felt.sent_at": "2025-10-09T08:53:10Z"},
			now - 10*felt.Second, now - 10*felt.Second,
			[2]felt.Instant{now, now},
			otlp.Report{Skewed: 1},
		},
		"span's clock over resource's": {
			wall,
			attributes{"felt.sent_at": ms(now - felt.Hour)},
			attributes{"felt.sent_at": float64(ms(now - felt.Minute))},
			now - felt.Minute, now - felt.Minute,
			[2]felt.Instant{now, now},
			otlp.Report{Skewed: 1},
		},
		"network": {wall, attributes{"felt.sent_at": ms(now - felt.Second)}, nil, now - 5, now, [2]felt.Instant{now - 5, now}, otlp.Report{}},
		"old but skewed": {
			wall,
			attributes{"felt.sent_at": ms(now - 100*felt.Day)},
			nil, now - 100*felt.Day, now - 100*felt.Day,
			[2]felt.Instant{now, now},
			otlp.Report{Skewed: 1},
		},
		"skew, event log": {eventLog, attributes{"felt.sent_at": ms(now - felt.Hour)}, nil, now, now, [2]felt.Instant{now, now}, otlp.Report{}},
		"no clock at all": {wall, attributes{"felt.sent_at": "yesterday"}, nil, now, now, [2]felt.Instant{now, now}, otlp.Report{}},
	} {
		p := testPacker(c.clock)
		rep, list, _ := pack(t, p, oneSpan(t, c.resource, c.span, at(c.start, c.end)))
		if c.want[0] == 0 {
			c.rep.RejectedSpans = 1
			if len(list) != 0 || rep.Reason == "" {
				t.Errorf("%s: %d events, reason %q", name, len(list), rep.Reason)
			}
			if p.Newest() != 0 {
				t.Errorf("%s: a rejected span moved the clock", name)
			}
		} else {
			c.rep.Spans = 1
			if len(list) != 1 || list[0].Event.Start != c.want[0] || list[0].Event.End != c.want[1] {
				t.Errorf("%s: %+v", name, list)
			}
		}
		rep.Reason = ""
		if rep != c.rep {
			t.Errorf("%s: report %+v, want %+v", name, rep, c.rep)
		}
	}
}

// rawSpan is a protobuf request with one span whose fields are given as bytes.
func rawSpan(fields ...[]byte) []byte {
	var span []byte
	for _, f := range fields {
		span = append(span, f...)
	}
	return msg(1, msg(2, msg(2, span)))
}

func msg(field byte, b []byte) []byte {
	n := len(b)
	head := []byte{field<<3 | 2}
	for ; n >= 0x80; n >>= 7 {
		head = append(head, byte(n)|0x80)
	}
	return append(append(head, byte(n)), b...)
}

func fix(field byte, i felt.Instant) []byte {
	b := []byte{field<<3 | 1}
	for k := range 8 {
		b = append(b, byte(i>>(8*k)))
	}
	return b
}

func ids() []byte {
	return append(msg(1, []byte("0123456789abcdef")), msg(2, []byte("01234567"))...)
}

func times() []byte { return append(fix(7, now-1), fix(8, now)...) }

func TestBadIDsRejectTheSpanOnly(t *testing.T) {
	good := append(ids(), times()...)
	for name, bad := range map[string][]byte{
		"no ids":           times(),
		"short trace":      append(append(msg(1, []byte("short")), msg(2, []byte("01234567"))...), times()...),
		"long trace":       append(append(msg(1, []byte("0123456789abcdef0")), msg(2, []byte("01234567"))...), times()...),
		"zero trace":       append(append(msg(1, make([]byte, 16)), msg(2, []byte("01234567"))...), times()...),
		"zero span":        append(append(msg(1, []byte("0123456789abcdef")), msg(2, make([]byte, 8))...), times()...),
		"short span":       append(append(msg(1, []byte("0123456789abcdef")), msg(2, []byte("0"))...), times()...),
		"parent too short": append(append([]byte{}, good...), msg(4, []byte("0"))...),
	} {
		body := append(rawSpan(bad), rawSpan(good)...)
		rep, list, _ := pack(t, testPacker(), body)
		if rep.Spans != 1 || rep.RejectedSpans != 1 || rep.BadIDs != 1 || len(list) != 1 || !strings.Contains(rep.Reason, "1 with a trace id") {
			t.Errorf("%s: %+v", name, rep)
		}
	}
	rep, list, _ := pack(t, testPacker(), rawSpan(good, msg(4, make([]byte, 8))))
	if rep.Spans != 1 || !list[0].Event.Parent.IsZero() {
		t.Errorf("a zero parent is no parent: %+v", rep)
	}
}

func TestLogIDs(t *testing.T) {
	for name, c := range map[string]struct {
		fields []byte
		want   int64
	}{
		"none":        {nil, 0},
		"zero":        {append(msg(9, make([]byte, 16)), msg(10, make([]byte, 8))...), 0},
		"short trace": {msg(9, []byte("x")), 1},
		"short span":  {append(msg(9, []byte("0123456789abcdef")), msg(10, []byte("x"))...), 1},
	} {
		p := testPacker()
		rep, err := p.Logs(msg(1, msg(2, msg(2, append(fix(1, now), c.fields...)))), now)
		if err != nil || rep.Logs != 1 || rep.DroppedIDs != c.want || rep.RejectedLogs != 0 {
			t.Errorf("%s: %+v %v", name, rep, err)
		}
		if ev := readAll(t, p.Take(nil))[0].Event; !ev.Trace.IsZero() || !ev.Span.IsZero() {
			t.Errorf("%s: kept %v %v", name, ev.Trace, ev.Span)
		}
	}
}

func TestMalformedRequests(t *testing.T) {
	text := func(s string) []byte { return msg(2, msg(1, []byte(s))) }
	attr := func(key, value []byte) []byte { return msg(9, append(msg(1, key), value...)) }
	deep := []byte{}
	for range 40 {
		deep = msg(5, msg(1, deep))
	}
	shallow := []byte{}
	for range 31 {
		shallow = msg(5, msg(1, shallow))
	}
	for name, c := range map[string]struct {
		body []byte
		what string // "" accepted
		path string
	}{
		"empty":                {nil, "", ""},
		"unknown fields":       {append(rawSpan(ids(), times(), msg(99, []byte("x"))[0:0], []byte{0xa0, 0x06, 1}), 0xa8, 0x06, 0x01), "", ""},
		"text":                 {[]byte("hello"), "", ""}, // replaced below
		"truncated":            {rawSpan(ids(), times())[:30], "truncated", ""},
		"truncated in a span":  {msg(1, msg(2, msg(2, ids()[:9]))), "truncated", "resource_spans[0].scope_spans[0].spans[0]"},
		"wrong type of id":     {rawSpan([]byte{1 << 3, 1}), "field 1 has wire type 0", "resource_spans[0].scope_spans[0].spans[0]"},
		"wrong type of name":   {rawSpan([]byte{5<<3 | 5, 1, 2, 3, 4}), "field 5 has wire type 5", "resource_spans[0].scope_spans[0].spans[0]"},
		"wrong type at top":    {[]byte{1 << 3, 1}, "field 1 has wire type 0", ""},
		"wrong type of spans":  {msg(1, msg(2, []byte{2 << 3, 1})), "field 2 has wire type 0", "resource_spans[0].scope_spans[0]"},
		"group":                {[]byte{1<<3 | 3}, "groups", ""},
		"field zero":           {[]byte{2}, "not a protobuf field", ""},
		"endless varint":       {[]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, "varint", ""},
		"name not UTF-8":       {rawSpan(ids(), times(), msg(5, []byte{0xff})), "invalid UTF-8", "resource_spans[0].scope_spans[0].spans[0]"},
		"value not UTF-8":      {rawSpan(ids(), times(), attr([]byte("k"), text("\xff"))), "invalid UTF-8", "resource_spans[0].scope_spans[0].spans[0]"},
		"key not UTF-8":        {rawSpan(ids(), times(), attr([]byte("k\xff"), text("v"))), "invalid UTF-8", "resource_spans[0].scope_spans[0].spans[0].attributes.key"},
		"dropped value":        {rawSpan(ids(), times(), attr([]byte("password"), text("\xff"))), "invalid UTF-8", "resource_spans[0].scope_spans[0].spans[0].attributes.value"},
		"identity not UTF-8":   {rawSpan(ids(), times(), attr([]byte("user.id"), text("\xff"))), "invalid UTF-8", "resource_spans[0].scope_spans[0].spans[0].attributes.value"},
		"long value not UTF-8": {rawSpan(ids(), times(), attr([]byte("k"), text(strings.Repeat("x", 4000)+"\xff"))), "invalid UTF-8", "resource_spans[0].scope_spans[0].spans[0]"},
		"query not UTF-8":      {rawSpan(ids(), times(), attr([]byte("url.full"), text("/a?\xff"))), "invalid UTF-8", "resource_spans[0].scope_spans[0].spans[0]"},
		"value is a number":    {rawSpan(ids(), times(), msg(9, append(msg(1, []byte("k")), 2<<3, 1))), "field 2 has wire type 0", "resource_spans[0].scope_spans[0].spans[0].attributes"},
		"int as bytes":         {rawSpan(ids(), times(), attr([]byte("k"), msg(2, msg(3, []byte("x"))))), "field 3 has wire type 2", "resource_spans[0].scope_spans[0].spans[0].attributes.value"},
		"too deep":             {rawSpan(ids(), times(), attr([]byte("k"), msg(2, deep))), "nested too deep", "resource_spans[0].scope_spans[0].spans[0].attributes.value"},
		"deep":                 {rawSpan(ids(), times(), attr([]byte("k"), msg(2, shallow))), "", ""},
		"bad second resource":  {append(rawSpan(ids(), times()), msg(1, []byte{0xff})...), "truncated", "resource_spans[1]"},
		"cut attribute":        {rawSpan(ids(), times(), []byte{9<<3 | 2, 5, 1}), "truncated", "resource_spans[0].scope_spans[0].spans[0]"},
	} {
		if name == "text" {
			c.what = "not a protobuf field|groups|truncated"
		}
		p := testPacker()
		_, err := p.Traces(c.body, now)
		if c.what == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var bad *otlp.BadRequestError
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v, want a BadRequestError", name, err)
			continue
		}
		fits := false
		for what := range strings.SplitSeq(c.what, "|") {
			fits = fits || strings.Contains(bad.What, what)
		}
		if !fits || c.path != bad.Path && name != "text" || bad.Offset < 0 || bad.Offset > len(c.body) {
			t.Errorf("%s: %v (path %q), want %q in %q", name, err, bad.Path, c.what, c.path)
		}
		if p.Size() != 0 || len(p.Take(nil)) != 0 {
			t.Errorf("%s: something of it was kept", name)
		}
	}
}

func TestLimits(t *testing.T) {
	many := attributes{}
	for i := range 3000 {
		many["k"+strings.Repeat("x", i%200)+string(rune('a'+i%26))] = i
	}
	n := len(many)
	many["list"] = []any{}
	rep, list, _ := pack(t, testPacker(), oneSpan(t, nil, many))
	if len(list[0].Attributes) != 128 || rep.DroppedAttributes != int64(n+1-128) {
		t.Errorf("%d attributes, report %+v", len(list[0].Attributes), rep)
	}
	long := strings.Repeat("é", 5000)
	list1 := make([]any, 3000)
	for i := range list1 {
		list1[i] = "abc"
	}
	rep, list, _ = pack(t, testPacker(), oneSpan(t, nil, attributes{"a": long, "b": list1, strings.Repeat("k", 300): 1}, func(s ptrace.Span) {
		for range 40 {
			s.Events().AppendEmpty()
			l := s.Links().AppendEmpty()
			l.SetTraceID(pcommon.TraceID{1})
			l.SetSpanID(pcommon.SpanID{1})
		}
		s.Links().At(3).SetTraceID(pcommon.TraceID{})
	}))
	ev := list[0]
	if ev.Attributes["a"] != long[:1024] {
		t.Errorf("long text became %d bytes", len(ev.Attributes["a"].(string)))
	}
	if s, ok := ev.Attributes["b"].(string); !ok || len(s) > 1100 {
		t.Errorf("long list became %v", ev.Attributes["b"])
	}
	if len(ev.Events) != 32 || len(ev.Links) != 31 || rep.DroppedEvents != 17 || rep.CutValues != 2 || rep.DroppedAttributes != 1 {
		t.Errorf("%d events, %d links, %+v", len(ev.Events), len(ev.Links), rep)
	}
}

// TestRollback: the same request, first damaged at its very end, then whole.
func TestRollback(t *testing.T) {
	good := everything(t)
	fresh := testPacker()
	if _, err := fresh.Traces(good, now); err != nil {
		t.Fatal(err)
	}
	if fresh.Newest() != now {
		t.Errorf("newest %d, want the end of the span", fresh.Newest())
	}
	p := testPacker()
	other := oneSpan(t, attributes{"service.name": "other"}, attributes{"user.id": "eve", "only": "here"}, full)
	for _, bad := range [][]byte{good, other, good} {
		if _, err := p.Traces(append(slices.Clone(bad), 0xff), now); err == nil {
			t.Fatal("taken")
		}
		if p.Size() != 0 || p.Newest() != 0 {
			t.Fatalf("%d bytes, newest %d", p.Size(), p.Newest())
		}
	}
	if _, err := p.Traces(good, now); err != nil {
		t.Fatal(err)
	}
	if p.Size() != fresh.Size() {
		t.Errorf("%d bytes, without what failed before %d", p.Size(), fresh.Size())
	}
	if d := cmp.Diff(fresh.Take(nil), p.Take(nil)); d != "" {
		t.Error(d)
	}
}

// TestAMillionAttributes: they are cut and counted, and take no memory to speak of.
func TestAMillionAttributes(t *testing.T) {
	const n = 1_000_000
	span := append(ids(), times()...)
	for range n {
		span = append(span, 9<<3|2, 5, 1<<3|2, 1, 'k', 2<<3|2, 0)
	}
	body := rawSpan(span)
	p := testPacker()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rep, err := p.Traces(body, now)
	runtime.ReadMemStats(&after)
	if err != nil || rep.Spans != 1 || rep.DroppedAttributes != n-128 {
		t.Fatalf("%+v %v", rep, err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("it took %d bytes", took)
	}
}

// TestMeaningComesLate: what an event means is read however many attributes are before it.
func TestMeaningComesLate(t *testing.T) {
	attr := func(field byte, key, value string) []byte {
		return msg(field, append(msg(1, []byte(key)), msg(2, msg(1, []byte(value)))...))
	}
	const n = 400_000
	filler := func(field byte) (b []byte) {
		for range n {
			b = append(b, field<<3|2, 5, 1<<3|2, 1, 'k', 2<<3|2, 0)
		}
		return b
	}
	late := func(field byte) []byte {
		b := filler(field)
		for _, kv := range [][2]string{{"felt.interaction.name", "pay"}, {"felt.interaction.outcome", "failed"}, {"user.id", "u"}, {"session.id", "s"}, {"felt.segment.tier", "gold"}} {
			b = append(b, attr(field, kv[0], kv[1])...)
		}
		return b
	}
	span, log := append(append(ids(), times()...), late(9)...), append(fix(1, now), late(6)...)
	for range 1000 {
		span = append(span, attr(9, "user.id", "u")...)
	}
	resource := msg(1, append(append(filler(1), attr(1, "service.name", "shop")...), attr(1, "deployment.environment.name", "test")...))
	for name, c := range map[string]struct {
		item    []byte
		pack    func(*otlp.Packer, []byte) (otlp.Report, error)
		dropped int64
	}{
		"span": {span, func(p *otlp.Packer, b []byte) (otlp.Report, error) { return p.Traces(b, now) }, 2*(n-128) + 1000 - 251},
		"log":  {log, func(p *otlp.Packer, b []byte) (otlp.Report, error) { return p.Logs(b, now) }, 2 * (n - 128)},
	} {
		p := testPacker()
		rep, err := c.pack(p, msg(1, append(append([]byte{}, resource...), msg(2, msg(2, c.item))...)))
		if err != nil || rep.DroppedAttributes != c.dropped {
			t.Fatalf("%s: %+v %v", name, rep, err)
		}
		ev := readAll(t, p.Take(nil))[0]
		for f, want := range map[otlp.Field]string{otlp.FieldInteraction: "pay", otlp.FieldOutcome: "failed", otlp.FieldService: "shop", otlp.FieldEnv: "test"} {
			if ev.Fields[f] != want {
				t.Errorf("%s: field %d is %q, want %q", name, f, ev.Fields[f], want)
			}
		}
		if ev.Event.IDs.User.IsZero() || ev.Event.IDs.Session.IsZero() {
			t.Errorf("%s: no user", name)
		}
	}
}

// TestManyShapes: traffic without any order must not grow the packer for ever, and must
// read back all the same.
func TestManyShapes(t *testing.T) {
	p := testPacker(func(o *otlp.Options) { o.Partitions = 2 })
	for round := range 3 {
		td := ptrace.NewTraces()
		ss := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
		const n = 9000
		for i := range n {
			s := ss.Spans().AppendEmpty()
			s.SetTraceID(pcommon.TraceID{1, byte(i), byte(i >> 8)})
			s.SetSpanID(pcommon.SpanID{1, byte(i), byte(i >> 8)})
			s.SetStartTimestamp(pcommon.Timestamp(now))
			s.SetEndTimestamp(pcommon.Timestamp(now))
			key := "k" + strings.Repeat("x", round) + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
			s.Attributes().PutStr(key, key)
			s.Attributes().PutInt(key+"n", int64(i))
		}
		body := traces(t, td)
		if round == 1 {
			if _, err := p.Traces(append(body, 0xff), now); err == nil {
				t.Fatal("taken")
			}
		}
		rep, list, _ := pack(t, p, body)
		if rep.Spans != n || len(list) != n {
			t.Fatalf("%d of %d", len(list), n)
		}
		for _, s := range list {
			if len(s.Attributes) != 2 {
				t.Fatalf("%v", s.Attributes)
			}
			for k, v := range s.Attributes {
				if v != k && !strings.HasSuffix(k, "n") {
					t.Fatalf("%v", s.Attributes)
				}
			}
		}
	}
}

func TestLogsBeyondTime(t *testing.T) {
	for _, field := range []byte{1, 11} {
		body := msg(1, msg(2, msg(2, fix(field, -1))))
		p := testPacker()
		rep, err := p.Logs(body, now)
		if err != nil || rep.Logs != 1 || rep.ClampedFuture != 1 || readAll(t, p.Take(nil))[0].Event.Start != now+5*felt.Second {
			t.Errorf("wall log: %+v %v", rep, err)
		}
		rep, err = testPacker(func(o *otlp.Options) { o.Clock = felt.ClockEvent }).Logs(body, now)
		if err != nil || rep.RejectedLogs != 1 || rep.BeyondTimes != 1 || !strings.Contains(rep.Reason, "out of range") {
			t.Errorf("event log: %+v %v", rep, err)
		}
	}
}

func TestLateLogsAreRejected(t *testing.T) {
	p := testPacker()
	rep, err := p.Logs(oneLog(t, nil, nil, func(l plog.LogRecord) { l.SetTimestamp(pcommon.Timestamp(now - 2*felt.Day)) }), now)
	if err != nil || rep.RejectedLogs != 1 || rep.Late != 1 || !strings.Contains(rep.Reason, "24h0m0s") {
		t.Errorf("%+v %v", rep, err)
	}
}
