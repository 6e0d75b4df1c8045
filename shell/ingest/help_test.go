package ingest

import (
	"bytes"
	"context"
	"iter"
	"net"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	kgzip "github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// testLog is a log in memory that can be told to misbehave.
type testLog struct {
	mu    sync.Mutex
	recs  []felt.Record
	calls int
	keep  bool // false: records are counted, not kept
	bytes int

	// before is called with the records of each append, without the lock. An error is
	// returned in place of appending; persist says that they are appended all the same.
	before  func(ctx context.Context, recs []felt.Record) error
	persist bool
}

func newLog() *testLog { return &testLog{keep: true} }

func (l *testLog) Append(ctx context.Context, recs ...felt.Record) (felt.Place, error) {
	l.mu.Lock()
	before, persist := l.before, l.persist
	l.mu.Unlock()
	var err error
	if before != nil {
		if err = before(ctx, recs); err != nil && !persist {
			return felt.Place{}, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	for _, r := range recs {
		l.bytes += r.EncodedLen()
		if l.keep {
			r.Seq = felt.Seq(len(l.recs) + 1)
			l.recs = append(l.recs, r)
		}
	}
	if err != nil {
		return felt.Place{}, err
	}
	return l.lastLocked(), nil
}

func (l *testLog) lastLocked() felt.Place {
	if len(l.recs) == 0 {
		return felt.Place{}
	}
	r := l.recs[len(l.recs)-1]
	return felt.Place{Seq: r.Seq, At: r.At}
}

func (l *testLog) Last(context.Context) (felt.Place, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lastLocked(), nil
}

func (l *testLog) Read(_ context.Context, _ felt.Part, after felt.Seq) iter.Seq2[felt.Record, error] {
	return func(yield func(felt.Record, error) bool) {
		for _, r := range l.all() {
			if r.Seq > after && !yield(r, nil) {
				return
			}
		}
	}
}

func (l *testLog) all() []felt.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.recs)
}

// misbehave makes appends fail from now on; nil ends it.
func (l *testLog) misbehave(persist bool, before func(context.Context, []felt.Record) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.before, l.persist = before, persist
}

// spans counts the spans on the log.
func (l *testLog) spans(t testing.TB) (n int) {
	t.Helper()
	l.each(t, func(*otlp.Reader, *otlp.Event) { n++ })
	return n
}

// each reads every event on the log.
func (l *testLog) each(t testing.TB, f func(rd *otlp.Reader, ev *otlp.Event)) {
	t.Helper()
	var rd otlp.Reader
	var ev otlp.Event
	for _, r := range l.all() {
		if r.Kind != felt.KindTelemetry {
			continue
		}
		if err := rd.Reset(r.Data); err != nil {
			t.Fatal(err)
		}
		for rd.NextBlock() {
			for rd.Next(&ev) {
				f(&rd, &ev)
			}
		}
		if err := rd.Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// telemetry counts the telemetry records on the log.
func (l *testLog) telemetry() (n int) {
	for _, r := range l.all() {
		if r.Kind == felt.KindTelemetry {
			n++
		}
	}
	return n
}

// checkTime fails when arrival decreases, or when a record stands behind a later tick.
func (l *testLog) checkTime(t testing.TB) {
	t.Helper()
	last := felt.Instant(0)
	for i, r := range l.all() {
		if r.At < last {
			t.Errorf("record %d of kind %d arrived at %d, the one in front of it at %d", i, r.Kind, r.At, last)
		}
		if r.Kind == felt.KindTick && r.At%felt.Second != 0 {
			t.Errorf("record %d: tick at %d is not at the beginning of a second", i, r.At)
		}
		last = r.At
	}
}

func settings(c felt.Clock) felt.Settings {
	s := felt.DefaultSettings()
	s.Clock = c
	return s
}

func newDoor(t testing.TB, log felt.Log, change ...func(*Options)) *Door {
	t.Helper()
	o := Options{Log: log, Settings: settings(felt.ClockWall), Key: otlp.HashKey{ID: 1, Secret: []byte("secret")}}
	for _, c := range change {
		c(&o)
	}
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// run runs the door until the test ends.
func run(t testing.TB, d *Door) *Door {
	t.Helper()
	errs := make(chan error, 1)
	go func() { errs <- d.Run(context.Background()) }()
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if err := <-errs; err != nil {
			t.Error(err)
		}
	})
	return d
}

func serveHTTP(t testing.TB, d *Door) string {
	t.Helper()
	s := httptest.NewUnstartedServer(d.HTTP())
	s.Config.ReadHeaderTimeout = time.Second
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

func serveGRPC(t testing.TB, d *Door, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := d.GRPCServer()
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return conn
}

// testTraces is a request of n spans in one trace that ended at the given time.
func testTraces(n int, end time.Time) ptraceotlp.ExportRequest {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "checkout")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for i := range n {
		s := spans.AppendEmpty()
		s.SetTraceID(pcommon.TraceID{1, 2, 3, byte(end.UnixNano() >> 8), 15: 1})
		s.SetSpanID(pcommon.SpanID{byte(i >> 8), byte(i), 7: 1})
		s.SetName("POST /checkout")
		s.SetKind(ptrace.SpanKindServer)
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(end.Add(-time.Second)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(end))
		s.Attributes().PutStr("user.id", "user-17")
		s.Attributes().PutInt("http.response.status_code", 200)
	}
	return ptraceotlp.NewExportRequestFromTraces(td)
}

// badIDs is a request of two spans, one of them without a trace id.
func badIDs(end time.Time) ptraceotlp.ExportRequest {
	r := testTraces(2, end)
	r.Traces().ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).SetTraceID(pcommon.TraceID{})
	return r
}

func testLogs(at time.Time) plogotlp.ExportRequest {
	ld := plog.NewLogs()
	l := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	l.SetTimestamp(pcommon.NewTimestampFromTime(at))
	l.Body().SetStr("something happened")
	return plogotlp.NewExportRequestFromLogs(ld)
}

func testMetrics(at time.Time) pmetricotlp.ExportRequest {
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("queue.length")
	p := m.SetEmptyGauge().DataPoints().AppendEmpty()
	p.SetTimestamp(pcommon.NewTimestampFromTime(at))
	p.SetIntValue(7)
	return pmetricotlp.NewExportRequestFromMetrics(md)
}

type marshaler interface {
	MarshalProto() ([]byte, error)
	MarshalJSON() ([]byte, error)
}

func protoOf(t testing.TB, r marshaler) []byte {
	t.Helper()
	b, err := r.MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func jsonOf(t testing.TB, r marshaler) []byte {
	t.Helper()
	b, err := r.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func gzipOf(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := kgzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstdOf(t testing.TB, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

// metric finds the door's metric with these label values, in any order.
func metric(t testing.TB, d *Door, name string, values ...string) float64 {
	t.Helper()
	sum, found := 0.0, false
	for _, m := range d.Metrics() {
		has := func(v string) bool {
			return slices.ContainsFunc(m.Labels, func(l felt.Segment) bool { return l.Value == v })
		}
		if m.Name == name && !slices.ContainsFunc(values, func(v string) bool { return !has(v) }) {
			sum, found = sum+m.Value, true
		}
	}
	if !found && len(values) == 0 {
		t.Errorf("there is no metric %s", name)
	}
	return sum
}

// eventually waits for a state, not for a time.
func eventually(t testing.TB, what string, reached func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !reached() {
		if time.Now().After(deadline) {
			t.Fatalf("never reached: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}
