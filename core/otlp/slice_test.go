package otlp_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// resources is a request with one resource for each list of ends, in milliseconds after now.
func resources(tb testing.TB, ends ...[]int64) []byte {
	td := ptrace.NewTraces()
	n := byte(0)
	for _, list := range ends {
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", "web")
		for _, end := range list {
			n++
			s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
			s.SetTraceID(pcommon.TraceID{1, n})
			s.SetSpanID(pcommon.SpanID{n})
			s.SetStartTimestamp(pcommon.Timestamp(now))
			s.SetEndTimestamp(pcommon.Timestamp(now + felt.Instant(end)*(felt.Second/1000)))
		}
	}
	return traces(tb, td)
}

func slicer() *otlp.Packer {
	return testPacker(func(o *otlp.Options) { o.Clock, o.Slices = felt.ClockEvent, true })
}

// TestSlices: a past that is sent in one request comes as it was, one second after the other, and
// every event of it comes.
func TestSlices(t *testing.T) {
	for _, test := range []struct {
		name string
		ends [][]int64 // of the spans, by resource
		want []int64   // newest event of each slice
	}{
		{"nothing", nil, nil},
		{"one moment", [][]int64{{100, 700}, {200}}, []int64{700}},
		{"one resource is never cut", [][]int64{{100, 60_000}}, []int64{60_000}},
		{"in order", [][]int64{{100}, {1100, 1900}, {1500}, {7000}}, []int64{100, 1900, 7000}},
		{"services of the same ten seconds stay together", [][]int64{{0, 9900}, {100, 9800}, {10_000, 12_000}, {10_100}}, []int64{9900, 12_000}},
		{"backwards", [][]int64{{5000}, {4000}, {3000}}, []int64{5000}},
	} {
		body := resources(t, test.ends...)
		p, whole := slicer(), testPacker()
		rep, err := p.Traces(body, now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := whole.Traces(body, now); err != nil {
			t.Fatal(err)
		}
		var got []int64
		var recs []felt.Record
		for _, s := range p.TakeSlices() {
			got = append(got, int64((s.Newest-now)/(felt.Second/1000)))
			for _, e := range readAll(t, s.Records) {
				if e.Event.End > s.Newest {
					t.Errorf("%s: an event is newer than its slice", test.name)
				}
			}
			recs = append(recs, s.Records...)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", test.name, diff)
		}
		spans := map[felt.SpanID]bool{}
		for _, e := range readAll(t, recs) {
			spans[e.Event.Span] = true
		}
		if n := len(readAll(t, whole.Take(nil))); len(spans) != n || int(rep.Spans) != n {
			t.Errorf("%s: %d spans in slices, %d reported, %d in one", test.name, len(spans), rep.Spans, n)
		}
		if again := p.TakeSlices(); again != nil {
			t.Errorf("%s: %d slices are left", test.name, len(again))
		}
	}
}

// TestSlicesOfLogs: log records move time too.
func TestSlicesOfLogs(t *testing.T) {
	ld := plog.NewLogs()
	for i := range 3 {
		r := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		r.SetTimestamp(pcommon.Timestamp(now + felt.Instant(i)*felt.Minute))
		r.Attributes().PutStr("felt.interaction.name", "pay")
	}
	body, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	p := slicer()
	if _, err := p.Logs(body, now); err != nil {
		t.Fatal(err)
	}
	if got := p.TakeSlices(); len(got) != 3 || got[2].Newest != now+2*felt.Minute {
		t.Errorf("%+v", got)
	}
}

// TestSlicesOfABadRequest: nothing stays of a request that breaks off after it was cut.
func TestSlicesOfABadRequest(t *testing.T) {
	good, p := resources(t, []int64{100}, []int64{5000}, []int64{9000}), slicer()
	bad := append(append([]byte(nil), good...), 0x0a, 0x7f)
	if _, err := p.Traces(bad, now); err == nil {
		t.Fatal("it was taken")
	}
	if got := p.TakeSlices(); got != nil {
		t.Errorf("%d slices are left", len(got))
	}
	if _, err := p.Traces(good, now); err != nil {
		t.Fatal(err)
	}
	if got := p.TakeSlices(); len(got) != 3 {
		t.Errorf("%d slices of the request after it", len(got))
	}
}

// TestSlicesAreOfOneRequest: requests that share a packer are not cut, nor is what a wall log takes.
func TestSlicesAreOfOneRequest(t *testing.T) {
	body := resources(t, []int64{100}, []int64{5000})
	for name, p := range map[string]*otlp.Packer{"wall": testPacker(), "shared": slicer()} {
		if name == "shared" {
			if _, err := p.Traces(oneSpan(t, nil, nil), now); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.Traces(body, now); err != nil {
			t.Fatal(err)
		}
		if got := p.TakeSlices(); len(got) != 1 {
			t.Errorf("%s: %d slices", name, len(got))
		}
	}
}
