package otlp_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

func file(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "otlp", name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func protoOf(tb testing.TB, name string) []byte {
	tb.Helper()
	var err error
	var b []byte
	switch name {
	case "proto_trace.json":
		req := ptraceotlp.NewExportRequest()
		if err = req.UnmarshalJSON(file(tb, name)); err == nil {
			b, err = req.MarshalProto()
		}
	case "proto_metrics.json":
		req := pmetricotlp.NewExportRequest()
		if err = req.UnmarshalJSON(file(tb, name)); err == nil {
			b, err = req.MarshalProto()
		}
	default:
		req := plogotlp.NewExportRequest()
		if err = req.UnmarshalJSON(file(tb, name)); err == nil {
			b, err = req.MarshalProto()
		}
	}
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

type packFunc = func(*otlp.Packer, []byte, felt.Instant) (otlp.Report, error)

// fuzzPack: no bytes make a packer panic; those it refuses leave nothing; those it
// takes read back, as many as it said.
func fuzzPack(f *testing.F, pack packFunc, seeds ...[]byte) {
	for _, s := range seeds {
		f.Add(s)
		f.Add(s[:len(s)/2])
	}
	p := testPacker()
	f.Fuzz(func(t *testing.T, body []byte) {
		rep, err := pack(p, body, now)
		var bad *otlp.BadRequestError
		if err != nil && (!errors.As(err, &bad) || rep != (otlp.Report{}) || p.Size() != 0) {
			t.Fatalf("%v, report %+v, %d bytes kept", err, rep, p.Size())
		}
		var r otlp.Reader
		var ev otlp.Event
		var pt otlp.Point
		n := int64(0)
		for _, rec := range p.Take(nil) {
			if len(rec.Data) > 64*len(body)+4096 {
				t.Fatalf("%d bytes became %d", len(body), len(rec.Data))
			}
			if err := r.Reset(rec.Data); err != nil {
				t.Fatal(err)
			}
			for r.NextBlock() {
				for r.Next(&ev) {
					look(&r, &ev, rec.Part)
					n++
				}
				for r.NextPoint(&pt) {
					collect(&r, r.Attributes)
					n++
				}
			}
			if r.Err() != nil {
				t.Fatal(r.Err())
			}
		}
		if n != rep.Spans+rep.Logs+rep.Points {
			t.Fatalf("%d came back, report %+v", n, rep)
		}
	})
}

func FuzzTraces(f *testing.F) {
	fuzzPack(f, (*otlp.Packer).Traces, protoOf(f, "proto_trace.json"), everything(f))
}

func FuzzLogs(f *testing.F) {
	fuzzPack(f, (*otlp.Packer).Logs, protoOf(f, "proto_logs.json"), protoOf(f, "proto_events.json"))
}

func FuzzMetrics(f *testing.F) {
	fuzzPack(f, (*otlp.Packer).Metrics, protoOf(f, "proto_metrics.json"))
}

func FuzzTracesJSON(f *testing.F) {
	fuzzPack(f, (*otlp.Packer).TracesJSON, file(f, "proto_trace.json"), []byte(spanJSON(`,"name":"\ud83d\ude00","kind":"SPAN_KIND_SERVER"`)))
}

func FuzzLogsJSON(f *testing.F) {
	fuzzPack(f, (*otlp.Packer).LogsJSON, file(f, "proto_logs.json"), file(f, "proto_events.json"))
}

func FuzzMetricsJSON(f *testing.F) {
	fuzzPack(f, (*otlp.Packer).MetricsJSON, file(f, "proto_metrics.json"))
}

// everything is a request that uses all that a span can have.
func everything(tb testing.TB) []byte {
	tb.Helper()
	return oneSpan(tb, attributes{"service.name": "s", "session.id": "x", "felt.segment.plan": "pro"}, attributes{
		"user.id": "bob", "felt.interaction.name": "pay", "felt.interaction.value": 1.5, "url.full": "https://h/a?b", "n": -1, "b": true,
		"bytes": []byte{1}, "list": []any{"a", 1, map[string]any{"k": nil}}, "feature_flag.key": "f", "felt.sent_at": "2025-10-09T08:53:20Z",
		"db.query.text": "select 1",
	}, full)
}

// walkAll reads everything there is to read.
func walkAll(data []byte) error {
	var r otlp.Reader
	var ev otlp.Event
	var pt otlp.Point
	if err := r.Reset(data); err != nil {
		return err
	}
	for r.NextBlock() {
		for r.Next(&ev) {
			look(&r, &ev, 0)
		}
		for r.NextPoint(&pt) {
			collect(&r, r.Attributes)
			collect(&r, r.ResourceAttributes)
		}
	}
	return r.Err()
}

func records(tb testing.TB) []byte {
	tb.Helper()
	p := testPacker(func(o *otlp.Options) { o.Partitions = 1 })
	for _, err := range []error{
		second(p.Traces(everything(tb), now)), second(p.Traces(protoOf(tb, "proto_trace.json"), now)),
		second(p.Logs(protoOf(tb, "proto_logs.json"), now)), second(p.Metrics(protoOf(tb, "proto_metrics.json"), now)),
	} {
		if err != nil {
			tb.Fatal(err)
		}
	}
	return p.Take(nil)[0].Data
}

func second(_ otlp.Report, err error) error { return err }

// FuzzReader: no bytes make a reader panic; what is wrong is ErrCorrupt.
func FuzzReader(f *testing.F) {
	data := records(f)
	f.Add(data)
	f.Add(append(bytes.Clone(data), data...))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := walkAll(data); err != nil && !errors.Is(err, felt.ErrCorrupt) {
			t.Fatal(err)
		}
	})
}

func TestDamagedRecords(t *testing.T) {
	data := records(t)
	if err := walkAll(data); err != nil {
		t.Fatal(err)
	}
	for n := 1; n < len(data); n++ {
		if err := walkAll(data[:n]); err != nil && !errors.Is(err, felt.ErrCorrupt) {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
	for i := range data {
		for _, x := range []byte{0x01, 0x80, 0xff, 0x7f} {
			d := bytes.Clone(data)
			d[i] ^= x
			if err := walkAll(d); err != nil && !errors.Is(err, felt.ErrCorrupt) {
				t.Fatalf("byte %d ^ %x: %v", i, x, err)
			}
		}
	}
	d := bytes.Clone(data)
	d[0] = 99
	if err := walkAll(d); !errors.Is(err, felt.ErrCorrupt) {
		t.Errorf("another format: %v", err)
	}
	if err := walkAll(data[:len(data)-1]); !errors.Is(err, felt.ErrCorrupt) {
		t.Errorf("cut: %v", err)
	}
}

// TestBlocksJoin: records put end to end read as one after the other.
func TestBlocksJoin(t *testing.T) {
	p := testPacker(func(o *otlp.Options) { o.Partitions = 1 })
	var joined []byte
	body := everything(t)
	for range 3 {
		if _, err := p.Traces(body, now); err != nil {
			t.Fatal(err)
		}
		joined = append(joined, p.Take(nil)[0].Data...)
	}
	list := readAll(t, []felt.Record{{Data: joined}})
	if len(list) != 3 || !cmp.Equal(list[0], list[2]) {
		t.Fatalf("%d events", len(list))
	}
}

// TestRealTraces: twenty traces of a public data set.
func TestRealTraces(t *testing.T) {
	z, err := gzip.NewReader(bytes.NewReader(file(t, "nezha_online_boutique_20traces.jsonl.gz")))
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(z)
	p := testPacker(func(o *otlp.Options) { o.LateMax = 0 })
	traceIDs := map[felt.TraceID]bool{}
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			req := ptraceotlp.NewExportRequest()
			if err := req.UnmarshalJSON(line); err != nil {
				t.Fatal(err)
			}
			rep, err := p.TracesJSON(line, now)
			if err != nil || rep.Spans != int64(req.Traces().SpanCount()) || rep.Spans == 0 {
				t.Fatalf("%+v of %d: %v", rep, req.Traces().SpanCount(), err)
			}
			for _, s := range readAll(t, p.Take(nil)) {
				traceIDs[s.Event.Trace] = true
				if s.Fields[otlp.FieldService] == "" || s.Name == "" {
					t.Fatalf("%+v", s)
				}
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(traceIDs) != 20 {
		t.Errorf("%d traces", len(traceIDs))
	}
}
